"""A line read by the quick model, and by the careful one where the quick one hesitates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from toolkit.engine.ocr.alphabet import CAREFUL, QUICK
from toolkit.engine.ocr.detection import Rgb
from toolkit.engine.ocr.reading import Reading, read, trimmed

__all__ = ["Twice", "read_twice"]

SURE: Final = 0.8
"""A line whose least certain character is above this is not read again. Over a third of the
labelled pages, a fifth of the lines were, and the result was as good as the careful model's alone;
at 0.7 it was a tenth of the lines for three quarters of the gain."""
LEGIBLE: Final = 0.8
FAIR: Final = 0.93
"""The quick model's confidence in a line whose script it knows: 0.96 and more on 98 of 100."""


@dataclass(frozen=True, slots=True, eq=False)
class Twice:
    """What the models made of one strip; *careful* is None where the quick one was sure."""

    quick: Reading
    careful: Reading | None

    @property
    def best(self) -> Reading:
        return self.quick if self.careful is None else self.careful

    @property
    def likely(self) -> float:
        """0 to 1: the confidence in `best`, less for what it left out of the line."""
        return min(self.best.confidence, self.legible)

    @property
    def legible(self) -> float:
        """0 to 1: how sure the careful model is, and how much of the line it read at all."""
        if self.careful is None:
            return 1.0
        share = min(1.0, self.careful.visible / max(1, self.quick.visible))
        return self.careful.confidence * share

    @property
    def foreign(self) -> bool:
        """Whether the line looks like a script that neither model knows, or like no script."""
        return self.legible < LEGIBLE and self.quick.confidence < FAIR


def read_twice(strip: Rgb) -> Twice:
    """What a strip says. Raises OcrError, MemoryExceeded."""
    quick = trimmed(read(strip, QUICK))
    if quick.weakest >= SURE:
        return Twice(quick, None)
    return Twice(quick, trimmed(read(strip, CAREFUL)))
