"""The reference's tool queue: multipart in async and sync mode, polling, results, stats."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

import pytest
from PIL import Image
from serving import Serving, until

from toolkit.errors import DamagedFile

QUEUE = "/api/tools/v1/queue"
CUBE = """
v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1
f 1 3 2\nf 1 4 3\nf 5 6 7\nf 5 7 8\nf 1 2 6\nf 1 6 5\nf 2 3 7\nf 2 7 6
f 3 4 8\nf 3 8 7\nf 4 1 5\nf 4 5 8
"""


@pytest.fixture(scope="module")
def key(live: Serving) -> str:
    return live.key("builder", "--kind", "tool")


def tile() -> bytes:
    held = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((32, 32)).save(held, "PNG")
    return held.getvalue()


JOBS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "material": ({"materialMode": "vmat", "name": "brick"}, {"image": ("brick.png", tile())}),
    "terrain": ({"resolution": "64", "seed": "7", "format": "r16"}, {}),
    "model": ({"ratio": "0.5", "lodLevels": "1"}, {"file": ("cube.obj", CUBE.encode())}),
}


def submit(serving: Serving, key: str, tool: str, **more: str) -> Any:
    fields, files = JOBS[tool]
    with serving.client(key) as client:
        # Multipart as the reference asks for, also where there is no file.
        form = {name: (None, value) for name, value in {"tool": tool, **fields, **more}.items()}
        return client.post(QUEUE, files={**form, **files})


def hold_to_the_tool(tool: str, content: bytes, headers: Any) -> None:
    assert "attachment" in headers["content-disposition"]
    if tool == "terrain":
        assert len(content) == 64 * 64 * 2
        assert "terrain_64.r16" in headers["content-disposition"]
        return
    assert headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    wanted = ("_color.png", "_normal.png") if tool == "material" else (".obj",)
    assert all(any(name.endswith(end) for name in names) for end in wanted), names


@pytest.mark.parametrize("tool", JOBS)
def test_a_job_is_handed_in_polled_and_downloaded(live, key, tool):
    said = submit(live, key, tool)
    assert said.status_code == 202, said.text
    asked = said.json()
    assert set(asked) >= {"ok", "jobId", "position", "estimatedWaitMs", "statusUrl"}
    assert (asked["ok"], type(asked["position"]), type(asked["estimatedWaitMs"])) == (
        True,
        int,
        int,
    )
    with live.client(key) as client:
        seen = until(
            lambda: client.get(asked["statusUrl"]).json(),
            lambda job: job["status"] in {"done", "error"},
        )
        assert (seen["status"], seen["toolType"], seen["hasResult"]) == ("done", tool, True)
        assert (seen["position"], seen["estimatedWaitMs"]) == (0, 0)
        assert seen["createdAt"] <= seen["startedAt"] <= seen["completedAt"] < seen["expiresAt"]
        assert abs(seen["createdAt"] / 1000 - time.time()) < 600
        result = client.get(seen["resultUrl"])
        assert result.status_code == 200
        hold_to_the_tool(tool, result.content, result.headers)


@pytest.mark.parametrize("tool", JOBS)
def test_a_client_may_wait_for_the_end(live, key, tool):
    said = submit(live, key, tool, mode="sync", **({"seed": "8"} if tool == "terrain" else {}))
    assert said.status_code == 200, said.text
    done = said.json()
    assert (done["ok"], done["status"]) == (True, "done")
    assert "result" in done
    with live.client(key) as client:
        result = client.get(done["resultUrl"])
    hold_to_the_tool(tool, result.content, result.headers)


def test_the_same_seed_gives_the_same_bytes(live, key):
    contents = []
    with live.client(key) as client:
        for _ in range(2):
            done = submit(live, key, "terrain", mode="sync").json()
            contents.append(client.get(done["resultUrl"]).content)
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("tool", "field", "value"),
    [
        ("material", "normalStrength", "4.5"),
        ("material", "roughnessBase", "99"),
        ("material", "materialMode", "smat"),
        ("terrain", "resolution", "63"),
        ("terrain", "hills", "51"),
        ("terrain", "waterLevel", "2"),
        ("terrain", "format", "bmp"),
        ("model", "ratio", "0"),
        ("model", "lodLevels", "6"),
        ("model", "lodMaxThreshold", "501"),
    ],
)
def test_what_is_out_of_range_is_named(live, key, tool, field, value):
    said = submit(live, key, tool, **{field: value})
    assert said.status_code == 400
    assert set(said.json()) == {"error"}
    assert field in said.json()["error"]


def test_a_call_without_its_parameters(live, key):
    with live.client(key) as client:
        for fields, word in (
            ({"resolution": "64"}, "tool"),
            ({"tool": "nosuch"}, "nosuch"),
            ({"tool": "terrain", "mode": "later"}, "mode"),
            ({"tool": "material"}, "image"),
            ({"tool": "model"}, "file"),
        ):
            said = client.post(QUEUE, files={k: (None, v) for k, v in fields.items()})
            assert said.status_code == 400, said.text
            assert word in said.json()["error"]
        fbx = {"file": ("a.fbx", b"Kaydara FBX Binary  \x00\x1a\x00"), "tool": (None, "model")}
        said = client.post(QUEUE, files=fbx)
        assert (said.status_code, "FBX" in said.json()["error"]) == (400, True)


def test_what_stats_and_my_jobs_say(still):
    key, other = still.key("mason", "--kind", "tool"), still.key("other mason", "--kind", "tool")
    ids = []
    with still.client(key) as client:
        for n in range(3):
            asked = submit(still, key, "terrain", seed=str(100 + n)).json()
            ids.append(asked["jobId"])
        first = client.get(f"{QUEUE}/{ids[0]}").json()
        assert (first["status"], first["hasResult"], first["resultUrl"]) == ("queued", False, None)
        assert (first["startedAt"], first["completedAt"]) == (None, None)
        assert first["expiresAt"] == first["createdAt"] + 3_600_000
        assert client.get(f"{QUEUE}/{ids[0]}/result").status_code == 409
        still.begin(ids[0])
        still.put_off(ids[1], DamagedFile("not now"))
        mine = client.get(f"{QUEUE}/my-jobs").json()
        assert mine["ok"] is True
        assert {job["jobId"]: job["status"] for job in mine["jobs"]} == {
            ids[0]: "running",
            ids[1]: "queued",
            ids[2]: "queued",
        }
        stats = client.get(f"{QUEUE}/stats").json()
        assert stats["ok"] is True
        limits = {name: q["maxConcurrent"] for name, q in stats["queues"].items()}
        assert (limits["material"], limits["terrain"], limits["model"]) == (8, 10, 3)
        said = stats["queues"]["terrain"]
        assert set(said) == {
            *("label", "maxConcurrent", "active", "queued", "completed", "failed"),
            "avgDurationMs",
        }
        assert said["active"] >= 1
        assert said["queued"] >= 1
        still.spoil(ids[0], DamagedFile("no ground"))
        failed = client.get(f"{QUEUE}/{ids[0]}").json()
        assert (failed["status"], failed["error"]) == ("error", "no ground")
        assert {j["jobId"] for j in client.get(f"{QUEUE}/my-jobs").json()["jobs"]} == set(ids[1:])
        still.finish(ids[2], b"heights")
        done = client.get(f"{QUEUE}/{ids[2]}").json()
        assert done["expiresAt"] == done["completedAt"] + 3_600_000
        assert client.get(f"{QUEUE}/{ids[2]}/result").content == b"heights"
        still.expire(3_700)
        assert client.get(f"{QUEUE}/{ids[2]}/result").status_code == 410
    with still.client(other) as stranger:
        for path in (f"{QUEUE}/{ids[0]}", f"{QUEUE}/{ids[2]}/result", f"{QUEUE}/nosuch"):
            said = stranger.get(path)
            assert (said.status_code, set(said.json())) == (404, {"error"})
        assert stranger.get(f"{QUEUE}/my-jobs").json()["jobs"] == []


def test_a_failure_in_sync_mode_is_an_answer(live, key):
    with live.client(key) as client:
        broken = {"tool": (None, "model"), "mode": (None, "sync"), "file": ("a.obj", b"f 1 2 3\n")}
        said = client.post(QUEUE, files=broken)
        assert said.status_code in {200, 400}, said.text
        answer = said.json()
        assert answer["error"]
        if said.status_code == 200:
            assert (answer["ok"], answer["status"]) == (False, "error")
        assert "jobId" in answer or said.status_code == 400
        assert json.dumps(answer)
