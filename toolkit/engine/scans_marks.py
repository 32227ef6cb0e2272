"""What stands on a scanned page beside its text: ruled lines, and pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

__all__ = ["find_pictures", "find_rules"]

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

# In inches. A ruled line is thinner than this, and at least so long.
_THICKEST = 0.045
_LONGEST_GAP = 0.06
_SHORTEST_LEVEL, _SHORTEST_UPRIGHT = 0.3, 0.17
# Steps of 255 by which ink differs from the paper around it.
_FAINTEST = 20
_MOST_RULES = 2000
_STROKES = 0.4
# Pixels: a ruled line right beside a word may have got into the word's box.
_BESIDE = 3.0
# Dark lines on light, and light ones on dark: those part tinted cells, of little contrast.
_WAYS = ((cv2.MORPH_BLACKHAT, _FAINTEST), (cv2.MORPH_TOPHAT, 10))
# Marks nearer than this are of one picture; a smaller picture is an icon or a smudge.
_NEAR = 0.12
_LEAST_SIDE = 0.35
_LEAST_SHARE = 0.008
_MOST_PICTURES = 40
# A region with so many lines of running text in it is a panel or a frame, not a picture.
_RUNNING_WORDS, _RUNNING_LINES = 6, 3
# Of a picture's box, what is inked; less is a frame, a rule with a corner, or a bracket.
_LEAST_INK = 0.03
# A panel is tinted in one or two colours but for its text, and its white lines.
_LEAST_FLAT, _MOST_PAPER = 0.8, 0.3


def find_rules(grey: NDArray[np.uint8], dots: float, words: Sequence[Box]) -> Floats:
    """The ruled lines of the picture *grey*, as boxes (r, 4) in pixels without thickness.

    *dots* are pixels an inch; the strokes of *words* are no rules. Where light lines part tinted
    cells, the edges of the cells are rules too.
    """
    standing = [_turned(word) for word in words]
    dark, light = (
        [
            *_rules(grey, way, (dots, _SHORTEST_LEVEL), words),
            *(_turned(b) for b in _rules(grey.T, way, (dots, _SHORTEST_UPRIGHT), standing)),
        ]
        for way in _WAYS
    )
    found = [*dark, *light, *_edges(light, grey.shape)]
    table = np.array([(b.left, b.top, b.right, b.bottom) for b in found], dtype=float)
    return table.reshape(-1, 4) if len(found) <= _MOST_RULES else np.empty((0, 4))


def _edges(light: Sequence[Box], shape: tuple[int, ...]) -> list[Box]:
    """The sides of each group of *light* lines that cross: tinted cells have none drawn."""
    canvas = np.zeros(shape, np.uint8)
    for box in light:
        corners = (round(box.left), round(box.top)), (round(box.right), round(box.bottom))
        cv2.line(canvas, *corners, 255, 5)
    count, _, stats, _ = cv2.connectedComponentsWithStats(canvas, connectivity=8)
    out = []
    for x, y, width, height, _ in stats[1:count].tolist():
        left, top, right, bottom = x + 2, y + 2, x + width - 2, y + height - 2
        if min(width, height) > 12:
            out += [Box(left, top, right, top), Box(left, bottom, right, bottom)]
            out += [Box(left, top, left, bottom), Box(right, top, right, bottom)]
    return out


def _turned(box: Box) -> Box:
    return Box(box.top, box.left, box.bottom, box.right)


def _rules(
    grey: NDArray[np.uint8],
    way: tuple[int, int],
    measures: tuple[float, float],
    words: Sequence[Box],
) -> list[Box]:
    """The level ones; *measures* are pixels an inch, and the inches of the shortest."""
    dots, shortest = measures
    thick = max(3, round(_THICKEST * dots)) | 1
    least = max(12, round(shortest * dots))
    gap = max(3, round(_LONGEST_GAP * dots))
    kind, least_step = way
    thin = cv2.morphologyEx(np.ascontiguousarray(grey), kind, np.ones((thick, 1), np.uint8))
    mask = (thin > least_step).astype(np.uint8)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, least // 2), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    found = []
    for left, top, width, height, _ in stats[1:count].tolist():
        middle = top + height / 2
        box = Box(left, middle, left + width, middle)
        if width >= least and height <= thick and not _is_stroke(box, words):
            found.append(box)
    return found


def _is_stroke(rule: Box, words: Sequence[Box]) -> bool:
    """Whether a level *rule* is strokes of letters: for most of its way it goes through *words*."""
    inside = sum(
        max(0.0, min(rule.right, word.right) - max(rule.left, word.left))
        for word in words
        if word.top + _BESIDE < rule.top < word.bottom - _BESIDE
    )
    return inside > _STROKES * rule.width


def find_pictures(
    rgb: NDArray[np.uint8], dots: float, lines: Sequence[tuple[Box, int]], rules: Floats
) -> tuple[list[Box], list[Box]]:
    """The boxes, in pixels, of pictures and drawings, and of tinted panels that text stands on.

    *rgb* has shape (height, width, 3); *lines* are the text's, each with its number of words.
    What is neither text nor *rules* is a picture, unless it is of one or two flat colours.
    """
    step = max(1, round(dots / 40))
    paper = np.median(rgb[::step, ::step].reshape(-1, 3), axis=0)
    mask = _marked(rgb, paper, step)
    scale = 1 / step
    for box in [*(box for box, _ in lines), *(Box(*map(float, rule)) for rule in rules)]:
        mask[_window(box, scale)] = 0
    near = max(1, round(_NEAR * dots * scale)) | 1
    grown = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((near, near), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    pictures, panels = [], []
    for at, (left, top, width, height, _) in enumerate(stats[1:count].tolist(), start=1):
        if min(width, height) < _LEAST_SIDE * dots * scale:
            continue
        if width * height < _LEAST_SHARE * mask.size:
            continue
        inked = mask[top : top + height, left : left + width] > 0
        own = labels[top : top + height, left : left + width] == at
        box = Box(left * step, top * step, (left + width) * step, (top + height) * step)
        if _is_flat(rgb[_window(box, 1)][::step, ::step], paper):
            panels.append(box)
        elif (inked & own).mean() >= _LEAST_INK and not _is_written(box, lines):
            pictures.append(box)
    return _apart(pictures)[:_MOST_PICTURES], panels


def _marked(rgb: NDArray[np.uint8], paper: Floats, step: int) -> Mask:
    """Where a page is not its *paper*, one value for *step* × *step* pixels."""
    height, width = rgb.shape[0] // step * step, rgb.shape[1] // step * step
    marked = np.zeros((height // step, width // step), np.uint8)
    for channel in range(3):
        difference = cv2.absdiff(
            rgb[:height, :width, channel], np.full((height, width), paper[channel], np.uint8)
        )
        largest = difference.reshape(height // step, step, width // step, step).max(axis=(1, 3))
        marked |= (largest > 2 * _FAINTEST).astype(np.uint8)
    return marked


def _is_flat(part: NDArray[np.uint8], paper: Floats) -> bool:
    """Whether *part* of a page is one or two flat colours beside its text, and hardly *paper*."""
    shades = (part >> 5).astype(np.int32) @ np.array([64, 8, 1])
    counts = np.bincount(shades.ravel(), minlength=512)
    bare = np.abs(part.astype(np.int16) - paper).max(axis=2) <= _FAINTEST
    share = np.sort(counts)[-2:].sum() / max(1, counts.sum())
    return bool(share >= _LEAST_FLAT and bare.mean() <= _MOST_PAPER)


def _window(box: Box, scale: float) -> tuple[slice, slice]:
    top, bottom = max(0, int(box.top * scale) - 1), int(box.bottom * scale) + 2
    left, right = max(0, int(box.left * scale) - 1), int(box.right * scale) + 2
    return slice(top, bottom), slice(left, right)


def _is_written(box: Box, lines: Sequence[tuple[Box, int]]) -> bool:
    running = sum(
        words >= _RUNNING_WORDS
        and box.holds((line.left + line.right) / 2, (line.top + line.bottom) / 2)
        for line, words in lines
    )
    return running >= _RUNNING_LINES


def _apart(boxes: list[Box]) -> list[Box]:
    """*boxes*, the largest first, without those that lie in another one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.area):
        if not any(box.overlap(other) > 0.6 * box.area for other in kept):
            kept.append(box)
    return kept
