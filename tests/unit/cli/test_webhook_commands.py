"""``pagequeue webhooks``: for those who receive, and for those who register."""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

import toolkit
from toolkit.dialects import webhooks as words
from toolkit.jobs import Submission, Tool
from toolkit.store import outbox, queue, tools, webhooks
from toolkit.store.store import Store
from toolkit.tools import sealed

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = b'{"event":"job.failed","id":"dlv_1"}'
URL = "https://receiver.example.test/hook"


def received(folder, *, at: float | None = None) -> dict[str, str]:
    """The files of one webhook, as a receiver may have kept it."""
    headers = words.headers(
        BODY,
        delivery_id="dlv_1",
        event="job.failed",
        attempt=1,
        timestamp=time.time() if at is None else at,
        secrets=(SECRET,),
    )
    (folder / "body").write_bytes(BODY)
    lines = ["POST /hook HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), ""]
    (folder / "head").write_text("\r\n".join(lines))
    (folder / "head.json").write_text(json.dumps(headers))
    (folder / "secret").write_text(SECRET + "\n")
    return headers


@pytest.fixture
def db(tmp_path):
    path = tmp_path / "pagequeue.db"
    with Store.open(path) as store, store.write() as conn:
        tools.register(conn, sealed(Tool(name="any", target="json:dumps")))
    return path


@contextmanager
def receiver(status: int):
    """Answers each letter with *status*, and keeps them."""
    letters = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            letters.append((dict(self.headers), body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", letters
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


# -- verify ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["head", "head.json"])
@pytest.mark.parametrize("secret", [SECRET, "@secret"])
def test_what_is_genuine_is_on_stdout(pagequeue, tmp_path, head, secret):
    received(tmp_path)
    said = pagequeue("webhooks", "verify", "--secret", secret, "--headers", head, "--body", "body")
    assert (said.code, json.loads(said.out)) == (0, json.loads(BODY))
    assert "genuine" in said.err


def test_any_of_several_secrets_may_have_signed(pagequeue, tmp_path):
    received(tmp_path)
    other = "whsec_" + base64.b64encode(b"another").decode()
    call = ["webhooks", "verify", "--headers", "head", "--body", "body"]
    assert pagequeue(*call, "--secret", other, "--secret", SECRET).code == 0
    wrong = pagequeue(*call, "--secret", other)
    assert (wrong.code, wrong.out) == (2, "")
    assert "it is a forgery" in wrong.err


def test_what_was_changed_is_refused(pagequeue, tmp_path):
    received(tmp_path)
    (tmp_path / "body").write_bytes(BODY.replace(b"dlv_1", b"dlv_2"))
    call = ["webhooks", "verify", "--secret", SECRET, "--headers", "head", "--body", "body"]
    said = pagequeue(*call)
    assert (said.code, said.out) == (2, "")
    assert "error[VALIDATION_ERROR]" in said.err
    assert SECRET not in said.err


def test_an_old_one_is_genuine_where_its_age_does_not_matter(pagequeue, tmp_path):
    received(tmp_path, at=time.time() - 9999)
    call = ["webhooks", "verify", "--secret", SECRET, "--headers", "head", "--body", "body"]
    assert "too old" in pagequeue(*call).err
    assert pagequeue(*call, "--tolerance", 99_999).code == 0
    assert pagequeue(*call, "--any-age").code == 0


def test_the_body_may_come_from_a_pipe(pagequeue, tmp_path, monkeypatch):
    received(tmp_path)

    class Pipe:
        buffer = (tmp_path / "body").open("rb")

    monkeypatch.setattr(sys, "stdin", Pipe)
    with Pipe.buffer:
        call = ["webhooks", "verify", "--secret", SECRET, "--headers", "head", "--body", "-"]
        assert pagequeue(*call).code == 0


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("", "no signed webhook"),
        ("{", "no JSON object"),
        ('{"webhook-id": 1}', "no JSON object"),
        ("webhook-id: a\nWebhook-Id: b\n", "twice"),
    ],
)
def test_headers_that_are_none(pagequeue, tmp_path, head, words):
    received(tmp_path)
    (tmp_path / "head").write_text(head)
    call = ["webhooks", "verify", "--secret", SECRET, "--headers", "head", "--body", "body"]
    said = pagequeue(*call)
    assert said.code == 2
    assert words in said.err


def test_files_that_are_not_there(pagequeue, tmp_path):
    received(tmp_path)
    call = ["webhooks", "verify", "--secret", SECRET, "--headers", "head", "--body", "none"]
    assert "error[OS_ERROR]" in pagequeue(*call).err


# -- the registered ones ---------------------------------------------------------------------------


def test_the_life_of_a_webhook(pagequeue, db):
    made = pagequeue("webhooks", "add", URL, "--owner", "ann", "--event", "job.failed")
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert secret.startswith("whsec_")
    (one,) = json.loads(pagequeue("webhooks", "list", "--json").out)
    assert (one["url"], one["owner"], one["events"]) == (URL, "ann", ["job.failed"])
    shown = pagequeue("webhooks", "list")
    assert one["id"] in shown.out
    assert "whsec_" not in shown.out
    assert json.loads(pagequeue("webhooks", "list", "--owner", "bob", "--json").out) == []
    new = pagequeue("webhooks", "rotate", one["id"]).out.strip()
    with Store.open(db) as store:
        valid = webhooks.secrets_of(store.read(), endpoint=one["id"], now=time.time())
    assert valid == (new, secret)
    assert pagequeue("webhooks", "deliveries", one["id"], "--json").out == "[]\n"
    assert pagequeue("webhooks", "remove", one["id"]).code == 0
    assert pagequeue("webhooks", "remove", one["id"]).code == 2
    assert json.loads(pagequeue("webhooks", "list", "--json").out) == []


def test_an_address_that_leads_nowhere_good_is_refused(pagequeue, db):
    for url in ("http://x.org/", "https://127.0.0.1/", "https://ann:secretive@x.org/"):
        said = pagequeue("webhooks", "add", url)
        assert said.code == 2
        assert "error[ADDRESS_REFUSED]" in said.err
        assert "secretive" not in said.err


def test_no_database_is_made_by_looking(pagequeue, tmp_path):
    assert "there is no such file" in pagequeue("webhooks", "list").err
    assert not (tmp_path / "pagequeue.db").exists()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (500, 1)])
def test_a_test_event_is_delivered_at_once(pagequeue, db, monkeypatch, status, code):
    monkeypatch.setenv("PAGEQUEUE_WEBHOOK_PRIVATE", "127.0.0.1")
    monkeypatch.setenv("PAGEQUEUE_WEBHOOK_PLAIN", "1")
    with receiver(status) as (url, letters):
        made = json.loads(pagequeue("webhooks", "add", url, "--json").out)
        said = pagequeue("webhooks", "test", made["id"])
        assert said.code == code, said.err
        headers, body = letters[0]
    assert toolkit.verify_webhook(headers, body, made["secret"])["event"] == "webhook.test"
    listed = pagequeue("webhooks", "deliveries", made["id"])
    assert "webhook.test" in listed.out
    assert str(status) in listed.out


def test_deliveries_of_jobs_are_listed(pagequeue, db):
    made = json.loads(pagequeue("webhooks", "add", URL, "--json").out)
    with Store.open(db) as store, store.write() as conn:
        asked = Submission(tool="any", refused=("EMPTY_FILE", "empty"))
        taken = queue.enqueue(conn, asked, now=time.time())
        # Somebody has it just now.
        outbox.due(conn, now=time.time(), limit=1, lease=60)
    (one,) = json.loads(pagequeue("webhooks", "deliveries", made["id"], "--json").out)
    assert (one["job_id"], one["attempt"], one["state"]) == (taken.job_id, 0, "pending")
