"""Rows → regions: the rows of one paragraph, heading or list item, or one table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.document.geometry import Box
from toolkit.engine.contents import contents_rows
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Proposal, Sheet
from toolkit.engine.notes import note_rows
from toolkit.engine.rows import Row, Stats, starts_item

__all__ = ["TYPEWRITTEN", "Region", "regions_of"]

TYPEWRITTEN = 0.6
"""A page that has more of its text in letters of one width was written by a typewriter."""

# A gap between rows beyond the usual one by this share parts paragraphs.
_SPACED = 1.35
_OTHER_SIZE = 0.12
# An indented first line stands in by at least this share of its size.
_INDENT = 0.7
_HANGING = 0.15
_SAME_LEFT = 2.0
_SAME_MIDDLE = 2.0
# Lines of one paragraph are no farther apart than is usual, and little more.
_NO_SPACE = 1.1
_ENDS = ".!?:…"
# Lines of code may have two empty ones between them.
_CODE_GAP = 3.9


# A note's next line is no farther away, in sizes.
_NOTE_GAP = 2.2
_ITEM_TAGS = frozenset({"li", "lbl", "lbody"})
# Rows of these kinds go on in no other.
_SEPARATE = frozenset({"toc", "note"})


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Rows that make one block, or a table."""

    rows: tuple[Row, ...]
    box: Box
    kind: str
    """What the rows were taken for: heading, text, item, note or toc; or table."""
    grid: Grid | None = None
    proposed: str | None = None
    """The kind that the other engine saw here."""
    level: int = 0
    evidence: float = 0.0
    """How much speaks for a heading, 0 to 1."""

    @property
    def text(self) -> str:
        return " ".join(row.text for row in self.rows)


def regions_of(
    found: Sequence[Row | Grid], evidence: Sequence[float], sheet: Sheet, stats: Stats
) -> list[Region]:
    """*found* as regions, in the same order; *evidence* says for each how like a heading it is."""
    regions: list[Region] = []
    current: list[Row] = []
    kind, best = "text", 0.0

    def close() -> None:
        nonlocal current
        if current:
            box = Box.around(row.line.box for row in current)
            proposed = _proposed_kind(current, sheet.proposals)
            regions.append(Region(tuple(current), box, kind, proposed=proposed, evidence=best))
        current = []

    contents, notes = contents_rows(found), note_rows(found, stats, sheet)
    for at, (unit, weight) in enumerate(zip(found, evidence, strict=True)):
        if isinstance(unit, Grid):
            close()
            regions.append(Region((), unit.box, "table", grid=unit, proposed="table"))
            continue
        if at in contents:
            own, begins = "toc", contents[at]
        elif at in notes:
            own, begins = "note", notes[at] or unit.gap_above > _NOTE_GAP
        else:
            own = _own_kind(unit, weight, current, stats)
            begins = _breaks(current, kind, unit, own, stats) if current else True
        if not current or begins or (own != kind and {own, kind} & _SEPARATE):
            close()
            kind, best = own, weight
        current.append(unit)
        best = max(best, weight)
    close()
    return regions


def _own_kind(row: Row, weight: float, current: Sequence[Row], stats: Stats) -> str:
    """What *row* is for itself: a heading, the beginning of an item, or text."""
    if weight >= 0.5:
        return "heading"
    tag, last = row.tagged, current[-1].tagged if current else None
    if tag is not None and tag.kind in _ITEM_TAGS:
        return "text" if last is not None and last.element == tag.element else "item"
    marker = starts_item(row.text)
    if marker is None or (current and _is_in_sentence(current[-1], row, stats)):
        return "text"
    return "item"


def _is_in_sentence(last: Row, row: Row, stats: Stats) -> bool:
    """Whether *row*, though it begins like an item, goes on in a sentence: "… weighs / 1.5 kg"."""
    return (
        last.column == row.column
        and row.gap_above <= _NO_SPACE * stats.leading
        and abs(last.line.box.left - row.line.box.left) < _SAME_LEFT
        and last.text.rstrip()[-1] not in _ENDS + ";,"
        and not _would_fit(last, row)
        and starts_item(last.text) is None
    )


def _would_fit(last: Row, row: Row) -> bool:
    """Whether the first word of *row* had room at the end of *last*: then that one ended."""
    return last.room > row.line.words[0].box.width + 0.5 * row.line.size


def _breaks(current: list[Row], kind: str, row: Row, own: str, stats: Stats) -> bool:
    """Whether *row* begins a region of its own after the rows of *current*."""
    last = current[-1]
    if last.column != row.column or (kind == "heading") != (own == "heading"):
        return True
    if _tagged_as_one(last, row):
        return False
    gap = row.gap_above
    if abs(row.line.size - last.line.size) > _OTHER_SIZE * max(row.line.size, last.line.size):
        return True
    if kind == "heading":
        return gap > 1.9 or row.line.bold != last.line.bold or _is_numbered(row.text)
    if row.line.mono and last.line.mono and stats.mono < TYPEWRITTEN:
        return gap > _CODE_GAP or gap < 0
    if own == "item" or (kind == "item" and _leaves_item(current, row)):
        return True
    if gap > max(_SPACED * _leading(current, stats), 1.5) or gap < 0:
        return True
    if row.line.bold != last.line.bold and gap > 1.05 * stats.leading:
        return True
    indented = kind == "text" and (_is_indented(current, row) or _hangs(current, row))
    if indented and not _are_centred([*current, row]):
        return True
    return _ended(last, row)


def _ended(last: Row, row: Row) -> bool:
    """Whether a paragraph ended in *last*: with its sentence, and with room for another word."""
    first = row.text.lstrip("“\"'‘(«¿¡")[:1]
    begins = first.isupper() or first.isdigit()
    return begins and last.text.rstrip("”\"'’)»")[-1:] in _ENDS and _would_fit(last, row)


def _tagged_as_one(last: Row, row: Row) -> bool:
    """Whether the file says that both are parts of one heading."""
    one, two = last.tagged, row.tagged
    return one is not None and two is not None and one.kind == "h" and one.element == two.element


def _leading(current: list[Row], stats: Stats) -> float:
    """How far apart the lines are here; on a page of many gaps the usual one is too large."""
    own = [row.gap_above for row in current[1:]]
    return min([stats.leading, *own])


def _leaves_item(current: list[Row], row: Row) -> bool:
    """Whether *row* begins left of where the lines of an item do: left of its marker, or of its
    text where that hangs."""
    item, left = current[0].line, row.line.box.left
    if left < item.box.left - _HANGING * item.size:
        return True
    hang = item.words[1].box.left if len(item.words) > 1 else item.box.left
    is_hanging = len(current) > 1 and abs(current[1].line.box.left - hang) < _SAME_LEFT
    ended = len(current) == 1 and _would_fit(current[0], row)
    return (is_hanging or ended) and left < hang - _INDENT * item.size


def _is_indented(current: list[Row], row: Row) -> bool:
    """Whether *row* begins a paragraph by its indent, after rows that do not."""
    left = min(r.line.box.left for r in current)
    stands_in = row.line.box.left - left > _INDENT * row.line.size
    if len(current) == 1:
        return False
    return stands_in and abs(current[-1].line.box.left - left) < 1.0


def _hangs(current: list[Row], row: Row) -> bool:
    """Whether *row* begins a paragraph where the last one began, of which the other rows stand in.

    So are references set, and the entries of an index.
    """
    first, *rest = (r.line.box.left for r in current)
    if not rest or abs(row.line.box.left - first) > 1.0:
        return False
    stand_in = min(rest) - first > _INDENT * row.line.size
    return stand_in and max(rest) - min(rest) < 1.0


def _are_centred(rows: Sequence[Row]) -> bool:
    """Whether *rows* have one middle, so that where each begins says nothing."""
    middles = [(row.line.box.left + row.line.box.right) / 2 for row in rows]
    return max(middles) - min(middles) < _SAME_MIDDLE


def _is_numbered(text: str) -> bool:
    return re.match(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z]\.|[IVX]+\.)\s+[A-Z]", text) is not None


def _proposed_kind(rows: list[Row], proposals: tuple[Proposal, ...] | None) -> str | None:
    kinds = Counter(
        proposals[row.proposal].kind
        for row in rows
        if proposals is not None and row.proposal is not None
    )
    return kinds.most_common(1)[0][0] if kinds else None
