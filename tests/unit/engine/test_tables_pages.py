"""Tables that go on over pages."""

from __future__ import annotations

import pytest
from engine_made import both, document, pdf, prose, text

from toolkit import frames
from toolkit.document.blocks import Table

NAMES = ("Name", "First", "Last")
ROWS = [(f"Item {n}", str(3 * n), f"{n}.5") for n in range(30)]


def grid(rows, top, xs=(70, 250, 350, 450)):
    """A ruled table of *rows* from *top* down."""

    def paint(canvas):
        ys = [top - 18 * n for n in range(len(rows) + 1)]
        canvas.grid(list(xs), ys)
        for y, row in zip(ys[1:], rows, strict=True):
            for x, word in zip(xs, row, strict=False):
                canvas.drawString(x + 4, y + 5, word)

    return paint


def read(*pages):
    found = document(pdf(*pages), ocr="never")
    return found, [block for block in found.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("again", [True, False])
def test_the_rest_of_a_table_has_its_names_and_says_what_it_continues(again):
    lower = [NAMES, *ROWS[20:]] if again else ROWS[20:]
    first = both(text(prose(20)), grid([NAMES, *ROWS[:20]], 520))
    made, [upper, rest] = read(first, both(grid(lower, 780), text(prose(9), y=500)))
    assert rest.continues == upper.id
    assert rest.headers == upper.headers == NAMES
    assert rest.header_rows == int(again)
    assert rest.rows[0] == ROWS[20]
    [frame] = frames.tables([made])
    assert frame.values.tolist() == [list(row) for row in ROWS]


def test_a_table_over_three_pages_is_one():
    pages = [grid([NAMES, *ROWS], 640), grid(ROWS, 640), grid(ROWS, 780)]
    made, found = read(*pages)
    assert [table.continues for table in found] == [None, found[0].id, found[1].id]
    assert [len(frame) for frame in frames.tables([made])] == [90]


def test_another_table_on_the_next_page_is_its_own():
    first = both(text(prose(20)), grid([NAMES, *ROWS[:20]], 520))
    other = [("Valley", "Owls", "Foxes"), *ROWS[20:]]
    assert read(first, grid(other, 780))[1][1].continues is None
    assert read(first, both(text(prose(3)), grid(ROWS[20:], 700)))[1][1].continues is None
    narrow = grid(ROWS[20:], 780, xs=(70, 200, 300, 450))
    assert read(first, narrow)[1][1].continues is None


def test_frames_of_a_document_whose_tables_continue_each_other_end():
    made, [upper, rest] = read(
        both(text(prose(20)), grid([NAMES, *ROWS[:20]], 520)), grid(ROWS[20:], 780)
    )
    from msgspec.structs import replace

    pages = tuple(
        replace(
            page,
            blocks=tuple(
                replace(block, continues=rest.id if block.id == upper.id else upper.id)
                if isinstance(block, Table)
                else block
                for block in page.blocks
            ),
        )
        for page in made.pages
    )
    assert len(frames.tables([replace(made, pages=pages)])) < 2
