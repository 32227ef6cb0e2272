"""Memory that the C library keeps after a page, given back to the system."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache

__all__ = ["give_back"]


def give_back() -> None:
    """Return to the system what was freed but is still held, where the C library can.

    Arrays of other sizes on every page leave holes that glibc keeps: a scan of many pages grows.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    # Other C libraries than glibc have no such function.
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
