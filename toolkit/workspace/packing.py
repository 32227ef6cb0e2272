"""A workspace as one file: packed to be sent to somebody, and unpacked where it arrives."""

from __future__ import annotations

import os
import time

from toolkit.store import unpacking
from toolkit.workspace.waiting import measured
from toolkit.workspace.workspace import Workspace
from toolkit.workspace.workspace import open as open_workspace

__all__ = ["unpack"]


def unpack(
    path: str | os.PathLike[str], into: str | os.PathLike[str] = ".", *, work: bool = False
) -> Workspace:
    """The workspace in the pack at *path*, unpacked into the folder *into* under the pack's name.

    Everything in it is checked, whoever sent it, and nothing is overwritten. Without *work* it is
    only looked at; what was queued in it stays queued.

    Raises UnreadablePath, InvalidInput, UnsuitableFile, NewerSchema or DamagedFile, saying why.
    """
    with measured("unpacking") as report:
        database = unpacking.unpack(path, into, now=time.time(), report=report)
    return open_workspace(database, work=work, create=False)
