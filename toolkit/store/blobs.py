"""Inputs and large results as files, named by the SHA-256 of their bytes.

A file comes to its name, and goes from it, only under the database's write lock: so a file
without a row is always left over from a crash, and no sweep can meet an arrival half-way.
A *pin* keeps a blob that was added and is not used yet; the first use takes it off.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import IO

from toolkit.errors import InvalidInput, UnreadablePath
from toolkit.store import previews
from toolkit.store.store import Store

__all__ = ["add_bytes", "add_file", "path", "place", "sweep", "written"]

PIN_SECONDS = 3600.0
"""How long a blob waits for its first use, and a half-written file for its end."""

# Below this a file is read whole: known bytes are then recognised without writing them again.
_IN_MEMORY = 64 * 2**20
_CHUNK = 2**20
_SHA256 = re.compile(r"[0-9a-f]{64}")

_PIN = """
INSERT INTO blobs (sha256, size, pinned) VALUES (?, ?, 1)
ON CONFLICT (sha256) DO UPDATE SET pinned = 1"""


def add_bytes(store: Store, content: bytes) -> str:
    """Keep *content*, and pin it for a submission; returns its SHA-256 in hex."""
    name = sha256(content).hexdigest()
    _settle(store, name, len(content), lambda: written(store, content))
    return name


def add_file(store: Store, path: str | os.PathLike[str]) -> tuple[str, int]:
    """Keep a copy of the file at *path*, and pin it; returns its SHA-256 in hex and its size.

    Raises UnreadablePath where it cannot be read.
    """
    source = Path(path)
    try:
        if source.stat().st_size <= _IN_MEMORY:
            content = source.read_bytes()
            return add_bytes(store, content), len(content)
        with source.open("rb") as file:
            draft, name, size = _copied(store, file)
    except OSError as exc:
        raise UnreadablePath(f"{source}: {exc.strerror or exc}") from exc
    _settle(store, name, size, lambda: draft)
    draft.unlink(missing_ok=True)
    return name, size


def path(store: Store, sha256: str) -> Path:
    """Where the bytes with this SHA-256 (in hex) are, if the store has them.

    Raises InvalidInput for what is no SHA-256, such as a way out of the folder.
    """
    if not _SHA256.fullmatch(sha256):
        raise InvalidInput(f"{sha256[:80]!r} is no SHA-256: 64 hexadecimal digits are needed")
    return store.files / "blobs" / sha256[:2] / sha256


def written(store: Store, content: bytes) -> Path:
    """A file with *content*, on the disk, under a passing name."""
    draft = _draft(store)
    with draft.open("xb") as file:
        file.write(content)
        _flush(file)
    return draft


def place(conn: sqlite3.Connection, store: Store, *, draft: Path, sha256: str, size: int) -> int:
    """Give the file *draft* its name, within the transaction of *conn*; returns the blob's number.

    The blob is pinned. Where the store has these bytes already, *draft* is removed.
    """
    conn.execute(_PIN, (bytes.fromhex(sha256), size))
    final = path(store, sha256)
    if final.exists():
        draft.unlink(missing_ok=True)
        os.utime(final)
    else:
        _rename(draft, final)
    return number_of(conn, sha256)


def number_of(conn: sqlite3.Connection, sha256: str) -> int:
    """The number of the blob with this SHA-256 (in hex), which the store must have."""
    (number,) = conn.execute(
        "SELECT number FROM blobs WHERE sha256 = ?", [bytes.fromhex(sha256)]
    ).fetchone()
    return int(number)


def sweep(store: Store, *, now: float) -> int:
    """Remove the blobs that nobody uses or waits for, and what crashes left; returns how many.

    Its own transaction. A file that cannot be removed (Windows, while it is open) stays for the
    next sweep.
    """
    strays = _strays(store)
    with store.write() as conn:
        removed = drop_unused(conn, store, now=now)
        removed += sum(_removed(file) for file in strays if not _known(conn, file.name))
    previews.sweep(store)
    return removed + _sweep_drafts(store, now)


def drop_unused(conn: sqlite3.Connection, store: Store, *, now: float) -> int:
    """Remove the blobs that nobody uses or waits for, within a transaction; returns how many."""
    rows = conn.execute("SELECT number, sha256, pinned FROM blobs WHERE uses = 0").fetchall()
    removed = 0
    for number, digest, pinned in rows:
        file = path(store, digest.hex())
        # The pictures of its pages go first: a blob that is gone has left nothing behind.
        gone = (not pinned or _is_old(file, now)) and previews.drop(store, digest.hex())
        if gone and _removed(file):
            conn.execute("DELETE FROM blobs WHERE number = ?", [number])
            removed += 1
    return removed


def _settle(store: Store, name: str, size: int, draft: Callable[[], Path]) -> None:
    """Pin the blob *name*; where its file is not there yet, *draft* () gives it."""
    final = path(store, name)
    digest = bytes.fromhex(name)
    if final.exists() and _pin_known(store, final, digest, size):
        return
    made = draft()
    with store.write(durable=False) as conn:
        place(conn, store, draft=made, sha256=name, size=size)


def _pin_known(store: Store, final: Path, digest: bytes, size: int) -> bool:
    """Pin a blob whose file is there; False where a sweep was faster."""
    with store.write(durable=False) as conn:
        if not final.exists():
            return False
        os.utime(final)
        conn.execute(_PIN, (digest, size))
    return True


def _copied(store: Store, source: IO[bytes]) -> tuple[Path, str, int]:
    """A copy of *source* under a passing name, with its SHA-256 in hex and its size."""
    draft, digest, size = _draft(store), sha256(), 0
    with draft.open("xb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        _flush(file)
    return draft, digest.hexdigest(), size


def _draft(store: Store) -> Path:
    folder = store.files / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / token_hex(8)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(draft: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(final)
    if os.name == "posix":
        # The name too must be on the disk before a commit speaks of it.
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _strays(store: Store) -> list[Path]:
    """The files that have no row, as far as one can tell without the write lock."""
    conn = store.read()
    return [file for file in (store.files / "blobs").glob("*/*") if not _known(conn, file.name)]


def _known(conn: sqlite3.Connection, name: str) -> bool:
    try:
        digest = bytes.fromhex(name)
    except ValueError:
        # Not a name that we give: somebody else's file, which is left alone.
        return True
    return conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", [digest]).fetchone() is not None


def _sweep_drafts(store: Store, now: float) -> int:
    drafts = list((store.files / "drafts").glob("*"))
    return sum(_removed(draft) for draft in drafts if _is_old(draft, now))


def _is_old(file: Path, now: float) -> bool:
    try:
        return file.stat().st_mtime < now - PIN_SECONDS
    except FileNotFoundError:
        return True


def _removed(file: Path) -> bool:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return False
    return True
