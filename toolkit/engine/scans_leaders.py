"""Leaders on scans: rows of dots that lead to a page number, of which few are recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box

if TYPE_CHECKING:
    from toolkit.engine.ocr.lines import Line
    from toolkit.engine.scans_type import Setting

__all__ = ["with_leaders"]

Grey = NDArray[np.uint8]
Spans = NDArray[np.float32]

_DOTS = ". …"
# So many dots are a leader; three are an ellipsis.
_FEWEST = 5
# In sizes: how wide a dot is at most, how far dots stand apart, and where they lie about the
# baseline; above them there is paper up to the height of a capital.
_WIDEST, _FURTHEST = 0.35, 1.6
_ABOVE, _BELOW, _HIGH = 0.3, 0.12, 0.75
# How much the distances of neighbours may vary about their median.
_UNEVEN = 0.35
# Of 255 steps, by which a dot differs from the paper.
_FAINTEST = 40


def with_leaders(
    grey: Grey, lines: Sequence[Line], settings: Sequence[Setting]
) -> list[tuple[Line, Setting]]:
    """*lines* of the picture *grey*, each with its setting, and dots after it that lead on from it.

    What was recognised of the dots, at the end of a line or at the beginning of the next piece, is
    replaced by those that are seen.
    """
    every = list(zip(lines, settings, strict=True))
    bare = [_without_dots(line, how) for line, how in every]
    out = list(every)
    for at, (line, how) in enumerate(bare):
        after = _next(line, how, [other for other, _ in bare])
        right = grey.shape[1] if after is None else int(bare[after][0].box.left)
        dots = _dots(grey, line, how, right)
        if dots is not None:
            out[at] = _led(line, how, dots)
            if after is not None:
                out[after] = bare[after]
    return out


def _next(line: Line, setting: Setting, others: Sequence[Line]) -> int | None:
    """Which of *others* stands next in the row of *line*."""
    middle = setting.baseline - _ABOVE * setting.size
    beside = [
        (other.box.left, at)
        for at, other in enumerate(others)
        if other.box.left > line.box.right and other.box.top < middle < other.box.bottom
    ]
    return min(beside)[1] if beside else None


def _without_dots(line: Line, setting: Setting) -> tuple[Line, Setting]:
    """*line* without the dots at its ends, as far as anything else is left."""
    text = line.text
    end = len(text.rstrip(_DOTS))
    first = end - len(text[:end].lstrip(_DOTS))
    if (first == 0 and end == len(text)) or first >= end:
        return line, setting
    return _cut(line, setting, first, end)


def _cut(line: Line, setting: Setting, first: int, end: int) -> tuple[Line, Setting]:
    """The characters of *line* from *first* to before *end*."""
    words, bold, at = [], [], 0
    for word, heavy in zip(line.words, setting.bold, strict=True):
        start, stop = max(at, first), min(at + len(word.text), end)
        if start < stop:
            boxes = line.char_boxes[start:stop]
            left, right = float(boxes[0, 0]), float(boxes[-1, 2])
            box = replace(word.box, left=left, right=right)
            words.append(replace(word, text=line.text[start:stop], box=box))
            bold.append(heavy)
        at += len(word.text) + 1
    box = Box.around(word.box for word in words)
    boxes = line.char_boxes[first:end]
    return (
        replace(line, text=line.text[first:end], box=box, words=tuple(words), char_boxes=boxes),
        replace(setting, bold=tuple(bold)),
    )


def _dots(grey: Grey, line: Line, setting: Setting, right: int) -> Spans | None:
    """The boxes (n, 4) of the dots from *line* to *right*; None where they are no leader."""
    size, base = setting.size, setting.baseline
    # Its last letter may have been given some of the dots.
    left, end = int(line.char_boxes[-1, 0]), int(line.box.right) + 2
    top, low = max(0, round(base - _HIGH * size)), max(0, round(base - _ABOVE * size))
    window = grey[top : round(base + _BELOW * size) + 1, left:right].astype(np.int16)
    if right - left < _FEWEST * 2 or window.shape[0] <= low - top:
        return None
    contrast = np.abs(window - np.median(window).astype(np.int16))
    ink = contrast > max(_FAINTEST, int(contrast[low - top :].max()) // 2)
    high = np.flatnonzero(ink[: low - top].any(axis=0))
    letter = high[high <= end - left]
    start = int(letter[-1]) + 1 if len(letter) else end - left
    after = high[high > start]
    columns = ink[low - top :, start : int(after[0]) if len(after) else None].any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], columns, [0]]).astype(np.int8)))
    spans = edges.reshape(-1, 2) + start
    if len(spans) < _FEWEST or not _is_leader(spans, size):
        return None
    count = len(spans)
    tops, bottoms = np.full(count, low), np.full(count, base)
    return np.column_stack([spans[:, 0] + left, tops, spans[:, 1] + left, bottoms]).astype(
        np.float32
    )


def _is_leader(spans: NDArray[np.int64], size: float) -> bool:
    """Whether runs of ink (n, 2) are dots at even distances."""
    apart = np.diff(spans.mean(axis=1))
    usual = float(np.median(apart))
    narrow = (spans[:, 1] - spans[:, 0]) <= _WIDEST * size
    even = np.abs(apart - usual) <= _UNEVEN * usual
    return bool(usual <= _FURTHEST * size and narrow.mean() > 0.9 and even.mean() > 0.8)


def _led(line: Line, setting: Setting, dots: Spans) -> tuple[Line, Setting]:
    """*line* with *dots* after it, as one word."""
    left, top, right, bottom = dots[0, 0], dots[:, 1].min(), dots[-1, 2], dots[:, 3].max()
    box = Box(float(left), float(top), float(right), float(bottom))
    gap = np.array([[line.box.right, top, left, bottom]], np.float32)
    word = replace(line.words[-1], text="." * len(dots), box=box)
    led = replace(
        line,
        text=f"{line.text} {word.text}",
        box=Box.around([line.box, box]),
        words=(*line.words, word),
        char_boxes=np.vstack([line.char_boxes, gap, dots]),
        alike=False,
    )
    return led, replace(setting, bold=(*setting.bold, setting.bold[-1]))
