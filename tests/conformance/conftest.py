"""Servers for the tests of what the HTTP service answers, each started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Serving

from toolkit import samples

collect_ignore = ["conftest.py"]  # holds no doctests, and there are several of its name

TOOLS = ("echo", "sleep", "large", "talk", "complain", "damaged")


@pytest.fixture(scope="session")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small PDFs of one page each."""
    folder = tmp_path_factory.mktemp("invoices")
    return [sample.path for sample in samples.write(folder, only=("invoice",))]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server with a runner of its own, which does what it is asked."""
    serving = Serving(tmp_path_factory.mktemp("live"), *TOOLS)
    try:
        serving.start()
        yield serving
        serving.stop()
    finally:
        serving.close()


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server without a runner: a job moves when the test says so."""
    serving = Serving(tmp_path_factory.mktemp("still"), *TOOLS)
    try:
        serving.start("--no-work")
        yield serving
        serving.stop()
    finally:
        serving.close()


@pytest.fixture(scope="session")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server without a runner that takes small files only, and is not patient."""
    serving = Serving(tmp_path_factory.mktemp("strict"), *TOOLS)
    try:
        serving.start(
            "--no-work",
            PAGEQUEUE_UPLOAD_BYTES="300000",
            PAGEQUEUE_UPLOAD_SECONDS="2",
            PAGEQUEUE_HEAD_SECONDS="2",
        )
        yield serving
        serving.stop()
    finally:
        serving.close()


@pytest.fixture(scope="session")
def strict_key(strict: Serving) -> str:
    return strict.key("ada")


@pytest.fixture(scope="session")
def live_key(live: Serving) -> str:
    return live.key("ada")


@pytest.fixture(scope="session")
def still_key(still: Serving) -> str:
    return still.key("ada")
