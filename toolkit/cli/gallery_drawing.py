"""Pages with what was read of them drawn on top, as pictures that need no browser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from toolkit.document.blocks import Block, Diagram, Table
from toolkit.document.geometry import NormalizedBox
from toolkit.widgets.inspector_leaf import type_of
from toolkit.widgets.inspector_palette import COLOURS, LABELS
from toolkit.widgets.words import shown

__all__ = ["LINES", "Leaf", "annotated", "contact_sheet", "thumb", "webp"]

LINES: Final = {"verified": "solid line", "inferred": "dashed line", "derived": "dotted line"}
"""How the line of a box says where its text comes from."""

_ON_OFF: Final = {"verified": (math.inf, 0.0), "inferred": (9.0, 5.0), "derived": (2.0, 4.0)}
_INK, _PAPER, _DESK = "#1b1f24", "#ffffff", "#eceff1"
_MARGIN = 14
_THUMB = 470
# More pages than that on one sheet can no longer be told apart.
_MOST_THUMBS = 60

_Point: TypeAlias = tuple[float, float]
_Rectangle: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page to be shown: its name, its picture (none where it cannot be drawn), and its blocks."""

    name: str
    page: int
    picture: bytes
    blocks: tuple[Block, ...]
    failures: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{shown(self.name, 60)}, page {self.page}"


def annotated(leaf: Leaf) -> Image.Image:
    """The page with a box in its type's colour and a number in reading order for each block.

    The cells of tables and the nodes and edges of diagrams are drawn in thin lines.
    """
    if leaf.picture:
        image = Image.open(BytesIO(leaf.picture)).convert("RGB")
    else:
        image = Image.new("RGB", (1000, 1414), _PAPER)
    pen = ImageDraw.Draw(image, "RGBA")
    for block in leaf.blocks:
        colour = COLOURS[type_of(block)]
        box = _on(image, block.bbox)
        pen.rectangle(box, fill=colour + "16")
        _parts(pen, image, block, colour)
        _outline(pen, box, colour, str(block.text_source))
    # Numbers last: a box that lies over another must not hide one.
    for block in leaf.blocks:
        _number(pen, image, block)
    return image


def _on(image: Image.Image, box: NormalizedBox) -> _Rectangle:
    x0, y0, x1, y1 = (min(1.0, max(0.0, edge)) for edge in box)
    wide, high = image.width - 1, image.height - 1
    return x0 * wide, y0 * high, max(x0, x1) * wide, max(y0, y1) * high


def _parts(pen: ImageDraw.ImageDraw, image: Image.Image, block: Block, colour: str) -> None:
    match block:
        case Table(cells=cells):
            for cell in cells:
                if cell.bbox is not None:
                    pen.rectangle(_on(image, cell.bbox), outline=colour + "90")
        case Diagram(nodes=nodes, edges=edges):
            boxes = {node.id: _on(image, node.bbox) for node in nodes if node.bbox is not None}
            for box in boxes.values():
                pen.rectangle(box, outline=colour, width=2)
            for edge in edges:
                if edge.source in boxes and edge.target in boxes:
                    _arrow(pen, _middle(boxes[edge.source]), _middle(boxes[edge.target]), colour)


def _middle(box: _Rectangle) -> _Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _arrow(pen: ImageDraw.ImageDraw, start: _Point, end: _Point, colour: str) -> None:
    pen.line((*start, *end), colour, 2)
    pen.ellipse((end[0] - 5, end[1] - 5, end[0] + 5, end[1] + 5), fill=colour)


def _outline(pen: ImageDraw.ImageDraw, box: _Rectangle, colour: str, source: str) -> None:
    x0, y0, x1, y1 = box
    for start, end in (
        ((x0, y0), (x1, y0)),
        ((x1, y0), (x1, y1)),
        ((x0, y1), (x1, y1)),
        ((x0, y0), (x0, y1)),
    ):
        for piece in _pieces(start, end, _ON_OFF.get(source, _ON_OFF["derived"])):
            pen.line(piece, colour, 2)


def _pieces(start: _Point, end: _Point, on_off: tuple[float, float]) -> Iterable[_Rectangle]:
    """The line from *start* to *end* as the pieces of it that are drawn, in pixels."""
    (ax, ay), (bx, by) = start, end
    length = math.hypot(bx - ax, by - ay)
    at, (on, off) = 0.0, on_off
    while at < length:
        stop = min(length, at + on)
        first, last = at / length, stop / length
        yield (
            *(ax + (bx - ax) * first, ay + (by - ay) * first),
            *(ax + (bx - ax) * last, ay + (by - ay) * last),
        )
        at = stop + off


def _number(pen: ImageDraw.ImageDraw, image: Image.Image, block: Block) -> None:
    text, font = str(block.reading_order_index + 1), _font(14)
    x0, y0, *_ = _on(image, block.bbox)
    wide = pen.textlength(text, font) + 6
    # Left of the box where the margin has room, so that the first letters stay legible.
    left = x0 - wide if x0 >= wide else x0
    pen.rectangle((left, y0, left + wide, y0 + 16), fill=COLOURS[type_of(block)])
    pen.text((left + 3, y0), text, fill=_PAPER, font=font)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def contact_sheet(pages: Sequence[tuple[Leaf, Image.Image]]) -> Image.Image:
    """The first sixty *pages*, as thumbs, side by side under their names, with the legend."""
    listed = pages[:_MOST_THUMBS]
    columns = min(len(listed), 4)
    thumbs = [image for _, image in listed]
    cell = _THUMB + 2 * _MARGIN
    rows = [thumbs[at : at + columns] for at in range(0, len(thumbs), columns)]
    heights = [max(small.height for small in row) + 2 * _MARGIN + 20 for row in rows]
    wide = max(cell * columns, 2 * cell)
    legend = _legend(wide, [block for leaf, _ in listed for block in leaf.blocks])
    sheet = Image.new("RGB", (wide, sum(heights) + legend.height), _DESK)
    pen = ImageDraw.Draw(sheet)
    for at, small in enumerate(thumbs):
        row, column = divmod(at, columns)
        left, top = column * cell + _MARGIN, sum(heights[:row]) + _MARGIN
        pen.text((left, top), shown(listed[at][0].title, 62), fill=_INK, font=_font(15))
        sheet.paste(small, (left, top + 20))
    sheet.paste(legend, (0, sum(heights)))
    return sheet


def webp(image: Image.Image) -> bytes:
    """*image* for a browser."""
    written = BytesIO()
    image.save(written, "WEBP", quality=80, method=2)
    return written.getvalue()


def thumb(image: Image.Image) -> Image.Image:
    """*image* as small as it stands on the contact sheet."""
    # A page may be a hundred times as high as it is wide.
    scale = min(_THUMB / image.width, 1.6 * _THUMB / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _legend(wide: int, blocks: Sequence[Block]) -> Image.Image:
    """The colours of the types and the lines of the sources that are seen, in a band."""
    seen = {type_of(block) for block in blocks}
    items = [(LABELS.get(kind, kind), kind, "verified") for kind in COLOURS if kind in seen]
    sources = {str(block.text_source) for block in blocks}
    items += [(f"{LINES[name]}: {name}", "", name) for name in LINES if name in sources]
    band = Image.new("RGB", (wide, 40 * (1 + len(items))), _PAPER)
    pen, left, top = ImageDraw.Draw(band), _MARGIN, 12
    for words, kind, source in items:
        room = pen.textlength(words, _font(16)) + 62
        if left + room > wide:
            left, top = _MARGIN, top + 30
        colour = COLOURS[kind] if kind else _INK
        if kind:
            pen.rectangle((left, top + 2, left + 22, top + 18), fill=colour)
        else:
            _outline(pen, (left, top + 3, left + 30, top + 17), colour, source)
        pen.text((left + 36, top), words, fill=_INK, font=_font(16))
        left += int(room)
    return band.crop((0, 0, wide, top + 34))
