"""Made tables of every look and kind come out as they were drawn."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

import pytest
from engine_made import document
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_made import KINDS, LOOKS, Cell, Made, made, page_of

from toolkit.document.blocks import Table
from toolkit.document.document import Document
from toolkit.document.markdown import markdown
from toolkit.evaluation import score

# The likeness of tables (TEDS) over seeds 0 to 3, by look: measured, less a little. Where nothing
# is drawn, liteparse does not see tables of running text, nor do we.
FLOORS = {
    "ruled": 0.99,
    "booktabs": 0.98,
    "rows": 0.96,
    "columns": 0.96,
    "banded": 0.96,
    "bare": 0.84,
}
SEEDS = range(2)
SEEN = [kind for kind in KINDS if kind != "wordy"]


def teds(one: Made) -> float:
    read = markdown(document(one.content, ocr="never"), style="plain")
    return score(read, one.html).teds or 0.0


def tables(read: Document) -> list[Table]:
    return [block for block in read.blocks if isinstance(block, Table)]


@pytest.mark.parametrize("look", LOOKS)
def test_tables_of_a_look_are_read_as_they_were_made(look):
    kinds = SEEN if look == "bare" else KINDS
    assert fmean(teds(made(seed, look, kind)) for kind in kinds for seed in SEEDS) > FLOORS[look]


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "bare"])
def test_lines_that_are_drawn_tell_without_another_engine(look, monkeypatch):
    from toolkit.engine.readers import pdf

    monkeypatch.setattr(pdf, "proposals", lambda *_: {})
    kinds = [kind for kind in KINDS if kind != "sections"]
    assert fmean(teds(made(0, look, kind)) for kind in kinds) > FLOORS[look] - 0.02


words = st.text("abcdefgh 0123456789.", min_size=0, max_size=40).map(str.strip)


@settings(max_examples=25, deadline=None)
@given(
    cells=st.integers(2, 5).flatmap(
        lambda wide: st.lists(
            st.lists(words.map(Cell), min_size=wide, max_size=wide), min_size=2, max_size=8
        )
    ),
    look=st.sampled_from(LOOKS),
)
def test_whatever_stands_in_a_table_is_said_once(cells, look):
    read = document(page_of(cells, look, 1).content, ocr="never")
    for table in tables(read):
        places = [
            (row, column)
            for cell in table.cells
            for row in range(cell.row, cell.row + cell.row_span)
            for column in range(cell.column, cell.column + cell.column_span)
        ]
        wide = len(table.rows[0]) if table.rows else len(table.headers)
        assert len(places) == len(set(places)) == wide * (table.header_rows + len(table.rows))
        assert all(len(row) == wide for row in table.rows)
    spans = [
        span
        for block in read.blocks
        for span in (
            [s for cell in block.cells for s in cell.source_spans]
            if isinstance(block, Table)
            else block.source_spans
        )
    ]
    taken = sorted(spans)
    assert all(one[1] <= two[0] for one, two in pairwise(taken))


def test_two_levels_of_names_over_rules_that_group_them():
    head = [
        [Cell("Country", rows=2), Cell("First survey", columns=2), None, Cell("Share", rows=2)],
        [None, Cell("Men"), Cell("Women"), None],
    ]
    body = [[Cell(name), Cell("12"), Cell("34"), Cell("5.6%")] for name in ("Laos", "Peru", "Chad")]
    [table] = tables(document(page_of([*head, *body], "booktabs", 2).content, ocr="never"))
    assert table.header_rows == 2
    assert table.headers == ("Country", "First survey / Men", "First survey / Women", "Share")
    assert table.rows[0] == ("Laos", "12", "34", "5.6%")
    assert table.verified


def test_a_name_over_two_rows_is_said_in_both():
    body = []
    for name in ("Laos", "Peru"):
        body.append([Cell(name, rows=2), Cell("Men"), Cell("1.5")])
        body.append([None, Cell("Women"), Cell("2.5")])
    head = [[Cell("Country"), Cell("Sex"), Cell("Rate")]]
    for look in ("booktabs", "rows", "banded"):
        [table] = tables(document(page_of([*head, *body], look, 1).content, ocr="never"))
        assert [row[0] for row in table.rows] == ["Laos", "Laos", "Peru", "Peru"], look
        assert [c.row_span for c in table.cells if c.text == "Peru"] == [2]
