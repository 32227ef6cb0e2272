"""One event loop a process, in a thread of its own, for every client.

So that sync verbs work wherever they are called from, a running event loop's thread included
(Jupyter's), and connections are kept between two calls. It starts with its first use. A process
that was forked has a new one: of the old one's thread nothing has come along.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from toolkit.errors import InvalidInput

__all__ = ["call", "is_open", "left_behind", "portal"]

T = TypeVar("T")


class _Portal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: BlockingPortal | None = None
        self._stack = ExitStack()

    def get(self) -> BlockingPortal:
        with self._lock:
            if self._open is None:
                self._open = self._stack.enter_context(
                    start_blocking_portal(name="pagequeue-client")
                )
            return self._open

    def is_open(self, portal: object) -> bool:
        return portal is not None and portal is self._open

    def close(self) -> None:
        with self._lock:
            self._open = None
            self._stack.close()


_here = _Portal()
left_behind: list[Any] = []
"""What belongs to the event loop of a parent process. It is never touched, not even to close it:
the parent's connections would be told."""


def portal() -> BlockingPortal:
    """The way into the event loop of this process."""
    return _here.get()


def is_open(portal: object) -> bool:
    """Whether *portal* is the one of this process, and works."""
    return _here.is_open(portal)


def call(act: Callable[..., Awaitable[T]], *given: Any) -> T:
    """What *act* gives, run in the event loop; given up where the caller is interrupted."""
    try:
        future = portal().start_task_soon(act, *given)
    except RuntimeError as exc:
        raise InvalidInput("this process is ending: nothing can be asked any more") from exc
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _after_fork() -> None:
    global _here  # noqa: PLW0603  # the one of this process
    left_behind.append(_here)
    _here = _Portal()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _at_exit() -> None:
    _here.close()
