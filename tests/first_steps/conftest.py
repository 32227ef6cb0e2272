"""What every first step starts from: a folder of documents, and a workspace that works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit
from toolkit import samples


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of PDFs: three invoices, a report, a paper in two columns."""
    folder = tmp_path_factory.mktemp("documents")
    samples.write(folder, only=("invoice", "report", "paper"))
    return folder


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[toolkit.Workspace]:
    """A workspace in a file of its own; its runner leaves when there is nothing to do."""
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")
    with toolkit.open(tmp_path / "analysis.db") as workspace:
        yield workspace


@pytest.fixture(scope="session")
def read(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[toolkit.Batch]:
    """The folder of documents, read."""
    with toolkit.open(tmp_path_factory.mktemp("read") / "analysis.db") as workspace:
        yield workspace.submit(documents).wait(timeout=120)
