"""Handing in far away: files are sent one after the other, each once, in their order.

What cannot be taken is told to the server as a failed job, with the reason; bytes that come twice
are noticed here, before they are sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from secrets import token_hex
from typing import IO, Final

import anyio.to_thread
import msgspec

from toolkit.client.questions import Questions
from toolkit.dialects.desk_wire import LONGEST_WORDS, MOST_ENTRIES, Entry, Terms, Wish
from toolkit.errors import (
    EmptyFile,
    FileTooLarge,
    ToolkitError,
    UnreadablePath,
    UnsupportedFileType,
)
from toolkit.workspace.offers import Offer, storable
from toolkit.workspace.rehearsal import weighed

__all__ = ["Sending"]

PIECE: Final = 256 * 1024
_OF_THE_FILE = (EmptyFile, FileTooLarge, UnreadablePath, UnsupportedFileType)
"""What a server says of one file, so that the others go on."""


@dataclass(slots=True)
class Sending:
    """Sends offers into one batch; a file of more than *largest* bytes is refused here."""

    questions: Questions
    batch: str
    terms: Terms
    largest: int
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    """(what was given again, what it is the same as), by origin."""
    left_out: int = 0
    """Files of a folder that are of no type that the tool takes."""
    _seen: dict[str, str] = field(default_factory=dict)
    """The origin of each input that was met."""
    _waiting: list[Entry] = field(default_factory=list)
    """Inputs without bytes, which go together; before the next file, for the order."""

    def take(self, offers: Iterable[Offer]) -> Iterator[int]:
        """Send every offer, and say after each request how many jobs it made."""
        for offer in offers:
            if offer.left_out:
                self.left_out += 1
            elif self._is_taken(offer):
                # Those before it first, for the order.
                yield from self._told()
                yield self._sent(offer)
            elif len(self._waiting) >= MOST_ENTRIES:
                yield from self._told()
        yield from self._told()

    def _is_taken(self, offer: Offer) -> bool:
        """Whether there are bytes to be sent that were not sent before; anything else waits."""
        try:
            _, _, identity = weighed(
                offer, tool=self.terms.tool, largest=self.largest, stop=lambda: False
            )
        except ToolkitError as exc:
            if self._is_new(f"refused {offer.origin}", offer.origin):
                self._waiting.append(_entry(offer, refused=exc))
            return False
        if not self._is_new(identity, offer.origin):
            return False
        if offer.url is None and not offer.bare:
            return True
        self._waiting.append(_entry(offer))
        return False

    def _is_new(self, identity: str, origin: str) -> bool:
        if identity in self._seen:
            self.duplicates.append((origin, self._seen[identity]))
            return False
        self._seen[identity] = origin
        return True

    def _told(self) -> Iterator[int]:
        """What has waited becomes jobs."""
        if self._waiting:
            entries = tuple(self._waiting)
            made = self.questions.ask("take", batch=self.batch, terms=self.terms, entries=entries)
            self._waiting.clear()
            yield len(made)

    def _sent(self, offer: Offer) -> int:
        """How many jobs became of the offer's bytes by now; one that is refused waits."""
        boundary = token_hex(16)
        try:
            size = _size(offer)
            head, tail = self._around(offer, boundary)
            self.questions.send(
                partial(_form, offer, size, head, tail),
                size=len(head) + size + len(tail),
                boundary=boundary,
                key=token_hex(16),
            )
        except _OF_THE_FILE as exc:
            self._waiting.append(_entry(offer, refused=exc))
            return 0
        return 1

    def _around(self, offer: Offer, boundary: str) -> tuple[bytes, bytes]:
        """What comes before the bytes in the form, and after them."""
        wish = Wish(
            batch=self.batch,
            terms=self.terms,
            filename=_words(offer.filename),
            origin=_words(offer.origin),
        )
        part = f'--{boundary}\r\nContent-Disposition: form-data; name="'.encode()
        head = (
            *(part, b'wanted"\r\nContent-Type: application/json\r\n\r\n'),
            *(msgspec.json.encode(wish), b"\r\n"),
            *(part, b'file"; filename="file"\r\nContent-Type: application/octet-stream\r\n\r\n'),
        )
        return b"".join(head), f"\r\n--{boundary}--\r\n".encode()


def _entry(offer: Offer, *, refused: ToolkitError | None = None) -> Entry:
    return Entry(
        key=token_hex(16),
        filename=_words(offer.filename),
        origin=_words(offer.origin),
        url=offer.url if refused is None else None,
        bare=offer.bare,
        refused=None if refused is None else (refused.code, _words(str(refused))),
    )


def _words(text: str) -> str:
    return storable(text)[:LONGEST_WORDS]


def _size(offer: Offer) -> int:
    place = offer.path or offer.draft
    if place is None:
        return len(offer.content or b"")
    try:
        return place.stat().st_size
    except OSError as exc:
        raise _unreadable(offer, exc) from exc


async def _form(offer: Offer, size: int, head: bytes, tail: bytes) -> AsyncIterator[bytes]:
    """The form, anew. Raises UnreadablePath where the file is not any more what it was."""
    yield head
    try:
        file = await anyio.to_thread.run_sync(_opened, offer)
        with file:
            left = size
            while left:
                piece = await anyio.to_thread.run_sync(file.read, min(PIECE, left))
                left -= len(piece)
                if not piece:
                    raise _changed(offer)
                yield piece
            if await anyio.to_thread.run_sync(file.read, 1):
                raise _changed(offer)
    except OSError as exc:
        raise _unreadable(offer, exc) from exc
    yield tail


def _opened(offer: Offer) -> IO[bytes]:
    place = offer.path or offer.draft
    return BytesIO(offer.content or b"") if place is None else place.open("rb")


def _changed(offer: Offer) -> UnreadablePath:
    return UnreadablePath(f"{offer.origin[:200]!r} changed while it was sent")


def _unreadable(offer: Offer, exc: OSError) -> UnreadablePath:
    return UnreadablePath(f"{offer.origin[:200]!r}: {exc.strerror or exc}")
