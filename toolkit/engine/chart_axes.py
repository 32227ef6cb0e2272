"""Axes: rows and columns of numbers that stand where their values are."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.marks import Glyphs
from toolkit.engine.shapes import Shape
from toolkit.engine.words import Line, Word

__all__ = ["Axis", "Label", "axes_below", "axes_beside", "labels_of", "number_in", "steps"]

Floats = NDArray[np.float64]

_NUMBER = re.compile(
    r"(?P<open>\()?(?P<sign>[-+−–])?\s*(?:[$€£¥]|US\$|USD|EUR)?\s*(?P<minus>[-−–])?"
    r"(?P<digits>\d{1,3}(?:[,'’   ]\d{3})+(?:\.\d+)?|\d*[.,]?\d+)"
    r"(?:[eE×x]\s*(?:10)?(?P<power>[-+−]?\d{1,2}))?"
    r"\s*(?P<unit>%|k|K|m|M|bn|B|tn|T|°C?|€|\$)?(?P<close>\))?"
)
_TIMES = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "bn": 1e9, "B": 1e9, "tn": 1e12, "T": 1e12}
_GROUPED = re.compile(r"\d{1,3}(?:[,'’   ]\d{3})+(?:\.\d+)?")
# Fewer numbers in a row fit any line.
_FEWEST = 3
# Points: sides of numbers that are set flush differ by rounding alone.
_FLUSH = 2.5
# Numbers are set against their ticks by eye and by rounding: this far off, in points or of the
# axis, is not the same scale any more.
_OFF, _OFF_SHARE = 1.2, 0.012
_WORD_GAP = 0.5
# Sizes: raised powers of ten are smaller than the ten.
_POWER_SIZE = 0.85


@dataclass(frozen=True, eq=False)
class Label:
    """A piece of a line that says one thing, and its number if it is one."""

    text: str
    box: Box
    size: float
    line: Line
    words: tuple[Word, ...]
    number: float | None
    is_power: bool = False
    """Whether it is written as a power of ten, which only a scale of powers does."""

    @property
    def middle(self) -> tuple[float, float]:
        return (self.box.left + self.box.right) / 2, (self.box.top + self.box.bottom) / 2


@dataclass(frozen=True, eq=False)
class Axis:
    """Numbers along a line: ``slope`` and ``start`` turn points into values, or into their log."""

    labels: tuple[Label, ...]
    slope: float
    start: float
    is_log: bool
    is_upright: bool

    def value(self, at: float) -> float:
        """What stands *at* (points along it), to a twentieth of a point."""
        raw = float(self.start + self.slope * at)
        if self.is_log:
            return float(f"{10.0 ** min(300.0, max(-300.0, raw)):.4g}")
        digits = -int(np.floor(np.log10(abs(self.slope) * 0.05)))
        return round(raw, digits) + 0.0

    def place(self, value: float) -> float:
        """Where a *value* stands; of a log axis only for one above 0."""
        raw = np.log10(value) if self.is_log else value
        return float((raw - self.start) / self.slope)

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last tick, in points."""
        side = 1 if self.is_upright else 0
        places = [label.middle[side] for label in self.labels]
        return min(places), max(places)


def number_in(text: str) -> float | None:
    """The number that *text* is, and nothing besides; None where it is none.

    >>> number_in("1,200"), number_in("−5 %"), number_in("$3.5k"), number_in("Q1")
    (1200.0, -5.0, 3500.0, None)
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    digits = found["digits"]
    if _GROUPED.fullmatch(digits):
        digits = re.sub(r"[,'’   ]", "", digits)
    number = float(digits.replace(",", "."))
    number *= 10.0 ** int((found["power"] or "0").replace("−", "-"))
    number *= _TIMES.get(found["unit"] or "", 1.0)
    negative = found["sign"] in ("-", "−", "–") or found["minus"] or found["open"]
    return -number if negative else number


def labels_of(lines: Sequence[Line], glyphs: Glyphs) -> list[Label]:
    """*lines* as labels: parted where more than a space lies between two words."""
    found: list[Label] = []
    for line in lines:
        run: list[Word] = []
        for word in line.words:
            apart = word.box.left - run[-1].box.right if run else 0.0
            if line.angle == 0 and apart > _WORD_GAP * line.size:
                found.append(_label(run, line, glyphs))
                run = []
            run.append(word)
        found.append(_label(run, line, glyphs))
    return found


def _label(words: list[Word], line: Line, glyphs: Glyphs) -> Label:
    text = " ".join(word.text for word in words)
    box = Box.around(word.box for word in words)
    power = _power_of_ten(words, glyphs)
    number = power if power is not None else number_in(text)
    return Label(text, box, line.size, line, tuple(words), number, power is not None)


def _power_of_ten(words: list[Word], glyphs: Glyphs) -> float | None:
    """10 with a raised number behind it, as a number."""
    indices = [index for word in words for index in word.glyphs]
    text = "".join(glyphs.text[index] for index in indices)
    sizes = glyphs.sizes[indices]
    if not text.startswith("10") or len(text) < 3 or sizes[2:].max() > _POWER_SIZE * sizes[0]:
        return None
    raised = text[2:].replace("−", "-").replace("–", "-")
    return 10.0 ** int(raised) if re.fullmatch(r"-?\d{1,2}", raised) else None


def axes_beside(area: Box, labels: Sequence[Label], shapes: Sequence[Shape]) -> list[Axis]:
    """The upright axes left and right of a drawing that takes *area*, the left one first."""
    reach, inner = 60.0, 0.15 * area.width
    near = [
        label
        for label in labels
        if label.number is not None
        and label.line.angle == 0
        and area.top - label.size < label.middle[1] < area.bottom + label.size
    ]
    ticks = [s.box.top for s in shapes if _is_line(s) and s.box.height < 0.6 and s.box.width > 1]
    left = [b for b in near if area.left - reach < b.box.right < area.left + inner]
    right = [b for b in near if area.right - inner < b.box.left < area.right + reach]
    found = [_axis(side, ticks, is_upright=True) for side in (left, right)]
    return [axis for axis in found if axis is not None]


def axes_below(area: Box, labels: Sequence[Label], shapes: Sequence[Shape]) -> list[Axis]:
    """The level axes under and over a drawing that takes *area*, the lower one first."""
    reach, inner = 30.0, 0.15 * area.height
    near = [
        label
        for label in labels
        if label.number is not None
        and label.line.angle == 0
        and area.left - 2 * label.size < label.middle[0] < area.right + 2 * label.size
    ]
    ticks = [s.box.left for s in shapes if _is_line(s) and s.box.width < 0.6 and s.box.height > 1]
    below = [b for b in near if area.bottom - inner < b.box.top < area.bottom + reach]
    above = [b for b in near if area.top - reach < b.box.bottom < area.top + inner]
    found = [_axis(side, ticks, is_upright=False) for side in (below, above)]
    return [axis for axis in found if axis is not None]


def _is_line(shape: Shape) -> bool:
    return len(shape.points) == 2 or shape.is_rectangle


def _axis(labels: Sequence[Label], ticks: Sequence[float], *, is_upright: bool) -> Axis | None:
    """The axis of most numbers among *labels* that are flush and stand to scale."""
    sides: list[Callable[[Label], float]] = [
        lambda label: label.box.right,
        lambda label: label.box.left,
        lambda label: label.middle[0],
    ]
    if not is_upright:
        sides = [lambda label: label.line.baseline]
    best: Axis | None = None
    for side in sides:
        for group in _flush(labels, side):
            axis = _to_scale(group, ticks, is_upright=is_upright)
            if axis is not None and (best is None or len(axis.labels) > len(best.labels)):
                best = axis
    return best


def _flush(labels: Sequence[Label], side: Callable[[Label], float]) -> list[list[Label]]:
    groups: list[list[Label]] = []
    for label in sorted(labels, key=side):
        if groups and side(label) - side(groups[-1][0]) <= _FLUSH:
            groups[-1].append(label)
        else:
            groups.append([label])
    return [group for group in groups if len(group) >= _least(group)]


def _least(group: Sequence[Label]) -> int:
    """How many numbers make an axis: of powers of ten, two."""
    return 2 if all(label.is_power for label in group) else _FEWEST


def _to_scale(group: list[Label], ticks: Sequence[float], *, is_upright: bool) -> Axis | None:
    """*group* as an axis, without up to two that do not fit; None where it has no scale."""
    way = 1 if is_upright else 0
    for _ in range(3):
        powers = all(label.is_power for label in group)
        if len(group) < _least(group) or len({label.number for label in group}) < len(group):
            return None
        places = np.array([label.middle[way] for label in group])
        if np.ptp(places) < (4 if is_upright else 2) * group[0].size:
            return None
        values = np.array([label.number for label in group], dtype=float)
        found = None if powers else _fit(places, values, is_log=False)
        found = found or _fit(places, values, is_log=True)
        if found is not None:
            at_ticks = _at_ticks(places, ticks)
            finer = None if at_ticks is None else _fit(at_ticks, values, is_log=found[2])
            slope, start, is_log = finer or found
            return Axis(tuple(group), slope, start, is_log, is_upright)
        group = _without_worst(group, places, values)
    return None


def _fit(places: Floats, values: Floats, *, is_log: bool) -> tuple[float, float, bool] | None:
    if is_log:
        if (values <= 0).any():
            return None
        values = np.log10(values)
    slope, start = np.polyfit(places, values, 1)
    if slope == 0 or not np.isfinite(slope):
        return None
    if not np.isfinite(start):
        return None
    off = np.abs((values - start) / slope - places).max()
    most = max(_OFF, _OFF_SHARE * np.ptp(places))
    return (float(slope), float(start), is_log) if off <= most else None


def _at_ticks(places: Floats, ticks: Sequence[float]) -> Floats | None:
    """The ticks that *places* are set against; None where one has none."""
    if not ticks:
        return None
    marks = np.array(ticks)
    nearest = marks[np.abs(marks[None, :] - places[:, None]).argmin(axis=1)]
    shift = nearest - places
    # All are off by about the same: letters have no middle of their own.
    return nearest if np.abs(shift).max() < 4.0 and np.ptp(shift) < 1.5 else None


def _without_worst(group: list[Label], places: Floats, values: Floats) -> list[Label]:
    """*group* without the one that the others fit best without."""
    misfits = []
    for at in range(len(group)):
        rest = np.delete(places, at), np.delete(values, at)
        if np.ptp(rest[0]) < 1.0:
            misfits.append(np.inf)
            continue
        slope, start = np.polyfit(*rest, 1)
        misfits.append(float(np.abs(start + slope * rest[0] - rest[1]).max()))
    worst = int(np.argmin(misfits))
    return [label for at, label in enumerate(group) if at != worst]


def steps(places: Sequence[float]) -> float:
    """The usual distance between neighbours among *places*; 0 for fewer than two."""
    ordered = sorted(places)
    return float(np.median([b - a for a, b in pairwise(ordered)])) if len(ordered) > 1 else 0.0
