"""Opening a pack that may come from anybody: nothing in it is believed before it is checked.

It is written to a folder of its own, checked there, and moved in place at once; it never
overwrites anything.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from toolkit.errors import (
    DamagedFile,
    InvalidInput,
    NewerSchema,
    ToolkitError,
    UnreadablePath,
    UnsuitableFile,
)
from toolkit.store import places, stamp, travel, zipped
from toolkit.store.connection import connect
from toolkit.store.invariants import violations
from toolkit.store.packing import DATABASE, FORMAT, MANIFEST, Manifest, Part, Report
from toolkit.store.store import Store

__all__ = ["unpack"]

LONGEST_LISTING = 256 * 2**20
"""Bytes of the zip's list of contents: about two million files."""
LONGEST_MANIFEST = 512 * 2**20
# Beyond what is unpacked, a database needs room to be checked and opened.
SPARE = 64 * 2**20
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")


def unpack(
    path: str | os.PathLike[str],
    into: str | os.PathLike[str] = ".",
    *,
    now: float,
    report: Report = lambda *_: None,
) -> Path:
    """Unpack *path* into the folder *into*, made where it is missing; the new database file.

    It is called as the pack is. Raises UnreadablePath, InvalidInput where something of that name is
    there, UnsuitableFile where it is no pack or holds what no pack of ours does, NewerSchema,
    DamagedFile.
    """
    source, folder = Path(path).expanduser().absolute(), Path(into).expanduser().absolute()
    database = folder / f"{source.stem}.db"
    places.refuse_unsuitable(database)
    for taken in (database, _files_of(database)):
        if os.path.lexists(taken):
            raise InvalidInput(f"{taken} is there already, and nothing is overwritten")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file, _passing(folder) as place:
            draft = place / database.name
            try:
                archive = zipped.opened(file, listing=LONGEST_LISTING)
                _extract(archive, draft, report)
            except ToolkitError as exc:
                raise type(exc)(f"{source}: {exc}") from exc
            _check(draft, source, now=now)
            _move(draft, database)
    except OSError as exc:
        raise UnreadablePath(f"{exc.filename or source}: {exc.strerror or exc}") from exc
    return database


def _files_of(database: Path) -> Path:
    return database.with_name(f"{database.stem}.files")


@contextmanager
def _passing(folder: Path) -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix=".pagequeue-", dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


# --- the zip ----------------------------------------------------------------------------------


def _extract(archive: zipfile.ZipFile, draft: Path, report: Report) -> None:
    """Write the parts of the pack to *draft* and the folder beside it, each checked by its hash."""
    entries = {entry.orig_filename: entry for entry in archive.infolist()}
    if len(entries) < len(archive.infolist()) or MANIFEST not in entries:
        raise UnsuitableFile("it is not a pack of pagequeue's")
    if zipped.overlapping(archive.infolist()):
        raise UnsuitableFile("its parts lie over each other, as in a zip bomb")
    manifest = _manifest(archive, entries.pop(MANIFEST))
    parts = {part.name: part for part in manifest.parts}
    if parts.keys() != entries.keys() or len(parts) < len(manifest.parts):
        raise UnsuitableFile("it does not hold what its manifest says")
    targets = {name: _target(part, draft) for name, part in parts.items()}
    total, done = sum(part.size for part in manifest.parts), 0
    free = shutil.disk_usage(draft.parent).free
    if total + SPARE > free:
        raise UnreadablePath(f"it needs {total:,} bytes, and {free:,} are free there")
    for name, part in parts.items():
        for size in _written(archive, entries[name], part, targets[name]):
            done += size
            report(done, total)


def _manifest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Manifest:
    content = b"".join(zipped.chunks(archive, entry, largest=LONGEST_MANIFEST))
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, ValueError) as exc:
        raise UnsuitableFile(f"its manifest cannot be read: {exc}") from exc
    if manifest.schema > stamp.VERSION or not manifest.format.startswith(FORMAT):
        raise NewerSchema(
            f"it was made by {manifest.made_by[:80]}, which is newer; update with"
            " 'pip install --upgrade pagequeue'"
        )
    return manifest


def _target(part: Part, draft: Path) -> Path:
    """Where a part goes, from its name, which can only be one of two kinds."""
    if part.size < 0:
        raise UnsuitableFile("a part of it has no size")
    if part.name == DATABASE:
        return draft
    blob = _BLOB.fullmatch(part.name)
    if blob is None or blob[1] != part.sha256:
        raise UnsuitableFile(f"it holds {part.name[:80]!r}, which no pack does")
    return _files_of(draft) / "blobs" / blob[1][:2] / blob[1]


def _written(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, part: Part, target: Path
) -> Iterator[int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = sha256(), 0
    with target.open("xb") as file:
        for chunk in zipped.chunks(archive, entry, largest=part.size):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
            yield len(chunk)
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise DamagedFile(f"{part.name} is not what the manifest says; have it sent again")


# --- the database -----------------------------------------------------------------------------


def _check(draft: Path, source: Path, *, now: float) -> None:
    """Raise UnsuitableFile, or what ``Store.open`` raises, unless *draft* is a sound file of ours.

    What must not come with it, such as deliveries that this machine would make, is taken out.
    """
    if not draft.exists():
        raise UnsuitableFile(f"{source}: there is no database in it")
    _refuse_strange_schema(draft, source)
    with Store.open(draft, create=False) as store:
        conn = store.read()
        try:
            travel.strip(conn, now=now)
            odd = travel.odd_rows(conn)
        except sqlite3.DatabaseError as exc:
            raise UnsuitableFile(f"{source}: its database breaks its own laws: {exc}") from exc
        # It has a new identity now, and the folder is to know it.
        (store.files / "store.id").unlink(missing_ok=True)
        places.claim_folder(store.files, _identity(conn))
        wrong = [odd] if odd else violations(store)
        if wrong:
            raise UnsuitableFile(f"{source}: its database is not sound: {wrong[0]}")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refuse_strange_schema(draft: Path, source: Path) -> None:
    """A trigger or a view of somebody else's would run with whatever we do."""
    from toolkit.store.schema import fresh

    conn = connect(draft)
    try:
        conn.execute("PRAGMA trusted_schema = OFF")
        (application,) = conn.execute("PRAGMA application_id").fetchone()
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        if application != stamp.APPLICATION_ID or not 0 < version <= stamp.VERSION:
            raise UnsuitableFile(f"{source}: its database is not one of pagequeue's")
        if travel.schema_of(conn) != fresh(version):
            raise UnsuitableFile(f"{source}: its database has tables or triggers that are not ours")
        (said,) = conn.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise DamagedFile(f"{source}: its database is damaged: {said}")
    except sqlite3.DatabaseError as exc:
        raise UnsuitableFile(f"{source}: its database cannot be read: {exc}") from exc
    finally:
        conn.close()


def _identity(conn: sqlite3.Connection) -> str:
    (identity,) = conn.execute("SELECT identity FROM this_file").fetchone()
    return str(identity)


def _move(draft: Path, database: Path) -> None:
    """Bring the folder and then the file to their places, or neither."""
    if hasattr(os, "sync"):
        os.sync()  # once for all files, so that no name outlives a power cut without its bytes
    files = _files_of(database)
    if os.path.lexists(files):
        raise InvalidInput(f"{files} is there already, and nothing is overwritten")
    _files_of(draft).rename(files)
    try:
        try:
            os.link(draft, database)  # a link, unlike a rename, never replaces
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            draft.rename(database)
    except OSError:
        shutil.rmtree(files, ignore_errors=True)
        raise
