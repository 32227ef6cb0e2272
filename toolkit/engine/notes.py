"""Footnotes: the small type at the foot of a column, mark by mark."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolkit.engine.grids import Grid
from toolkit.engine.marks import Sheet
from toolkit.engine.rows import Row, Stats

__all__ = ["NOTE_MARK", "note_rows"]

NOTE_MARK = re.compile(
    r"\(?(\d{1,3}|[*†‡§¶]{1,3}|[a-z])(?:\)(?=\s)|(?![.,]\d)(?=[\s.)\]A-Z“\"‘(]))"
)
"""The mark with which a note begins; its group 1 is the mark without brackets."""
# A note that says where something was found, and no more; its mark may be there.
_SOURCE = re.compile(r"(?:\[?\d{1,3}[\].)]?\s*)?(?:https?://|www\.)\S+\.?")
# What stands below such a heading, in small type and numbered, is a list.
_REFERENCES = re.compile(
    r"(?:[\dIVX]+(?:\.\d+)*\.?\s+)?(?:references?|bibliography|works cited|literature(?: cited)?|"
    r"notes|endnotes|sources)\W*",
    re.IGNORECASE,
)
# Notes stand below this share of the page, under a rule below that one.
_FROM, _FROM_RULE = 0.55, 0.3
# Their type is smaller than the text's by this; what goes on in them at least a little.
_SMALLER, _NO_LARGER = 0.93, 0.97
# The rule above notes: points it may begin off, and white below it, in sizes.
_RULE_OFF, _RULE_ABOVE = 8.0, 2.6
_RULE_WIDTH = (0.05, 0.7)


def note_rows(found: Sequence[Row | Grid], stats: Stats, sheet: Sheet) -> dict[int, bool]:
    """The rows of footnotes among *found*: whether each begins a note of its own.

    They begin with a mark, or under a rule, in smaller type, and end with their column.
    """
    out: dict[int, bool] = {}
    mark: str | None = None
    column: int | None = None
    listed = False
    for at, unit in enumerate(found):
        if not isinstance(unit, Row) or unit.line.angle or unit.column != column:
            mark = column = None
        if not isinstance(unit, Row) or unit.line.angle:
            continue
        own = NOTE_MARK.match(unit.text)
        listed = listed or _REFERENCES.fullmatch(unit.text.strip()) is not None
        if column is None:
            if _begins(unit, stats, sheet, is_marked=own is not None and not listed):
                column, mark = unit.column, own[1] if own else ""
                out[at] = True
        elif unit.line.size > _NO_LARGER * stats.body_size and not _is_all_notes(unit, found, at):
            column = None
        else:
            out[at] = own is not None and _follows(own[1], mark or "")
            mark = own[1] if out[at] and own else mark
    return out


def _begins(row: Row, stats: Stats, sheet: Sheet, *, is_marked: bool) -> bool:
    """Whether the notes of a column begin with *row*."""
    if row.tagged is not None and row.tagged.kind in ("note", "fenote", "footnote"):
        return True
    top, small = row.line.box.top, row.line.size < _SMALLER * stats.body_size
    if is_marked and small and top > _FROM * sheet.height:
        return True
    # A source alone may be set as large as the text.
    least = _FROM_RULE if small else _FROM
    begins = small or _SOURCE.fullmatch(row.text) is not None
    return begins and top > least * sheet.height and _is_under_rule(row, sheet)


def _is_under_rule(row: Row, sheet: Sheet) -> bool:
    """Whether a short rule stands right above *row*, where it begins."""
    box = row.line.box
    least, most = (share * sheet.width for share in _RULE_WIDTH)
    for left, top, right, bottom in sheet.rules.tolist():
        if bottom - top > 2.0 or not least < right - left < most:
            continue
        if abs(left - box.left) < _RULE_OFF and 0 <= box.top - top < _RULE_ABOVE * row.line.size:
            return True
    return False


def _is_all_notes(row: Row, found: Sequence[Row | Grid], at: int) -> bool:
    """Whether *row* is of the very type of the note above it, and a note by its tag or its text."""
    before = found[at - 1]
    if not isinstance(before, Row) or abs(before.line.size - row.line.size) >= 0.1:
        return False
    return before.tagged is not None or _SOURCE.fullmatch(row.text) is not None


def _follows(mark: str, last: str) -> bool:
    """Whether *mark* may be the next after *last*: numbers and letters count on."""
    if mark.isdigit() and last.isdigit():
        return int(mark) == int(last) + 1
    if mark.isalpha() and last.isalpha():
        return ord(mark) == ord(last) + 1
    return not (mark.isalpha() and last)
