"""What the tests of the runner share: the tools of ``workshop``, found by children too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from patience import eventually, left

HERE = Path(__file__).parent

collect_ignore = ["conftest.py"]  # holds no doctests, and there are several of its name


@pytest.fixture(autouse=True)
def workshop_is_importable(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path):
    """The key that seals tools is made for this test and goes with it.

    It also marks every process that the test starts, however far removed; none may be left.
    """
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    yield
    direct = sys.modules.get("toolkit.runner.direct")
    if direct is not None:
        direct.close()
    eventually(lambda: not left(home), f"no process is left of {left(home)}")
