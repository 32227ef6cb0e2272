"""From what was handed in to jobs: bytes into blobs, refusals with codes, duplicates noticed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from toolkit.engine.source import READABLE, Source, sniffed
from toolkit.errors import EmptyFile, FileTooLarge, InvalidInput, ToolkitError, UnreadablePath
from toolkit.jobs import ACTIVE, JobState, Submission, Tool
from toolkit.store import blobs, origins, queue
from toolkit.store.store import Store
from toolkit.workspace.offers import HELD_WHOLE, Offer, storable
from toolkit.workspace.options import Asked

__all__ = ["CHANGED_ONLY", "EACH_ONCE", "Intake", "Terms", "wanted_by"]

# The first jobs are being worked on while the later files are still copied, and a transaction
# of this many costs far less than as many transactions.
CHUNK = 100
# Of a file that is too large to be held whole only the head is looked at, and what it is beyond
# that is left to the reader in the child.
HEAD = 4096
PRIORITIES = range(-1_000_000, 1_000_001)

CHANGED_ONLY: frozenset[JobState] = frozenset({*ACTIVE, JobState.COMPLETED})
"""An input is not taken again where its job is in one of these states: done, or to be done."""
EACH_ONCE: frozenset[JobState] = frozenset(JobState)
"""Nor where it failed, or a person cancelled it."""

Keep: TypeAlias = Callable[[], tuple[str, int, str]]
"""Puts bytes into the blobs; their SHA-256, size and media type. Raises why they are not taken."""

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
class _Taking:
    """One offer on its way to becoming a job."""

    key: str
    """What is equal for what counts as the same input."""
    origin: str
    submission: Submission
    place: bytes | None = None
    """Where it comes from, for the next time; None where that is not known."""
    sha256: str | None = None
    """Of its bytes, also where they are not taken."""
    mark: str | None = None


@dataclass(slots=True)
class Intake:
    """Takes offers into one batch of *store*, a chunk a transaction.

    A file of more than *largest* bytes is refused. What was handed in from the same place before,
    with the same bytes, tool and options, is left alone where its job is in a state of *skips*.
    """

    store: Store
    batch: str
    terms: Terms
    largest: int
    skips: frozenset[JobState] = frozenset()
    job_ids: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    """(what was given again, what it is the same as), by origin."""
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    """(what was left alone, by origin; the job that was made of it)."""
    left_out: int = 0
    """Files of a folder that are of no type that the tool takes."""
    _seen: dict[str, str] = field(default_factory=dict)
    """The origin of each key that was met."""
    _jobs: dict[str, str] = field(default_factory=dict)
    """The job of each key that has one."""
    _notes: list[tuple[str, origins.Note]] = field(default_factory=list)
    """What is to be remembered when the job of its key is there."""

    def take(self, offers: Iterable[Offer]) -> Iterator[int]:
        """Take every offer, and say after each transaction how many jobs it made."""
        taking = self._taking(offers)
        while chunk := list(islice(taking, CHUNK)):
            with self.store.write() as conn:
                made = queue.enqueue_many(conn, [one.submission for one in chunk], now=time.time())
                self._jobs.update(
                    (one.key, job.job_id) for one, job in zip(chunk, made, strict=True)
                )
                origins.remember(conn, self._resolved())
            self._notes.clear()
            self.job_ids.extend(one.job_id for one in made)
            yield len(made)
        if self._notes:  # of duplicates, and of files that were touched and not changed
            with self.store.write(durable=False) as conn:
                origins.remember(conn, self._resolved())
            self._notes.clear()

    def _resolved(self) -> Iterator[origins.Note]:
        return (replace(note, job_id=self._jobs[key]) for key, note in self._notes)

    def _taking(self, offers: Iterable[Offer]) -> Iterator[_Taking]:
        for offer in offers:
            if offer.left_out:
                self.left_out += 1
                continue
            one = self._looked_at(offer)
            if one is None:
                continue
            if one.place is not None:
                note = origins.Note(place=one.place, sha256=one.sha256, mark=one.mark, job_id="")
                self._notes.append((one.key, note))
            if one.key in self._seen:
                self.duplicates.append((one.origin, self._seen[one.key]))
                continue
            self._seen[one.key] = one.origin
            yield one

    def _looked_at(self, offer: Offer) -> _Taking | None:
        """The offer with its bytes in the blobs, or why not; None where it has not changed."""
        new = self._submission(offer)
        if new.url is not None or offer.bare:
            return _Taking(f"url {new.url}", offer.origin, new)
        place, known, sha256 = self._place(offer), None, None
        mark = None if offer.path is None else _mark(offer.path)
        if self.skips and place is not None:
            known = self._known(place)
            if known is not None and (offer.refused or (mark is not None and known.mark == mark)):
                self.unchanged.append((offer.origin, known.job_id))
                return None
        try:
            if offer.refused is not None:
                raise offer.refused
            sha256, keep = self._read(offer)
            if place is None and (place := self._place(offer, sha256)) and self.skips:
                known = self._known(place)
            if known is not None and known.sha256 == sha256:
                self._note_touched(offer, place, sha256, mark, known)
                self.unchanged.append((offer.origin, known.job_id))
                return None
            # What is added waits for its job; bytes that get no job of their own are not added.
            if sha256 in self._seen:
                new = replace(new, sha256=sha256)
            else:
                sha256, size, media_type = keep()
                new = replace(new, sha256=sha256, size=size, media_type=media_type)
        except ToolkitError as exc:
            new = replace(new, refused=(exc.code, storable(str(exc))))
        if offer.path is not None and mark != _mark(offer.path):
            mark = None  # it changed while it was read
        key = new.sha256 or f"refused {offer.origin}"
        return _Taking(key, offer.origin, new, place=place, sha256=sha256, mark=mark)

    def _place(self, offer: Offer, sha256: str | None = None) -> bytes | None:
        """What stands for where the offer comes from.

        A path may hold other bytes tomorrow. Of anything else, a name and the bytes are all that
        is known, so that it has no place before they are.
        """
        if offer.path is not None:
            origin = str(offer.path.absolute())
        elif offer.refused is not None:
            origin = f"refused {offer.refused} {offer.origin}"
        elif sha256 is not None:
            origin = f"{sha256} {offer.origin}"
        else:
            return None
        terms = self.terms
        return origins.place(storable(origin), tool=terms.tool.name, options=terms.asked.options)

    def _known(self, place: bytes) -> origins.Known | None:
        found = origins.known(self.store.read(), place)
        if found is None or found.status not in self.skips:
            return None
        # A result that has expired is not there any more: then it is work again.
        return found if found.has_result or found.status is not JobState.COMPLETED else None

    def _note_touched(
        self, offer: Offer, place: bytes | None, sha256: str, mark: str | None, known: origins.Known
    ) -> None:
        """Next time the new mark is enough."""
        if place is not None and offer.path is not None and mark == _mark(offer.path):
            self._jobs[known.job_id] = known.job_id
            note = origins.Note(place=place, sha256=sha256, mark=mark, job_id=known.job_id)
            self._notes.append((known.job_id, note))

    def _submission(self, offer: Offer) -> Submission:
        terms = self.terms
        return Submission(
            tool=terms.tool.name,
            filename=storable(offer.filename),
            origin=storable(offer.origin),
            url=offer.url if offer.refused is None else None,
            options=terms.asked.options,
            secrets=terms.asked.secrets,
            limits=terms.asked.limits,
            batch=self.batch,
            priority=terms.priority,
            bypass_cache=terms.bypass_cache,
        )

    def _read(self, offer: Offer) -> tuple[str, Keep]:
        """The SHA-256 of the offer's bytes, and what keeps them. Raises why they are not taken."""
        name, path = storable(offer.filename), offer.path or offer.draft
        if path is None:
            return self._read_bytes(offer.content or b"", name)
        try:
            size = path.stat().st_size
            if is_own(self.store, path):
                raise InvalidInput(f"{name} is the queue's own database")
            self._check_size(size, name)
            if size <= HELD_WHOLE:
                return self._read_bytes(path.read_bytes(), name)
            with path.open("rb") as file:
                media_type = sniffed(file.read(HEAD))
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise UnreadablePath(f"{offer.origin!r}: {exc.strerror or exc}") from exc
        # The file may change until it is kept: what was stored counts.
        return sha256, lambda: (*blobs.add_file(self.store, path), media_type)

    def _read_bytes(self, content: bytes, name: str) -> tuple[str, Keep]:
        self._check_size(len(content), name)
        return hashlib.sha256(content).hexdigest(), partial(self._keep_bytes, content, name)

    def _keep_bytes(self, content: bytes, name: str) -> tuple[str, int, str]:
        media_type = sniffed(content[:HEAD])
        if self.terms.tool.name == "parse" and media_type not in READABLE:
            # A damaged PDF may have lost its head, so that all of it has to be looked at.
            media_type = Source.from_bytes(content, name).media_type
        return blobs.add_bytes(self.store, content), len(content), media_type

    def _check_size(self, size: int, name: str) -> None:
        if not size:
            raise EmptyFile(f"{name} has no bytes")
        if size > self.largest:
            raise FileTooLarge(f"{name} has {size:,} bytes; at most {self.largest:,} are taken")


def wanted_by(tool: str) -> Callable[[Path], bool]:
    """Which files of a folder *tool* takes: documents for a parse, everything for another one."""
    if tool != "parse":
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


def _mark(path: Path) -> str | None:
    try:
        return origins.mark_of(path, now=time.time())
    except (OSError, ValueError):
        return None
