"""How recognised lines are set: baseline, size and weight, measured on the ink of the picture."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from toolkit.engine.ocr.lines import Line

__all__ = ["Setting", "settings_of"]

Grey = NDArray[np.float32]

# Letters by their height: as high as an x, and as high as an H; both stand on the baseline.
_LOW = frozenset("acemnorsuvwxz")
_HIGH = frozenset(set(string.ascii_uppercase + string.digits + "bdfhkl") - {"J", "Q"})
# The height of an H as a share of the size, over the usual typefaces; and of an x to an H.
_CAP, _LOW_TO_HIGH = 0.73, 0.70
# Ideographs fill their square, and stand a little below the baseline of letters.
_WIDE_FROM, _WIDE_CAP, _WIDE_DROP = "\u2e80", 0.90, 0.08
# Of a line's strongest contrast: less is paper, or the noise on it.
_PAPER = 0.2
_EDGE = 0.5
# Sizes that differ by less are one size, measured twice; a line of few letters tells less.
_SAME_SIZE, _NEARLY_SAME, _SAME_SIZE_SHORT = 0.06, 0.075, 0.13
_FEW_LETTERS = 4
# A stroke this much wider than the usual one, each against its size, is bold: of 3,700 lines of
# labelled pages that finds 83 % of the bold words, and four fifths of those found are bold.
_HEAVIER = 1.25
_SURE_LETTERS = 3
# Over a whole line the measure is far steadier: of regular lines of (letters) 2 in 100 are heavier.
_HEAVIER_LINE = ((8, 1.25), (20, 1.16), (1e9, 1.12))
_HEAVIER_EACH = 1.04
# A heading that runs into its paragraph ends with one of these, and is so much heavier than what
# follows: of five on labelled pages 1.28 to 1.38 times; regular words differ by a tenth.
_RUN_IN_ENDS = (".", ":", "?", "!")
_RUN_IN = 1.2
# What relates or operates in a formula; and words, of which a formula has few.
_SIGNS = frozenset("=→⇌√∑∫≤≥≈±×÷−∞")
_WORDS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a line is set, in pixels; ``bold`` says so for each of its words."""

    baseline: float
    size: float
    bold: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What the ink of a line says; nan for what it does not say."""

    baseline: float
    high: float
    low: float
    letters: int
    strokes: tuple[float, ...]
    """The usual width of a stroke in each word, in pixels."""
    wide: bool


def settings_of(grey: Grey, lines: Sequence[Line]) -> list[Setting]:
    """How each of *lines* is set on the picture *grey* (0 black to 255 white)."""
    measured = [_measured(grey, line) for line in lines]
    sizes = _clustered(_sizes(measured, lines), [m.letters for m in measured])
    bold = _bold(measured, sizes, lines)
    formulas = [_is_formula(line.text) for line in lines]
    if any(formulas) and not all(formulas):
        # The type of a formula is larger for its fractions, and says nothing of its rank.
        usual = _weighted_median(sizes, np.array([max(1, m.letters) for m in measured], float))
        sizes = np.where(formulas, np.minimum(sizes, usual), sizes)
        bold = [
            heavy if not f else (False,) * len(heavy)
            for heavy, f in zip(bold, formulas, strict=True)
        ]
    return [
        Setting(m.baseline, float(size), heavy)
        for m, size, heavy in zip(measured, sizes, bold, strict=True)
    ]


def _is_formula(text: str) -> bool:
    """Whether *text* is of signs that relate, and hardly of words.

    >>> _is_formula("NaOH + H+ → Na+ + H2O"), _is_formula("2 = two, said twice")
    (True, False)
    """
    words = sum(len(word) for word in _WORDS.findall(text))
    return any(sign in text for sign in _SIGNS) and words < 0.5 * len("".join(text.split()))


def _measured(grey: Grey, line: Line) -> _Measured:
    box = line.box
    top, left = max(0, int(box.top) - 2), max(0, int(box.left) - 2)
    ink = _ink(grey[top : int(box.bottom) + 3, left : int(box.right) + 3])
    bottoms: list[float] = []
    high: list[float] = []
    low: list[float] = []
    spans: list[tuple[str, float, float]] = []
    for char, (start, _, end, _) in zip(line.text, line.char_boxes.tolist(), strict=True):
        if not (char in _LOW or char in _HIGH or char >= _WIDE_FROM):
            continue
        column = ink[:, max(0, round(start) - left) : max(1, round(end) - left)]
        span = _span(column.max(axis=1)) if column.size else None
        if span is not None:
            spans.append((char, *span))
            bottoms.append(span[1])
    base = float(np.median(bottoms)) if bottoms else float("nan")
    for char, first, last in spans:
        # What does not reach down to the line is raised, or another sign's.
        if abs(last - base) > 0.15 * (last - first) + 1.0:
            continue
        (low if char in _LOW else high).append(base - first)
    wide = sum(char >= _WIDE_FROM for char, _, _ in spans) * 2 > len(spans)
    return _Measured(
        top + base if bottoms else box.bottom - 0.22 * box.height,
        float(np.median(high)) if high else float("nan"),
        float(np.median(low)) if low else float("nan"),
        len(high) + len(low),
        tuple(_stroke(ink, word.box.left - left, word.box.right - left) for word in line.words),
        wide,
    )


def _ink(crop: Grey) -> Grey:
    """How much each pixel is inked, 0 to 1, in whatever colour on whatever paper."""
    if not crop.size:
        return np.zeros((1, 1), np.float32)
    contrast = np.abs(crop - np.median(crop))
    strongest = max(24.0, float(np.quantile(contrast, 0.98)))
    ink = np.clip(contrast / strongest, 0, 1)
    ink[ink < _PAPER] = 0
    # What reaches from edge to edge is a ruled line beside the letters.
    ink[:, (ink >= _EDGE).all(axis=0)] = 0
    ink[(ink >= _EDGE).all(axis=1)] = 0
    return np.asarray(ink, np.float32)


def _span(profile: Grey) -> tuple[float, float] | None:
    """Where the ink of a character begins and ends, to a part of a pixel; None where it has none.

    Of several runs of rows the one with most ink counts.
    """
    inked = np.flatnonzero(profile >= _EDGE)
    if not len(inked):
        return None
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    run = max(runs, key=len)
    first, last = int(run[0]), int(run[-1])
    above = float(profile[first - 1]) if first else 0.0
    below = float(profile[last + 1]) if last + 1 < len(profile) else 0.0
    return first - min(above, _EDGE), last + 1 + min(below, _EDGE)


def _stroke(ink: Grey, left: float, right: float) -> float:
    """The mean width of the strokes between two columns, in pixels, however blurred they are.

    Each stroke that a row crosses makes the ink rise by one and fall by one.
    """
    part = ink[:, max(0, int(left) - 1) : int(right) + 2]
    changes = float(np.abs(np.diff(part, axis=1)).sum())
    return 2 * float(part.sum()) / changes if changes > 0 else float("nan")


def _sizes(measured: Sequence[_Measured], lines: Sequence[Line]) -> NDArray[np.float64]:
    """The size of each line in pixels, from its capitals where it has some."""
    both = [m.low / m.high for m in measured if m.high > m.low > 0.4 * m.high]
    ratio = float(np.median(both)) if len(both) >= 3 else _LOW_TO_HIGH
    sizes = []
    for m, line in zip(measured, lines, strict=True):
        high = m.high if not np.isnan(m.high) else m.low / ratio
        share = _WIDE_CAP if m.wide else _CAP
        sizes.append(line.box.height * 0.9 if np.isnan(high) else high / share)
    return np.asarray(np.maximum(sizes, 1.0), np.float64)


def _clustered(sizes: NDArray[np.float64], letters: Sequence[int]) -> NDArray[np.float64]:
    """*sizes* with those that are one size, but for the measuring, made equal."""
    out = sizes.copy()
    weights = np.array(letters, dtype=float)
    sure = weights >= _FEW_LETTERS
    free = sure.copy()
    found: list[float] = []
    while free.any():
        near = np.abs(sizes[None, :] / sizes[:, None] - 1) < _SAME_SIZE
        mass = (near * (weights * free)[None, :]).sum(axis=1) * free
        members = near[int(mass.argmax())] & free
        usual = _weighted_median(sizes[members], weights[members])
        # Found in the order of how many letters there are: the rarer of two is a mismeasurement.
        usual = next((f for f in found if abs(usual / f - 1) < _NEARLY_SAME), usual)
        out[members] = usual
        found.append(usual)
        free &= ~members
    for at in np.flatnonzero(~sure) if found else ():
        nearest = min(found, key=lambda size: abs(size - sizes[at]))
        if abs(sizes[at] / nearest - 1) < _SAME_SIZE_SHORT:
            out[at] = nearest
    return out


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _bold(
    measured: Sequence[_Measured], sizes: NDArray[np.float64], lines: Sequence[Line]
) -> list[tuple[bool, ...]]:
    strokes = np.array([stroke for m in measured for stroke in m.strokes], dtype=float)
    own = np.array([size for m, size in zip(measured, sizes, strict=True) for _ in m.strokes])
    letters = np.array([len(word.text) for line in lines for word in line.words], dtype=float)
    seen = ~np.isnan(strokes)
    if not seen.any():
        return [(False,) * len(m.strokes) for m in measured]
    body = _weighted_median(own[seen], letters[seen])
    usual = _weighted_median((strokes / own)[seen], letters[seen]) * body
    # Blur makes every stroke wider by as much: half of it at the body's size.
    heavier = strokes / (usual * (0.5 + 0.5 * own / body))
    found = iter(zip(heavier.tolist(), letters.tolist(), strict=True))
    return [_weighted(line, [next(found) for _ in line.words]) for line in lines]


def _weighted(line: Line, words: Sequence[tuple[float, float]]) -> tuple[bool, ...]:
    """Whether each word of *line* is bold, by (how much heavier than usual, letters) of each."""
    for at, word in enumerate(line.words[:-1], start=1):
        before, after = _mean(words[:at]), _mean(words[at:])
        if word.text.endswith(_RUN_IN_ENDS) and before >= max(_HEAVIER, _RUN_IN * after):
            return (*_weights(words[:at]), *_weights(words[at:]))
    return _weights(words)


def _mean(words: Sequence[tuple[float, float]]) -> float:
    """How much heavier than usual *words* are; nan where nothing of them was measured."""
    seen = [(heavier, letters) for heavier, letters in words if not np.isnan(heavier)]
    every = sum(letters for _, letters in seen)
    return sum(heavier * letters for heavier, letters in seen) / every if every else float("nan")


def _weights(words: Sequence[tuple[float, float]]) -> tuple[bool, ...]:
    """Whether each word of a line is bold, by (how much heavier than usual, letters) of each."""
    seen = [(heavier, letters) for heavier, letters in words if not np.isnan(heavier)]
    every = sum(letters for _, letters in seen)
    if not every:
        return (False,) * len(words)
    mean = _mean(seen)
    throughout = sum(letters for heavier, letters in seen if heavier > _HEAVIER_EACH)
    least = next(heavier for most, heavier in _HEAVIER_LINE if every < most)
    if mean >= least and throughout >= 0.8 * every:
        return (True,) * len(words)
    return _steady([(heavier > _HEAVIER, letters) for heavier, letters in words])


def _steady(flags: Sequence[tuple[bool, float]]) -> tuple[bool, ...]:
    """(bold, letters) of each word, the short words as those beside them are."""
    sure = [bold for bold, letters in flags if letters >= _SURE_LETTERS]
    if not sure or all(letters >= _SURE_LETTERS for _, letters in flags):
        return tuple(bold for bold, _ in flags)
    out, last = [], sure[0]
    for bold, letters in flags:
        last = bold if letters >= _SURE_LETTERS else last
        out.append(last)
    return tuple(out)
