"""From what is wanted to a job: everything checked first, then taken in within one transaction."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from toolkit.dialects.exchange import Wanted
from toolkit.dialects.reading import LONGEST_ADDRESS, LONGEST_KEY
from toolkit.engine.source import READABLE, Source
from toolkit.errors import (
    AddressRefused,
    EmptyFile,
    InvalidInput,
    JobNotFound,
    ResultGone,
    StoreDamaged,
    UnreadablePath,
)
from toolkit.jobs import Job, Submission, Tool
from toolkit.jobs.address import shown
from toolkit.runner import deliver_address
from toolkit.server.uploads import WHOLE, Received, bare_name
from toolkit.settings import Settings
from toolkit.store import blobs, jobs, queue, tools
from toolkit.store.queue import Enqueued
from toolkit.store.store import Store
from toolkit.workspace.offering import refuse_content, refuse_unfit
from toolkit.workspace.options import checked

__all__ = ["Order", "is_repeated", "job_of", "order"]

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job that may be taken in: everything that can be checked beforehand was."""

    submission: Submission
    received: Received | None = None
    reused: Job | None = None

    def take(self, conn: sqlite3.Connection, store: Store, *, now: float) -> Enqueued:
        """The job, within the transaction of *conn*; the file, if any, has its name then.

        Raises InvalidInput where the tool takes nothing in, IdempotencyConflict, and ResultGone
        where the input of the earlier job went just now.
        """
        if not is_repeated(conn, self.submission.owner, self.submission.idempotency_key):
            self._refuse_drained(conn)
            if self.received is not None:
                upload = self.received.upload
                blobs.place(
                    conn,
                    store,
                    draft=self.received.draft,
                    sha256=upload.sha256,
                    size=upload.size,
                )
            if self.reused is not None and jobs.job(conn, self.reused.id).sha256 is None:
                raise _no_source(self.reused)
        return queue.enqueue(conn, self.submission, now=now)

    def _refuse_drained(self, conn: sqlite3.Connection) -> None:
        # Before its file gets a name, which no rollback takes back.
        name = self.submission.tool
        if conn.execute("SELECT state FROM tools WHERE name = ?", [name]).fetchone() == (
            "draining",
        ):
            raise InvalidInput(f"the tool {name!r} is being drained and takes no new jobs")


def is_repeated(conn: sqlite3.Connection, owner: str, key: str | None) -> bool:
    """Whether the idempotency *key* was used before: then there is a job, or a conflict."""
    found = "SELECT 1 FROM jobs WHERE owner = ? AND idempotency_key = ?"
    return key is not None and conn.execute(found, (owner, key)).fetchone() is not None


def job_of(conn: sqlite3.Connection, job_id: str, *, owner: str | None = None) -> Job:
    """The owner's job of this id, or, without one, whosoever's.

    Raises JobNotFound, in the same words and the same time for another owner's.
    """
    row = None
    if _ID.fullmatch(job_id):
        row = conn.execute("SELECT owner FROM jobs WHERE id = ?", [job_id]).fetchone()
    if row is None or owner not in (None, row[0]):
        raise JobNotFound(f"there is no job {job_id[:80]!r}")
    return jobs.job(conn, job_id)


def order(
    store: Store, settings: Settings, *, owner: str, wanted: Wanted, received: Received | None
) -> Order:
    """What is *wanted*, checked. It reads a file that is of no known type: for a thread.

    Raises UnknownTool, InvalidOption, InvalidInput, UnsupportedFileType, EmptyFile,
    AddressRefused, JobNotFound and ResultGone.
    """
    conn = store.read()
    tool = tools.tool(conn, wanted.tool)
    asked = checked(tool, wanted.options, password=wanted.secrets.get("password"), limits={})
    if wanted.callback_url is not None:
        deliver_address.checked(wanted.callback_url, settings)
    _refuse_key(wanted.idempotency_key)
    given = [one for one in (received, wanted.url, wanted.reuse) if one is not None]
    if len(given) > 1:
        raise InvalidInput("give one input: a file, an address, or an earlier job")
    refuse_unfit(tool.name, has_file=bool(given))
    new = Submission(
        tool=tool.name,
        filename="" if wanted.filename is None else bare_name(wanted.filename),
        options=asked.options,
        secrets={**wanted.secrets, **asked.secrets},
        presentation=wanted.presentation,
        owner=owner,
        one_time=wanted.one_time,
        bypass_cache=wanted.bypass_cache,
        retain=wanted.retain,
        result_retain=wanted.result_retain,
        callback_url=wanted.callback_url,
        idempotency_key=wanted.idempotency_key,
    )
    if received is not None:
        return _of_upload(new, received, tool)
    if wanted.url is not None:
        return _of_address(new, wanted.url)
    return Order(submission=new) if wanted.reuse is None else _of_job(store, new, wanted.reuse)


def _of_upload(new: Submission, received: Received, tool: Tool) -> Order:
    upload = received.upload
    name = new.filename or upload.filename
    if not upload.size:
        raise EmptyFile(f"{name} has no bytes")
    if tool.name == "parse" and upload.media_type not in READABLE:
        # It says what the file seems to be instead.
        with WHOLE:
            Source.from_path(received.draft, name)
    refuse_content(tool.name, received.draft, size=upload.size, filename=name)
    file: Mapping[str, object] = {
        "filename": name,
        "sha256": upload.sha256,
        "size": upload.size,
        "media_type": upload.media_type,
        "origin": "upload",
    }
    return Order(submission=replace(new, **file), received=received)


def _of_address(new: Submission, url: str) -> Order:
    """A job whose file the runner fetches; where to, it looks at itself."""
    place = shown(url)
    if len(url) > LONGEST_ADDRESS or re.search(r"[\x00-\x20\x7f]|[\ud800-\udfff]", url):
        raise AddressRefused(f"{place} is not written as an address is")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise AddressRefused(f"{place} is not written as an address is") from exc
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise AddressRefused(f"{place}: only http:// and https:// addresses are fetched from")
    return Order(submission=replace(new, url=url, origin=place))


def _of_job(store: Store, new: Submission, reuse: str) -> Order:
    job_id = "job_" + reuse.removeprefix("doc_") if reuse.startswith("doc_") else reuse
    earlier = job_of(store.read(), job_id, owner=new.owner)
    path = jobs.source_of(store, earlier)
    if earlier.url is not None:
        raise InvalidInput(f"the file of job {earlier.id} is still to be fetched; ask again then")
    if path is None:
        raise _no_source(earlier)
    if new.tool == "parse" and earlier.media_type not in READABLE:
        try:
            with WHOLE:
                Source.from_path(path, earlier.filename or "document")
        except UnreadablePath as exc:  # which names a place on this machine
            raise StoreDamaged(f"the file of job {earlier.id} is missing from the store") from exc
    file: Mapping[str, object] = {
        "filename": new.filename or earlier.filename or "",
        "sha256": earlier.sha256,
        "size": earlier.size,
        "media_type": earlier.media_type,
        "origin": earlier.id,
    }
    return Order(submission=replace(new, **file), reused=earlier)


def _refuse_key(key: str | None) -> None:
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"an idempotency key has 1 to {LONGEST_KEY} characters")


def _no_source(job: Job) -> ResultGone | InvalidInput:
    if not job.size:
        return InvalidInput(f"job {job.id} had no file that could be used again")
    return ResultGone(f"the file of job {job.id} is not kept any more: send it again")
