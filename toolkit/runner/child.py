"""The inside of a child: it reads what to do, does it, and answers. It knows no database.

The main thread works (so that a tool may use alarms); a second one blocks on the pipe, and when
the other end is gone it ends the child with all that it started. Where a library holds Python's
lock the forkserver does the same from outside.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, NoReturn

from toolkit.errors import MemoryExceeded, ToolFailed, ToolkitError
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Outcome, Task, outcome_of, target_of
from toolkit.runner import pipe

__all__ = ["serve"]

BETWEEN_REPORTS: Final = 0.05
"""Seconds between reports of progress on one page: a tool may report as often as it likes."""
LONGEST_MESSAGE: Final = 4000
BACKSTOP: Final = 1024 * 2**20
"""Bytes above the memory limit at which the system refuses more. The runner's watch ends the child
at the limit itself; this holds where memory grows faster than the watch looks."""


def serve(reading: int, writing: int) -> NoReturn:
    """Do the work that arrives on *reading* until it ends; answers go to *writing*."""
    _settle()
    inbox: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(reading, inbox), daemon=True).start()
    while True:
        work = pipe.decode_work(inbox.get())
        pipe.write_message(writing, pipe.Begun())
        answer = _Errand(work, writing).answer()
        pipe.write_message(writing, answer)


def _settle() -> None:
    """Make a quiet process of this one: no core files, no terminal, no signals of the shell's."""
    for name in ("SIGINT", "SIGHUP", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123  # lives as long as we do
    sys.stdout = sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
    faulthandler.enable(file=2, all_threads=False)
    if "numpy" in sys.modules:
        # Children of one forkserver would otherwise share their sequence of chance.
        sys.modules["numpy"].random.seed()


def _listen(reading: int, inbox: SimpleQueue[bytes]) -> None:
    while (message := pipe.read_message(reading, most=sys.maxsize)) is not None:
        inbox.put(message)
    _end_with_all()


def _end_with_all() -> None:
    with suppress(OSError, AttributeError):
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
    os._exit(0)


class _Errand:
    """One piece of work, from the message to the answer."""

    def __init__(self, work: pipe.Work, writing: int) -> None:
        self.work = work
        self.writing = writing
        self.folder = Path(work.work_folder)
        self.used_before = _cpu_seconds()
        self._lock = threading.Lock()
        self._open = True
        self._sent_at = float("-inf")
        self._sent_page = -1
        self._sent_stages: set[Stage] = set()

    def answer(self) -> pipe.Answer:
        """Run the tool's function and say what came of it, whatever that is."""
        try:
            self._limit_memory()
            if self.work.ours:
                # A child that is killed leaves its temporary files, which are parts of documents:
                # they go with its folder.
                tempfile.tempdir = str(self.folder)
            answer: pipe.Answer = self._done(outcome_of(self._function()(self._task())))
        except ToolkitError as exc:
            answer = self._raised(exc.code, str(exc), exc)
        except MemoryError as exc:
            answer = self._raised(MemoryExceeded.code, "the memory did not suffice", exc)
        except (Exception, SystemExit, KeyboardInterrupt) as exc:  # noqa: BLE001  # any tool, any error
            answer = self._raised(ToolFailed.code, f"{type(exc).__name__}: {exc}", exc)
        with self._lock:
            self._open = False
        with suppress(AttributeError):
            signal.setitimer(signal.ITIMER_REAL, 0)
        return answer

    def _function(self) -> Callable[[Task], Any]:
        if self.work.code is None:
            return target_of(self.work.target)
        function: Callable[[Task], Any] = pickle.loads(self.work.code)  # noqa: S301  # sealed
        return function

    def _task(self) -> Task:
        work = self.work
        return Task(
            filename=work.filename,
            source=None if work.source is None else Path(work.source),
            sha256=work.sha256,
            options=work.options,
            limits=work.bounds,
            work_folder=self.folder,
            report=self._report,
            cut_pages=work.cut_pages,
            processes=work.processes,
        )

    def _report(self, progress: Progress) -> None:
        now = time.monotonic()
        with self._lock:
            soon = now - self._sent_at < BETWEEN_REPORTS
            # The stage counts too: what a page may take depends on it.
            if progress.page != self._sent_page:
                self._sent_stages = set()
            elif soon and progress.stage in self._sent_stages:
                return
            if not self._open:
                return
            self._sent_at, self._sent_page = now, progress.page
            self._sent_stages.add(Stage(progress.stage))
            told = pipe.Told(
                percent=float(progress.percent),
                stage=Stage(progress.stage),
                page=int(progress.page),
                pages=int(progress.pages),
            )
            pipe.write_message(self.writing, told)

    def _done(self, outcome: Outcome) -> pipe.Done:
        size = len(outcome.content)
        if size > pipe.MOST_RESULT:
            raise ToolFailed(f"the result has {size} bytes; {pipe.MOST_RESULT} are the most")
        inline = size <= pipe.INLINE
        if not inline:
            (self.folder / pipe.RESULT_NAME).write_bytes(outcome.content)
        return pipe.Done(
            content=outcome.content if inline else None,
            size=size,
            media_type=outcome.media_type,
            filename=outcome.filename,
            pages=outcome.pages,
            cacheable=outcome.cacheable,
            cpu_seconds=_cpu_seconds() - self.used_before,
            left_processes=_has_children(),
        )

    def _raised(self, code: str, message: str, exc: BaseException) -> pipe.Raised:
        return pipe.Raised(
            code=code,
            message=message[:LONGEST_MESSAGE].encode("utf-8", "replace").decode(),
            cpu_seconds=_cpu_seconds() - self.used_before,
            out_of_memory=_is_out_of_memory(exc),
            left_processes=_has_children(),
        )

    def _limit_memory(self) -> None:
        if sys.platform != "linux":
            return
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        soft = self.work.bounds.memory + BACKSTOP
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _is_out_of_memory(exc: BaseException | None) -> bool:
    """Whether *exc*, or what it was raised from, is the lack of memory."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        if isinstance(exc, MemoryError | MemoryExceeded):
            return True
        seen.add(id(exc))
        exc = exc.__cause__ or exc.__context__
    return False


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _has_children() -> bool:
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def main(paths: list[str]) -> NoReturn:
    """A child that was started by itself: the pipe is its standard input and output."""
    sys.path.extend(path for path in paths if path not in sys.path)
    reading, writing = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    serve(reading, writing)


if __name__ == "__main__":
    main(sys.argv[1:])
