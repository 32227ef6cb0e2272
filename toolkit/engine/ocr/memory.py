"""How the C library hands out memory while pages are recognised, and what it gives back."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

__all__ = ["give_back", "keep_large_blocks_apart"]

LARGE: Final = 16 * 2**20
"""Bytes: a block as large goes back to the system when it is freed. What the detector takes for a
page is larger, what a line of text takes is smaller, and those are far more: at 1 MiB the reading
of a line takes a third longer."""
SPARE: Final = 64 * 2**20
"""Bytes at the end of the heap that are kept for what comes next."""

# From <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def give_back() -> None:
    """Return to the system what was freed but is still held, where the C library can.

    Arrays of other sizes on every page leave holes that glibc keeps: a scan of many pages grows.
    """
    trim = _of_the_library("malloc_trim")
    if trim is not None:
        trim(0)


@cache
def keep_large_blocks_apart() -> bool:
    """Have blocks from `LARGE` on held outside the heap; whether the C library can do that.

    Left alone, glibc learns from the first large block that is freed to put all of them, up to
    32 MiB each, into the heap, where one small block behind them keeps their holes: the same page
    took 360 to 810 MB, as its blocks fell.
    """
    setting = _of_the_library("mallopt")
    return setting is not None and all(
        setting(which, size) == 1
        for which, size in ((_MMAP_THRESHOLD, LARGE), (_TRIM_THRESHOLD, SPARE))
    )


@cache
def _of_the_library(name: str) -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    # Other C libraries than glibc have no such functions.
    return getattr(ctypes.CDLL(None), name, None)
