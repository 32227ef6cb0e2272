"""One job in one child: what it may do, and what happens when it does more."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from patience import alive, eventually

from toolkit.errors import (
    ChildCrashed,
    DamagedFile,
    JobTimeout,
    LeaseLost,
    MemoryExceeded,
    PageTimeout,
    ToolFailed,
)
from toolkit.jobs import Limits, Progress
from toolkit.runner.keeper import Keeper
from toolkit.runner.nursery import Nursery
from toolkit.runner.pipe import Work
from toolkit.settings import Settings

MB = 2**20


class Bench:
    """A keeper with a folder, on which a test does its work."""

    def __init__(self, folder: Path, way: str, settings: Settings) -> None:
        self.nursery = Nursery(way=way)
        self.keeper = Keeper(self.nursery, settings)
        self.folder = folder
        self.told: list[Progress] = []

    def do(self, tool: str, *, final: bool = False, limits=None, **options):
        work = Work(
            target=f"workshop:{tool}",
            limits=asdict(Limits().with_changes(limits or {})),
            work_folder=str(self.folder),
            options=options,
        )
        return self.keeper.attempt(work, final=final, report=self.told.append)

    def close(self) -> None:
        self.keeper.close()
        self.nursery.close()


@pytest.fixture(params=["forkserver", "spawn"])
def bench(request, tmp_path):
    yield from _bench(tmp_path, request.param)


@pytest.fixture
def forked(tmp_path):
    yield from _bench(tmp_path, "forkserver")


def _bench(tmp_path, way, settings=None):
    folder = tmp_path / "work"
    folder.mkdir()
    bench = Bench(folder, way, settings or Settings())
    yield bench
    bench.close()


def pid_of(outcome) -> int:
    return json.loads(outcome.content)["pid"]


def test_a_child_answers_and_stays_warm(bench):
    first, second = bench.do("echo", colour="blue"), bench.do("echo")
    assert json.loads(first.content)["options"] == {"colour": "blue"}
    assert first.media_type == "application/json"
    assert pid_of(first) == pid_of(second)


def test_a_job_past_its_deadline_is_stopped_and_the_next_one_goes_on(bench):
    with pytest.raises(JobTimeout, match=r"0\.3 s"):
        bench.do("sleep", limits={"deadline": 0.3})
    assert json.loads(bench.do("echo").content)["text"] == ""


def test_a_child_that_holds_pythons_lock_is_stopped_too(bench, tmp_path):
    noted = tmp_path / "pid"
    with pytest.raises(JobTimeout):
        bench.do("spin", limits={"deadline": 1}, pids=str(noted))
    assert not psutil.pid_exists(int(noted.read_text()))


def test_the_deadline_grows_with_the_pages_but_not_beyond_the_most_pages(forked):
    limits = {"deadline": 1, "deadline_per_page": 0.5, "page_seconds": 30, "max_pages": 3}
    before = time.monotonic()
    with pytest.raises(JobTimeout, match=r"2\.5 s"):
        forked.do("talk", limits=limits, pages=10**6, stuck=[1])
    assert time.monotonic() - before >= 2.5


def test_a_child_that_grows_is_stopped_at_its_limit(bench):
    with pytest.raises(MemoryExceeded, match="200 MB"):
        bench.do("grow", limits={"memory": 200 * MB})
    assert 200 * MB < bench.keeper.usage.peak_memory < 600 * MB


def test_what_its_processes_take_counts(bench):
    with pytest.raises(MemoryExceeded):
        bench.do("grow_in_a_process", limits={"memory": 200 * MB})


@pytest.mark.parametrize("tool", ["ask_for_too_much", "memory_error"])
def test_out_of_memory_inside_the_child_is_the_same_error_and_costs_the_child(forked, tool):
    before = pid_of(forked.do("echo"))
    with pytest.raises(MemoryExceeded):
        forked.do(tool)
    assert pid_of(forked.do("echo")) != before


@pytest.mark.parametrize(
    ("tool", "words"), [("leave", "code 7"), ("crash", "SIGSEGV.*Segmentation fault")]
)
def test_a_crash_is_told_with_how_it_happened(bench, tool, words):
    with pytest.raises(ChildCrashed, match=words):
        bench.do(tool)
    assert bench.do("echo")


def test_a_flood_on_stderr_is_bounded_and_its_end_is_kept(forked):
    with pytest.raises(ChildCrashed, match="the last straw"):
        forked.do("noise")


def test_a_large_result_comes_through_whole(bench):
    outcome = bench.do("large", megabytes=24)
    assert outcome.content == b"0123456789abcdef" * (24 * 65536)


@pytest.mark.parametrize(
    ("tool", "words"),
    [
        ("unspeakable", "JSON cannot say"),
        ("complain", "ValueError: so it goes"),
        ("exit_politely", "SystemExit: 4"),
        ("lose_the_lease", "says the tool"),
        ("no_such_tool", "cannot be imported"),
    ],
)
def test_what_a_tool_raises_is_told_and_costs_no_child(bench, tool, words):
    before = pid_of(bench.do("echo"))
    with pytest.raises(ToolFailed, match=words):
        bench.do(tool)
    assert pid_of(bench.do("echo")) == before


def test_an_error_of_ours_keeps_its_kind(forked):
    with pytest.raises(DamagedFile, match="page tree is a circle"):
        forked.do("damaged")


def test_a_flood_of_progress_is_thinned_out(forked):
    assert forked.do("flood").content == b"told"
    assert 0 < len({p.percent for p in forked.told}) < 500


def test_a_page_that_hangs_is_cut_and_the_others_come_through(forked, monkeypatch):
    monkeypatch.setattr("toolkit.runner.keeper.PAGE_GRACE", 0.1)
    outcome = forked.do("talk", limits={"page_seconds": 0.2}, stuck=[2])
    assert outcome.content == b"1 3|2:PAGE_TIMEOUT"
    assert not outcome.cacheable
    assert outcome.pages == 2


def test_a_page_whose_picture_is_read_has_more_of_the_clock(forked, monkeypatch):
    monkeypatch.setattr("toolkit.runner.keeper.PAGE_GRACE", 0.0)
    monkeypatch.setattr("toolkit.runner.keeper.MOST_RUNS", 1)
    limits = {"page_seconds": 0.2}
    before = time.monotonic()
    # Both say so at once, of which the second must not be thinned out.
    with pytest.raises(PageTimeout, match=r"page 1 was stopped after 0\.6 s"):
        forked.do("talk", limits=limits, pages=1, stuck=[1], pictures=[1])
    assert time.monotonic() - before >= 0.6


def test_the_deadline_grows_more_for_pages_whose_picture_is_read(forked):
    limits = {"deadline": 0.5, "deadline_per_page": 0.1, "page_seconds": 30}
    with pytest.raises(JobTimeout, match=r"1\.2 s"):
        forked.do("talk", limits=limits, pages=3, stuck=[2], pictures=[1, 2])


def test_several_pages_are_cut_one_after_the_other(forked, monkeypatch):
    monkeypatch.setattr("toolkit.runner.keeper.PAGE_GRACE", 0.1)
    outcome = forked.do("talk", limits={"page_seconds": 0.2}, pages=5, stuck=[1, 3, 4])
    assert outcome.content == b"2 5|1:PAGE_TIMEOUT 3:PAGE_TIMEOUT 4:PAGE_TIMEOUT"


def test_cutting_pages_has_an_end(forked, monkeypatch):
    monkeypatch.setattr("toolkit.runner.keeper.PAGE_GRACE", 0.0)
    monkeypatch.setattr("toolkit.runner.keeper.MOST_RUNS", 3)
    with pytest.raises(PageTimeout, match="page 3"):
        forked.do("talk", limits={"page_seconds": 0.05}, pages=9, stuck=list(range(1, 10)))


def test_a_page_that_takes_all_memory_is_cut(forked):
    outcome = forked.do("talk", limits={"memory": 200 * MB}, greedy=[2])
    assert outcome.content == b"1 3|2:MEMORY_EXCEEDED"


def test_a_page_that_crashes_costs_the_attempt_unless_it_is_the_last(forked):
    with pytest.raises(ChildCrashed, match="SIGSEGV"):
        forked.do("talk", fatal=[2])
    assert forked.do("talk", final=True, fatal=[2]).content == b"1 3|2:CHILD_CRASHED"


def test_memory_before_the_first_page_fails_the_job(forked):
    with pytest.raises(MemoryExceeded):
        forked.do("grow", limits={"memory": 150 * MB})


def test_a_cancelled_attempt_ends_at_once_with_its_processes(bench, tmp_path):
    import threading

    noted = tmp_path / "pids"
    noted.touch()
    family = []

    def cancel_when_it_runs():
        eventually(lambda: len(noted.read_text().split()) == 3, "the tool started its processes")
        family.extend(map(int, noted.read_text().split()))
        bench.keeper.cancel()

    thread = threading.Thread(target=cancel_when_it_runs)
    thread.start()
    with pytest.raises(LeaseLost):
        bench.do("parent", pids=str(noted))
    thread.join()
    eventually(lambda: not any(alive(pid) for pid in family), "the whole family is gone")


def test_processes_that_a_job_left_behind_are_ended_with_it(bench, tmp_path):
    noted = tmp_path / "pids"
    assert bench.do("parent", pids=str(noted), wait=False).content == b"left them"
    own, with_us, apart = map(int, noted.read_text().split())
    eventually(lambda: not any(map(alive, (own, with_us, apart))), "the whole family is gone")


def test_a_daemon_that_escaped_is_found(forked, tmp_path):
    noted = tmp_path / "pid"
    noted.touch()
    with pytest.raises(ChildCrashed):
        forked.do("daemon", pids=str(noted))
    eventually(lambda: not alive(int(noted.read_text())), "the daemon is gone")


def test_a_child_is_replaced_after_so_many_jobs_or_so_much_memory(tmp_path):
    for settings in (Settings(recycle_jobs=2), Settings(recycle_memory=1)):
        bench = Bench(tmp_path, "forkserver", settings)
        pids = [pid_of(bench.do("echo")) for _ in range(4)]
        bench.close()
        assert len(set(pids)) == (2 if settings.recycle_jobs == 2 else 4)


def test_a_warm_child_that_died_meanwhile_is_replaced_unnoticed(bench):
    pid = pid_of(bench.do("echo"))
    psutil.Process(pid).kill()
    eventually(lambda: not alive(pid), "it is gone")
    assert pid_of(bench.do("echo")) != pid


def test_a_forkserver_that_died_is_replaced(forked):
    pid = pid_of(forked.do("echo"))
    psutil.Process(psutil.Process(pid).ppid()).kill()
    eventually(lambda: not alive(pid), "its child went with it")
    assert pid_of(forked.do("echo")) != pid


def test_our_own_tools_have_no_network(forked, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert forked.do("reach_out", host="127.0.0.1", port=port).content == b"connected"
        monkeypatch.setattr(Work, "ours", True)
        try:
            outcome = forked.do("reach_out", host="127.0.0.1", port=port)
        except ToolFailed as exc:
            assert "OSError" in str(exc) or "unreachable" in str(exc)  # noqa: PT017
        else:
            pytest.skip(f"this system does not take the network away: {outcome}")
