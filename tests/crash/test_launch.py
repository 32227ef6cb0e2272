"""The background runner: one a file, started when it is needed, gone when it is not."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading

import psutil
import pytest
from killing import TOOLS
from patience import eventually

from toolkit.runner import launch
from toolkit.settings import Settings
from toolkit.store.invariants import violations

pytestmark = pytest.mark.crash
QUICK = Settings(slots=1, linger=0.0)


@pytest.fixture(autouse=True)
def workshop_is_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))


def test_one_runner_is_started_works_and_leaves(work):
    ids = work.submit("note", 5)
    assert launch.ensure(work.store, QUICK)
    eventually(lambda: all(work.job(j).ended for j in ids), "the jobs are done")
    eventually(lambda: not launch.alive(work.store), "it has left")
    assert work.counts() == {"completed": 5}


def test_many_who_ask_at_once_get_one_runner(work):
    ids = work.submit("note", 20, seconds=0.1)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(launch.ensure(work.store, QUICK)))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) == 1
    eventually(lambda: len(launch.alive(work.store)) == 1, "it works")
    eventually(lambda: all(work.job(j).ended for j in ids), "the jobs are done")
    eventually(lambda: not launch.alive(work.store), "it has left")


def test_a_submit_while_the_runner_leaves_is_never_left_alone(work):
    """It lingers for no time at all: nearly every submit meets it somewhere on its way out."""
    ids = []
    for _ in range(25):
        ids += work.submit("echo")
        launch.ensure(work.store, QUICK)
        newest = ids[-1]
        eventually(lambda newest=newest: work.job(newest).ended, "the job is done")
    eventually(lambda: not launch.alive(work.store), "the last one has left")
    assert work.counts() == {"completed": 25}
    assert violations(work.store) == []


def test_a_runner_that_lingers_takes_the_next_job_without_a_new_one(work):
    (first,) = work.submit("echo")
    launch.ensure(work.store, Settings(slots=1, linger=2.0))
    eventually(lambda: work.job(first).ended, "the first is done")
    (row,) = launch.alive(work.store)
    (second,) = work.submit("echo")
    assert not launch.ensure(work.store, QUICK)
    eventually(lambda: work.job(second).ended, "the second is done")
    assert [r.pid for r in launch.alive(work.store)] == [row.pid]
    eventually(lambda: not launch.alive(work.store), "it has left")


def test_the_runner_outlives_the_process_that_started_it(work):
    ids = work.submit("note", 5, seconds=0.2)
    code = f"""
        import os, sys
        sys.path.insert(0, {str(TOOLS)!r})
        from toolkit.runner import launch
        from toolkit.settings import Settings
        from toolkit.store.store import Store
        launch.ensure(Store.open({str(work.path)!r}), Settings(slots=1, linger=0.0))
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    eventually(lambda: all(work.job(j).ended for j in ids), "the jobs are done")
    eventually(lambda: not launch.alive(work.store), "it has left")


def test_after_a_kill_the_next_who_asks_starts_one(work):
    ids = work.submit("note", 10, seconds=0.2)
    launch.ensure(work.store, QUICK)
    eventually(lambda: work.counts().get("completed"), "it works")
    (row,) = launch.alive(work.store)
    psutil.Process(row.pid).kill()
    eventually(lambda: not launch.alive(work.store), "it is known to be dead")
    assert launch.ensure(work.store, QUICK)
    eventually(lambda: all(work.job(j).ended for j in ids), "the jobs are done")
    eventually(lambda: not launch.alive(work.store), "it has left")
    assert work.counts() == {"completed": 10}


def test_a_second_background_runner_leaves_at_once(work):
    work.submit("note", 5, seconds=0.3)
    launch.ensure(work.store, QUICK)
    command = [sys.executable, "-P", "-m", "toolkit.runner", str(work.path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 0
    assert "another runner works on this file" in second.stderr
    eventually(lambda: not launch.alive(work.store), "the first has left")


def test_a_file_that_cannot_be_used_is_said_so(tmp_path):
    not_ours = tmp_path / "notes.db"
    not_ours.write_text("dear diary, this is no database at all")
    for path in (not_ours, tmp_path / "missing.db"):
        command = [sys.executable, "-P", "-m", "toolkit.runner", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


def test_its_words_go_to_a_log_beside_the_files_and_name_no_file(work):
    (job_id,) = work.submit("leave")
    launch.ensure(work.store, QUICK)
    eventually(lambda: work.job(job_id).status == "retrying", "its child crashed")
    (row,) = launch.alive(work.store)
    psutil.Process(row.pid).terminate()
    eventually(lambda: not psutil.pid_exists(row.pid), "it has left")
    log = (work.store.files / "runner.log").read_text()
    assert job_id in log
    assert "leave-0" not in log
