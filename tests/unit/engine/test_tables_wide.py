"""Tables without lines whose cells are full of text, their rows set widely; and their heads."""

from __future__ import annotations

import random

import pytest
from engine_made import document
from layout_made import Column, Setter, words, wrapped

from toolkit.document.blocks import Heading, Table

LEFT, WIDTH = (60, 210, 400), (120, 160, 300)
HEAD = ("Service Stage", "Function Name", "Explanation of it")


def wide(
    *, gap: float, leading: tuple[float, ...], middle: bool, filled: bool
) -> tuple[Setter, list[list[str]]]:
    """A page with a table of five rows, *gap* points between them; and its cells row by row."""
    page, dice = Setter(width=792, height=612), random.Random(4)
    at = Column(60, 60, 650)
    page.heading("Functions of the service", at, size=16)
    page.paragraph(50, 1, at, after=20)
    if filled:
        page.panel(54, at.top, 660, 20)
    for left, name in zip(LEFT, HEAD, strict=True):
        page.line(name, left, at.top + 14, page.family[True], 11)
    top, said = at.top + 28, [list(HEAD)]
    for row in range(5):
        texts = [words(dice.randint(*most), 3 * row + n) for n, most in enumerate(LENGTHS)]
        cells = [wrapped(t, w, page.family[0], 9) for t, w in zip(texts, WIDTH, strict=True)]
        high = [9 * one * len(cell) for one, cell in zip(leading, cells, strict=True)]
        for left, cell, one, own in zip(LEFT, cells, leading, high, strict=True):
            begin = top + 9 + (max(high) - own) / 2 * middle
            for number, line in enumerate(cell):
                page.line(line, left, begin + 9 * one * number, size=9)
        top += max(high) + gap
        said.append(texts)
    at.top = top + 10
    page.paragraph(40, 3, at)
    return page, said


LENGTHS = ((2, 4), (6, 12), (10, 20))


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("middle", [True, False])
@pytest.mark.parametrize(
    ("gap", "leading"),
    [(gap, leading) for gap in (6, 10) for leading in ((1.2, 1.2, 1.2), (1.5, 1.2, 1.3))]
    + [(14, (1.2, 1.2, 1.2))],
)
def test_a_table_of_wrapped_cells_set_widely_is_one(gap, leading, middle, filled):
    page, said = wide(gap=gap, leading=leading, middle=middle, filled=filled)
    [table] = [b for b in document(page.done()).pages[0].blocks if isinstance(b, Table)]
    rows = [table.headers, *table.rows]
    assert [[" ".join(cell.split()) for cell in row] for row in rows] == said


@pytest.mark.parametrize("size", [10, 14])
def test_three_names_far_apart_are_no_heading(size):
    page = Setter()
    at = Column(60, 60, 470)
    for seed in range(3):
        page.paragraph(80, seed, at, after=24)
        for left, name in zip((60, 240, 420), ("North", "South", "East"), strict=True):
            page.line(name, left, at.top + size, page.family[True], size)
        at.top += size + 24
    blocks = document(page.done()).pages[0].blocks
    assert not any(isinstance(block, Heading) for block in blocks)
