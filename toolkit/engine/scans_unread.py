"""Text that stands on a page but in no text layer: letters drawn as outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.marks import Sheet
from toolkit.engine.words import Line

__all__ = ["outlined_text"]

Floats = NDArray[np.float64]

# Points: letters are as high as this; the smaller are dots, the larger are drawings.
_LOWEST, _HIGHEST = 2.0, 72.0
# Width over height up to which a path is a letter; a longer one may be a whole line of them.
_WIDEST_LETTER = 2.5
# Segments of a path for each of its heights that it is long: letters have 20 and more, a flourish
# or a brush stroke fewer.
_SEGMENTS = 12
# A drawing of more paths is a map or an engraving; its letters would be among all of them.
_MOST_PATHS = 4000
# White between letters of one line, in heights of the higher one: of an x that is a word's gap.
_GAP = 1.2
_FEWEST_LETTERS = 5
# Of a line's letters, how many stand on its baseline, to so much of their height; and how many
# are no copies of another: markers of a plot and leaders are all alike.
_LEVEL, _LEVEL_SLACK = 0.5, 0.12
_UNLIKE, _ENOUGH_UNLIKE = 0.3, 8
# White between lines of one text, in heights of a line.
_LEADING = 1.3
# And between its columns, or the parts of a formula, in these.
_BESIDE = 2.5
# A line of which more lies under words of the text layer is there already.
_COVERED = 0.3
_MOST_TEXTS = 40


def outlined_text(sheet: Sheet, lines: Sequence[Line]) -> list[Box]:
    """Where *sheet* has text that is drawn, in points: one box for lines that stand together.

    Such text is shapes of the height of letters in rows on common baselines, or a path as long as
    a line and as intricate; what lies under words of the text layer's *lines* is left out.
    """
    curved = sheet.curved
    if not 0 < len(curved) <= _MOST_PATHS:
        return []
    width, height = curved[:, 2] - curved[:, 0], curved[:, 3] - curved[:, 1]
    sized = (height >= _LOWEST) & (height <= _HIGHEST)
    letter = sized & (width <= _WIDEST_LETTER * height)
    whole = sized & ~letter & (curved[:, 4] >= _SEGMENTS * width / np.maximum(height, _LOWEST))
    rows = [_around(row) for row in _rows(curved[letter]) if _is_line(row)]
    rows += [_around(path[None]) for path in curved[whole]]
    words = [word.box for line in lines for word in line.words]
    return _joined([box for box in rows if not _is_covered(box, words)])[:_MOST_TEXTS]


def _rows(letters: Floats) -> list[Floats]:
    """*letters* (n, 5) that stand beside each other, group by group."""
    height = letters[:, 3] - letters[:, 1]
    left = np.ones(len(letters), bool)
    rows = []
    for start in range(len(letters)):
        if not left[start]:
            continue
        left[start] = False
        members, edge = [start], [start]
        while edge:
            at = edge.pop()
            box = letters[at]
            shared = np.minimum(letters[:, 3], box[3]) - np.maximum(letters[:, 1], box[1])
            apart = np.maximum(letters[:, 0], box[0]) - np.minimum(letters[:, 2], box[2])
            near = apart <= _GAP * np.maximum(height, height[at])
            meets = np.flatnonzero(left & near & (shared >= 0.3 * np.minimum(height, height[at])))
            left[meets] = False
            members += meets.tolist()
            edge += meets.tolist()
        rows.append(letters[members])
    return rows


def _is_line(row: Floats) -> bool:
    """Whether the shapes of *row* are letters of a line: on one baseline, and not all alike."""
    if len(row) < _FEWEST_LETTERS:
        return False
    height = row[:, 3] - row[:, 1]
    usual = float(np.median(height))
    bottoms = np.abs(row[:, 3] - np.median(row[:, 3])) <= _LEVEL_SLACK * usual
    # Copies of a letter have its number of segments, and its width to a part of a point.
    kinds = {(segments, round(width)) for segments, width in zip(*_of(row), strict=True)}
    unlike = len(kinds) >= min(_ENOUGH_UNLIKE, max(3.0, _UNLIKE * len(row)))
    return bool(bottoms.mean() >= _LEVEL) and unlike


def _of(row: Floats) -> tuple[list[int], list[float]]:
    return row[:, 4].astype(int).tolist(), (row[:, 2] - row[:, 0]).tolist()


def _around(boxes: Floats) -> Box:
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:4].max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def _is_covered(box: Box, words: Sequence[Box]) -> bool:
    return sum(box.overlap(word) for word in words) >= _COVERED * box.area


def _joined(rows: Sequence[Box]) -> list[Box]:
    """*rows* that stand under or beside each other as one box, from the top."""
    out: list[Box] = []
    for row in sorted(rows, key=lambda box: box.top):
        joined, leading = row, _LEADING * row.height
        while near := [box for box in out if _is_near(joined, box, leading)]:
            out = [box for box in out if box not in near]
            joined = Box.around([joined, *near])
        out.append(joined)
    return out


def _is_near(one: Box, other: Box, leading: float) -> bool:
    across = max(one.left, other.left) - min(one.right, other.right)
    down = max(one.top, other.top) - min(one.bottom, other.bottom)
    return (across < 0 and down <= leading) or (down < 0 and across <= _BESIDE * leading)
