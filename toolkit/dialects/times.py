"""Moments and durations as dialects write them; the queue's own are POSIX seconds."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

__all__ = ["iso", "milliseconds", "whole_seconds"]

_LAST: Final = 253_402_300_799.0
"""The end of the year 9999: no later moment has a name in ISO 8601 as everybody reads it."""


def iso(moment: float | None) -> str | None:
    """In ISO 8601, UTC, to the millisecond.

    >>> iso(1_778_760_000.5)
    '2026-05-14T12:00:00.500Z'
    """
    if moment is None:
        return None
    known = datetime.fromtimestamp(min(max(moment, 0.0), _LAST), UTC)
    return known.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(moment: float | None) -> int | None:
    """Since 1970, or of a duration.

    >>> milliseconds(2.4)
    2400
    """
    return None if moment is None else round(min(max(moment, 0.0), _LAST) * 1000)


def whole_seconds(seconds: float, least: int = 0, most: int = 2**31) -> int:
    """*seconds* as an integer, rounded up: RFC 9110's Retry-After knows no fractions.

    >>> whole_seconds(0.2, 1, 30), whole_seconds(99.0, 1, 30)
    (1, 30)
    """
    return most if seconds >= most else max(least, math.ceil(seconds))
