"""Jobs without a queue: each in a child of this process, which is kept warm between calls.

Nothing here imports the user's script again, so that an unguarded script and a notebook cell are
both right places to call from. The children die with this process, however it dies.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.errors import ChildCrashed, FileTooLarge, ToolkitError, UnreadablePath
from toolkit.jobs.job import Progress
from toolkit.jobs.tool import Outcome, Tool
from toolkit.runner import machine
from toolkit.runner.errand import empty, work_of
from toolkit.runner.keeper import Keeper
from toolkit.runner.nursery import Nursery
from toolkit.runner.pipe import Work
from toolkit.settings import Settings

__all__ = ["close", "run", "run_many"]

Input = Path | str | bytes | None


class _Room:
    """The children of this process: as many warm ones as have slots, more while they are needed."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.settings = Settings.read()
        self.slots = machine.slots(self.settings.slots)
        self._nursery = Nursery()
        self._idle: list[Keeper] = []
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def keeper(self, busy: set[Keeper]) -> Iterator[Keeper]:
        """A keeper for one job, in *busy* for as long."""
        with self._lock:
            keeper = self._idle.pop() if self._idle else Keeper(self._nursery, self.settings)
            busy.add(keeper)
        keeper.begin()
        try:
            yield keeper
        finally:
            with self._lock:
                busy.discard(keeper)
                full = self._closed or len(self._idle) >= self.slots
                if not full:
                    self._idle.append(keeper)
            if full:
                keeper.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for keeper in idle:
            keeper.close()
        self._nursery.close()


_ROOMS: list[_Room] = []
_LOCK = threading.Lock()


def _room() -> _Room:
    with _LOCK:
        # After a fork the children are the parent's, not ours.
        if not _ROOMS or _ROOMS[0].pid != os.getpid():
            _ROOMS[:] = [_Room()]
        return _ROOMS[0]


@atexit.register
def close() -> None:
    """End this process's children now; the next call starts new ones."""
    with _LOCK:
        rooms, _ROOMS[:] = list(_ROOMS), []
    for room in rooms:
        if room.pid == os.getpid():
            room.close()


def run(
    tool: Tool,
    source: Input = None,
    *,
    filename: str | None = None,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    limits: Mapping[str, float] | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Outcome:
    """What *tool* makes of *source*: a path, bytes, or nothing.

    A child that crashes is replaced and the work done again, as often as the tool's limits allow.
    Raises the tool's error, or JobTimeout, MemoryExceeded, ChildCrashed, UnreadablePath,
    FileTooLarge.
    """
    slots = _room().slots
    asked = _Asked(options or {}, secrets or {}, limits or {}, filename, processes=slots)
    return _run(tool, source, asked, set(), _once_each(report))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for all files alike."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    limits: Mapping[str, float]
    filename: str | None = None
    processes: int = 1


def _run(
    tool: Tool,
    source: Input,
    asked: _Asked,
    busy: set[Keeper],
    report: Callable[[Progress], None],
) -> Outcome:
    room = _room()
    with tempfile.TemporaryDirectory(prefix="pagequeue-", ignore_cleanup_errors=True) as place:
        path, sha256 = _placed(source, Path(place), room.settings.max_file_bytes)
        folder = Path(place) / "work"
        folder.mkdir()
        own_name = path.name if path and not isinstance(source, bytes) else "document"
        work = work_of(
            tool,
            folder,
            source=path,
            filename=asked.filename or own_name,
            sha256=sha256,
            options={**asked.options, **asked.secrets},
            limits=asked.limits,
            processes=asked.processes,
        )
        with room.keeper(busy) as keeper:
            return _attempts(keeper, work, report)


def _attempts(keeper: Keeper, work: Work, report: Callable[[Progress], None]) -> Outcome:
    attempts = int(work.limits["attempts"])
    for _ in range(1, attempts):
        try:
            return keeper.attempt(work, final=False, report=report)
        except ChildCrashed:
            empty(Path(work.work_folder))
    return keeper.attempt(work, final=True, report=report)


def _once_each(report: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    newest: list[Progress] = []

    def told(progress: Progress) -> None:
        if report is not None and newest[-1:] != [progress]:
            newest[:] = [progress]
            report(progress)

    return told


def _placed(source: Input, place: Path, most: int) -> tuple[Path | None, str]:
    """Where a child finds *source*, and its SHA-256."""
    if source is None:
        return None, ""
    if isinstance(source, bytes):
        path = place / "source"
        path.write_bytes(source)
    else:
        path = Path(source)
    try:
        if path.stat().st_size > most:
            raise FileTooLarge(f"{path} has {path.stat().st_size} bytes; {most} are the most")
        with path.open("rb") as file:
            return path, hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise UnreadablePath(f"{path}: {exc.strerror or exc}") from exc


def run_many(
    tool: Tool,
    sources: Iterable[Path | str | bytes],
    *,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    limits: Mapping[str, float] | None = None,
) -> Iterator[tuple[Path | str | bytes, Outcome | ToolkitError]]:
    """Each of *sources* with what *tool* makes of it, or why it does not, in their order.

    As many are worked on at once as this machine has slots. Leaving the loop early stops the rest.
    """
    slots = _room().slots
    asked = _Asked(options or {}, secrets or {}, limits or {})
    busy: set[Keeper] = set()
    waiting: deque[tuple[Path | str | bytes, Future[Outcome | ToolkitError]]] = deque()
    pool = ThreadPoolExecutor(slots, thread_name_prefix="pagequeue")
    try:
        for source in sources:
            waiting.append((source, pool.submit(_tried, tool, source, asked, busy)))
            if len(waiting) > 2 * slots:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()
        while any(not future.done() for _, future in waiting):
            for keeper in tuple(busy):
                keeper.cancel()
            wait([future for _, future in waiting], timeout=0.05)
        pool.shutdown(wait=True)


def _tried(
    tool: Tool, source: Path | str | bytes, asked: _Asked, busy: set[Keeper]
) -> Outcome | ToolkitError:
    try:
        return _run(tool, source, asked, busy, lambda _: None)
    except ToolkitError as exc:
        return exc
