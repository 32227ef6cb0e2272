"""Tables of contents: rows that end in the number of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from toolkit.engine.grids import Grid
from toolkit.engine.rows import Row

__all__ = ["LEADERS", "contents_rows"]

LEADERS = re.compile(r"\.{4,}|(?:\s\.){4,}|…{2,}|_{6,}|·{4,}")
_PAGE = re.compile(r"(?:[A-Z]-)?(\d{1,4})|[ivxlc]{1,7}")
_HEAD = re.compile(
    r"(?:(?:table\s+of\s+)?contents|inhalt(?:sverzeichnis)?|sommaire|table\s+des\s+mati.res|"
    r"(?:list\s+of\s+)?(?:figures|tables|illustrations)|índice|indice)\W*(?:page)?",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:(?:chapter|part|section|appendix|annex)\s+)?[\dIVX]+(?:\.\d+)*[.:)]?\s", re.I
)
# White before a page number that nobody leaves between words, in sizes.
_WIDE = 1.5
# So many rows in a row: dot leaders are seldom anything else, numbers at the edge often.
_LEAST_WITH_LEADERS, _LEAST_WITH_GAPS, _MOSTLY = 2, 4, 0.8
# Rows without a number between two that have one: a title over several lines.
_MOST_BETWEEN = 2
# Page numbers rise; of so many steps, a few may be misprints.
_RISING = 0.9


def contents_rows(found: Sequence[Row | Grid]) -> dict[int, bool]:
    """The rows of tables of contents among *found*: whether each begins an entry of its own."""
    out: dict[int, bool] = {}
    for run in _runs(found):
        ending = [at for at in run if _number(found[at]) is not None]
        if _is_contents(found, run, ending):
            for at in run:
                before = found[at - 1]
                goes_on = at - 1 in out and at - 1 not in ending and isinstance(before, Row)
                row = found[at]
                assert isinstance(row, Row)  # a run is made of rows
                out[at] = not goes_on or _NUMBERED.match(row.text) is not None
    return out


def _runs(found: Sequence[Row | Grid]) -> Iterator[list[int]]:
    """Rows below each other that end in a number, with the few between them that do not."""
    run: list[int] = []
    last = -1
    for at, unit in enumerate(found):
        same = bool(run) and isinstance(unit, Row) and _column(found[run[0]]) == unit.column
        if _number(unit) is not None:
            if not same or at - last - 1 > _MOST_BETWEEN:
                yield run
                run = []
            elif at - last > 1:
                run += range(last + 1, at)
            run.append(at)
            last = at
        elif not isinstance(unit, Row):
            yield run
            run = []
    yield run


def _column(unit: Row | Grid) -> int:
    return unit.column if isinstance(unit, Row) else -2


def _is_contents(found: Sequence[Row | Grid], run: list[int], ending: list[int]) -> bool:
    rows = [row for at in ending if isinstance(row := found[at], Row)]
    led = sum(LEADERS.search(row.text) is not None for row in rows)
    apart = sum(_white_before_last(row) > _WIDE * row.line.size for row in rows)
    head = found[run[0] - 1] if run and run[0] else None
    is_named = isinstance(head, Row) and _HEAD.fullmatch(head.text.strip()) is not None
    is_led = max(led, len(rows) if is_named else 0) >= _LEAST_WITH_LEADERS
    if not is_led and apart < max(_LEAST_WITH_GAPS, _MOSTLY * len(rows)):
        return False
    numbers = [number for row in rows if (number := _number(row)) is not None]
    rising = sum(one <= two for one, two in pairwise(numbers))
    return rising >= _RISING * (len(numbers) - 1) and numbers[-1] > numbers[0]


def _number(unit: Row | Grid) -> int | None:
    """The page that a row ends in, 0 for one in Roman figures; None where it ends otherwise."""
    if not isinstance(unit, Row) or unit.line.angle or len(unit.line.words) < 2:
        return None
    text = unit.line.words[-1].text.lstrip(".…_· ")
    found = _PAGE.fullmatch(text)
    if found is None or not any(char.isalpha() for char in unit.text[: -len(text)]):
        return None
    if found[1] is None and not LEADERS.search(unit.text) and _white_before_last(unit) < 1:
        return None
    return int(found[1] or 0)


def _white_before_last(row: Row) -> float:
    words = row.line.words
    return words[-1].box.left - words[-2].box.right
