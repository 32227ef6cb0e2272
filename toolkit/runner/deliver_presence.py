"""Whether a server is there that delivers: the runners then leave the webhooks to it."""

from __future__ import annotations

from pathlib import Path

from toolkit.runner.lock import RunnerLock

__all__ = ["Presence", "is_served"]


class Presence:
    """A lock that a resident courier holds for as long as its process lives."""

    def __init__(self, files: Path) -> None:
        self._lock = RunnerLock(files / "courier.lock")

    def show(self) -> None:
        """Take the lock, unless another one has it."""
        self._lock.take()

    def end(self) -> None:
        self._lock.release()


def is_served(files: Path) -> bool:
    """Whether a resident courier works on the store whose folder of files is *files*."""
    lock = RunnerLock(files / "courier.lock")
    free = lock.take()
    lock.release()
    return not free
