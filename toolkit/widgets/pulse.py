"""One background thread a desk, which tells its boards when something may have changed."""

from __future__ import annotations

import threading
import time
from typing import Protocol
from weakref import WeakKeyDictionary, ref

from toolkit.desk import Desk

__all__ = ["Pulse", "pulse_of"]

# More than ten messages a second to the browser gain nothing, and thousands are thrown away there.
SHORTEST_GAP = 0.1
# Boards are told this often even when nothing changes, so that a silent one is known to be dead.
BEAT = 2.0


class Follower(Protocol):
    """What wants to be told. Neither may raise."""

    def beat(self) -> None: ...

    def close(self) -> None: ...


class Pulse:
    """Tells its followers of a change, at most ten times a second, and every ``BEAT`` seconds.

    A change that comes while they are busy is not lost: they are told once more, so that what
    they read last is the latest there is. The thread lives while there are followers.
    """

    def __init__(self, desk: Desk) -> None:
        # Weakly, or the table of pulses below would keep every desk for ever.
        self._desk = ref(desk)
        self._lock = threading.Lock()
        self._followers: list[Follower] = []
        self._thread: threading.Thread | None = None

    def add(self, follower: Follower) -> None:
        """Tell *follower* from now on."""
        with self._lock:
            self._followers.append(follower)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._beat, name="pagequeue-pulse", daemon=True
                )
                self._thread.start()

    def remove(self, follower: Follower) -> None:
        """Do not tell *follower* any more."""
        with self._lock:
            if follower in self._followers:
                self._followers.remove(follower)

    def close(self) -> None:
        """Close every follower."""
        for follower in self._current():
            follower.close()

    def _beat(self) -> None:
        desk = self._desk()
        if desk is None:
            return
        with desk.changes() as watch:
            while followers := self._listening():
                began = time.monotonic()
                for follower in followers:
                    follower.beat()
                # A batch of a hundred thousand jobs takes longer to read, and is read less often.
                time.sleep(max(SHORTEST_GAP, 4 * (time.monotonic() - began)))
                watch.wait(BEAT)

    def _current(self) -> list[Follower]:
        with self._lock:
            return list(self._followers)

    def _listening(self) -> list[Follower]:
        """The followers; where there is none, the thread that asks is on its way out."""
        with self._lock:
            if not self._followers:
                self._thread = None
            return list(self._followers)


_pulses: WeakKeyDictionary[Desk, Pulse] = WeakKeyDictionary()
_lock = threading.Lock()


def pulse_of(desk: Desk) -> Pulse:
    """The pulse that all boards of *desk* share."""
    with _lock:
        return _pulses.setdefault(desk, Pulse(desk))
