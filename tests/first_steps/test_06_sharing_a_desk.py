"""One machine does the work for a team: a server, keys, and the same verbs from far away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import toolkit

PAGEQUEUE = (sys.executable, "-m", "toolkit")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("team") / "team.db"


@pytest.fixture(scope="module")
def url(db: Path) -> Iterator[str]:
    """``pagequeue serve team.db --port 0``: its first line is the address."""
    log = db.with_name("server.log")
    command = [*PAGEQUEUE, "serve", str(db), "--port", "0"]
    environment = os.environ | {"PAGEQUEUE_LINGER": "0"}
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, text=True, env=environment
        ) as server,
    ):
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()
        assert server.wait(timeout=60) == 0


def key_of(db: Path, owner: str) -> str:
    command = [*PAGEQUEUE, "keys", "create", "--owner", owner, "--db", str(db), "--json"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    return str(json.loads(made.stdout)["secret"])


def test_the_same_verbs_from_far_away(url, db, documents):
    with toolkit.connect(url, key=key_of(db, "ann")) as ws:
        batch = ws.submit(documents, name="inbox").wait(timeout=120)
        assert set(batch.jobs()["status"]) == {"completed"}
        assert len(batch.blocks().doc.filter(type="table")) == len(batch.tables(joined=False))
        assert ws.batch("inbox").id == batch.id
    with toolkit.connect(url, key=key_of(db, "bob")) as ws:
        assert ws.jobs().empty


def test_anything_else_speaks_http(url, db, documents):
    headers = {"Authorization": f"Bearer {key_of(db, 'carol')}"}
    with (documents / "invoice_401.pdf").open("rb") as file:
        answer = httpx.post(
            f"{url}/v1/extract",
            files={"file": file},
            data={"sync": "true", "sync_timeout_seconds": "30"},
            headers=headers,
            timeout=60,
        )
    job = answer.json()
    assert (answer.status_code, job["status"]) == (200, "completed")
    assert job["markdown"].startswith("#")
    assert {page["page"] for page in job["document"]["pages"]} == {1}
