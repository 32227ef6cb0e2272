"""Jobs, documents, pages and blocks as CSV, and every table as a file of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from toolkit.document.document import Document
from toolkit.export.cells import starts_formula, without_controls
from toolkit.export.names import Names
from toolkit.export.replacing import replacing
from toolkit.export.rows import (
    BLOCK_NAMES,
    DOCUMENT_NAMES,
    JOB_NAMES,
    PAGE_NAMES,
    block_rows,
    document_row,
    job_row,
    lineage,
    page_rows,
)
from toolkit.export.tables import TABLE_NAMES, column_names, grid, numbered_tables, table_row
from toolkit.jobs.job import Job

__all__ = ["write"]

_SHEETS: dict[str, Sequence[str]] = {
    "jobs": JOB_NAMES,
    "documents": DOCUMENT_NAMES,
    "pages": PAGE_NAMES,
    "blocks": BLOCK_NAMES,
    "tables": TABLE_NAMES,
}
_TIMES = ("created_at", "started_at", "ended_at")
_BOM = b"\xef\xbb\xbf"


def write(
    documents: Iterable[tuple[Job, Document | None]],
    out: Path,
    *,
    bom: bool = False,
    formula_safe: bool = False,
) -> list[Path]:
    """``jobs``, ``documents``, ``pages``, ``blocks`` and ``tables.csv``, and the tables' own files.

    A table is ``tables/<file>-p<page>-<number on the page>.csv``; ``tables.csv`` says which is
    which. All is UTF-8, with a mark at its start if *bom* (Excel needs it). *formula_safe* puts
    ``'`` before text that a spreadsheet would compute. The five files take their places at the
    end, or none does; a table's file is there whole or not at all. Raises UnreadablePath where
    *out* may not be written to.
    """
    text = _defused if formula_safe else without_controls
    names, written = Names(), []
    with ExitStack() as stack:
        sheets = {}
        for name, columns in _SHEETS.items():
            file = stack.enter_context(replacing(out / f"{name}.csv"))
            sheets[name] = _Sheet(file, columns, text=text, bom=bom)
        for job, document in documents:
            sheets["jobs"].add([job_row(job)])
            if document is None:
                continue
            origin = lineage(job, document)
            sheets["documents"].add([document_row(origin, document)])
            sheets["pages"].add(page_rows(origin, document))
            sheets["blocks"].add(block_rows(origin, document))
            stem = names.take(origin[2], "")
            for number, table in numbered_tables(document):
                place = Path("tables") / f"{stem}-p{table.page}-{number}.csv"
                with replacing(out / place) as file:
                    _Sheet(file, column_names(table), text=text, bom=bom).add(grid(table))
                sheets["tables"].add([table_row(origin, table, place.as_posix())])
                written.append(out / place)
    return [*(out / f"{name}.csv" for name in _SHEETS), *written]


class _Sheet:
    """A CSV file that grows by rows; it holds none of them."""

    def __init__(
        self, file: BinaryIO, names: Sequence[str], *, text: Callable[[str], str], bom: bool
    ) -> None:
        self._file, self._text = file, text
        self._times = [name in _TIMES for name in names]
        if bom:
            file.write(_BOM)
        self.add([names])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        lines = io.StringIO(newline="")
        # As RFC 4180 has it; and the writer puts quotes around those ends of lines that it writes.
        writer = csv.writer(lines, lineterminator="\r\n")
        for row in rows:
            writer.writerow(map(self._cell, row, self._times))
        self._file.write(lines.getvalue().encode())

    def _cell(self, value: Any, is_time: bool) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if is_time and value is not None:
            return datetime.fromtimestamp(value, UTC).isoformat(timespec="microseconds")
        return value


def _defused(text: str) -> str:
    clean = without_controls(text)
    return "'" + clean if starts_formula(clean) else clean
