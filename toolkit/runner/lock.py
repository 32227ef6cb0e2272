"""One background runner a file and host: a lock that the system lets go when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

from toolkit.runner import machine

__all__ = ["RunnerLock"]


class RunnerLock:
    """The lock of a store's background runner, on a file of its own beside the blobs.

    Never on the database itself: to open and close that would drop SQLite's own locks.
    """

    def __init__(self, place: Path, descriptor: int | None = None) -> None:
        self.place = place
        self._descriptor = descriptor

    @classmethod
    def of(cls, files: Path) -> Self:
        """The lock for the store whose folder of files is *files*; not taken yet."""
        return cls(files / "runner.lock")

    @property
    def descriptor(self) -> int | None:
        """What a child process inherits the lock by; None while it is not held."""
        return self._descriptor

    def take(self) -> bool:
        """Take the lock, unless another process has it; whether it is held now."""
        if self._descriptor is not None:
            return True
        self.place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.place, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def sign(self, pid: int) -> None:
        """Write down which process holds the lock from now on."""
        if self._descriptor is not None:
            text = f"{pid} {machine.started(pid) or 0.0}"
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, text.encode("ascii"))

    def holder_lives(self) -> bool:
        """Whether the process that holds the lock still works; it may be dying, and hold it yet."""
        try:
            pid, started = self.place.read_text("ascii").split()
            return machine.is_alive(int(pid), float(started))
        except (OSError, ValueError):
            return True

    def release(self) -> None:
        """Let the lock go, whoever else has inherited it."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            _unlock(self._descriptor)
            self.forget()

    def forget(self) -> None:
        """Close it here; a process that inherited it keeps it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
