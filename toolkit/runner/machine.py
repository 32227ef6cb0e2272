"""What this machine has, and what a process on it and all that it started use."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from toolkit.jobs.tool import Limits

__all__ = [
    "Family",
    "is_alive",
    "processors",
    "slots",
    "started",
    "total_memory",
]

RESERVED: Final = 700 * 2**20
"""Bytes left to the system, the kernel of the notebook and the runner itself."""

_PROC = Path("/proc")
_HAS_PROC = sys.platform == "linux" and (_PROC / "self" / "statm").exists()
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def slots(asked: int = 0) -> int:
    """How many children may work at once: *asked*, or what processors and memory allow."""
    if asked > 0:
        return asked
    by_memory = (total_memory() - RESERVED) // Limits().memory
    return max(1, min(processors(), by_memory))


def processors() -> int:
    """The processors that this process may use: affinity and control group considered."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed else os.cpu_count() or 1
    quota = _group_quota()
    return max(1, min(count, int(quota))) if quota else max(1, count)


def _group_quota() -> float | None:
    words = _text("/sys/fs/cgroup/cpu.max").split()
    if len(words) == 2 and words[0].isdigit():
        return int(words[0]) / int(words[1])
    quota = _text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").strip()
    period = _text("/sys/fs/cgroup/cpu/cpu.cfs_period_us").strip()
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None


def total_memory() -> int:
    """Bytes of memory of the control group, or of the machine."""
    total = int(psutil.virtual_memory().total)
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = _text(place).strip()
        if text.isdigit():
            total = min(total, int(text))
    return total


def _text(place: str) -> str:
    try:
        return Path(place).read_text("ascii")
    except OSError:
        return ""


def started(pid: int) -> float | None:
    """When *pid* started (seconds since boot on Linux, POSIX time elsewhere); None: it is gone."""
    if _HAS_PROC:
        fields = _stat(pid)
        # A zombie does no work any more.
        return None if not fields or fields[0] in "ZX" else int(fields[19]) / _TICKS
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_alive(pid: int, when_started: float | None) -> bool:
    """Whether the process *pid* that started at *when_started* still runs."""
    now = started(pid)
    return now is not None and (when_started is None or abs(now - when_started) < 0.5)


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  # read many times a second
            text = file.read().decode("ascii", "replace")
    except OSError:
        return []
    # The name before it is in brackets, and may hold anything, brackets too.
    return text.rpartition(")")[2].split()


class Family:
    """A child and every process that it started, found by session, group and parent.

    Each process that appears on the machine is looked at once: a look costs little.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._members = {pid}
        self._strangers: set[str] = set()

    def look(self) -> set[int]:
        """The living members, as far as they can be told now."""
        if not _HAS_PROC:
            self._members = {self.pid, *_offspring(self.pid)}
            return self._members
        present = set(_processes())
        self._members = {pid for pid in self._members if str(pid) in present}
        self._strangers &= present
        new = present - self._strangers - {str(pid) for pid in self._members}
        # In the order of their numbers, so that a parent is met before its child.
        for name in sorted(new, key=int):
            fields = _stat(name)
            if fields and (
                self.pid in (int(fields[2]), int(fields[3])) or int(fields[1]) in self._members
            ):
                self._members.add(int(name))
            else:
                self._strangers.add(name)
        return self._members

    def resident(self) -> int:
        """Bytes of resident memory of the members that the last look found."""
        return sum(_resident(pid) for pid in self._members)

    def kill(self) -> None:
        """End every member now, the whole group at once first. May be called from any thread."""
        members = Family(self.pid).look() - {os.getpid()}
        with suppress(OSError):
            if hasattr(os, "killpg") and self.pid > 1:
                os.killpg(self.pid, signal.SIGKILL)
        end(members)


def end(pids: Iterable[int]) -> None:
    """Kill *pids*; those that are gone already are no matter."""
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def children(parent: int) -> list[int]:
    """The processes whose parent is *parent*."""
    if not _HAS_PROC:
        return _offspring(parent)
    return [int(n) for n in _processes() if (f := _stat(n)) and int(f[1]) == parent]


def _processes() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # often


def _offspring(pid: int) -> list[int]:
    try:
        return [found.pid for found in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _resident(pid: int) -> int:
    if not _HAS_PROC:
        try:
            return int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return 0
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0
