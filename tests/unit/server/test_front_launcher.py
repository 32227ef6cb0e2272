"""The tile in JupyterLab: a real Jupyter server starts ours and passes requests on to it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from toolkit import samples
from toolkit.server.launcher import setup

proxy = pytest.importorskip("jupyter_server_proxy.config")

TOKEN = "a-token-for-the-test"


def test_what_is_set_up_is_what_the_proxy_takes():
    [found] = entry_points(group="jupyter_serverproxy_servers", name="pagequeue")
    process = proxy.ServerProcess(name="pagequeue", **found.load()())
    assert process.launcher_entry.path_info == "pagequeue/docs"
    icon = Path(process.launcher_entry.icon_path)
    assert icon.suffix == ".svg"
    assert icon.read_text("utf-8").startswith("<svg")


def test_braces_in_the_interpreters_path_stay_braces(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/opt/{x}/python")
    filled = [part.format(unix_socket="/s", base_url="/b/", port=0) for part in setup()["command"]]
    assert filled[0] == "/opt/{x}/python"
    assert filled[-3:] == ["/s", "--root-path", "/b/pagequeue"]


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jupyter")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"),
        *(f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
        "--ServerApp.base_url=/user/ann/",
        "--ServerApp.jpserver_extensions={'jupyter_server_proxy': True}",
    ]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "TMPDIR": str(folder),
    }

    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/user/ann/api")
                break
            except httpx.TransportError:
                assert time.monotonic() < until, (folder / "log").read_text()
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/user/ann", folder
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def client(jupyter):
    address, _ = jupyter
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=address, headers=headers, timeout=90) as client:
        yield client


def test_who_has_not_logged_in_sees_nothing(jupyter):
    address, _ = jupyter
    answer = httpx.get(f"{address}/pagequeue/healthz", timeout=90)
    assert answer.status_code in {302, 403}


def test_the_tile_is_offered_with_its_icon(client):
    [tile] = [
        one
        for one in client.get("/server-proxy/servers-info").json()["server_processes"]
        if one["name"] == "pagequeue"
    ]
    assert tile["launcher_entry"]["title"] == "Queue over HTTP"
    icon = client.get(tile["launcher_entry"]["icon_url"].removeprefix("/user/ann"))
    assert icon.headers["content-type"].startswith("image/svg")


def test_the_tile_opens_the_documentation_at_jupyters_own_path(client):
    page = client.get("/pagequeue/docs")
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(loaded) > 5
    for one in loaded:
        assert one.startswith("/user/ann/pagequeue/docs")
        assert client.get(one.removeprefix("/user/ann")).status_code == 200
    [document] = re.findall(r'data-document="([^"]+)"', page.text)
    described = client.get(document.removeprefix("/user/ann")).json()
    assert described["servers"] == [{"url": "/user/ann/pagequeue"}]


def test_only_jupyter_can_reach_it(client, jupyter):
    _, folder = jupyter
    assert client.get("/pagequeue/healthz").json() == {"status": "ok"}
    [place] = folder.glob("jupyter-server-proxy-*/socket")
    assert place.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_mode & 0o077 == 0


def test_the_whole_way_through_jupyter(client, jupyter, tmp_path):
    address, folder = jupyter
    [paper, *_] = samples.write(tmp_path)
    taken = client.post(
        "/pagequeue/v1/extract", files={"file": (paper.path.name, paper.path.read_bytes())}
    )
    assert taken.status_code == 202
    # The addresses that it gives are ones that lead through Jupyter.
    assert taken.json()["status_url"].startswith(f"{address}/pagequeue/v1/jobs/")
    state = httpx.get(
        taken.json()["status_url"],
        headers={"Authorization": f"token {TOKEN}", "Prefer": "wait=30"},
        timeout=90,
    ).json()
    events = client.get(
        f"/pagequeue/v1/jobs/{state['job_id']}/events", headers={"Accept": "text/event-stream"}
    )
    assert events.headers["content-type"].startswith("text/event-stream")
    assert client.get(f"/pagequeue/v1/jobs/{state['job_id']}").json()["status"] == "completed"
    assert (folder / "pagequeue.db").exists()


def test_another_sites_page_cannot_use_jupyters_cookie(client):
    answer = client.post("/pagequeue/v1/extract", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
