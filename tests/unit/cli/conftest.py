"""The command as a person calls it, in this process: output, errors and exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from toolkit import samples
from toolkit.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def documents(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    samples.write(folder, only=("invoice", "report", "paper"))
    return folder


@pytest.fixture
def pagequeue(tmp_path, monkeypatch, capsys) -> Callable[..., Said]:
    """Calls the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")

    def call(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["pagequeue", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    return call
