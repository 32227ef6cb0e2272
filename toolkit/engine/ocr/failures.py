"""What an error of a native library means: too little memory, or a failure of recognition."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeGuard

from toolkit.errors import MemoryExceeded, OcrError

__all__ = ["translated"]

ROOM: Final = 128 * 2**20
"""With fewer bytes than these left of what the process may have, any error is the lack of them:
under a limit the libraries raise IndexError, RuntimeError or an error of their own, as it falls."""

_STATM = Path("/proc/self/statm")


@contextmanager
def translated(step: str) -> Iterator[None]:
    """Run a native *step*. Raises MemoryExceeded or OcrError for whatever error the library has."""
    native = _native_errors()
    try:
        yield
    except native as exc:
        if _speaks_of_memory(exc) or _room() < ROOM:
            raise MemoryExceeded(f"{step} needed more memory than there is: {exc}") from exc
        raise OcrError(f"{step} failed: {type(exc).__name__}: {exc}") from exc


def _native_errors() -> tuple[type[Exception], ...]:
    """Those of the libraries that are loaded, beside Python's own."""
    found: list[type[Exception]] = [RuntimeError, IndexError, ValueError]
    if "cv2" in sys.modules:
        found.append(sys.modules["cv2"].error)
    if "onnxruntime" in sys.modules:
        # They have no class above them but Exception.
        state = sys.modules["onnxruntime.capi.onnxruntime_pybind11_state"]
        found += [value for value in vars(state).values() if _is_error(value)]
    return tuple(found)


def _is_error(value: object) -> TypeGuard[type[Exception]]:
    return isinstance(value, type) and issubclass(value, Exception)


def _speaks_of_memory(exc: Exception) -> bool:
    said = str(exc).lower()
    return any(word in said for word in ("bad_alloc", "allocate", "out of memory", "insufficient"))


def _room() -> float:
    """Bytes that this process may still take before the system refuses; infinite if unlimited."""
    if sys.platform != "linux":
        return float("inf")
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY:
        return float("inf")
    taken = int(_STATM.read_text("ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")
    return float(soft - taken)
