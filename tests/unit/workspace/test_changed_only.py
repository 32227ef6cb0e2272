"""Handing in only what has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import toolkit
from toolkit.jobs import Outcome
from toolkit.store import origins, queue, results, runners
from toolkit.store.invariants import violations
from toolkit.workspace import intake


def pdf(number):
    return b"%PDF-1.4 number " + str(number).encode()


def write(name, content, *, age=100.0):
    """A file that was last changed *age* seconds ago, as far as its content goes."""
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    Path(name).write_bytes(content)
    then = time.time() - age
    os.utime(name, (then, then))


@pytest.fixture
def settled(monkeypatch):
    """Files are taken to be at rest at once, as they would be two seconds later."""
    monkeypatch.setattr(origins, "SETTLED", -1.0)


def finish(ws, *, fail=False):
    """Do everything that is queued, as a runner would."""
    now = time.time()
    with ws.store.write() as conn:
        runners.enlist(
            conn, runner="r", pid=1, pid_started=1.0, host="elsewhere", slots=1, port=9, now=now
        )
        for job in queue.claim(conn, runner="r", now=now, lease=60, limit=1000):
            held = {"job_id": job.id, "runner": "r", "attempt": job.attempt, "claim": job.claims}
            if fail:
                queue.fail(conn, **held, error=toolkit.errors.DamagedFile("no"), now=now)
                continue
            made = Outcome(content=b"{}", pages=1)
            number = results.put(conn, ws.store, outcome=made, job=job, now=now)
            queue.complete(conn, **held, result_id=number, pages=1, now=now)
        runners.dismiss(conn, runner="r")


def names(batch):
    return [handle.filename for handle in batch]


def test_only_new_and_changed_files_are_handed_in(ws):
    for n in range(3):
        write(f"docs/{n}.pdf", pdf(n))
    first = ws.submit("docs", changed_only=True)
    assert names(first) == ["0.pdf", "1.pdf", "2.pdf"]
    finish(ws)
    write("docs/1.pdf", pdf("changed"))
    write("docs/3.pdf", pdf(3))
    second = ws.submit("docs", changed_only=True)
    assert names(second) == ["1.pdf", "3.pdf"]
    assert second.unchanged == (("docs/0.pdf", first[0].id), ("docs/2.pdf", first[2].id))
    assert "2 files unchanged" in repr(second)
    assert violations(ws.store) == []


def test_what_was_handed_in_without_it_counts_too(ws):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    assert len(ws.submit("a.pdf")) == 1  # as ever
    assert len(ws.submit("a.pdf", changed_only=True)) == 0


def test_a_batch_of_nothing_behaves(ws):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    finish(ws)
    batch = ws.submit("a.pdf", changed_only=True)
    assert repr(batch).endswith("no jobs, 1 file unchanged>")
    assert batch.wait(timeout=1).done
    assert batch.blocks().empty
    assert batch.jobs().empty
    assert len(batch.documents()) == 0
    assert list(batch.as_completed()) == []
    assert "no jobs" in batch._repr_html_() + repr(batch.board())
    assert batch.stats().pages == 0


@pytest.mark.parametrize("state", ["queued", "completed", "failed", "cancelled", "purged"])
def test_which_jobs_stand_for_a_file(ws, state):
    write("a.pdf", pdf(1))
    (handle,) = ws.submit("a.pdf")
    if state in {"completed", "failed"}:
        finish(ws, fail=state == "failed")
    elif state == "cancelled":
        handle.cancel()
    elif state == "purged":
        finish(ws)
        handle.purge()
    again = ws.submit("a.pdf", changed_only=True)
    assert len(again.unchanged) == (state in {"queued", "completed"})
    assert len(again) == (state not in {"queued", "completed"})
    assert violations(ws.store) == []


def test_another_tool_option_or_version_is_other_work(ws):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    finish(ws)
    assert len(ws.submit("a.pdf", changed_only=True)) == 0
    assert len(ws.submit("a.pdf", options={"pages": "1"}, changed_only=True)) == 1
    with ws.store.write() as conn:  # as another release would find it
        conn.execute("UPDATE origins SET version = '0'")
    assert len(ws.submit("a.pdf", changed_only=True)) == 1


def test_a_result_that_has_expired_is_work_again(ws):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    finish(ws)
    with ws.store.write() as conn:
        conn.execute("UPDATE jobs SET result = NULL, result_erased_at = 1")
    assert len(ws.submit("a.pdf", changed_only=True)) == 1


def test_a_file_at_rest_is_not_even_read(ws, monkeypatch, settled):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    finish(ws)
    monkeypatch.setattr(intake.Intake, "_read", None)
    assert len(ws.submit("a.pdf", changed_only=True).unchanged) == 1


def test_a_file_that_has_just_changed_is_read_again(ws, monkeypatch):
    """Two changes within one tick of the clock leave the same mark."""
    write("a.pdf", pdf(1))  # its content is old, but the file itself is not
    ws.submit("a.pdf")
    monkeypatch.setattr(intake.Intake, "_read", None)
    with pytest.raises(TypeError):
        ws.submit("a.pdf", changed_only=True)


@pytest.mark.skipif(os.name != "posix", reason="only there does a time of change tell")
def test_a_time_that_was_set_back_hides_nothing(ws, settled):
    write("a.pdf", pdf(1))
    before = Path("a.pdf").stat()
    ws.submit("a.pdf")
    Path("a.pdf").write_bytes(pdf(2))  # as many bytes
    os.utime("a.pdf", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(ws.submit("a.pdf", changed_only=True)) == 1


def test_a_touched_file_is_read_once_more_and_not_handed_in(ws, monkeypatch, settled):
    write("a.pdf", pdf(1))
    ws.submit("a.pdf")
    write("a.pdf", pdf(1), age=10.0)
    assert len(ws.submit("a.pdf", changed_only=True).unchanged) == 1
    monkeypatch.setattr(intake.Intake, "_read", None)
    assert len(ws.submit("a.pdf", changed_only=True).unchanged) == 1


def test_duplicates_are_known_the_next_time(ws):
    write("a.pdf", pdf(1))
    write("copy.pdf", pdf(1))
    first = ws.submit(["a.pdf", "copy.pdf"])
    assert len(first) == 1
    again = ws.submit(["copy.pdf", "a.pdf"], changed_only=True)
    assert again.unchanged == (("copy.pdf", first[0].id), ("a.pdf", first[0].id))


def test_bytes_are_known_by_their_name_and_content(ws):
    ws.submit([("a.pdf", pdf(1)), pdf(2)])
    again = ws.submit(
        [("a.pdf", pdf(1)), ("b.pdf", pdf(1)), ("a.pdf", pdf(3)), pdf(2)], changed_only=True
    )
    assert names(again) == ["b.pdf", "a.pdf"]


def test_the_way_a_path_is_written_does_not_matter(ws):
    write("docs/a.pdf", pdf(1))
    ws.submit("docs/a.pdf")
    assert len(ws.submit(Path("docs/a.pdf").absolute(), changed_only=True)) == 0
    assert len(ws.submit("docs", changed_only=True)) == 0


def test_nothing_is_left_pinned_of_what_was_left_alone(ws):
    write("a.pdf", pdf(1))
    batch = ws.submit("a.pdf")
    finish(ws)
    assert len(ws.submit("a.pdf", changed_only=True)) == 0
    batch.purge()
    assert [path for path in (ws.store.files / "blobs").rglob("*") if path.is_file()] == []
    assert ws.store.read().execute("SELECT count(*) FROM origins").fetchone() == (0,)
