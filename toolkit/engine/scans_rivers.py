"""Wide gaps inside recognised lines: the white between two columns, or a justified line's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from toolkit.engine.ocr.lines import Line
    from toolkit.engine.scans_type import Setting

__all__ = ["without_rivers"]

Floats = NDArray[np.float64]

# In sizes. A gap wider than the first parts a line into pieces, as in a text layer; one wider than
# the second is no gap of a justified line. A gap that is closed is left so wide.
_WIDE, _WIDEST, _LEFT = 0.72, 2.2, 0.5
# How far above or below a gap its column must be white, in sizes: two lines and a half.
_REACH = 3.2
# How far beside it the words stand that say so.
_BESIDE = 12.0
# Of a gap's width on both sides, which neighbours may overhang.
_EDGE = 0.2


def without_rivers(lines: Sequence[Line], settings: Sequence[Setting]) -> list[Line]:
    """*lines* whose wide gaps between words are closed where they part nothing.

    A gutter of columns or cells is white over several lines; in justified text, words stand above
    and below. The letter before such a gap gets the white, since the gap parted the line.
    """
    words = np.array(
        [
            (word.box.left, word.box.top, word.box.right, word.box.bottom)
            for line in lines
            for word in line.words
        ]
    ).reshape(-1, 4)
    return [_closed(line, how, words) for line, how in zip(lines, settings, strict=True)]


def _closed(line: Line, setting: Setting, words: Floats) -> Line:
    size, boxes = setting.size, line.char_boxes
    at = 0
    changed = None
    for word, after in zip(line.words, line.words[1:], strict=False):
        at += len(word.text)
        gap = after.box.left - word.box.right
        if _WIDE * size < gap <= _WIDEST * size:
            column = (word.box.right + _EDGE * gap, after.box.left - _EDGE * gap)
            if not _is_river(column, setting, words):
                changed = boxes.copy() if changed is None else changed
                changed[at - 1, 2] = after.box.left - _LEFT * size
        at += 1
    return line if changed is None else replace(line, char_boxes=changed)


def _is_river(column: tuple[float, float], setting: Setting, words: Floats) -> bool:
    """Whether *column* (left, right) is white for some lines above its line, or below it.

    Where no text stands on both its sides, as above the first line, nothing is said.
    """
    size = setting.size
    middle = setting.baseline - 0.35 * size
    below = (words[:, 3] > middle + 0.5 * size) & (words[:, 1] < middle + _REACH * size)
    above = (words[:, 1] < middle - 0.5 * size) & (words[:, 3] > middle - _REACH * size)
    near = (words[:, 2] > column[0] - _BESIDE * size) & (words[:, 0] < column[1] + _BESIDE * size)
    on_left, on_right = words[:, 2] <= column[0], words[:, 0] >= column[1]
    crosses = ~on_left & ~on_right
    said = []
    for side in (below & near, above & near):
        if (side & crosses).any():
            said.append(False)
        elif (side & on_left).any() and (side & on_right).any():
            said.append(True)
    return any(said) or not said
