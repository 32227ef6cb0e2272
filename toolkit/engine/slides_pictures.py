"""How the charts and the diagrams of a slide look, cut out of a picture of the whole slide."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from io import BytesIO
from math import ceil
from typing import TypeAlias

from msgspec.structs import replace
from PIL import Image

from toolkit.document.blocks import Block, Chart, Diagram
from toolkit.engine.readers.pptx_render import Drawn, drawn
from toolkit.errors import PageUnreadable

__all__ = ["with_pictures"]

_WIDTH_PX = 1_200
_WIDEST_PX = 1_000
_MOST_ON_A_SLIDE = 40

_Shown: TypeAlias = Chart | Diagram


def with_pictures(
    blocks: tuple[Block, ...], content: bytes, number: int, take: Callable[[int], bool]
) -> tuple[Block, ...]:
    """*blocks* of slide *number*, each chart and diagram with its looks.

    *take* takes so many bytes of the room for pictures, or says that they are not there. What the
    renderer cannot draw goes without: a stand-in would be no picture of it.
    """
    if not any(isinstance(block, Chart | Diagram) for block in blocks):
        return blocks
    try:
        slide = drawn(content, number, _WIDTH_PX)
    except PageUnreadable:
        # The slide was read all the same; only its looks are not to be had.
        return blocks
    shown = {block.id: block for block in _drawable(blocks, slide)}
    out: list[Block] = []
    for block in blocks:
        encoded = _cut_out(slide.image, shown[block.id]) if block.id in shown else None
        if encoded is not None and take(len(encoded)):
            out.append(replace(shown[block.id], image_b64=encoded))
        else:
            out.append(block)
    return tuple(out)


def _drawable(blocks: Iterable[Block], slide: Drawn) -> list[_Shown]:
    """Those whose kind the renderer did not stumble over on this slide."""
    words = " ".join(slide.undrawn)
    charts, smart_art = "unsupported chart" not in words, "unsupported SmartArt" not in words
    found = [
        block
        for block in blocks
        if (isinstance(block, Chart) and charts) or (isinstance(block, Diagram) and smart_art)
    ]
    return found[:_MOST_ON_A_SLIDE]


def _cut_out(slide: Image.Image, block: _Shown) -> str | None:
    """The part of *slide* under *block* as base64 of a JPEG; None where nothing is drawn there."""
    x0, y0, x1, y1 = block.bbox
    edges = (
        int(x0 * slide.width),
        int(y0 * slide.height),
        ceil(x1 * slide.width),
        ceil(y1 * slide.height),
    )
    cut = slide.crop(edges)
    if min(cut.size) < 2 or cut.getcolors(1) is not None:
        return None
    if cut.width > _WIDEST_PX:
        cut = cut.resize((_WIDEST_PX, max(1, round(cut.height * _WIDEST_PX / cut.width))))
    stream = BytesIO()
    cut.save(stream, "JPEG", quality=80)
    return base64.b64encode(stream.getvalue()).decode("ascii")
