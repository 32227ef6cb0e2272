"""Documents as rows: every page and block of a result, so that SQL and pandas can read them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from toolkit.document import wire
from toolkit.document.blocks import Heading
from toolkit.document.document import Document
from toolkit.document.text import text_of

__all__ = [
    "BLOCK_COLUMNS",
    "PAGE_COLUMNS",
    "DocumentRows",
    "block_rows",
    "keep",
    "page_rows",
    "rows_of",
]

BLOCK_COLUMNS: tuple[str, ...] = (
    "job_id",
    "document_id",
    "file",
    "file_hash",
    "engine",
    "page",
    "block_id",
    "type",
    "role",
    "level",
    "text",
    "text_source",
    "verified",
    "proof",
    "confidence",
    "reading_order_index",
    "x0",
    "y0",
    "x1",
    "y1",
)
"""What a row of ``block_rows`` holds, in this order; ``verified`` is 0 or 1, boxes are 0–1."""

PAGE_COLUMNS: tuple[str, ...] = (
    "job_id",
    "document_id",
    "file",
    "file_hash",
    "engine",
    "page",
    "width_inches",
    "height_inches",
    "blocks",
    "failure_code",
    "failure",
)
"""What a row of ``page_rows`` holds, in this order."""


class DocumentRows(msgspec.Struct, frozen=True):
    """The rows of one document, without the number of the result that they belong to."""

    document: tuple[Any, ...]
    pages: list[tuple[Any, ...]]
    blocks: list[tuple[Any, ...]]


def rows_of(content: bytes) -> DocumentRows:
    """The rows of the document in *content*, as ``wire`` writes it.

    Raises ParseError or InvalidInput where it is no sound document.
    """
    document = wire.decode(content)
    source, extraction = document.source, document.extraction
    return DocumentRows(
        document=(
            *(str(source.kind), source.file_hash, source.page_count, extraction.model),
            *(extraction.profile, extraction.duration_ms, extraction.faithfulness_score),
        ),
        pages=list(_pages(document)),
        blocks=list(_blocks(document)),
    )


def keep(conn: sqlite3.Connection, *, result: int, rows: DocumentRows) -> None:
    """Write *rows* as those of the result with this number."""
    conn.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (result, *rows.document))
    conn.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", ((result, *page) for page in rows.pages)
    )
    conn.executemany(
        "INSERT INTO blocks (result, page, reading_order_index, block_id, type, role, level, text,"
        " text_source, proof, confidence, x0, y0, x1, y1)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((result, *block) for block in rows.blocks),
    )


def block_rows(
    conn: sqlite3.Connection,
    *,
    job_ids: Iterable[str] | None = None,
    batch: str | None = None,
) -> Iterator[tuple[Any, ...]]:
    """A tuple of BLOCK_COLUMNS for every block of these jobs, or of a batch, or of all.

    In the order of the jobs and, within one, of reading. No cursor stays open between two jobs.
    """
    wanted = _job_ids(conn, batch) if job_ids is None else job_ids
    return _of_each(conn, _BLOCKS_OF, wanted)


def page_rows(
    conn: sqlite3.Connection,
    *,
    job_ids: Iterable[str] | None = None,
    batch: str | None = None,
) -> Iterator[tuple[Any, ...]]:
    """A tuple of PAGE_COLUMNS for every page of these jobs, or of a batch, or of all."""
    wanted = _job_ids(conn, batch) if job_ids is None else job_ids
    return _of_each(conn, _PAGES_OF, wanted)


_BLOCKS_OF = (
    f"SELECT {', '.join(BLOCK_COLUMNS)} FROM v_blocks WHERE job_id = ?"
    " ORDER BY page, reading_order_index"
)
_PAGES_OF = f"SELECT {', '.join(PAGE_COLUMNS)} FROM v_pages WHERE job_id = ? ORDER BY page"


def _job_ids(conn: sqlite3.Connection, batch: str | None) -> list[str]:
    of_batch = "AND batch = (SELECT number FROM batches WHERE id = ?)" if batch else ""
    found = conn.execute(
        f"SELECT id FROM jobs WHERE result IS NOT NULL {of_batch} ORDER BY number",
        [batch] if batch else [],
    ).fetchall()
    return [job_id for (job_id,) in found]


def _of_each(
    conn: sqlite3.Connection, statement: str, job_ids: Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    for job_id in job_ids:
        yield from conn.execute(statement, [job_id]).fetchall()


def _pages(document: Document) -> Iterator[tuple[Any, ...]]:
    """(page, width, height, failure code, failure) of each page, also of those without blocks."""
    failures: dict[int, list[tuple[str, str]]] = {}
    for failure in document.extraction.per_page_failures:
        failures.setdefault(failure.page, []).append((failure.code, failure.message))
    sizes = dict(enumerate(document.source.page_sizes, start=1))
    for number in sorted({page.page for page in document.pages} | sizes.keys() | failures.keys()):
        width, height = sizes.get(number, (None, None))
        known = failures.get(number, [])
        code = known[0][0] if known else None
        yield number, width, height, code, "; ".join(message for _, message in known) or None


def _blocks(document: Document) -> Iterator[tuple[Any, ...]]:
    for block in document.blocks:
        yield (
            block.page,
            block.reading_order_index,
            block.id,
            str(block.__struct_config__.tag),
            None if block.role is None else str(block.role),
            block.level if isinstance(block, Heading) else None,
            text_of(block),
            str(block.text_source),
            None if block.proof is None else str(block.proof),
            block.confidence,
            *block.bbox,
        )
