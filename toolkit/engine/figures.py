"""Images: where they are on the page, and how they look there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
from PIL import Image

from toolkit.document.blocks import ImageType, TextSource
from toolkit.document.geometry import Box
from toolkit.engine.chart_axes import number_in
from toolkit.engine.charts import VectorChart
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.marks import Sheet
from toolkit.engine.order import in_rows
from toolkit.engine.picture_types import Place, looks_of, type_of
from toolkit.engine.words import Line

__all__ = ["MOST_BYTES", "SMALLEST_SHARE", "figure_drafts", "said_in", "unread_images"]

SMALLEST_SHARE = 0.008
"""Of the page: a smaller image is a rule, a bullet, a logo or an icon, which nobody reads."""
# 20 × 20 points on A4: what is smaller is a bullet, or a piece of a rule.
_SMALLEST_SEEN = 0.0008
_MOST_PIECES = 2000
# Points, of two sides together: pieces of one picture are set edge to edge.
_TOUCHING = 1.5
# Photos side by side are no strips of one.
_STRIP = 3.0
# How much of a tagged figure and of an image is the same place.
_SAME_FIGURE = 0.5
# Enough to tell a photo from a drawing.
_DOTS_TO_TELL = 60.0
_MOST_ON_A_PAGE = 40
_WIDEST_PX = 1000
_DOTS_PER_INCH = 120.0
# An image with more of its area under words has its text in the text layer already.
_COVERED = 0.3
# So many invisible words over an image are what somebody's OCR read in it.
_READ_BEFORE = 20
MOST_BYTES = 24 * 2**20
"""How many bytes of images one document carries; the later ones keep their place alone."""

Picture = Callable[[int, float], Image.Image | None]


def _boxes(sheet: Sheet, least: float) -> list[Box]:
    """The images of *least* a share of the page, clipped to it; pieces of one are put together.

    One that covers the page is its background.
    """
    page = Box(0, 0, sheet.width, sheet.height)
    out: list[Box] = []
    for box in _whole([_on_page(raster.box, sheet) for raster in sheet.rasters]):
        if box.width <= 0 or box.height <= 0 or box.area < least * page.area:
            continue
        if any(box.overlap(other) > 0.9 * box.area for other in out):
            continue
        out.append(box)
    return out[:_MOST_ON_A_PAGE]


def _whole(boxes: list[Box]) -> list[Box]:
    """*boxes* with those put together that were one picture, cut into strips by a printer."""
    out: list[Box] = []
    for box in boxes[:_MOST_PIECES]:
        last = out[-1] if out else None
        if last is not None and _goes_on(last, box):
            out[-1] = Box.around((last, box))
        else:
            out.append(box)
    return out


def _goes_on(one: Box, two: Box) -> bool:
    """Whether *two* is a strip that touches *one* along a whole side."""
    if max(two.width, two.height) < _STRIP * min(two.width, two.height):
        return False
    down = abs(one.left - two.left) + abs(one.right - two.right) < _TOUCHING
    across = abs(one.top - two.top) + abs(one.bottom - two.bottom) < _TOUCHING
    below = min(abs(one.bottom - two.top), abs(two.bottom - one.top)) < _TOUCHING
    beside = min(abs(one.right - two.left), abs(two.right - one.left)) < _TOUCHING
    return (down and below) or (across and beside)


def figure_drafts(
    sheet: Sheet,
    picture: Picture | None,
    room: int,
    charts: Sequence[VectorChart] = (),
    looks: Picture | None = None,
) -> list[Draft]:
    """An image draft for each image and each of *charts*; with its looks where *picture* renders.

    *room* is how many bytes of images the document may still take. A chart's labels are the text
    in it. *looks* renders too, for what an image shows where its looks are not kept.
    """
    found: list[tuple[Box, VectorChart | None]] = [
        (box, None)
        for box in _boxes(sheet, _SMALLEST_SEEN)
        if not any(chart.box.overlap(box) > 0.5 * box.area for chart in charts)
    ]
    found += [(_on_page(chart.box, sheet), chart) for chart in charts]
    page = picture(sheet.number, _DOTS_PER_INCH) if picture and found and room > 0 else None
    seen = looks(sheet.number, _DOTS_TO_TELL) if looks and found and page is None else page
    drafts = []
    for box, chart in found:
        encoded = _encoded(_cut_out(page, box, sheet)) if page is not None else None
        if encoded is not None and len(encoded) > room:
            encoded = None
        room -= len(encoded or "")
        if chart is not None and chart.draft is not None:
            drafts.append(replace(chart.draft, box=box, image_b64=encoded))
        else:
            shown = _type(seen, box, sheet, chart)
            drafts.append(replace(_image(box, sheet, chart, shown), image_b64=encoded))
    return drafts


def _image(box: Box, sheet: Sheet, chart: VectorChart | None, shown: ImageType) -> Draft:
    return Draft(
        "image",
        box,
        Quotation(""),
        likely("image"),
        alt=_alternative(box, sheet),
        text_source=_source(chart),
        sure=chart.sure if chart else None,
        image_type=shown,
        embedded_text=(said_in(chart.labels) or None) if chart else None,
    )


def _type(page: Image.Image | None, box: Box, sheet: Sheet, chart: VectorChart | None) -> ImageType:
    """What an image shows; of a drawing, what it was taken for when it was found."""
    given = chart.image_type if chart else ImageType.UNKNOWN
    if chart is not None and (chart.sure is None or given is ImageType.SCAN):
        return given
    cut = _cut_out(page, box, sheet) if page is not None else None
    if cut is None:
        return given
    words = [word.text for line in chart.labels for word in line.words] if chart else []
    place = Place(
        width=box.width,
        height=box.height,
        top=box.top / sheet.height,
        bottom=box.bottom / sheet.height,
        page_share=box.area / (sheet.width * sheet.height),
        words=len(words) if chart else None,
        numbers=sum(number_in(word) is not None for word in words),
        hidden_words=_hidden_words(box, sheet),
        pixels=_pixels(box, sheet),
    )
    found = type_of(looks_of(cut), place)
    return given if found is ImageType.UNKNOWN else found


def _hidden_words(box: Box, sheet: Sheet) -> int:
    """About how many words that nobody sees lie over an image."""
    glyphs = sheet.glyphs
    if not glyphs.hidden.any():
        return 0
    x, y = glyphs.boxes[glyphs.hidden][:, :2].T
    inside = (x >= box.left) & (x <= box.right) & (y >= box.top) & (y <= box.bottom)
    return int(inside.sum()) // 6


def _pixels(box: Box, sheet: Sheet) -> tuple[int, int]:
    for raster in sheet.rasters:
        if box.overlap(raster.box) > 0.98 * max(box.area, 1.0):
            return raster.width_px, raster.height_px
    return 0, 0


def _alternative(box: Box, sheet: Sheet) -> str | None:
    """What the file's structure tree says of the figure in *box*."""
    found = [
        (tag.box.overlap(box) / max(tag.box.area, box.area, 1.0), tag.alt)
        for tag in sheet.tags
        if tag.kind == "Figure" and tag.alt and tag.box is not None
    ]
    share, alt = max(found, key=lambda one: one[0], default=(0.0, None))
    return alt if share >= _SAME_FIGURE else None


def _source(chart: VectorChart | None) -> TextSource:
    recognised = chart is not None and chart.sure is not None and bool(chart.labels)
    return TextSource.INFERRED if recognised else TextSource.DERIVED


def said_in(lines: Sequence[Line]) -> str:
    """*lines*, those on a picture, as rows of text from the top."""
    boxes = [line.box for line in lines]
    rows = in_rows(boxes, range(len(boxes)))
    return "\n".join(" ".join(lines[i].text for i in row) for row in rows)


def _on_page(box: Box, sheet: Sheet) -> Box:
    return Box(
        max(0.0, box.left),
        max(0.0, box.top),
        min(sheet.width, box.right),
        min(sheet.height, box.bottom),
    )


def _cut_out(page: Image.Image, box: Box, sheet: Sheet) -> Image.Image | None:
    across, down = page.width / sheet.width, page.height / sheet.height
    edges = (
        int(box.left * across),
        int(box.top * down),
        int(np.ceil(box.right * across)),
        int(np.ceil(box.bottom * down)),
    )
    cut = page.crop(edges)
    return cut if min(cut.size) >= 2 else None


def _encoded(cut: Image.Image | None) -> str | None:
    if cut is None:
        return None
    if cut.width > _WIDEST_PX:
        cut = cut.resize((_WIDEST_PX, max(1, round(cut.height * _WIDEST_PX / cut.width))))
    stream = BytesIO()
    cut.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def unread_images(sheet: Sheet, lines: Sequence[Line]) -> list[Box]:
    """The images that have no text over them, so that only OCR could read them."""
    words = [word.box for line in lines for word in line.words]
    unseen = [word for line in lines if line.hidden for word in line.words]
    return [
        box
        for box in _boxes(sheet, SMALLEST_SHARE)
        if sum(box.overlap(word) for word in words) < _COVERED * box.area
        and sum(box.overlap(word.box) > 0 for word in unseen) < _READ_BEFORE
    ]
