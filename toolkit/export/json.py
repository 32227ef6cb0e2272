"""Documents as canonical JSON, one file each: equal documents are equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from toolkit.document.document import Document
from toolkit.document.wire import encode
from toolkit.export.names import Names
from toolkit.export.replacing import replacing
from toolkit.jobs.job import Job

__all__ = ["write"]


def write(documents: Iterable[tuple[Job, Document | None]], out: Path) -> list[Path]:
    """One ``.json`` file a document into the folder *out*; their paths, in order.

    ``toolkit.document.decode`` reads one back. Raises UnreadablePath where *out* may not be
    written to, and ParseError for a document that contradicts itself.
    """
    names, written = Names(), []
    for job, document in documents:
        if document is None:
            continue
        path = out / names.take(job.filename or document.source.filename, ".json")
        content = encode(document)
        with replacing(path) as file:
            file.write(content)
        written.append(path)
    return written
