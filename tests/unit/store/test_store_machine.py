"""Random verbs on a real file, against a small model: no job ever leaves the table of moves."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from shelf import LEASE, Shelf, held

from toolkit.errors import IllegalMove, InvalidInput, LeaseLost
from toolkit.jobs import BORN, FINAL, MOVES, Job, JobState, Move, Progress, Submission, after, can
from toolkit.store import erasures, jobs, queue, runners, tools
from toolkit.store.invariants import violations

LEGAL = {(start, end) for (start, _), end in MOVES.items()}
RUNNERS = ("r1", "r2")
TOOLS = ("echo", "slow")
LIMITS = {"echo": 1_000, "slow": 2}
ROOM = st.integers(0, 10_000)


class Seen:
    """What the model knows of a job."""

    def __init__(self, status: JobState, tool: str) -> None:
        self.status = status
        self.tool = tool
        self.lease_until = 0.0
        self.runner: str | None = None
        self.run_at = 0.0
        self.interruptions = 0
        self.purged = False
        self.refused = False
        self.source = False


class Jobs(RuleBasedStateMachine):
    """Two runners, two tools, and whatever can happen to jobs."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.shelf = Shelf(Path(self.folder.name) / "jobs.db")
        self.model: dict[str, Seen] = {}
        self.state = dict.fromkeys(TOOLS, "open")
        self.claims: list[Job] = []

    # -- arrivals ---------------------------------------------------------------------------

    def _took(self, taken: queue.Enqueued, asked: Submission) -> None:
        assert taken.status in BORN
        assert taken.job_id not in self.model
        if asked.refused:
            assert taken.status is JobState.FAILED
        seen = self.model[taken.job_id] = Seen(taken.status, asked.tool)
        seen.refused = asked.refused is not None

    def _submission(self, tool: str, n: int) -> Submission:
        refused = ("EMPTY_FILE", "it has no bytes") if n % 7 == 0 else None
        return Submission(
            tool=tool,
            filename=f"{n}.pdf",
            options={"n": n % 5},
            priority=n % 3,
            refused=refused,
            secrets={"password": "x"} if n % 4 == 0 else {},
            owner="ann" if n % 2 else "",
            retain=5.0 if n % 2 else None,
            result_retain=5.0 if n % 3 else None,
        )

    @rule(tool=st.sampled_from(TOOLS), numbers=st.lists(ROOM, min_size=1, max_size=5))
    def enqueue(self, tool: str, numbers: list[int]) -> None:
        asked = [self._submission(tool, n) for n in numbers]
        try:
            with self.shelf.store.write() as conn:
                taken = queue.enqueue_many(conn, asked, now=self.shelf.now)
        except InvalidInput:
            assert self.state[tool] == "draining"
            return
        assert self.state[tool] != "draining"
        for one, what in zip(taken, asked, strict=True):
            self._took(one, what)

    @rule(n=ROOM)
    def enqueue_one(self, n: int) -> None:
        if self.state["slow"] != "draining":
            asked = self._submission("slow", n)
            with self.shelf.store.write() as conn:
                self._took(queue.enqueue(conn, asked, now=self.shelf.now), asked)

    # -- a runner's verbs -------------------------------------------------------------------

    @rule(runner=st.sampled_from(RUNNERS), limit=st.integers(1, 4))
    def claim(self, runner: str, limit: int) -> None:
        got = self.shelf.claim(runner, limit)
        assert len(got) <= limit
        order = [(-job.priority, job.number) for job in got]
        assert order == sorted(order)
        for job in got:
            seen = self.model[job.id]
            assert self.state[seen.tool] != "paused"
            seen.status = after(seen.status, Move.CLAIM)
            seen.runner, seen.lease_until = runner, self.shelf.now + LEASE
            self.claims.append(job)
        room = [
            tool
            for tool in TOOLS
            if self.state[tool] != "paused" and self._running(tool) < LIMITS[tool]
        ]
        if len(got) < limit:
            left = [s for s in self.model.values() if s.status == "queued" and s.tool in room]
            assert left == [], "work was there, and room for it"

    def _running(self, tool: str) -> int:
        return sum(s.status == "processing" and s.tool == tool for s in self.model.values())

    def _holds(self, job: Job) -> bool:
        now = self.shelf.job(job.id)
        return (now.status, now.claims) == (JobState.PROCESSING, job.claims)

    def _end(self, pick: int, move: Move, act) -> None:
        """A runner says something of a job that it holds, or held once."""
        if not self.claims:
            return
        job = self.claims[pick % len(self.claims)]
        holds = self._holds(job)
        try:
            act(job)
        except LeaseLost:
            assert not holds
            return
        assert holds, "a lost lease is fenced off"
        seen = self.model[job.id]
        seen.status = after(seen.status, move)
        seen.runner = None
        if move is Move.POSTPONE:
            seen.run_at = self.shelf.now + 5

    @rule(pick=ROOM, large=st.booleans())
    def complete(self, pick: int, large: bool) -> None:
        answer = b"x" * 70_000 if large else b"small"
        self._end(pick, Move.SUCCEED, lambda job: self.shelf.complete(job, answer))

    @rule(pick=ROOM)
    def fail(self, pick: int) -> None:
        self._end(pick, Move.FAIL, self.shelf.fail)

    @rule(pick=ROOM)
    def postpone(self, pick: int) -> None:
        self._end(pick, Move.POSTPONE, self.shelf.postpone)

    @rule(pick=ROOM, percent=st.floats(-10, 200))
    def progress(self, pick: int, percent: float) -> None:
        if not self.claims:
            return
        job = self.claims[pick % len(self.claims)]
        holds, before = self._holds(job), self.shelf.job(job.id).progress
        try:
            with self.shelf.store.write(durable=False) as conn:
                progress = Progress(percent=percent)
                queue.progress(conn, **held(job), progress=progress, now=self.shelf.now)
        except LeaseLost:
            assert not holds
            return
        assert holds
        assert 100 >= self.shelf.job(job.id).progress >= before

    @rule(runner=st.sampled_from(RUNNERS))
    def renew(self, runner: str) -> None:
        mine = {i for i, s in self.model.items() if s.status == "processing" and s.runner == runner}
        assert self.shelf.renew(runner) == mine
        for job_id in mine:
            self.model[job_id].lease_until = self.shelf.now + LEASE

    # -- what others do ---------------------------------------------------------------------

    def _pick(self, pick: int) -> str | None:
        ids = list(self.model)
        return ids[pick % len(ids)] if ids else None

    @rule(pick=ROOM)
    def cancel(self, pick: int) -> None:
        job_id = self._pick(pick)
        if job_id is None:
            return
        seen = self.model[job_id]
        try:
            assert self.shelf.cancel(job_id) is JobState.CANCELLED
        except IllegalMove:
            assert not can(seen.status, Move.CANCEL)
            return
        seen.status, seen.runner = after(seen.status, Move.CANCEL), None

    @rule(pick=ROOM)
    def retry(self, pick: int) -> None:
        job_id = self._pick(pick)
        if job_id is None:
            return
        seen = self.model[job_id]
        allowed = can(seen.status, Move.RETRY) and not seen.purged and not seen.refused
        try:
            self.shelf.retry(job_id)
        except IllegalMove:
            assert not allowed
            return
        assert allowed
        seen.status, seen.interruptions = JobState.QUEUED, 0

    @rule(pick=ROOM)
    def purge(self, pick: int) -> None:
        job_id = self._pick(pick)
        if job_id is None:
            return
        assert self.shelf.purge(job_id) == "done"
        seen = self.model[job_id]
        seen.purged = True
        if seen.status not in FINAL:
            seen.status, seen.runner = after(seen.status, Move.CANCEL), None

    @rule(dead=st.sets(st.sampled_from(RUNNERS)))
    def rescue(self, dead: set[str]) -> None:
        due = {
            job_id
            for job_id, seen in self.model.items()
            if seen.status == "processing"
            and (seen.lease_until < self.shelf.now or seen.runner in dead)
        }
        assert set(self.shelf.rescue(*dead)) == due
        for job_id in due:
            seen = self.model[job_id]
            seen.interruptions += 1
            assert self.shelf.job(job_id).interruptions == seen.interruptions
            seen.status, seen.runner = after(seen.status, Move.LAPSE), None
        for runner in dead:
            self.shelf.enlist(runner)

    @rule()
    def promote(self) -> None:
        now = self.shelf.now
        due = [s for s in self.model.values() if s.status == "retrying" and s.run_at <= now]
        assert self.shelf.promote() == len(due)
        for seen in due:
            seen.status = after(seen.status, Move.DUE)

    @rule(pick=ROOM, priority=st.integers(-5, 5))
    def reprioritise(self, pick: int, priority: int) -> None:
        job_id = self._pick(pick)
        if job_id is None:
            return
        with self.shelf.store.write() as conn:
            changed = queue.reprioritise(conn, job_ids=[job_id], priority=priority)
        assert changed == (self.model[job_id].status not in FINAL)

    @rule(name=st.sampled_from(TOOLS), verb=st.sampled_from(("pause", "resume", "drain")))
    def steer(self, name: str, verb: str) -> None:
        with self.shelf.store.write() as conn:
            getattr(tools, verb)(conn, name=name)
        self.state[name] = {"pause": "paused", "resume": "open", "drain": "draining"}[verb]

    @rule(seconds=st.sampled_from((0.5, 3.0, 6.0, LEASE + 1)))
    def time_passes(self, seconds: float) -> None:
        self.shelf.now += seconds
        with self.shelf.store.write() as conn:
            assert all(runners.beat(conn, runner=name, now=self.shelf.now) for name in RUNNERS)

    @rule()
    def expire(self) -> None:
        erasures.expire(self.shelf.store, now=self.shelf.now)
        assert self.shelf.sweep()["pending"] == 0

    # -- what always holds ------------------------------------------------------------------

    @invariant()
    def the_store_is_where_the_model_is(self) -> None:
        if not hasattr(self, "shelf"):
            return
        found = {job.id: job for job in jobs.jobs(self.shelf.conn)}
        assert {i: job.status for i, job in found.items()} == {
            i: seen.status for i, seen in self.model.items()
        }
        for tool in TOOLS:
            assert self._running(tool) <= LIMITS[tool]
        counted = jobs.counts(self.shelf.conn)
        statuses = [seen.status for seen in self.model.values()]
        assert counted == {state: statuses.count(state) for state in JobState}

    def teardown(self) -> None:
        if not hasattr(self, "shelf"):
            return
        try:
            # A large result that came too late leaves its file until the next sweep.
            self.shelf.sweep()
            assert violations(self.shelf.store) == []
        finally:
            self.shelf.store.close()
            self.folder.cleanup()


Jobs.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRandomVerbs = Jobs.TestCase


def test_the_model_moves_only_by_the_table():
    """``after`` is what the model asks; were it to answer anything, the machine would be blind."""
    reached = {
        (start, after(start, move)) for start in JobState for move in Move if can(start, move)
    }
    assert reached == LEGAL
