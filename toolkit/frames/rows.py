"""Where a row comes from: a job and its document, a document alone, or a store's own row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from toolkit.document.document import Document
from toolkit.export.rows import Lineage, Row, lineage
from toolkit.jobs.job import Job

__all__ = ["Origin", "rows"]

Origin: TypeAlias = Document | tuple[Job, Document] | Sequence[Any]
"""A document, one with the job that made it, or a finished row of a store."""


def rows(
    origins: Iterable[Origin], read: Callable[[Lineage, Document], Iterable[Row]]
) -> Iterator[Sequence[Any]]:
    """The rows that *read* makes of each document; finished ones as they are."""
    for origin in origins:
        match origin:
            case Document():
                yield from read(lineage(None, origin), origin)
            case (Job() as job, Document() as document):
                yield from read(lineage(job, document), document)
            case _:
                yield origin
