"""Glyphs → words → lines: pieces of text that are read without a stop.

A line here never crosses a gap wider than its letters are high, so that the lines of two columns,
or the cells of a row, are lines of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from operator import itemgetter
from statistics import median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.document.normal import SHAPES
from toolkit.engine import oblique
from toolkit.engine.marks import Glyphs
from toolkit.engine.oblique import slants

__all__ = ["Line", "Word", "find_lines", "is_leftward", "line_of", "line_texts", "word_starts"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
T = TypeVar("T")

# In shares of the size. 0.75 parts columns best on labelled pages (1.0 loses 0.015 there).
_LINE_GAP = 0.75
# A space glyph is rarely under 0.2 em; kerning rarely opens more than 0.1.
_WORD_GAP = 0.17
# Baselines that differ by less stand in one row.
_ROW_SLACK = 0.35
# Raised or lowered signs are smaller than their row by this, and overlap it.
_SCRIPT_SIZE = 0.85
# An initial over several lines is larger than they are by more than any other sign.
_INITIAL = 2.1
# The same letter again within this share of its size was painted twice; "ll" is 0.2 apart.
_AGAIN = 0.1
_AGAIN_DOWN = 0.3
# Ligatures as their letters, and nothing for what is never seen: N(text) does not change by it.
_SPELLED = str.maketrans(
    SHAPES
    | {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl"}
    | dict.fromkeys("\u200b\u2060\ufeff", "")
)
_RTL = (("\u0590", "\u08ff"), ("\ufb1d", "\ufdff"), ("\ufe70", "\ufeff"))


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """Glyphs without a gap: their indices in the page's sequence, in reading order."""

    text: str
    box: Box
    glyphs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """Words in a row. ``angle`` is 0 but for text on its side, on its head, or aslant."""

    words: tuple[Word, ...]
    box: Box
    baseline: float
    size: float
    bold_share: float
    """How much of it is bold, 0 to 1: a bold beginning of running text is no heading."""
    italic: bool
    mono: bool
    font: int
    angle: int
    hidden: bool

    @property
    def bold(self) -> bool:
        return self.bold_share > 0.8

    @cached_property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def glyphs(self) -> tuple[int, ...]:
        return tuple(index for word in self.words for index in word.glyphs)


def find_lines(glyphs: Glyphs) -> list[Line]:
    """Every visible character of the page in lines; upright ones first, from the top."""
    return [line_of(glyphs, words, angle) for words, angle in _worded(glyphs)]


def line_texts(glyphs: Glyphs) -> list[str]:
    """The texts of `find_lines` alone."""
    return [" ".join([word.text for word in words]) for words, _ in _worded(glyphs)]


def _worded(glyphs: Glyphs) -> Iterator[tuple[list[Word], int]]:
    """The words of each line, and the line's angle."""
    solid = np.array([not char.isspace() for char in glyphs.text], dtype=bool)
    if not solid.any():
        return
    for angle in (0, 90, 270, 180):
        chosen = np.flatnonzero((glyphs.angles == angle) & ~glyphs.stray)
        if len(chosen):
            for words in _lines_at(glyphs, chosen, solid, angle):
                yield words, angle
    for angle, chosen in slants(glyphs.angles, np.flatnonzero(~glyphs.stray)):
        for words in _lines_at(glyphs, chosen, solid, angle):
            yield words, angle


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """Glyphs of one direction, as columns along their lines; ``ids`` are their indices."""

    ids: Indices
    left: Floats
    right: Floats
    base: Floats
    """How far down the baseline is."""
    sizes: Floats
    ink: NDArray[np.bool_]
    """False for white space."""


def _track(glyphs: Glyphs, chosen: Indices, ink: NDArray[np.bool_], angle: int) -> _Track:
    left, top, right, bottom = glyphs.boxes[chosen].T
    x, y = glyphs.origins[chosen].T
    match angle:
        case 90:
            along = (-bottom, -top, x)
        case 270:
            along = (top, bottom, -x)
        case 180:
            along = (-right, -left, -y)
        case 0:
            along = (left, right, y)
        case _:
            start, base = oblique.along(glyphs.origins[chosen], angle)
            along = (start, oblique.reach(start, base, glyphs.sizes[chosen]), base)
    return _Track(chosen, *along, glyphs.sizes[chosen], ink)


def _lines_at(
    glyphs: Glyphs, chosen: Indices, solid: NDArray[np.bool_], angle: int
) -> Iterator[list[Word]]:
    track = _track(glyphs, chosen, solid[chosen], angle)
    for row in _rows(track):
        ordered = row[np.lexsort((track.ids[row], track.left[row]))]
        for piece in _pieces(_once(ordered, track, glyphs.text), track):
            inked = piece[track.ink[piece]]
            if len(inked):
                starts = _starts(piece, track)[track.ink[piece]]
                yield _words(glyphs, track.ids[inked], starts)


def _rows(track: _Track) -> list[Indices]:
    """Glyphs by the row that they stand in; raised and lowered signs go to the row they touch."""
    rows: list[list[int]] = []
    start = -np.inf
    # As lists: asking an array for one number at a time takes several times as long.
    bases, slack = track.base.tolist(), (_ROW_SLACK * np.maximum(track.sizes, 1.0)).tolist()
    for index in np.lexsort((track.left, track.base)).tolist():
        if not rows or bases[index] - start > slack[index]:
            rows.append([])
            start = bases[index]
        rows[-1].append(index)
    joined = _scripts_joined([np.array(row) for row in rows], track)
    return [row for row in joined if len(row)]


def _scripts_joined(rows: list[Indices], track: _Track) -> list[Indices]:
    """*rows* with each small glyph beside a larger one, raised or lowered, put into its row."""
    sizes = track.sizes
    for at in range(len(rows)):
        for near in (at + 1, at - 1):
            if not 0 <= near < len(rows) or not len(rows[near]) or not len(rows[at]):
                continue
            host = rows[near][track.ink[rows[near]]]
            if not len(host) or sizes[rows[at]].min() >= _SCRIPT_SIZE * sizes[host].max():
                continue
            if abs(track.base[host[0]] - track.base[rows[at][0]]) > sizes[host].max():
                continue
            moved = [index for index in rows[at] if _is_script_of(index, host, track)]
            if moved:
                rows[near] = np.concatenate((rows[near], np.array(moved)))
                rows[at] = np.setdiff1d(rows[at], moved)
    return rows


def _is_script_of(index: int, host: Indices, track: _Track) -> bool:
    size = track.sizes[index]
    # Beside a large initial stand whole lines of text, which are no raised signs.
    host = host[track.sizes[host] < _INITIAL * size]
    # It may stand behind other small signs of the same group: reach over a few.
    behind = track.left[index] - track.right[host] < 2.0 * size
    before = track.left[host] - track.right[index] < 0.4 * size
    near = host[behind & before]
    rise = (track.base[near] - track.base[index]) / track.sizes[near]
    return bool(((size < _SCRIPT_SIZE * track.sizes[near]) & (rise < 0.7) & (rise > -0.4)).any())


def _once(row: Indices, track: _Track, text: str) -> Indices:
    """*row* without glyphs that were painted again on their own place to look bold."""
    again = np.zeros(len(row), dtype=bool)
    for at in np.flatnonzero(np.diff(track.left[row]) < _AGAIN * track.sizes[row][1:]).tolist():
        one, two = row[at], row[at + 1]
        same = text[track.ids[one]] == text[track.ids[two]]
        # A fraction may have the same letter over and under its bar.
        same = same and abs(track.base[one] - track.base[two]) < _AGAIN_DOWN * track.sizes[two]
        again[at + 1] = same and not again[at]
    return row[~again]


def _pieces(row: Indices, track: _Track) -> list[Indices]:
    """A row, in order along it, parted at its wide gaps."""
    inked = row[track.ink[row]]
    if len(inked) < 2:
        return [row]
    sizes = track.sizes[inked]
    gap = track.left[inked][1:] - np.maximum.accumulate(track.right[inked])[:-1]
    # A large initial is a piece of its own: it belongs to a line above.
    apart = sizes[:-1] > _INITIAL * sizes[1:]
    apart[2:] = False
    wide = (gap > _LINE_GAP * np.minimum(sizes[1:], sizes[:-1]).clip(min=4.0)) | apart
    if not wide.any():
        return [row]
    cuts = track.left[inked][1:][wide]
    parts = np.split(row, np.searchsorted(track.left[row], cuts))
    return [part for part in parts if len(part)]


def _starts(piece: Indices, track: _Track) -> NDArray[np.bool_]:
    """Mark those of *piece*, in order along the line, that begin a word."""
    ink = track.ink[piece]
    inked = piece[ink]
    marks = np.zeros(len(piece), dtype=bool)
    marks[ink] = word_starts(track.left[inked], track.right[inked], track.sizes[inked])
    # After a space glyph a word begins, however narrow the gap is.
    places = np.flatnonzero(ink)
    after = np.searchsorted(places, np.flatnonzero(~ink))
    marks[places[after[after < len(places)]]] = True
    return marks


def word_starts(left: Floats, right: Floats, sizes: Floats) -> NDArray[np.bool_]:
    """Mark the glyphs of one line that begin a word, by the gaps alone.

    *left*, *right* and *sizes* have shape (n,), in points, sorted by *left*. The first glyph
    always begins a word. Letters set apart (t h u s) raise the gap that counts.

    >>> word_starts(np.array([0.0, 5, 14]), np.array([5.0, 10, 19]), np.array([10.0, 10, 10]))
    array([ True, False,  True])
    """
    marks = np.ones(len(left), dtype=bool)
    if len(left) > 1:
        gap = (left[1:] - np.maximum.accumulate(right)[:-1]) / np.maximum(sizes[1:], 1.0)
        usual = median(gap.tolist()) if len(gap) >= 8 else 0.0
        marks[1:] = gap > _WORD_GAP + max(0.0, usual)
    return marks


def _words(glyphs: Glyphs, inked: Indices, starts: NDArray[np.bool_]) -> list[Word]:
    """Glyphs of one line, in order along it, as the words that it reads."""
    starts[0] = True
    firsts = np.flatnonzero(starts)
    boxes = glyphs.boxes[inked]
    least = np.minimum.reduceat(boxes[:, :2], firsts).tolist()
    most = np.maximum.reduceat(boxes[:, 2:], firsts).tolist()
    order = inked.tolist()
    words = [
        _word(glyphs, order[first:last], Box(*low, *high))
        for (first, last), low, high in zip(
            pairwise([*firsts.tolist(), len(order)]), least, most, strict=True
        )
    ]
    if is_leftward([word.text for word in words]):
        words = _right_to_left(words, [_is_rtl(word) for word in words])
    return words


def _word(glyphs: Glyphs, order: list[int], box: Box) -> Word:
    text = "".join([glyphs.text[index] for index in order])
    if _rtl_letters(text):
        order = _right_to_left_letters(order, glyphs)
        text = "".join([glyphs.text[index] for index in order])
    if not text.isascii():
        text = text.translate(_SPELLED)
    return Word(text, box, tuple(order))


def is_leftward(texts: Sequence[str]) -> bool:
    """Whether most letters of *texts* are read from right to left."""
    leftward = sum(map(_rtl_letters, texts))
    return leftward > 0 and leftward * 2 > sum(c.isalpha() for text in texts for c in text)


def _right_to_left(units: list[T], turned: list[bool]) -> list[T]:
    """*units*, which stand from left to right, as they are read; those not *turned* keep theirs.

    >>> _right_to_left(["1", "2", "b", "a"], [False, False, True, True])
    ['a', 'b', '1', '2']
    """
    out: list[T] = []
    for is_turned, run in groupby(reversed(list(zip(units, turned, strict=True))), itemgetter(1)):
        some = [unit for unit, _ in run]
        out += some if is_turned else some[::-1]
    return out


def _right_to_left_letters(order: list[int], glyphs: Glyphs) -> list[int]:
    """The glyphs of a word in the order of reading; numbers and foreign words keep their own."""
    # Letters of one ligature stand in one place, and come in the order of reading.
    places = [list(run) for _, run in groupby(order, lambda at: round(glyphs.boxes[at, 0], 1))]
    if any(len(place) > 1 and not _rtl_letters(glyphs.text[place[0]]) for place in places):
        places = [[index] for index in order]
    turned = [not _keeps_its_way(glyphs.text[place[0]]) for place in places]
    return [index for place in _right_to_left(places, turned) for index in place]


def _keeps_its_way(char: str) -> bool:
    return char.isalnum() and not _rtl_letters(char)


def _rtl_letters(text: str) -> int:
    if text.isascii():
        return 0
    return sum(any(low <= char <= high for low, high in _RTL) for char in text)


def _is_rtl(word: Word) -> bool:
    return _rtl_letters(word.text) > 0


def line_of(glyphs: Glyphs, words: list[Word], angle: int = 0) -> Line:
    """*words*, of which there is at least one, as one line."""
    indices = np.array([index for word in words for index in word.glyphs])
    # The size that most characters have: a superscript or a large initial does not count.
    sizes = np.round(glyphs.sizes[indices], 1).tolist()
    bases = glyphs.origins[indices, 1 if angle in (0, 180) else 0].tolist()
    size = sizes[0]
    if sizes.count(size) < len(sizes):
        counts = Counter(sorted(sizes))
        size = max(counts, key=counts.__getitem__)
        bases = [base for base, own in zip(bases, sizes, strict=True) if abs(own - size) < 0.05]
    return Line(
        words=tuple(words),
        box=Box.around(word.box for word in words),
        baseline=median(bases),
        size=size,
        bold_share=np.count_nonzero(glyphs.bold[indices]) / len(indices),
        italic=bool(np.count_nonzero(glyphs.italic[indices]) > 0.6 * len(indices)),
        mono=bool(np.count_nonzero(glyphs.mono[indices]) > 0.8 * len(indices)),
        font=int(np.bincount(glyphs.fonts[indices]).argmax()),
        angle=angle,
        hidden=bool(glyphs.hidden[indices].any()),
    )
