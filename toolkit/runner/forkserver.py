"""A small process that has loaded the libraries once and forks the children of a runner.

Not multiprocessing's: that one imports the user's script again (which dies unless it is guarded),
and its children may outlive their parent. This one has a single thread, so that forking is safe,
and nothing to do but to watch, so that nothing can keep it from ending its children:

* its runner is gone (the socket ended, or the parent changed) → every child is killed, with what
  it started, and the forkserver leaves;
* a child ended → what it left behind is killed before the end is told.

On Linux a process whose parent died becomes the forkserver's, so that even one which moved to a
session of its own is found.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import Final, NoReturn

from toolkit.runner import child, machine

__all__ = ["PRELOAD", "STATUS"]

PRELOAD: Final = ("numpy", "pdf_oxide", "toolkit.tools.parse")
STATUS: Final = struct.Struct("!i")
"""How a pid, and later an exit status, is told."""

LOOK: Final = 2.0
"""Seconds between looks at whether the parent still lives. The system tells when it dies (and when
only the thread does that started us, which is why it is looked at then); this is the net below."""

_DEATH_SIGNAL, _SUBREAPER = 1, 36  # of prctl
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # of unshare


class Forkserver:
    """Forks on request until its runner is gone."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.parent = os.getppid()
        self.born: dict[int, int] = {}
        self.libc = ctypes.CDLL(None)
        self.bell, bell_end = os.pipe()
        os.set_blocking(self.bell, False)
        os.set_blocking(bell_end, False)
        self.bell_end = bell_end
        signal.set_wakeup_fd(bell_end, warn_on_full_buffer=False)
        for told in (signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(told, lambda *_: None)
        for quiet in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(quiet, signal.SIG_IGN)
        self.libc.prctl(_SUBREAPER, 1, 0, 0, 0)
        # For when our end of the socket is open in another process: then it does not end.
        self.libc.prctl(_DEATH_SIGNAL, signal.SIGUSR1, 0, 0, 0)

    def serve(self) -> NoReturn:
        """Watch the runner and the children; never returns."""
        while os.getppid() == self.parent:
            ready, _, _ = select.select([self.control.fileno(), self.bell], [], [], LOOK)
            if self.bell in ready:
                with suppress(BlockingIOError):
                    os.read(self.bell, 4096)
                self._reap()
            if self.control.fileno() in ready:
                word, descriptors, _, _ = socket.recv_fds(self.control, 16, 3)
                if not word:
                    break
                self._fork(word, descriptors)
        self._leave()

    def _fork(self, word: bytes, descriptors: list[int]) -> None:
        pipe_end, status, noise = descriptors
        pid = os.fork()
        if pid == 0:
            try:
                self._become_child(noise, isolated=word == b"isolated")
                child.serve(pipe_end, pipe_end)
            finally:
                os._exit(1)
        os.close(pipe_end)
        os.close(noise)
        self.born[pid] = status
        self._tell(status, pid)

    def _become_child(self, noise: int, *, isolated: bool) -> None:
        signal.set_wakeup_fd(-1)
        for told in (signal.SIGCHLD, signal.SIGUSR1):
            signal.signal(told, signal.SIG_DFL)
        forkserver = os.getppid()
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for number, wanted in ((null, 0), (null, 1), (noise, 2)):
            os.dup2(number, wanted)
        for other in (null, noise, self.bell, self.bell_end, *self.born.values()):
            os.close(other)
        self.control.close()
        if isolated:
            # Where the system does not allow it, the child keeps the network.
            room = _NEW_NETWORK if os.getuid() == 0 else _NEW_NETWORK | _NEW_USER
            self.libc.unshare(room)
        # After the above, which would clear it.
        self.libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != forkserver:
            os._exit(1)

    def _reap(self) -> None:
        ended = []
        while (pid := self._one_that_ended()) is not None:
            if pid in self.born:
                # Not yet waited for, so that its number still names its group and no other.
                with suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if pid in self.born:
                ended.append((self.born.pop(pid), status))
        if ended:
            self._sweep()
        for descriptor, status in ended:
            self._tell(descriptor, status)
            os.close(descriptor)

    def _one_that_ended(self) -> int | None:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        return found.si_pid if found else None

    def _sweep(self) -> None:
        """Kill what became ours because the child that had started it ended."""
        machine.end(pid for pid in machine.children(os.getpid()) if pid not in self.born)

    def _tell(self, descriptor: int, number: int) -> None:
        with suppress(OSError):
            os.write(descriptor, STATUS.pack(number))

    def _leave(self) -> NoReturn:
        for _ in range(50):
            for pid in self.born:
                with suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)
            machine.end(machine.children(os.getpid()))
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
                select.select([], [], [], 0.01)
                continue
            break
        os._exit(0)


def main(paths: list[str]) -> NoReturn:
    """Load the libraries, then serve the socket that is this process's standard input."""
    sys.path.extend(path for path in paths if path not in sys.path)
    control = socket.socket(fileno=os.dup(0))
    server = Forkserver(control)
    for name in PRELOAD:
        with suppress(ImportError):
            importlib.import_module(name)
    # What is loaded stays shared with the children: the collector will not write to it.
    gc.collect()
    gc.freeze()
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
