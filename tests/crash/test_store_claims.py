"""Several processes on one file: no job twice, none lost, limits over all of them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from toolkit.jobs import Submission, Tool
from toolkit.store import jobs, queue, runners, tools
from toolkit.store.invariants import violations
from toolkit.store.store import Store

pytestmark = pytest.mark.crash

JOBS = 10_000
LIMITS = {"wide": 0, "narrow": 3, "single": 1}
LEASE = 600.0

# Claims until nothing is left, and says each id as soon as it is done: not before the commit.
WORKER = textwrap.dedent(
    """
    import json, os, sys, time
    from toolkit.store import queue, runners
    from toolkit.store.store import Store

    path, name, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = Store.open(path, create=False)
    with store.write() as conn:
        runners.enlist(conn, runner=name, pid=os.getpid(), pid_started=1.0, host="here",
                       slots=limit, port=9, now=time.time())
    print("ready", flush=True)
    sys.stdin.readline()
    idle = 0
    while idle < 200:
        with store.write(durable=False) as conn:
            got = queue.claim(conn, runner=name, now=time.time(), lease=600.0, limit=limit)
        if not got:
            idle += 1
            time.sleep(0.01)
            continue
        idle = 0
        for job in got:
            print(json.dumps([job.id, job.claims]), flush=True)
        with store.write(durable=False) as conn:
            for job in got:
                queue.complete(conn, job_id=job.id, runner=name, attempt=job.attempt,
                               claim=job.claims, result_id=None, pages=0, now=time.time())
    """
)


class Crew:
    """Worker processes on one file, each writing down what it claimed."""

    def __init__(self, folder: Path, limits: list[int]) -> None:
        self.path = folder / "jobs.db"
        self.folder = folder
        self.store = Store.open(self.path)
        script = folder / "worker.py"
        script.write_text(WORKER)
        with self.store.write() as conn:
            for name, concurrency in LIMITS.items():
                made = Tool(name=name, target="nowhere:at_all", concurrency=concurrency)
                tools.register(conn, made)
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        for n, limit in enumerate(limits):
            command = [sys.executable, "-P", str(script), str(self.path), f"w{n}", str(limit)]
            with (folder / f"w{n}.log").open("wb") as log:
                worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log)
            self.workers[f"w{n}"] = worker

    def fill(self) -> set[str]:
        shares = {"wide": JOBS - 2_000, "narrow": 1_500, "single": 500}
        asked = [Submission(tool=name) for name, count in shares.items() for _ in range(count)]
        with self.store.write() as conn:
            return {one.job_id for one in queue.enqueue_many(conn, asked, now=time.time())}

    def start(self) -> None:
        deadline = time.monotonic() + 60
        while any("ready" not in self.log(name) for name in self.workers):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for worker in self.workers.values():
            worker.stdin.write(b"\n")
            worker.stdin.flush()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def claimed(self) -> list[tuple[str, int]]:
        lines = [line for name in self.workers for line in self.log(name).splitlines()]
        # Whoever was killed may have been in the middle of a line.
        return [tuple(json.loads(line)) for line in lines if line.endswith("]")]

    def running(self) -> bool:
        return any(worker.poll() is None for worker in self.workers.values())

    def close(self) -> None:
        for worker in self.workers.values():
            if worker.poll() is None:
                worker.kill()
            worker.wait()
            worker.stdin.close()
        self.store.close()


@pytest.fixture
def crew(tmp_path):
    crew = Crew(tmp_path, [1, 2, 16, 7])
    yield crew
    crew.close()


def over_the_limit(store: Store, peaks: Counter[str]) -> list[tuple[str, int]]:
    """One sample of what runs, counted from the rows themselves in one statement."""
    rows = (
        store.read()
        .execute(
            "SELECT name, count(*) FROM jobs JOIN tools ON tools.number = jobs.tool"
            " WHERE status = 'processing' GROUP BY name"
        )
        .fetchall()
    )
    for name, count in rows:
        peaks[name] = max(peaks[name], count)
    return [(name, count) for name, count in rows if LIMITS[name] and count > LIMITS[name]]


def test_four_processes_claim_ten_thousand_jobs_none_twice_none_lost(crew):
    asked = crew.fill()
    crew.start()
    peaks: Counter[str] = Counter()
    over, samples = [], 0
    while crew.running():
        over += over_the_limit(crew.store, peaks)
        samples += 1
        time.sleep(0.005)
    assert all(worker.returncode == 0 for worker in crew.workers.values())
    claimed = [job_id for job_id, _ in crew.claimed()]
    assert len(claimed) == len(set(claimed)) == JOBS
    assert set(claimed) == asked
    counts = jobs.counts(crew.store.read())
    assert (counts["completed"], sum(counts.values())) == (JOBS, JOBS)
    assert over == []
    assert samples > 20
    assert peaks["wide"] > 1, "they did work side by side"
    assert violations(crew.store) == []
    # Everybody had a share: else one process alone was tested.
    assert all(len(crew.log(name).splitlines()) > 10 for name in crew.workers)


def test_what_a_killed_process_held_is_rescued_and_done_once(crew):
    asked = crew.fill()
    crew.start()
    peaks: Counter[str] = Counter()
    over: list[tuple[str, int]] = []
    victim = crew.workers["w2"]  # claims 16 at a time, so that it dies holding some
    deadline = time.monotonic() + 60
    while len(crew.log("w2").splitlines()) < 500:
        assert time.monotonic() < deadline
        over += over_the_limit(crew.store, peaks)
    victim.kill()
    victim.wait()
    held = crew.store.read().execute("SELECT id FROM jobs WHERE runner = 'w2'").fetchall()
    with crew.store.write() as conn:
        back = queue.rescue(conn, now=time.time(), dead_runners=["w2"])
    assert set(back) == {job_id for (job_id,) in held}
    while crew.running():
        over += over_the_limit(crew.store, peaks)
        time.sleep(0.005)
    counts = jobs.counts(crew.store.read())
    assert (counts["completed"], sum(counts.values())) == (JOBS, JOBS)
    assert over == []
    claims = crew.claimed()
    assert len(claims) == len(set(claims)), "no claim was given twice"
    again = Counter(job_id for job_id, _ in claims)
    assert {job_id for job_id, times in again.items() if times > 1} <= set(back)
    done = crew.store.read().execute(
        "SELECT job, count(*) FROM attempts WHERE outcome = 'succeeded' GROUP BY job"
    )
    assert {times for _, times in done.fetchall()} == {1}
    assert set(again) | set(back) == asked
    for job_id in back:
        job = jobs.job(crew.store.read(), job_id)
        assert (job.interruptions, job.attempt, job.claims) == (1, 1, 2)
    assert violations(crew.store) == []
    assert "w2" not in {row.id for row in runners.enlisted(crew.store.read())}


def test_writers_that_come_together_wait_for_each_other(tmp_path):
    """None fails with "database is locked", though each reads before it writes."""
    with Store.open(tmp_path / "jobs.db") as store, store.write() as conn:
        tools.register(conn, Tool(name="wide", target="nowhere:at_all"))
    script = tmp_path / "writer.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from toolkit.jobs import Submission
            from toolkit.store import jobs, queue
            from toolkit.store.store import Store

            store = Store.open(sys.argv[1], create=False)
            for _ in range(150):
                with store.write(durable=False) as conn:
                    before = jobs.counts(conn)["queued"]
                    queue.enqueue(conn, Submission(tool="wide"), now=1.0)
                    assert jobs.counts(conn)["queued"] == before + 1
            """
        )
    )
    command = [sys.executable, "-P", str(script), str(tmp_path / "jobs.db")]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(5)]
    said = [writer.communicate(timeout=120)[1] for writer in writers]
    assert said == [""] * 5
    with Store.open(tmp_path / "jobs.db") as store:
        assert jobs.counts(store.read())["queued"] == 750
        assert violations(store) == []
