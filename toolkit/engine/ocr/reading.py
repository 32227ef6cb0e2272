"""One line's picture into characters: the model's columns, decoded, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.alphabet import Recogniser, alphabet
from toolkit.engine.ocr.cuts import cuts
from toolkit.engine.ocr.detection import Rgb
from toolkit.engine.ocr.failures import translated
from toolkit.engine.ocr.sessions import Pixels, session

__all__ = ["HEIGHT", "IDEOGRAPHS", "Reading", "read", "scaled", "trimmed"]

HEIGHT: Final = 48
"""Pixels that the models want a line to be high."""
WIDTHS: Final = (160, 320, 640, 960, 1280)
"""Pixels: a line is padded to one of these, since the engine's memory grows with the shapes that
it sees. A longer line is cut between two words, and its pieces are joined."""
WIDEST: Final = WIDTHS[-1]
IDEOGRAPHS: Final = "\u2e80"
"""From here on scripts are written without spaces."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What one strip says: *text*, and for each character of it its column's middle in pixels of
    the strip (shape (n,)) and its chance, 0 to 1 (shape (n,))."""

    text: str
    middles: NDArray[np.float32]
    chances: NDArray[np.float32]

    @property
    def confidence(self) -> float:
        """The characters' mean; 0 for no characters."""
        return float(self.chances.mean()) if self.text else 0.0

    @property
    def weakest(self) -> float:
        """The chance of the least certain character; 0 for no characters."""
        return float(self.chances.min()) if self.text else 0.0

    @property
    def visible(self) -> int:
        """How many characters are no spaces."""
        return len(self.text) - self.text.count(" ")


def scaled(strip: Rgb) -> Rgb:
    """*strip* as high as the models want it."""
    height, width = strip.shape[:2]
    wanted = max(8, round(width * HEIGHT / max(1, height)))
    how = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(strip, (wanted, HEIGHT), interpolation=how), np.uint8)


def read(strip: Rgb, recogniser: Recogniser) -> Reading:
    """What a strip from `scaled` says. Raises OcrError, MemoryExceeded."""
    with translated("reading a line"):
        edges = cuts(strip, WIDEST)
        pieces = [_read(strip[:, a:b], recogniser) for a, b in pairwise(edges)]
        found = pieces[0]
        for at, piece in zip(edges[1:-1], pieces[1:], strict=True):
            found = _joined(found, piece, at)
        return found


def _read(piece: Rgb, recogniser: Recogniser) -> Reading:
    padded = _input(piece)
    chances = session(recogniser.model)(padded)[0]
    return _decoded(chances, alphabet(recogniser), padded.shape[-1] / len(chances))


def _joined(left: Reading, right: Reading, at: int) -> Reading:
    """A line that was cut in the gap at the column *at*: a space, except between ideographs."""
    left, right = trimmed(left), trimmed(right)
    right = Reading(right.text, right.middles + np.float32(at), right.chances)
    if not left.text or not right.text:
        return left if left.text else right
    space = " " if max(left.text[-1], right.text[0]) < IDEOGRAPHS else ""
    sure = min(left.chances[-1], right.chances[0])
    return Reading(
        left.text + space + right.text,
        np.concatenate([left.middles, np.full(len(space), at, np.float32), right.middles]),
        np.concatenate([left.chances, np.full(len(space), sure, np.float32), right.chances]),
    )


def trimmed(reading: Reading) -> Reading:
    """*reading* without the spaces at both ends."""
    start = len(reading.text) - len(reading.text.lstrip(" "))
    end = max(start, len(reading.text.rstrip(" ")))
    return Reading(reading.text[start:end], reading.middles[start:end], reading.chances[start:end])


def _input(strip: Rgb) -> Pixels:
    width = strip.shape[1]
    padded = np.zeros((1, 3, HEIGHT, next(w for w in WIDTHS if width <= w)), np.float32)
    np.divide(strip[:, :, ::-1].transpose(2, 0, 1), 127.5, out=padded[0, :, :, :width])
    padded[0, :, :, :width] -= 1
    return padded


def _decoded(chances: Pixels, known: tuple[str, ...], pitch: float) -> Reading:
    """Runs of one character become that character; *chances* has shape (columns, characters), a
    column is *pitch* pixels wide."""
    best = chances.argmax(axis=1)
    sure = chances[np.arange(len(best)), best]
    starts = np.flatnonzero(np.diff(best, prepend=-1) != 0)
    ends = np.append(starts[1:], len(best))
    kept = [(a, b) for a, b in zip(starts, ends, strict=True) if best[a] != 0]
    peaks = np.array([a + int(sure[a:b].argmax()) for a, b in kept], np.int64)
    return Reading(
        "".join(known[best[peak]] for peak in peaks),
        ((peaks + 0.5) * pitch).astype(np.float32),
        sure[peaks].astype(np.float32),
    )
