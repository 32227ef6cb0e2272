"""What the machine has, and who belongs to whom."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest
from patience import alive, eventually

from toolkit.runner import machine

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper():
    """A process that is the first of its own session."""
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_slots_are_what_was_asked_or_what_fits(monkeypatch):
    assert machine.slots(7) == 7
    monkeypatch.setattr(machine, "processors", lambda: 8)
    for gigabytes, slots in ((1, 1), (2, 1), (4, 2), (24, 8)):
        monkeypatch.setattr(machine, "total_memory", lambda n=gigabytes: n * 2**30)
        assert machine.slots() == slots


def test_a_control_group_narrows_processors_and_memory(monkeypatch):
    files = {"/sys/fs/cgroup/cpu.max": "100000 100000\n", "/sys/fs/cgroup/memory.max": "1000\n"}
    monkeypatch.setattr(machine, "_text", lambda place: files.get(place, ""))
    assert machine.processors() == 1
    assert machine.total_memory() == 1000
    files["/sys/fs/cgroup/cpu.max"] = "max 100000\n"
    files["/sys/fs/cgroup/memory.max"] = "max\n"
    assert machine.processors() >= 1
    assert machine.total_memory() == psutil.virtual_memory().total


def test_a_process_is_told_from_a_later_one_of_its_number(sleeper):
    when = machine.started(sleeper.pid)
    assert machine.is_alive(sleeper.pid, when)
    assert not machine.is_alive(sleeper.pid, when - 5)
    sleeper.kill()
    eventually(lambda: not machine.is_alive(sleeper.pid, when), "a zombie is not alive")


def test_a_family_is_found_measured_and_ended(tmp_path):
    code = (
        "import subprocess, sys, time\n"
        f"a = subprocess.Popen({SLEEP!r})\n"
        f"b = subprocess.Popen({SLEEP!r}, start_new_session=True)\n"
        "print(a.pid, b.pid, flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        grandchildren = set(map(int, process.stdout.readline().split()))
        family = machine.Family(process.pid)
        assert family.look() == {process.pid, *grandchildren}
        assert family.look() == {process.pid, *grandchildren}, "the second look, from memory"
        alone = psutil.Process(process.pid).memory_info().rss
        # Those that were started last are still loading.
        eventually(lambda: family.resident() > 2 * alone, "all three are counted")
        family.kill()
        process.wait(10)
    eventually(lambda: not any(map(alive, grandchildren)), "all are gone")


def test_a_later_process_is_noticed(sleeper):
    family = machine.Family(os.getpid())
    first = set(family.look())
    later = subprocess.Popen(SLEEP)
    try:
        assert later.pid in family.look() - first
    finally:
        later.kill()
        later.wait()


def test_a_look_is_cheap(sleeper):
    family = machine.Family(sleeper.pid)
    family.look()
    begun = time.process_time()
    for _ in range(50):
        family.look()
    # Reading all processes anew takes some ten times as long.
    assert (time.process_time() - begun) / 50 < 0.02
