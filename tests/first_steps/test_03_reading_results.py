"""How results are read."""

import pandas as pd
import pytest

import toolkit


def test_a_row_a_block(read):
    blocks = read.blocks()
    assert set(blocks["file"]) == {job.filename for job in read}
    title = blocks[blocks["text"] == "Annual Report 2025"].iloc[0]
    assert (title["type"], title["page"], title["verified"]) == ("heading", 1, True)


def test_every_block_knows_where_it_stands(read):
    blocks = read.blocks()
    assert (blocks["x0"] <= blocks["x1"]).all()
    assert blocks[["x0", "y0", "x1", "y1"]].stack().between(0, 1).all()
    assert blocks["file_hash"].str.startswith("sha256:").all()


def test_filtering_in_the_words_of_documents(read):
    blocks = read.blocks()
    tables = blocks.doc.filter(type="table", file="invoice_*.pdf", min_confidence=0.5)
    assert len(tables) == 3
    assert blocks.doc.filter(text="annual report")["page"].min() == 1
    with pytest.raises(toolkit.InvalidOption, match="'table'"):
        blocks.doc.filter(type="tabel")


def test_a_row_a_page(read):
    pages = read.pages()
    assert len(pages) == sum(document.source.page_count for document in read.documents())
    assert pages["blocks"].sum() == len(read.blocks())


def test_documents_one_at_a_time(read):
    documents = read.documents()
    assert [document.source.filename for document in documents] == [job.filename for job in read]
    headings = [b.text for b in documents[1].blocks if type(b).__name__ == "Heading"]
    assert any(text.startswith("Invoice INV-2025-") for text in headings)


def test_a_table_has_rows_and_headers(read):
    (table,) = (b for b in read.documents()[1].blocks if type(b).__name__ == "Table")
    assert table.headers == ("Description", "Quantity", "Unit price", "Amount")
    assert table.rows[-1][-1].replace(",", "").replace(".", "").isdigit()


def test_numbers_of_a_batch(read):
    stats = read.stats()
    assert stats.jobs == stats.counts["completed"] == len(read)
    assert stats.pages == len(read.pages())
    assert f"{stats.pages} pages" in repr(stats)


def test_export(read, tmp_path):
    read.export(tmp_path / "out", to=["parquet", "markdown"])
    blocks = pd.read_parquet(tmp_path / "out" / "blocks.parquet")
    assert len(blocks) == len(read.blocks())
    assert "# " in (tmp_path / "out" / "paper.md").read_text()


def test_an_empty_frame_has_the_columns_of_a_full_one(ws, read):
    empty = ws.submit([]).blocks()
    pd.testing.assert_series_equal(empty.dtypes, read.blocks().dtypes)


def test_values_show_themselves(read):
    for value in (read, read[0], read.documents()[0], read.stats()):
        assert "\n" not in repr(value)
        assert "<script" not in value._repr_html_()
