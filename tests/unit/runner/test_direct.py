"""Jobs without a queue."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from patience import alive, eventually

from toolkit.errors import (
    ChildCrashed,
    DamagedFile,
    FileTooLarge,
    InvalidOption,
    JobTimeout,
    ToolFailed,
    UnreadablePath,
)
from toolkit.jobs import Limits, Tool
from toolkit.runner import direct
from toolkit.tools import sealed

HERE = Path(__file__).parent


def workshop(name: str, **settings) -> Tool:
    return sealed(Tool(name=name, target=f"workshop:{name}", **settings))


def test_a_file_and_bytes_come_to_the_tool(tmp_path):
    file = tmp_path / "résumé.txt"
    file.write_text("hello", "utf-8")
    by_path = json.loads(direct.run(workshop("echo"), file, options={"a": 1}).content)
    by_bytes = json.loads(direct.run(workshop("echo"), b"hello", filename="b.txt").content)
    assert (by_path["text"], by_path["filename"], by_path["options"]) == (
        "hello",
        "résumé.txt",
        {"a": 1},
    )
    assert (by_bytes["text"], by_bytes["filename"]) == ("hello", "b.txt")
    assert by_path["empty"]
    assert by_path["pid"] == by_bytes["pid"], "the child is warm"
    assert not Path(by_path["work_folder"]).exists()


def test_secrets_come_among_the_options():
    answer = json.loads(direct.run(workshop("echo"), secrets={"password": "x"}).content)
    assert answer["options"] == {"password": "x"}


def test_a_crash_is_tried_again(tmp_path):
    outcome = direct.run(
        workshop("crash_until"), options={"log": str(tmp_path / "log"), "times": 2}
    )
    assert outcome.content == b"at last, after 2"


def test_a_tool_that_always_crashes_gives_up():
    with pytest.raises(ChildCrashed):
        direct.run(workshop("leave", limits=Limits(attempts=2)))


def test_limits_can_be_changed_and_unknown_ones_are_named():
    with pytest.raises(JobTimeout):
        direct.run(workshop("sleep"), limits={"deadline": 0.2})
    with pytest.raises(InvalidOption, match="patience"):
        direct.run(workshop("sleep"), limits={"patience": 0.2})


def test_input_that_cannot_be_taken(tmp_path, monkeypatch):
    with pytest.raises(UnreadablePath, match=r"missing\.pdf"):
        direct.run(workshop("echo"), tmp_path / "missing.pdf")
    monkeypatch.setenv("PAGEQUEUE_MAX_FILE_BYTES", "3")
    direct.close()
    with pytest.raises(FileTooLarge, match="4 bytes"):
        direct.run(workshop("echo"), b"four")


def test_a_tool_that_nobody_vouches_for_is_not_run():
    with pytest.raises(ToolFailed, match="nobody on this machine has vouched"):
        direct.run(Tool(name="echo", target="workshop:echo"))


def test_progress_is_told_once_each():
    told = []
    direct.run(workshop("talk"), options={"pages": 3}, report=told.append)
    assert [p.page for p in told] == sorted({p.page for p in told})
    assert told[-1].pages == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt, DamagedFile])
def test_a_job_that_is_broken_off_does_not_answer_the_next_one(error):
    def told(_progress):
        raise error

    with pytest.raises(error):
        direct.run(workshop("talk"), options={"pages": 400}, report=told)
    assert json.loads(direct.run(workshop("echo")).content)["filename"] == "document"


def test_many_files_come_back_in_their_order_with_their_errors(tmp_path):
    files = [tmp_path / f"{n}.txt" for n in range(12)]
    for number, file in enumerate(files):
        if number != 5:
            file.write_text(str(number))
    answers = list(direct.run_many(workshop("echo"), files))
    assert [source for source, _ in answers] == files
    assert isinstance(answers[5][1], UnreadablePath)
    texts = [json.loads(a.content)["text"] for n, (_, a) in enumerate(answers) if n != 5]
    assert texts == [str(n) for n in range(12) if n != 5]


def test_leaving_the_loop_stops_the_rest(tmp_path):
    options = {"seconds": 60}
    sources = [b"quick", *([b"slow"] * 8)]
    loop = direct.run_many(workshop("fast_then_slow"), sources, options=options)
    assert next(loop)[1].content == b"quick"
    loop.close()


SCRIPT = """
    import sys
    sys.path.append(%r)
    from toolkit.jobs import Tool
    from toolkit.runner import direct
    from toolkit.tools import sealed
    print("the script begins", flush=True)
    tool = sealed(Tool(name="t", target="workshop:%s"))
    print(direct.run(tool, options={"pids": %r, "seconds": 60}).content, flush=True)
"""


def started(tmp_path, tool: str, pids: Path) -> subprocess.Popen[str]:
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT % (str(HERE), tool, str(pids))))
    return subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_an_unguarded_script_runs_once_and_leaves_cleanly(tmp_path):
    script = started(tmp_path, "echo", tmp_path / "pids")
    said, complaints = script.communicate(timeout=60)
    assert said.count("the script begins") == 1
    assert '"pid"' in said
    assert complaints == ""


@pytest.mark.parametrize("tool", ["sleep", "spin"])
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_goes_with_its_parent(tmp_path, tool, way):
    pids = tmp_path / "pids"
    pids.touch()
    script = started(tmp_path, tool, pids)
    eventually(lambda: pids.read_text(), "the tool runs")
    child = int(pids.read_text())
    forkserver = psutil.Process(child).ppid()
    os.kill(script.pid, way)
    script.communicate(timeout=30)
    eventually(lambda: not alive(child) and not alive(forkserver), "they are gone", seconds=5)
