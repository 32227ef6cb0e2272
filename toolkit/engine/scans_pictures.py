"""Pictures on a page whose text is in its text layer: what only recognition can read of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from toolkit.document.blocks import ImageType
from toolkit.document.geometry import Box
from toolkit.engine.charts import VectorChart
from toolkit.engine.clock import PageClock
from toolkit.engine.drafts import Draft
from toolkit.engine.marks import Sheet
from toolkit.engine.scans import Scan, scanned
from toolkit.engine.scans_layout import is_document, picture_of, written
from toolkit.engine.table_pictures import is_picture_of_table
from toolkit.engine.trust import Faith
from toolkit.engine.words import Line, find_lines
from toolkit.errors import OcrError, PageTimeout, ToolkitError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PicturesRead", "read_pictures"]

# Points around a picture: letters at its very edge are found with a little paper around them.
_PADDING = 4.0
# A recognised line of which more lies under words of the text layer is there already.
_COVERED = 0.3
# A picture of so much of the page that is running text is a scan, and its text the page's.
_SCAN_SHARE = 0.25
# Of what is drawn as letters, how much is in words, and how sure of it the recognition is: formulas
# as TeX's converters draw them are mostly neither.
_WORDS = re.compile(r"[^\W\d_]{3,}")
_IN_WORDS, _FEWEST_IN_WORDS, _SURE = 0.6, 3, 0.85


@dataclass(slots=True, eq=False)
class PicturesRead:
    """What the pictures of one page say; boxes are in points of the page."""

    pictures: list[VectorChart] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    """Of pictures that are scanned text."""
    faith: Faith = (0, 0)
    faults: list[ToolkitError] = field(default_factory=list)
    unsupported: str | None = None


def read_pictures(
    image: Image.Image,
    sheet: Sheet,
    boxes: Sequence[Box],
    lines: Sequence[Line],
    *,
    outlined: Sequence[Box] = (),
    languages: tuple[str, ...],
    clock: PageClock,
) -> PicturesRead:
    """What stands in *boxes* of the page that *image* shows, but for the text layer's *lines*.

    *boxes* are pictures; in those of *outlined* is text of the page that is drawn. A failure, or
    the end of *clock*'s time, costs what was not read yet, and is told.
    """
    said = PicturesRead()
    scale = image.width / sheet.width
    words = [word.box for line in lines for word in line.words]
    units = [*((box, False) for box in boxes), *((box, True) for box in outlined)]
    for at, (box, is_text) in enumerate(units):
        cut = _cut(box, sheet)
        pixels = _cropped(image, cut, scale)
        try:
            clock.check()
            scan = scanned(pixels, 72 * scale, languages=languages, check=clock.check)
        except PageTimeout:
            said.faults.append(_late(len(units) - at))
            break
        except OcrError as exc:
            said.faults.append(exc)
            continue
        said.unsupported = said.unsupported or scan.unsupported
        chosen = _uncovered(scan, cut[:2], words)
        if is_text:
            _add_text(said, scan, chosen, cut[:2])
        elif chosen:
            is_large = box.area >= _SCAN_SHARE * sheet.width * sheet.height
            _add(said, scan, chosen, box, cut[:2], is_large=is_large)
    return said


def _uncovered(scan: Scan, corner: tuple[float, float], words: Sequence[Box]) -> list[Line]:
    """The lines of *scan*, which begins at *corner*, that do not lie under *words*."""
    return [
        line
        for line in find_lines(scan.sheet.glyphs)
        if not _is_covered(_moved(scan.box_back(line.box), corner), words)
    ]


def _cropped(
    image: Image.Image, cut: tuple[float, float, float, float], scale: float
) -> Image.Image:
    left, top, right, bottom = (round(edge * scale) for edge in cut)
    return image.crop((left, top, right, bottom))


def _late(left: int) -> PageTimeout:
    what = "1 image was" if left == 1 else f"{left} images were"
    return PageTimeout(f"{what} not read: the page's time was up")


def _cut(box: Box, sheet: Sheet) -> tuple[float, float, float, float]:
    return (
        max(0.0, box.left - _PADDING),
        max(0.0, box.top - _PADDING),
        min(sheet.width, box.right + _PADDING),
        min(sheet.height, box.bottom + _PADDING),
    )


def _add(
    said: PicturesRead,
    scan: Scan,
    lines: Sequence[Line],
    box: Box,
    corner: tuple[float, float],
    *,
    is_large: bool,
) -> None:
    """Add what *lines* of *scan* say, which begins at *corner*; *is_large*: like a whole page."""
    if is_large and is_document(lines):
        _add_drafts(said, scan, lines, corner)
        said.pictures.append(VectorChart(box, (), ImageType.SCAN))
    elif is_picture_of_table(scan, lines):
        _add_drafts(said, scan, lines, corner)
        said.pictures.append(VectorChart(box, (), ImageType.TABLE))
    else:
        said.pictures.append(replace(picture_of(scan, box, lines), box=box))
        _add_faith(said, scan, lines)


def _add_text(
    said: PicturesRead, scan: Scan, lines: Sequence[Line], corner: tuple[float, float]
) -> None:
    """Add *lines* that are drawn on the page, if they are words: formulas are drawn so too."""
    text = "".join(line.text for line in lines)
    letters = sum(len(word) for word in _WORDS.findall(text))
    visible = len(text) - text.count(" ")
    if letters >= max(_FEWEST_IN_WORDS, _IN_WORDS * visible) and scan.sure_of(lines) >= _SURE:
        _add_drafts(said, scan, lines, corner)


def _add_drafts(
    said: PicturesRead, scan: Scan, lines: Sequence[Line], corner: tuple[float, float]
) -> None:
    drafts = written(scan, lines).drafts
    said.drafts += [_draft_moved(draft, corner) for draft in drafts]
    _add_faith(said, scan, lines)


def _add_faith(said: PicturesRead, scan: Scan, lines: Sequence[Line]) -> None:
    ink = [index for line in lines for index in line.glyphs]
    right, every = said.faith
    said.faith = (right + round(float(np.sum(scan.sure[ink]))), every + len(ink))


def _is_covered(box: Box, words: Sequence[Box]) -> bool:
    return sum(box.overlap(word) for word in words) >= _COVERED * box.area


def _moved(box: Box, corner: tuple[float, float]) -> Box:
    x, y = corner
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def _draft_moved(draft: Draft, corner: tuple[float, float]) -> Draft:
    cells = tuple(replace(cell, box=_moved(cell.box, corner)) for cell in draft.cells)
    return replace(draft, box=_moved(draft.box, corner), cells=cells)
