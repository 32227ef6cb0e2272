"""Which pictures show a table."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from engine_made import glyphs, pdf
from PIL import Image  # noqa: F401  # reading pictures needs it

from toolkit.engine.marks import Sheet
from toolkit.engine.table_pictures import is_picture_of_table
from toolkit.engine.words import find_lines


def shows_table(placed, rules=()):
    def paint(canvas):
        canvas.setFont("Helvetica", 9)
        for x, y, word in placed:
            canvas.drawString(x, y, word)

    found = glyphs(pdf(paint))
    table = np.array(rules, dtype=float).reshape(-1, 4)
    sheet = Sheet(1, 595, 842, found, table, ())
    return is_picture_of_table(SimpleNamespace(sheet=sheet), find_lines(found))


CELLS = [
    (80 + 110 * c, 700 - 14 * r, word)
    for r, row in enumerate(
        (("Degrees", "Weight", "Volume"), *((f"{n}", f"1.{n}7", f"2.{n}3") for n in range(9)))
    )
    for c, word in enumerate(row)
]


def test_words_in_rows_and_columns_with_lines_or_without():
    level = [(70, 842 - y, 400, 842 - y) for y in (712, 696, 566)]
    assert shows_table(CELLS)
    assert shows_table(CELLS, level)


def test_labels_of_a_chart_do_not():
    axis = [(60, 700 - 30 * n, str(100 - 20 * n)) for n in range(6)]
    years = [(100 + 60 * n, 530, str(2015 + n)) for n in range(6)]
    bars = [(100 + 60 * n, 560 + 17 * n, f"{20 + 11 * n}") for n in range(6)]
    assert not shows_table([*axis, *years, *bars])
    legend = [(450, 700 - 14 * n, name) for n, name in enumerate(("Laos", "Peru", "Chad"))]
    assert not shows_table([*axis, *years, *legend])
