"""The columns of every frame and their dtypes: a contract that the empty frame keeps as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from toolkit.document.blocks import BLOCK_TYPES, Proof, Role, TextSource
from toolkit.document.document import SourceKind
from toolkit.document.reviews import Verdict
from toolkit.jobs.state import JobState

__all__ = [
    "BLOCK_COLUMNS",
    "DOCUMENT_COLUMNS",
    "JOB_COLUMNS",
    "PAGE_COLUMNS",
    "REVIEW_COLUMNS",
    "Columns",
    "frame_of",
]

Columns: TypeAlias = Mapping[str, str | pd.CategoricalDtype]
"""Names and dtypes, in order."""

_TIME = "datetime64[us, UTC]"


def _one_of(values: Iterable[str]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype([str(value) for value in values])


def _members(kind: type[StrEnum]) -> pd.CategoricalDtype:
    return _one_of(kind)


_LINEAGE: Columns = {
    "job_id": "str",
    "document_id": "str",
    "file": "str",
    "file_hash": "str",
    "engine": "str",
}

JOB_COLUMNS: Columns = {
    "job_id": "str",
    "document_id": "str",
    "batch": "str",
    "tool": "str",
    "status": _members(JobState),
    "file": "str",
    "file_hash": "str",
    "origin": "str",
    "size_bytes": "int64",
    "media_type": "str",
    "priority": "int32",
    "created_at": _TIME,
    "started_at": _TIME,
    "ended_at": _TIME,
    "waited_s": "float64",
    "ran_s": "float64",
    "progress": "float64",
    "stage": "str",
    "page": "int32",
    "pages": "int32",
    "attempt": "int16",
    "interruptions": "int16",
    "cache_hit": "bool",
    "has_result": "bool",
    "error_code": "str",
    "error": "str",
}
"""A row a job. ``progress`` is in per cent, ``waited_s`` and ``ran_s`` in seconds."""

BLOCK_COLUMNS: Columns = {
    **_LINEAGE,
    "page": "int32",
    "block_id": "str",
    "type": _one_of(BLOCK_TYPES),
    "role": _members(Role),
    "level": "Int8",
    "text": "str",
    "text_source": _members(TextSource),
    "verified": "bool",
    "proof": _members(Proof),
    # 64 bits: in 32, DuckDB and others find 0.9 to be less than 0.9.
    "confidence": "float64",
    "reading_order_index": "int32",
    "x0": "float64",
    "y0": "float64",
    "x1": "float64",
    "y1": "float64",
}
"""A row a block. The box is in shares of the page, origin top left; pages count from 1."""

PAGE_COLUMNS: Columns = {
    **_LINEAGE,
    "page": "int32",
    "width_inches": "float64",
    "height_inches": "float64",
    "blocks": "int32",
    "failure_code": "str",
    "failure": "str",
}
"""A row a page, also one that could not be read: its failure says why."""

DOCUMENT_COLUMNS: Columns = {
    **_LINEAGE,
    "kind": _members(SourceKind),
    "profile": "str",
    "page_count": "int32",
    "pages": "int32",
    "blocks": "int32",
    "failures": "int32",
    "faithfulness_score": "float64",
    "duration_ms": "int64",
}
"""A row a document. ``page_count`` is the file's, ``pages`` how many of them were read."""


REVIEW_COLUMNS: Columns = {
    "review": "Int64",
    "job_id": "str",
    "file": "str",
    "block_id": "str",
    "block_ids": "str",
    "verdict": _members(Verdict),
    "was": "str",
    "said": "str",
    "reviewer": "str",
    "at": _TIME,
    "active": "bool",
    "undone_at": _TIME,
    "undone_by": "str",
}
"""A row a review. ``was`` is what the block said before, ``said`` what the person wrote;
``block_ids`` are parted by spaces, several only for a merge."""


def frame_of(rows: Iterable[Sequence[Any]], columns: Columns) -> pd.DataFrame:
    """*rows* as a frame with exactly these columns and dtypes, also when there is no row.

    Times come as POSIX seconds, what is not known as None.
    """
    listed = list(rows)
    lists = zip(*listed, strict=True) if listed else ([] for _ in columns)
    return pd.DataFrame(
        {
            name: _column(list(values), dtype)
            for (name, dtype), values in zip(columns.items(), lists, strict=True)
        }
    )


def _column(values: list[Any], dtype: str | pd.CategoricalDtype) -> Any:
    match dtype:
        case pd.CategoricalDtype():
            return pd.Categorical(values, dtype=dtype)
        case "datetime64[us, UTC]":
            return _times(values)
        case "str" | "Int8" | "Int64":
            return pd.array(values, dtype=dtype)
    return np.array(values, dtype=dtype)


def _times(seconds: list[float | None]) -> pd.DatetimeIndex:
    """POSIX seconds as times to the microsecond; None as not a time."""
    exact = np.array(seconds, dtype="float64")
    whole = np.where(np.isnan(exact), 0, np.round(exact * 1e6)).astype("int64")
    times = whole.astype("datetime64[us]")
    times[np.isnan(exact)] = np.datetime64("NaT")
    return pd.DatetimeIndex(times).tz_localize("UTC")
