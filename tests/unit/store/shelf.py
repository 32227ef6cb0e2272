"""A store at work with a clock of its own: the verbs, each in its transaction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from toolkit.errors import DamagedFile, ToolkitError
from toolkit.jobs import Job, Outcome, Progress, Submission, Tool
from toolkit.store import blobs, erasures, jobs, queue, results, runners, tools
from toolkit.store.arrivals import Enqueued
from toolkit.store.store import Store

LEASE = 30.0
BROKEN = DamagedFile("the trailer is missing")


class Shelf:
    """A store file with the tools ``echo`` (no limit) and ``slow`` (limit 2), runners r1 and r2."""

    def __init__(self, path: Path, *, now: float = 1_000_000.0) -> None:
        self.store = Store.open(path)
        self.now = now
        self.register("echo")
        self.register("slow", concurrency=2, prior_seconds=10.0)
        for runner in ("r1", "r2"):
            self.enlist(runner)

    @property
    def conn(self):
        return self.store.read()

    def register(self, name: str, **settings: object) -> None:
        with self.store.write() as conn:
            tools.register(conn, Tool(name=name, target=f"nowhere:{name}", **settings))

    def enlist(self, runner: str, *, slots: int = 4) -> None:
        with self.store.write() as conn:
            runners.enlist(
                conn,
                runner=runner,
                pid=1,
                pid_started=1.0,
                host="elsewhere",
                slots=slots,
                port=9,
                now=self.now,
            )

    def add(self, tool: str = "echo", *, content: bytes | None = None, **asked: object) -> Enqueued:
        """One job taken in; *content* becomes its input."""
        if content is not None:
            asked |= {"sha256": blobs.add_bytes(self.store, content), "size": len(content)}
        with self.store.write() as conn:
            return queue.enqueue(conn, Submission(tool=tool, **asked), now=self.now)

    def fill(self, tool: str, count: int, **asked: object) -> list[str]:
        with self.store.write() as conn:
            taken = queue.enqueue_many(conn, [Submission(tool=tool, **asked)] * count, now=self.now)
        return [one.job_id for one in taken]

    def claim(self, runner: str = "r1", limit: int = 1, **asked: object) -> list[Job]:
        with self.store.write() as conn:
            return queue.claim(conn, runner=runner, now=self.now, lease=LEASE, limit=limit, **asked)

    def only(self, runner: str = "r1") -> Job:
        (job,) = self.claim(runner)
        return job

    def complete(self, job: Job, answer: Outcome | bytes | None = b"done", **usage: object) -> None:
        with self.store.write() as conn:
            number, pages = None, 0
            if answer is not None:
                made = answer if isinstance(answer, Outcome) else Outcome(content=answer, pages=1)
                number = results.put(conn, self.store, outcome=made, job=job, now=self.now)
                pages = made.pages
            queue.complete(conn, **held(job), result_id=number, pages=pages, now=self.now, **usage)

    def fail(self, job: Job, error: ToolkitError = BROKEN, **usage: object) -> None:
        with self.store.write() as conn:
            queue.fail(conn, **held(job), error=error, now=self.now, **usage)

    def postpone(self, job: Job, *, after: float = 5.0, error: ToolkitError = BROKEN) -> None:
        with self.store.write() as conn:
            queue.postpone(conn, **held(job), error=error, run_at=self.now + after, now=self.now)

    def progress(self, job: Job, percent: float) -> None:
        with self.store.write(durable=False) as conn:
            queue.progress(conn, **held(job), progress=Progress(percent=percent), now=self.now)

    def renew(self, runner: str = "r1") -> set[str]:
        with self.store.write(durable=False) as conn:
            return queue.renew(conn, runner=runner, now=self.now, lease=LEASE)

    def cancel(self, job_id: str):
        with self.store.write() as conn:
            return queue.cancel(conn, job_id=job_id, now=self.now)

    def retry(self, job_id: str) -> None:
        with self.store.write() as conn:
            queue.retry(conn, job_id=job_id, now=self.now)

    def rescue(self, *dead: str) -> list[str]:
        with self.store.write() as conn:
            return queue.rescue(conn, now=self.now, dead_runners=dead)

    def promote(self) -> int:
        with self.store.write() as conn:
            return queue.promote(conn, now=self.now)

    def purge(self, job_id: str) -> str:
        return erasures.purge(self.store, job_id=job_id, now=self.now)

    def sweep(self) -> dict[str, int]:
        return erasures.sweep(self.store, now=self.now)

    def job(self, job_id: str) -> Job:
        return jobs.job(self.conn, job_id)

    def finished(self, answer: Outcome | bytes | None = b"done", **asked: object) -> str:
        """The id of a new job that is done already. The queue must be empty before."""
        job_id = self.add(**asked).job_id
        job = self.only()
        assert job.id == job_id
        self.complete(job, answer)
        return job_id


def held(job: Job) -> dict[str, object]:
    """What a runner says with every word about a job that it holds."""
    return {"job_id": job.id, "runner": job.runner, "attempt": job.attempt, "claim": job.claims}


_SEARCH = """
import pathlib, sys
words = [line.encode() for line in sys.stdin.read().split()]
places = [p for p in map(pathlib.Path, sys.argv[1:]) if p.exists()]
files = [f for p in places for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file()]
for file in files:
    content = file.read_bytes()
    for word in words:
        if word in content or word in file.name.encode():
            print(word.decode(), file.name)
"""


def traces(store: Store, words: list[str]) -> list[str]:
    """Where the bytes of *words* are found: the database, its log, its blobs.

    Another process reads them: to open a live database's file here would drop SQLite's locks.
    """
    path = store.path
    paths = [path, Path(f"{path}-wal"), Path(f"{path}-shm"), store.files]
    found = subprocess.run(
        [sys.executable, "-c", _SEARCH, *map(str, paths)],
        input="\n".join(words),
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout.splitlines()
