"""Pages read side by side: the same document, whatever happens to the others."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.wire import encode
from toolkit.engine import crew
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.jobs.job import Stage
from toolkit.jobs.tool import Limits

PLAIN = ParseOptions(ocr="never")
# The tests before may have left this process large, beside which nobody would be called.
ROOM = 64 * 2**30


def book(pages: int) -> Source:
    """Pages with a heading, text, and a table of lines."""
    held = io.BytesIO()
    canvas = Canvas(held, pagesize=(595, 842))
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(60, 780, f"Chapter {number}")
        canvas.setFont("Helvetica", 10)
        for line in range(30):
            canvas.drawString(
                60, 740 - 14 * line, f"Line {line} of page {number} says nothing new."
            )
        for row in range(4):
            canvas.line(60, 200 + 20 * row, 360, 200 + 20 * row)
            canvas.drawString(64, 206 + 20 * row, f"{number} x {row}")
        for column in range(4):
            canvas.line(60 + 100 * column, 200, 60 + 100 * column, 260)
        canvas.showPage()
    canvas.save()
    return Source.from_bytes(held.getvalue(), "book.pdf")


def said(document) -> dict:
    told = msgspec.json.decode(encode(document))
    told["extraction"].pop("duration_ms")
    return told


BEFORE: set[int] = set()


@pytest.fixture(autouse=True)
def _servers_of_other_tests():
    BEFORE.clear()
    BEFORE.update(child.pid for child in psutil.Process().children())


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.pid not in BEFORE]


@pytest.fixture
def eager(monkeypatch):
    """Others are called for any rest, however short."""
    monkeypatch.setattr(crew, "WORTH", 0.0001)


def with_others(source, *, processes=3, limits=None, then=lambda: None):
    """The document, its progress, and how many others there were at most."""
    heard, most = [], 0

    def report(progress):
        nonlocal most
        heard.append(progress)
        most = max(most, len(children()))
        then()

    limits = limits or Limits(memory=ROOM)
    made = parse(source, PLAIN, limits=limits, report=report, processes=processes)
    assert not children()
    return made, heard, most


@pytest.mark.parametrize("pages", [40, 208], ids=["alone each", "eight together"])
def test_the_document_is_the_one_that_one_process_makes(eager, pages):
    source = book(pages)
    made, heard, others = with_others(source)
    assert others == 2
    assert said(made) == said(parse(source, PLAIN))
    assert [page.page for page in made.pages] == list(range(1, pages + 1))
    percents = [progress.percent for progress in heard]
    assert percents == sorted(percents)
    assert {progress.pages for progress in heard} == {pages}


def test_where_little_is_left_nobody_is_called(monkeypatch):
    monkeypatch.setattr(crew, "WORTH", 600.0)
    _, _, others = with_others(book(12))
    assert others == 0


def test_nobody_is_called_where_memory_does_not_allow_it(eager):
    own = psutil.Process().memory_info().rss
    made, _, others = with_others(book(40), limits=Limits(memory=2 * own))
    assert others == 0
    assert len(made.pages) == 40


def test_who_grows_is_ended_and_its_pages_are_read_here(eager, monkeypatch):
    source = book(60)
    monkeypatch.setattr(crew, "ALONE_FROM", 0.0)
    made, _, others = with_others(source)
    assert others
    assert said(made) == said(parse(source, PLAIN))


def test_a_killed_process_costs_no_page(eager):
    source = book(60)
    killed = []

    def kill():
        for child in children():
            if len(killed) < 2 and child.pid not in killed:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    made, _, _ = with_others(source, then=kill)
    assert len(killed) == 2
    assert not made.extraction.per_page_failures
    assert said(made) == said(parse(source, PLAIN))


def test_one_that_hangs_is_ended(eager, monkeypatch):
    source = book(40)
    monkeypatch.setattr(crew, "_HUNG", 0.0)
    stopped = []

    def stop():
        for child in children():
            if not stopped:
                stopped.append(child.pid)
                os.kill(child.pid, signal.SIGSTOP)

    made, _, _ = with_others(source, limits=Limits(page_seconds=2.0, memory=ROOM), then=stop)
    assert stopped
    assert said(made) == said(parse(source, PLAIN))


def test_who_leaves_in_the_middle_leaves_nobody_behind(eager):
    class Enough(Exception):
        pass

    def leave(progress):
        if children():
            raise Enough

    with pytest.raises(Enough):
        parse(book(60), PLAIN, limits=Limits(memory=ROOM), report=leave, processes=2)
    until = time.monotonic() + 10
    while children() and time.monotonic() < until:
        time.sleep(0.02)
    assert not children()


@pytest.mark.parametrize(
    "says",
    [
        "b'\\x80\\x05 nonsense'",
        "pickle.dumps(5)",
        "b''.join(pickle.dumps((n, 'no page')) for n in taken)",
        "pickle.dumps((99, None))",
        # An integer of four exabytes, and a tuple that holds what is not there.
        "b'\\x80\\x05\\x8e' + (2**62).to_bytes(8, 'little')",
        "b'\\x80\\x05\\x86.'",
    ],
)
def test_what_makes_no_sense_costs_no_page(eager, monkeypatch, says):
    source = book(40)
    does = (
        "import pickle, sys, time; load = lambda: pickle.load(sys.stdin.buffer); load(); "
        f"taken = load(); sys.stdout.buffer.write({says}); sys.stdout.flush(); time.sleep(600)"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {does}"]
    heard = []

    def started():
        heard.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return heard[-1]

    monkeypatch.setattr(crew, "_started", started)
    made, _, _ = with_others(source, processes=2)
    assert heard
    assert said(made) == said(parse(source, PLAIN))


def test_where_no_thread_can_be_started_all_is_read_here(eager, monkeypatch):
    source = book(40)
    started = crew.threading.Thread.start

    def start(thread):
        if sum(one.daemon for one in crew.threading.enumerate()) > before:
            raise RuntimeError("can't start new thread")
        started(thread)

    before = sum(one.daemon for one in crew.threading.enumerate())
    monkeypatch.setattr(crew.threading.Thread, "start", start)
    made, _, _ = with_others(source)
    assert said(made) == said(parse(source, PLAIN))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_nothing_secret_is_seen_of_the_others_and_nothing_of_them_stays_open(eager):
    held = io.BytesIO()
    canvas = Canvas(held, encrypt=StandardEncryption("a-secret-word", strength=128))
    for number in range(40):
        canvas.drawString(60, 700, f"Page {number}")
        canvas.showPage()
    canvas.save()
    source = Source.from_bytes(held.getvalue(), "named.pdf")
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    seen = []

    def look(_progress):
        for child in children():
            for what in ("cmdline", "environ"):
                with suppress(OSError):
                    seen.append(Path(f"/proc/{child.pid}/{what}").read_bytes())

    options = ParseOptions(ocr="never", password="a-secret-word")
    limits = Limits(memory=ROOM)
    made = parse(source, options, limits=limits, report=look, processes=3)
    assert len(made.pages) == 40
    assert seen
    assert not any(b"a-secret-word" in part or b"named.pdf" in part for part in seen)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before


def test_a_damaged_page_is_the_same_failure(eager):
    content = bytearray(book(40).bytes())
    start = 0
    for _ in range(30):
        start = content.index(b"stream\n", content.index(b"/Length", start)) + 7
    end = content.index(b"endstream", start)
    content[start:end] = b"\x01" * (end - start)
    source = Source.from_bytes(bytes(content), "book.pdf")
    made, _, others = with_others(source)
    assert others
    (failure,) = made.extraction.per_page_failures
    assert (failure.page, failure.code) == (30, "PAGE_UNREADABLE")
    assert len(made.pages) == 39
    assert said(made) == said(parse(source, PLAIN))


def test_pages_that_are_recognised_elsewhere_are_told_of():
    table = crew._Table(crew.Job(book(2), PLAIN, Limits(), (1, 2), 2))
    table.recognised.extend([2, 1])
    told = []
    crew._tell_of_others(table, lambda *what: told.append(what))
    assert told == [(2, 0, Stage.OCR), (1, 0, Stage.OCR)]
