"""CSV, XLSX, JSON and JSON lines: what pandas, openpyxl and DuckDB read back is what was there."""

from __future__ import annotations

import csv as stdlib_csv
import io
import json as stdlib_json
import tempfile
from datetime import UTC
from pathlib import Path
from zipfile import ZipFile

import duckdb
import made
import openpyxl
import pandas as pd
import pytest
from export_made import HOSTILE, job, of_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import frames
from toolkit.document.blocks import Heading, Paragraph, Table
from toolkit.document.wire import decode, encode
from toolkit.errors import UnreadablePath
from toolkit.export import csv, dictionary, html, json, jsonl, xlsx
from toolkit.export.cells import starts_formula, without_controls
from toolkit.export.rows import BLOCK_NAMES, block_rows, lineage
from toolkit.export.tables import unique_names

DOCUMENT = made.document(
    [
        made.block(Heading, text="One", level=2),
        made.block(
            Table,
            headers=("Item", "Net", "Net", ""),
            rows=(("Pump", "=1+1", "-5", "NA"), ('Valve, 2"', "", "@x", "007")),
            header_rows=1,
            caption="Sales",
        ),
    ],
    [made.block(Paragraph, text="Two é\nlines"), made.block(Table, headers=(), rows=(("a",),))],
)
PAIRS = [(job(1, "in/a.pdf"), DOCUMENT), (job(2, "b.pdf"), None), (job(3, "a.pdf"), DOCUMENT)]
GRID = [["Item", "Net", "Net (2)", "column 4"], ["Pump", "=1+1", "-5", "NA"],
        ["Valve, 2\"", "", "@x", "007"]]  # fmt: skip

plain_text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)
every_format = pytest.mark.parametrize(
    "write", [csv.write, xlsx.write, json.write, jsonl.write, html.write], ids=str
)


def expected_blocks(pairs) -> list[tuple]:
    return [row for j, d in pairs if d for row in block_rows(lineage(j, d), d)]


def as_text(value: object) -> str:
    return "" if value is None else str(value)


# --- CSV --------------------------------------------------------------------------------------


def test_csv_has_a_file_for_every_frame_and_for_every_table(tmp_path):
    written = csv.write(iter(PAIRS), tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in written] == [
        *("jobs.csv", "documents.csv", "pages.csv", "blocks.csv", "tables.csv"),
        *("tables/a-p1-1.csv", "tables/a-p2-1.csv", "tables/a-2-p1-1.csv", "tables/a-2-p2-1.csv"),
    ]
    assert len(pd.read_csv(tmp_path / "jobs.csv")) == 3
    index = pd.read_csv(tmp_path / "tables.csv")
    assert list(index["place"]) == [path.relative_to(tmp_path).as_posix() for path in written[5:]]
    assert list(index["caption"].fillna("")) == ["Sales", "", "Sales", ""]
    assert list(index["rows"]) == [2, 1, 2, 1]


def test_pandas_and_duckdb_read_a_table_back_from_csv(tmp_path):
    csv.write(iter(PAIRS), tmp_path)
    path = tmp_path / "tables" / "a-p1-1.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert [list(frame), *frame.to_numpy().tolist()] == GRID
    found = duckdb.sql(
        f"SELECT * FROM read_csv('{path}', header=true, all_varchar=true, nullstr='\\N')"
    )
    assert [found.columns, *map(list, found.fetchall())] == GRID


@given(documents=st.lists(made.documents(plain_text), min_size=1, max_size=2))
@settings(max_examples=25, deadline=None)
def test_pandas_reads_any_blocks_back_from_csv(documents):
    pairs = [(job(number), document) for number, document in enumerate(documents)]
    with tempfile.TemporaryDirectory() as folder:
        csv.write(iter(pairs), Path(folder))
        frame = pd.read_csv(Path(folder, "blocks.csv"), dtype=str, keep_default_na=False)
    assert tuple(frame) == BLOCK_NAMES
    expected = [
        tuple(without_controls(as_text(value)) for value in row) for row in expected_blocks(pairs)
    ]
    assert list(frame.itertuples(index=False, name=None)) == expected


def test_times_in_csv_are_read_as_times(tmp_path):
    csv.write(iter(PAIRS), tmp_path)
    times = pd.to_datetime(pd.read_csv(tmp_path / "jobs.csv")["created_at"])
    expected = frames.jobs(j for j, _ in PAIRS)["created_at"]
    assert list(times) == list(expected)


def test_csv_for_spreadsheets(tmp_path):
    csv.write(iter(PAIRS), tmp_path, bom=True, formula_safe=True)
    content = (tmp_path / "tables" / "a-p1-1.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(stdlib_csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1:] == [["Pump", "'=1+1", "-5", "NA"], ['Valve, 2"', "", "'@x", "007"]]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_cell_of_safe_csv_is_live(tmp_path, text):
    written = csv.write([(job(1, text[:100]), of_text(text))], tmp_path, formula_safe=True)
    stdlib_csv.field_size_limit(10_000_000)
    for path in written:
        content = path.read_bytes().decode()
        assert without_controls(content) == content
        for row in stdlib_csv.reader(io.StringIO(content, newline="")):
            assert not [cell for cell in row if starts_formula(cell)]


# --- XLSX -------------------------------------------------------------------------------------


def sheet(path: Path, name: str) -> list[list[object]]:
    book = openpyxl.load_workbook(path)
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


def test_openpyxl_reads_back_what_was_written(tmp_path):
    [path] = xlsx.write(iter(PAIRS), tmp_path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        *("jobs", "documents", "blocks", "tables", "notes"),
        *("in_a.pdf p1-1", "in_a.pdf p2-1", "a.pdf p1-1", "a.pdf p2-1"),
    ]
    found = [["" if value is None else value for value in row] for row in sheet(path, "a.pdf p1-1")]
    assert found == GRID
    assert [row[-1] for row in sheet(path, "tables")[1:]] == book.sheetnames[5:]
    head, *blocks = sheet(path, "blocks")
    assert tuple(head) == BLOCK_NAMES
    expected = [[value if value != "" else None for value in row] for row in expected_blocks(PAIRS)]
    assert blocks == expected
    [created] = {row[11] for row in sheet(path, "jobs")[1:]}
    assert created.tzinfo is None
    assert abs(created.replace(tzinfo=UTC).timestamp() - PAIRS[0][0].created_at) < 0.001


def test_pandas_reads_a_workbook_back(tmp_path):
    [path] = xlsx.write(iter(PAIRS), tmp_path)
    frame = pd.read_excel(path, sheet_name="a.pdf p1-1", dtype=str, keep_default_na=False)
    assert [list(frame), *frame.to_numpy().tolist()] == GRID


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_all_text_in_a_workbook_is_text(tmp_path, text):
    document = of_text(text)
    [path] = xlsx.write([(job(1, text[:100], error=text), document)], tmp_path)
    book = openpyxl.load_workbook(path)
    clean = without_controls(text)
    for page in book:
        for row in page.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                assert cell.data_type in "snbd"
                if isinstance(cell.value, str):
                    assert (cell.data_type, cell.quotePrefix) == ("s", True)
                    assert len(cell.value) <= 32_767
    if len(clean) < 32_767:
        # XML has one sign for the end of a line.
        texts = [row[10].value for row in book["blocks"].iter_rows(min_row=2, max_row=3)]
        assert [told.replace("\r\n", "\n").replace("\r", "\n") for told in texts] == [
            clean.replace("\r\n", "\n").replace("\r", "\n")
        ] * 2
    with ZipFile(path) as parts:
        inner = b"".join(parts.read(name) for name in parts.namelist() if "sheet" in name)
    assert b"<f>" not in inner
    assert b"<hyperlink" not in inner


def test_a_cell_that_is_too_long_says_so(tmp_path):
    document = made.document([made.block(Paragraph, text="\U0001f600" * 20_000)])
    [path] = xlsx.write([(job(1), document)], tmp_path)
    [_, row] = sheet(path, "blocks")
    assert len(row[10].encode("utf-16-le")) // 2 <= 32_767
    assert row[10].endswith("… [cut off: 20,000 characters, of which a cell holds 32,767]")
    [_, [where, note]] = sheet(path, "notes")
    assert where == "blocks"
    assert note.startswith("row 2: ")


def test_rows_that_do_not_fit_go_on_in_another_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "_MOST_ROWS", 4)
    document = made.document([made.block(Paragraph, text=str(n)) for n in range(7)])
    [path] = xlsx.write([(job(1), document)], tmp_path)
    texts = [
        row[10] for name in ("blocks", "blocks (2)", "blocks (3)") for row in sheet(path, name)
    ]
    assert texts == ["text", "0", "1", "2", "text", "3", "4", "5", "text", "6"]
    assert sheet(path, "notes")[1] == [
        "blocks",
        "goes on in the sheet 'blocks (2)': a sheet has 4 rows",
    ]
    assert sheet(path, "notes")[2][0] == "blocks (2)"


def test_tables_without_a_sheet_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "_MOST_TABLES", 2)
    [path] = xlsx.write(iter(PAIRS), tmp_path)
    assert [row[-1] for row in sheet(path, "tables")[1:]] == [
        *("in_a.pdf p1-1", "in_a.pdf p2-1", None, None)
    ]
    assert sheet(path, "notes")[1][1].startswith("2 tables have no sheet of their own")


@given(st.lists(st.text(max_size=60), max_size=8))
def test_sheets_have_names_that_excel_takes(names):
    taken: set[str] = set()
    for name in names:
        title = xlsx._title(name, taken)
        taken.add(title.casefold())
        assert 0 < len(title.encode("utf-16-le")) // 2 <= 31
        assert not set(title) & set("[]:*?/\\")
        assert title.strip("'") == title
    assert len(taken) == len(names)


def test_an_export_that_breaks_leaves_no_drafts(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "drafts"))
    (tmp_path / "drafts").mkdir()

    def broken():
        yield job(1), DOCUMENT
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        xlsx.write(broken(), tmp_path / "out")
    assert not list((tmp_path / "drafts").iterdir())
    assert not list((tmp_path / "out").iterdir())


# --- JSON -------------------------------------------------------------------------------------


def test_json_is_the_canonical_document(tmp_path):
    written = json.write(iter(PAIRS), tmp_path)
    assert [path.name for path in written] == ["a.json", "a-2.json"]
    assert [path.read_bytes() for path in written] == [encode(DOCUMENT)] * 2
    assert decode(written[0].read_bytes()) == DOCUMENT


def test_a_line_of_json_knows_where_it_comes_from(tmp_path):
    [path] = jsonl.write(iter(PAIRS), tmp_path)
    lines = [stdlib_json.loads(line) for line in path.read_bytes().splitlines()]
    assert [line["text"] for line in lines if line["type"] == "heading"] == ["One", "One"]
    assert {line["job_id"] for line in lines} == {PAIRS[0][0].id, PAIRS[2][0].id}
    assert [line["id"] for line in lines] == [row[6] for row in expected_blocks(PAIRS)]
    first = lines[0]
    assert (first["document_id"], first["file"]) == (PAIRS[0][0].document_id, "in/a.pdf")
    assert first["file_hash"] == DOCUMENT.source.file_hash
    frame = pd.read_json(path, lines=True)
    assert len(frame) == len(lines)
    [(count,)] = duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE type = 'table'").fetchall()
    assert count == 4


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_kept_in_json(tmp_path, text):
    document = of_text(text)
    [path] = json.write([(job(1, text[:100]), document)], tmp_path)
    assert decode(path.read_bytes()) == document
    [path] = jsonl.write([(job(1, text[:100]), document)], tmp_path)
    lines = [stdlib_json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    assert [line["text"] for line in lines[:2]] == [text, text]
    assert b"\x1b" not in path.read_bytes()


# --- all --------------------------------------------------------------------------------------


@every_format
def test_no_documents_make_no_error(tmp_path, write):
    for path in write(iter([(job(1), None)]), tmp_path / "new" / "folder"):
        assert path.is_file()


@every_format
def test_a_folder_that_cannot_be_is_said_so(tmp_path, write):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UnreadablePath, match="cannot be written"):
        write([(job(1), DOCUMENT)], tmp_path / "file" / "out")


@every_format
@given(document=made.documents())
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_document_can_be_written(tmp_path, write, document):
    name = document.source.filename
    written = write([(job(1, name), document), (job(2, name), document)], tmp_path)
    assert len(set(written)) == len(written)
    assert all(path.is_file() and path.is_relative_to(tmp_path) for path in written)


def test_names_of_columns_are_never_given_twice():
    assert unique_names(["a", "a", "a (2)"], ["a (3)"]) == ("a", "a (4)", "a (2)")


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "b"]), max_size=9))
def test_unique_names_are_unique_and_stable(names):
    found = unique_names(names)
    assert len(set(found)) == len(names)
    assert found == unique_names(names)
    for name in set(names):
        assert found[names.index(name)] == name


# --- the data dictionary ----------------------------------------------------------------------


def test_the_dictionary_says_every_file_and_every_column(tmp_path):
    written = [*csv.write(iter(PAIRS), tmp_path), *html.write(iter(PAIRS), tmp_path)]
    markdown, as_json = dictionary.write(written, tmp_path)
    told = stdlib_json.loads(as_json.read_bytes())
    files = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {entry["file"] for entry in told["files"]} == files
    assert all(entry["holds"] for entry in told["files"])
    for name, columns in told["tables"].items():
        assert [column["column"] for column in columns] == list(
            pd.read_csv(tmp_path / f"{name}.csv")
        )
        assert all(column["dtype"] and column["meaning"] for column in columns)
    assert set(told["tables"]) == {"jobs", "documents", "pages", "blocks", "tables"}
    text = markdown.read_text("utf-8")
    assert all(f"`{name}`" in text for name in (*files, *BLOCK_NAMES))


def test_the_dictionary_speaks_of_what_is_there(tmp_path):
    markdown, _ = dictionary.write(json.write(iter(PAIRS), tmp_path), tmp_path)
    assert "`job_id`" not in markdown.read_text("utf-8")
    markdown, _ = dictionary.write(xlsx.write(iter(PAIRS), tmp_path), tmp_path)
    assert "## blocks" in markdown.read_text("utf-8")


def test_the_dictionary_replaces_no_document(tmp_path):
    written = json.write([(job(1, "Dictionary.pdf"), DOCUMENT)], tmp_path)
    assert [path.name for path in dictionary.write(written, tmp_path)] == [
        *("dictionary-2.md", "dictionary-2.json")
    ]
    assert decode(written[0].read_bytes()) == DOCUMENT


def test_every_column_is_explained():
    every = [*frames.JOB_COLUMNS, *frames.BLOCK_COLUMNS, *frames.PAGE_COLUMNS]
    every += frames.DOCUMENT_COLUMNS
    assert set(every) <= set(dictionary.COLUMNS)
