"""Waiting for what other processes do, without guessing how long it takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def eventually(holds: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until *holds*; a slow machine is given time, a wrong program fails."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether *pid* runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left(home: Path) -> list[str]:
    """The command lines of processes whose home is *home*, this one excepted."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        if process.pid == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        try:
            if process.environ().get("HOME") == str(home):
                found.append(" ".join(process.info["cmdline"] or []))
        except psutil.Error:
            continue
    return found
