"""Marks of a page become drafts in reading order, whichever reader they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.engine.callouts import with_callouts
from toolkit.engine.chart_bars import find_bars
from toolkit.engine.charts import VectorChart, find_charts
from toolkit.engine.drafts import Draft
from toolkit.engine.drawings import read_drawings
from toolkit.engine.formulas import find_formulas
from toolkit.engine.grids import Grid
from toolkit.engine.headings import heading_evidence
from toolkit.engine.marks import Sheet
from toolkit.engine.regions import regions_of
from toolkit.engine.roles import drafts_of
from toolkit.engine.rows import find_rows, page_stats
from toolkit.engine.tables import find_grids
from toolkit.engine.turned import box_turned_back, turned_back, turned_upright, usual_angle
from toolkit.engine.words import Line, find_lines

__all__ = ["drafts_as_they_stand", "text_drafts", "with_figures"]

# Points that a figure may reach into the text beside it.
_SLACK = 2.0
# What has no column that a figure could be read before.
_NOT_BESIDE = frozenset({"page_header", "page_footer", "image", "chart", "diagram"})


def drafts_as_they_stand(
    sheet: Sheet, lines: Sequence[Line]
) -> tuple[list[Draft], list[VectorChart]]:
    """The drafts of a page; one whose text stands on its side is turned for the reading of it."""
    angle = usual_angle(sheet)
    if angle == 0:
        return _native_drafts(sheet, lines)
    upright = turned_upright(sheet, angle)
    drafts, charts = _native_drafts(upright, find_lines(upright.glyphs))
    placed = [replace(c, box=box_turned_back(c.box, angle, upright)) for c in charts]
    return turned_back(drafts, angle, upright), placed


def _native_drafts(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[Draft], list[VectorChart]]:
    """The same of an upright page, with what its drawings and its formulas say."""
    read, lines, sheet = read_drawings(sheet, lines)
    bars, lines = find_bars(sheet, lines)
    grids, rest = find_grids(sheet, lines)
    formulas, rest = find_formulas(sheet, grids, rest)
    drafts, charts = _drafts(sheet, grids, rest, [*read, *bars])
    return drafts, [*charts, *formulas]


def text_drafts(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[Draft], list[VectorChart]]:
    """The text and the tables of a page as drafts, in reading order; and its vector charts."""
    grids, rest = find_grids(sheet, lines)
    return _drafts(sheet, grids, rest, [])


def _drafts(
    sheet: Sheet, grids: Sequence[Grid], lines: Sequence[Line], read: Sequence[VectorChart]
) -> tuple[list[Draft], list[VectorChart]]:
    found_charts, rest = find_charts(sheet, grids, lines)
    charts = [*read, *found_charts]
    found = find_rows(rest, grids, sheet, [chart.box for chart in charts])
    stats = page_stats(found)
    evidence = heading_evidence(found, stats, sheet)
    drafts = drafts_of(regions_of(found, evidence, sheet, stats), sheet, stats)
    return with_callouts(drafts, sheet), charts


def with_figures(drafts: Sequence[Draft], figures: Sequence[Draft]) -> list[Draft]:
    """*drafts* with each figure before the first that begins below its top in its column.

    Or before the text at its right, where that is read earlier.
    """
    out = list(drafts)
    for figure in figures:
        at = next(
            (
                i
                for i, draft in enumerate(out)
                if draft.box.top >= figure.box.top
                and draft.box.left < figure.box.right
                and draft.box.right > figure.box.left
            ),
            len(out),
        )
        out.insert(min(at, _text_at_right(out, figure)), figure)
    return out


def _text_at_right(drafts: Sequence[Draft], figure: Draft) -> int:
    """Where the column begins that stands beside *figure* at its right; the end without one."""
    box = figure.box
    at = next(
        (
            i
            for i, draft in enumerate(drafts)
            if draft.kind not in _NOT_BESIDE
            and draft.box.left >= box.right - _SLACK
            and min(draft.box.bottom, box.bottom) - max(draft.box.top, box.top) > _SLACK
        ),
        len(drafts),
    )
    while 0 < at < len(drafts) and drafts[at - 1].box.left >= box.right - _SLACK:
        at -= 1
    return at
