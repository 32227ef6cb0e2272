"""The migrations of a store. One that has been released is never edited: the next one changes
what it made.

Imported only where a file is new or old: sqlite-utils brings pandas along, which takes half a
second that no runner has to wait.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from secrets import token_bytes, token_hex

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toolkit.store import (
    fetches,
    keys,
    origins,
    outbox,
    presentations,
    stamp,
    travel,
    webhooks,
    windows,
)
from toolkit.store.amendments import BIRTHS_COUNTED_AT_ONCE, ENDS_ARE_TOLD, OWNERS_STATES
from toolkit.store.laws import TRIGGERS
from toolkit.store.tables import ADDRESSES, INDEXES, TABLES
from toolkit.store.views import VIEWS

__all__ = ["MIGRATIONS", "fresh", "migrate"]

MIGRATIONS = Migrations("pagequeue")


@MIGRATIONS(name="0001_the_spine")
def _the_spine(db: Database) -> None:
    for statement in (*TABLES, *INDEXES, *TRIGGERS, *VIEWS):
        db.execute(statement)
    db.execute("INSERT INTO this_file VALUES (1, ?, ?)", [token_hex(16), token_bytes(32)])


@MIGRATIONS(name="0002_addresses")
def _addresses(db: Database) -> None:
    db.execute(ADDRESSES)


@MIGRATIONS(name="0003_births_counted_at_once")
def _births_counted_at_once(db: Database) -> None:
    for statement in BIRTHS_COUNTED_AT_ONCE:
        db.execute(statement)


@MIGRATIONS(name="0004_origins")
def _origins(db: Database) -> None:
    db.execute(origins.TABLE)
    db.execute(origins.INDEX)


@MIGRATIONS(name="0005_keys_and_news")
def _keys_and_news(db: Database) -> None:
    db.execute("DROP TABLE outbox")
    for statement in (
        *(keys.TABLE, windows.TABLE, presentations.TABLE, fetches.TABLE),
        *(*webhooks.TABLES, *webhooks.INDEXES),
        *(*outbox.TABLES, *outbox.INDEXES, *outbox.TRIGGERS),
        *ENDS_ARE_TOLD,
        OWNERS_STATES,
    ):
        db.execute(statement)


def fresh(version: int) -> list[tuple[str, str, str, str]]:
    """What a file of ours has at schema *version* besides rows, as ``travel.schema_of`` says it."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    try:
        db = Database(conn, execute_plugins=False)
        later = [step.name for step in MIGRATIONS.pending(db)][version:]
        conn.execute("BEGIN")
        MIGRATIONS.apply(db, stop_before=later[:1])
        return travel.schema_of(conn)
    finally:
        conn.close()


def migrate(conn: sqlite3.Connection, path: Path) -> None:
    """Bring the file of *conn* to the newest schema, in one transaction.

    Raises UnsuitableFile where it is some other program's database, NewerSchema where a newer
    pagequeue wrote it.
    """
    # Taken first, so that of two processes that open a new file one migrates and one finds it done.
    conn.execute("BEGIN IMMEDIATE")
    try:
        stamp.refuse_strangers(conn, path)
        stamp.refuse_newer(conn, path)
        MIGRATIONS.apply(Database(conn, execute_plugins=False))
        stamp.put_stamp(conn)
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")
