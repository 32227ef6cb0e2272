"""Tools for the tests of the runner: each does one thing that a tool may do, or ought not to."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from toolkit.errors import DamagedFile, LeaseLost, MemoryExceeded
from toolkit.jobs import Outcome, Progress, Stage, Task


def echo(task: Task) -> dict[str, object]:
    text = "" if task.source is None else task.source.read_text("utf-8")
    return {
        "text": text,
        "filename": task.filename,
        "options": dict(task.options),
        "pid": os.getpid(),
        "cut": {str(page): list(why) for page, why in task.cut_pages.items()},
        "work_folder": str(task.work_folder),
        "empty": not any(task.work_folder.iterdir()),
    }


def note(task: Task) -> str:
    """Appends a line to the file that the option names: how often a job was really done."""
    time.sleep(float(task.options.get("seconds", 0)))
    with Path(task.options["log"]).open("a") as file:
        file.write(f"{task.filename} {os.getpid()}\n")
    return task.filename


def sleep(task: Task) -> str:
    _tell_pid(task)
    time.sleep(float(task.options.get("seconds", 60)))
    return "rested"


def spin(task: Task) -> str:
    """Never gives Python's lock away: one call into C that does not end."""
    _tell_pid(task)
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 1)  # loads it
    ctypes.PyDLL(None).usleep(60_000_000)  # PyDLL keeps the lock
    return "never"


def grow(task: Task) -> str:
    return _grow_on(0, task)


def _grow_on(page: int, task: Task) -> str:
    task.report(Progress(percent=0, page=page))
    held = []
    while True:
        held.append(bytearray(os.urandom(1024) * 4096))
        time.sleep(0.002)


def grow_in_a_process(task: Task) -> str:
    code = "b=[]\nwhile True: b.append(bytearray(b'x'*2**22)); import time; time.sleep(.002)"
    subprocess.run([sys.executable, "-c", code], check=False)
    return "never"


def ask_for_too_much(task: Task) -> str:
    return str(len(bytearray(2**44)))


def leave(task: Task) -> str:
    os._exit(7)


def crash(task: Task) -> str:
    ctypes.string_at(0)
    return "never"


def crash_until(task: Task) -> str:
    """Crashes the first *times* times that it is run; the option *log* counts."""
    log = Path(task.options["log"])
    count = len(log.read_text()) if log.exists() else 0
    log.write_text("x" * (count + 1))
    if count < int(task.options["times"]):
        os._exit(9)
    return f"at last, after {count}"


def parent(task: Task) -> str:
    """Starts a process, and one in a session of its own; tells their numbers; waits."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with_us = subprocess.Popen(command)
    apart = subprocess.Popen(command, start_new_session=True)
    Path(task.options["pids"]).write_text(f"{os.getpid()} {with_us.pid} {apart.pid}")
    if task.options.get("wait", True):
        time.sleep(60)
    return "left them"


def daemon(task: Task) -> str:
    """Starts a process that moves to a session of its own and whose parent leaves."""
    code = (
        "import os, sys, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    subprocess.run([sys.executable, "-c", code, task.options["pids"]], check=True)
    while not Path(task.options["pids"]).read_text():
        time.sleep(0.005)
    os._exit(3)


def large(task: Task) -> bytes:
    return b"0123456789abcdef" * (int(task.options["megabytes"]) * 65536)


def unspeakable(task: Task) -> object:
    return object()


def complain(task: Task) -> str:
    raise ValueError(task.options.get("words", "so it goes"))


def damaged(task: Task) -> str:
    raise DamagedFile("page tree is a circle")


def memory_error(task: Task) -> str:
    raise MemoryExceeded("said the tool")


def lose_the_lease(task: Task) -> str:
    raise LeaseLost("says the tool")


def exit_politely(task: Task) -> str:
    sys.exit(4)


def flood(task: Task) -> str:
    for step in range(200_000):
        task.report(Progress(percent=step / 2000, page=1, pages=1))
    return "told"


def talk(task: Task) -> Outcome:
    """Reports each page, then how many; ``stuck`` hangs, ``fatal`` crashes, ``greedy`` grows."""
    pages = int(task.options.get("pages", 3))
    for page in range(1, pages + 1):
        if page in task.cut_pages:
            continue
        task.report(
            Progress(percent=100 * page / pages, stage=Stage.PARSING, page=page, pages=pages)
        )
        if page in task.options.get("pictures", []):
            task.report(Progress(percent=0, stage=Stage.OCR, page=page, pages=pages))
        if page in task.options.get("stuck", []):
            time.sleep(60)
        if page in task.options.get("fatal", []):
            os.kill(os.getpid(), signal.SIGSEGV)
        if page in task.options.get("greedy", []):
            _grow_on(page, task)
    done = [str(page) for page in range(1, pages + 1) if page not in task.cut_pages]
    cut = [f"{page}:{code}" for page, (code, _) in sorted(task.cut_pages.items())]
    return Outcome(
        content=f"{' '.join(done)}|{' '.join(cut)}".encode(),
        media_type="text/plain",
        pages=len(done),
        cacheable=not cut,
    )


def noise(task: Task) -> str:
    """Floods stderr below Python, as native libraries do, then crashes."""
    for _ in range(3000):
        os.write(2, b"warning: bad object reference\n" * 40)
    os.write(2, b"the last straw\n")
    os._exit(5)


def reach_out(task: Task) -> str:
    import socket

    with socket.create_connection((task.options["host"], int(task.options["port"])), timeout=2):
        return "connected"


def _tell_pid(task: Task) -> None:
    if "pids" in task.options:
        Path(task.options["pids"]).write_text(str(os.getpid()))


def fast_then_slow(task: Task) -> str:
    text = "" if task.source is None else task.source.read_text("utf-8")
    if text == "slow":
        time.sleep(60)
    return text
