"""Every block of every document as a line of JSON that knows where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from toolkit.document.document import Document
from toolkit.document.wire import encode
from toolkit.export.replacing import replacing
from toolkit.export.rows import lineage
from toolkit.jobs.job import Job

__all__ = ["write"]

_ORIGIN: Final = ("job_id", "document_id", "file", "file_hash", "engine")


def write(documents: Iterable[tuple[Job, Document | None]], out: Path) -> list[Path]:
    """``blocks.jsonl`` in the folder *out*: a line a block, in the order of submission and reading.

    A line has the five keys of the block's origin, then those that it has in the document's JSON.
    Raises UnreadablePath where *out* may not be written to, and ParseError for a document that
    contradicts itself.
    """
    path = out / "blocks.jsonl"
    with replacing(path) as file:
        for job, document in documents:
            if document is not None:
                file.writelines(_lines(job, document))
    return [path]


def _lines(job: Job, document: Document) -> Iterator[bytes]:
    origin = dict(zip(_ORIGIN, lineage(job, document), strict=True))
    # By way of the document's JSON, so that a block says the same in both formats.
    for page in msgspec.json.decode(encode(document))["pages"]:
        for block in page["blocks"]:
            yield msgspec.json.encode({**origin, **block}) + b"\n"
