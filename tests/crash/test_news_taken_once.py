"""Several processes on one outbox and on one result: nobody is given what another has."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest

from toolkit.errors import ResultGone
from toolkit.jobs import Outcome, Submission, Tool
from toolkit.store import fetches, outbox, queue, results, runners, tools
from toolkit.store.invariants import violations
from toolkit.store.store import Store

pytestmark = pytest.mark.crash

NEWS = 2_000
LEASE = 600.0

# Says what it was given after the commit, and only then that it arrived.
COURIER = textwrap.dedent(
    """
    import json, sys, time
    from toolkit.store import outbox
    from toolkit.store.store import Store

    store, limit = Store.open(sys.argv[1], create=False), int(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    idle = 0
    while idle < 100:
        with store.write(durable=False) as conn:
            got = outbox.due(conn, now=time.time(), limit=limit, lease=600.0)
        idle = 0 if got else idle + 1
        for one in got:
            print(json.dumps([one.id, one.job_id]), flush=True)
        time.sleep(0 if got else 0.01)
        with store.write(durable=False) as conn:
            for one in got:
                outbox.delivered(conn, number=one.number, now=time.time(), status=200, seconds=0.1)
    """
)

# Takes the result and dies, with nothing said to anybody.
FETCHER = textwrap.dedent(
    """
    import os, signal, sys
    from toolkit.store import fetches
    from toolkit.store.store import Store

    store = Store.open(sys.argv[1], create=False)
    with store.write() as conn:
        fetches.claim(conn, job_id=sys.argv[2], now=float(sys.argv[3]), lease=60.0)
    os.kill(os.getpid(), signal.SIGKILL)
    """
)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            tools.register(conn, Tool(name="echo", target="nowhere:echo"))
            enlisted = {"pid": 1, "pid_started": 1.0, "host": "here", "slots": 4, "port": 9}
            runners.enlist(conn, runner="r", **enlisted, now=1.0)
        yield store


def tell(store: Store, count: int) -> set[str]:
    """So many jobs that were cancelled, each with an address that waits for the news."""
    asked = Submission(tool="echo", owner="ann", callback_url="https://job.example")
    with store.write() as conn:
        taken = queue.enqueue_many(conn, [asked] * count, now=time.time())
        for one in taken:
            queue.cancel(conn, job_id=one.job_id, now=time.time())
    return {one.job_id for one in taken}


class Couriers:
    """Processes that take news until there is none, each writing down what it was given."""

    def __init__(self, store: Store, limits: list[int]) -> None:
        folder = store.path.parent
        script = folder / "courier.py"
        script.write_text(COURIER)
        self.logs = [folder / f"{n}.log" for n in range(len(limits))]
        self.started = []
        for log, limit in zip(self.logs, limits, strict=True):
            with log.open("wb") as file:
                command = [sys.executable, "-P", str(script), str(store.path), str(limit)]
                self.started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=file))

    def go(self) -> None:
        deadline = time.monotonic() + 60
        while any("ready" not in log.read_text() for log in self.logs):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        for one in self.started:
            one.stdin.write(b"\n")
            one.stdin.flush()

    def given(self, log: Path) -> list[tuple[str, str]]:
        lines = log.read_text().splitlines()
        return [tuple(json.loads(line)) for line in lines if line.endswith("]")]

    def close(self) -> None:
        for one in self.started:
            if one.poll() is None:
                one.kill()
            one.wait()
            one.stdin.close()


@pytest.fixture
def couriers(store):
    made = Couriers(store, [1, 7, 16])
    yield made
    made.close()


def test_no_news_is_given_to_two(store, couriers):
    asked = tell(store, NEWS)
    couriers.go()
    assert [one.wait(timeout=120) for one in couriers.started] == [0, 0, 0]
    each = [couriers.given(log) for log in couriers.logs]
    assert all(len(given) > 5 for given in each), "they did work side by side"
    given = Counter(pair for some in each for pair in some)
    assert max(given.values()) == 1
    assert {job_id for _, job_id in given} == asked
    assert len({delivery for delivery, _ in given}) == NEWS
    assert outbox.backlog(store.read()) == 0
    assert violations(store) == []


def test_what_a_killed_process_held_is_due_again_and_nothing_is_lost(store, couriers):
    asked = tell(store, NEWS)
    couriers.go()
    deadline = time.monotonic() + 60
    while len(couriers.given(couriers.logs[2])) < 100:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    couriers.started[2].kill()
    assert [one.wait(timeout=120) for one in couriers.started[:2]] == [0, 0]
    arrived = {one.job_id for one in outbox.log(store.read(), owner="ann", limit=9 * NEWS)}
    with store.write() as conn:
        again = outbox.due(conn, now=time.time() + LEASE, limit=NEWS, lease=LEASE)
    assert {one.job_id for one in again} | arrived == asked
    assert len(again) <= 16, "what it held when it died, and no more"
    ids = {job_id: delivery for log in couriers.logs for delivery, job_id in couriers.given(log)}
    assert all(ids.get(one.job_id, one.id) == one.id for one in again), "each keeps its id"
    assert violations(store) == []


def test_a_result_that_a_killed_process_had_can_be_had_when_its_lease_is_over(store):
    with store.write() as conn:
        job_id = queue.enqueue(conn, Submission(tool="echo", one_time=True), now=1.0).job_id
        (job,) = queue.claim(conn, runner="r", now=1.0, lease=30.0)
        made = results.put(conn, store, outcome=Outcome(content=b"x" * 70_000), job=job, now=2.0)
        queue.complete(conn, job_id=job_id, runner="r", attempt=1, result_id=made, pages=1, now=2.0)
    script = store.path.parent / "fetcher.py"
    script.write_text(FETCHER)
    command = [sys.executable, "-P", str(script), str(store.path), job_id, "100.0"]
    assert subprocess.run(command, check=False).returncode == -9
    with store.write() as conn:
        with pytest.raises(ResultGone, match="somebody else"):
            fetches.claim(conn, job_id=job_id, now=159.9)
        taken = fetches.claim(conn, job_id=job_id, now=160.0)
    assert len(results.content(store, job_id)) == 70_000
    with store.write() as conn:
        fetches.finish(conn, store, job_id=job_id, claim=taken, now=161.0)
    assert violations(store) == []
