"""What a recognised page, or a picture on a page, says: drafts as they lie on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from toolkit.document.blocks import ImageType
from toolkit.document.geometry import Box
from toolkit.engine.charts import VectorChart
from toolkit.engine.drafts import Draft
from toolkit.engine.layout import text_drafts
from toolkit.engine.scans import Scan
from toolkit.engine.tables import find_grids
from toolkit.engine.trust import Faith
from toolkit.engine.words import Line, find_lines

__all__ = ["Written", "is_document", "picture_of", "written"]

# A larger picture is the page's background: what is written on it is the page's text.
_BACKGROUND = 0.6
_FEWEST_FIGURES = 3
# A picture of running text, as on a page: so many lines, most of them of so many words.
_LEAST_LINES, _LEAST_WORDS = 6, 4


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What stands on a recognised page; boxes are in points of the page as it was scanned."""

    drafts: list[Draft]
    pictures: list[VectorChart]
    faith: Faith
    """Characters that are right as far as is known, and characters: what a second recogniser read,
    too, or else how sure the first one is."""


def written(scan: Scan, chosen: Sequence[Line] | None = None) -> Written:
    """The text (of the *chosen* lines alone), the tables and the pictures of *scan*, in order."""
    lines = find_lines(scan.sheet.glyphs) if chosen is None else chosen
    pictures = _pictures(scan, lines)
    labels = {id(line) for picture in pictures for line in picture.labels}
    drafts, _ = text_drafts(scan.sheet, [line for line in lines if id(line) not in labels])
    ink = np.array([not char.isspace() for char in scan.sheet.glyphs.text], dtype=bool)
    count = int(ink.sum())
    return Written(
        scan.drafts_back(drafts),
        [replace(picture, box=scan.box_back(picture.box)) for picture in pictures],
        scan.again or (round(float(scan.sure[ink].sum())), count),
    )


def _pictures(scan: Scan, lines: Sequence[Line]) -> list[VectorChart]:
    """The pictures that are no table, each with the lines on it."""
    tables = [grid.box for grid in find_grids(scan.sheet, lines)[0] if grid.ruled]
    page = scan.sheet.width * scan.sheet.height
    free = list(lines)
    out = []
    for box in scan.pictures:
        if any(table.overlap(box) > 0.4 * min(table.area, box.area) for table in tables):
            continue
        labels = [] if box.area > _BACKGROUND * page else [ln for ln in free if _is_on(ln.box, box)]
        free = [line for line in free if line not in labels]
        out.append(picture_of(scan, box, labels))
    return out


def _is_on(line: Box, box: Box) -> bool:
    return box.holds((line.left + line.right) / 2, (line.top + line.bottom) / 2)


def picture_of(scan: Scan, box: Box, labels: Sequence[Line]) -> VectorChart:
    """The picture in *box* with the lines on it; many figures on it make it a chart."""
    figures = sum(any(char.isdigit() for char in line.text) for line in labels)
    return VectorChart(
        box,
        tuple(labels),
        ImageType.CHART if figures > _FEWEST_FIGURES else ImageType.UNKNOWN,
        scan.sure_of(labels),
    )


def is_document(lines: Sequence[Line]) -> bool:
    """Whether *lines*, those of a picture, are running text rather than labels."""
    return len(lines) >= _LEAST_LINES and median(len(ln.words) for ln in lines) >= _LEAST_WORDS
