"""Where children come from, and the runner's end of one."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Literal

import msgspec

from toolkit.errors import ChildCrashed
from toolkit.runner import pipe
from toolkit.runner.forkserver import STATUS
from toolkit.runner.machine import Family

__all__ = ["Child", "Ended", "Nursery", "Way", "import_paths"]

Way = Literal["forkserver", "spawn"]

BIRTH: Final = 60.0
"""Seconds in which a child is born, the loading of the libraries included, on a busy machine."""
MOST_NOISE: Final = 2**20
"""Bytes of a child's stderr that are kept: native libraries flood it."""
MOST_UNREAD: Final = 64
"""Messages that wait to be read; a child that says more waits for the runner."""


class Ended(msgspec.Struct, frozen=True):
    """The child is gone; ``how`` says it for a person."""

    how: str


class Child:
    """The runner's end of a child: messages, its family of processes, and what it said last."""

    def __init__(
        self, pid: int, descriptors: tuple[int, int], noise: IO[bytes], status: _Status
    ) -> None:
        self.pid = pid
        self.jobs = 0
        self.isolated = False
        self.family = Family(pid)
        self._reading, self._writing = descriptors
        self._noise = noise
        self._status = status
        self._said: queue.Queue[pipe.Answer | Ended] = queue.Queue(MOST_UNREAD)
        self._gone = threading.Event()
        threading.Thread(target=self._listen, name=f"child {pid}", daemon=True).start()

    def send(self, work: pipe.Work) -> None:
        """Hand *work* over. Raises OSError where the child is gone."""
        with suppress(OSError):
            os.ftruncate(self._noise.fileno(), 0)
        pipe.write_message(self._writing, work)

    def receive(self, timeout: float) -> pipe.Answer | Ended | None:
        """The next message, Ended when there will be none, or None after *timeout* seconds."""
        try:
            return self._said.get(timeout=timeout)
        except queue.Empty:
            return None

    @property
    def gone(self) -> bool:
        return self._gone.is_set()

    def kill(self) -> None:
        """End the child and all that it started, now."""
        if not self._gone.is_set():
            self.family.kill()
        with suppress(queue.Empty):  # the listener may wait for room
            while True:
                self._said.get_nowait()

    def close(self) -> None:
        """Kill, wait until it is really gone, and let go of what it held here."""
        self.kill()
        while not self._gone.wait(0.05):
            self.kill()
        self._noise.close()

    def quieten(self) -> None:
        """Forget what the child wrote to stderr, where that is too much."""
        with suppress(OSError):
            if os.fstat(self._noise.fileno()).st_size > MOST_NOISE:
                os.ftruncate(self._noise.fileno(), 0)

    def last_words(self) -> str:
        """The last line that the child wrote to stderr before the traceback of a crash."""
        with suppress(OSError, ValueError):
            size = os.fstat(self._noise.fileno()).st_size
            self._noise.seek(max(0, size - 8192))
            lines = self._noise.read().decode("utf-8", "replace").splitlines()
            fatal = [line for line in lines if line.startswith("Fatal Python error")]
            kept = fatal or [line for line in lines if line.strip()]
            return kept[-1].strip()[:300] if kept else ""
        return ""

    def _listen(self) -> None:
        try:
            while (message := pipe.read_message(self._reading)) is not None:
                self._said.put(pipe.decode_answer(message))
            how = self._status.wait()
        except (msgspec.MsgspecError, ChildCrashed) as exc:
            self.family.kill()
            how = f"it answered nonsense ({exc})"
            self._status.wait()
        os.close(self._reading)
        if self._writing != self._reading:
            os.close(self._writing)
        self._gone.set()
        self._said.put(Ended(how))


class _Status:
    """How a child ended: told by the forkserver, or by the system where it is ours."""

    def __init__(self, told: int | None, process: subprocess.Popen[bytes] | None) -> None:
        self._told = told
        self._process = process

    def wait(self) -> str:
        if self._process is not None:
            if self._process.stdin:
                self._process.stdin.close()
            return _described(self._process.wait())
        assert self._told is not None
        with os.fdopen(self._told, "rb") as told:
            status = told.read(STATUS.size)
        if len(status) < STATUS.size:
            return "the process that it came from died"
        return _described(os.waitstatus_to_exitcode(STATUS.unpack(status)[0]))


def _described(code: int) -> str:
    if code >= 0:
        return f"it exited with code {code}"
    with suppress(ValueError):
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it was ended by signal {-code}"


def import_paths() -> list[str]:
    """Where this process finds its modules: a child looks there too, after its own places."""
    return [os.path.abspath(path) for path in sys.path if path == "" or Path(path).exists()]  # noqa: PTH100


def _command(module: str, paths: Sequence[str]) -> list[str]:
    # -P: the folder that the user happens to be in hides no module of the standard library.
    return [sys.executable, "-P", "-m", module, *paths]


def _environment() -> dict[str, str]:
    """Ours, with one thread a library: the children are what runs side by side."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(threads, "1") | dict(os.environ)


class Nursery:
    """Bears children: from a forkserver on Linux (started on first use), else one by one."""

    def __init__(self, *, paths: Sequence[str] | None = None, way: Way | None = None) -> None:
        self.paths = import_paths() if paths is None else list(paths)
        self.way = way or ("forkserver" if sys.platform == "linux" else "spawn")
        self._lock = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def bear(self, *, isolated: bool) -> Child:
        """A new child; *isolated* ones have no network, where the system allows that.

        Raises ChildCrashed where no process can be started.
        """
        noise = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115  # the child's to close
        try:
            if self.way == "spawn":
                child = self._spawned(noise)
            else:
                child = self._forked(noise, isolated=isolated)
        except OSError as exc:
            noise.close()
            raise ChildCrashed(f"no process can be started for the work: {exc}") from exc
        child.isolated = isolated
        return child

    def _spawned(self, noise: IO[bytes]) -> Child:
        process = subprocess.Popen(
            _command("toolkit.runner.child", self.paths),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        descriptors = (os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()))
        process.stdout.close()
        process.stdin.close()
        return Child(process.pid, descriptors, noise, _Status(None, process))

    def _forked(self, noise: IO[bytes], *, isolated: bool) -> Child:
        ours, theirs = socket.socketpair()
        told, tell = os.pipe()
        try:
            with self._lock:
                self._request(theirs.fileno(), tell, noise.fileno(), isolated=isolated)
        except OSError:
            ours.close()
            os.close(told)
            raise
        finally:
            theirs.close()
            os.close(tell)
        pid = self._pid(told)
        if pid is None:
            ours.close()
            os.close(told)
            raise OSError("the forkserver died; its libraries may not load on this machine")
        descriptor = ours.detach()
        return Child(pid, (descriptor, descriptor), noise, _Status(told, None))

    def _pid(self, told: int) -> int | None:
        from select import poll

        watch = poll()
        watch.register(told, 1)
        if not watch.poll(BIRTH * 1000):
            return None
        number = os.read(told, STATUS.size)
        return STATUS.unpack(number)[0] if len(number) == STATUS.size else None

    def _request(self, *descriptors: int, isolated: bool) -> None:
        word = b"isolated" if isolated else b"open"
        for _ in range(2):
            if self._server is None or self._control is None or self._server.poll() is not None:
                self._start()
            assert self._control is not None
            try:
                socket.send_fds(self._control, [word], descriptors)
            except (BrokenPipeError, ConnectionResetError):
                self._stop()
            else:
                return
        raise OSError("the forkserver does not stay alive")

    def _start(self) -> None:
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                _command("toolkit.runner.forkserver", self.paths),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        self._control = ours

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._server is not None:
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(2.0)
            if self._server.poll() is None:
                self._server.kill()
                self._server.wait()
            self._server = None

    def close(self) -> None:
        """End the forkserver, and with it every child that is left."""
        with self._lock:
            self._stop()
