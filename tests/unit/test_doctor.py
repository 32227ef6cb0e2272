"""The doctor: what is sound, what is not, and what it mends."""

from __future__ import annotations

import json
import sys
import time

import pytest

import toolkit
from toolkit import doctor
from toolkit.cli import main
from toolkit.doctor import Verdict
from toolkit.jobs import JobState
from toolkit.store import queue, runners


@pytest.fixture
def ws(tmp_path):
    with toolkit.open(tmp_path / "queue.db", work=False) as workspace:
        workspace.submit([(f"{n}.pdf", b"%PDF-1.4 " + str(n).encode()) for n in range(3)])
        yield workspace


def found(report):
    return {finding.subject: finding for finding in report.findings}


def hold_by_the_dead(ws):
    """A job that runs under a runner of this machine whose process is no more."""
    with ws.store.write() as conn:
        runners.enlist(
            conn,
            runner="run_dead",
            pid=2**22 + 1,
            pid_started=1.0,
            host=runners.this_host(),
            slots=1,
            port=9,
            now=time.time(),
        )
        queue.claim(conn, runner="run_dead", now=time.time(), lease=1000)


def test_this_machine_is_looked_at_without_a_file(tmp_path):
    report = doctor.examine(folder=tmp_path)
    assert report.sound, report
    assert {"python", "sqlite", "memory", "disk", "place"} <= found(report).keys()


def test_a_sound_file(ws):
    report = ws.doctor()
    assert report.sound, report
    assert found(report)["laws"].verdict is Verdict.OK
    assert repr(report) == "<Report: sound>"


def test_jobs_that_wait_for_nobody_are_noted(ws):
    runner = found(ws.doctor())["runners"]
    assert runner.verdict is Verdict.NOTE
    assert "3 jobs wait" in runner.words
    assert "pagequeue work" in runner.remedy


def test_a_job_held_by_a_dead_runner_is_found_and_put_back(ws):
    hold_by_the_dead(ws)
    assert ws.counts()[JobState.PROCESSING] == 1
    noted = found(ws.doctor())["leases"]
    assert noted.verdict is Verdict.NOTE
    assert ws.counts()[JobState.PROCESSING] == 1, "looking changes nothing"
    assert found(ws.doctor(repair=True))["leases"].verdict is Verdict.REPAIRED
    assert ws.counts()[JobState.QUEUED] == 3
    assert found(ws.doctor())["leases"].verdict is Verdict.OK


def test_a_broken_law_is_a_problem(ws):
    conn = ws.store.read()
    conn.execute("UPDATE batches SET queued = queued + 1")
    report = ws.doctor()
    assert not report.sound
    assert found(report)["laws"].verdict is Verdict.PROBLEM
    assert "counter" in repr(report)
    assert "counter" in report._repr_html_()


def test_a_place_where_no_database_can_live(tmp_path):
    folder = tmp_path / "Dropbox"
    folder.mkdir()
    report = doctor.examine(folder=folder)
    assert not report.sound
    assert "Dropbox" in found(report)["place"].words


def test_the_command(ws, tmp_path, monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["pagequeue", "doctor", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    code, out = call("--db", "queue.db", "--json")
    assert code == 0
    assert json.loads(out)["sound"] is True
    hold_by_the_dead(ws)
    code, out = call("--db", "queue.db", "--repair")
    assert code == 0
    assert "repaired" in out
    ws.store.read().execute("UPDATE batches SET queued = queued + 1")
    code, out = call("--db", "queue.db")
    assert code == 1
    assert "problem" in out
