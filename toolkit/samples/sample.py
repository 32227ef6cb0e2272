"""A made file, and what a faithful reader finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

__all__ = ["Expected", "Sample"]


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A block that stands in the file; the text of a table is in its rows, headers first."""

    type: str
    text: str
    page: int
    level: int | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    """Of a table its cells; of a native chart its numbers, the names of the series first."""
    edges: tuple[tuple[str, str], ...] = ()
    """Of a diagram: which label leads to which."""
    alt: str | None = None
    """Of an image: its alternative text."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A file and its truth: its blocks in reading order, and named values that stand in it."""

    path: Path
    truth: tuple[Expected, ...]
    fields: Mapping[str, str] = msgspec.field(default_factory=dict)
    needs: str = ""
    """The extra without which nobody can read it: "ocr" for a scan."""
