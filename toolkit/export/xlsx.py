"""Jobs, documents and blocks as one workbook, with a sheet for every table. Nothing in it is live.

Every text is a string cell that says so twice (its type, and the quote prefix), so that no
spreadsheet computes what stands in a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from toolkit.document.document import Document
from toolkit.export.cells import without_controls
from toolkit.export.replacing import replacing
from toolkit.export.rows import (
    BLOCK_NAMES,
    DOCUMENT_NAMES,
    JOB_NAMES,
    block_rows,
    document_row,
    job_row,
    lineage,
)
from toolkit.export.tables import TABLE_NAMES, column_names, grid, numbered_tables, table_row
from toolkit.jobs.job import Job

__all__ = ["write"]

_MOST_CHARACTERS = 32_767
"""What a cell holds, in units of UTF-16: Excel refuses a file with more in a cell."""
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
# Excel has no limit, but opens a workbook of 1,000 sheets in seconds and one of 10,000 in minutes.
_MOST_TABLES = 1_000
_LONGEST_TITLE = 31
_FORBIDDEN_IN_TITLE = re.compile(r"[\\/*?:\[\]]")
_TIMES = ("created_at", "started_at", "ended_at")

_SHEETS: dict[str, Sequence[str]] = {
    "jobs": JOB_NAMES,
    "documents": DOCUMENT_NAMES,
    "blocks": BLOCK_NAMES,
    "tables": TABLE_NAMES,
    "notes": ("sheet", "note"),
}


def write(documents: Iterable[tuple[Job, Document | None]], out: Path) -> list[Path]:
    """``pagequeue.xlsx`` in the folder *out*: sheets of jobs, documents, blocks, and each table.

    ``tables`` says which sheet holds which table. Times are UTC. Where Excel's limits cut
    something off, the sheet ``notes`` says what. Rows go to the disk as they come. Raises
    UnreadablePath where *out* may not be written to.
    """
    path = out / "pagequeue.xlsx"
    with replacing(path) as file, _workbook() as book:
        for job, document in documents:
            book.sheets["jobs"].add([job_row(job)])
            if document is not None:
                _add_document(book, job, document)
        book.save(file)
    return [path]


def _add_document(book: _Book, job: Job, document: Document) -> None:
    origin = lineage(job, document)
    book.sheets["documents"].add([document_row(origin, document)])
    book.sheets["blocks"].add(block_rows(origin, document))
    for number, table in numbered_tables(document):
        title = None
        if book.has_room():
            sheet = book.sheet(f"{origin[2]} p{table.page}-{number}", column_names(table))
            sheet.add(grid(table))
            sheet.close()
            title = sheet.title
        book.sheets["tables"].add([table_row(origin, table, title)])


class _Book:
    """A workbook whose sheets grow by rows, and what Excel's limits did to it."""

    def __init__(self) -> None:
        self.workbook = Workbook(write_only=True)
        self.notes: list[tuple[str, str]] = []
        self._titles: set[str] = set()
        self._tables = -len(_SHEETS)
        self._left_out = 0
        self.sheets = {name: self.sheet(name, columns) for name, columns in _SHEETS.items()}

    def sheet(self, title: str, names: Sequence[str]) -> _Sheet:
        self._tables += 1
        return _Sheet(self, self.fresh_title(title), names)

    def fresh_title(self, wanted: str) -> str:
        title = _title(wanted, self._titles)
        self._titles.add(title.casefold())
        return title

    def has_room(self) -> bool:
        """Whether a table gets a sheet of its own; counts those that do not."""
        self._left_out += self._tables >= _MOST_TABLES
        return self._tables < _MOST_TABLES

    def save(self, file: Any) -> None:
        if self._left_out:
            note = f"{self._left_out:,} tables have no sheet of their own: more than "
            self.notes.append(("tables", f"{note}{_MOST_TABLES:,} would be slow to open"))
        for sheet in self.sheets.values():
            if sheet.title != "notes":
                sheet.close()
        self.sheets["notes"].add(self.notes)
        self.sheets["notes"].close()
        self.workbook.save(file)


@contextmanager
def _workbook() -> Iterator[_Book]:
    """A workbook, of whose drafts nothing stays on the disk, however the block ends."""
    book = _Book()
    try:
        yield book
    finally:
        for sheet in book.workbook.worksheets:
            writer = cast(Any, sheet)._writer
            if writer is not None and Path(writer.out).exists():
                if not cast(Any, sheet).closed:
                    cast(Any, sheet).close()
                writer.cleanup()


class _Sheet:
    """A sheet that grows by rows, and goes on in another one where Excel takes no more."""

    def __init__(self, book: _Book, title: str, names: Sequence[str]) -> None:
        self.title, self._book, self._names = title, book, names
        self._times = [name in _TIMES for name in names]
        if len(names) > _MOST_COLUMNS:
            lost = f"{len(names) - _MOST_COLUMNS:,} columns are cut off"
            book.notes.append((title, f"{lost}: a sheet has {_MOST_COLUMNS:,}"))
        self._begin(title)

    def _begin(self, title: str) -> None:
        self._page = cast(WriteOnlyWorksheet, self._book.workbook.create_sheet(title))
        cast(Any, self._page).freeze_panes = "A2"
        self._shown, self._rows = title, 1
        head = [self._text(name) for name in self._names[:_MOST_COLUMNS]]
        for cell in filter(None, head):
            cell.font = Font(bold=True)
        self._page.append(head)

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self._rows >= _MOST_ROWS:
                self._go_on()
            self._rows += 1
            cells = zip(row[:_MOST_COLUMNS], self._times, strict=False)
            self._page.append([self._cell(value, is_time) for value, is_time in cells])

    def _go_on(self) -> None:
        self._page.close()
        title = self._book.fresh_title(self.title)
        note = f"goes on in the sheet {title!r}: a sheet has {_MOST_ROWS:,} rows"
        self._book.notes.append((self._shown, note))
        self._begin(title)

    def close(self) -> None:
        self._page.close()

    def _cell(self, value: Any, is_time: bool) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if is_time and value is not None:
            return datetime.fromtimestamp(value, UTC).replace(tzinfo=None)
        return value

    def _text(self, value: str) -> Any:
        text = without_controls(value)
        if not text:
            # A string cell without a string is one that Excel calls damaged.
            return None
        if len(text) > _MOST_CHARACTERS // 2 and _units(text) > _MOST_CHARACTERS:
            text = self._cut(text)
        cell: Any = WriteOnlyCell(self._page)
        # Past openpyxl's own reading of the value, which makes formulas and errors of text.
        cell._value, cell.data_type = text, "s"
        cell.quotePrefix = True
        return cell

    def _cut(self, text: str) -> str:
        words = f"… [cut off: {len(text):,} characters, of which a cell holds {_MOST_CHARACTERS:,}]"
        self._book.notes.append((self._shown, f"row {self._rows:,}: {words}"))
        return _shortened(text, _MOST_CHARACTERS - len(words)) + words


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _shortened(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _title(wanted: str, taken: set[str]) -> str:
    """*wanted* as a sheet's name that Excel takes and that is not yet *taken* in any case.

    Where it is too long, what stands before its last word is shortened.
    """
    text = " ".join(_FORBIDDEN_IN_TITLE.sub("_", without_controls(wanted)).split())
    start, _, place = text.rpartition(" ")
    start, place = (start, f" {place}") if start else (text, "")
    end, number = place, 1
    while True:
        title = (_shortened(start, _LONGEST_TITLE - _units(end)).strip(" '") or "table") + end
        # "History" is a name that Excel keeps for itself.
        if title.casefold() not in taken and title.casefold() != "history":
            return title
        number += 1
        end = f"{place} ({number})"
