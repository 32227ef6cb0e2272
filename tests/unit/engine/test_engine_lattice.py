"""Ruled lines into cells, however they were drawn or scanned."""

from __future__ import annotations

import numpy as np
import pytest
from engine_made import both, document, pdf, text

from toolkit.document.blocks import Table
from toolkit.engine.lattice import lattices
from toolkit.engine.readers.strokes import ruled

LEVEL = [(50.0, y, 250.0, y) for y in (100.0, 120.0, 140.0, 160.0)]
UPRIGHT = [(x, 100.0, x, 160.0) for x in (50.0, 150.0, 250.0)]


def test_a_stroke_far_along_the_same_track_costs_no_line():
    # Two strokes below the table, at nearly the place of its left edge, as scans have them.
    strokes = [(49.2, 700.0, 49.2, 720.0), (49.6, 698.0, 49.6, 716.0)]
    [(box, slots)] = lattices(np.array([*LEVEL, *UPRIGHT, *strokes]))
    assert (box.left, box.top, box.right, box.bottom) == (50, 100, 250, 160)
    assert len(slots) == 6


def test_pieces_of_one_line_are_put_together_in_any_order():
    pieces = [(50.3, 130.0, 50.3, 160.0), (49.8, 100.0, 49.8, 131.0)]
    [(_, slots)] = lattices(np.array([*LEVEL, *UPRIGHT[1:], *pieces]))
    assert len(slots) == 6


@pytest.mark.parametrize("at_one_stroke", [True, False])
def test_a_grid_is_a_ruled_table_whether_drawn_at_one_stroke_or_line_by_line(at_one_stroke):
    xs, ys = [70, 200, 300, 400], [640, 620, 600, 580]

    def grid(canvas) -> None:
        if at_one_stroke:
            canvas.grid(xs, ys)
            return
        for x in xs:
            canvas.line(x, ys[0], x, ys[-1])
        for y in ys:
            canvas.line(xs[0], y, xs[-1], y)

    words = (("Name", "First", "Last"), ("Fox", "12", "7"), ("Dog", "3", "4"))
    cells = [
        text([word], x=75 + 125 * column, y=626 - 20 * row)
        for row, said in enumerate(words)
        for column, word in enumerate(said)
    ]
    [table] = document(pdf(both(grid, *cells))).blocks
    assert isinstance(table, Table)
    assert table.headers == ("Name", "First", "Last")
    assert [cell.text for cell in table.cells if not cell.header] == [
        word for row in words[1:] for word in row
    ]


def path(*operations, stroked=True):
    ops = [dict(zip(("op", *keys), values, strict=True)) for keys, values in operations]
    return {"operations": ops, "stroke_color": (0, 0, 0) if stroked else None}


def to(op, x, y):
    return ("x", "y"), (op, x, y)


def rectangle(*sides):
    return ("x", "y", "width", "height"), ("rectangle", *sides)


def test_only_paths_of_several_pieces_are_taken_apart():
    one = path(to("move_to", 0, 0), to("line_to", 90, 0))
    two = path(
        to("move_to", 0, 0), to("line_to", 90, 0), to("move_to", 0, 50), to("line_to", 90, 50)
    )
    assert list(ruled([one])) == []
    assert list(ruled([two])) == [(0, 0, 90, 0), (0, 50, 90, 50)]


def test_filled_pieces_are_lines_where_thin_and_curves_are_none():
    bars = path(rectangle(0, 0, 90, 0.5), rectangle(0, 20, 90, 30), stroked=False)
    assert list(ruled([bars])) == [(0, 0, 90, 0.5)]
    curve = path(
        to("move_to", 0, 0),
        (("x", "y"), ("curve_to", 9, 9)),
        to("move_to", 0, 50),
        to("line_to", 90, 50),
    )
    assert list(ruled([curve])) == [(0, 50, 90, 50)]
    boxes = path(rectangle(0, 0, 90, 40), rectangle(0, 60, 90, 40))
    assert len(list(ruled([boxes]))) == 8
