"""The commands that hand in what changes, share a workspace, and pause a tool."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import toolkit


@pytest.fixture
def archive(documents):
    """Three invoices in a zip."""
    with zipfile.ZipFile("march.zip", "w") as held:
        for path in sorted(documents.glob("invoice_*.pdf")):
            held.write(path, path.name)
    return Path("march.zip")


def test_an_archive_and_changed_only(pagequeue, archive):
    said = pagequeue("submit", archive, "--no-work", "--json")
    assert len(json.loads(said.out)["jobs"]) == 3
    again = json.loads(pagequeue("submit", archive, "--no-work", "--changed-only", "--json").out)
    assert (again["jobs"], again["unchanged"]) == ([], 3)
    assert "3 files unchanged" in pagequeue("submit", archive, "--no-work", "--changed-only").err


def test_run_of_what_has_not_changed_is_nothing_to_do(pagequeue, documents):
    first = pagequeue("run", documents / "paper.pdf", "--changed-only", "--out", "out")
    assert first.code == 0
    again = pagequeue("run", documents / "paper.pdf", "--changed-only", "--out", "out")
    assert again.code == 0
    assert "1 file unchanged" in again.out


def test_an_address_with_a_password_is_never_shown(pagequeue):
    said = pagequeue("submit", "https://me:sesame@example.org/a.pdf", "--no-work")
    listed = pagequeue("jobs")
    assert "sesame" not in said.out + said.err + listed.out + listed.err
    assert "user name or a password" in listed.out


def test_parse_without_a_queue_says_what_archives_need(pagequeue, archive):
    for words in (archive, "https://example.org/a.pdf"):
        said = pagequeue("parse", words)
        assert said.code != 0
        assert "pagequeue run" in said.err


def test_pause_and_resume(pagequeue, documents):
    pagequeue("submit", documents / "paper.pdf", "--no-work")
    said = pagequeue("pause", "parse")
    assert said.code == 0
    assert "1 job waiting" in said.err
    assert "pagequeue resume parse" in said.err
    stopped = pagequeue("work")
    assert stopped.code == 1
    assert "pagequeue resume parse" in stopped.err
    assert pagequeue("resume", "parse").code == 0
    assert pagequeue("work").code == 0
    wrong = pagequeue("pause", "prase")
    assert wrong.code == 2
    assert "did you mean 'parse'" in wrong.err


def test_pack_and_unpack(pagequeue, documents):
    pagequeue("run", documents / "paper.pdf", "--name", "papers")
    pagequeue("run", documents / "invoice_401.pdf", "--name", "invoices")
    said = pagequeue("pack", "pagequeue.db", "all.pagequeue")
    assert said.code == 0
    assert said.out.strip() == str(Path("all.pagequeue").absolute())
    assert "2 jobs, 2 files" in said.err
    there = pagequeue("unpack", "all.pagequeue", "--into", "there")
    assert there.code == 0
    assert there.out.strip() == str(Path("there/all.db").absolute())
    assert "2 completed" in there.err
    listed = json.loads(pagequeue("jobs", "--db", "there/all.db", "--json").out)
    assert [job["filename"] for job in listed] == ["paper.pdf", "invoice_401.pdf"]
    assert pagequeue("doctor", "--db", "there/all.db").code == 0
    for words in (
        ("pack", "pagequeue.db", "all.pagequeue"),
        ("unpack", "all.pagequeue", "--into", "there"),
    ):
        again = pagequeue(*words)
        assert again.code == 2
        assert "is there already" in again.err


def test_pack_of_one_batch_without_sources(pagequeue, documents):
    pagequeue("run", documents / "paper.pdf", "--name", "papers")
    pagequeue("run", documents / "invoice_401.pdf", "--name", "invoices")
    said = pagequeue(
        "pack", "pagequeue.db", "one.pagequeue", "--batch", "papers", "--without-sources"
    )
    assert "1 job, 0 files" in said.err
    with toolkit.unpack("one.pagequeue", "there") as ws:
        assert len(ws.batch("papers").blocks()) > 10
        assert len(ws.batches()) == 1
    assert pagequeue("pack", "pagequeue.db", "two.pagequeue", "--batch", "none").code == 2
    assert pagequeue("pack", "none.db", "two.pagequeue").code == 2
    assert pagequeue("unpack", "none.pagequeue").code == 2


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_watch_takes_what_appears_exports_it_and_leaves_cleanly(pagequeue, documents):
    Path("inbox").mkdir()
    words = ("watch", "inbox/*.pdf", "--every", "0.1", "--settle", "0.1", "--out", "out")
    command = [sys.executable, "-m", "toolkit", *words, "--db", "x.db"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        (Path("inbox") / "paper.pdf").write_bytes((documents / "paper.pdf").read_bytes())
        end = time.monotonic() + 90
        while not Path("out/paper.md").exists() and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.5)  # the export goes on after its first file
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"Traceback" not in err
    assert b"watching inbox/*.pdf" in err
    assert b"stopped watching, 1 job handed in" in err
    assert Path("out/paper.md").exists()


def test_watch_of_a_folder_that_is_missing(pagequeue):
    said = pagequeue("watch", "nowhere/*.pdf")
    assert said.code == 2
    assert "make the folder first" in said.err
