"""The picture that a material is made of: read by its content, upright, of a bounded size."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageOps

from toolkit.engine.readers.image_pixels import MOST_PROGRESSIVE, quiet
from toolkit.engine.source import sniffed
from toolkit.errors import DamagedFile, ImageTooLarge, UnsupportedFileType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

__all__ = ["colours", "png", "refuse_others"]

MOST_PIXELS: Final = 4096 * 4096
LONGEST_SIDE: Final = 8192
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_UNREAD: Final = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error),
    *(IndexError, KeyError, TypeError, AttributeError, ArithmeticError),
)
"""What Pillow's readers raise on broken files."""


def colours(content: bytes, filename: str) -> tuple[Plane, Plane | None]:
    """The picture's (height, width, 3) colours, and how opaque each pixel is if the file says so.

    Of an animation, its first picture. Raises UnsupportedFileType for anything but PNG, JPEG and
    WebP, whatever its name; ImageTooLarge before anything is decoded; DamagedFile.
    """
    media_type = refuse_others(content, filename)
    with _translated(filename), quiet():
        image: Image.Image = Image.open(BytesIO(content), formats=[_FORMATS[media_type]])
        _check_size(image, filename)
        image.load()
        upright = _in_bytes(_turned(image))
    pixels = np.asarray(upright)
    if upright.mode == "RGB":
        return pixels, None
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])


def refuse_others(head: bytes, filename: str) -> str:
    """The type of a picture that begins so. Raises UnsupportedFileType for any other file."""
    media_type = sniffed(head)
    if media_type not in _FORMATS:
        raise UnsupportedFileType(
            f"{filename} is {media_type}; a material is made of a PNG, JPEG or WebP picture"
        )
    return media_type


def png(pixels: Plane) -> bytes:
    """*pixels*, grey or colours, as PNG."""
    file = BytesIO()
    # More than the fourth level takes thrice the time for a few hundredths.
    Image.fromarray(pixels).save(file, "PNG", compress_level=4)
    return file.getvalue()


@contextmanager
def _translated(filename: str) -> Iterator[None]:
    try:
        yield
    except Image.DecompressionBombError as exc:
        raise ImageTooLarge(f"{filename}: the picture is far too large: {exc}") from exc
    except _UNREAD as exc:
        raise DamagedFile(f"{filename}: {str(exc) or type(exc).__name__}") from exc


def _check_size(image: Image.Image, filename: str) -> None:
    pixels = image.width * image.height
    # A progressive JPEG is held as a whole, at two bytes a pixel and colour, before it is decoded.
    if pixels > min(MOST_PIXELS, MOST_PROGRESSIVE) or max(image.size) > LONGEST_SIDE:
        raise ImageTooLarge(
            f"{filename} has {image.width} × {image.height} pixels; at most {MOST_PIXELS:,}, and "
            f"{LONGEST_SIDE} on a side, are taken: scale it down first"
        )


def _turned(image: Image.Image) -> Image.Image:
    """*image* as the camera says that it was held; as it is where what it says is broken."""
    try:
        return ImageOps.exif_transpose(image)
    except _UNREAD:
        return image


def _in_bytes(image: Image.Image) -> Image.Image:
    """*image* as RGB, or as RGBA where it says what is transparent."""
    if image.mode.startswith(("I", "F")):
        # Sixteen bits of grey, which a plain conversion would cut off instead of scaling.
        deep = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        image = Image.fromarray((deep >> 8).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")
