"""What the pictures of a slide say, recognised."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from msgspec.structs import replace
from PIL import Image as Pixels

from toolkit.document.blocks import Block, Image, TextSource
from toolkit.engine.clock import PageClock
from toolkit.engine.confidence import confidence, likely
from toolkit.engine.figures import SMALLEST_SHARE, said_in
from toolkit.engine.scans import scanned
from toolkit.engine.words import find_lines
from toolkit.errors import OcrError, OcrScriptUnsupported, PageTimeout, ToolkitError

__all__ = ["PicturesRead", "pictures_read"]


@dataclass(slots=True, eq=False)
class PicturesRead:
    """Blocks whose images have their text, and what went wrong on the way."""

    blocks: list[Block] = field(default_factory=list)
    faults: list[ToolkitError] = field(default_factory=list)


def pictures_read(
    blocks: Sequence[Block],
    size: tuple[float, float],
    *,
    languages: tuple[str, ...],
    clock: PageClock,
) -> PicturesRead:
    """*blocks* of a slide of *size* (points), each picture with the text on it, as inferred.

    A failure, or the end of *clock*'s time, costs what was not read yet, and is told.
    """
    said = PicturesRead()
    for block in blocks:
        if not isinstance(block, Image) or not block.image_b64 or _share(block) < SMALLEST_SHARE:
            said.blocks.append(block)
            continue
        try:
            clock.check()
            said.blocks.append(_read(block, size, languages, clock, said.faults))
        except PageTimeout:
            said.blocks.append(block)
            if not any(isinstance(fault, PageTimeout) for fault in said.faults):
                said.faults.append(PageTimeout("pictures were not read: the slide's time was up"))
        except OcrError as exc:
            said.blocks.append(block)
            said.faults.append(exc)
    return said


def _share(block: Image) -> float:
    left, top, right, bottom = block.bbox
    return (right - left) * (bottom - top)


def _read(
    block: Image,
    size: tuple[float, float],
    languages: tuple[str, ...],
    clock: PageClock,
    faults: list[ToolkitError],
) -> Image:
    try:
        pixels = Pixels.open(BytesIO(base64.b64decode(block.image_b64 or ""))).convert("RGB")
    except (OSError, binascii.Error, ValueError):
        return block
    inches = max(0.1, (block.bbox[2] - block.bbox[0]) * size[0] / 72)
    scan = scanned(pixels, pixels.width / inches, languages=languages, check=clock.check)
    if scan.unsupported:
        what = f"a picture has {scan.unsupported} writing, which cannot be recognised; left out"
        faults.append(OcrScriptUnsupported(what))
    lines = find_lines(scan.sheet.glyphs)
    if not lines:
        return block
    return replace(
        block,
        embedded_text=said_in(lines),
        text_source=TextSource.INFERRED,
        confidence=confidence(likely("image"), TextSource.INFERRED, scan.sure_of(lines)),
    )
