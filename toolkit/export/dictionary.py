"""The data dictionary: what every file of an export holds, column by column, beside the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from toolkit.document.blocks import BLOCK_TYPES, Proof, Role, TextSource
from toolkit.document.document import SourceKind
from toolkit.export.names import Names
from toolkit.export.replacing import replacing
from toolkit.export.rows import BLOCK_NAMES, DOCUMENT_NAMES, JOB_NAMES, PAGE_NAMES
from toolkit.export.tables import TABLE_NAMES
from toolkit.jobs.state import JobState

__all__ = ["COLUMNS", "Column", "write"]


class Column(NamedTuple):
    """What a column holds: its type, its unit ("" for none), and its meaning."""

    dtype: str
    unit: str
    meaning: str


def _words(values: Iterable[str]) -> str:
    return ", ".join(map(str, values))


_SHARE_X = "share of the page's width"
_SHARE_Y = "share of the page's height"

COLUMNS: Mapping[str, Column] = {
    "job_id": Column("text", "", "the job that made this; unique"),
    "document_id": Column("text", "", "the document; joins all the tables"),
    "batch": Column("text", "", "what was submitted together"),
    "tool": Column("text", "", "the type of the job"),
    "status": Column("text", "", f"where the job is: {_words(JobState)}"),
    "file": Column("text", "", "the name of the file that was handed in"),
    "file_hash": Column("text", "", '"sha256:" and the hash of the file\'s bytes'),
    "engine": Column("text", "", "name and version of what read the file"),
    "origin": Column("text", "", "where the file came from: a path, an address"),
    "size_bytes": Column("integer", "bytes", "the size of the file"),
    "media_type": Column("text", "", "the type of the file"),
    "priority": Column("integer", "", "higher is sooner"),
    "created_at": Column("time", "UTC", "when the job was submitted"),
    "started_at": Column("time", "UTC", "when its last attempt began; missing before"),
    "ended_at": Column("time", "UTC", "when it ended; missing before"),
    "waited_s": Column("number", "seconds", "from submission to start"),
    "ran_s": Column("number", "seconds", "from start to end"),
    "progress": Column("number", "per cent", "how far it is, 0 to 100"),
    "stage": Column("text", "", "what it does or did last"),
    "attempt": Column("integer", "", "how many times it was tried"),
    "interruptions": Column("integer", "", "how many times its runner died"),
    "cache_hit": Column("boolean", "", "whether an earlier result was taken"),
    "has_result": Column("boolean", "", "whether a result is there"),
    "error_code": Column("text", "", "why it failed, as a code; missing if it did not"),
    "error": Column("text", "", "why it failed, for a person"),
    "page": Column("integer", "", "the page, from 1"),
    "pages": Column("integer", "", "how many pages were read"),
    "page_count": Column("integer", "", "how many pages the file has"),
    "width_inches": Column("number", "inches", "the page's width"),
    "height_inches": Column("number", "inches", "the page's height"),
    "blocks": Column("integer", "", "how many blocks there are"),
    "failures": Column("integer", "", "how many problems pages had"),
    "failure_code": Column("text", "", "why the page, or a part of it, is missing, as a code"),
    "failure": Column("text", "", "the same, for a person"),
    "kind": Column("text", "", f"the kind of file: {_words(SourceKind)}"),
    "profile": Column("text", "", "how thoroughly the file was read"),
    "faithfulness_score": Column("number", "share", "how much of the text was found again, 0 to 1"),
    "duration_ms": Column("integer", "milliseconds", "how long reading took"),
    "block_id": Column("text", "", "the block; unique within its document"),
    "type": Column("text", "", f"what the block is: {_words(BLOCK_TYPES)}"),
    "role": Column("text", "", f"what it does in its document, if known: {_words(Role)}"),
    "level": Column("integer", "", "of a heading, 1 (the highest) to 6; missing otherwise"),
    "text": Column("text", "", "what it says; a table's cells are parted by tabs"),
    "text_source": Column("text", "", f"how its text came to be: {_words(TextSource)}"),
    "verified": Column("boolean", "", "whether its text is equal to what the file itself says"),
    "proof": Column("text", "", f"what that was proven against: {_words(Proof)}"),
    "confidence": Column("number", "share", "how sure the engine is of it, 0 to 1"),
    "reading_order_index": Column("integer", "", "its place on the page, from 0"),
    "x0": Column("number", _SHARE_X, "the left edge; 0 is the page's left"),
    "y0": Column("number", _SHARE_Y, "the top edge; 0 is the page's top"),
    "x1": Column("number", _SHARE_X, "the right edge"),
    "y1": Column("number", _SHARE_Y, "the bottom edge"),
    "caption": Column("text", "", "the table's caption; missing without one"),
    "columns": Column("integer", "", "how many columns the table has"),
    "rows": Column("integer", "", "how many rows its body has"),
    "place": Column("text", "", "the file or the sheet that holds the table"),
}
"""Every column of every table that an export makes; the same name means the same everywhere."""

_TABLES: Mapping[str, tuple[str, Sequence[str]]] = {
    "jobs": ("A row a job, also a failed one.", JOB_NAMES),
    "documents": ("A row a document.", DOCUMENT_NAMES),
    "pages": ("A row a page, also one that could not be read.", PAGE_NAMES),
    "blocks": ("A row a block, in reading order.", BLOCK_NAMES),
    "tables": ("A row a table of a document; `place` names what holds it.", TABLE_NAMES),
}
_KINDS: Mapping[str, str] = {
    ".json": "A document as JSON: source, extraction, pages of blocks; canonical.",
    ".md": "A document as Markdown.",
    ".html": "A document as a page for any browser, which fetches nothing and runs nothing.",
    ".jsonl": (
        "A block a line, as in the document's JSON, after job_id, document_id, file, file_hash, "
        "engine. bbox is (x0, y0, x1, y1)."
    ),
}
_WORKBOOK = (
    "A workbook with the sheets jobs, documents, blocks and tables (whose columns are below), "
    "notes (what Excel's limits cut off), and a sheet for each table. All text is text, never a "
    "formula; times are UTC."
)
_READING = {
    ".csv": (
        "CSV: UTF-8, commas, a first line of names; missing values are empty. In pandas, "
        "`read_csv(path, keep_default_na=False)` keeps words such as NA as text. A spreadsheet "
        "computes cells that begin with `=`: open the XLSX instead, or export with "
        "`formula_safe=True`, which puts `'` before them."
    ),
    ".parquet": "Parquet: `pandas.read_parquet(path)` gives the frame with its types again.",
}


def write(files: Iterable[Path], out: Path) -> list[Path]:
    """``dictionary.md`` and ``dictionary.json`` in the folder *out*, which describe *files*.

    *files* are what exporters wrote into *out*. Raises UnreadablePath where *out* may not be
    written to.
    """
    places = [path.relative_to(out).as_posix() if path.is_relative_to(out) else path.name
              for path in files]  # fmt: skip
    entries = [(place, *_described(place)) for place in sorted(set(places))]
    # A document may be named "dictionary" too.
    names = Names()
    for place in places:
        names.take(place, "")
    stem = names.take("dictionary", "")
    told = {f"{stem}.md": _markdown(entries).encode(), f"{stem}.json": _json(entries)}
    for name, content in told.items():
        with replacing(out / name) as file:
            file.write(content)
    return [out / name for name in told]


def _described(place: str) -> tuple[str, Sequence[str]]:
    """What the file at *place* holds, and its columns where it has any of ours."""
    path = Path(place)
    if path.suffix == ".xlsx":
        return _WORKBOOK, ()
    if path.suffix in (".csv", ".parquet"):
        if path.parent.name == "tables":
            return "A table of a document, under its own names; all columns are text.", ()
        return _TABLES.get(path.stem, ("", ()))
    return _KINDS.get(path.suffix, ""), ()


def _markdown(entries: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    lines = ["# Data dictionary", "", "| file | what it holds |", "| --- | --- |"]
    lines += [f"| `{place.replace('|', '_')}` | {said} |" for place, said, _ in entries]
    suffixes = {Path(place).suffix for place, *_ in entries}
    for suffix, words in _READING.items():
        if suffix in suffixes:
            lines += ["", words]
    for name in _tables_in(entries):
        said, columns = _TABLES[name]
        lines += ["", f"## {name}", "", said, ""]
        lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |"]
        lines += [_line(column) for column in columns]
    return "\n".join(lines) + "\n"


def _line(name: str) -> str:
    return f"| `{name}` | {' | '.join(COLUMNS[name])} |"


def _tables_in(entries: Sequence[tuple[str, str, Sequence[str]]]) -> Iterator[str]:
    found = {Path(place).stem for place, _, columns in entries if columns}
    if any(place.endswith(".xlsx") for place, *_ in entries):
        found |= {"jobs", "documents", "blocks", "tables"}
    return (name for name in _TABLES if name in found)


def _json(entries: Sequence[tuple[str, str, Sequence[str]]]) -> bytes:
    files = [{"file": place, "holds": said} for place, said, _ in entries]
    tables = {
        name: [{"column": c, **COLUMNS[c]._asdict()} for c in _TABLES[name][1]]
        for name in _tables_in(entries)
    }
    return msgspec.json.format(msgspec.json.encode({"files": files, "tables": tables}), indent=2)
