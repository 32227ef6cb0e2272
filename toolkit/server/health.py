"""Whether the server lives, and whether it can take work."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from typing import Final

import anyio
from anyio import to_thread

from toolkit.errors import ToolkitError
from toolkit.runner import launch
from toolkit.store.store import Store

__all__ = ["problems"]

LEAST_DISK: Final = 256 * 2**20
"""Bytes that must be free: an upload, its blob and the log of changes need room."""

PATIENCE: Final = 5.0
"""Seconds that the database may take to let us write."""


async def problems(store: Store, *, work: bool, more: Callable[[], list[str]]) -> list[str]:
    """What keeps the server from taking work, in words that name no path; empty when ready.

    *work*: it starts a runner itself where there is something to do. *more* tells what else is
    wrong.
    """
    found = more()
    with anyio.move_on_after(PATIENCE) as patience:
        found += await to_thread.run_sync(_of_store, store, work, abandon_on_cancel=True)
    if patience.cancelled_caught:
        found.append("the database is busy")
    return found


def _of_store(store: Store, work: bool) -> list[str]:
    found = []
    try:
        with store.write(durable=False) as conn:
            conn.execute("SELECT count(*) FROM this_file").fetchone()
        # Without *work* the runners are somebody else's care: what is handed in waits for them.
        if work and not launch.alive(store) and not os.access(store.files, os.W_OK | os.X_OK):
            found.append("no runner works on the queue, and none can be started")
        if shutil.disk_usage(store.path.parent).free < LEAST_DISK:
            found.append("the disk is nearly full")
    except (sqlite3.Error, ToolkitError, OSError):
        found.append("the database cannot be read and written")
    return found
