"""Results as files: named for any system, asked for again only when changed, or in part.

What a tool made of somebody's file is somebody's bytes: no browser is to run them, or to guess
what they are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from io import BytesIO
from typing import IO, Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from toolkit.document.wire import MEDIA_TYPE
from toolkit.jobs import Job
from toolkit.server.kept import Kept
from toolkit.server.uploads import bare_name

__all__ = ["FileAnswer", "conditional", "disposition", "headers_of", "pieces", "type_of"]

PIECE: Final = 128 * 1024
"""Bytes that are read and sent at a time."""
OCTETS: Final = "application/octet-stream"
HARMLESS: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}
_ENDINGS: Final = {
    MEDIA_TYPE: ".json",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
_MEDIA_TYPE: Final = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,80}/[A-Za-z0-9!#$&^_.+-]{1,80}"
    r"( *; *[A-Za-z0-9!#$&^_.+-]{1,40}=[A-Za-z0-9!#$&^_.+-]{1,80}){0,3}"
)
_RANGE: Final = re.compile(r" *bytes *= *(\d{0,18}) *- *(\d{0,18}) *", re.ASCII)


def type_of(found: Kept, *, octets: bool = False) -> str:
    """The Content-Type that a result is sent with, whatever a tool wrote there."""
    written = found.media_type
    return OCTETS if octets or not _MEDIA_TYPE.fullmatch(written) else written


def disposition(job: Job, found: Kept) -> str:
    """The Content-Disposition of a job's result, for any name (RFC 6266).

    >>> from types import SimpleNamespace as Some
    >>> job = Some(id="job_1", filename="Größe.pdf")
    >>> print(disposition(job, Some(filename=None, media_type="text/csv")))
    attachment; filename="Gr__e.csv"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv
    """
    if found.filename:
        name = bare_name(found.filename)
    else:
        stem = bare_name(job.filename or job.id).rpartition(".")
        ending = _ENDINGS.get(found.media_type.partition(";")[0].strip(), ".bin")
        name = bare_name((stem[0] or stem[2]) + ending)
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    written = f'attachment; filename="{plain}"'
    if plain != name:
        written += f"; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"
    return written


def headers_of(job: Job, found: Kept, *, octets: bool = False) -> dict[str, str]:
    """The headers of a result, as a file."""
    return {
        **HARMLESS,
        "content-type": type_of(found, octets=octets),
        "content-disposition": disposition(job, found),
        "content-length": str(found.size),
    }


def conditional(headers: Mapping[str, str], etag: str) -> Response | None:
    """The answer that needs no body: 412 for a failed If-Match, 304 where the caller has it."""
    told = {**HARMLESS, "etag": etag, "cache-control": "private, no-cache"}
    if "if-match" in headers and not _names(headers["if-match"], etag, weakly=False):
        return Response(status_code=412, headers=told)
    if "if-none-match" in headers and _names(headers["if-none-match"], etag, weakly=True):
        return Response(status_code=304, headers=told)
    return None


class FileAnswer(Response):
    """A result that stays: whole or in part, by GET or HEAD."""

    def __init__(
        self, file: IO[bytes], found: Kept, headers: Mapping[str, str], asked: Mapping[str, str]
    ) -> None:
        self._file = file
        self._start, self._length = 0, found.size
        etag = etag_of(found)
        told = {
            **headers,
            "etag": etag,
            "accept-ranges": "bytes",
            "cache-control": "private, no-cache",
        }
        status = 200
        part = _part(asked, etag, found.size)
        if part is not None:
            status, (self._start, self._length) = (206 if part[1] else 416), part
            end = f"{part[0]}-{part[0] + part[1] - 1}" if part[1] else "*"
            told["content-range"] = f"bytes {end}/{found.size}"
            told["content-length"] = str(part[1])
        super().__init__(status_code=status, headers=told)

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,  # noqa: ARG002 - as ASGI calls it
        send: Send,
    ) -> None:
        with closing(self._file):
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            if scope["method"] != "HEAD":
                self._file.seek(self._start)
                async for piece in pieces(self._file, self._length):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def etag_of(found: Kept) -> str:
    """The strong entity tag of a result: equal for equal bytes of one type."""
    return f'"{found.digest[:32]}"'


async def pieces(file: IO[bytes], length: int) -> AsyncIterator[bytes]:
    """*length* bytes of *file*, from where it stands, piece by piece."""
    in_memory = isinstance(file, BytesIO)
    while length > 0:
        size = min(PIECE, length)
        piece = file.read(size) if in_memory else await asyncio.to_thread(file.read, size)
        if not piece:
            return  # cut off on the disk: the length that was promised shows it
        length -= len(piece)
        yield piece


def _names(written: str, etag: str, *, weakly: bool) -> bool:
    """Whether an If-Match or If-None-Match names *etag*, or everything."""
    tags = [tag.strip() for tag in written.split(",")]
    return tags == ["*"] or etag in tags or (weakly and f"W/{etag}" in tags)


def _part(asked: Mapping[str, str], etag: str, size: int) -> tuple[int, int] | None:
    """(start, length) of the part that is asked for; length 0 for one that is not there.

    None where the whole is to be sent: no Range, one of several parts or of another unit, or one
    of another version of the file.
    """
    found = _RANGE.fullmatch(asked.get("range", ""))
    if found is None or found[1] == found[2] == "" or asked.get("if-range", etag) != etag:
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return size - length, length
    start = int(found[1])
    end = min(int(found[2]) if found[2] else size - 1, size - 1)
    if found[2] and int(found[2]) < start:
        return None  # no range at all
    return (start, end - start + 1) if start < size else (0, 0)
