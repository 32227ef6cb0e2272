"""From what was handed in to jobs: bytes into blobs, refusals with codes, duplicates noticed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from toolkit.engine.source import READABLE, Source, sniffed
from toolkit.errors import EmptyFile, FileTooLarge, InvalidInput, ToolkitError, UnreadablePath
from toolkit.jobs import Submission, Tool
from toolkit.store import blobs, queue
from toolkit.store.store import Store
from toolkit.workspace.inputs import Offer
from toolkit.workspace.options import Asked

__all__ = ["Intake", "Terms", "wanted_by"]

# The first jobs are being worked on while the later files are still copied, and a transaction
# of this many costs far less than as many transactions.
CHUNK = 100
# A file up to this size is held in memory while it is taken in. Of a larger one only the head is
# looked at, and what it is beyond that is left to the reader in the child.
HELD_WHOLE = 64 * 2**20
HEAD = 4096
PRIORITIES = range(-1_000_000, 1_000_001)

DOCUMENT_SUFFIXES = frozenset(
    [
        ".pdf",
        ".ppt",
        ".pptx",
        ".png",
        ".jpg",
        ".jpeg",
        ".webp",
        ".tif",
        ".tiff",
        ".bmp",
        ".gif",
        ".heic",
        ".heif",
    ]
)
"""What is taken from a folder for a parse, also where no reader is there yet: its job says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every job of one call of ``submit``.

    Raises InvalidInput for a priority that is none.
    """

    tool: Tool
    asked: Asked
    priority: int = 0
    bypass_cache: bool = False

    def __post_init__(self) -> None:
        given: object = self.priority
        if isinstance(given, bool) or not isinstance(given, int) or given not in PRIORITIES:
            raise InvalidInput(f"priority={given!r}: a whole number up to a million is needed")


@dataclass(slots=True)
class Intake:
    """Takes offers into one batch of *store*, a chunk a transaction.

    A file of more than *largest* bytes is refused.
    """

    store: Store
    batch: str
    terms: Terms
    largest: int
    job_ids: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    """(what was given again, what it is the same as), by origin."""
    left_out: int = 0
    """Files of a folder that are of no type that the tool takes."""
    _seen: dict[str, str] = field(default_factory=dict)

    def take(self, offers: Iterable[Offer]) -> Iterator[int]:
        """Take every offer, and say after each transaction how many jobs it made."""
        submissions = self._submissions(offers)
        while chunk := list(islice(submissions, CHUNK)):
            with self.store.write() as conn:
                made = queue.enqueue_many(conn, chunk, now=time.time())
            self.job_ids.extend(one.job_id for one in made)
            yield len(made)

    def _submissions(self, offers: Iterable[Offer]) -> Iterator[Submission]:
        for offer in offers:
            if offer.left_out:
                self.left_out += 1
                continue
            submission = self._submission(offer)
            same = submission.sha256 or f"refused {offer.origin}"
            if same in self._seen:
                self.duplicates.append((offer.origin, self._seen[same]))
                continue
            self._seen[same] = offer.origin
            yield submission

    def _submission(self, offer: Offer) -> Submission:
        sha256, size, media_type, refused = None, 0, "application/octet-stream", None
        try:
            if offer.refused is not None:
                raise offer.refused
            sha256, size, media_type = self._stored(offer)
        except ToolkitError as exc:
            refused = (exc.code, _storable(str(exc)))
        terms = self.terms
        return Submission(
            tool=terms.tool.name,
            filename=_storable(offer.filename),
            sha256=sha256,
            size=size,
            media_type=media_type,
            origin=_storable(offer.origin),
            options=terms.asked.options,
            secrets=terms.asked.secrets,
            limits=terms.asked.limits,
            batch=self.batch,
            priority=terms.priority,
            bypass_cache=terms.bypass_cache,
            refused=refused,
        )

    def _stored(self, offer: Offer) -> tuple[str, int, str]:
        """The SHA-256, size and media type of the offer, whose bytes are in the blobs."""
        name = _storable(offer.filename)
        if offer.path is None:
            return self._stored_bytes(offer.content or b"", name)
        try:
            size = offer.path.stat().st_size
            if is_own(self.store, offer.path):
                raise InvalidInput(f"{name} is the queue's own database")
            self._check_size(size, name)
            if size <= HELD_WHOLE:
                return self._stored_bytes(offer.path.read_bytes(), name)
            return self._stored_file(offer.path)
        except OSError as exc:
            raise UnreadablePath(f"{offer.origin!r}: {exc.strerror or exc}") from exc

    def _stored_bytes(self, content: bytes, name: str) -> tuple[str, int, str]:
        self._check_size(len(content), name)
        media_type = sniffed(content[:HEAD])
        if self.terms.tool.name == "parse" and media_type not in READABLE:
            # A damaged PDF may have lost its head, so that all of it has to be looked at.
            media_type = Source.from_bytes(content, name).media_type
        sha256 = hashlib.sha256(content).hexdigest()
        # What is added waits for its job; bytes that get no job of their own are not added.
        if sha256 not in self._seen:
            blobs.add_bytes(self.store, content)
        return sha256, len(content), media_type

    def _stored_file(self, path: Path) -> tuple[str, int, str]:
        with path.open("rb") as file:
            media_type = sniffed(file.read(HEAD))
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 in self._seen:
            return sha256, path.stat().st_size, media_type
        # The file may have changed since: what was stored counts.
        return *blobs.add_file(self.store, path), media_type

    def _check_size(self, size: int, name: str) -> None:
        if not size:
            raise EmptyFile(f"{name} has no bytes")
        if size > self.largest:
            raise FileTooLarge(f"{name} has {size:,} bytes; at most {self.largest:,} are taken")


def wanted_by(tool: Tool) -> Callable[[Path], bool]:
    """Which files of a folder *tool* takes: documents for a parse, everything for another one."""
    if tool.name != "parse":
        return lambda _: True
    return lambda path: path.suffix.lower() in DOCUMENT_SUFFIXES


def is_own(store: Store, path: Path) -> bool:
    """Whether *path* is the database of *store*, or one of its files.

    To open and close the database would drop the locks that SQLite holds on it in this process.
    """
    where = path.resolve()
    own = store.path.resolve()
    return (where.name.startswith(own.name) and where.parent == own.parent) or (
        store.files.resolve() in where.parents
    )


def _storable(text: str) -> str:
    # A file's name may hold bytes that are no text, and then no database can store it.
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
