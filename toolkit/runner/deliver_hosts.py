"""How many deliveries one host gets at once, so that a slow one does not hold the others up."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

__all__ = ["MOST_A_HOST", "Hosts", "host_of"]

MOST_A_HOST: Final = 8
"""Deliveries to one host that are under way at once."""
LONGEST_WAIT: Final = 300.0
FIRST_GUESS: Final = 0.1
"""Seconds that a delivery is taken to need, before one was made."""
MOST_KNOWN: Final = 1000


class Hosts:
    """Who has how many deliveries under way. May be used by several threads.

    What has no place is to come again ``later``: not all at once, but as fast as the host has
    shown itself to be, so that a long queue for it is not taken out and put back all the time.
    """

    def __init__(self, dice: Callable[[], float] = random.random) -> None:
        self._dice = dice
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def begin(self, host: str) -> bool:
        """Take a place with *host*; False where it has none left."""
        with self._lock:
            if self._under_way[host] >= MOST_A_HOST:
                return False
            self._under_way[host] += 1
            return True

    def end(self, host: str, seconds: float | None = None) -> None:
        """Give the place back. *seconds* is how long the delivery took, where it was made."""
        with self._lock:
            self._under_way[host] -= 1
            if self._under_way[host] <= 0:
                del self._under_way[host]
            if seconds is not None:
                if len(self._seconds) >= MOST_KNOWN:
                    self._seconds.clear()
                    self._last.clear()
                self._seconds[host] = (self._seconds.get(host, seconds) + seconds) / 2

    def later(self, host: str, now: float) -> float:
        """When the next delivery that has no place with *host* is to come again."""
        with self._lock:
            pace = self._seconds.get(host, FIRST_GUESS) / MOST_A_HOST
            at = max(now, self._last.get(host, now)) + pace
            if at > now + LONGEST_WAIT:
                at = now + LONGEST_WAIT * (0.5 + self._dice() / 2)
            else:
                self._last[host] = at
            return at


def host_of(url: str) -> str:
    """The host and port of *url*; the whole of it where it has none."""
    try:
        return urlsplit(url).netloc.lower() or url
    except ValueError:
        return url
