"""Columns are read one after the other, tables across, and nothing is lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from toolkit.document.geometry import Box
from toolkit.engine.order import columns, in_rows


def stack(left: float, right: float, top: float, rows: int, step: float = 12) -> list[Box]:
    return [Box(left, top + i * step, right, top + i * step + 10) for i in range(rows)]


def test_a_spanning_line_ends_the_columns():
    title = Box(50, 20, 550, 40)
    above = stack(50, 290, 60, 5), stack(310, 550, 60, 5)
    middle = Box(50, 140, 550, 150)
    below = stack(50, 290, 170, 5), stack(310, 550, 170, 5)
    boxes = [title, *above[1], *above[0], *below[1], middle, *below[0]]
    order = [boxes[i] for column in columns(boxes, 600) for i in column]
    place = {box: at for at, box in enumerate(order)}
    groups = [[title], above[0], above[1], [middle], below[0], below[1]]
    ends = [(min(place[b] for b in group), max(place[b] for b in group)) for group in groups]
    assert all(one[1] < two[0] for one, two in pairwise(ends))


def test_three_columns():
    parts = [stack(x, x + 150, 50, 8) for x in (30, 210, 390)]
    found = columns([box for part in parts for box in part], 600)
    assert found == [list(range(8)), list(range(8, 16)), list(range(16, 24))]


def test_cells_in_step_are_no_columns():
    cells = [
        Box(x, y, x + width, y + 10)
        for y in range(50, 170, 12)
        for x, width in ((50, 150 if y == 50 else 40), (300, 150 if y == 50 else 40))
    ]
    assert len(columns(cells, 600)) == 1


def test_a_title_of_one_line_beside_text():
    title = Box(50, 60, 200, 90)
    text = stack(250, 550, 60, 12)
    assert columns([title, *text], 600) == [[0], list(range(1, 13))]


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.floats(0, 500),
    st.floats(0, 700),
    st.floats(1, 300),
    st.floats(4, 30),
)


@given(st.lists(boxes, max_size=40))
def test_every_box_comes_exactly_once(found):
    order = [index for column in columns(found, 600) for index in column]
    assert sorted(order) == list(range(len(found)))
    rows = in_rows(found, range(len(found)))
    assert sorted(i for row in rows for i in row) == list(range(len(found)))
    assert all(found[a].left <= found[b].left for row in rows for a, b in pairwise(row))
