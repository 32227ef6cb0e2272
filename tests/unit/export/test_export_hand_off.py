"""What a batch hands on: files that spreadsheets may open, SQL, Arrow; each format read back."""

from __future__ import annotations

import json as stdlib_json
import sys
from pathlib import Path

import duckdb
import made
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from export_made import job

from toolkit import frames
from toolkit.document.blocks import Heading, Paragraph, Table
from toolkit.document.wire import decode
from toolkit.errors import InvalidInput, InvalidOption, MissingExtra
from toolkit.workspace.batch import Batch
from toolkit.workspace.sql import TABLES, answer

LIVE = "=cmd|' /C calc'!A0"
DOCUMENTS = {
    job(1).id: made.document(
        [
            made.block(Heading, text="Net", level=1),
            made.block(Table, headers=("Item", LIVE), rows=(("Pump", "=cmd()"),), header_rows=1),
        ]
    ),
    job(2).id: made.document([made.block(Paragraph, text="Nothing to see", confidence=0.5)]),
}
JOBS = [job(1, "a.pdf", batch="bat_1"), job(2, "A.PDF", batch="bat_1"), job(3, "b.pdf")]


class Shelf:
    """A desk with three jobs, of which the third made nothing."""

    def find(self, *, batch=None, **_):
        return [one for one in JOBS if batch in (None, one.batch)]

    def counts(self, *, batch=None):
        return {"completed": len(self.find(batch=batch))}

    def document(self, job_id):
        return DOCUMENTS[job_id]

    def _pairs(self, batch):
        return [(j, DOCUMENTS[j.id]) for j in self.find(batch=batch) if j.id in DOCUMENTS]

    def blocks(self, *, batch=None, job_ids=None, reviewed=False):
        return frames.blocks(self._pairs(batch))

    def pages(self, *, batch=None, job_ids=None):
        return frames.pages(self._pairs(batch))


@pytest.fixture(autouse=True)
def has_results(monkeypatch):
    """Jobs one and two have a result."""
    from msgspec.structs import replace

    known = [replace(one, has_result=one.id in DOCUMENTS) for one in JOBS]
    monkeypatch.setattr(sys.modules[__name__], "JOBS", known)


@pytest.fixture
def batch() -> Batch:
    return Batch(Shelf(), "bat_1", name="march")


# --- files ------------------------------------------------------------------------------------


def test_csv_is_as_it_is_unless_asked_to_be_safe(batch, tmp_path):
    batch.export(tmp_path / "plain", to="csv")
    batch.export(tmp_path / "safe", to="csv", formula_safe=True)
    plain, safe = (
        pd.read_csv(tmp_path / name / "tables" / "a-p1-1.csv", dtype=str)
        for name in ("plain", "safe")
    )
    assert [list(plain), *plain.to_numpy().tolist()] == [["Item", LIVE], ["Pump", "=cmd()"]]
    assert [list(safe), *safe.to_numpy().tolist()] == [
        ["Item", f"'{LIVE}"],
        ["Pump", "'=cmd()"],
    ]


@pytest.mark.parametrize("formula_safe", [False, True])
def test_a_workbook_computes_nothing_whatever_is_asked(batch, tmp_path, formula_safe):
    batch.export(tmp_path, to=["xlsx"], formula_safe=formula_safe)
    sheet = openpyxl.load_workbook(tmp_path / "pagequeue.xlsx")["a.pdf p1-1"]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    for text in (LIVE, "=cmd()"):
        assert (cells[text].data_type, cells[text].quotePrefix) == ("s", True)


@pytest.mark.parametrize("name", ["csv", "html", "json", "jsonl", "markdown", "parquet", "xlsx"])
def test_a_dictionary_lies_beside_every_format(batch, tmp_path, name):
    files = batch.export(tmp_path, to=name)
    told = stdlib_json.loads((tmp_path / "dictionary.json").read_bytes())
    described = {entry["file"]: entry["holds"] for entry in told["files"]}
    written = {p.relative_to(tmp_path).as_posix() for p in files if p.stem != "dictionary"}
    assert set(described) == written
    assert all(described.values())
    assert {path.name for path in files} >= {"dictionary.md", "dictionary.json"}


def test_names_that_are_one_on_some_systems_are_two_files(batch, tmp_path):
    files = batch.export(tmp_path, to=["json", "markdown", "html"])
    names = [path.name for path in files]
    assert {"a.json", "A-2.json", "a.md", "A-2.md", "a.html", "A-2.html"} <= set(names)
    assert len({name.casefold() for name in names}) == len(names)
    assert decode((tmp_path / "A-2.json").read_bytes()) == DOCUMENTS[JOBS[1].id]


def test_an_unknown_format_is_refused_before_anything_is_written(batch, tmp_path):
    with pytest.raises(InvalidOption, match="'parquet'"):
        batch.export(tmp_path / "out", to=["csv", "parket"])
    assert not (tmp_path / "out").exists()


def test_parquet_is_read_back_equal_by_pandas_arrow_and_duckdb(batch, tmp_path):
    batch.export(tmp_path, to="parquet")
    path = tmp_path / "blocks.parquet"
    blocks = batch.blocks()
    pd.testing.assert_frame_equal(pd.read_parquet(path), blocks)
    assert pq.read_table(path).column("text").to_pylist() == list(blocks["text"])
    told = duckdb.sql(f"SELECT text, x0, verified FROM '{path}'").fetchall()
    assert told == list(blocks[["text", "x0", "verified"]].itertuples(index=False, name=None))


# --- Arrow and SQL ----------------------------------------------------------------------------


def test_a_frame_is_an_arrow_table_and_back(batch):
    blocks = batch.blocks()
    table = pa.Table.from_pandas(blocks)
    assert table.num_rows == len(blocks) == 3
    pd.testing.assert_frame_equal(table.to_pandas(), blocks)


def test_sql_over_a_batch_and_over_everything(batch):
    found = batch.sql("SELECT file, count(*) AS n FROM blocks GROUP BY file ORDER BY file")
    assert list(found.itertuples(index=False, name=None)) == [("A.PDF", 1), ("a.pdf", 2)]
    assert batch.sql("SELECT count(*) AS n FROM jobs")["n"].item() == 2
    assert answer(Shelf(), "SELECT count(*) AS n FROM jobs")["n"].item() == 3
    low = batch.sql("SELECT d.kind, p.page FROM documents d JOIN pages p USING (document_id)")
    assert list(low["kind"]) == ["pdf", "pdf"]


def test_sql_keeps_the_dtypes_of_the_frames(batch):
    found, blocks = batch.sql("SELECT * FROM blocks"), batch.blocks()
    assert list(found) == list(blocks)
    for name in ("page", "verified", "confidence", "x0", "reading_order_index"):
        assert found[name].dtype == blocks[name].dtype
    assert list(found["text"]) == list(blocks["text"])
    created = batch.sql("SELECT created_at FROM jobs")["created_at"]
    assert list(created) == list(batch.jobs()["created_at"])


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY blocks TO '{folder}/out.csv'",
        "ATTACH '{folder}/new.db'",
        "EXPORT DATABASE '{folder}/all'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT * FROM hidden",
    ],
)
def test_a_query_reaches_nothing_but_its_tables(batch, tmp_path, query):
    hidden = pd.DataFrame({"secret": [1]})  # what a replacement scan would find
    assert len(hidden) == 1
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InvalidInput, match="the tables are blocks, documents, jobs, pages"):
        batch.sql(query.format(file=tmp_path / "secret.csv", folder=tmp_path))
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("query", ["", "CREATE TABLE t (a INTEGER)"])
def test_what_asks_nothing_is_refused(batch, query):
    with pytest.raises(InvalidInput, match="SELECT"):
        batch.sql(query)


def test_only_the_tables_that_are_named_are_read(batch, monkeypatch):
    def refuse(*_args, **_named):
        raise AssertionError("this frame was not asked for")

    monkeypatch.setattr(frames, "documents", refuse)
    monkeypatch.setattr(frames, "jobs", refuse)
    assert len(batch.sql("SELECT * FROM Pages")) == 2
    assert set(TABLES) == {"blocks", "documents", "jobs", "pages"}


def test_without_duckdb_it_says_what_to_install(batch, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtra, match=r"pagequeue\[sql\]"):
        batch.sql("SELECT 1")


def test_sql_is_a_verb_of_a_workspace_too(tmp_path):
    import toolkit

    with toolkit.open(Path(tmp_path) / "a.db", work=False) as ws:
        assert ws.sql("SELECT count(*) AS n FROM jobs")["n"].item() == 0
        assert list(ws.sql("SELECT * FROM blocks")) == list(ws.blocks())
