"""The commands: what they print, what they leave behind, and how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from reportlab.pdfgen.canvas import Canvas

import toolkit
from toolkit.engine import ocr

VERBS = [
    *("run", "demo", "parse", "submit", "work", "jobs"),
    *("show", "cancel", "retry", "purge", "export", "eval", "doctor"),
    *("watch", "pause", "resume", "pack", "unpack", "keys", "usage", "gallery"),
]
STEER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def test_run_hands_in_works_exports_and_sums_up(pagequeue, documents):
    said = pagequeue("run", documents, "--out", "out", "--to", "parquet,markdown")
    assert said.code == 0
    files = len(list(documents.iterdir()))
    assert re.search(rf"completed\s+{files}", said.out)
    assert re.search(r"table\s+\d+\s+\d+", said.out)
    assert f"{len(pd.read_parquet('out/pages.parquet'))} pages" in said.out
    # a Markdown file each, four tables, and their dictionary in two forms
    assert f"{files + 4 + 2} files exported to {Path('out').absolute()}" in said.out
    assert "pagequeue.db" in said.out
    assert len(pd.read_parquet("out/jobs.parquet")) == files
    assert "# " in Path("out/paper.md").read_text()


def test_run_again_is_all_from_the_cache_and_says_so(pagequeue, documents):
    assert pagequeue("run", documents).code == 0
    again = pagequeue("run", documents)
    assert again.code == 0
    assert "all from the cache" in again.out
    fresh = pagequeue("run", documents, "--bypass-cache", "--json")
    assert json.loads(fresh.out)["cache_hits"] == 0


def test_run_ends_with_1_when_a_file_failed_and_names_the_reason(pagequeue, documents):
    Path("words.pdf").write_text("only words")
    said = pagequeue("run", documents / "paper.pdf", "words.pdf", "nowhere.pdf")
    assert said.code == 1
    for code in ("UNSUPPORTED_FILE_TYPE", "UNREADABLE_PATH"):
        assert code in said.out
    assert re.search(r"completed\s+1", said.out)


def test_run_as_json(pagequeue, documents):
    said = pagequeue("run", f"{documents}/invoice_*.pdf", "--json", "--name", "march")
    found = json.loads(said.out)
    assert found["name"] == "march"
    assert found["counts"]["completed"] == 3
    assert found["pages"] == 3
    assert {b["type"] for b in found["blocks"]} >= {"heading", "table"}


def test_demo_shows_what_comes_out(pagequeue):
    said = pagequeue("demo", "--out", "demo")
    assert said.code == 0
    made = {path.name for path in Path("demo/documents").iterdir()}
    assert made >= {"paper.pdf", "slides.pptx", "form.pdf", "scan.jpg", "scan.pdf"}
    taken = made if ocr.available() else {name for name in made if "scan" not in name}
    assert {f"{Path(name).stem}.md" for name in taken} <= {
        p.name for p in Path("demo/out").iterdir()
    }
    assert re.search(rf"completed\s+{len(taken)}", said.out)
    assert re.search(r"invoice_403.pdf\s+8 of 9\s+1 of 1\s+36 of 36\s+0.00 %", said.out)
    assert re.search(r"slides.pptx\s+20 of 20\s+1 of 1\s+25 of 25\s+0.00 %", said.out)
    # and once more, over what is there
    assert "all from the cache" in pagequeue("demo", "--out", "demo").out


def test_demo_without_ocr_leaves_the_scans_and_says_so(pagequeue, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    said = pagequeue("demo", "--out", "demo")
    assert said.code == 0
    assert "2 scans of them not taken" in said.err
    assert "pagequeue[ocr]" in said.err
    assert re.search(r"completed\s+7", said.out)
    assert "scan" not in said.out


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("run", "a.pdf", "--to", "parket"), "INVALID_OPTION", "'parquet'"),
        (("run", "a.pdf", "-o", "pagse=1"), "INVALID_OPTION", "'pages'"),
        (("run", "a.pdf", "--pages", "three"), "INVALID_OPTION", "1-3"),
        (("run", "a.pdf", "--tool", "prase"), "UNKNOWN_TOOL", "'parse'"),
        (("run", "a.pdf", "-o", "pages"), "INVALID_OPTION", "NAME=VALUE"),
        (("jobs", "--db", "none.db"), "VALIDATION_ERROR", "none.db"),
        (("parse", "a.pdf", "b.pdf"), "VALIDATION_ERROR", "--out DIR"),
        (("run", "a.pdf", "--db", "/nowhere/at/all.db"), "UNREADABLE_PATH", "all.db"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_ends_with_2(pagequeue, words, code, hint):
    said = pagequeue(*words)
    assert said.code == 2
    lines = [line for line in said.err.splitlines() if line.startswith("error[")]
    assert lines
    assert lines[-1].startswith(f"error[{code}]: ")
    assert hint in lines[-1]
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_wrong_word_ends_with_2(pagequeue):
    assert pagequeue("rnu").code == 2
    assert pagequeue("run").code == 2
    assert pagequeue("jobs", "--status", "dead").code == 2


def test_every_command_has_help(pagequeue):
    top = pagequeue("--help")
    assert top.code == 0
    assert "pagequeue run" in top.out
    for verb in VERBS:
        said = pagequeue(verb, "--help")
        assert said.code == 0
        assert f"pagequeue {verb}" in said.out


def test_parse_writes_one_file_to_stdout(pagequeue, documents):
    said = pagequeue("parse", documents / "invoice_401.pdf")
    assert said.code == 0
    assert "Invoice INV-2025-0401" in said.out
    as_json = pagequeue("parse", documents / "invoice_401.pdf", "--to", "json")
    assert json.loads(as_json.out)["source"]["filename"] == "invoice_401.pdf"
    some = pagequeue("parse", documents / "annual_report.pdf", "--pages", "2", "--to", "json")
    assert [page["page"] for page in json.loads(some.out)["pages"]] == [2]


def test_parse_of_many_goes_into_a_folder_and_misses_nothing(pagequeue, documents):
    Path("bad.pdf").write_text("words")
    said = pagequeue("parse", f"{documents}/*.pdf", "bad.pdf", "nowhere.pdf", "--out", "md")
    assert said.code == 1
    assert {p.name for p in Path("md").iterdir()} == {f"{p.stem}.md" for p in documents.iterdir()}
    assert "error[UNSUPPORTED_FILE_TYPE]" in said.err
    assert "error[UNREADABLE_PATH]" in said.err
    assert not Path("pagequeue.db").exists()


def test_parse_keeps_files_of_one_name_apart(pagequeue, documents):
    for folder in ("a", "b"):
        Path(folder).mkdir()
        (Path(folder) / "x.pdf").write_bytes((documents / "paper.pdf").read_bytes())
    pagequeue("parse", "a", "b", "--out", "md")
    assert {p.name for p in Path("md").iterdir()} == {"x.md", "x-2.md"}


def test_submit_then_work_then_look(pagequeue, documents):
    handed_in = pagequeue("submit", documents, "--no-work", "--name", "march", "--json")
    ids = json.loads(handed_in.out)["jobs"]
    assert len(ids) == len(list(documents.iterdir()))
    waiting = json.loads(pagequeue("jobs", "--json").out)
    assert {job["status"] for job in waiting} == {"queued"}
    assert pagequeue("work").code == 0
    done = json.loads(pagequeue("jobs", "--json", "--batch", "march", "--status", "completed").out)
    assert [job["id"] for job in done] == ids
    shown = json.loads(pagequeue("show", ids[0], "--json").out)
    assert shown["job"]["filename"] == "annual_report.pdf"
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["succeeded"]
    assert "succeeded" in pagequeue("show", ids[0]).out
    assert "annual_report.pdf" in pagequeue("jobs", "--text", "annual").out


def test_cancel_retry_and_purge(pagequeue, documents):
    pagequeue("submit", f"{documents}/invoice_*.pdf", "--no-work", "--name", "march")
    one = json.loads(pagequeue("jobs", "--json").out)[0]["id"]
    assert "1 job cancelled" in pagequeue("cancel", one).err
    assert "2 jobs cancelled" in pagequeue("cancel", "--batch", "march").err
    assert "3 jobs queued again" in pagequeue("retry", "--batch", "march").err
    pagequeue("work")
    assert "3 erased" in pagequeue("purge", "--batch", "march", "--yes").err
    assert pagequeue("cancel").code == 2
    assert pagequeue("cancel", "job_none").code == 2


def test_export_of_the_latest_batch(pagequeue, documents):
    pagequeue("run", documents / "paper.pdf")
    pagequeue("run", f"{documents}/invoice_*.pdf")
    said = pagequeue("export", "later", "--to", "markdown")
    assert said.code == 0
    assert "5 files written" in said.err  # three, and the dictionary twice
    assert len(list(Path("later").glob("invoice_*.md"))) == 3


@pytest.mark.parametrize(("words", "start"), [((), "="), (("--formula-safe",), "'=")])
def test_export_for_spreadsheets(pagequeue, tmp_path, words, start):
    canvas = Canvas("sums.pdf")
    canvas.drawString(72, 700, "=1+1 is what this line begins with, and no spreadsheet computes it")
    canvas.save()
    pagequeue("run", "sums.pdf")
    assert pagequeue("export", "out", "--to", "csv", *words).code == 0
    [text] = pd.read_csv("out/blocks.csv")["text"]
    assert text.startswith(f"{start}1+1 is")


def test_hostile_names_and_texts_are_shown_not_obeyed(pagequeue):
    name = "in\x1b]0;title\x07voice [bold red]x[bold] \u202egnp.pdf"
    Path(name).write_text("words")
    for words in (("run", name), ("jobs",), ("parse", name), ("show", "?")):
        if words[0] == "show":
            words = ("show", json.loads(pagequeue("jobs", "--json").out)[0]["id"])
        said = pagequeue(*words)
        assert not STEER.search(said.out + said.err), words
        assert "\u202e" not in said.out + said.err
        assert "[bold red]x[bold]" in said.out + said.err


def start(*words, **how):
    command = [sys.executable, "-m", "toolkit", *map(str, words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **how)


@pytest.mark.parametrize("words", [("jobs",), ("jobs", "--json"), ("parse", "paper.pdf")])
def test_a_reader_that_has_enough_ends_it_quietly(pagequeue, documents, words):
    Path("paper.pdf").write_bytes((documents / "paper.pdf").read_bytes())
    pagequeue("submit", "paper.pdf", "--no-work")
    process = start(*words)
    process.stdout.close()  # long before there is anything to write
    assert process.wait(60) == 1
    said = process.stderr.read().decode()
    process.stderr.close()
    assert said == ""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_leaves_the_jobs_queued_and_says_how_to_go_on(pagequeue, documents):
    report = (documents / "annual_report.pdf").read_bytes()
    Path("docs").mkdir()
    for n in range(150):  # each is another file to the cache
        Path(f"docs/{n:03d}.pdf").write_bytes(report + b"\n%" + str(n).encode())
    process = start("run", "docs", "--db", "x.db")
    with toolkit.open("x.db", work=False) as ws:
        end = time.monotonic() + 60
        while not ws.counts()["completed"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert b"Traceback" not in err
        assert b"pagequeue work --db" in err
        counts = ws.counts()
        assert counts["processing"] == 0
        assert counts["queued"] > 0
        assert sum(counts.values()) == 150
        assert ws.glance().runners == 0
        ws.cancel(ws.ids(status="queued")[:-3])
    assert pagequeue("work", "--db", "x.db").code == 0
    assert (
        len(json.loads(pagequeue("jobs", "--db", "x.db", "--status", "queued", "--json").out)) == 0
    )


def test_import_and_help_are_quick_and_light():
    code = (
        "import sys, toolkit.cli.app\n"
        "heavy = {'pandas', 'ipywidgets', 'IPython', 'pyarrow', 'pdf_oxide', 'sqlite_utils'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_work_says_that_a_tool_is_paused(pagequeue, documents):
    pagequeue("submit", documents / "paper.pdf", "--no-work")
    with toolkit.open("pagequeue.db", work=False) as ws:
        ws.pause("parse")
    said = pagequeue("work")
    assert said.code == 1
    assert "'parse' is paused" in said.err


def test_run_does_not_wait_for_the_jobs_of_others(pagequeue, documents):
    report = (documents / "annual_report.pdf").read_bytes()
    with toolkit.open("pagequeue.db", work=False) as ws:
        others = [(f"{n}.pdf", report + b"\n%" + str(n).encode()) for n in range(40)]
        ws.submit(others, priority=-1, name="others")
        said = pagequeue("run", documents / "paper.pdf")
        assert said.code == 0
        assert "of other batches go on in the background" in said.err
        assert ws.batch("others").wait(timeout=120).counts()["completed"] == 40
