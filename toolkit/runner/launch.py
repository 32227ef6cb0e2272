"""One background runner a file and host, started by whoever has work for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import IO, Final

from toolkit.runner import machine
from toolkit.runner.lock import RunnerLock
from toolkit.runner.nursery import import_paths
from toolkit.settings import PREFIX, Settings
from toolkit.store import runners
from toolkit.store.runners import RunnerRow
from toolkit.store.store import Store

__all__ = ["alive", "ensure"]

DYING: Final = 5.0
"""Seconds in which a runner that was killed lets go of its lock: it ends thread by thread."""
LONGEST_LOG: Final = 2**20
"""Bytes of the log, and as many of the one before it."""


def ensure(store: Store, settings: Settings | None = None) -> bool:
    """See to it that a runner works on *store*; True where one had to be started.

    Call it after the commit that made work for it. The runner is a process of its own: it outlives
    this one, works the queue empty, lingers, and leaves.
    """
    lock = RunnerLock.of(store.files)
    until = time.monotonic() + DYING
    while not lock.take():
        if lock.holder_lives() or time.monotonic() > until:
            return False
        time.sleep(0.01)
    try:
        _start(store.path, lock, settings or Settings.read())
    finally:
        # The runner has inherited it: at no moment is it free for another.
        lock.forget()
    return True


def alive(store: Store) -> list[RunnerRow]:
    """The runners that work on *store*, as far as can be known from here."""
    here = runners.this_host()
    return [
        row
        for row in runners.live(store.read(), now=time.time())
        if row.host != here or machine.is_alive(row.pid, row.pid_started)
    ]


def _start(path: Path, lock: RunnerLock, settings: Settings) -> None:
    command = [sys.executable, "-P", "-m", "toolkit.runner", str(path)]
    command += [f"--linger={settings.linger}"]
    command += [f"--import-path={place}" for place in import_paths()]
    environment = dict(os.environ)
    for field in fields(settings):
        environment[PREFIX + field.name.upper()] = str(getattr(settings, field.name))
    with _log(lock.place.with_name("runner.log")) as log:
        if sys.platform == "win32":
            # A lock is not inherited there: the runner takes it itself.
            lock.release()
            flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
            inherited: dict[str, object] = {"creationflags": flags}
        else:
            assert lock.descriptor is not None
            command += [f"--lock={lock.descriptor}"]
            inherited = {"pass_fds": [lock.descriptor], "start_new_session": True}
        process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            **inherited,
        )
        lock.sign(process.pid)
    _let_go(process)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Neither wait for the runner nor be warned that it still runs; it is reaped when it ends."""
    import threading

    threading.Thread(target=process.wait, name="runner", daemon=True).start()


def _log(place: Path) -> IO[bytes]:
    if place.exists() and place.stat().st_size > LONGEST_LOG:
        place.replace(place.with_suffix(".log.1"))
    return place.open("ab", buffering=0)
