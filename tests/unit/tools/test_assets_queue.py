"""The asset tools through a real queue, from a file or from nothing to their result."""

from __future__ import annotations

import json

import numpy as np
import pytest
from making_assets import picture, sphere, unpacked

import toolkit
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.jobs import JobState


@pytest.fixture
def ws(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")
    monkeypatch.setenv("PAGEQUEUE_SLOTS", "1")
    with toolkit.open(tmp_path / "queue.db") as workspace:
        yield workspace
        workspace.cancel(workspace.ids(status=["queued", "processing", "retrying"]))


@pytest.fixture
def still(tmp_path):
    """A workspace without a runner."""
    with toolkit.open(tmp_path / "queue.db", work=False) as workspace:
        yield workspace


def result_of(batch):
    [handle] = list(batch.wait(timeout=120, progress=False))
    assert handle.error is None
    return handle, handle.result()


def test_a_land_comes_of_nothing(ws):
    batch = ws.submit(None, tool="terrain", options={"resolution": "64", "seed": 3})
    handle, content = result_of(batch)
    assert len(content) == 64 * 64 * 2
    assert handle.job.sha256 is None
    assert handle.job.options["hills"] == 6
    assert "terrain, no file" in handle._repr_html_()
    again = ws.submit(None, tool="terrain", options={"resolution": 64, "seed": "3"})
    handle, same = result_of(again)
    assert handle.job.cache_hit
    assert same == content
    _, other = result_of(ws.submit(None, tool="terrain", options={"resolution": 64, "seed": 4}))
    assert other != content


def test_a_picture_becomes_a_material(ws):
    content = picture(np.full((8, 8, 3), 50))
    _, packed = result_of(
        ws.submit(("wall.png", content), tool="material", options={"name": "wall"})
    )
    assert "wall.vmat" in unpacked(packed)


def test_a_model_becomes_lighter(ws):
    _, packed = result_of(ws.submit(("ball.obj", sphere()), tool="model"))
    told = json.loads(unpacked(packed)["manifest.json"])
    assert told["levels"][0]["triangles"] < told["source"]["triangles"]
    _, packed = result_of(ws.submit(("again.obj", sphere()), tool="model"))
    assert "again.obj" in unpacked(packed), "not by the name that the same bytes had before"


def test_what_cannot_be_worked_on_fails_with_its_reason(ws):
    batch = ws.submit({"m.fbx": b"Kaydara FBX Binary  \0"}, tool="model")
    [handle] = list(batch.wait(timeout=120, progress=False))
    assert handle.job.error_code == "UNSUPPORTED_FILE_TYPE"
    assert "FBX" in handle.job.error


def test_nothing_is_one_job_and_may_be_asked_for_twice(still):
    first = still.submit(None, tool="terrain", changed_only=True)
    second = still.submit(None, tool="terrain", changed_only=True)
    assert first.counts()["queued"] == second.counts()["queued"] == 1
    [handle] = list(first)
    job = handle.job
    assert (job.status, job.filename, job.url) == (JobState.QUEUED, "", None)
    assert len(still.jobs()) == 2


@pytest.mark.parametrize(
    ("given", "tool", "words"),
    [
        (None, "parse", "parse needs a file"),
        (None, "material", "material needs a file"),
        (b"bytes", "terrain", "terrain takes no file"),
    ],
)
def test_a_tool_without_what_it_needs_is_refused_at_once(still, given, tool, words):
    with pytest.raises(InvalidInput, match=words):
        still.submit(given, tool=tool)
    assert still.batches() == []


def test_a_wrong_option_is_refused_at_once(still):
    with pytest.raises(InvalidOption, match="hills=51: a whole number from 0 to 50"):
        still.submit(None, tool="terrain", options={"hills": 51})


def test_a_rehearsal_of_nothing_says_so(still):
    assert dict(still.rehearse(None, tool="terrain").kinds) == {"no file": (1, 0)}


def test_the_tools_are_offered_with_what_they_ask(still):
    offered = {one.name: one for one in still.tools()}
    assert offered["terrain"].schema["properties"]["seed"]["type"] == "integer"
