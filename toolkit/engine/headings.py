"""How like a heading each row of a page is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolkit.engine.grids import Grid
from toolkit.engine.marks import Sheet
from toolkit.engine.regions import Row, Stats, starts_item

__all__ = ["AGREED", "heading_evidence"]

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
_LEADERS = re.compile(r"\.{4,}|(?:\s\.){4,}|…{2,}")
_ADDRESS = re.compile(r"https?://|www\.|\S@\S")
_ABSTRACT = re.compile(r"^abstract\b", re.IGNORECASE)
_PAGE_AT_END = re.compile(r"\S.*\s(?:\d{1,4}|[ivxlc]{1,7})$")
_PAGE_BESIDE = re.compile(r"^(?:\d{1,4}\s+\D.*|.*\D\s+[|–-]?\s*\d{1,4})$")
_LONGEST = 160
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
        _authors(found, evidence),
    ):
        for at in list(veto):
            evidence[at] = 0.0
    for at in _chapter_numbers(found, evidence, stats):
        evidence[at] = 0.7
    return evidence


def _evidence(row: Row, stats: Stats, sheet: Sheet) -> float:
    text = row.text
    letters = sum(char.isalpha() for char in text)
    if letters < 2 or len(text) > _LONGEST or row.line.angle or row.line.hidden:
        return 0.0
    if _CAPTION.match(text) or _LEADERS.search(text) or _ADDRESS.search(text):
        return 0.0
    proposed = _proposed(row, sheet)
    own = _own_rules(row, stats)
    if proposed == "heading":
        ratio = row.line.size / max(stats.body_size, 1.0)
        run_in = ratio < 1.1 and 0.05 < row.line.bold_share < 0.8
        if run_in or (ratio < 0.93 and not row.line.bold):
            return 0.0
        return AGREED if own >= 0.5 else 0.7
    return own * (0.9 if proposed else 1.0)


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
    if _LONE_NUMBER.fullmatch(text.strip()) and ratio >= 0.95:
        return 0.7
    if text.rstrip()[-1] in ",;" or share > 0.4 or ratio < 0.95:
        return 0.0
    score = 0.6 if ratio >= 1.15 else 0.0
    score += 0.45 if row.line.bold and not stats.body_bold else 0.0
    if text.upper() == text and sum(char.isalpha() for char in text) >= 4:
        score += 0.3
    score += 0.1 if _NUMBERED.match(text) else 0.0
    score += 0.1 if row.gap_above > 1.15 * stats.leading else 0.0
    if text.rstrip()[-1] in ".:" and len(text) > 60:
        score -= 0.4
    return min(1.0, max(0.0, score))


def _runs(found: Sequence[Unit]) -> Iterator[int]:
    """Rows of one style that follow each other closely: a paragraph in large or bold type."""
    run: list[int] = []
    for at, unit in enumerate(found):
        last = found[run[-1]] if run else None
        goes_on = (
            isinstance(unit, Row)
            and isinstance(last, Row)
            and unit.column == last.column
            and unit.gap_above < 1.9
            and abs(unit.line.size - last.line.size) < 0.6
            and unit.line.bold == last.line.bold
        )
        if not goes_on:
            if len(run) >= _MOST_ROWS:
                yield from run
            run = []
        if isinstance(unit, Row):
            run.append(at)
    if len(run) >= _MOST_ROWS:
        yield from run


def _running_headers(found: Sequence[Unit], stats: Stats, sheet: Sheet) -> Iterator[int]:
    """The topmost row where it says a page number, has a gap inside, or is no larger than text."""
    rows = [at for at, unit in enumerate(found) if isinstance(unit, Row) and not unit.line.angle]
    if len(rows) < 6:
        return
    for at in rows[:2]:
        row = found[at]
        if not isinstance(row, Row) or row.line.box.bottom > _TOP * sheet.height:
            continue
        words = row.line.words
        gaps = [two.box.left - one.box.right for one, two in pairwise(words)]
        wide = max(gaps, default=0.0) > 3 * row.line.size
        if wide or _PAGE_BESIDE.match(row.text) or row.line.size < 1.1 * stats.body_size:
            yield at


def _kickers(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """Rows right above a heading in clearly larger type, which is the real one."""
    for at, (one, two) in enumerate(pairwise(found)):
        if not isinstance(one, Row) or not isinstance(two, Row) or one.column != two.column:
            continue
        close = two.gap_above < 4
        larger = two.line.size > 1.25 * one.line.size
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
    return _alike(row, after) and after.text[0].islower() and row.text.rstrip()[-1] not in ".:?!"


def _alike(one: Row, two: Row) -> bool:
    return (
        one.column == two.column
        and two.gap_above < 1.9
        and abs(one.line.size - two.line.size) < 0.6
    )


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
    yield from [i for i, size in sizes.items() if size < 0.9 * title]


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
            and one.line.size > 1.15 * stats.body_size
            and re.fullmatch(r"\d{1,2}|[IVX]{1,5}", one.text.strip())
        ):
            yield at


def _contents(found: Sequence[Unit], evidence: Sequence[float]) -> Iterator[int]:
    """Where most rows end in a page number, only the first heading is one."""
    rows = [at for at, unit in enumerate(found) if isinstance(unit, Row)]
    ending = sum(_PAGE_AT_END.match(found[at].text) is not None for at in rows)
    if ending >= 5 and ending > 0.4 * len(rows):
        yield from [at for at in rows if evidence[at] >= 0.5][1:]
