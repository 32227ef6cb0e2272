"""The desk's verbs as they go over the line: every refusal is precise, and nothing is left over."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from desk_served import Served

import toolkit

FORM = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGEQUEUE_UPLOAD_BYTES", "100000")
        one = Served(tmp_path_factory.mktemp("routes") / "served.db", work=False)
    yield one
    one.stop()


@pytest.fixture
def http(served):
    headers = {"Authorization": f"Bearer {served.key()}"}
    with httpx.Client(base_url=f"{served.url}/v1/desk", headers=headers, timeout=30) as client:
        yield client


def batch(http, **terms):
    asked = {"name": "n", "key": "k", "terms": terms}
    return http.post("/new_batch", json=asked).json()["id"]


def form(wanted, content=b"%PDF-1.4 x", *, file='name="file"; filename="a.pdf"'):
    return (
        b'--b\r\nContent-Disposition: form-data; name="wanted"\r\n\r\n'
        + json.dumps(wanted).encode()
        + b"\r\n--b\r\nContent-Disposition: form-data; "
        + file.encode()
        + b"\r\nContent-Type: application/pdf\r\n\r\n"
        + content
        + b"\r\n--b--\r\n"
    )


def sent(http, wanted, *more, key="first", **how):
    headers = {"Content-Type": FORM, "Idempotency-Key": key}
    return http.post("/upload", content=form(wanted, *more, **how), headers=headers)


def told(answer):
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("nonsense", b"{}", 404, "NOT_FOUND"),
        ("look", b"{}", 422, "VALIDATION_ERROR"),
        ("look", b"", 422, "VALIDATION_ERROR"),
        ("look", b"[]", 422, "VALIDATION_ERROR"),
        ("look", b"\xff\xfe", 422, "VALIDATION_ERROR"),
        ("look", b'{"job_id": 5}', 422, "VALIDATION_ERROR"),
        ("look", b'{"job_id": "job_1", "more": 1}', 422, "VALIDATION_ERROR"),
        ("look", b'{"job_id": "\\ud800"}', 422, "VALIDATION_ERROR"),
        ("look", b'{"job_id": "job_\\u0000"}', 404, "JOB_NOT_FOUND"),
        ("look", b'{"job_id": "job_1"}', 404, "JOB_NOT_FOUND"),
        ("look", b"[" * 100_000, 422, "VALIDATION_ERROR"),
        ("look", b"{" + b" " * 3_000_000 + b"}", 413, "FILE_TOO_LARGE"),
        ("find", b'{"limit": 0}', 422, "VALIDATION_ERROR"),
        ("find", b'{"limit": 1001}', 422, "VALIDATION_ERROR"),
        ("find", b'{"after": 99999999999999999999}', 422, "VALIDATION_ERROR"),
        ("find", b'{"status": "lost"}', 422, "VALIDATION_ERROR"),
        ("ids", b'{"sort": "id; DROP TABLE jobs"}', 422, "INVALID_OPTION"),
        ("reprioritise", b'{"job_ids": [], "priority": 1e9}', 422, "VALIDATION_ERROR"),
        ("changes", b'{"wait": 1e300}', 422, "VALIDATION_ERROR"),
        ("undo_review", b'{"job_id": "j", "review_id": -1}', 422, "VALIDATION_ERROR"),
        ("page_image", b'{"job_id": "j", "page": 99999999999}', 422, "VALIDATION_ERROR"),
        ("pause", b'{"tool": "nobody"}', 422, "UNKNOWN_TOOL"),
        ("check", b'{"terms": {"tool": "nobody"}}', 422, "UNKNOWN_TOOL"),
        ("check", b'{"terms": {"options": {"pagse": 1}}}', 422, "INVALID_OPTION"),
        ("check", b'{"terms": {"options": {"a": 1e400}}}', 422, "VALIDATION_ERROR"),
        ("check", b'{"terms": {"tool": "terrain"}}', 422, "VALIDATION_ERROR"),
        ("take", b'{"batch": "bat_1", "terms": {}, "entries": []}', 200, None),
    ],
)
def test_what_is_wrong_is_said(http, verb, body, status, code):
    answer = http.post(f"/{verb}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    if code is not None:
        assert told(answer)[1] == code
        assert told(answer)[2]


def test_arguments_are_json_and_say_so(http):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = http.post("/ids", content=b"{}", headers={"Content-Type": kind})
        assert told(answer)[:2] == (422, "VALIDATION_ERROR")
        assert "application/json" in told(answer)[2]
    answer = http.post(
        "/ids", content=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert answer.status_code == 200


def test_a_verb_is_a_post(http):
    answer = http.get("/ids")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_without_a_key_nothing_is_told(served):
    for verb in ("ids", "hello", "upload"):
        answer = httpx.post(f"{served.url}/v1/desk/{verb}", json={})
        assert told(answer)[:2] == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_file_becomes_one_job_however_often_it_is_sent(served, http):
    wanted = {"batch": batch(http), "terms": {"options": {"pages": "1"}}, "filename": "ä.pdf"}
    first, again = sent(http, wanted), sent(http, wanted)
    assert first.json() == again.json()
    assert sent(http, wanted, b"%PDF-1.4 other").json()["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    found = http.post("/find", json={}).json()
    assert [(job["filename"], job["status"]) for job in found] == [("ä.pdf", "queued")]
    assert list((served.store.files / "drafts").glob("*")) == []
    purged = http.post("/purge", json={"job_ids": [found[0]["id"]]}).json()
    assert purged == {"done": 1, "pending": 0}
    assert not [path for path in (served.store.files / "blobs").rglob("*") if path.is_file()]


def test_a_batch_is_made_once_for_its_key(http):
    assert batch(http) == batch(http)
    assert len(http.post("/batches", json={}).json()) == 1


def test_a_file_that_cannot_be_read_is_a_failed_job(http):
    wanted = {"batch": batch(http), "terms": {}, "filename": "a.pdf"}
    for n, content in enumerate((b"", b"MZ\x90 a program", b"just words")):
        assert sent(http, wanted, content, key=str(n)).json()["status"] == "failed"
    found = http.post("/find", json={}).json()
    assert [job["error_code"] for job in found] == ["EMPTY_FILE", *["UNSUPPORTED_FILE_TYPE"] * 2]


def test_a_file_that_is_too_large_or_changes_is_a_failed_job(served, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("good.pdf", "grows.pdf", "shrinks.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.4 " + name.encode())
    (tmp_path / "large.pdf").write_bytes(b"%PDF-1.4 " + b"x" * 100_000)
    monkeypatch.setattr("toolkit.client.sending._size", _lied)
    with served.connect() as ws:
        batch = ws.submit(["large.pdf", "grows.pdf", "shrinks.pdf", "good.pdf"])
        assert {handle.filename: handle.job.error_code for handle in batch} == {
            "large.pdf": "FILE_TOO_LARGE",
            "grows.pdf": "UNREADABLE_PATH",
            "shrinks.pdf": "UNREADABLE_PATH",
            "good.pdf": None,
        }
    assert list((served.store.files / "drafts").glob("*")) == []


def _lied(offer):
    """The size that a file had a moment ago."""
    return offer.path.stat().st_size + {"grows.pdf": -3, "shrinks.pdf": 3}.get(offer.filename, 0)


def test_uploads_that_are_wrong_leave_nothing(served, http):
    wanted = {"batch": batch(http), "terms": {}, "filename": "a.pdf"}
    other = {**wanted, "batch": "bat_other"}
    assert told(sent(http, other))[:2] == (404, "JOB_NOT_FOUND")
    assert told(sent(http, wanted, key=""))[1] == "VALIDATION_ERROR"
    assert told(sent(http, wanted, key="k" * 300))[1] == "VALIDATION_ERROR"
    assert told(sent(http, {"filename": "a"}))[1] == "VALIDATION_ERROR"
    assert told(sent(http, {**wanted, "terms": {"tool": "nobody"}}))[1] == "UNKNOWN_TOOL"
    assert told(sent(http, {**wanted, "terms": {"tool": "terrain"}}))[1] == "VALIDATION_ERROR"
    assert told(sent(http, wanted, b"x" * 300_000))[:2] == (413, "FILE_TOO_LARGE")
    assert told(sent(http, wanted, file='name="file"'))[:2] == (422, "VALIDATION_ERROR")
    broken = http.post("/upload", content=b"--b", headers={"Content-Type": FORM})
    assert broken.status_code == 422
    assert http.post("/upload", json=wanted).status_code == 422
    assert list((served.store.files / "drafts").glob("*")) == []
    assert http.post("/ids", json={}).json() == []


def test_what_is_told_of_a_job_has_no_secrets(http):
    terms = {"password": "sesame-open"}
    entry = {"key": "k", "filename": "a.pdf", "url": "https://x.org/a.pdf?signature=abc"}
    http.post("/take", json={"batch": batch(http), "terms": terms, "entries": [entry]})
    said = http.post("/find", json={}).text + http.post("/glance", json={}).text
    assert "https://x.org/a.pdf" in said
    assert "abc" not in said
    assert "sesame-open" not in said


def test_an_address_is_checked_again_here(http):
    asked = {"batch": batch(http), "terms": {}}
    for n, url in enumerate(("https://ann:pw@x.org/a.pdf", "https://x.org/a b.pdf")):
        entry = {"key": str(n), "filename": "a.pdf", "url": url}
        (taken,) = http.post("/take", json={**asked, "entries": [entry]}).json()
        assert taken["status"] == "failed"
    for entry in ({"url": "file:///etc/passwd"}, {"url": "s3://x/y"}, {}):
        answer = http.post(
            "/take", json={**asked, "entries": [{"key": "f", "filename": "a", **entry}]}
        )
        assert told(answer)[:2] == (422, "VALIDATION_ERROR")


def test_the_result_of_a_one_time_job_is_not_handed_out_here(served):
    import time

    from toolkit.jobs import Outcome, Submission
    from toolkit.store import queue, results, tools
    from toolkit.tools.registry import registered

    with served.connect("eve") as ws:
        with served.store.write() as conn:
            tools.register(conn, registered()["parse"])
            new = Submission(tool="parse", owner="eve", one_time=True)
            made = queue.enqueue(conn, new, now=time.time())
            (job,) = [
                one
                for one in queue.claim(conn, runner="r", now=time.time(), lease=60, limit=50)
                if one.id == made.job_id
            ]
            number = results.put(
                conn, served.store, outcome=Outcome(content=b"once"), job=job, now=time.time()
            )
            held = {"job_id": job.id, "runner": "r", "attempt": job.attempt}
            queue.complete(conn, **held, result_id=number, pages=1, now=time.time())
        assert ws.look(made.job_id).has_result
        for asked in (ws.result, ws.document):
            with pytest.raises(toolkit.ResultGone, match="handed out once"):
                asked(made.job_id)
        assert ws.blocks(job_ids=[made.job_id]).empty


def test_a_result_whose_time_is_over_is_gone_at_once(served):
    import time

    from toolkit.jobs import Outcome, Submission
    from toolkit.store import queue, results, tools
    from toolkit.tools.registry import registered

    then = time.time() - 100
    with served.connect("finn") as ws:
        with served.store.write() as conn:
            tools.register(conn, registered()["parse"])
            new = Submission(tool="parse", owner="finn", result_retain=10.0, priority=1000)
            made = queue.enqueue(conn, new, now=then)
            (job,) = queue.claim(conn, runner="r", now=then, lease=60)
            number = results.put(
                conn, served.store, outcome=Outcome(content=b"late"), job=job, now=then
            )
            held = {"job_id": job.id, "runner": "r", "attempt": job.attempt}
            queue.complete(conn, **held, result_id=number, pages=1, now=then)
        assert job.id == made.job_id
        assert [
            one.result_gone for one in (ws.look(job.id), *ws.find(), *ws.look_at([job.id]))
        ] == [True] * 3
        with pytest.raises(toolkit.ResultGone, match="expired"):
            ws.result(job.id)


def test_every_verb_is_in_the_openapi_document(served):
    from toolkit.dialects.desk_wire import UPLOAD, VERBS

    document = httpx.get(f"{served.url}/openapi/v1.json").json()
    for name in VERBS:
        assert document["paths"][f"/v1/desk/{name}"]["post"]["operationId"] == f"desk_{name}"
    assert UPLOAD in document["paths"]
    known = document["components"]["schemas"]
    for name in _refs(document):
        assert name in known


def _refs(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref" and inner.startswith("#/components/schemas/"):
                yield inner.rsplit("/", 1)[-1]
            else:
                yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def test_limits_can_only_be_lowered_without_the_scope_for_more(served):
    plain = {"Authorization": f"Bearer {served.key(scopes=('extract:write', 'jobs:read'))}"}
    admin = {"Authorization": f"Bearer {served.key()}"}
    more = {"terms": {"limits": {"memory": 9e15}}, "name": "n", "key": "k"}
    less = {"terms": {"limits": {"memory": 1e8, "attempts": 1}}, "name": "n", "key": "k"}
    with httpx.Client(base_url=f"{served.url}/v1/desk", timeout=30) as http:
        for verb, asked in (
            ("check", {"terms": more["terms"]}),
            ("new_batch", more),
            ("take", {"batch": "bat_1", "terms": more["terms"], "entries": []}),
        ):
            answer = http.post(f"/{verb}", json=asked, headers=plain)
            assert told(answer)[:2] == (422, "INVALID_OPTION")
            assert "memory" in told(answer)[2]
        assert http.post("/new_batch", json=less, headers=plain).status_code == 200
        assert http.post("/new_batch", json=more, headers=admin).status_code == 200
        made = http.post("/new_batch", json=less, headers=plain).json()["id"]
        wanted = {"batch": made, "filename": "a.pdf", "origin": "a.pdf", "terms": more["terms"]}
        headers = {**plain, "Content-Type": FORM, "Idempotency-Key": "k"}
        answer = http.post("/upload", content=form(wanted), headers=headers)
        assert told(answer)[:2] == (422, "INVALID_OPTION")


def test_a_batch_that_is_asked_for_twice_at_once_is_one(served):
    headers = {"Authorization": f"Bearer {served.key()}"}
    asked = {"name": "one", "key": "at once", "terms": {}}

    def ask(_):
        return httpx.post(
            f"{served.url}/v1/desk/new_batch", json=asked, headers=headers, timeout=30
        ).json()

    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(ask, range(12)))
    assert all(one == made[0] for one in made), made
    with httpx.Client(headers=headers, timeout=30) as http:
        rows = http.post(f"{served.url}/v1/desk/batches", json={}).json()
    assert [row["name"] for row in rows].count("one") == 1
