"""Waiting for jobs, from a cell, a script or a coroutine, without ever holding the queue up."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

import anyio
import anyio.to_thread

from toolkit.desk import Desk, Glance
from toolkit.errors import StillRunning
from toolkit.widgets.pace import Pace
from toolkit.widgets.words import headline, thing

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = [
    "BREATH",
    "SLICE",
    "Show",
    "counted",
    "in_notebook",
    "measured",
    "still_running",
    "until_ended",
    "until_ended_async",
]

# How long one look at the watch may take: a wait that is given up ends within this.
SLICE = 0.5
# Between two looks, so that a queue that changes a hundred times a second is not read as often.
BREATH = 0.05
# Nobody needs a progress bar, or a hint, for a shorter wait.
PATIENCE = 1.0


def in_notebook() -> bool:
    """Whether this process is a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def until_ended(
    desk: Desk, active: Callable[[], int], *, timeout: float | None, show: Show | None = None
) -> None:
    """Return when *active* () is 0. Raises StillRunning after *timeout* seconds."""
    end = None if timeout is None else time.monotonic() + timeout
    try:
        with desk.changes() as watch:
            while left := active():
                desk.attend()
                remaining = SLICE if end is None else end - time.monotonic()
                if remaining <= 0:
                    raise still_running(left, timeout)
                if show is not None:
                    show.step()
                watch.wait(min(SLICE, remaining))
                time.sleep(max(0.0, min(BREATH, remaining)))
            if show is not None:
                show.step()
    finally:
        if show is not None:
            show.close()


async def until_ended_async(desk: Desk, active: Callable[[], int]) -> None:
    """The same, for a coroutine: it waits in a thread, so that its event loop goes on."""
    wait = partial(until_ended, desk, active, timeout=SLICE)
    while True:
        try:
            # A thread cannot be stopped; one that is left behind ends with its slice.
            return await anyio.to_thread.run_sync(wait, abandon_on_cancel=True)
        except StillRunning:
            continue


def still_running(left: int, timeout: float | None) -> StillRunning:
    """The error of a wait that ended with *left* jobs to do."""
    are = "is" if left == 1 else "are"
    return StillRunning(
        f"{thing(left, 'job')} {are} not done after {timeout} s; nothing was stopped"
    )


# --- while one waits --------------------------------------------------------------------------


class Show:
    """For a wait of more than a second: a progress bar in a terminal, a hint in a notebook."""

    def __init__(self, glance: Callable[[], Glance], *, shown: bool | None) -> None:
        self._glance = glance
        self._start = time.monotonic()
        self._bar: tqdm[Any] | None = None
        self._pace = Pace()
        self._hint = in_notebook() and shown is not False
        self._shown = (sys.stderr.isatty() and not in_notebook()) if shown is None else shown

    def step(self) -> None:
        """Show how far it is, if it takes that long."""
        if time.monotonic() - self._start < PATIENCE:
            return
        if self._hint:
            self._hint = False
            print(HINT)  # noqa: T201  # a person at a cell reads it
        if self._shown:
            self._draw(self._glance())

    def _draw(self, glance: Glance) -> None:
        bar = self._bar
        if bar is None:
            from tqdm import tqdm

            bar = self._bar = tqdm(
                total=glance.total,
                unit="job",
                leave=True,
                file=_screen(),
                bar_format="{percentage:3.0f}%|{bar}| {desc}",
            )
        self._pace.note(glance)
        pace = self._pace
        line = headline(
            glance, pages_per_second=pace.pages_per_second, seconds_left=pace.seconds_left
        )
        bar.total = glance.total
        bar.n = glance.ended
        bar.set_description_str(line)

    def close(self) -> None:
        """Leave the last line standing."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def counted(chunks: Iterable[int]) -> Iterator[int]:
    """*chunks*, with the sum of them shown once it takes longer than a second."""
    start, taken = time.monotonic(), 0
    bar: tqdm[Any] | None = None
    for chunk in chunks:
        taken += chunk
        if bar is None and time.monotonic() - start > PATIENCE and _has_reader():
            from tqdm import tqdm

            bar = tqdm(desc="taking files in", unit=" files", leave=False, file=_screen())
        if bar is not None:
            bar.update(taken - bar.n)
        yield chunk
    if bar is not None:
        bar.close()


@contextmanager
def measured(words: str) -> Iterator[Callable[[int, int], None]]:
    """What is told (bytes done, bytes in all), and shows it once it takes longer than a second."""
    start = time.monotonic()
    bars: list[tqdm[Any]] = []

    def report(done: int, total: int) -> None:
        if not bars and time.monotonic() - start > PATIENCE and _has_reader():
            from tqdm import tqdm

            bars.append(
                tqdm(
                    desc=words, total=total, unit="B", unit_scale=True, leave=False, file=_screen()
                )
            )
        for bar in bars:
            bar.update(done - bar.n)

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()


def _screen() -> TextIO:
    """Where a bar is drawn: a notebook paints what comes on stderr as if it were a fault."""
    return sys.stdout if in_notebook() else sys.stderr


def _has_reader() -> bool:
    """Whether a person sees stderr, and waits for this."""
    if threading.current_thread() is not threading.main_thread():
        return False  # a panel hands in beside the kernel, and shows that itself
    return sys.stderr.isatty() or in_notebook()


HINT = (
    "Waiting here; interrupting the cell stops the wait, not the jobs. "
    "Without wait() they go on in the background, and the board shows them."
)
