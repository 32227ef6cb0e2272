"""The time limit of one page."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolkit.errors import PageTimeout

__all__ = ["PageClock", "page_clock"]


class PageClock:
    """Says when a page's time is up. *seconds* may be infinite."""

    def __init__(self, page: int, seconds: float) -> None:
        self._page = page
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raises PageTimeout once the time is up."""
        if time.monotonic() > self._end:
            raise self.timeout()

    def timeout(self) -> PageTimeout:
        """The error that says so."""
        return PageTimeout(f"page {self._page} took more than {self._seconds:g} s and was cut off")


@contextmanager
def page_clock(page: int, seconds: float) -> Iterator[PageClock]:
    """A clock for work on *page*, which also rings by itself where a signal can be had.

    Only the main thread of a Unix process takes signals, and only between two steps of Python:
    a native call that never ends is for the process above to end.
    """
    clock = PageClock(page, seconds)
    can_ring = hasattr(signal, "setitimer") and (
        threading.current_thread() is threading.main_thread()
    )
    # Somebody else's timer is left alone.
    if not can_ring or signal.getitimer(signal.ITIMER_REAL)[0] > 0 or seconds > 1e6:
        yield clock
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise clock.timeout()

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield clock
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
