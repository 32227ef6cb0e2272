"""Jobs and documents as rows of plain values: what tables of every kind are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from toolkit.document.blocks import Heading
from toolkit.document.document import Document, PageFailure
from toolkit.document.text import text_of
from toolkit.jobs.job import Job

__all__ = [
    "BLOCK_NAMES",
    "DOCUMENT_NAMES",
    "JOB_NAMES",
    "PAGE_NAMES",
    "Lineage",
    "Row",
    "block_rows",
    "document_row",
    "job_row",
    "lineage",
    "page_rows",
]

Row: TypeAlias = tuple[Any, ...]
Lineage: TypeAlias = tuple[str | None, str | None, str, str, str]
"""The first values of every row: job, document, file, hash of the file, engine."""

_LINEAGE = ("job_id", "document_id", "file", "file_hash", "engine")

JOB_NAMES = (
    *("job_id", "document_id", "batch", "tool", "status", "file", "file_hash", "origin"),
    *("size_bytes", "media_type", "priority", "created_at", "started_at", "ended_at"),
    *("waited_s", "ran_s", "progress", "stage", "page", "pages", "attempt", "interruptions"),
    *("cache_hit", "has_result", "error_code", "error"),
)
BLOCK_NAMES = (
    *_LINEAGE,
    *("page", "block_id", "type", "role", "level", "text", "text_source", "verified", "proof"),
    *("confidence", "reading_order_index", "x0", "y0", "x1", "y1"),
)
PAGE_NAMES = (
    *_LINEAGE,
    *("page", "width_inches", "height_inches", "blocks", "failure_code", "failure"),
)
DOCUMENT_NAMES = (
    *_LINEAGE,
    *("kind", "profile", "page_count", "pages", "blocks", "failures"),
    *("faithfulness_score", "duration_ms"),
)


def lineage(job: Job | None, document: Document) -> Lineage:
    """Where *document* comes from; without a job, from its file alone."""
    return (
        job.id if job else None,
        job.document_id if job else None,
        # A result from the cache was read from the same bytes under another name.
        (job and job.filename) or document.source.filename,
        document.source.file_hash,
        document.extraction.model,
    )


def job_row(job: Job) -> Row:
    """JOB_NAMES of *job*: times in POSIX seconds, durations in seconds."""
    return (
        *(job.id, job.document_id, job.batch, job.tool, job.status, job.filename),
        *(job.sha256 and f"sha256:{job.sha256}", job.origin, job.size, job.media_type),
        *(job.priority, job.created_at, job.started_at, job.ended_at),
        _between(job.created_at, job.started_at),
        _between(job.started_at, job.ended_at),
        *(job.progress, job.stage, job.page, job.pages, job.attempt, job.interruptions),
        *(job.cache_hit, job.has_result, job.error_code, job.error),
    )


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def block_rows(origin: Lineage, document: Document) -> Iterator[Row]:
    """BLOCK_NAMES of every block, in reading order."""
    for block in document.blocks:
        kind = type(block)
        level = block.level if isinstance(block, Heading) else None
        yield (
            *origin,
            *(block.page, block.id, kind.__struct_config__.tag, block.role, level),
            *(text_of(block), block.text_source, block.verified, block.proof),
            *(block.confidence, block.reading_order_index, *block.bbox),
        )


def page_rows(origin: Lineage, document: Document) -> Iterator[Row]:
    """PAGE_NAMES of every page of the file, whether it was read or not.

    Of several failures of a page, the code is the first one's.
    """
    failures: dict[int, list[PageFailure]] = {}
    for failure in document.extraction.per_page_failures:
        failures.setdefault(failure.page, []).append(failure)
    counts = {page.page: len(page.blocks) for page in document.pages}
    sizes = dict(enumerate(document.source.page_sizes, 1))
    for page in sorted(counts.keys() | sizes.keys() | failures.keys()):
        known = failures.get(page, [])
        yield (
            *(*origin, page, *sizes.get(page, (None, None)), counts.get(page, 0)),
            known[0].code if known else None,
            "; ".join(failure.message for failure in known) or None,
        )


def document_row(origin: Lineage, document: Document) -> Row:
    """DOCUMENT_NAMES of *document*."""
    source, extraction = document.source, document.extraction
    return (
        *(*origin, source.kind, extraction.profile, source.page_count, len(document.pages)),
        sum(len(page.blocks) for page in document.pages),
        *(len(extraction.per_page_failures), extraction.faithfulness_score),
        extraction.duration_ms,
    )
