r"""A formula's glyphs as LaTeX, rebuilt from where they stand: bars, roots, scripts and limits.

Nothing is guessed: a character without a name in LaTeX, a bar that divides nothing, or a sign that
belongs nowhere, and there is no LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.formula_signs import BIG, UnsayableError, is_upright, named, spelled
from toolkit.engine.marks import Glyphs

__all__ = ["built"]

Floats = NDArray[np.float64]

# In sizes: what is raised or lowered by more is a script; smaller type alone is none.
_RAISED, _LOWERED = 0.18, 0.08
_SCRIPT_SIZE = 0.88
_SLACK = 1.5
# Points by which a bar is longer than what it divides.
_OVERHANG = 6.0
_DEEPEST = 6
_NEEDLESS = re.compile(r"(\\[A-Za-z]+(?=.[^A-Za-z])|\}) ")
# Functions whose limits stand under them.
_LIMITED = ("lim", "max", "min", "sup", "inf")


@dataclass(frozen=True, slots=True)
class _Sign:
    """A glyph with its place; ``base`` is how far down its baseline is."""

    index: int
    char: str
    font: str
    left: float
    right: float
    base: float
    size: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def built(
    indices: Sequence[int], bars: Sequence[Box], glyphs: Glyphs
) -> tuple[list[int], str | None]:
    """(the glyphs in the order of reading, LaTeX or None where it cannot be rebuilt)."""
    signs = [_sign(index, glyphs) for index in indices if not glyphs.text[index].isspace()]
    box = (
        min(s.left for s in signs) - _OVERHANG,
        min(s.base - s.size for s in signs),
        max(s.right for s in signs) + _OVERHANG,
        max(s.base + 0.4 * s.size for s in signs),
    )
    own = [
        bar
        for bar in bars
        if box[0] <= bar.left and bar.right <= box[2] and box[1] <= bar.top <= box[3]
    ]
    try:
        order, latex = _row(signs, _distinct(own), 0)
    except UnsayableError:
        return [sign.index for sign in sorted(signs, key=lambda s: s.left)], None
    return order, _NEEDLESS.sub(r"\1", " ".join(latex.split()))


def _sign(index: int, glyphs: Glyphs) -> _Sign:
    left, _, right, _ = map(float, glyphs.boxes[index])
    return _Sign(
        index,
        glyphs.text[index],
        glyphs.font_names[int(glyphs.fonts[index])],
        left,
        right,
        float(glyphs.origins[index, 1]),
        float(glyphs.sizes[index]),
    )


def _distinct(bars: Sequence[Box]) -> list[Box]:
    """*bars* without those drawn twice, the widest first."""
    out: list[Box] = []
    for bar in sorted(bars, key=lambda one: -one.width):
        if not any(abs(bar.left - b.left) + abs(bar.top - b.top) < 1.0 for b in out):
            out.append(bar)
    return out


Part = tuple[list[int], str]


@dataclass(slots=True, eq=False)
class _Unit:
    """Something in a row: its place, the glyphs that it is made of, and its LaTeX."""

    left: float
    right: float
    base: float
    size: float
    order: list[int]
    latex: str
    is_big: bool = False
    is_fraction: bool = False
    letter: _Sign | None = None
    """The sign, where it is one alone."""


def _row(signs: Sequence[_Sign], bars: Sequence[Box], depth: int) -> Part:
    """A row of signs and bars, in order from the left."""
    if not signs or depth > _DEEPEST:
        raise UnsayableError
    units: list[_Unit] = []
    rest, left_bars = list(signs), list(bars)
    while left_bars:
        # The widest first: others may lie over or under it.
        bar = left_bars.pop(0)
        root = _root_of(bar, rest)
        unit, rest, left_bars = (
            _fraction(bar, rest, left_bars, depth)
            if root is None
            else _root(root, bar, rest, left_bars, depth)
        )
        units.append(unit)
    units += [
        _Unit(
            s.left, s.right, s.base, s.size, [s.index], "", spelled(s.char, s.font) in BIG, letter=s
        )
        for s in rest
    ]
    return _set(units)


def _root_of(bar: Box, signs: Sequence[_Sign]) -> _Sign | None:
    return next(
        (s for s in signs if spelled(s.char, s.font) == "√" and abs(s.right - bar.left) < 2.5), None
    )


def _under(bar: Box, x: float) -> bool:
    return bar.left - _SLACK <= x <= bar.right + _SLACK


Taken = tuple[_Unit, list[_Sign], list[Box]]


def _fraction(bar: Box, signs: list[_Sign], bars: list[Box], depth: int) -> Taken:
    inside = [s for s in signs if _under(bar, s.middle)]
    below = [s for s in inside if _is_below(s, bar)]
    over = [s for s in inside if s not in below and s.base < bar.top + 0.5]
    if len(over) + len(below) < len(inside):
        raise UnsayableError
    bars_in = [b for b in bars if _under(bar, (b.left + b.right) / 2)]
    top = _row(over, [b for b in bars_in if b.top < bar.top], depth + 1)
    foot = _row(below, [b for b in bars_in if b.top > bar.top], depth + 1)
    unit = _Unit(
        bar.left,
        bar.right,
        # The axis of mathematics is a quarter of an em over the baseline.
        bar.top + 0.25 * max(s.size for s in inside),
        max(s.size for s in inside),
        top[0] + foot[0],
        rf"\frac{{{top[1].strip()}}}{{{foot[1].strip()}}}",
        is_fraction=True,
    )
    return unit, [s for s in signs if s not in inside], [b for b in bars if b not in bars_in]


def _is_below(sign: _Sign, bar: Box) -> bool:
    if spelled(sign.char, sign.font) == "√":
        # TeX's root hangs from its baseline.
        return sign.base > bar.top - _SLACK
    return sign.base - 0.3 * sign.size > bar.top


def _root(root: _Sign, bar: Box, signs: list[_Sign], bars: list[Box], depth: int) -> Taken:
    inside = [s for s in signs if s is not root and _under(bar, s.middle) and s.base > bar.top]
    bars_in = [b for b in bars if _under(bar, (b.left + b.right) / 2) and b.top > bar.top]
    content = _row(inside, bars_in, depth + 1)
    unit = _Unit(
        root.left,
        bar.right,
        max(s.base for s in inside),
        max(s.size for s in inside),
        [root.index, *content[0]],
        rf"\sqrt{{{content[1].strip()}}}",
    )
    kept = [s for s in signs if s is not root and s not in inside]
    return unit, kept, [b for b in bars if b not in bars_in]


def _set(units: list[_Unit]) -> Part:
    """*units* from the left, each script at what it is raised or lowered from."""
    units.sort(key=lambda unit: unit.left)
    size = max(unit.size for unit in units)
    main = [u for u in units if u.size >= _SCRIPT_SIZE * size]
    letters = [u for u in main if not u.is_fraction] or main
    base = float(np.median([u.base for u in letters]))
    for unit in units:
        # A fraction in a line of text is set in smaller type, and is no script.
        if unit.is_fraction and abs(unit.base - base) < 0.3 * size:
            unit.size = size
    units = _with_functions(units, size, base)
    if any(abs(u.base - base) > 0.45 * size for u in main if not u.is_big):
        raise UnsayableError
    order: list[int] = []
    latex = ""
    run: list[_Sign] = []
    at = 0
    while at < len(units):
        unit = units[at]
        if unit.is_big:
            at, part = _with_limits(units, at, size, base)
        else:
            at, part = _with_scripts(units, at, size, base)
        if part is None:
            # A letter with nothing at it may be of a function's name.
            assert unit.letter is not None  # only such are handed back
            run.append(unit.letter)
            order.append(unit.letter.index)
            continue
        latex += named(_read(run)) + part[1]
        run = []
        order += part[0]
    return order, latex + named(_read(run))


def _with_functions(units: list[_Unit], size: float, base: float) -> list[_Unit]:
    """*units* with each function that has its limit under it as one."""
    out = list(units)
    for name in _LIMITED:
        letters = [u for u in out if u.letter is not None and abs(u.base - base) < 0.1 * size]
        for at in range(len(letters) - len(name) + 1):
            own = letters[at : at + len(name)]
            if "".join(u.letter.char for u in own if u.letter) != name:
                continue
            left, right = own[0].left - 2 * size, own[-1].right + 2 * size
            limits = [
                u
                for u in out
                if u.size < _SCRIPT_SIZE * size
                and u.base > base + 0.45 * size
                and left < (u.left + u.right) / 2 < right
            ]
            if limits:
                order, latex = _set(list(limits))
                order = [index for u in own for index in u.order] + order
                latex = f"\\{name}_{{{latex.strip()}}} "
                made = _Unit(own[0].left, own[-1].right, base, size, order, latex)
                out = [u for u in out if u not in own and u not in limits] + [made]
                out.sort(key=lambda unit: unit.left)
                break
    return out


def _read(run: Sequence[_Sign]) -> list[tuple[str, bool, bool]]:
    """A run of plain signs as ``named`` takes them."""
    return [
        (
            spelled(s.char, s.font),
            is_upright(s.char, s.font),
            at > 0 and s.left - run[at - 1].right > 0.22 * s.size,
        )
        for at, s in enumerate(run)
    ]


def _with_scripts(
    units: Sequence[_Unit], at: int, size: float, base: float
) -> tuple[int, Part | None]:
    """The unit *at* with the scripts behind it; None for the part where it is a sign alone."""
    unit = units[at]
    if unit.size < _SCRIPT_SIZE * size and abs(unit.base - base) > _LOWERED * size:
        # A script that follows nothing.
        raise UnsayableError
    raised: list[_Unit] = []
    lowered: list[_Unit] = []
    after = at + 1
    while after < len(units) and units[after].size < _SCRIPT_SIZE * size:
        rise = base - units[after].base
        if rise > _RAISED * size:
            raised.append(units[after])
        elif rise < -_LOWERED * size:
            lowered.append(units[after])
        else:
            break
        after += 1
    if not raised and not lowered:
        if unit.letter is not None:
            return after, None
        return after, (unit.order, unit.latex)
    own = unit.latex if unit.letter is None else named(_read([unit.letter]))
    order, latex = list(unit.order), own.strip()
    for mark, scripts in (("_", lowered), ("^", raised)):
        if scripts:
            part = _set(list(scripts))
            order += part[0]
            latex += f"{mark}{{{part[1].strip()}}}"
    return after, (order, latex + " ")


def _with_limits(
    units: Sequence[_Unit], at: int, size: float, base: float
) -> tuple[int, Part | None]:
    """A sum or an integral with its limits over, under and behind it."""
    unit = units[at]
    assert unit.letter is not None  # big signs are signs
    around = [
        other
        for other in units
        if other is not unit
        and other.size < _SCRIPT_SIZE * size
        and unit.left - 1.5 * size < (other.left + other.right) / 2 < unit.right + 0.3 * size
        and abs(other.base - base) > 0.3 * size
    ]
    places = [units.index(other) for other in around]
    if any(place < at for place in places):
        # Limits that reach out to the left of their sign come before it in the row.
        raise UnsayableError
    over = [other for other in around if other.base < base - 0.3 * size]
    under = [other for other in around if other.base > base + 0.3 * size]
    order, latex = list(unit.order), named(_read([unit.letter])).strip()
    for mark, scripts in (("_", under), ("^", over)):
        if scripts:
            part = _set(list(scripts))
            order += part[0]
            latex += f"{mark}{{{part[1].strip()}}}"
    return max([at, *places]) + 1, (order, latex + " ")
