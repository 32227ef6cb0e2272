"""Pictures of pages, kept beside the blobs: made from a blob, and gone with it.

They can be made again at any time, so they have no rows, and the oldest go when there are many.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from toolkit.store.store import Store

__all__ = ["MOST_BYTES", "drop", "found", "keep", "sweep"]

MOST_BYTES = 256 * 2**20
"""About 3,000 pages at 1,200 pixels."""

_USED = (
    "SELECT 1 FROM jobs JOIN blobs ON blobs.number = jobs.source"
    " WHERE jobs.id = ? AND blobs.sha256 = ?"
)


def found(store: Store, *, sha256: str, name: str) -> bytes | None:
    """The picture *name* of the blob *sha256*; None where there is none (any more)."""
    place = _folder(store, sha256) / name
    with suppress(OSError):
        content = place.read_bytes()
        os.utime(place)  # what is looked at stays
        return content
    return None


def keep(store: Store, content: bytes, *, job_id: str, sha256: str, name: str) -> None:
    """Keep *content* as the picture *name*, if *job_id* still has the blob *sha256* as its source.

    It gets its name under the write lock, so that a purge either sees it or forbids it.
    """
    folder = _folder(store, sha256)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{token_hex(4)}"
    try:
        draft.write_bytes(content)
        with store.write(durable=False) as conn:
            if conn.execute(_USED, (job_id, bytes.fromhex(sha256))).fetchone():
                draft.replace(folder / name)
    finally:
        draft.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()  # only where it stayed empty
    if draft.name.endswith("0"):  # one in sixteen
        _trim(store)


def drop(store: Store, sha256: str) -> bool:
    """Remove every picture of the blob *sha256*; whether none is left."""
    folder = _folder(store, sha256)
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def sweep(store: Store) -> int:
    """Remove the pictures of blobs that are gone, which a crash may leave; of how many."""
    conn, removed = store.read(), 0
    for folder in (store.files / "previews").glob("*/*"):
        known = None
        with suppress(ValueError):
            known = bytes.fromhex(folder.name)
        if known is None:
            continue  # somebody else's
        row = conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", [known]).fetchone()
        removed += row is None and drop(store, folder.name)
    return removed


def _folder(store: Store, sha256: str) -> Path:
    return store.files / "previews" / sha256[:2] / sha256


def _trim(store: Store) -> None:
    """Remove the pictures that were looked at longest ago, down to half, where there are many."""
    kept: list[tuple[float, int, Path]] = []
    for file in (store.files / "previews").glob("*/*/*.webp"):
        with suppress(OSError):
            seen = file.stat()
            kept.append((seen.st_mtime, seen.st_size, file))
    total = sum(size for _, size, _ in kept)
    if total <= MOST_BYTES:
        return
    for _, size, file in sorted(kept):
        with suppress(OSError):
            file.unlink()
        total -= size
        if total <= MOST_BYTES // 2:
            return
