"""Which file was handed in from where, so that what has not changed is not handed in again.

A row is one place (a path, a member of an archive) for one tool and its options: the job that was
made of it last, the hash of the bytes, and the *mark* of the file while they were read.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from toolkit.jobs.state import JobState
from toolkit.store.rows import STATES

__all__ = ["INDEX", "TABLE", "Known", "Note", "known", "mark_of", "place", "remember"]

TABLE = """
CREATE TABLE origins (
    place BLOB PRIMARY KEY CHECK (length(place) = 32),
    sha256 BLOB,
    mark TEXT,
    version TEXT NOT NULL,
    job INTEGER NOT NULL REFERENCES jobs(number)
) STRICT, WITHOUT ROWID"""

INDEX = "CREATE INDEX origins_of_job ON origins(job)"

SETTLED = 2.0
"""Seconds since a file's last change from which on its mark is proof: a file may change twice
within one tick of the file system's clock, and the second change would not be seen."""

_KNOWN = """
SELECT origins.sha256, origins.mark, jobs.id, jobs.status, jobs.result IS NOT NULL
FROM origins
JOIN jobs ON jobs.number = origins.job
JOIN tools ON tools.number = jobs.tool AND tools.version = origins.version
WHERE place = ? AND purged_at IS NULL"""

_REMEMBER = """
INSERT OR REPLACE INTO origins (place, sha256, mark, version, job)
SELECT ?, ?, ?, tools.version, jobs.number
FROM jobs JOIN tools ON tools.number = jobs.tool WHERE jobs.id = ?"""

_encode = msgspec.json.Encoder(order="sorted").encode


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of a place before, by the version of the tool that is there now."""

    sha256: str | None
    """None where it could not be taken in."""
    mark: str | None
    job_id: str
    status: JobState
    has_result: bool


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be remembered of a place."""

    place: bytes
    sha256: str | None
    mark: str | None
    job_id: str


def place(origin: str, *, tool: str, options: Mapping[str, Any], owner: str = "") -> bytes:
    """32 bytes that are equal for equal work on what is at *origin*."""
    return sha256(_encode((owner, origin, tool, options))).digest()


def mark_of(path: Path, *, now: float) -> str | None:
    """What changes when the file at *path* does; None where that is no proof yet.

    Size, inode, and the times of the last change of the content and of the file itself, the last of
    which nobody can set back (on Windows it is the time of its making). Raises OSError.
    """
    seen = path.stat()
    if now - max(seen.st_mtime, seen.st_ctime if os.name == "posix" else 0.0) < SETTLED:
        return None
    return f"{seen.st_size} {seen.st_dev}:{seen.st_ino} {seen.st_mtime_ns} {seen.st_ctime_ns}"


def known(conn: sqlite3.Connection, place: bytes) -> Known | None:
    """What was made of *place*; None for a new place, another version, or a purged job."""
    row = conn.execute(_KNOWN, [place]).fetchone()
    if row is None:
        return None
    digest, mark, job_id, status, has_result = row
    return Known(
        sha256=None if digest is None else digest.hex(),
        mark=mark,
        job_id=job_id,
        status=STATES[status],
        has_result=has_result == 1,
    )


def remember(conn: sqlite3.Connection, notes: Iterable[Note]) -> None:
    """Keep *notes*, each in place of what was known of its place."""
    conn.executemany(
        _REMEMBER,
        [
            (
                note.place,
                None if note.sha256 is None else bytes.fromhex(note.sha256),
                note.mark,
                note.job_id,
            )
            for note in notes
        ],
    )
