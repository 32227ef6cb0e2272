"""The time limit of one page."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from toolkit.errors import PageTimeout
from toolkit.jobs.tool import OCR_PATIENCE

__all__ = ["FOR_PICTURES", "PageClock", "page_clock"]

FOR_PICTURES = 0.6
"""What pictures on a page may take of its time: its own text must never be lost for them."""

# Seconds: a bell that rang too early would have to ring again.
_SOON = 0.001


class PageClock:
    """Says when a page's time is up. *seconds* may be infinite.

    They are counted on the clock on the wall until the page's picture is read, and then by what
    this thread has of the processor, with the wall's clock going on to so many times as many.
    """

    def __init__(self, page: int, seconds: float) -> None:
        self._page = page
        self._seconds = seconds
        self._share = 1.0
        self._patience = 1
        self._whole = self
        self._begun, self._worked = time.monotonic(), time.thread_time()

    def check(self) -> None:
        """Raises PageTimeout once the time is up."""
        if self.left() < 0:
            raise self.timeout()

    def left(self) -> float:
        """Seconds until the time is up at the earliest; below 0 when it is."""
        seconds, patience = self._share * self._seconds, self._whole._patience
        wall = patience * seconds - (time.monotonic() - self._begun)
        return wall if patience == 1 else min(wall, seconds - self._used())

    def recognising(self) -> None:
        """From here on the page's picture is read.

        That is work for seconds, the same on every machine but for what else runs there: alone
        a page takes 1 to 3 s, beside others several times as long, and is not to be lost for it.
        """
        self._whole._patience = OCR_PATIENCE

    def within(self, share: float) -> PageClock:
        """A clock whose time is up when so much of this one's is left: (1 - *share*) of it."""
        part = PageClock(self._page, self._seconds)
        part._share = share * self._share
        part._whole = self._whole
        part._begun, part._worked = self._begun, self._worked
        return part

    def timeout(self) -> PageTimeout:
        """The error that says so."""
        page, seconds = f"page {self._page}", self._seconds
        if self._whole._patience == 1:
            return PageTimeout(f"{page} took more than {seconds:g} s and was cut off")
        used = self._used()
        if used > self._share * seconds:
            return PageTimeout(f"{page} took more than {seconds:g} s of the processor; cut off")
        return PageTimeout(
            f"{page} was cut off after {self._whole._patience * seconds:g} s, in which it had the "
            f"processor for {used:.1f} s only: the machine is busy"
        )

    def _used(self) -> float:
        return time.thread_time() - self._worked


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
        left = clock.left()
        if left < 0:
            raise clock.timeout()
        # Its picture is being read meanwhile.
        signal.setitimer(signal.ITIMER_REAL, left + _SOON)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds + _SOON if seconds > 0 else 0)
    try:
        yield clock
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
