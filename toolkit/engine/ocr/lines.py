"""What recognition yields: lines, words and characters, in pixels of the picture it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["Line", "Recognised", "Word"]


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space; *box* in pixels, *confidence* 0 to 1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of one column, as far as the picture shows it.

    *box* is in pixels and *confidence* the mean of the characters', 0 to 1. *char_boxes* has shape
    (len(text), 4): left, top, right, bottom of every character of *text*, spaces included.
    """

    text: str
    box: Box
    confidence: float
    words: tuple[Word, ...]
    char_boxes: NDArray[np.float32]
    second: str | None = None
    """What another recogniser read in the same pixels; None where it was not asked."""
    alike: bool = False
    """Whether both read the same, and surely: see `second.alike`."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The lines of a picture, from top to bottom and left to right.

    *unsupported* names a script (``"Cyrillic"``) that is on the picture and that the models cannot
    read, or is None; the lines in that script are left out.
    """

    lines: tuple[Line, ...]
    unsupported: str | None = None
