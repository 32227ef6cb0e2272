"""Watched folders: what appears is handed in, once, when it is whole."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import toolkit
from toolkit.errors import InvalidInput, InvalidOption, StoreDamaged, UnreadablePath
from toolkit.workspace import watching as rooms
from toolkit.workspace.watching import Watching


def pdf(number):
    return b"%PDF-1.4 number " + str(number).encode()


def until(true, seconds=60.0):
    """Wait for a condition; a busy machine may take its time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def names(batch):
    return sorted(handle.filename for handle in batch)


def looked_again(watching, times=2):
    """Wait until it has looked a few times more."""
    for _ in range(times):
        before = watching._looked_at
        until(lambda before=before: watching._looked_at != before)


@pytest.fixture
def inbox(ws):
    Path("inbox").mkdir()
    return Path("inbox")


def test_what_is_there_and_what_appears_is_handed_in(ws, inbox):
    (inbox / "a.pdf").write_bytes(pdf(1))
    with ws.watch("inbox/*.pdf", every=0.02, settle=0.05) as watching:
        until(lambda: watching.taken == 1)
        (inbox / "b.pdf").write_bytes(pdf(2))
        (inbox / "notes.txt").write_text("x")
        until(lambda: watching.taken == 2)
        assert names(watching.batch) == ["a.pdf", "b.pdf"]
        assert "2 jobs handed in" in repr(watching)
        assert watching.running
    assert not watching.running
    assert "stopped" in repr(watching)
    (inbox / "late.pdf").write_bytes(pdf(3))
    assert len(watching.batch) == 2


def test_a_folder_takes_documents_and_archives_at_any_depth(ws, inbox):
    with ws.watch(inbox, every=0.02, settle=0) as watching:
        (inbox / "sub").mkdir()
        (inbox / "sub" / "a.pdf").write_bytes(pdf(1))
        (inbox / "sub" / "notes.txt").write_text("x")
        (inbox / ".part.pdf").write_bytes(pdf(2))
        until(lambda: watching.taken == 1)
        looked_again(watching)
    assert names(watching.batch) == ["a.pdf"]


def test_a_file_that_is_being_written_is_waited_for(ws, inbox):
    with ws.watch("inbox/*.pdf", every=0.02, settle=1.0) as watching:
        with (inbox / "a.pdf").open("wb") as file:
            for n in range(8):
                file.write(pdf(n))
                file.flush()
                time.sleep(0.1)
                assert watching.taken == 0
        until(lambda: watching.unsettled == 1)
        assert "1 file still being written" in repr(watching)
        until(lambda: watching.taken == 1)
    (handle,) = watching.batch
    assert handle.job.size == sum(len(pdf(n)) for n in range(8))


def test_a_changed_file_is_handed_in_again_and_a_touched_one_is_not(ws, inbox):
    (inbox / "a.pdf").write_bytes(pdf(1))
    (inbox / "b.pdf").write_bytes(pdf(2))
    with ws.watch("inbox/*.pdf", every=0.02, settle=0) as watching:
        until(lambda: watching.taken == 2)
        (inbox / "a.pdf").write_bytes(pdf("changed"))
        os.utime(inbox / "b.pdf")
        until(lambda: watching.taken == 3)
        looked_again(watching)
        assert watching.taken == 3


def test_a_watch_in_another_process_goes_on_where_this_one_ended(ws, inbox):
    (inbox / "a.pdf").write_bytes(pdf(1))
    (inbox / "bad.pdf").write_text("words")
    with ws.watch("inbox/*.pdf", every=0.02, settle=0) as first:
        until(lambda: first.taken == 2)
    (inbox / "b.pdf").write_bytes(pdf(2))
    with toolkit.open("queue.db", work=False) as again:
        with again.watch("inbox/*.pdf", every=0.02, settle=0) as second:
            until(lambda: second.taken == 1)
            looked_again(second)
        assert second.batch.id == first.batch.id
        assert names(second.batch) == ["a.pdf", "b.pdf", "bad.pdf"]


def test_a_file_that_goes_away_is_nobodys_failure(ws, inbox):
    with ws.watch("inbox/*.pdf", every=0.02, settle=0.3) as watching:
        (inbox / "a.pdf").write_bytes(pdf(1))
        until(lambda: watching.unsettled == 1)
        (inbox / "a.pdf").unlink()
        until(lambda: watching.unsettled == 0)
    assert len(watching.batch) == 0


def test_the_queue_itself_is_never_handed_in(ws):
    Path("a.pdf").write_bytes(pdf(1))
    with ws.watch(["*", "."], every=0.02, settle=0) as watching:
        until(lambda: watching.taken)
        looked_again(watching)
    assert names(watching.batch) == ["a.pdf"]


def test_an_error_that_ends_it_is_printed_shown_and_raised(ws, inbox, monkeypatch, capsys):
    def broken(self):
        raise StoreDamaged("the database file is damaged")

    monkeypatch.setattr(Watching, "_look", broken)
    watching = ws.watch("inbox", every=0.02)
    until(lambda: not watching.running)
    assert "STORE_DAMAGED" in capsys.readouterr().err
    assert "STORE_DAMAGED" in repr(watching)
    with pytest.raises(StoreDamaged):
        watching.stop()
    watching.stop()  # once is enough


def test_a_disk_that_is_away_for_a_while_is_shown_and_looked_at_again(ws, inbox, monkeypatch):
    away = threading.Event()
    files_at = rooms.files_at

    def found(place, **how):
        if away.is_set():
            raise OSError(5, "Input/output error")
        return files_at(place, **how)

    monkeypatch.setattr(rooms, "files_at", found)
    away.set()
    with ws.watch("inbox/*.pdf", every=0.02, settle=0) as watching:
        until(lambda: watching.error is not None)
        assert "Input/output error" in repr(watching)
        (inbox / "a.pdf").write_bytes(pdf(1))
        away.clear()
        until(lambda: watching.taken == 1)
        assert watching.error is None


def test_closing_the_workspace_ends_its_watches(ws, inbox):
    watching = ws.watch("inbox", every=0.02)
    ws.close()
    assert not watching.running


@pytest.mark.parametrize(
    ("places", "error"),
    [
        ("nowhere", UnreadablePath),
        ("nowhere/*.pdf", UnreadablePath),
        ("a\0b", UnreadablePath),
        ("https://example.org/a.pdf", InvalidInput),
        ("s3://bucket/*.pdf", InvalidInput),
        ([], InvalidInput),
        ([b"%PDF"], InvalidInput),
    ],
)
def test_what_cannot_be_watched_is_said_at_once(ws, places, error):
    with pytest.raises(error):
        ws.watch(places)
    assert ws.batches() == []


def test_its_options_are_checked_at_once(ws, inbox):
    with pytest.raises(InvalidOption):
        ws.watch("inbox", options={"page": "1"})
    for seconds in ({"every": 0}, {"every": float("nan")}, {"settle": -1}):
        with pytest.raises(InvalidInput, match="seconds"):
            ws.watch("inbox", **seconds)
