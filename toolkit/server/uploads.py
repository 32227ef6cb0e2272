"""What is sent with a request, on the disk: streamed there, hashed on the way, within bounds."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import threading
import unicodedata
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect, Request

from toolkit.dialects.exchange import Upload
from toolkit.engine.source import READABLE, sniffed
from toolkit.errors import FileTooLarge, InvalidInput
from toolkit.server.multipart import MOST_TEXT, Form
from toolkit.settings import Settings
from toolkit.store.store import Store

__all__ = ["WHOLE", "Received", "bare_name", "receive"]

T = TypeVar("T")

PIECE: Final = 2**20
"""Bytes that are gathered before a thread hashes and writes them."""
HEAD: Final = 4096
ENVELOPE: Final = MOST_TEXT + 64 * 1024
"""Bytes of a body beyond those of its file."""
LONGEST_NAME: Final = 255
"""Bytes of a file's name, as file systems take it."""

WHOLE: Final = threading.Lock()
"""Held by who has a whole file in memory."""

# What turns the direction of writing: "fdp.exe" must not look like a PDF.
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_UNSEEN: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Received:
    """A file that came with a request: what it is, and where it is until a job has it."""

    upload: Upload
    draft: Path

    def discard(self) -> None:
        """Forget the file, unless a job has it; may be called again."""
        self.draft.unlink(missing_ok=True)


async def receive(
    request: Request, *, store: Store, settings: Settings
) -> tuple[Mapping[str, str], Received | None]:
    """The text fields of a form, and its file if it has one; that one's bytes are on the disk.

    Raises FileTooLarge, before the body is read where its length tells, and InvalidInput for what
    is no form, is not whole, or has too much in it. Whatever is raised, no file is left.
    """
    _refuse_length(request, settings.upload_bytes)
    draft = _Draft(store.files / "drafts")
    try:
        form = Form(
            request.headers.get("content-type", ""),
            largest=settings.upload_bytes,
            take=draft.waiting.extend,
        )
        await _read(request, form, draft)
        if form.field is None:
            return form.text, None
        closing = asyncio.to_thread(draft.closed, form.field, bare_name(form.filename))
        upload = await _finished(closing)
    except BaseException:
        draft.discard()
        raise
    return form.text, Received(upload, draft.path)


def bare_name(name: str) -> str:
    """*name* without folders, control characters and what hides its ending; any script stays.

    >>> bare_name("../../etc/Bericht\\u202efdp.exe"), bare_name("C:\\\\reports\\\\Übersicht 年.pdf")
    ('Berichtfdp.exe', 'Übersicht 年.pdf')
    """
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    kept = "".join(
        sign for sign in last if sign not in _TURNING and unicodedata.category(sign) not in _UNSEEN
    ).strip()
    if kept.strip(".") == "":
        return "upload"
    encoded = kept.encode("utf-8")
    if len(encoded) <= LONGEST_NAME:
        return kept
    ending = PurePosixPath(kept).suffix.encode("utf-8")
    ending = ending if len(ending) <= 16 else b""
    return (encoded[: LONGEST_NAME - len(ending)].decode("utf-8", "ignore")) + ending.decode(
        "utf-8"
    )


def _refuse_length(request: Request, largest: int) -> None:
    """Raise FileTooLarge where the length that the body says it has is too much."""
    told = request.headers.get("content-length", "")
    # int() knows more digits than the ten, and takes long for thousands of them.
    if told.isascii() and told.isdigit() and (len(told) > 18 or int(told) > largest + ENVELOPE):
        size = f"{int(told):,}" if len(told) <= 18 else "far too many"
        raise FileTooLarge(f"the request has {size} bytes; a file of {largest:,} is taken")


async def _read(request: Request, form: Form, draft: _Draft) -> None:
    """Feed the request's body to *form*, and what of it is the file to *draft*."""
    total = 0
    try:
        async for chunk in request.stream():
            total += len(chunk)
            form.feed(chunk)
            if total > form.size + ENVELOPE:
                raise InvalidInput("the form has more around its file than is taken")
            if len(draft.waiting) >= PIECE:
                await _finished(asyncio.to_thread(draft.write))
    except ClientDisconnect as exc:
        raise InvalidInput("the connection was closed before the request was whole") from exc
    form.end()


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """What *work* gives; a thread that writes is waited for even by who is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    finally:
        await asyncio.wait([task])


class _Draft:
    """A file that grows in the store's folder of drafts; it is made with its first bytes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / token_hex(8)
        self.waiting = bytearray()
        """What is still to be written."""
        self._head = b""
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, *, last: bool = False) -> None:
        """Write what has come; with *last*, it is on the disk afterwards."""
        content = bytes(self.waiting)
        self.waiting.clear()
        self._head += content[: HEAD - len(self._head)]
        self._digest.update(content)
        self._size += len(content)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(content)
            if last:
                # Before a commit speaks of it.
                file.flush()
                os.fsync(file.fileno())

    def closed(self, field: str, filename: str) -> Upload:
        """What the file is, all of it being on the disk."""
        self.write(last=True)
        media_type = sniffed(self._head)
        if media_type not in READABLE:
            # The contents of an Office file are listed at its end; a PDF may have lost its head.
            with WHOLE:
                media_type = sniffed(self.path.read_bytes())
        return Upload(
            field=field,
            filename=filename,
            sha256=self._digest.hexdigest(),
            size=self._size,
            media_type=media_type,
        )

    def discard(self) -> None:
        """Forget it. Its last write is over: whoever wrote was waited for."""
        self.path.unlink(missing_ok=True)
