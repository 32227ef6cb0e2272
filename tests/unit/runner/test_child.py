"""The inside of a child, as far as it can be seen without one."""

from __future__ import annotations

import os
import tempfile

import pytest

from toolkit.jobs.tool import Outcome
from toolkit.runner import child, pipe


@pytest.mark.parametrize(("target", "there"), [("toolkit.tools.parse:run", True), ("a:b", False)])
def test_what_a_killed_child_of_ours_leaves_lying_about_goes_with_its_folder(
    tmp_path, monkeypatch, target, there
):
    places = []

    def run(_task):
        places.append(tempfile.gettempdir())
        return Outcome(content=b"x", media_type="text/plain")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(child._Errand, "_limit_memory", lambda _: None)
    monkeypatch.setattr(child._Errand, "_function", lambda _: run)
    work = pipe.Work(target=target, limits={}, work_folder=str(tmp_path))
    answer = child._Errand(work, os.devnull).answer()
    assert isinstance(answer, pipe.Done)
    assert (places == [str(tmp_path)]) == there
