"""Documents as Markdown, one file each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from toolkit.document.document import Document
from toolkit.document.markdown import Style, TableFormat, markdown
from toolkit.export.names import Names
from toolkit.export.replacing import replacing
from toolkit.jobs.job import Job

__all__ = ["write"]


def write(
    documents: Iterable[tuple[Job, Document | None]],
    out: Path,
    *,
    style: Style | None = None,
    table_format: TableFormat | None = None,
) -> list[Path]:
    """One ``.md`` file a document into the folder *out*; their paths, in the order of *documents*.

    Where *style* or *table_format* is None, each is written as its job asked for. A file is named
    after its document's file; equal names get numbers. Raises UnreadablePath
    where *out* may not be written to, and InvalidOption for an unknown style.
    """
    names, written = Names(), []
    for job, document in documents:
        if document is None:
            continue
        path = out / names.take(job.filename or document.source.filename, ".md")
        text = markdown(
            document,
            style or _asked(job, "style", get_args(Style), "rich"),
            table_format or _asked(job, "table_format", get_args(TableFormat), "auto"),
        )
        with replacing(path) as file:
            file.write(text.encode(errors="replace"))
        written.append(path)
    return written


def _asked(job: Job, name: str, known: tuple[Any, ...], otherwise: Any) -> Any:
    """What *job* asked for, as far as that can be had: its file may be somebody else's."""
    asked = job.options.get(name)
    return asked if asked in known else otherwise
