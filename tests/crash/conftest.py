"""Every test here starts real runners, and leaves no process behind."""

from __future__ import annotations

import pytest
from killing import Work
from patience import eventually, left

collect_ignore = ["conftest.py"]  # holds no doctests, and there are several of its name


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path):
    """The key that seals tools is made for this test and goes with it.

    It also marks every process that the test starts, however far removed; none may be left.
    """
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    yield
    eventually(lambda: not left(home), f"no process is left of {left(home)}", seconds=10)


@pytest.fixture
def work(tmp_path):
    """A store with the tools of ``workshop``, and no jobs yet."""
    work = Work(tmp_path / "jobs.db")
    for name in ("echo", "grow", "leave", "note", "parent", "sleep", "spin"):
        work.tool(name)
    yield work
    work.close()
