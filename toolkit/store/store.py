"""A store: one SQLite file with its folder of blobs beside it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from pathlib import Path
from typing import Self

from toolkit.errors import StoreDamaged, UnreadablePath, UnsuitableFile
from toolkit.store import places, stamp
from toolkit.store.connection import Connection, Transaction, connect

__all__ = ["Store"]

# Connections that a fork carried into this process. To close one, or to let it be collected,
# would touch the parent's locks, so they are kept for as long as the process lives.
_INHERITED: list[Connection] = []


class Store:
    """The handle of one database file, for every thread of one process.

    Each thread has a connection of its own; after a fork the child opens new ones.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = path.with_name(path.stem + ".files")
        self._local = threading.local()
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._pid = os.getpid()

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, create: bool = True) -> Self:
        """The store at *path*, brought to the newest schema.

        Raises UnreadablePath where there is none and *create* is false, or where the place
        cannot be written; UnsuitableFile for a network or synced folder or another program's
        file; NewerSchema; StoreDamaged.
        """
        where = _existing(path, create=create)
        places.refuse_unsuitable(where)
        store = cls(where)
        try:
            _prepare(store)
            places.claim_folder(store.files, _identity(store.read()))
        except BaseException:
            store.close()
            raise
        return store

    def read(self) -> sqlite3.Connection:
        """This thread's connection, in autocommit mode."""
        return self._connection()

    def write(self, durable: bool = True) -> Transaction:
        """A transaction that holds the write lock: ``with store.write() as conn: …``.

        *durable*: on the disk when the commit returns; otherwise a power cut may lose it.
        """
        return Transaction(self._connection(), durable=durable)

    def close(self) -> None:
        """Let go of the connections of every thread. New ones are opened if it is used again.

        One that another thread is using is closed when that thread is done with it: closing it
        under a running statement crashes the process.
        """
        if self._pid != os.getpid():
            self._leave_parents_connections()
        own: Connection | None = getattr(self._local, "conn", None)
        if own is not None:
            own.close()
        # The threads' connections hang on this alone; without it the idle ones are gone at once.
        self._open = weakref.WeakSet()
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self.path}>"

    def _connection(self) -> Connection:
        if self._pid != os.getpid():
            self._leave_parents_connections()
        conn: Connection | None = getattr(self._local, "conn", None)
        if conn is None:
            conn = self._local.conn = connect(self.path)
            self._open.add(conn)
        return conn

    def _leave_parents_connections(self) -> None:
        _INHERITED.extend(self._open)
        self._local = threading.local()
        self._open = weakref.WeakSet()
        self._pid = os.getpid()


def _existing(path: str | os.PathLike[str], *, create: bool) -> Path:
    """*path* in full, where a file is or may be made."""
    try:
        where = Path(path).expanduser().absolute()
        if not create and not where.exists():
            raise UnreadablePath(f"{where}: there is no such file")
        if where.is_dir() or not where.parent.is_dir():
            raise UnreadablePath(f"{where}: not a file in an existing folder")
        where.resolve()
    except (OSError, ValueError, RuntimeError) as exc:
        # Too long, a circle of links, a NUL, a home that is not known.
        raise UnreadablePath(f"{str(path)[:200]!r} cannot be a path: {exc}") from exc
    return where


def _prepare(store: Store) -> None:
    path = store.path
    try:
        conn = store.read()
        stamp.refuse_strangers(conn, path)
        _write_ahead(conn)
        stamp.refuse_newer(conn, path)
        if not stamp.is_current(conn):
            # Here alone, since it imports half a second's worth.
            from toolkit.store.schema import migrate

            migrate(conn, path)
    except sqlite3.DatabaseError as exc:
        if "not a database" in str(exc):
            raise UnsuitableFile(f"{path} is not a SQLite database; give another path") from exc
        if "malformed" in str(exc):
            raise StoreDamaged(f"{path} is damaged: {exc}; see 'pagequeue doctor'") from exc
        if "unable to open" in str(exc) or "readonly" in str(exc):
            raise UnreadablePath(f"{path}: {exc}") from exc
        raise


def _write_ahead(conn: sqlite3.Connection) -> None:
    """Put the file into WAL mode, which lasts; only the first opener has to.

    SQLite does not wait for others here, however long the busy timeout is.
    """
    for pause in (0.01, 0.05, 0.2, 0.5, 1.0, 2.0):
        try:
            if conn.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",):
                return
        except sqlite3.OperationalError as exc:
            if "locked" not in str(exc):
                raise
        time.sleep(pause)
    raise UnsuitableFile("the database cannot be put into WAL mode: is another program using it?")


def _identity(conn: sqlite3.Connection) -> str:
    (identity,) = conn.execute("SELECT identity FROM this_file").fetchone()
    return str(identity)
