"""The queue beside huey and a bare table, in one run: CPU per operation, as ratios.

    pytest -m benchmark -s tests/benchmarks/test_queue_ratios.py

Rounds are interleaved and the median is taken, so that a noisy machine disturbs all alike. CPU is
``time.process_time`` of a process that does nothing else. All have WAL, and all are as durable as
ours: on the disk (``synchronous=FULL``) where a job comes in and where it ends, not at the claim,
which a crash may undo. huey knows one durability for all; it gets the full one. A slot of ours
claims its next job in the transaction that ends the one before; so it is done here.
``PAGEQUEUE_BENCH_MILLION=1`` adds the growth to a million queued jobs, which takes minutes.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import secrets
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from huey import SqliteHuey

from toolkit.jobs.job import Submission
from toolkit.jobs.tool import Tool
from toolkit.store import batches, blobs, changes, jobs, outlook, queue, runners, tools
from toolkit.store.store import Store

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

MICRO = 1e6
JOBS = 1000
ROUNDS = 7
TOOL = Tool(name="parse", target="toolkit.tools.parse:run")
OPTIONS = {"pages": "1-3"}

BARE = """
CREATE TABLE jobs (number INTEGER PRIMARY KEY, id TEXT, payload TEXT, created_at REAL,
    status TEXT NOT NULL, runner TEXT);
CREATE INDEX to_claim ON jobs(number) WHERE status = 'queued';
"""
BARE_ENQUEUE = "INSERT INTO jobs (id, payload, created_at, status) VALUES (?, ?, ?, 'queued')"
BARE_CLAIM = """
UPDATE jobs SET status = 'processing', runner = 'r' WHERE number =
    (SELECT number FROM jobs WHERE status = 'queued' ORDER BY number LIMIT 1) RETURNING number"""
BARE_DONE = "UPDATE jobs SET status = 'completed', runner = NULL WHERE number = ?"


def bare(path: Path, synchronous: str = "FULL") -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None, timeout=30)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(f"PRAGMA synchronous = {synchronous}")
    return conn


def bare_row() -> tuple[str, str, float]:
    """What even the barest queue has to make of a job."""
    return (secrets.token_hex(8), json.dumps(OPTIONS), time.time())


def ours(path: Path) -> Store:
    store = Store.open(path)
    with store.write() as conn:
        tools.register(conn, TOOL)
        batches.create(conn, name="reports", now=1.0)
    return store


def asked(store: Store) -> Submission:
    """A job with all that belongs to one: its file's bytes, name and origin, a batch, options."""
    return Submission(
        tool="parse",
        filename="report.pdf",
        origin="/home/ann/reports/report.pdf",
        sha256=blobs.add_bytes(store, b"%PDF-1.7"),
        size=8,
        media_type="application/pdf",
        batch=batches.batches(store.read())[0].id,
        options=OPTIONS,
    )


def peer(path: Path) -> SqliteHuey:
    logging.getLogger("huey").setLevel(logging.ERROR)
    # With results: without them it writes nothing down when a task has ended, and ours does.
    return SqliteHuey(filename=str(path), results=True, fsync=True)


def cpu(act: Callable[[], object], count: int = JOBS) -> float:
    """CPU microseconds of *act* for each of *count* operations."""
    before = time.process_time()
    act()
    return (time.process_time() - before) / count * MICRO


class Table:
    """What is printed, and whether a bar was reached."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(
        self, what: str, figures: str, ratio: float, bar: float, *, least: bool = False
    ) -> None:
        met = ratio >= bar if least else ratio <= bar
        sign = "≥" if least else "≤"
        self.rows.append((what, figures, f"{ratio:.2f} {sign} {bar}", "met" if met else "MISSED"))

    def show(self) -> None:
        print(f"\n{'what':36} {'figures':44} {'ratio, bar':16}")
        for what, figures, ratio, met in self.rows:
            print(f"{what:36} {figures:44} {ratio:16} {met}")


def one_round(folder: Path) -> dict[str, float]:
    """CPU µs an operation of each system, in one go over fresh files."""
    took: dict[str, float] = {}
    store, conn, huey = ours(folder / "o.db"), bare(folder / "b.db"), peer(folder / "h.db")
    job = asked(store)
    conn.executescript(BARE)
    claiming = bare(folder / "b.db", "NORMAL")

    @huey.task()
    def nothing() -> int:
        return 1

    def enqueue() -> None:
        for _ in range(JOBS):
            with store.write() as c:
                queue.enqueue(c, job, now=1.0)

    def work() -> None:
        assert len(worked_off(store, "r")) == JOBS

    def claim_sixteen() -> None:
        for _ in range(JOBS // 16):
            with store.write(durable=False) as c:
                queue.claim(c, runner="r", now=2.0, lease=30, limit=16)

    def bulk() -> None:
        with store.write() as c:
            queue.enqueue_many(c, [job] * JOBS, now=1.0)

    def bare_one() -> None:
        for _ in range(JOBS):
            conn.execute(BARE_ENQUEUE, bare_row())

    def bare_bulk() -> None:
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany(BARE_ENQUEUE, (bare_row() for _ in range(JOBS)))
        conn.execute("COMMIT")

    def bare_work() -> None:
        for _ in range(JOBS):
            number = claiming.execute(BARE_CLAIM).fetchall()[0]
            conn.execute(BARE_DONE, number)

    def huey_one() -> None:
        for _ in range(JOBS):
            nothing()

    def huey_work() -> None:
        for _ in range(JOBS):
            huey.execute(huey.dequeue())

    took["enqueue ours"] = cpu(enqueue)
    took["enqueue bare"] = cpu(bare_one)
    took["enqueue huey"] = cpu(huey_one)
    took["work ours"] = cpu(work)
    took["work bare"] = cpu(bare_work)
    took["work huey"] = cpu(huey_work)
    wall = time.perf_counter()
    took["bulk ours"] = cpu(bulk)
    took["bulk wall ours"] = (time.perf_counter() - wall) / JOBS * MICRO
    took["bulk bare"] = cpu(bare_bulk)
    wall = time.perf_counter()
    huey_one()
    took["wall huey"] = (time.perf_counter() - wall) / JOBS * MICRO
    took["sixteen ours"] = cpu(claim_sixteen, JOBS // 16 * 16)
    store.close()
    conn.close()
    claiming.close()
    huey.storage.close()
    return took


def test_ratios_of_one_process(tmp_path):
    rounds = []
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        rounds.append(one_round(folder))
    t = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    table = Table()
    for what, huey_bar, bare_bar in (("enqueue", 1.1, 2.2), ("work", 0.7, 2.7)):
        mine, theirs, limit = t[f"{what} ours"], t[f"{what} huey"], t[f"{what} bare"]
        name = "claim + complete" if what == "work" else what
        figures = f"ours {mine:.0f}, huey {theirs:.0f}, bare {limit:.0f} µs"
        table.add(f"{name} against huey", figures, mine / theirs, huey_bar)
        table.add(f"{name} against bare", figures, mine / limit, bare_bar)
    figures = f"ours {t['bulk ours']:.1f}, bare {t['bulk bare']:.1f} µs"
    table.add("bulk enqueue against bare", figures, t["bulk ours"] / t["bulk bare"], 2.5)
    figures = f"ours {t['bulk wall ours']:.0f}, huey one by one {t['wall huey']:.0f} µs wall"
    ratio = t["wall huey"] / t["bulk wall ours"]
    table.add("bulk enqueue against huey, speed", figures, ratio, 3, least=True)
    figures = f"ours {t['sixteen ours']:.0f}, huey claim + complete {t['work huey']:.0f} µs"
    table.add("claim of 16, per job", figures, t["sixteen ours"] / t["work huey"], 0.3)
    table.show()
    # A ratio far off its bar is a fault whatever the machine is doing.
    assert t["enqueue ours"] < 3 * t["enqueue huey"]
    assert t["work ours"] < 2 * t["work huey"]


def worked_off(store: Store, runner: str) -> list[str]:
    """Every job there is, claimed and completed as a runner's slot does it: the transaction that
    ends one claims the next.
    """
    done = []
    with store.write(durable=False) as conn:
        held = queue.claim(conn, runner=runner, now=2.0, lease=30)
    while held:
        [job] = held
        with store.write() as conn:
            queue.complete(
                conn,
                job_id=job.id,
                runner=runner,
                attempt=job.attempt,
                claim=job.claims,
                result_id=None,
                pages=1,
                now=3.0,
            )
            held = queue.claim(conn, runner=runner, now=2.0, lease=30)
        done.append(job.id)
    return done


def drain_ours(path: Path, ready: Barrier, out: multiprocessing.SimpleQueue[list[str]]) -> None:
    store = Store.open(path)
    ready.wait()
    out.put(worked_off(store, f"r{os.getpid()}"))


def drain_huey(path: Path, ready: Barrier, out: multiprocessing.SimpleQueue[list[str]]) -> None:
    huey = peer(path)

    @huey.task(name="nothing")
    def nothing() -> int:
        return 1

    mine = []
    ready.wait()
    while True:
        # It gives up after 5 s ("database is locked"); its own workers then go on, too.
        with suppress(sqlite3.OperationalError):
            if (task := huey.dequeue()) is None:
                break
            huey.execute(task)
            mine.append(task.id)
    out.put(mine)


def together(drain: Callable[..., None], path: Path) -> tuple[float, list[str]]:
    """Wall seconds of four processes once all are there, and all that they did."""
    context = multiprocessing.get_context("spawn")
    out, ready = context.SimpleQueue(), context.Barrier(5)
    workers = [context.Process(target=drain, args=(path, ready, out)) for _ in range(4)]
    for worker in workers:
        worker.start()
    ready.wait()
    start = time.perf_counter()
    done = [job for _ in workers for job in out.get()]
    took = time.perf_counter() - start
    for worker in workers:
        worker.join()
    return took, done


def test_four_processes(tmp_path):
    count, ratios = 4000, []
    for number in range(3):
        store = ours(tmp_path / f"o{number}.db")
        job = asked(store)
        with store.write() as conn:
            queue.enqueue_many(conn, [job] * count, now=1.0)
        huey = peer(tmp_path / f"h{number}.db")

        @huey.task(name="nothing")
        def nothing() -> int:
            return 1

        for _ in range(count):
            nothing()
        mine, done = together(drain_ours, tmp_path / f"o{number}.db")
        theirs, theirs_done = together(drain_huey, tmp_path / f"h{number}.db")
        assert len(done) == len(set(done)) == count
        ratios.append((theirs / mine, mine, theirs, len(theirs_done), len(set(theirs_done))))
        store.close()
    ratio, mine, theirs, *_ = sorted(ratios)[1]
    table = Table()
    figures = f"ours {mine:.2f}, huey {theirs:.2f} s for {count}"
    table.add("4 processes against huey, speed", figures, ratio, 1.2, least=True)
    table.show()
    print(f"ours: 0 twice, 0 lost; huey: {[r[3:] for r in ratios]} (done, different)")


def waiting(path: Path, count: int, out: multiprocessing.SimpleQueue[list[float]]) -> None:
    """A runner of nothing: it is rung, claims, and notes when."""
    store, claimed = Store.open(path), []
    with changes.Listener(store) as listener:
        with store.write() as conn:
            runners.enlist(
                conn,
                runner="r",
                pid=os.getpid(),
                pid_started=0.0,
                host=runners.this_host(),
                slots=1,
                port=listener.port,
                now=time.time(),
            )
        out.put([])
        while len(claimed) < count:
            listener.wait(5)
            with store.write(durable=False) as conn:
                held = queue.claim(conn, runner="r", now=time.time(), lease=30)
            claimed += [time.time()] * len(held)
        before, start = time.process_time(), time.perf_counter()
        while time.perf_counter() - start < 5:
            listener.wait(5)
        claimed.append((time.process_time() - before) / (time.perf_counter() - start) * 100)
    out.put(claimed)


def test_pick_up_and_idling(tmp_path):
    path, count = tmp_path / "o.db", 60
    store = ours(path)
    context = multiprocessing.get_context("spawn")
    out = context.SimpleQueue()
    runner = context.Process(target=waiting, args=(path, count, out))
    runner.start()
    out.get()
    job, asked_at = asked(store), []
    for _ in range(count):
        time.sleep(0.05)
        with store.write() as conn:
            queue.enqueue(conn, job, now=time.time())
        asked_at.append(time.time())
        changes.ring(store)
    *claimed, idle = out.get()
    runner.join()
    waits = sorted((c - a) * 1000 for a, c in zip(asked_at, claimed, strict=True))
    table = Table()
    p50 = statistics.median(waits)
    table.add("pick-up by an idle process, p50", f"{p50:.2f} ms, p90 {waits[54]:.2f} ms", p50, 1)
    table.add("idle CPU of a listener", f"{idle:.2f} % of a processor", idle, 0.2)
    table.show()
    assert p50 < 50, "slower than looking ten times a second"


def growth_at(folder: Path, size: int) -> dict[str, float]:
    """CPU µs of what must not grow, with *size* jobs queued."""
    store, n = ours(folder / f"{size}.db"), 200
    job = asked(store)
    for _ in range(0, size, 10_000):
        with store.write(durable=False) as conn:
            last = queue.enqueue_many(conn, [job] * min(size, 10_000), now=1.0)[-1].job_id
    took: dict[str, float] = {}

    def claim() -> None:
        for _ in range(n):
            with store.write(durable=False) as conn:
                queue.claim(conn, runner="r", now=2.0, lease=30)

    read = store.read()
    took["claim"] = cpu(claim, n)
    took["stats"] = cpu(lambda: [outlook.stats(read) for _ in range(n)], n)
    page = size // 2
    took["keyset page of 20"] = cpu(
        lambda: [jobs.jobs(read, limit=20, after=page) for _ in range(n)], n
    )
    took["job by id"] = cpu(lambda: [jobs.job(read, last) for _ in range(n)], n)
    took["position"] = cpu(lambda: [outlook.position(read, last) for _ in range(n)], n)
    store.close()
    return took


def test_growth(tmp_path):
    large = 1_000_000 if os.environ.get("PAGEQUEUE_BENCH_MILLION") else 100_000
    small, big = growth_at(tmp_path, 1000), growth_at(tmp_path, large)
    table = Table()
    for what, took in big.items():
        figures = f"{small[what]:.0f} µs at 1k, {took:.0f} µs at {large // 1000}k"
        if what == "position":
            table.add(what, figures, took / 500, 1)
        else:
            table.add(what, figures, took / small[what], 1.5)
    table.show()
    assert big["claim"] < 10 * small["claim"], "a claim does not walk the queue"
