"""Spaces that the model passed over, seen by the gaps that it left between characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from toolkit.engine.ocr.reading import IDEOGRAPHS, Reading

__all__ = ["Placed", "spaced"]

OF_A_SPACE: Final = 0.7
"""Of a space that the model did see on this line: a gap as wide is one as well."""
OF_A_GAP: Final = 2.5
"""Times the gap between the letters of this line (its third quartile), at the least."""
OF_THE_HEIGHT: Final = 0.3
"""Of the line's height, where the model saw no space on it."""
CLOSING: Final = frozenset(".,:;!?)]}%'’”»")
OPENING: Final = frozenset("([{‘“«")


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A line's characters with their chances, shape (n,), and spans in its strip, shape (n, 4)."""

    text: str
    chances: NDArray[np.float32]
    spans: NDArray[np.float32]

    @classmethod
    def of(cls, reading: Reading, spans: NDArray[np.float32]) -> Self:
        return cls(reading.text, reading.chances, spans)


def spaced(line: Placed) -> Placed:
    """*line* with a space in every gap that is as wide as one."""
    visible = np.array([char != " " for char in line.text], np.bool_)
    gaps = line.spans[1:, 0] - line.spans[:-1, 2]
    inner = gaps[visible[1:] & visible[:-1]]
    if len(inner) < 3:
        return line
    widths = (line.spans[:, 2] - line.spans[:, 0])[~visible]
    height = float(line.spans[0, 3] - line.spans[0, 1])
    space = OF_A_SPACE * float(np.median(widths)) if len(widths) > 1 else OF_THE_HEIGHT * height
    least = max(space, 4.0, OF_A_GAP * float(np.quantile(inner, 0.75)))
    wide = np.flatnonzero((gaps >= least) & visible[1:] & visible[:-1]) + 1
    return _with_spaces(line, [int(at) for at in wide if _takes_spaces(line.text, int(at))])


def _takes_spaces(text: str, at: int) -> bool:
    """Whether a space may stand before the character *at*; narrow signs have wide gaps anyway."""
    before, after = text[at - 1], text[at]
    if max(before, after) >= IDEOGRAPHS or after in CLOSING or before in OPENING:
        return False
    return not (before in ".,:'" and after.isdigit())


def _with_spaces(line: Placed, places: list[int]) -> Placed:
    """A space before each of *places*, as sure as the characters around it."""
    if not places:
        return line
    text = "".join(f" {char}" if at in places else char for at, char in enumerate(line.text))
    before, after = line.spans[np.array(places) - 1], line.spans[places]
    new = np.stack([before[:, 2], before[:, 1], after[:, 0], before[:, 3]], axis=1)
    sure = np.minimum(line.chances[np.array(places) - 1], line.chances[places])
    return Placed(
        text, np.insert(line.chances, places, sure), np.insert(line.spans, places, new, axis=0)
    )
