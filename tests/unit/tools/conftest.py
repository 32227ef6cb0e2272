"""Every test has a state folder, and with it a key, of its own."""

from __future__ import annotations

import pytest

from toolkit.tools import registry

collect_ignore = ["conftest.py"]  # holds no doctests, and there are several of its name


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture(autouse=True)
def nothing_stays_registered(monkeypatch):
    monkeypatch.setattr(registry, "_OWN", {})
