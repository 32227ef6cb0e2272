"""Marks of a page become drafts in reading order, whichever reader they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.engine.callouts import with_callouts
from toolkit.engine.charts import VectorChart, find_charts
from toolkit.engine.drafts import Draft
from toolkit.engine.headings import heading_evidence
from toolkit.engine.marks import Sheet
from toolkit.engine.regions import find_rows, page_stats, regions_of
from toolkit.engine.roles import drafts_of
from toolkit.engine.tables import find_grids
from toolkit.engine.turned import box_turned_back, turned_back, turned_upright, usual_angle
from toolkit.engine.words import Line, find_lines

__all__ = ["drafts_as_they_stand", "text_drafts", "with_figures"]


def drafts_as_they_stand(
    sheet: Sheet, lines: Sequence[Line]
) -> tuple[list[Draft], list[VectorChart]]:
    """The drafts of a page; one whose text stands on its side is turned for the reading of it."""
    angle = usual_angle(sheet)
    if angle == 0:
        return text_drafts(sheet, lines)
    upright = turned_upright(sheet, angle)
    drafts, charts = text_drafts(upright, find_lines(upright.glyphs))
    placed = [replace(c, box=box_turned_back(c.box, angle, upright)) for c in charts]
    return turned_back(drafts, angle, upright), placed


def text_drafts(sheet: Sheet, lines: Sequence[Line]) -> tuple[list[Draft], list[VectorChart]]:
    """The text and the tables of a page as drafts, in reading order; and its vector charts."""
    grids, rest = find_grids(sheet, lines)
    charts, rest = find_charts(sheet, grids, rest)
    found = find_rows(rest, grids, sheet)
    stats = page_stats(found)
    evidence = heading_evidence(found, stats, sheet)
    drafts = drafts_of(regions_of(found, evidence, sheet, stats), sheet, stats)
    return with_callouts(drafts, sheet), charts


def with_figures(drafts: Sequence[Draft], figures: Sequence[Draft]) -> list[Draft]:
    """*drafts* with each figure before the first that begins below its top in its column."""
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
        out.insert(at, figure)
    return out
