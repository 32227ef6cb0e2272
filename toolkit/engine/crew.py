"""Pages of one file read side by side: this process, and others that it starts beside itself.

Each process opens the file itself. What comes out is what one process alone would make of it: pages
do not depend on each other before all of them are read. A process that dies, hangs or grows is
ended, and its pages are read here: what they do then, they do to this process, as if there had
never been another, so that whoever watches it blames the right page.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import IO, BinaryIO, Final, NoReturn

import psutil

from toolkit.engine.figures import MOST_BYTES
from toolkit.engine.opened import PageReader, Read, opened
from toolkit.engine.options import ParseOptions
from toolkit.engine.source import Source
from toolkit.jobs.job import Stage
from toolkit.jobs.tool import Limits

__all__ = ["Job", "Tell", "serve", "together"]

WORTH: Final = 2.5
"""Seconds of work left from which on others are called: one takes 0.4 to begin."""
FEWEST: Final = 3
"""Pages after which it is known what a page takes; the first is slower than the others."""
SLOW: Final = 1.0
"""Seconds: a first page that took longer was recognised, and the others will be; about half of it
was for the models to be loaded."""
BITE: Final = 0.2
"""Seconds that a page takes from which on one page is taken at a time, so that all end together."""
BITE_PAGES: Final = 4
"""Pages that are taken at a time otherwise."""
HIRED_BELOW: Final = 0.7
"""The share of the memory that all processes together may take when another one is called, which
will need as much as this one has by then."""
ALONE_FROM: Final = 0.8
"""The share from which on this process goes on alone: a page is never cut for the others' sake."""
LOOK: Final = 0.05
"""Seconds between looks at the others' memory and time."""
_HUNG: Final = 1.0
_NO_MORE: Final = (
    *(pickle.UnpicklingError, EOFError, OSError, ImportError, MemoryError),
    *(AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RuntimeError),
)
"""What is raised here where the other end is gone, or says what makes no sense."""

Tell = Callable[[int, int, Stage], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be read, by at most so many *processes*, this one counted."""

    source: Source
    options: ParseOptions
    limits: Limits
    wanted: tuple[int, ...]
    processes: int
    batch: int = 1
    """How many pages are looked at together, by their numbers: 1 to 8, 9 to 16, and so on."""


class _Table:
    """Which pages are still to be read, and what came of the others. For several threads."""

    def __init__(self, job: Job) -> None:
        self.batch = job.batch
        self.todo = deque(job.wanted)
        self.read: dict[int, Read] = {}
        self.done = 0
        self.recognised: deque[int] = deque()
        """Pages whose pictures others read, of which nobody was told yet."""
        self._changed = threading.Condition()
        self._seconds: list[float] = []

    @property
    def pace(self) -> float | None:
        """Seconds that a page takes here; None as long as nobody can say."""
        known = self._seconds[1:]
        if not known and self._seconds and self._seconds[0] > SLOW:
            return self._seconds[0] / 2
        return sum(known) / len(known) if len(known) >= FEWEST - 1 else None

    def timed(self, seconds: float) -> None:
        """Note what a page took."""
        self._seconds = self._seconds[:1] + self._seconds[-15:] + [seconds]

    def take(self) -> tuple[int, ...]:
        """The pages that one reads next, in order; none where all are taken."""
        quick = self.pace is not None and self.pace < BITE
        most = max(self.batch, BITE_PAGES if quick else 1)
        with self._changed:
            taken: list[int] = []
            while self.todo and len(taken) < most and self._is_of(taken, self.todo[0]):
                taken.append(self.todo.popleft())
            return tuple(taken)

    def _is_of(self, taken: list[int], number: int) -> bool:
        return (
            not taken
            or self.batch == 1
            or (number - 1) // self.batch == (taken[0] - 1) // self.batch
        )

    def put(self, read: Mapping[int, Read]) -> None:
        """All that were taken together, at once: they are read again together, or not at all."""
        with self._changed:
            self.read.update(read)
            self.done += len(read)
            self._changed.notify_all()

    def give_back(self, numbers: Sequence[int]) -> None:
        """*numbers* were taken, and are not read."""
        with self._changed:
            self.todo = deque(sorted((*self.todo, *numbers)))
            self._changed.notify_all()

    def wait(self, number: int) -> None:
        """Until *number* is read or given back, or a little while."""
        with self._changed:
            self._changed.wait_for(lambda: number in self.read or bool(self.todo), LOOK)


@dataclass(eq=False)
class _Hand:
    """Another process, and the thread here that hands it pages and takes them back."""

    job: Job
    table: _Table
    process: subprocess.Popen[bytes]
    page: int = 0
    since: float = field(default_factory=time.monotonic)
    recognises: bool = False

    def work(self) -> None:
        """Have pages read until there are none left, or the process ends."""
        taken: tuple[int, ...] = ()
        try:
            assert self.process.stdin is not None
            self._say(self.process.stdin, (self.job.source, self.job.options, self.job.limits))
            while taken := self.table.take():
                self._say(self.process.stdin, taken)
                self.table.put({number: self._heard(number) for number in taken})
                taken = ()
        except _NO_MORE:
            self.end()
        finally:
            self.page = 0
            self.table.give_back(taken)

    def _say(self, stream: IO[bytes], what: object) -> None:
        pickle.dump(what, stream, protocol=5)
        stream.flush()

    def _heard(self, number: int) -> Read:
        self.page, self.since, self.recognises = number, time.monotonic(), False
        assert self.process.stdout is not None
        while True:
            # A page's number and the page; None: its picture is going to be read.
            said, read = pickle.load(self.process.stdout)  # noqa: S301  # one of us
            if said != number:
                raise EOFError("it read another page")
            if isinstance(read, Read):
                return read
            if read is not None:
                raise EOFError("what it read is no page")
            self.recognises = True
            self.table.recognised.append(number)

    def is_late(self, now: float) -> bool:
        """Whether its page should have been cut off long ago: it hangs where nobody can stop it."""
        limit = self.job.limits.page_ends(recognised=self.recognises) + _HUNG
        return self.page != 0 and now - self.since > limit

    def resident(self) -> int:
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> None:
        with suppress(OSError):
            self.process.kill()


class _Crew:
    """The processes beside this one, which are watched."""

    def __init__(self, job: Job, table: _Table) -> None:
        self._job = job
        self._table = table
        self._hands: list[_Hand] = []
        self._threads: list[threading.Thread] = []
        self._alone = job.processes < 2
        self._over = threading.Event()

    def consider(self) -> None:
        """Call others where that pays and memory allows it; once, or never."""
        pace = self._table.pace
        if self._alone or pace is None:
            return
        own = _resident()
        room = int(HIRED_BELOW * self._job.limits.memory / max(own, 1)) - 1
        many = min(self._job.processes - 1, room, int(len(self._table.todo) * pace / WORTH))
        if many < 1:
            return
        self._alone = True
        with suppress(OSError):
            for _ in range(many):
                self._hands.append(_Hand(self._job, self._table, _started()))
        # Where none can be started there is no room, and this process goes on as it is.
        with suppress(RuntimeError):
            for work in (self._watch, *(hand.work for hand in self._hands)):
                thread = threading.Thread(target=work, daemon=True)
                thread.start()
                self._threads.append(thread)

    def busy(self) -> tuple[int, Stage]:
        """The first page that is read by another process, 0 if none is; what is done with it."""
        pages = [
            (hand.page, Stage.OCR if hand.recognises else Stage.PARSING)
            for hand in self._hands
            if hand.page
        ]
        return min(pages, default=(0, Stage.PARSING))

    def _watch(self) -> None:
        most = ALONE_FROM * self._job.limits.memory
        while not self._over.wait(LOOK):
            now = time.monotonic()
            too_large = _resident() + sum(hand.resident() for hand in self._hands) > most
            for hand in self._hands:
                if too_large or hand.is_late(now):
                    hand.end()

    def close(self) -> None:
        """End the others, and wait until they are gone."""
        self._over.set()
        for hand in self._hands:
            hand.end()
            hand.process.wait()
        for thread in self._threads:
            thread.join()
        for hand in self._hands:
            for stream in (hand.process.stdin, hand.process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


def together(
    job: Job,
    read: Callable[[int, tuple[int, ...], Callable[[], None]], Read],
    tell: Tell,
) -> Iterator[tuple[int, Read]]:
    """(number, what was read) of each wanted page, in order.

    *read* is this process's own; *tell* hears of the page that it is on, of how many are read, and
    of pages whose pictures are.
    """
    table = _Table(job)
    crew = _Crew(job, table)
    try:
        for number in job.wanted:
            while number not in table.read:
                taken = table.take()
                for at, own in enumerate(taken):
                    _tell_of_others(table, tell)
                    tell(own, table.done, Stage.PARSING)
                    begun = time.monotonic()
                    telling = partial(tell, own, table.done, Stage.OCR)
                    table.put({own: read(own, taken[at + 1 :], telling)})
                    table.timed(time.monotonic() - begun)
                    crew.consider()
                if not taken:
                    _tell_of_others(table, tell)
                    page, stage = crew.busy()
                    tell(page or number, table.done, stage)
                    table.wait(number)
            yield number, table.read.pop(number)
        _tell_of_others(table, tell)
    finally:
        crew.close()


def _tell_of_others(table: _Table, tell: Tell) -> None:
    # How long a job may take depends on how many pages are recognised, whoever does it.
    while table.recognised:
        tell(table.recognised.popleft(), table.done, Stage.OCR)


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


def _started() -> subprocess.Popen[bytes]:
    # Its modules come from where ours do, and from nowhere else.
    begin = "import sys; sys.path[:] = sys.argv[1:]; from toolkit.engine.crew import serve; serve()"
    return subprocess.Popen(
        [sys.executable, "-I", "-c", begin, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def serve() -> NoReturn:
    """Read the pages that standard input asks for, until it ends; what is read goes out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Libraries that print do not print among the answers.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    inbox: SimpleQueue[tuple[int, ...]] = SimpleQueue()
    source, options, limits = pickle.load(asked)  # noqa: S301  # from the process that started us
    threading.Thread(target=_listen, args=(asked, inbox), daemon=True).start()
    reader = PageReader(opened(source, options), options, limits)

    def say(number: int, read: Read | None) -> None:
        pickle.dump((number, read), out, protocol=5)
        out.flush()

    while True:
        taken = inbox.get()
        for at, number in enumerate(taken):
            say(
                number, reader.read(number, taken[at + 1 :], partial(say, number, None), MOST_BYTES)
            )


def _listen(asked: BinaryIO, inbox: SimpleQueue[tuple[int, ...]]) -> None:
    # Whoever started us may be gone while we are in the middle of a page.
    with suppress(*_NO_MORE):
        while True:
            inbox.put(pickle.load(asked))  # noqa: S301  # from the process that started us
    os._exit(0)
