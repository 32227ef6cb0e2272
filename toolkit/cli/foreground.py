"""Working on a queue in front of a person: a runner as a child, progress, and a gentle Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.progress import BarColumn, Progress, TextColumn

from toolkit.cli.terminal import complain, err, say
from toolkit.desk import Glance
from toolkit.runner.nursery import import_paths
from toolkit.widgets.pace import Pace
from toolkit.widgets.words import headline, shown, thing

if TYPE_CHECKING:
    from toolkit.workspace import Workspace

__all__ = ["INTERRUPTED", "worked"]

INTERRUPTED = 130
LOOK = 0.2
# A runner that ends while there is work was killed, or cannot start: a few are tried, not endless.
MOST_STARTS = 5
# A running job is given this long to be put back before the runner is killed.
GENTLE = 10.0


def worked(
    workspace: Workspace, *, batch: str | None = None, slots: int = 0, stay: bool = False
) -> int:
    """Work until *batch*, or everything, has ended; 0, or the code of what stopped it.

    Where another runner works on the file already, this one only watches.
    """
    runner = _Runner(workspace, slots=slots, stay=stay)
    try:
        with _progress() as show:
            while (glance := workspace.glance(batch=batch)).active or stay:
                if not runner.goes_on(glance):
                    complain("RUNNER_LOST", _why_not(workspace))
                    return 1
                show(replace(glance, starting=not glance.runners))
                time.sleep(LOOK)
            show(glance)
        runner.dismiss()
    except KeyboardInterrupt:
        runner.stop()
        if left := workspace.glance(batch=batch).active:
            db = shown(str(workspace.store.path), 1000)
            say(f"stopped; {thing(left, 'job')} stay queued. Go on with: pagequeue work --db {db}")
        return INTERRUPTED
    return 0


def _why_not(workspace: Workspace) -> str:
    stats = workspace.stats()
    paused = stats[(stats["state"] == "paused") & (stats["queued"] + stats["retrying"] > 0)]
    if len(paused):
        return (
            f"the tool {paused.index[0]!r} is paused: pagequeue resume {paused.index[0]} ends that"
        )
    log = workspace.store.files / "runner.log"
    last = log.read_text("utf-8", "replace").splitlines()[-1:]
    return f"the runner ends as soon as it starts: {' '.join(last)} (see {log})"


class _Runner:
    """The process that does the work, started again when it is gone while there is work."""

    def __init__(self, workspace: Workspace, *, slots: int, stay: bool) -> None:
        self._workspace = workspace
        self._log = workspace.store.files / "runner.log"
        self._command = [sys.executable, "-P", "-m", "toolkit.runner", str(workspace.store.path)]
        self._command += [f"--linger={1e9 if stay else 0}"]
        self._command += [f"--slots={slots}"] if slots else []
        self._command += [f"--import-path={place}" for place in import_paths()]
        self._starts, self._done = 0, -1.0
        self._process: subprocess.Popen[bytes] | None = None

    def goes_on(self, glance: Glance) -> bool:
        """See to it that somebody works; False where that fails again and again."""
        if self._process is not None and self._process.poll() is None:
            return True
        if self._process is not None and (glance.runners or not glance.active):
            return True  # another runner has the file
        if glance.work_done > self._done:
            self._starts, self._done = 0, glance.work_done  # it was of use: not a hopeless case
        if self._starts >= MOST_STARTS:
            return False
        self._starts += 1
        with self._log.open("ab") as log:
            # In a session of its own: Ctrl-C reaches us alone, and we pass it on once.
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return True

    def dismiss(self) -> None:
        """It leaves by itself when there is nothing left; for other people's jobs it stays."""
        if self._process is None:
            return
        while self._process.poll() is None:
            if left := self._workspace.glance().active:
                say(f"{thing(left, 'job')} of other batches go on in the background")
                threading.Thread(target=self._process.wait, daemon=True).start()
                return
            time.sleep(LOOK)

    def stop(self) -> None:
        """Let it put back what it holds, and end it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(GENTLE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()


@contextmanager
def _progress() -> Iterator[_Show]:
    columns = (BarColumn(bar_width=30), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        yield _Show(bars)


class _Show:
    """One bar with a line of words."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("")
        self._pace = Pace()

    def __call__(self, glance: Glance) -> None:
        self._pace.note(glance)
        words = headline(
            glance,
            pages_per_second=self._pace.pages_per_second,
            seconds_left=self._pace.seconds_left,
        )
        self._bars.update(
            self._task, total=glance.total, completed=glance.work_done, description=shown(words)
        )
