"""How often a key may be used, and how many pages its owner may have read.

Requests are counted in fixed windows, in memory; what has changed is written down now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final

import msgspec

from toolkit.errors import QuotaExceeded, RateLimited
from toolkit.store import usage
from toolkit.store.keys import Key
from toolkit.store.store import Store
from toolkit.store.windows import Windows

__all__ = ["Allowance", "Pages", "Rates", "headers", "quota_of"]

MINUTE, HOUR, DAY = 60, 3_600, 86_400

# Beyond it all are counted anew: what is held in memory must not grow with the owners.
MOST_OWNERS: Final = 10_000

UNLIMITED: Final = "unlimited"

PAGES_STAY: Final = 2.0
"""Seconds for which a count of pages is told again without being counted again."""


class Allowance(msgspec.Struct, frozen=True):
    """What a key has *left* of its *limit*, and in how many seconds it begins anew."""

    limit: int
    left: int
    reset: int


class Rates:
    """The requests of each key in the windows that run."""

    def __init__(self, kept: Windows) -> None:
        self._windows: dict[tuple[str, int], tuple[float, int]] = dict(kept)
        self._changed: set[tuple[str, int]] = set()

    def spend(self, key: Key, now: float) -> Allowance | None:
        """Count one request of *key*; what is left in its narrowest window, None without a limit.

        Raises RateLimited where a window is full; that request is not counted.
        """
        rows = [
            (limit, seconds, *self._window(key.id, seconds, now))
            for limit, seconds in (
                (key.per_minute, MINUTE),
                (key.per_hour, HOUR),
                (key.per_day, DAY),
            )
            if limit is not None
        ]
        if not rows:
            return None
        full = [began + seconds - now for limit, seconds, began, count in rows if count >= limit]
        if full:
            raise _limited("this key has been used as often as it may be for now", max(full))
        for _, seconds, began, count in rows:
            self._windows[key.id, seconds] = (began, count + 1)
            self._changed.add((key.id, seconds))
        limit, seconds, began, count = min(rows, key=lambda row: row[0] - row[3])
        return Allowance(limit, limit - count - 1, max(1, ceil(began + seconds - now)))

    def taken(self) -> dict[tuple[str, int], tuple[float, int]]:
        """What has changed since this was last called, to be written down."""
        changed = {window: self._windows[window] for window in self._changed}
        self._changed.clear()
        return changed

    def forget(self, now: float) -> None:
        """Drop the windows that have ended and are written down."""
        ended = [one for one, (began, _) in self._windows.items() if began + one[1] <= now]
        for window in ended:
            if window not in self._changed:
                del self._windows[window]

    def _window(self, key_id: str, seconds: int, now: float) -> tuple[float, int]:
        began, count = self._windows.get((key_id, seconds), (0.0, 0))
        # One that begins later than now was written by a clock that has been set back since.
        if began <= now < began + seconds:
            return began, count
        return now // seconds * seconds, 0


class Pages:
    """How many pages of each owner were read this month, told from memory for a moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[float, int]] = {}

    def this_month(self, owner: str, now: float, *, since: float = 0.0) -> int:
        """The pages of *owner*, not older than a moment, and counted well after *since*."""
        at, pages = self._known.get(owner, (-PAGES_STAY, 0))
        if at <= now < at + PAGES_STAY and since + PAGES_STAY <= at:
            return pages
        return self._counted(owner, now)

    def refuse_beyond(self, key: Key | None, now: float) -> None:
        """Raise QuotaExceeded where the owner of *key* has no page left this month."""
        quota = quota_of(key)
        if key is None or quota is None:
            return
        if self._counted(key.jobs_owner, now) >= quota:
            raise QuotaExceeded(
                f"all {quota:,} pages of this month are used up; "
                "the next month begins on its first day, UTC"
            )

    def _counted(self, owner: str, now: float) -> int:
        pages = usage.pages_this_month(self._store.read(), owner=owner, now=now)
        if len(self._known) > MOST_OWNERS:
            self._known.clear()
        self._known[owner] = (now, pages)
        return pages


def quota_of(key: Key | None) -> int | None:
    """How many pages a month *key* is good for; None for as many as one likes."""
    return None if key is None or key.test else key.pages_per_month


def _limited(words: str, seconds: float) -> RateLimited:
    wait = max(1, ceil(seconds))
    error = RateLimited(f"{words}; try again in {wait} s")
    error.retry_after = float(wait)
    return error


def headers(allowance: Allowance | None, pages: int, key: Key | None) -> Mapping[str, str]:
    """What a success tells of rates and quota."""
    quota = quota_of(key)
    return {
        "x-ratelimit-limit": UNLIMITED if allowance is None else str(allowance.limit),
        "x-ratelimit-remaining": UNLIMITED if allowance is None else str(allowance.left),
        "x-ratelimit-reset": "0" if allowance is None else str(allowance.reset),
        "x-usage-pages-this-month": str(pages),
        "x-usage-pages-limit": UNLIMITED if quota is None else str(quota),
    }
