"""One picture of an image file: what it declares, and its pixels as a page shows them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import ExifTags, Image

from toolkit.errors import ImageTooLarge

__all__ = ["Declared", "declared", "on_paper", "quiet"]

MOST_SHOWN: Final = 6_000_000
"""Pixels of a page as it is given out: a letter at 250 dpi."""
MOST_LONG: Final = 10_000_000
"""The same of a receipt or a screenshot of many pages' length."""
LONGEST_SHOWN: Final = 65_535
"""Pixels of its longer side: a picture that is a line would have millions in a row."""
MOST_BYTES: Final = 160 * 2**20
"""What one picture may take while it is decoded."""
MOST_JPEG: Final = 160_000_000
"""Pixels of a JPEG: it is decoded at an eighth of its size where that is enough."""
MOST_HEIC: Final = 50_000_000
"""Pixels of a HEIC photograph, which is there three times over while it is decoded: 48 million are
what telephones take."""
MOST_PROGRESSIVE: Final = 50_000_000
"""A progressive JPEG is held in memory as a whole first, at two bytes a pixel and colour."""

_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "LA": 4, "PA": 4}
_SHORTEST_INCH, _LONGEST_INCH = 0.5, 24.0
# Where a file does not say, the usual resolution that makes its longer side nearest to a page's.
_USUAL_DOTS = (72.0, 96.0, 150.0, 200.0, 300.0, 400.0, 600.0)
_USUAL_SIDE = 11.3
# A picture so much longer than wide is no page but a strip: its width is nearest to this.
_LONG = 2.5
_USUAL_WIDTH = 6.0
# A standard fax has twice as many dots across as down.
_MOST_UNSQUARE = 3.0
_SIDEWAYS = (5, 6, 7, 8)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is put right, by the number that a camera wrote into it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a file says of a picture, upright: pixels, and dots per inch across and down."""

    width_px: int
    height_px: int
    dots: tuple[float, float]

    @property
    def inches(self) -> tuple[float, float]:
        return (
            max(0.001, round(self.width_px / self.dots[0], 3)),
            max(0.001, round(self.height_px / self.dots[1], 3)),
        )


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings of Pillow: sizes are looked at here, and oddities do no harm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def declared(image: Image.Image) -> Declared:
    """What *image*, of which nothing is decoded yet, says of itself."""
    width, height = image.size
    dots = _dots(image.info.get("dpi"), width, height)
    # A TIFF's size is given upright already, and its resolution never is.
    if _orientation(image) in _SIDEWAYS:
        dots = dots[::-1]
        if image.format != "TIFF":
            width, height = height, width
    return Declared(width, height, dots)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except (OSError, ValueError, SyntaxError, KeyError, TypeError, AttributeError, ArithmeticError):
        return 1


def _dots(given: Any, width: int, height: int) -> tuple[float, float]:
    """Dots per inch across and down: as *given* where that makes sense, else assumed."""
    match given:
        case (x, y):
            try:
                across, down = float(x), float(y)
            except (TypeError, ValueError, ArithmeticError):
                across = down = 0.0
            if _is_sane(across, down, width, height):
                return across, down
    long = _is_long(width, height)
    side, usual = (min(width, height), _USUAL_WIDTH) if long else (max(width, height), _USUAL_SIDE)
    best = min(_USUAL_DOTS, key=lambda dots: abs(math.log(max(1, side) / dots / usual)))
    return best, best


def _is_sane(across: float, down: float, width: int, height: int) -> bool:
    if not (1 < across < 1e5 and 1 < down < 1e5):
        return False
    unsquare = max(across / down, down / across)
    sides = width / across, height / down
    side = min(sides) if _is_long(width, height) else max(sides)
    return unsquare <= _MOST_UNSQUARE and _SHORTEST_INCH <= side <= _LONGEST_INCH


def _is_long(width: int, height: int) -> bool:
    return max(width, height) > _LONG * min(width, height)


def _most_shown(width: int, height: int) -> int:
    return MOST_LONG if _is_long(width, height) else MOST_SHOWN


def on_paper(image: Image.Image) -> Image.Image:
    """*image* decoded: RGB, upright, what is transparent on white, its pixels square.

    Raises ImageTooLarge before anything is decoded.
    """
    dots = declared(image).dots
    # Pillow turns a TIFF by itself.
    turn = None if image.format == "TIFF" else _TURNS.get(_orientation(image))
    if image.format in ("JPEG", "MPO"):
        most = MOST_PROGRESSIVE if "progressive" in image.info else MOST_JPEG
        _check(image, image.width * image.height, most)
        shrunk = min(1.0, (_most_shown(*image.size) / (image.width * image.height)) ** 0.5)
        image.draft(None, (math.ceil(image.width * shrunk), math.ceil(image.height * shrunk)))
    if image.format == "HEIF":
        _check(image, image.width * image.height, MOST_HEIC)
    else:
        _check(image, image.width * image.height * _BYTES.get(image.mode, 4), MOST_BYTES)
    image.load()
    shown = _flat(_small(_in_bytes(image)))
    if turn is not None:
        shown = shown.transpose(turn)
    return _square(shown, *dots)


def _square(shown: Image.Image, across: float, down: float) -> Image.Image:
    """*shown*, of so many dots per inch *across* and *down*, with the finer of the two in both."""
    if abs(across / down - 1) < 0.02:
        return shown
    finer = max(across, down)
    size = (shown.width * finer / across, shown.height * finer / down)
    scale = _shrunk(*size, _most_shown(*shown.size))
    return shown.resize((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))))


def _check(image: Image.Image, amount: int, most: int) -> None:
    if amount > most or min(image.size) < 1:
        raise ImageTooLarge(
            f"a picture of {image.width} × {image.height} pixels is more than can be decoded here; "
            "scale it down first"
        )


def _in_bytes(image: Image.Image) -> Image.Image:
    """*image* with eight bits a channel, as grey or colours, with what is transparent kept."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image)))
    if image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey values of any range in steps of 256; a range that is not used in full is widened."""
    values = np.nan_to_num(values.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    elif low >= 0 and 4096 <= high <= 65535:
        low, high = 0.0, 65535.0
    return ((values - low) * (255.0 / max(high - low, 1e-9))).astype(np.uint8)


def _small(image: Image.Image) -> Image.Image:
    scale = _shrunk(*image.size, _most_shown(*image.size))
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _shrunk(width: float, height: float, most: int) -> float:
    """What both sides are multiplied by, so that *most* pixels remain of a page: 1 or less."""
    fits: float = (most / (width * height)) ** 0.5
    return min(1.0, fits, LONGEST_SHOWN / max(width, height))


def _flat(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper
