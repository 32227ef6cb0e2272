"""A server as people run it: ``python -m toolkit serve`` as a process of its own, on a fresh file.

What it answers is all that the tests here know of it. The queue behind it is reached through the
store where a test plays the runner, so that every state of a job can be had without waiting.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from toolkit.errors import ToolkitError
from toolkit.jobs import Job, Outcome, Progress, Tool
from toolkit.store import changes, erasures, jobs, keys, queue, results, runners, tools
from toolkit.store.store import Store
from toolkit.tools import sealed

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
TOOLS = ROOT / "tests" / "unit" / "runner"
"""Where ``workshop`` lives, whose tools the jobs here use."""

STARTS = 60.0
STOPS = 30.0
PLAYED = "played by the test"


class Serving:
    """A server on the file ``desk.db`` in *folder*, with a home of its own that marks its family.

    *tool_names* are functions of ``workshop`` that are offered as tools.
    """

    def __init__(self, folder: Path, *tool_names: str) -> None:
        self.folder = folder
        self.db = folder / "desk.db"
        self.home = folder / "home"
        self.home.mkdir()
        self.log_file = folder / "server.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.urgencies = itertools.count(1000)
        self.store = Store.open(self.db)
        for name in tool_names:
            self.tool(name)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", errors="replace") if self.log_file.exists() else ""

    def tool(self, name: str, **settings: Any) -> None:
        """Offer the function *name* of ``workshop`` as a tool, vouched for by the server's home."""
        with at_home(self.home), self.store.write() as conn:
            made = Tool(name=name, target=f"workshop:{name}", **settings)
            tools.register(conn, sealed(made))

    def start(self, *flags: str, **environment: str) -> Serving:
        """Start it, and wait until it says that it is ready."""
        command = [*TOOLKIT, "serve", "--db", str(self.db), "--host", "127.0.0.1"]
        command += ["--port", str(self.port), *flags]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env=self.environment(**environment),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + STARTS
        while not self.is_ready():
            assert self.process.poll() is None, f"it ended at once:\n{self.log[-3000:]}"
            assert time.monotonic() < until, f"it is never ready:\n{self.log[-3000:]}"
            time.sleep(0.03)
        return self

    def environment(self, **more: str) -> dict[str, str]:
        own = {
            "HOME": str(self.home),
            "PYTHONPATH": str(TOOLS),
            "PAGEQUEUE_LINGER": "600",
            "PAGEQUEUE_SLOTS": "2",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PAGEQUEUE_")}
        return {**kept, **own, **more}

    def is_ready(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop it as an operator does. It ends with code 0, says nothing of an error, and leaves
        no process behind but its runner, which is told to end too."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOPS)
        finally:
            self.kill()
        assert code == 0, f"it ended with {code}:\n{self.log[-3000:]}"
        assert "Traceback" not in self.log, self.log[-6000:]

    def kill(self) -> None:
        """Kill the server, if it still runs, and everything else of its home."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
        for sent in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            until = time.monotonic() + 8
            family = self.family()
            for one in family:
                with suppress(psutil.Error):
                    one.send_signal(sent)
            while self.family() and time.monotonic() < until:
                time.sleep(0.05)
        assert not self.family()

    def close(self) -> None:
        self.kill()
        self.store.close()

    def family(self) -> list[psutil.Process]:
        """Every living process whose home is this server's."""
        found = []
        for process in psutil.process_iter(["pid", "status"]):
            if process.info["status"] == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            with suppress(psutil.Error):
                if process.environ().get("HOME") == str(self.home):
                    found.append(process)
        return found

    # --- keys -------------------------------------------------------------------------------

    def run(self, *words: str) -> str:
        """What the command says on stdout."""
        done = subprocess.run(
            [*TOOLKIT, *words, "--db", str(self.db)],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def key(self, owner: str = "ada", *flags: str) -> str:
        """A key as a person makes it: ``pagequeue keys create``. Returns what is shown once."""
        said = json.loads(self.run("keys", "create", "--owner", owner, *flags, "--json"))
        return str(said["secret"])

    def minted(self, owner: str, **asked: Any) -> keys.Minted:
        """A key made without a process of its own, which takes a second."""
        with self.store.write() as conn:
            return keys.create(conn, owner=owner, now=time.time(), **asked)

    def client(self, secret: str | None = None, **more: Any) -> httpx.Client:
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        # To load the certificates of the world takes longer than most tests here.
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False, **more)

    # --- playing the runner -----------------------------------------------------------------

    def begin(self, job_id: str) -> Job:
        """Claim this very job, as a runner does."""
        with self.store.write() as conn:
            _beat(conn)
            # Before every other one, those included that this was done to already.
            queue.reprioritise(conn, job_ids=[job_id], priority=next(self.urgencies))
            tool = jobs.job(conn, job_id).tool
            (job,) = queue.claim(conn, runner=PLAYED, now=time.time(), lease=3600, tools=[tool])
        assert job.id == job_id, (job, self.job(job_id))
        changes.ring(self.store)
        return job

    def report(self, job: Job, percent: float, **more: Any) -> None:
        with self.store.write(durable=False) as conn:
            progress = Progress(percent=percent, **more)
            queue.progress(conn, **held(job), progress=progress, now=time.time())
        changes.ring(self.store)

    def finish(self, job_id: str, content: bytes | Outcome = b"done") -> None:
        """Let the job complete with this result."""
        job = self._running(job_id)
        made = content if isinstance(content, Outcome) else Outcome(content=content, pages=1)
        staged = results.stage(self.store, made)
        with self.store.write() as conn:
            now = time.time()
            number = results.put(conn, self.store, outcome=staged, job=job, now=now)
            queue.complete(conn, **held(job), result_id=number, pages=made.pages, now=now)
        changes.ring(self.store)

    def spoil(self, job_id: str, error: ToolkitError) -> None:
        """Let the job fail for good."""
        job = self._running(job_id)
        with self.store.write() as conn:
            queue.fail(conn, **held(job), error=error, now=time.time())
        changes.ring(self.store)

    def put_off(self, job_id: str, error: ToolkitError, seconds: float = 3600.0) -> None:
        """Let the attempt fail, and another be due later."""
        job = self._running(job_id)
        now = time.time()
        with self.store.write() as conn:
            queue.postpone(conn, **held(job), error=error, run_at=now + seconds, now=now)
        changes.ring(self.store)

    def cancel(self, job_id: str) -> None:
        with self.store.write() as conn:
            queue.cancel(conn, job_id=job_id, now=time.time())
        changes.ring(self.store)

    def expire(self, seconds: float = 8 * 86_400.0) -> None:
        """Let everything expire that would have by then."""
        erasures.expire(self.store, now=time.time() + seconds)
        erasures.sweep(self.store, now=time.time() + seconds)

    def job(self, job_id: str) -> Job:
        return jobs.job(self.store.read(), job_id)

    def _running(self, job_id: str) -> Job:
        job = self.job(job_id)
        return job if job.status == "processing" else self.begin(job_id)

    # --- what is on the disk ----------------------------------------------------------------

    def drafts(self) -> list[Path]:
        """Files of uploads that have become neither a job's nor nothing."""
        return [path for path in (self.store.files / "drafts").rglob("*") if path.is_file()]

    def places_of(self, word: str) -> list[str]:
        """The files of the store in which the bytes of *word* are found.

        Another process looks: to open a live database's file here would drop SQLite's locks.
        """
        files = [p for p in (self.store.files).rglob("*") if p.is_file()]
        files += self.folder.glob("desk.db*")
        done = subprocess.run(
            ["grep", "-la", word, *map(str, {f for f in files if f.is_file()})],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.split()

    def strays(self) -> list[str]:
        """Files in the server's folder that belong neither to its store nor to its home."""
        own = ("desk.db", "desk.files", "home", "server.log")
        return [p.name for p in self.folder.iterdir() if not p.name.startswith(own)]


TOOLKIT = [sys.executable, "-P", "-m", "toolkit"]


def held(job: Job) -> dict[str, object]:
    """What a runner says with every word about a job that it holds."""
    return {"job_id": job.id, "runner": job.runner, "attempt": job.attempt, "claim": job.claims}


def _beat(conn: sqlite3.Connection) -> None:
    """The test is known as a runner, and lives."""
    if not runners.beat(conn, runner=PLAYED, now=time.time()):
        runners.enlist(
            conn,
            runner=PLAYED,
            pid=os.getpid(),
            pid_started=psutil.Process().create_time(),
            host=runners.this_host(),
            slots=1,
            port=9,
            now=time.time(),
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """This process's home is *home* for a while: the key that seals tools is kept there."""
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["HOME"]
        else:
            os.environ["HOME"] = before


def until(ask: Any, holds: Any, seconds: float = 60.0) -> Any:
    """What *ask* says once *holds* of it; a slow machine is given time, a wrong program fails."""
    end = time.monotonic() + seconds
    while not holds(said := ask()):
        assert time.monotonic() < end, f"waited in vain; last was {said!r}"
        time.sleep(0.03)
    return said
