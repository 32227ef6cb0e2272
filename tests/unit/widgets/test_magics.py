"""``%load_ext toolkit``: ``%jobs`` lists, says what is wrong in words, and completes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import toolkit


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = InteractiveShell()
    toolkit.load_ipython_extension(made)
    yield made
    toolkit.unload_ipython_extension(made)
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def ws(shell):
    with toolkit.open("queue.db", work=False) as workspace:
        files = [(f"r{n}.pdf", b"%PDF-1.4 " + b"%d" % n) for n in range(30)]
        workspace.submit(files, name="march")
        workspace.submit([("bad.txt", b"text")], name="april's")
        shell.user_ns["ws"] = workspace
        yield workspace


def jobs(shell, line=""):
    return shell.run_line_magic("jobs", line)


def completed(shell, text):
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(text, len(text))]


def test_without_a_workspace_it_says_how_to_open_one(shell):
    assert "toolkit.open" in repr(jobs(shell))


def test_it_lists_the_newest(shell, ws):
    found = jobs(shell)
    assert len(found.jobs) == 20
    assert found.jobs[-1].filename == "bad.txt"
    assert "and 11 earlier jobs" in repr(found)
    assert "31 jobs" in found._repr_html_()


def test_it_lists_a_batch_and_what_failed(shell, ws):
    assert len(jobs(shell, "march").jobs) == 20
    assert [job.filename for job in jobs(shell, "--failed").jobs] == ["bad.txt"]
    assert [job.filename for job in jobs(shell, '"april\'s" --failed').jobs] == ["bad.txt"]
    assert jobs(shell, "march --failed").jobs == ()
    assert jobs(shell, ws.batch("march").id).jobs[0].filename == "r10.pdf"


@pytest.mark.parametrize("line", ["nothing", "--all", "march april", "'march", "\x1b[31m<b>"])
def test_what_is_wrong_is_a_sentence(shell, ws, line):
    said = jobs(shell, line)
    assert type(said).__name__ == "Told"
    assert repr(said).isprintable()


def test_the_latest_workspace_is_meant_and_others_are_not_touched(shell, ws):
    with toolkit.open("other.db", work=False) as other:
        shell.user_ns["other"] = other
        assert "other.db" in repr(jobs(shell))
    # it is closed now, and that is said, not raised
    assert jobs(shell)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('ws.submit("x", options={"o', ["ocr"]),
        ('ws.submit(\n  "x",\n  options={"ocr": "auto", "pag', ["pages"]),
        ('ws.submit("x", options={"ocr": "', ["auto", "force", "never"]),
        ('ws.submit("x", tool="p', ["parse"]),
        ('batch.export("out", to=["csv", "mark', ["markdown"]),
        ('ws.batch("ma', ["march"]),
        ("%jobs ma", ["march"]),
        ("%jobs --", ["--failed"]),
    ],
)
def test_it_completes_what_can_stand_there(shell, ws, text, names):
    assert completed(shell, text) == names


def test_elsewhere_it_does_not_complete(shell, ws):
    assert "ocr" not in completed(shell, 'print("o')


def test_the_files_of_a_batch_are_its_keys(shell, ws):
    batch = ws.batch("march")
    assert "r7.pdf" in batch._ipython_key_completions_()
    assert batch["r7.pdf"].filename == "r7.pdf"
    with pytest.raises(KeyError):
        batch["nothing.pdf"]
    assert "submit_panel" in dir(ws)


def test_it_is_loaded_once_and_taken_away_again(shell):
    toolkit.load_ipython_extension(shell)
    assert len(shell.Completer.custom_matchers) == 1
    toolkit.unload_ipython_extension(shell)
    toolkit.unload_ipython_extension(shell)
    assert shell.Completer.custom_matchers == []
    assert "jobs" not in shell.magics_manager.magics["line"]


def test_importing_toolkit_loads_none_of_it():
    code = (
        "import sys, toolkit; assert 'IPython' not in sys.modules; toolkit.load_ipython_extension"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
