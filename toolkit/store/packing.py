"""A workspace as one file to share: its database, copied and stripped, with its blobs, in a zip."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import IO, Final

import msgspec

from toolkit.errors import InvalidInput, StoreDamaged, UnreadablePath
from toolkit.store import batches, blobs, stamp, travel
from toolkit.store.connection import connect
from toolkit.store.store import Store

__all__ = ["DATABASE", "FORMAT", "MANIFEST", "Manifest", "Packed", "Part", "Report", "pack"]

Report = Callable[[int, int], None]
"""Told how many bytes are done, of how many."""

MANIFEST: Final = "manifest.json"
DATABASE: Final = "workspace.db"
FORMAT: Final = "pagequeue pack 1"

_CHUNK = 2**20
# A purge during the copying takes a blob away; then the database is copied once more.
_TRIES = 3
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class Part(msgspec.Struct, frozen=True):
    """A file of a pack."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack says of itself; the hashes are what it is checked by."""

    format: str
    made_by: str
    made_at: str
    schema: int
    batch: str | None
    """The name of the only batch in it, None for everything."""
    sources: bool
    jobs: dict[str, int]
    parts: list[Part]


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was written."""

    path: Path
    size: int
    jobs: int
    files: int
    """Inputs and large results in it."""

    def __repr__(self) -> str:
        return f"<Packed {str(self.path)!r}: {self.jobs:,} jobs, {self.size:,} bytes>"


def pack(
    store: Store,
    path: str | os.PathLike[str],
    *,
    now: float,
    batch: str | None = None,
    sources: bool = True,
    report: Report = lambda *_: None,
) -> Packed:
    """Write everything in *store*, or one *batch* (its id), to the file *path*, which is new.

    Not what was purged, nor secrets, tokens, addresses to be fetched or functions of notebook
    cells. Running jobs are packed as queued; without *sources*, unfinished ones as cancelled.
    Runners go on meanwhile. Raises JobNotFound for the batch, InvalidInput where *path* is taken,
    UnreadablePath, StoreDamaged.
    """
    target = Path(path).expanduser().absolute()
    only = None if batch is None else batches.batch(store.read(), batch).name
    if target.exists():
        raise InvalidInput(f"{target} is there already, and a pack overwrites nothing")
    if not target.parent.is_dir():
        raise UnreadablePath(f"{target.parent}: there is no such folder")
    for attempt in range(1, _TRIES + 1):
        with _copied(store) as copy:
            jobs = _made_ready(copy, now=now, batch=batch, sources=sources)
            manifest = _manifest(copy, now=now, batch=only, sources=sources, jobs=jobs)
            try:
                size = _write(store, copy, manifest, target, report)
            except FileNotFoundError as exc:
                if attempt == _TRIES:
                    raise StoreDamaged(f"a blob's file is missing: {exc.filename}") from exc
            else:
                break
    files = len(manifest.parts) - 1
    return Packed(path=target, size=size, jobs=sum(jobs.values()), files=files)


def _manifest(
    copy: Path, *, now: float, batch: str | None, sources: bool, jobs: dict[str, int]
) -> Manifest:
    return Manifest(
        format=FORMAT,
        made_by=f"pagequeue {version('pagequeue')}",
        made_at=datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        schema=stamp.VERSION,
        batch=batch,
        sources=sources,
        jobs=jobs,
        parts=_parts(copy),
    )


@contextmanager
def _copied(store: Store) -> Iterator[Path]:
    """A copy of the database as it is at one moment, for as long as it is needed."""
    folder = store.files / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / token_hex(8)
    try:
        # SQLite copies it: whoever opened the live file would drop the locks of this process.
        store.read().execute("VACUUM INTO ?", [str(copy)])
        yield copy
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)


def _made_ready(copy: Path, *, now: float, batch: str | None, sources: bool) -> dict[str, int]:
    """Strip the copy down to what travels; how many jobs are in each status."""
    conn = connect(copy)
    try:
        conn.execute("PRAGMA journal_mode = DELETE")
        _drop_strangers(conn)
        if batch is not None:
            travel.narrow(conn, batch=batch)
        if not sources:
            travel.without_sources(conn, now=now)
        travel.strip(conn, now=now)
        # What was deleted, here or by a purge long ago, is in no page of the copy after this.
        conn.execute("VACUUM")
        rows = conn.execute("SELECT status, count(*) FROM jobs GROUP BY status ORDER BY status")
        return dict(rows.fetchall())
    finally:
        conn.close()


def _drop_strangers(conn: sqlite3.Connection) -> None:
    """Tables, triggers and views that the analyst added: no unpacking would let them in."""
    from toolkit.store.schema import fresh

    known = {(kind, name) for kind, name, _, _ in fresh(stamp.VERSION)}
    there = {(kind, name) for kind, name, _, _ in travel.schema_of(conn)}
    # Views and triggers first: a table takes its indexes along.
    for kind, name in sorted(there - known, reverse=True):
        called = name.replace('"', '""')
        conn.execute(f'DROP {kind.upper()} IF EXISTS "{called}"')


def _parts(copy: Path) -> list[Part]:
    conn = connect(copy)
    try:
        rows = conn.execute("SELECT lower(hex(sha256)), size FROM blobs ORDER BY sha256").fetchall()
    finally:
        conn.close()
    digest = sha256()
    with copy.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    database = Part(DATABASE, copy.stat().st_size, digest.hexdigest())
    return [database, *(Part(f"blobs/{name}", size, name) for name, size in rows)]


def _write(store: Store, copy: Path, manifest: Manifest, target: Path, report: Report) -> int:
    """Write the pack under a passing name, then give it its own; its size in bytes."""
    draft = target.with_name(f".{target.name}.{token_hex(4)}.part")
    total, done = sum(part.size for part in manifest.parts), 0
    try:
        with draft.open("xb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                listed = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
                archive.writestr(_entry(MANIFEST, packed=True), listed, compresslevel=1)
                for part in manifest.parts:
                    is_database = part.name == DATABASE
                    source = copy if is_database else blobs.path(store, part.sha256)
                    with source.open("rb") as content:
                        for size in _add(archive, part, content, packed=is_database):
                            done += size
                            report(done, total)
            file.flush()
            os.fsync(file.fileno())
        _name(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def _entry(name: str, *, packed: bool) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    # Most inputs are packed already: to pack them again is only slow.
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    entry.external_attr = 0o600 << 16
    return entry


def _add(
    archive: zipfile.ZipFile, part: Part, content: IO[bytes], *, packed: bool
) -> Iterator[int]:
    """Copy *content* into the archive, a piece each; raises StoreDamaged where it is not *part*."""
    entry = _entry(part.name, packed=packed)
    entry.file_size = part.size
    if packed:
        entry._compresslevel = 1  # type: ignore[attr-defined]  # open() has no parameter for it
    digest = sha256()
    with archive.open(entry, "w") as stream:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            stream.write(chunk)
            yield len(chunk)
    if digest.hexdigest() != part.sha256:
        raise StoreDamaged(f"the file {part.name} is not what was written; see 'pagequeue doctor'")


def _name(draft: Path, target: Path) -> None:
    """Give *draft* the name *target*, which nothing may have by now."""
    try:
        os.link(draft, target)  # a link, unlike a rename, never replaces
    except FileExistsError as exc:
        raise InvalidInput(f"{target} is there already, and a pack overwrites nothing") from exc
    except OSError:  # a file system without links
        draft.rename(target)
