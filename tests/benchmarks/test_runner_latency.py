"""How long the runner takes around the work itself: printed, and held to the bars.

``pytest -m benchmark -s tests/benchmarks/test_runner_latency.py``
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from toolkit.errors import JobTimeout
from toolkit.jobs import Limits, Submission, Tool
from toolkit.runner import direct
from toolkit.store import jobs, queue, tools
from toolkit.store.changes import ring
from toolkit.store.store import Store
from toolkit.tools import sealed

pytestmark = pytest.mark.benchmark
TOOLS = Path(__file__).parents[1] / "unit" / "runner"
NAMES = ("echo", "note", "parent", "sleep", "spin")


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(TOOLS))
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            for name in NAMES:
                tools.register(conn, sealed(Tool(name=name, target=f"workshop:{name}")))
        yield store


@pytest.fixture
def start(store):
    runners = []

    def run(slots: int = 1) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "toolkit.runner", str(store.path), "--share"]
        command += ["--linger=300", f"--slots={slots}", f"--import-path={TOOLS}"]
        runners.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        _until(lambda: store.read().execute("SELECT count(*) FROM runners").fetchone()[0])
        return runners[-1]

    yield run
    for runner in runners:
        if runner.poll() is None:
            runner.send_signal(signal.SIGTERM)
            runner.send_signal(signal.SIGTERM)
        runner.wait()


def _until(holds, seconds: float = 60.0) -> float:
    """When *holds* came true."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.0005)
    return time.monotonic()


def _submit(store: Store, tool: str, **options: object) -> str:
    with store.write() as conn:
        asked = Submission(tool=tool, options=options)
        job_id = queue.enqueue(conn, asked, now=time.time()).job_id
    ring(store)
    return job_id


def _status(store: Store, job_id: str) -> str:
    return jobs.job(store.read(), job_id).status


def _gone(pids: list[int]) -> bool:
    return not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _family(pids: Path) -> list[int]:
    _until(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    return [int(pid) for pid in pids.read_text().split()]


def _say(what: str, seconds: list[float], bar: float) -> None:
    middle, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
    print(f"{what:58} p50 {middle:7.1f} ms   max {worst:7.1f} ms   bar {bar * 1e3:6.0f} ms")


def test_a_job_of_no_work_from_its_submission_to_its_end(store, start):
    start()
    _until(lambda: _status(store, first) == "completed") if (first := _submit(store, "echo")) else 0
    took = []
    for number in range(60):
        begun = time.monotonic()
        job_id = _submit(store, "echo", n=number)
        took.append(_until(lambda job_id=job_id: _status(store, job_id) == "completed") - begun)
    _say("submit → completed, idle runner, warm child", took, 0.040)
    assert statistics.median(took) <= 0.040


def test_a_queue_of_jobs_of_no_work(store, start):
    with store.write() as conn:
        asked = [Submission(tool="echo", options={"n": n}) for n in range(500)]
        queue.enqueue_many(conn, asked, now=time.time())
    start()
    _until(lambda: jobs.counts(store.read())["completed"] == 500)
    rows = jobs.jobs(store.read())
    # Without the first: it waits for the forkserver.
    each = (rows[-1].ended_at - rows[0].ended_at) / (len(rows) - 1)
    _say("a job of no work, one slot, queue of 500", [each], 0.040)
    assert each <= 0.040


def test_a_child_alone(store):
    tool = sealed(Tool(name="echo", target="workshop:echo"))
    direct.run(tool)
    took = []
    for _ in range(100):
        begun = time.monotonic()
        direct.run(tool)
        took.append(time.monotonic() - begun)
    _say("without a queue, warm child", took, 0.040)
    direct.close()
    assert statistics.median(took) <= 0.040


def test_a_cancel_until_all_processes_are_gone(store, start, tmp_path):
    start()
    took = []
    for number in range(8):
        pids = tmp_path / f"pids{number}"
        job_id = _submit(store, "parent", pids=str(pids))
        family = _family(pids)
        begun = time.monotonic()
        with store.write() as conn:
            queue.cancel(conn, job_id=job_id, now=time.time())
        ring(store)
        took.append(_until(lambda family=family: _gone(family)) - begun)
    _say("cancel → child and grandchildren gone", took, 0.050)
    assert statistics.median(took) <= 0.050


def test_a_deadline_until_all_processes_are_gone(store, tmp_path):
    limits = Limits(deadline=1.0, attempts=1)
    over = []
    for number in range(4):
        pids = tmp_path / f"pids{number}"
        tool = sealed(Tool(name="parent", target="workshop:parent", limits=limits))
        direct.run(sealed(Tool(name="echo", target="workshop:echo")))
        begun = time.monotonic()
        with pytest.raises(JobTimeout):
            direct.run(tool, options={"pids": str(pids)})
        _until(lambda pids=pids: _gone(_family(pids)))
        over.append(time.monotonic() - begun - 1.0)
    direct.close()
    _say("deadline passed → child and grandchildren gone", over, 0.050)
    assert statistics.median(over) <= 0.050


@pytest.mark.parametrize("tool", ["parent", "spin"])
def test_kill_9_of_the_runner_until_its_children_are_gone(store, start, tmp_path, tool):
    took = []
    for number in range(4):
        pids = tmp_path / f"pids{number}"
        _submit(store, tool, pids=str(pids))
        runner = start()
        _until(lambda pids=pids: pids.exists() and pids.read_text())
        time.sleep(0.3)
        family = [p.pid for p in psutil.Process(runner.pid).children(recursive=True)]
        os.kill(runner.pid, signal.SIGKILL)
        begun = time.monotonic()
        took.append(_until(lambda family=family: _gone(family)) - begun)
        runner.wait()
        with store.write() as conn:
            for job in jobs.jobs(conn, status="processing"):
                queue.cancel(conn, job_id=job.id, now=time.time())
    _say(f"kill -9 of the runner → all it started gone ({tool})", took, 0.5)
    assert max(took) <= 0.5


def test_kill_9_of_the_runner_until_another_has_its_job(store, start, tmp_path):
    took = []
    for _ in range(5):
        job_id = _submit(store, "sleep", seconds=60)
        runners = {}
        dies = start()
        _until(lambda job_id=job_id: _status(store, job_id) == "processing")
        first = jobs.job(store.read(), job_id).runner
        stays = start()
        rows = "SELECT count(*) FROM runners"
        _until(lambda rows=rows: store.read().execute(rows).fetchone()[0] == 2)
        time.sleep(0.3)
        runners[first] = dies
        os.kill(dies.pid, signal.SIGKILL)
        begun = time.monotonic()
        took.append(
            _until(
                lambda job_id=job_id, first=first: (
                    jobs.job(store.read(), job_id).runner not in (None, first)
                )
            )
            - begun
        )
        dies.wait()
        with store.write() as conn:
            queue.cancel(conn, job_id=job_id, now=time.time())
        ring(store)
        stays.send_signal(signal.SIGTERM)
        stays.wait()
    _say("kill -9 of a runner → its job runs again elsewhere", took, 1.0)
    assert max(took) <= 1.0


def test_what_an_idle_runner_uses(store, start):
    runner = psutil.Process(start(2).pid)
    time.sleep(3)
    everyone = [runner, *runner.children(recursive=True)]
    before = sum(sum(p.cpu_times()[:2]) for p in everyone)
    time.sleep(20)
    used = (sum(sum(p.cpu_times()[:2]) for p in everyone) - before) / 20
    memory = sum(p.memory_info().rss for p in everyone) / 2**20
    print(f"{'an idle runner':58} {used * 100:.2f} % of a processor (bar 0.2), {memory:.0f} MB")
    assert used <= 0.01
