"""Images: where they are on the page, and how they look there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from toolkit.document.blocks import ImageType, TextSource
from toolkit.document.geometry import Box
from toolkit.engine.charts import VectorChart
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.marks import Sheet
from toolkit.engine.order import in_rows
from toolkit.engine.words import Line

__all__ = ["MOST_BYTES", "SMALLEST_SHARE", "figure_drafts", "said_in", "unread_images"]

SMALLEST_SHARE = 0.008
"""Of the page: a smaller image is a rule, a bullet, a logo or an icon, which nobody reads."""
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


def _boxes(sheet: Sheet) -> list[Box]:
    """The images that count, clipped to the page; one that covers the page is its background."""
    page = Box(0, 0, sheet.width, sheet.height)
    out: list[Box] = []
    for raster in sheet.rasters:
        box = _on_page(raster.box, sheet)
        if box.width <= 0 or box.height <= 0 or box.area < SMALLEST_SHARE * page.area:
            continue
        if any(box.overlap(other) > 0.9 * box.area for other in out):
            continue
        out.append(box)
    return out[:_MOST_ON_A_PAGE]


def figure_drafts(
    sheet: Sheet, picture: Picture | None, room: int, charts: Sequence[VectorChart] = ()
) -> list[Draft]:
    """An image draft for each image and each of *charts*; with its looks where *picture* renders.

    *room* is how many bytes of images the document may still take. A chart's labels are the text
    in it.
    """
    found: list[tuple[Box, VectorChart | None]] = [
        (box, None)
        for box in _boxes(sheet)
        if not any(chart.box.overlap(box) > 0.5 * box.area for chart in charts)
    ]
    found += [(_on_page(chart.box, sheet), chart) for chart in charts]
    page = picture(sheet.number, _DOTS_PER_INCH) if picture and found and room > 0 else None
    drafts = []
    for box, chart in found:
        encoded = _cut_out(page, box, sheet) if page is not None else None
        if encoded is not None and len(encoded) > room:
            encoded = None
        room -= len(encoded or "")
        drafts.append(
            Draft(
                "image",
                box,
                Quotation(""),
                likely("image"),
                image_b64=encoded,
                text_source=_source(chart),
                sure=chart.sure if chart else None,
                image_type=chart.image_type if chart else ImageType.UNKNOWN,
                embedded_text=(said_in(chart.labels) or None) if chart else None,
            )
        )
    return drafts


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


def _cut_out(page: Image.Image, box: Box, sheet: Sheet) -> str | None:
    across, down = page.width / sheet.width, page.height / sheet.height
    edges = (
        int(box.left * across),
        int(box.top * down),
        int(np.ceil(box.right * across)),
        int(np.ceil(box.bottom * down)),
    )
    cut = page.crop(edges)
    if min(cut.size) < 2:
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
        for box in _boxes(sheet)
        if sum(box.overlap(word) for word in words) < _COVERED * box.area
        and sum(box.overlap(word.box) > 0 for word in unseen) < _READ_BEFORE
    ]
