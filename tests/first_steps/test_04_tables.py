"""Tables are DataFrames that know where they come from."""

from __future__ import annotations

import pandas as pd


def test_a_table_knows_its_document_page_and_box(ws, documents):
    batch = ws.submit(documents / "invoice_401.pdf").wait(60)
    [table] = batch.tables()
    assert list(table.columns) == ["Description", "Quantity", "Unit price", "Amount"]
    assert table.attrs["file"] == "invoice_401.pdf"
    assert table.attrs["page"] == 1
    assert len(table.attrs["bbox"]) == 4
    assert table.attrs["text_source"] == "verified"


def test_typed_tables_hold_numbers_and_keep_the_text(ws, documents):
    batch = ws.submit(documents / "invoice_401.pdf").wait(60)
    [table] = batch.tables(typed=True)
    assert pd.api.types.is_float_dtype(table["Amount"])
    assert table["Amount (text)"].iloc[0] == f"{table['Amount'].iloc[0]:,.2f}"


def test_names_that_group_columns_stand_before_the_names_of_the_columns(read):
    staff = next(t for t in read.tables(typed=True) if t.attrs["caption"].startswith("Table 2"))
    assert list(staff.columns[:5]) == [
        "Site",
        "Technical / Research",
        "Technical / Production",
        "Other / Sales",
        "Other / Office",
    ]
    assert pd.api.types.is_integer_dtype(staff["Technical / Research"])


def test_an_export_says_what_its_columns_are(ws, documents, tmp_path):
    batch = ws.submit(documents / "invoice_401.pdf").wait(60)
    files = batch.export(tmp_path / "out", to=["csv", "xlsx", "jsonl", "html"])
    assert {"dictionary.md", "blocks.csv", "pagequeue.xlsx", "blocks.jsonl"} <= {
        path.name for path in files
    }
    assert "blocks.csv" in (tmp_path / "out" / "dictionary.md").read_text("utf-8")
