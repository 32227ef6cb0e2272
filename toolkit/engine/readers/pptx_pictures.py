"""Pictures of slides as small JPEGs. Only bytes inside the file are ever looked at."""

from __future__ import annotations

import base64
import struct
import warnings
from io import BytesIO
from typing import Any

from PIL import Image
from pptx.oxml.ns import qn

from toolkit.document.geometry import Box

__all__ = ["Album"]

# What a browser and our own OCR can look at; metafiles (EMF, WMF) are programs, and stay closed.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_WIDEST_PX = 1000
_DOTS_PER_INCH = 120.0
# Thirty million pixels are 120 MB with transparency.
_MOST_PIXELS = 30_000_000
# A JPEG is decoded at an eighth of its size where that is enough.
_MOST_JPEG_PIXELS = 100_000_000
_MOST_ON_A_SLIDE = 40
_UNREAD = (OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, OverflowError)


class Album:
    """The pictures of one document; each is encoded once, and together they take *room* bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._known: dict[tuple[str, tuple[float, ...], int], str | None] = {}
        self._on_slide = 0

    def next_slide(self) -> None:
        """From here on pictures are another slide's."""
        self._on_slide = 0

    def take(self, size: int) -> bool:
        """Whether there was room for *size* bytes more, which are taken then."""
        if size > self._room:
            return False
        self._room -= size
        return True

    def picture(self, part: Any, fill: Any, box: Box) -> str | None:
        """The picture that a ``blipFill`` shows, as base64 of a JPEG; None where there is none.

        *part* is the slide's. Linked pictures are never fetched.
        """
        blip = fill.find(qn("a:blip"))
        ident = None if blip is None else blip.get(qn("r:embed"))
        if self._room <= 0 or not ident or self._on_slide >= _MOST_ON_A_SLIDE:
            return None
        rel = part.rels.get(ident)
        if rel is None or rel.is_external:
            return None
        self._on_slide += 1
        crop = _crop(fill.find(qn("a:srcRect")))
        wide = max(1, min(_WIDEST_PX, round(box.width / 72 * _DOTS_PER_INCH)))
        key = (str(rel.target_part.partname), crop, wide)
        if key not in self._known:
            self._known[key] = _encoded(rel.target_part.blob, crop, wide)
        encoded = self._known[key]
        return encoded if encoded is not None and self.take(len(encoded)) else None


def _crop(rect: Any) -> tuple[float, ...]:
    """The shares of width and height that are cut away: left, top, right, bottom."""
    names = ("l", "t", "r", "b")
    if rect is None:
        return (0.0, 0.0, 0.0, 0.0)
    given = (str(rect.get(name, "0")) for name in names)
    return tuple(
        min(1.0, max(0.0, int(cut) / 100_000)) if cut.isdecimal() and len(cut) < 9 else 0.0
        for cut in given
    )


def _encoded(blob: bytes, crop: tuple[float, ...], wide: int) -> str | None:
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are looked at here anyway, and of harmless oddities.
            warnings.simplefilter("ignore")
            image = _small(blob, crop, wide)
            if image is None:
                return None
            stream = BytesIO()
            image.save(stream, "JPEG", quality=80)
    except (*_UNREAD, Image.DecompressionBombError):
        return None
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _small(blob: bytes, crop: tuple[float, ...], wide: int) -> Image.Image | None:
    """The part of the picture that shows, on white, at most *wide* pixels across."""
    left, top, right, bottom = crop
    if left + right >= 1 or top + bottom >= 1:
        return None
    image: Image.Image = Image.open(BytesIO(blob), formats=_FORMATS)
    share = 1 - left - right
    if image.format == "JPEG" and image.width * image.height <= _MOST_JPEG_PIXELS:
        image.draft("RGB", (max(1, round(wide / share)),) * 2)
    if image.width * image.height > _MOST_PIXELS:
        return None
    width, height = image.size
    shown = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    edges = tuple(round(edge) for edge in shown)
    if edges != (0, 0, width, height):
        image = image.crop((edges[0], edges[1], edges[2], edges[3]))
    if min(image.size) < 1:
        return None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        image = paper
    image = image.convert("RGB")
    if image.width > wide:
        image = image.resize((wide, max(1, round(image.height * wide / image.width))))
    return image
