"""Pictures over HTTP: a page of a job's file as PNG, and the pictures that its document holds."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import Final

import msgspec
from starlette.responses import Response

from toolkit.engine.source import IMAGES, sniffed
from toolkit.errors import InvalidInput, JobNotFound, PageUnreadable, RateLimited, ToolkitError
from toolkit.jobs import Job
from toolkit.server.files import HARMLESS, conditional
from toolkit.store.store import Store
from toolkit.workspace.previewing import page_image

__all__ = ["Easel", "block_picture", "picture_answer"]

AT_ONCE: Final = 2
"""Pages that are drawn at once: each has a process of its own."""
MOST_WAITING: Final = 32
MOST_PAGES: Final = 1_000_000


class Easel:
    """Draws pages, a few at once; whoever comes when too many wait is asked to come again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def page(self, job: Job, page: int, *, width: int) -> bytes:
        """Page *page* of the job's file as PNG.

        Raises JobNotFound where there is no such page, ResultGone where the file is not kept any
        more, RateLimited where too many wait, InvalidInput for a page that cannot be shown.
        """
        if self._waiting >= MOST_WAITING:
            error = RateLimited("too many pages are being drawn just now; ask again in a moment")
            error.retry_after = 1.0
            raise error
        if not 1 <= page <= MOST_PAGES:
            raise JobNotFound(f"the file of job {job.id} has no page {page}")
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(self._drawn, job, page, width)
        finally:
            self._waiting -= 1

    def _drawn(self, job: Job, page: int, width: int) -> bytes:
        try:
            return _png(page_image(self._store, job.id, page, width=width, password=None))
        except PageUnreadable as exc:
            raise JobNotFound(f"there is no picture of page {page} of job {job.id}: {exc}") from exc
        except InvalidInput:
            raise
        except ToolkitError as exc:
            # What is wrong is the file, or what it takes to draw it: asking again changes nothing.
            raise InvalidInput(f"page {page} of job {job.id} cannot be shown: {exc}") from exc


def picture_answer(content: bytes, headers: Mapping[str, str]) -> Response:
    """The answer that holds the picture *content*, or says that the caller has it already."""
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    short = conditional(headers, etag)
    if short is not None:
        return short
    told = {**HARMLESS, "etag": etag, "cache-control": "private, no-cache"}
    found = sniffed(content[:4096])
    media_type = found if found in IMAGES else "application/octet-stream"
    return Response(content, headers=told, media_type=media_type)


class _Block(msgspec.Struct):
    id: str
    image_b64: str | None = None
    rendered_image_b64: str | None = None


class _Page(msgspec.Struct):
    blocks: list[_Block] = []


class _Document(msgspec.Struct):
    pages: list[_Page] = []


def block_picture(document: bytes, block_id: str) -> bytes:
    """The picture that block *block_id* of a document, given as JSON, holds.

    Raises JobNotFound where there is no such block, or it holds none.
    """
    for page in msgspec.json.decode(document, type=_Document).pages:
        for block in page.blocks:
            written = block.image_b64 or block.rendered_image_b64
            if block.id == block_id and written:
                # The start of a data URL, where somebody wrote one.
                _, _, written = written.rpartition(",")
                try:
                    return base64.b64decode(written, validate=True)
                except binascii.Error as exc:
                    raise JobNotFound(f"the picture of block {block_id} is damaged") from exc
    raise JobNotFound(f"the document has no block {block_id[:80]!r} with a picture")


def _png(content: bytes) -> bytes:
    from PIL import Image

    written = BytesIO()
    with Image.open(BytesIO(content)) as image:
        # Twice as fast as the default, for a tenth more bytes.
        image.save(written, "PNG", compress_level=4)
    return written.getvalue()
