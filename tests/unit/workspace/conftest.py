"""Workspaces that only hand in, and a tool whose work is told by its options."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import toolkit
from toolkit.workspace import Workspace


@pytest.fixture
def ws(tmp_path, monkeypatch) -> Iterator[Workspace]:
    """A workspace without a runner; the test's folder is the current one."""
    monkeypatch.chdir(tmp_path)
    with toolkit.open("queue.db", work=False) as workspace:
        yield workspace


@pytest.fixture
def working(tmp_path, monkeypatch) -> Iterator[Workspace]:
    """A workspace with a runner of its own, which leaves as soon as there is nothing to do."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")
    monkeypatch.setenv("PAGEQUEUE_SLOTS", "1")
    with toolkit.open("queue.db") as workspace:
        yield workspace
        workspace.cancel(workspace.ids(status=["queued", "processing", "retrying"]))
