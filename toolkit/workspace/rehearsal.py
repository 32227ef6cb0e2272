"""What a ``submit`` would do, without doing it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from toolkit.desk import Rehearsal
from toolkit.engine.source import PDF, PPT, PPTX, READABLE, Source, sniffed
from toolkit.errors import EmptyFile, FileTooLarge, ToolkitError, UnreadablePath
from toolkit.workspace.offers import HELD_WHOLE, Offer

__all__ = ["rehearsal", "weighed"]

HEAD = 4096
ROUND = 1 << 20
_KINDS = {PDF: "PDF", PPTX: "PowerPoint", PPT: "PowerPoint", "application/octet-stream": "other"}


def rehearsal(
    offers: Iterable[Offer], *, tool: str, largest: int, stop: Callable[[], bool]
) -> Rehearsal:
    """What the *offers* would become as jobs of *tool*; given up as soon as *stop* () holds.

    A file is read to its end, to know whether it comes twice; what an address holds is not known
    before it is fetched.
    """
    kinds: dict[str, tuple[int, int]] = {}
    seen: dict[str, str] = {}
    duplicates: list[tuple[str, str]] = []
    refused: list[tuple[str, str, str]] = []
    left_out, complete = 0, True
    for offer in offers:
        if stop():
            complete = False
            break
        if offer.left_out:
            left_out += 1
            continue
        try:
            kind, size, identity = weighed(offer, tool=tool, largest=largest, stop=stop)
        except ToolkitError as exc:
            refused.append((offer.filename, exc.code, str(exc)))
            continue
        if identity in seen:
            duplicates.append((offer.origin, seen[identity]))
            continue
        seen[identity] = offer.origin
        files, bytes_ = kinds.get(kind, (0, 0))
        kinds[kind] = (files + 1, bytes_ + size)
    return Rehearsal(
        kinds=dict(sorted(kinds.items(), key=lambda one: -one[1][0])),
        duplicates=tuple(duplicates),
        left_out=left_out,
        refused=tuple(refused),
        complete=complete and not stop(),
    )


def weighed(
    offer: Offer, *, tool: str, largest: int, stop: Callable[[], bool]
) -> tuple[str, int, str]:
    """The kind, size and identity of what is offered. Raises why it would be refused."""
    if offer.refused is not None:
        raise offer.refused
    if offer.url is not None:
        return "address", 0, offer.url
    if offer.bare:
        return "no file", 0, ""
    digest, size, head, held = hashlib.sha256(), 0, b"", bytearray()
    for part in _parts(offer):
        head = head or part[:HEAD]
        size += len(part)
        digest.update(part)
        if size <= HELD_WHOLE:
            held += part
        if stop():
            break
        if size > largest:
            raise FileTooLarge(f"{offer.filename} has more than {largest:,} bytes")
    if not size:
        raise EmptyFile(f"{offer.filename} has no bytes")
    media_type = sniffed(head)
    if tool == "parse" and media_type not in READABLE and len(held) == size:
        # A damaged PDF may have lost its head, so that all of it has to be looked at.
        media_type = Source.from_bytes(bytes(held), offer.filename).media_type
    return _KINDS.get(media_type, media_type), size, digest.hexdigest()


def _parts(offer: Offer) -> Iterator[bytes]:
    place: Path | None = offer.path or offer.draft
    if place is None:
        yield offer.content or b""
        return
    try:
        with place.open("rb") as file:
            while part := file.read(ROUND):
                yield part
    except OSError as exc:
        raise UnreadablePath(f"{offer.origin!r}: {exc.strerror or exc}") from exc
