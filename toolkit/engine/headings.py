"""How like a heading each row of a page is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolkit.engine.contents import LEADERS, contents_rows
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Sheet
from toolkit.engine.rows import Row, Stats, starts_item

__all__ = ["AGREED", "TAGGED", "heading_evidence", "is_names"]

AGREED = 0.9
"""The evidence of a row that both the other engine and our own rules take for a heading."""

_NUMBERED = re.compile(
    r"^(?:(?:chapter|section|part|appendix|annex|article|unit|lesson|experiment)\s+[\dIVXA-Z]+|"
    r"\d{1,2}(?:\.\d{1,2}){0,4}\.?|[IVX]{1,5}\.|[A-Z]\.)\s+\S",
    re.IGNORECASE,
)
_LONE_NUMBER = re.compile(
    r"(?:chapter|section|part|appendix|annex|unit|lesson|book|volume)\s+[\dIVXA-Z]{1,5}\.?:?", re.I
)
_CAPTION = re.compile(
    r"^(?:figure|fig\.?|table|chart|exhibit|box|map|plate|photo|diagram|graph)\s*"
    r"(?:[A-Z]?\.?\d|[IVX]+\b)|^(?:source|note)s?:",
    re.IGNORECASE,
)
_OPENING = ("“", "„", "«", '"')
_MOST_QUOTED = 8
_ADDRESS = re.compile(r"https?://|www\.|\S@\S")
_USUAL_NAME = re.compile(
    r"(?:(?:[\dIVX]{1,4}(?:\.\d+)*|[A-Z])[.)]?\s+)?(?:abstract|introduction|background|"
    r"related work|"
    r"(?:materials? and )?methods?|methodology|results?(?: and discussion)?|discussion|"
    r"(?:executive )?summary|conclusions?|acknowledge?ments?|references?|bibliography|"
    r"(?:table of )?contents|appendix|glossary|preface|foreword|index)",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(r"^abstract\b", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"[,;&·]|\band\b")
_CLOSING = '”»"'
_PAGE_AT_END = re.compile(r"\S.*\s(?:\d{1,4}|[ivxlc]{1,7})$")
_PAGE_BESIDE = re.compile(r"^(?:\d{1,4}\s+\D.*|.*\D\s+[|–-]?\s*\d{1,4})$")
_LONGEST = 160
_STOPS = ".:?!"
# What the file calls a heading is one; what it calls running text is one only where all else says
# so; what it calls anything of these is none.
TAGGED = 0.95
_AGAINST = 0.5
_TEXT = frozenset({"p", "li", "lbody", "lbl"})
_NEVER = frozenset(
    {
        "caption",
        "note",
        "fenote",
        "artifact",
        "td",
        "th",
        "tr",
        "table",
        "toci",
        "toc",
        "code",
        "figure",
    }
)
# The evidence of one engine alone; of our own rules where the other one sees text.
_ONE_SAYS, _OTHER_SEES_TEXT = 0.7, 0.77
# What each sign is worth; half is enough. Weights and thresholds were chosen on labelled pages,
# in the middle of where the score does not change (each was tried 15 % off either way).
_BY_SIZE, _BY_WEIGHT, _BY_CAPITALS, _BY_NUMBER, _BY_SPACE, _BY_SENTENCE = (
    0.6,
    0.45,
    0.3,
    0.1,
    0.1,
    0.4,
)
_BY_STANDING_ALONE, _BY_ITALICS, _BY_NAME = 0.35, 0.3, 0.4
# Sizes as shares of the body's: larger, no smaller, too small for any heading that is not bold.
_LARGER, _AS_LARGE, _SMALL = 1.17, 0.95, 0.93
# Bold words at the beginning of a line in no larger type run in; all bold, or none, they do not.
_RUN_IN_BELOW, _RUN_IN_BOLD, _RUN_IN_PLAIN = 1.1, 0.05, 0.2
# A style in which so much of the page is set is its text's.
_USUAL_STYLE = 0.4
# White above, as a share of the usual distance of lines.
_APART = 1.15
# What stands alone is no closer to what is below it than usual, and leaves so much of its line.
_NO_CLOSER, _SHORT = 0.98, 0.3
# Characters from which on a full stop ends a sentence, not a heading.
_SENTENCE = 60
# The next row of the same thing is no farther away, in sizes.
_NEXT_ROW = 1.9
# A running header has a gap inside (in sizes), or type no larger than this share of the body's.
_WIDE_GAP, _RUNNING_BELOW = 3.0, 1.1
# A kicker stands this close above a heading (in sizes) that is larger by so much.
_KICKER_GAP, _KICKER_BELOW = 4.0, 1.35
# What is below a paper's title and above its abstract is no heading in type so much smaller.
_TITLE_SHARE = 0.9
_CONTENTS_SHARE, _FEWEST_ENTRIES = 0.4, 5
# More rows of one style below each other are a paragraph, whatever they look like.
_MOST_ROWS = 4
# A running header stands above this share of the page.
_TOP = 0.075

Unit = Row | Grid


def heading_evidence(found: Sequence[Unit], stats: Stats, sheet: Sheet) -> list[float]:
    """For each of *found*, 0 to 1; from 0.5 on it is taken for a heading. Tables have 0."""
    evidence = [_evidence(unit, stats, sheet) if isinstance(unit, Row) else 0.0 for unit in found]
    for veto in (
        _runs(found),
        _running_headers(found, stats, sheet),
        _sentences(found, evidence),
        _kickers(found, evidence),
        _contents(found, evidence),
        contents_rows(found),
        _authors(found, evidence),
        _quotations(found),
        _bylines(found, evidence, stats),
    ):
        for at in list(veto):
            evidence[at] = 0.0
    for at in _chapter_numbers(found, evidence, stats):
        evidence[at] = _ONE_SAYS
    for at in _tagged(found):
        evidence[at] = TAGGED
    return evidence


def _tagged(found: Sequence[Unit]) -> Iterator[int]:
    """Rows that the file itself calls headings, whatever they look like."""
    for at, unit in enumerate(found):
        if isinstance(unit, Row) and unit.tagged is not None and unit.tagged.kind == "h":
            shows = not (unit.line.hidden or unit.line.angle)
            if shows and any(char.isalpha() for char in unit.text) and len(unit.text) < _LONGEST:
                yield at


def _evidence(row: Row, stats: Stats, sheet: Sheet) -> float:
    text = row.text
    letters = sum(char.isalpha() for char in text)
    if letters < 2 or len(text) > _LONGEST or row.line.angle or row.line.hidden:
        return 0.0
    if _CAPTION.match(text) or LEADERS.search(text) or _ADDRESS.search(text):
        return 0.0
    kind = row.tagged.kind if row.tagged else ""
    # With two gaps in it, it is a table's head, or the names along an axis.
    if kind in _NEVER or _wide_gaps(row) > 1 or _is_run_in(row, stats, sheet):
        return 0.0
    return _by_looks(row, stats, sheet) * (_AGAINST if kind in _TEXT else 1.0)


def _wide_gaps(row: Row) -> int:
    gaps = [two.box.left - one.box.right for one, two in pairwise(row.line.words)]
    return sum(gap > _WIDE_GAP * row.line.size for gap in gaps)


def _is_run_in(row: Row, stats: Stats, sheet: Sheet) -> bool:
    """Whether *row* begins with bold words, up to a stop or colon, and goes on in plain ones.

    However much of it is bold: the plain words are the beginning of a paragraph.
    """
    if row.line.size >= _RUN_IN_BELOW * stats.body_size or row.line.bold_share == 1.0:
        return False
    words = row.line.words
    bold = [sheet.glyphs.bold[list(word.glyphs)].mean() > 0.5 for word in words]
    end = bold.index(False) if False in bold else 0
    begun = " ".join(word.text for word in words[:end])
    named = sum(char.isalpha() for char in begun) >= 2
    return named and begun[-1] in _STOPS and not any(bold[end:])


def _by_looks(row: Row, stats: Stats, sheet: Sheet) -> float:
    """What both engines make of a row's looks."""
    proposed = _proposed(row, sheet)
    own = _own_rules(row, stats)
    if proposed == "heading":
        ratio = row.line.size / max(stats.body_size, 1.0)
        run_in = ratio < _RUN_IN_BELOW and _RUN_IN_BOLD < row.line.bold_share < 1 - _RUN_IN_PLAIN
        if run_in or (ratio < _SMALL and not row.line.bold):
            return 0.0
        return AGREED if own >= 0.5 else _ONE_SAYS
    return own * (_OTHER_SEES_TEXT if proposed else 1.0)


def _proposed(row: Row, sheet: Sheet) -> str | None:
    if sheet.proposals is None or row.proposal is None:
        return None
    return sheet.proposals[row.proposal].kind


def _own_rules(row: Row, stats: Stats) -> float:
    """What size, weight, capitals, numbers and spacing say, without any other engine."""
    text = row.text
    ratio = row.line.size / max(stats.body_size, 1.0)
    share = stats.by_style[(round(row.line.size * 2) / 2, row.line.bold)] / max(1, stats.characters)
    if starts_item(text) and not _NUMBERED.match(text):
        return 0.0
    if _LONE_NUMBER.fullmatch(text.strip()) and ratio >= _AS_LARGE:
        return _ONE_SAYS
    capitals = text.upper() == text and sum(char.isalpha() for char in text) >= 4
    unlike = capitals or (row.line.italic and not stats.body_italic)
    if text.rstrip()[-1] in ",;" or (share > _USUAL_STYLE and not unlike) or ratio < _AS_LARGE:
        return 0.0
    score = _BY_SIZE if ratio >= _LARGER else 0.0
    score += _BY_WEIGHT if row.line.bold and not stats.body_bold else 0.0
    score += _BY_CAPITALS if capitals else 0.0
    score += _BY_NUMBER if _NUMBERED.match(text) else 0.0
    score += _BY_SPACE if row.gap_above > _APART * stats.leading else 0.0
    if _stands_alone(row, stats):
        score += _BY_STANDING_ALONE
        score += _BY_ITALICS if row.line.italic and not stats.body_italic else 0.0
        score += _BY_NAME if _USUAL_NAME.fullmatch(text.strip()) else 0.0
    if text.rstrip()[-1] in ".:" and len(text) > _SENTENCE:
        score -= _BY_SENTENCE
    return min(1.0, max(0.0, score))


def _stands_alone(row: Row, stats: Stats) -> bool:
    """Whether a short row has white above it, and is not one of a paragraph's."""
    apart = row.gap_above > _APART * stats.leading and row.gap_below > _NO_CLOSER * stats.leading
    short = row.room > _SHORT * (row.room + row.line.box.width)
    first = next((char for char in row.text if char.isalpha()), "a")
    return apart and short and first.isupper() and row.text.rstrip()[-1] not in ".!;,"


def _runs(found: Sequence[Unit]) -> Iterator[int]:
    """Rows of one style that follow each other closely: a paragraph in large or bold type."""
    run: list[int] = []
    for at, unit in enumerate(found):
        last = found[run[-1]] if run else None
        goes_on = (
            isinstance(unit, Row)
            and isinstance(last, Row)
            and unit.column == last.column
            and unit.gap_above < _NEXT_ROW
            and abs(unit.line.size - last.line.size) < 0.6
            and unit.line.bold == last.line.bold
            and unit.line.italic == last.line.italic
        )
        if not goes_on:
            yield from _paragraph(run, found)
            run = []
        if isinstance(unit, Row):
            run.append(at)
    yield from _paragraph(run, found)


def _paragraph(run: Sequence[int], found: Sequence[Unit]) -> Sequence[int]:
    """*run*, where it is of so many rows; without the first that stands apart from the others."""
    if len(run) < _MOST_ROWS:
        return ()
    second, third = (unit.gap_above for i in run[1:3] if isinstance(unit := found[i], Row))
    return run[1:] if second > _APART * third else run


def _running_headers(found: Sequence[Unit], stats: Stats, sheet: Sheet) -> Iterator[int]:
    """The topmost row where it says a page number, has a gap inside, or is no larger than text."""
    rows = [at for at, unit in enumerate(found) if isinstance(unit, Row) and not unit.line.angle]
    if len(rows) < 6:
        return
    for at in rows[:2]:
        row = found[at]
        if not isinstance(row, Row) or row.line.box.bottom > _TOP * sheet.height:
            continue
        wide = _wide_gaps(row) > 0
        small = row.line.size < _RUNNING_BELOW * stats.body_size
        if wide or small or _PAGE_BESIDE.match(row.text):
            yield at


def _kickers(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """Rows right above a heading in clearly larger type, which is the real one."""
    for at, (one, two) in enumerate(pairwise(found)):
        if not isinstance(one, Row) or not isinstance(two, Row) or one.column != two.column:
            continue
        close = two.gap_above < _KICKER_GAP
        larger = two.line.size > _KICKER_BELOW * one.line.size
        if evidence[at + 1] >= 0.5 and close and larger and not _NUMBERED.match(one.text):
            yield at


def _sentences(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """Rows that go on in the next one as text, or that go on from one that is no heading."""
    for at, unit in enumerate(found):
        if not isinstance(unit, Row) or evidence[at] < 0.5:
            continue
        after = found[at + 1] if at + 1 < len(found) else None
        if isinstance(after, Row) and evidence[at + 1] < 0.5 and _goes_on(unit, after):
            yield at
        first = next((char for char in unit.text if char.isalpha()), "A")
        before = found[at - 1] if at else None
        close = before if isinstance(before, Row) and _alike(before, unit) else None
        if first.islower() and not (close and evidence[at - 1] >= 0.5):
            yield at
        if close and evidence[at - 1] < 0.5 and close.line.bold == unit.line.bold:
            yield at


def _goes_on(row: Row, after: Row) -> bool:
    return _alike(row, after) and after.text[0].islower() and row.text.rstrip()[-1] not in _STOPS


def _alike(one: Row, two: Row) -> bool:
    return (
        one.column == two.column
        and two.gap_above < _NEXT_ROW
        and abs(one.line.size - two.line.size) < 0.6
    )


def _bylines(found: Sequence[Unit], evidence: Sequence[float], stats: Stats) -> Iterator[int]:
    """Plain lines of the text's size right below a larger heading that no text follows: names."""
    for at in range(1, len(found)):
        above, row = found[at - 1], found[at]
        if not isinstance(above, Row) or not isinstance(row, Row) or evidence[at] < 0.5:
            continue
        plain = not row.line.bold and row.line.size < _LARGER * stats.body_size
        below = at + 1 == len(found) or evidence[at + 1] >= 0.5
        larger = evidence[at - 1] >= 0.5 and above.line.size > _LARGER * row.line.size
        if (plain and larger and (below or is_names(row.text)) and not _is_named(row.text)) or (
            larger and not row.line.bold and is_names(row.text)
        ):
            yield at


def is_names(text: str) -> bool:
    """Whether *text* is a list of persons: two or more, of two to four names each.

    >>> is_names("Anna Fox¹, Bernard B. Dog and Carla Wizard*"), is_names("Foxes, Dogs and Boxes")
    (True, False)
    """
    parts = [part.split() for part in _BETWEEN_NAMES.split(text)]
    named = [[word for word in part if word[0].isalpha()] for part in parts]
    named = [part for part in named if part]
    return len(named) > 1 and all(
        1 < len(part) <= 4 and all(word[0].isupper() for word in part) for part in named
    )


def _quotations(found: Sequence[Unit]) -> Iterator[int]:
    """Rows of one size from an opening quotation mark to the closing one: somebody's words."""
    for at, first in enumerate(found):
        if not isinstance(first, Row) or not first.text.startswith(_OPENING):
            continue
        for end in range(at, min(at + _MOST_QUOTED, len(found))):
            row = found[end]
            if not isinstance(row, Row) or abs(row.line.size - first.line.size) > 0.6:
                break
            if row.text.rstrip(" .,;")[-1:] in tuple(_CLOSING) and end + len(row.text) > at + 1:
                yield from range(at, end + 1)
                break


def _is_named(text: str) -> bool:
    return _NUMBERED.match(text) is not None or _USUAL_NAME.fullmatch(text.strip()) is not None


def _authors(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """What stands between a paper's title and its abstract: names and where they work."""
    abstract = next(
        (i for i, u in enumerate(found) if isinstance(u, Row) and _ABSTRACT.match(u.text)), None
    )
    headings = [i for i in range(abstract or 0) if evidence[i] >= 0.5]
    if abstract is None or abstract > 30 or not headings:
        return
    sizes = {i: unit.line.size for i in headings if isinstance(unit := found[i], Row)}
    title = max(sizes.values())
    yield from [i for i, size in sizes.items() if size < _TITLE_SHARE * title]


def _chapter_numbers(
    found: Sequence[Unit], evidence: Sequence[float], stats: Stats
) -> Iterator[int]:
    """A number alone, in large type right above a heading."""
    for at, (one, two) in enumerate(pairwise(found)):
        if (
            isinstance(one, Row)
            and isinstance(two, Row)
            and evidence[at + 1] >= 0.5
            and one.column == two.column
            and one.line.size > _LARGER * stats.body_size
            and re.fullmatch(r"\d{1,2}|[IVX]{1,5}", one.text.strip())
        ):
            yield at


def _contents(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """Where most rows end in a page number, what stands below the first of them is no heading."""
    rows = [at for at, unit in enumerate(found) if isinstance(unit, Row)]
    ending = [at for at in rows if _PAGE_AT_END.match(found[at].text) is not None]
    if len(ending) >= _FEWEST_ENTRIES and len(ending) > _CONTENTS_SHARE * len(rows):
        yield from [at for at in rows if evidence[at] >= 0.5 and at >= ending[0]]
