"""What a click asks for, done beside the kernel: it may take long, and says how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from toolkit.desk import Desk
from toolkit.widgets.guard import guarded
from toolkit.widgets.words import count, thing

__all__ = ["Errand", "cancelled", "erased", "moved_to", "retried"]

Say = Callable[[str], None]

# Small enough that the words move while a person looks; large enough to cost no time.
ROUND = 500
# An erasure empties the write-ahead log, and takes some milliseconds.
FEW = 20


class Errand:
    """One thing at a time in a thread of its own."""

    def __init__(self, *, busy: Callable[[str], None], complain: Say) -> None:
        self._busy, self._complain = busy, complain
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, words: str, act: Callable[[], object]) -> bool:
        """Do *act*, saying *words* meanwhile; False where something else is being done."""
        with self._lock:
            if self.running:
                return False
            self._thread = threading.Thread(
                target=self._run, args=(act,), name="pagequeue-errand", daemon=True
            )
            self._busy(words)
            self._thread.start()
            return True

    def _run(self, act: Callable[[], object]) -> None:
        guarded(act, self._complain)()
        guarded(self._busy, self._complain)("")

    def join(self, timeout: float = 60.0) -> None:
        """Return when what is being done is done."""
        if self._thread is not None:
            self._thread.join(timeout)


def cancelled(desk: Desk, job_ids: Sequence[str], say: Say) -> str:
    """Stop the jobs that have not ended; what came of it in words."""
    stopped = sum(desk.cancel(some) for some in _rounds(job_ids, ROUND, "Cancelling", say))
    return f"{thing(stopped, 'job')} cancelled"


def retried(desk: Desk, job_ids: Sequence[str], say: Say) -> str:
    """Queue the failed and the cancelled ones again; what came of it in words."""
    again = sum(desk.retry(some) for some in _rounds(job_ids, ROUND, "Queueing again", say))
    stuck = len(job_ids) - again
    left = f"; {thing(stuck, 'job')} cannot be tried again: hand the file in again" if stuck else ""
    return f"{thing(again, 'job')} queued again{left}"


def moved_to(desk: Desk, job_ids: Sequence[str], priority: int) -> str:
    """Give the waiting ones another priority; what came of it in words."""
    moved = desk.reprioritise(job_ids, priority)
    return f"{thing(moved, 'job')} now at priority {priority}"


def erased(desk: Desk, job_ids: Sequence[str], say: Say) -> str:
    """Erase input, result and names for good; what came of it in words."""
    done = pending = 0
    for some in _rounds(job_ids, FEW, "Erasing", say):
        said = desk.purge(some)
        done, pending = done + said["done"], pending + said["pending"]
    wait = f", {count(pending)} as soon as nobody reads the file" if pending else ""
    return f"{thing(done + pending, 'job')} erased{wait}"


def _rounds(job_ids: Sequence[str], size: int, verb: str, say: Say) -> Iterator[Sequence[str]]:
    for start in range(0, len(job_ids), size):
        if start:
            say(f"{verb} … {count(start)} of {count(len(job_ids))}")
        yield job_ids[start : start + size]
