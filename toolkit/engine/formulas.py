"""Display formulas: rows of mathematics that stand by themselves, and their numbers.

A formula is a relation with at least two more signs of mathematics: its fonts, a fraction's bar, a
raised or lowered sign, an operator, a number in brackets at its right, or its place off the
column's left edge. What stands in a row with words of prose is part of a sentence, and stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.document.blocks import ImageType
from toolkit.document.geometry import Box
from toolkit.engine.charts import VectorChart
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation, quote_lines
from toolkit.engine.formula_rows import built
from toolkit.engine.formula_signs import FUNCTIONS
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Glyphs, Sheet
from toolkit.engine.words import Line, Word

__all__ = ["find_formulas"]

Floats = NDArray[np.float64]

_FONT = re.compile(
    r"CMMI|CMSY|CMEX|CMBSY|MSAM|MSBM|Math|MTMI|MTSY|MTEX|Symbol|Euclid|MT-?Extra|EUFM|EUSM|RSFS|"
    r"txsy|pxsy|txmi|pxmi|LMMI|LMSY|LMEX|STIX.*(?:Int|Size|NonUni)|Maths?(?:Symbols|Italic|Ext)",
    re.IGNORECASE,
)
_RELATIONS = frozenset("=≤≥≈≡∝≅≃∼≪≫⇒⇔→⟶∈≠:=⊂⊆")
_OPERATORS = frozenset("+−±×÷·∙∑∏∫√∂∇∪∩∘⊗⊕∞^/*")
_BY_NAME = FUNCTIONS | {"and", "for", "mod", "otherwise", "where", "with"}
_VARIABLE = re.compile("[\U0001d400-\U0001d7ff]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"[(\[]\s*[A-Z]?\d{1,3}(?:[.\-–]\d{1,3})*[a-z]?\s*[)\]]")
_MOST_WORDS = 60
# In sizes of the type.
_ROW_GAP, _BESIDE, _ABOVE, _OVER_BAR, _LIMIT = 1.6, 1.6, 0.3, 1.0, 0.8
_INDENT = 1.2
_FEWEST_SIGNS = 2
_MOST_SCRIPTED = 6
_THICKEST = 2.6
_MOST_BARS = 400


@dataclass(frozen=True, eq=False)
class _Piece:
    """A line of mathematics, or what could be a part of one."""

    line: Line
    in_fonts: bool
    """Whether it is set in fonts of mathematics."""


def find_formulas(
    sheet: Sheet, grids: Sequence[Grid], lines: Sequence[Line]
) -> tuple[list[VectorChart], list[Line]]:
    """The display formulas among *lines*, each as a drawing with its draft; and the other lines."""
    if not _RELATIONS.intersection(sheet.glyphs.text):
        return [], list(lines)
    upright = [line for line in lines if line.angle == 0]
    mathematical = np.array([bool(_FONT.search(n)) for n in sheet.glyphs.font_names] or [False])
    pieces = [
        _Piece(line, bool(mathematical[sheet.glyphs.fonts[list(line.glyphs)]].any()))
        for line in upright
        if _could_be(line, sheet.glyphs)
        and not any(grid.box.overlap(line.box) > 0 for grid in grids)
    ]
    bars = _bars(sheet)
    pure = [piece for piece in pieces if not _beside_prose(piece.line, upright, sheet.glyphs)]
    found: list[VectorChart] = []
    taken: set[int] = set()
    for seed in pure:
        if id(seed.line) in taken or not _RELATIONS.intersection(seed.line.text):
            continue
        group = _grown(seed, [piece for piece in pure if id(piece.line) not in taken], bars)
        number = _number_beside(group, upright)
        if _signs(group, number, bars, upright, sheet) < _FEWEST_SIGNS:
            continue
        own = [*(piece.line for piece in group), *([number] if number else [])]
        taken |= {id(line) for line in own}
        found.append(_formula(group, number, bars, sheet))
    return found, [line for line in lines if id(line) not in taken]


def _could_be(line: Line, glyphs: Glyphs) -> bool:
    """Whether a line has no words of prose: none of three letters that is no function's name.

    A script may be a word: it says which of several is meant.
    """
    if line.mono or len(line.words) > _MOST_WORDS or _NUMBER.fullmatch(line.text):
        return False
    found = _WORD.findall(_VARIABLE.sub(" ", line.text))
    if all(word in _BY_NAME for word in found):
        return True
    if len(found) > _MOST_SCRIPTED:
        return False
    usual = float(glyphs.sizes[list(line.glyphs)].max())
    parted = " ".join(_parted(word, usual, glyphs) for word in line.words)
    return all(word in _BY_NAME for word in _WORD.findall(_VARIABLE.sub(" ", parted)))


def _parted(word: Word, usual: float, glyphs: Glyphs) -> str:
    """A word without its scripts, in which variables may have names."""
    return "".join(
        " " if glyphs.sizes[index] < 0.85 * usual else glyphs.text[index] for index in word.glyphs
    )


def _beside_prose(line: Line, lines: Sequence[Line], glyphs: Glyphs) -> bool:
    box, reach = line.box, _ROW_GAP * line.size
    for other in lines:
        down = min(box.bottom, other.box.bottom) - max(box.top, other.box.top)
        gap = max(other.box.left - box.right, box.left - other.box.right)
        if other is line or down < 0.4 * min(box.height, other.box.height) or gap > reach:
            continue
        if not _could_be(other, glyphs) and not _NUMBER.fullmatch(other.text):
            return True
    return False


def _bars(sheet: Sheet) -> list[Box]:
    """The thin level lines that are drawn: what a fraction or a root may have."""
    table = np.vstack((sheet.rules, sheet.drawn))
    # What is drawn is said with the width of its stroke, and as much again.
    thin = (table[:, 3] - table[:, 1] < _THICKEST) & (table[:, 2] - table[:, 0] > 2.5)
    thin &= table[:, 2] - table[:, 0] < 0.6 * sheet.width
    bars: list[Box] = []
    for left, top, right, bottom in table[thin][:_MOST_BARS].tolist():
        middle = (top + bottom) / 2
        if not any(abs(middle - b.top) < 0.6 and abs(left - b.left) < 1.6 for b in bars):
            bars.append(Box(left, middle, right, middle))
    return bars


def _grown(seed: _Piece, pieces: Sequence[_Piece], bars: Sequence[Box]) -> list[_Piece]:
    """*seed* with the pieces that stand in its row, or right over and under it."""
    group = [seed]
    edge = [seed]
    while edge:
        box = edge.pop().line.box
        size = seed.line.size
        for piece in pieces:
            if piece in group:
                continue
            other = piece.line.box
            across = max(other.left - box.right, box.left - other.right)
            down = max(other.top - box.bottom, box.top - other.bottom)
            reach = _reach(piece, seed, box, bars)
            if across <= _BESIDE * size and down <= reach and _joins(piece, seed, down):
                group.append(piece)
                edge.append(piece)
    return group


def _reach(piece: _Piece, seed: _Piece, box: Box, bars: Sequence[Box]) -> float:
    """How far over or under *box* a piece of the same formula may be, in points.

    Farther where a bar lies between the two, and where it is small, as a sum's limits are.
    """
    other, size = piece.line.box, seed.line.size
    across = min(other.right, box.right) - max(other.left, box.left)
    middles = sorted(((box.top + box.bottom) / 2, (other.top + other.bottom) / 2))
    parted = any(
        middles[0] < bar.top < middles[1]
        and bar.left - 2 < (other.left + other.right) / 2 < bar.right + 2
        for bar in bars
    )
    if parted:
        return _OVER_BAR * size
    return (_LIMIT if piece.line.size < 0.85 * size and across > 0 else _ABOVE) * size


def _joins(piece: _Piece, seed: _Piece, down: float) -> bool:
    """Whether *piece* is a part of the row of *seed*: another relation below it is a new row."""
    if down < -0.3 * min(piece.line.box.height, seed.line.box.height):
        return True
    if piece.line.size < 0.85 * seed.line.size:
        # A script, or the limit of a sum.
        return True
    same_row = abs(piece.line.baseline - seed.line.baseline) < 0.4 * seed.line.size
    return same_row or not _RELATIONS.intersection(piece.line.text)


def _number_beside(group: Sequence[_Piece], lines: Sequence[Line]) -> Line | None:
    box = Box.around(piece.line.box for piece in group)
    return next(
        (
            line
            for line in lines
            if _NUMBER.fullmatch(line.text)
            and line.box.left > box.right - 1
            and min(box.bottom, line.box.bottom) - max(box.top, line.box.top)
            > 0.5 * line.box.height
        ),
        None,
    )


def _signs(
    group: Sequence[_Piece],
    number: Line | None,
    bars: Sequence[Box],
    lines: Sequence[Line],
    sheet: Sheet,
) -> int:
    """How many signs of mathematics speak for a formula besides its relation."""
    box = Box.around(piece.line.box for piece in group)
    text = "".join(piece.line.text for piece in group)
    if sum(char.isalpha() for char in text) < 1 or len(text) < 3:
        return 0
    indices = [index for piece in group for index in piece.line.glyphs]
    sizes = sheet.glyphs.sizes[indices]
    column = [
        line.box.left
        for line in lines
        if line.box.left < box.right and _is_prose(line, sheet.glyphs)
    ]
    left = min(column, default=box.left)
    bar = any(
        box.left - 6 <= b.left and b.right <= box.right + 6 and box.top < b.top < box.bottom
        for b in bars
    )
    return sum(
        (
            any(piece.in_fonts for piece in group),
            number is not None,
            bar,
            bool(sizes.min() < 0.85 * sizes.max()),
            bool(_OPERATORS.intersection(text)),
            box.left - left > _INDENT * group[0].line.size,
        )
    )


def _is_prose(line: Line, glyphs: Glyphs) -> bool:
    return len(line.words) >= 4 and not _could_be(line, glyphs)


def _formula(
    group: Sequence[_Piece], number: Line | None, bars: Sequence[Box], sheet: Sheet
) -> VectorChart:
    lines = sorted((piece.line for piece in group), key=lambda line: line.box.left)
    every = [*lines, *([number] if number else [])]
    box = Box.around(line.box for line in every)
    order, latex = built([i for line in lines for i in line.glyphs], bars, sheet.glyphs)
    order += list(number.glyphs) if number else []
    draft = Draft(
        "formula",
        box,
        _quoted(order, every, sheet.glyphs),
        likely("formula"),
        latex=_tagged(latex, number),
    )
    return VectorChart(box, tuple(every), ImageType.UNKNOWN, draft=draft)


def _tagged(latex: str | None, number: Line | None) -> str | None:
    if latex is None or number is None:
        return latex
    return rf"{latex}\tag{{{number.text.strip('()[] ')}}}"


def _quoted(order: Sequence[int], lines: Sequence[Line], glyphs: Glyphs) -> Quotation:
    """The characters of *order* in a line, with a space where there is a gap or a step."""
    words = [word for line in lines for word in line.words]
    first = {word.glyphs[0] for word in words}
    text = ""
    last: int | None = None
    for index in order:
        step = last is not None and abs(glyphs.sizes[index] - glyphs.sizes[last]) < 0.1
        step = step and abs(glyphs.origins[index, 1] - glyphs.origins[last, 1]) > 0.5
        if last is not None and (index in first or step):
            text += " "
        text += glyphs.text[index]
        last = index
    plain = quote_lines([line.words for line in lines], glyphs, frozenset())
    spans = tuple((index, index + 1) for index in order)
    rows = tuple(line.text for line in lines)
    return Quotation(text.strip(), spans, (), plain.hidden, rows)
