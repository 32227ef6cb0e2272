"""Tables as frames that know where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, TypeAlias

import pandas as pd

from toolkit.document.blocks import Table, TextSource
from toolkit.document.document import Document
from toolkit.document.text import text_of
from toolkit.export.rows import lineage
from toolkit.export.tables import column_names, grid, unique_names
from toolkit.frames.tables_joined import Run, mended, runs
from toolkit.frames.typed import Typed, style_of
from toolkit.frames.typed import typed as typed_column
from toolkit.frames.typed_numbers import Style
from toolkit.jobs.job import Job

__all__ = ["TableOrigin", "Tables", "tables"]

TableOrigin: TypeAlias = Document | tuple[Job, Document | None]
"""A document, or one with the job that made it; without a document there are no tables."""

_LINEAGE = ("job_id", "document_id", "file", "file_hash", "engine")
_LONGEST_SHOWN = 60


class Tables(list[pd.DataFrame]):
    """Frames in a list that shows what it holds, and not all of it."""

    def __repr__(self) -> str:
        lines = [f"{n:>3}  {'  '.join(_shown(frame))}" for n, frame in enumerate(self)]
        count = f"{len(self)} table{'' if len(self) == 1 else 's'}"
        return "\n".join([f"<{count}>", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{n}</th>{''.join(f'<td>{escape(text)}</td>' for text in _shown(frame))}</tr>"
            for n, frame in enumerate(self)
        )
        head = "<tr><th></th><th>file</th><th>page</th><th>rows × columns</th><th>caption</th></tr>"
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _shown(frame: pd.DataFrame) -> tuple[str, str, str, str]:
    where = frame.attrs
    pages = where.get("pages") or ["?"]
    page = f"p. {pages[0]}" if len(pages) == 1 else f"pp. {pages[0]}–{pages[-1]}"
    size = f"{len(frame)} × {len(frame.columns)}"
    return _line(where.get("file")), page, size, _line(where.get("caption"))


def _line(text: str | None) -> str:
    """*text* in a line that shows every character that would not be seen."""
    short = " ".join((text or "")[: 4 * _LONGEST_SHOWN].split())
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in short)
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…"


def tables(origins: Iterable[TableOrigin], *, typed: bool = False, joined: bool = True) -> Tables:
    """Every table as a frame, in the order of *origins* and of reading.

    The columns are the table's own, all text; equal names get numbers, and what has none is
    "column 3". ``frame.attrs`` says where it stands: ``job_id``, ``document_id``, ``file``,
    ``file_hash``, ``engine``, ``page``, ``pages``, ``block_id``, ``bbox`` (shares of the page),
    ``caption``, ``text_source`` and ``confidence`` (of its worst part), and ``parts``, one for
    each page. Parquet keeps these.

    With *joined*, a table that goes on over pages is one frame, and a row that the page's end cut
    in two is one row where that is clear (``attrs["rows_joined"]`` counts from 0). With *typed*, a
    column of which every value is a number, an amount of money, a percentage or a date is Int64,
    Float64 or datetime, and its text stays in a column "<name> (text)" behind the others.
    ``attrs["texts"]``
    names these, ``attrs["units"]`` the "%" or the currency of a column: 12.5 % is 12.5, and
    ``attrs["dates"]`` whether a column's dates were read "day first" or "month first", where that
    makes a difference. A column with a value that is none of these, or that can be read in two
    ways, stays text; but 03.04.2024 is in April where no other value of the column says otherwise.
    """
    found = Tables()
    for origin in origins:
        job, document = (None, origin) if isinstance(origin, Document) else origin
        if document is not None:
            where = dict(zip(_LINEAGE, lineage(job, document), strict=True))
            hint = _hint_of(document)
            for cut in runs(document) if joined else _apart(document):
                run, mends = mended(cut)
                frame = _typed_frame(run, hint) if typed else _text_frame(run)
                place = {**where, **_place(run), "rows_joined": list(mends)}
                frame.attrs = {**place, **frame.attrs}  # type: ignore[dict-item]
                found.append(frame)
    return found


def _apart(document: Document) -> Iterator[Run]:
    return ((block,) for block in document.blocks if isinstance(block, Table))


def _hint_of(document: Document) -> Callable[[], Style | None]:
    return cache(lambda: style_of(map(text_of, document.blocks)))


def _place(run: Run) -> dict[str, Any]:
    """Where the parts of a table stand, and how far they can be trusted, as JSON has it."""
    first, sources = run[0], {part.text_source for part in run}
    if TextSource.INFERRED in sources:
        source = TextSource.INFERRED
    else:
        source = sources.pop() if len(sources) == 1 else TextSource.DERIVED
    return {
        "page": first.page,
        "pages": [part.page for part in run],
        "block_id": first.id,
        "bbox": list(first.bbox),
        "caption": first.caption,
        "text_source": source.value,
        "confidence": min(part.confidence for part in run),
        "parts": [
            {"page": p.page, "block_id": p.id, "bbox": list(p.bbox), "rows": len(p.rows)}
            for p in run
        ],
    }


def _columns(run: Run) -> dict[str, list[str]]:
    names = column_names(run[0])
    rows = [row for part in run for row in grid(part)]
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _text_frame(run: Run) -> pd.DataFrame:
    return _frame({name: _text(values) for name, values in _columns(run).items()}, run)


def _frame(columns: dict[str, Any], run: Run) -> pd.DataFrame:
    index = pd.RangeIndex(sum(len(part.rows) for part in run))
    return pd.DataFrame(columns, index=index, columns=pd.Index([*columns], dtype="str"))


def _text(values: Sequence[str]) -> Any:
    return pd.array(values, dtype="str")


def _typed_frame(run: Run, of_document: Callable[[], Style | None]) -> pd.DataFrame:
    columns, spanned = _columns(run), _spanned(run)

    @cache
    def hint() -> Style | None:
        own = style_of(text for values in columns.values() for text in values)
        return own or of_document()

    read: dict[str, Typed] = {}
    for at, (name, values) in enumerate(columns.items()):
        own = [None if (row, at) in spanned else text for row, text in enumerate(values)]
        if (found := typed_column(own, hint)) is not None:
            read[name] = found
    beside = dict(zip(read, unique_names((f"{n} (text)" for n in read), columns), strict=True))
    shown = {n: read[n].values if n in read else _text(values) for n, values in columns.items()}
    shown |= {beside[name]: _text(columns[name]) for name in read}
    frame = _frame(shown, run)
    frame.attrs = {
        "texts": beside,
        "units": {name: found.unit for name, found in read.items() if found.unit},
        "dates": {name: found.order for name, found in read.items() if found.order},
    }
    return frame


def _spanned(run: Run) -> set[tuple[int, int]]:
    """The places (row of the body, column) that repeat the text of a cell to their left."""
    found, start = set(), 0
    for part in run:
        for cell in part.cells:
            for row in range(cell.row, cell.row + cell.row_span if cell.column_span > 1 else 0):
                for column in range(cell.column + 1, cell.column + cell.column_span):
                    if row >= part.header_rows:
                        found.add((start + row - part.header_rows, column))
        start += len(part.rows)
    return found
