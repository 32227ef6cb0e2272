"""Watching folders: new and changed files are handed in as they appear, from a thread."""

from __future__ import annotations

import glob
import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from toolkit.errors import InvalidInput, ToolkitError, UnreadablePath
from toolkit.settings import Settings
from toolkit.store import batches, changes
from toolkit.widgets.words import duration, shown, thing
from toolkit.workspace.addresses import SCHEME
from toolkit.workspace.batch import Batch
from toolkit.workspace.inputs import Offer, files_at, gather
from toolkit.workspace.intake import EACH_ONCE, Intake, Terms, is_own, wanted_by

if TYPE_CHECKING:
    from toolkit.widgets.board import Board
    from toolkit.workspace.workspace import Workspace

__all__ = ["Places", "Watching", "continued", "places_of"]

Places: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Seen: TypeAlias = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, and inode."""

# So that a look at very many files, or at a slow disk, takes a twentieth of the time at most.
REST = 19
STOP_SECONDS = 10.0


def places_of(inputs: Places) -> list[str]:
    """The paths, patterns and folders in *inputs*.

    Raises InvalidInput for what cannot be watched, and UnreadablePath where nothing can appear.
    """
    given = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    if not given:
        raise InvalidInput("nothing to watch: give a folder, or a pattern such as 'inbox/*.pdf'")
    return [_place_of(one) for one in given]


def _place_of(one: object) -> str:
    if not isinstance(one, str | os.PathLike):
        raise InvalidInput(f"{type(one).__name__} cannot be watched; give a folder or a pattern")
    text = os.fsdecode(os.fspath(one))
    if SCHEME.match(text):
        raise InvalidInput(f"{text[:200]!r}: only folders of this machine can be watched")
    path = Path(text).expanduser()
    try:
        if path.exists():
            return text
        fixed = path.parent
        while glob.has_magic(str(fixed)):
            fixed = fixed.parent
        if fixed.is_dir() and glob.has_magic(text):
            return text
    except (OSError, ValueError) as exc:
        raise UnreadablePath(f"{text[:200]!r}: {exc}") from exc
    missing = fixed if glob.has_magic(text) else path
    raise UnreadablePath(f"{str(missing)[:200]!r} is not there; make the folder first")


def continued(desk: Workspace, name: str) -> Batch:
    """The latest batch of this name, or a new one."""
    for row in reversed(batches.batches(desk.store.read())):
        if row.name == name:
            return Batch(desk, row.id, name=name)
    with desk.store.write() as conn:
        return Batch(desk, batches.create(conn, name=name, now=time.time()), name=name)


class Watching:
    """A watch over folders and patterns; ``stop()`` it, or use it in a ``with``.

    Every *every* seconds it looks, and hands in what is new or has changed, and has not changed
    any more for *settle* seconds, into ``batch``. What was handed in before, by an earlier watch
    too, is left alone. An error that ends the watch is printed, shown by its repr, and raised by
    ``stop()``.
    """

    def __init__(
        self,
        desk: Workspace,
        batch: Batch,
        places: list[str],
        terms: Terms,
        *,
        every: float,
        settle: float,
    ) -> None:
        if not (0 < every < float("inf") and 0 <= settle < float("inf")):
            raise InvalidInput(f"every={every!r}, settle={settle!r}: seconds are needed")
        self.batch = batch
        self.taken = 0
        """Jobs that were handed in by this watch."""
        self.unsettled = 0
        """Files that are still being written, as far as one can tell."""
        self.error: Exception | None = None
        """What went wrong at the last look, or ended the watch."""
        self._desk, self._places, self._terms = desk, places, terms
        self._every, self._settle = every, settle
        self._done: dict[str, Seen] = {}
        self._own: set[str] = set()
        self._waiting: dict[str, tuple[Seen, float]] = {}
        self._looked_at: float | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pagequeue watch", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it goes on looking."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the watch; the jobs go on. Raises the error that ended it before, if one did."""
        ended, error = not self.running, self.error
        self._end.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(STOP_SECONDS)
        if ended and error is not None:
            self.error = None
            raise error

    def board(self) -> Board:
        """The live board of its batch."""
        return self.batch.board()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self._end.set()
            self._thread.join(STOP_SECONDS)

    def __repr__(self) -> str:
        what = shown(", ".join(self._places))
        parts = [f"{thing(self.taken, 'job')} handed in"]
        if self.unsettled:
            parts.append(f"{thing(self.unsettled, 'file')} still being written")
        if not self.running:
            parts.append("stopped")
        elif self._looked_at is not None:
            parts.append(f"looked {duration(time.monotonic() - self._looked_at)} ago")
        if self.error is not None:
            parts.append(_words(self.error))
        return f"<Watching {what!r}: {' · '.join(parts)}>"

    # --- in its thread ------------------------------------------------------------------------

    def _run(self) -> None:
        took = 0.0
        while not self._end.wait(0.0 if self._looked_at is None else self._pause(took)):
            start = time.monotonic()
            try:
                self._look()
                self.error = None
            except ToolkitError as exc:
                self.error = exc
                sys.stderr.write(f"pagequeue: the watch has ended: {_words(exc)}\n")
                return
            except (OSError, sqlite3.OperationalError) as exc:
                self.error = exc  # a disk that is full or away for a while: the next look may do
            self._looked_at = time.monotonic()
            took = self._looked_at - start

    def _pause(self, took: float) -> float:
        return max(self._every, REST * took)

    def _look(self) -> None:
        found = self._found()
        ready = [path for path in sorted(found) if self._is_ready(path, found[path])]
        for known in (self._done, self._waiting):
            for gone in known.keys() - found.keys():
                del known[gone]
        if ready:
            self._hand_in(ready)
        for path in ready:
            self._done[path] = found[path]
            self._waiting.pop(path, None)
        self.unsettled = len(self._waiting)
        self._desk.attend()

    def _found(self) -> dict[str, Seen]:
        """Every file that is there now."""
        tool, found = self._terms.tool, {}
        hidden = partial(is_own, self._desk.store)
        for place in self._places:
            for path in files_at(place, wanted=wanted_by(tool.name), hidden=hidden):
                try:
                    seen = path.stat()
                except OSError:
                    continue  # gone again, or a link to nothing
                if stat.S_ISREG(seen.st_mode):
                    found[str(path)] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
        return found

    def _is_ready(self, path: str, seen: Seen) -> bool:
        """Whether the file is new or changed, and has been left alone for long enough."""
        is_new = path not in self._done and path not in self._waiting
        if is_new and is_own(self._desk.store, Path(path)):
            self._own.add(path)
        if path in self._own or self._done.get(path) == seen:
            return False
        before, since = self._waiting.get(path, (None, 0.0))
        if before != seen:
            since = time.monotonic()
            self._waiting[path] = (seen, since)
        # A file that was there before the watch need not be watched to know that it is at rest.
        return (
            time.monotonic() - since >= self._settle or time.time() - seen[1] / 1e9 >= self._settle
        )

    def _hand_in(self, paths: list[str]) -> None:
        desk, terms = self._desk, self._terms
        intake = Intake(
            desk.store,
            self.batch.id,
            terms,
            largest=Settings.read().max_file_bytes,
            skips=EACH_ONCE,
        )
        for made in intake.take(self._offers(paths, intake.largest)):
            self.taken += made
            changes.ring(desk.store)
            desk.attend()

    def _offers(self, paths: list[str], largest: int) -> Iterator[Offer]:
        wanted, hidden = wanted_by(self._terms.tool.name), partial(is_own, self._desk.store)
        for path in paths:
            if self._end.is_set():
                return
            if Path(path).exists():  # and else it is gone again, and nobody's failure
                yield from gather(path, wanted=wanted, hidden=hidden, largest=largest)


def _words(error: Exception) -> str:
    code = error.code if isinstance(error, ToolkitError) else type(error).__name__
    return shown(f"{code}: {error}")
