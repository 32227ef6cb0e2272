"""What tells our files from others, and old ones from new, before anything heavy is imported."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from toolkit.errors import NewerSchema, UnsuitableFile

__all__ = [
    "APPLICATION_ID",
    "VERSION",
    "is_current",
    "put_stamp",
    "refuse_newer",
    "refuse_strangers",
]

APPLICATION_ID = 0x70_67_71_31
"""What ``PRAGMA application_id`` says of a file of ours ("pgq1")."""

VERSION = 5
"""What ``PRAGMA user_version`` says: how many migrations the file has been through."""


def is_current(conn: sqlite3.Connection) -> bool:
    """Whether the file is ours and at the schema of this version."""
    return _read(conn) == (APPLICATION_ID, VERSION)


def put_stamp(conn: sqlite3.Connection) -> None:
    """Say that the file is ours and at the schema of this version."""
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {VERSION}")


def refuse_strangers(conn: sqlite3.Connection, path: Path) -> None:
    """Raise UnsuitableFile where the file of *conn* is some other program's database."""
    application, _ = _read(conn)
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or tables):
        raise UnsuitableFile(
            f"{path} is the database of another program; give pagequeue a file of its own"
        )


def refuse_newer(conn: sqlite3.Connection, path: Path) -> None:
    """Raise NewerSchema where a newer pagequeue wrote the file of *conn*."""
    _, version = _read(conn)
    if version > VERSION:
        raise NewerSchema(
            f"{path} was written by a newer pagequeue (schema {version}, this one knows up to"
            f" {VERSION}); update with 'pip install --upgrade pagequeue'"
        )


def _read(conn: sqlite3.Connection) -> tuple[int, int]:
    (application,) = conn.execute("PRAGMA application_id").fetchone()
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    return application, version
