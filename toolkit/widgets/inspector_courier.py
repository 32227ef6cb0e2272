"""One thread that fetches for an inspector, so that turning a page never waits for its picture."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Courier"]

# A thread that has nothing to do leaves after this; the next errand starts another one.
PATIENCE = 10.0
MOST_LATER = 400


class Courier:
    """Does errands one after the other: the urgent ones first, of each name only the latest.

    An errand may not raise.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: dict[str, Callable[[], None]] = {}
        self._later: dict[str, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._busy = False
        self._closed = False

    def soon(self, name: str, errand: Callable[[], None]) -> None:
        """Do *errand* before those that can wait, in place of an earlier one of the same name."""
        self._take(self._urgent, name, errand)

    def later(self, name: str, errand: Callable[[], None]) -> None:
        """Do *errand* when nothing is urgent; the latest first, since that is what is looked at."""
        self._take(self._later, name, errand)

    def settle(self, timeout: float) -> bool:
        """Wait until everything urgent is done; False where *timeout* seconds did not suffice."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._urgent and not self._busy, timeout)

    def close(self) -> None:
        """Forget what was not begun, and take nothing more."""
        with self._changed:
            self._closed = True
            self._urgent.clear()
            self._later.clear()
            self._changed.notify_all()

    def _take(
        self, errands: dict[str, Callable[[], None]], name: str, errand: Callable[[], None]
    ) -> None:
        with self._changed:
            if self._closed:
                return
            errands.pop(name, None)
            errands[name] = errand
            while len(errands) > MOST_LATER:
                errands.pop(next(iter(errands)))
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="pagequeue-inspector", daemon=True
                )
                self._thread.start()

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            errand()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            come = self._changed.wait_for(
                lambda: self._closed or self._urgent or self._later, PATIENCE
            )
            if not come or self._closed:
                self._thread = None
                return None
            if self._urgent:
                self._busy = True
                return self._urgent.pop(next(iter(self._urgent)))
            return self._later.popitem()[1]
