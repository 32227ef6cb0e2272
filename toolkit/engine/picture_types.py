"""What an image shows, told from its pixels, its size and its place; unknown where they do not say.

No model: each type has marks of its own that a person would name, and what has none of them is
unknown. On 79 images of labelled pages, looked at one by one, 52 of 55 that were given a type have
it; drawings, and pictures with a word or two in them, mostly stay unknown.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from toolkit.document.blocks import ImageType

__all__ = ["Looks", "Place", "looks_of", "type_of"]

Floats = NDArray[np.float64]

_WIDEST_PX = 160
# Steps of 255 that noise of compression makes between neighbours of one colour.
_NOISE = 6
_INK = 60
# Of a side: a line this long is an axis, a rule or a frame.
_LONG = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """An image in numbers, each a share from 0 to 1 unless it says otherwise."""

    ground: float
    """How much has the commonest colour."""
    ground_light: float
    """How light that is."""
    palette: float
    """How much the eight commonest colours (of 4096) make."""
    flat: float
    """How much lies in areas of one colour, noise apart."""
    shades: float
    """How much the eight commonest of 64 shades of grey make."""
    spread: float
    """Entropy of the lightness, in bits of four."""
    colourful: float
    """How much is of a colour rather than grey."""
    hues: int
    """How many colours (of 12 round the wheel) make 1 % or more each."""
    ink: float
    """How much differs from the ground."""
    thin: float
    """How much of the ink is strokes of three pixels or less."""
    level: int
    """How many thin level lines run along half of the width."""
    upright: int
    """How many thin upright lines run along half of the height."""
    bars: float
    """How much of the ink lies in flat areas of a colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An image's size and place in points, and what is known of its words."""

    width: float
    height: float
    top: float
    """Shares of the page's height, from the top."""
    bottom: float
    page_share: float
    words: int | None = None
    """How many words stand in it; None where nobody looked."""
    numbers: int = 0
    hidden_words: int = 0
    """Invisible words over it: somebody's OCR."""
    has_table: bool = False
    pixels: tuple[int, int] = (0, 0)
    """What the file declares, in pixels."""


def looks_of(image: Image.Image) -> Looks:
    """*image*, scaled to 160 pixels at most, in numbers."""
    scale = _WIDEST_PX / max(image.size)
    if scale < 1:
        size = (max(2, round(image.width * scale)), max(2, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX)
    pixels = np.asarray(image.convert("RGB"), dtype=np.int16)
    codes = (pixels >> 4).astype(np.int32)
    codes = codes[..., 0] * 256 + codes[..., 1] * 16 + codes[..., 2]
    counts = np.bincount(codes.ravel(), minlength=4096)
    common = int(counts.argmax())
    ground = pixels[codes == common].mean(axis=0)
    away = np.abs(pixels - ground).max(axis=2)
    ink = away > _INK
    light = pixels.mean(axis=2)
    flat = _flat(pixels)
    saturation = pixels.max(axis=2) - pixels.min(axis=2)
    coloured = saturation > 50
    bars = flat & coloured & ink
    inked = max(1, int(ink.sum()))
    return Looks(
        ground=float((away <= 2 * _NOISE).mean()),
        ground_light=float(ground.mean() / 255),
        palette=float(np.sort(counts)[-8:].sum() / counts.sum()),
        shades=_commonest(light),
        flat=float(flat.mean()),
        spread=_entropy(light),
        colourful=float(coloured.mean()),
        hues=_hues(pixels[coloured], len(light.ravel())),
        ink=float(ink.mean()),
        thin=float((ink & ~_opened(ink)).sum() / inked),
        level=_long_lines(ink),
        upright=_long_lines(ink.T),
        bars=float(bars.sum() / inked),
    )


def _flat(pixels: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Mark the pixels that all their neighbours on two sides are like."""
    marks = np.ones(pixels.shape[:2], dtype=bool)
    across = np.abs(np.diff(pixels, axis=1)).max(axis=2) <= _NOISE
    down = np.abs(np.diff(pixels, axis=0)).max(axis=2) <= _NOISE
    marks[:, :-1] &= across
    marks[:, 1:] &= across
    marks[:-1] &= down
    marks[1:] &= down
    return marks


def _commonest(light: Floats) -> float:
    counts = np.bincount((light / 4).astype(int).ravel(), minlength=64)
    return float(np.sort(counts)[-8:].sum() / light.size)


def _entropy(light: Floats) -> float:
    counts = np.bincount((light / 16).astype(int).ravel(), minlength=16) / light.size
    counts = counts[counts > 0]
    return float(-(counts * np.log2(counts)).sum())


def _hues(coloured: NDArray[np.int16], of: int) -> int:
    if not len(coloured):
        return 0
    red, green, blue = coloured.T.astype(float)
    angle = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    counts = np.bincount(((angle + np.pi) / (2 * np.pi) * 12).astype(int) % 12, minlength=12)
    return int((counts > 0.01 * of).sum())


def _opened(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink that is wider and higher than three pixels."""
    core = ink.copy()
    for _ in range(2):
        inner = np.zeros_like(core)
        inner[1:-1, 1:-1] = (
            core[1:-1, 1:-1] & core[:-2, 1:-1] & core[2:, 1:-1] & core[1:-1, :-2] & core[1:-1, 2:]
        )
        core = inner
    for _ in range(3):
        wider = core.copy()
        wider[1:] |= core[:-1]
        wider[:-1] |= core[1:]
        wider[:, 1:] |= core[:, :-1]
        wider[:, :-1] |= core[:, 1:]
        core = wider
    return ink & core


def _long_lines(ink: NDArray[np.bool_]) -> int:
    """How many level lines of at most four pixels are half as long as the image is wide."""
    width = ink.shape[1]
    rows = np.zeros(len(ink), dtype=bool)
    for at, row in enumerate(ink):
        if row.sum() >= _LONG * width:
            edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
            rows[at] = (edges[1::2] - edges[::2]).max(initial=0) >= _LONG * width
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rows.astype(np.int8), [0]))))
    return int(((edges[1::2] - edges[::2]) <= 4).sum())


# Sizes of screens, in pixels, either way round: nothing else is so exactly of their size.
_SCREENS = frozenset(
    (
        *((1280, 720), (1280, 800), (1366, 768), (1440, 900), (1536, 864), (1600, 900)),
        *((1680, 1050), (1920, 1080), (1920, 1200), (2560, 1440), (2560, 1600), (2880, 1800)),
        *((3840, 2160), (750, 1334), (828, 1792), (1080, 1920), (1080, 2340), (1080, 2400)),
        *((1125, 2436), (1170, 2532), (1179, 2556), (1242, 2208), (1284, 2778), (1290, 2796)),
        *((1440, 3040), (1440, 3200), (1536, 2048), (1668, 2388), (2048, 2732)),
    )
)


def type_of(looks: Looks, place: Place) -> ImageType:
    """What an image of these *looks* at this *place* shows; unknown where nothing tells."""
    if place.page_share >= 0.85 and place.hidden_words >= 20:
        return ImageType.SCAN
    if looks.ink < 0.003 or min(place.width, place.height) < 6:
        # A blank patch or a rule.
        return ImageType.UNKNOWN
    if _is_screen(place) and looks.palette > 0.6 and (place.words or 0) >= 10:
        return ImageType.SCREENSHOT
    if _is_signature(looks, place):
        return ImageType.SIGNATURE
    if looks.palette >= 0.75 and place.page_share <= 0.025 and (place.words or 0) <= 6:
        return _small(looks, place)
    if _is_photo(looks, place):
        return ImageType.PHOTO
    if looks.palette >= 0.75 and looks.spread < 2.3 and place.page_share >= 0.015:
        return _drawn(looks, place)
    return ImageType.UNKNOWN


def _is_screen(place: Place) -> bool:
    return place.pixels in _SCREENS or place.pixels[::-1] in _SCREENS


def _is_photo(looks: Looks, place: Place) -> bool:
    """Many shades, none of which rules; what is drawn has few, however colourful it is."""
    many = looks.palette <= 0.74 and looks.spread >= 2.2
    # Of grey there are sixteen colours only, most of which any photo has.
    many = many or (looks.colourful < 0.02 and looks.shades <= 0.6 and looks.spread >= 1.8)
    # A wheel of flat colours has many hues too, but few shades of each.
    painted = looks.hues > 5 and looks.palette > 0.4
    return many and not painted and min(place.width, place.height) >= 36


def _is_signature(looks: Looks, place: Place) -> bool:
    """A few thin strokes of one ink on paper, wider than high, of a hand's size."""
    return (
        40 <= place.width <= 280
        and 12 <= place.height <= 120
        and 1.4 <= place.width / place.height <= 9
        and looks.ground >= 0.75
        and looks.ground_light >= 0.85
        and 0.008 <= looks.ink <= 0.16
        and looks.thin >= 0.9
        and looks.hues <= 1
        and looks.level == 0
        and looks.upright <= 2
        and (place.words or 0) <= 3
        and place.numbers == 0
    )


def _small(looks: Looks, place: Place) -> ImageType:
    """A small picture of few colours: an icon if it is like a letter in size, else a logo."""
    ratio = place.width / place.height
    if max(place.width, place.height) <= 48 and 0.6 <= ratio <= 1.7:
        return ImageType.ICON
    at_edge = place.top < 0.15 or place.bottom > 0.85
    solid = looks.ink >= 0.08 and looks.thin < 0.6
    if solid and (at_edge or looks.colourful >= 0.1):
        return ImageType.LOGO
    return ImageType.UNKNOWN


def _drawn(looks: Looks, place: Place) -> ImageType:
    """A picture of few shades: by its words a table, a chart, a diagram; without, a drawing."""
    if place.has_table:
        return ImageType.TABLE
    words = place.words
    if words is not None and words > 3:
        if place.numbers >= 25 and looks.thin >= 0.95 and looks.level + looks.upright >= 3:
            return ImageType.TABLE
        if place.numbers >= 3 and place.numbers >= 0.2 * words and words < 80:
            return ImageType.CHART
        lined = looks.level + looks.upright >= 3
        if words >= 60 and looks.thin >= 0.9 and looks.bars < 0.05 and lined:
            return ImageType.TABLE
        filled = looks.thin < 0.5 and looks.ground_light >= 0.8
        if filled and words <= 60 and place.numbers < 0.2 * words:
            return ImageType.DIAGRAM
        return ImageType.UNKNOWN
    inked = 0.02 <= looks.ink <= 0.35 and looks.thin >= 0.35 and looks.bars < 0.05
    paper = looks.ground >= 0.5 and looks.ground_light >= 0.75
    unlined = looks.level + looks.upright <= (1 if words is None else 2)
    return ImageType.DRAWING if inked and paper and unlined else ImageType.UNKNOWN
