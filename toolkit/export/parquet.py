"""Jobs, documents, pages and blocks as Parquet, streamed: ten thousand documents fit in memory.

The columns are those of the frames, so that ``pandas.read_parquet`` gives the frame again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from toolkit.document.blocks import BLOCK_TYPES, Proof, Role, TextSource
from toolkit.document.document import Document, SourceKind
from toolkit.export.replacing import replacing
from toolkit.export.rows import (
    BLOCK_NAMES,
    DOCUMENT_NAMES,
    JOB_NAMES,
    PAGE_NAMES,
    Row,
    block_rows,
    document_row,
    job_row,
    lineage,
    page_rows,
)
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = ["write"]

# A row group of blocks is then some 10 MB: little to hold, enough to compress and to skip.
_ROWS_AT_ONCE = 20_000

_VOCABULARIES: Mapping[str, Sequence[str] | type[StrEnum]] = {
    "status": JobState,
    "type": BLOCK_TYPES,
    "role": Role,
    "text_source": TextSource,
    "proof": Proof,
    "kind": SourceKind,
}
_TIMES = ("created_at", "started_at", "ended_at")
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(_VOCABULARIES, pa.dictionary(pa.int8(), pa.string())),
    **dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC")),
    **dict.fromkeys(("size_bytes", "duration_ms"), pa.int64()),
    **dict.fromkeys(("priority", "page", "pages", "page_count"), pa.int32()),
    **dict.fromkeys(("blocks", "failures", "reading_order_index"), pa.int32()),
    **dict.fromkeys(("attempt", "interruptions"), pa.int16()),
    "level": pa.int8(),
    **dict.fromkeys(("cache_hit", "has_result", "verified"), pa.bool_()),
    **dict.fromkeys(("waited_s", "ran_s", "progress", "confidence"), pa.float64()),
    **dict.fromkeys(("faithfulness_score", "width_inches", "height_inches"), pa.float64()),
    **dict.fromkeys(("x0", "y0", "x1", "y1"), pa.float64()),
}
"""Every column that is not text."""

_TABLES: Mapping[str, Sequence[str]] = {
    "jobs": JOB_NAMES,
    "documents": DOCUMENT_NAMES,
    "pages": PAGE_NAMES,
    "blocks": BLOCK_NAMES,
}


def write(documents: Iterable[tuple[Job, Document | None]], out: Path) -> list[Path]:
    """``jobs``, ``documents``, ``pages`` and ``blocks.parquet`` in the folder *out*.

    A job without a document has a row in ``jobs.parquet`` alone. All four files take their
    places at the end, or none does. Raises UnreadablePath where *out* may not be written to.
    """
    with ExitStack() as stack:
        tables = {
            name: _Table(stack.enter_context(replacing(out / f"{name}.parquet")), columns)
            for name, columns in _TABLES.items()
        }
        for table in tables.values():
            stack.callback(table.close)
        for job, document in documents:
            tables["jobs"].add([job_row(job)])
            if document is not None:
                origin = lineage(job, document)
                tables["documents"].add([document_row(origin, document)])
                tables["pages"].add(page_rows(origin, document))
                tables["blocks"].add(block_rows(origin, document))
        # All are whole before the first takes its place.
        for table in tables.values():
            table.close()
    return [out / f"{name}.parquet" for name in _TABLES]


class _Table:
    """A Parquet file that grows by rows, of which it holds one group at a time."""

    def __init__(self, file: BinaryIO, names: Sequence[str]) -> None:
        self._schema = _schema(names)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        self._rows.extend(rows)
        if len(self._rows) >= _ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = zip(self._schema, zip(*self._rows, strict=True), strict=True)
            arrays = [_array(field, values) for field, values in columns]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))
            self._rows.clear()

    def close(self) -> None:
        """Write what is left and the end of the file; the second time, nothing."""
        self._flush()
        self._writer.close()


def _schema(names: Sequence[str]) -> pa.Schema:
    fields = [pa.field(name, _TYPES.get(name, pa.string())) for name in names]
    return pa.schema(fields, metadata={"pandas": json.dumps(_for_pandas(names))})


def _for_pandas(names: Sequence[str]) -> dict[str, object]:
    """What tells pandas to read a level that is missing as such, and not as a float's nan."""
    level = {"pandas_type": "int8", "numpy_type": "Int8", "metadata": None}
    return {
        "columns": [{"name": n, "field_name": n, **level} for n in names if n == "level"],
        "index_columns": [],
        "column_indexes": [],
    }


def _array(field: pa.Field, values: Sequence[Any]) -> pa.Array:
    if field.name in _TIMES:
        microseconds = [None if value is None else round(value * 1e6) for value in values]
        return pa.array(microseconds, type=pa.int64()).cast(field.type)
    if field.name not in _VOCABULARIES:
        return pa.array(values, type=field.type)
    words = [str(word) for word in _VOCABULARIES[field.name]]
    places = {word: place for place, word in enumerate(words)}
    indices = pa.array([places.get(value) for value in values], type=pa.int8())
    return pa.DictionaryArray.from_arrays(indices, pa.array(words))
