"""What holds over HTTP whatever is asked: owners and keys, limits, idempotency, files, purges."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import time
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from PIL import Image
from serving import TOOLKIT, Serving, until
from stage import NOWHERE, Stage

from toolkit.jobs import Outcome
from toolkit.store import keys


@pytest.fixture(scope="module")
def at(still: Serving, invoices: list[Any]):
    stage = Stage(still, invoices[0].read_bytes())
    yield stage
    stage.http.close()


# --- keys ---------------------------------------------------------------------------------------


def test_a_key_that_is_revoked_is_refused_at_once(at):
    made = json.loads(at.serving.run("keys", "create", "--owner", "bob", "--json"))
    assert at.call("GET", "/v1/tools", made["secret"]).status_code == 200
    assert made["secret"] not in at.serving.run("keys", "list")
    at.serving.run("keys", "revoke", made["id"])
    assert at.call("GET", "/v1/tools", made["secret"]).status_code == 401


def test_a_key_that_is_rotated_may_overlap_with_its_successor(at):
    first = at.serving.minted("rosa")
    with at.serving.store.write() as conn:
        second = keys.rotate(conn, first.key.id, now=time.time(), overlap=3600.0)
    for minted in (first, second):
        assert at.call("GET", "/v1/tools", minted.secret).status_code == 200
    with at.serving.store.write() as conn:
        third = keys.rotate(conn, second.key.id, now=time.time(), overlap=0.0)
    assert at.call("GET", "/v1/tools", second.secret).status_code == 401
    assert at.call("GET", "/v1/tools", third.secret).status_code == 200


@pytest.mark.parametrize(
    "said",
    ["", "Bearer", "Basic YTpi", "Bearer a b", "bearer\tx", "Bearer " + "x" * 5000],
)
def test_what_is_no_key_is_refused(at, said):
    answer = at.call("GET", "/v1/jobs", "", headers={"Authorization": said})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"


def test_the_scheme_is_read_in_any_case(at):
    said = at.call("GET", "/v1/tools", "", headers={"Authorization": f"bEARER {at.key}"})
    assert said.status_code == 200


def test_a_test_key_sees_its_own_jobs_only_and_costs_nothing(at):
    live, test = at.mint(owner="eve", pages_per_month=1), at.mint(owner="eve", kind="test")
    files = {"file": ("a.pdf", at.invoice)}
    for _ in range(2):
        said = at.call("POST", "/v1/extract", test, files=files, data={"options": at.fresh()})
        at.serving.finish(said.json()["job_id"], at.document)
    job_id = said.json()["job_id"]
    assert at.call("GET", f"/v1/jobs/{job_id}", test).json()["status"] == "completed"
    assert at.call("GET", f"/v1/jobs/{job_id}", live).status_code == 404
    assert at.call("GET", "/v1/usage", live).json().get("pages_this_month", 0) == 0
    said = at.call("POST", "/v1/extract", live, files=files, data={"options": at.fresh()})
    assert said.status_code == 202


STRANGER = [
    ("GET", "/v1/jobs/J"),
    ("DELETE", "/v1/jobs/J"),
    ("POST", "/v1/jobs/J/purge"),
    ("GET", "/v1/jobs/J/events"),
    ("GET", "/v1/jobs/J/result"),
    ("GET", "/v1/jobs/J/pages/1.png"),
    ("GET", "/v1/jobs/J/images/blk_000000000000"),
    ("GET", "/api/jobs/J"),
    ("DELETE", "/api/jobs/J"),
    ("GET", "/api/tools/v1/queue/J"),
    ("GET", "/api/tools/v1/queue/J/result"),
]


@pytest.mark.parametrize(("method", "path"), STRANGER)
def test_another_owners_job_is_the_same_as_none(at, method, path):
    waiting, done = at.waiting(), at.completed()
    said = {}
    for job_id in (waiting, done, NOWHERE):
        answer = at.call(method, path.replace("J", job_id), at.other)
        kept = {k: v for k, v in answer.headers.items() if k not in _OF_THE_MOMENT}
        said[answer.status_code, answer.text.replace(job_id, "J"), str(kept)] = job_id
    assert len(said) == 1, said
    assert next(iter(said))[0] == 404
    assert at.call("GET", f"/v1/jobs/{waiting}").json()["status"] == "queued"
    assert at.call("GET", f"/v1/jobs/{done}").json()["document"]


_OF_THE_MOMENT = {"date", "x-request-id", "request-id"}


def test_another_owners_jobs_are_in_no_list(at):
    job_id = at.waiting()
    for path in ("/v1/jobs?limit=100", "/api/jobs?limit=100", "/api/tools/v1/queue/my-jobs"):
        assert job_id in at.call("GET", path).text
        assert job_id not in at.call("GET", path, at.other).text


def test_an_admin_reads_the_usage_of_all_and_a_plain_key_its_own(at):
    at.completed()
    own = at.call("GET", "/v1/usage", at.other).text
    assert '"ada"' not in own
    assert '"ada"' in at.call("GET", "/v1/usage", at.admin).text


def test_a_jobs_token_opens_that_job_alone(at):
    said = at.call(
        "POST",
        "/v1/extract",
        data={"options": at.fresh()},
        files={"file": ("a.pdf", at.invoice)},
    ).json()
    path, token = f"/v1/jobs/{said['job_id']}", {"X-Job-Token": said["job_token"]}
    other = at.waiting()
    assert at.call("DELETE", f"/v1/jobs/{other}", "", headers=token).status_code in {401, 403, 404}
    assert at.call("DELETE", path, "").status_code == 401
    assert at.call("DELETE", path, "", headers=token).status_code == 204
    assert at.call("GET", path).json()["status"] == "cancelled"


# --- limits -------------------------------------------------------------------------------------


def test_the_headers_count_down(at):
    key = at.mint(owner="carl", per_day=5, pages_per_month=100)
    left = []
    for _ in range(3):
        said = at.call("GET", "/v1/jobs", key)
        left.append(int(said.headers["x-ratelimit-remaining"]))
        assert said.headers["x-ratelimit-limit"] == "5"
        assert 0 < int(said.headers["x-ratelimit-reset"]) <= 86_400
        assert said.headers["x-usage-pages-this-month"] == "0"
        assert said.headers["x-usage-pages-limit"] == "100"
    assert left == [4, 3, 2]
    free = at.call("GET", "/v1/jobs", at.mint(owner="carl"))
    assert free.headers["x-usage-pages-limit"] == "unlimited"


def test_the_limits_hold_over_all_dialects_together(at):
    key = at.mint(owner="dora", per_day=2)
    assert at.call("GET", "/v1/jobs", key).status_code == 200
    assert at.call("GET", "/api/jobs", key).status_code == 200
    said = at.call("GET", "/api/tools/v1/queue/my-jobs", key)
    assert (said.status_code, set(said.json())) == (429, {"error"})
    assert int(said.headers["retry-after"]) >= 1


def announced(serving: Serving, key: str) -> bytes:
    """The first bytes of the answer to an upload of which only the headers are sent."""
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as line:
        line.sendall(
            b"POST /v1/extract HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n"
            + (f"Authorization: Bearer {key}\r\n" if key else "").encode()
            + b"\r\n"
        )
        return line.recv(12)


def test_a_request_is_refused_before_its_body_is_read(at):
    assert announced(at.serving, at.limited()) == b"HTTP/1.1 429"
    assert announced(at.serving, "") == b"HTTP/1.1 401"
    assert announced(at.serving, at.mint(scopes=("jobs:read",))) == b"HTTP/1.1 403"


def test_a_limit_that_is_used_up_survives_a_restart(tmp_path):
    serving = Serving(tmp_path)
    try:
        serving.start("--no-work")
        key = serving.minted("ada", per_day=2).secret
        with serving.client(key) as client:
            assert [client.get("/v1/jobs").status_code for _ in range(3)] == [200, 200, 429]
        serving.stop()
        serving.start("--no-work")
        with serving.client(key) as client:
            assert client.get("/v1/jobs").status_code == 429
        serving.stop()
    finally:
        serving.close()


def test_quota_counts_what_was_done_and_not_what_was_known(at):
    key = at.mint(owner="quinn", pages_per_month=2)
    files = {"file": ("q.pdf", at.invoice + b"\n% quinn")}
    first = at.call("POST", "/v1/extract", key, files=files)
    assert first.status_code == 202
    at.serving.finish(first.json()["job_id"], at.document)
    for _ in range(3):
        assert at.call("POST", "/v1/extract", key, files=files).json()["cache_hit"] is True
    assert at.call("GET", "/v1/jobs", key).headers["x-usage-pages-this-month"] == "1"
    fresh = {"file": ("r.pdf", at.invoice + b"\n% another")}
    again = at.call("POST", "/v1/extract", key, files=fresh)
    assert again.status_code == 202
    at.serving.finish(again.json()["job_id"], at.document)
    said = at.call("POST", "/v1/extract", key, files={"file": ("s.pdf", at.invoice + b"\n% s")})
    assert (said.status_code, said.json()["error"]["code"]) == (402, "QUOTA_EXCEEDED")
    assert at.call("GET", "/v1/jobs", key).status_code == 200, "reading is no page"


# --- idempotency --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields", "name"),
    [
        ("/v1/extract", {"options": '{"bypass_cache": true}'}, "job_id"),
        ("/v1/jobs", {"type": "parse", "bypass_cache": "true"}, "job_id"),
        ("/api/queue/jobs", {"tool": "parse"}, "jobId"),
        ("/api/jobs", {"type": "parse"}, "id"),
        ("/api/tools/v1/queue", {"tool": "parse"}, "jobId"),
    ],
)
def test_the_same_submission_twice_is_one_job(at, path, fields, name):
    content = at.invoice + path.encode()
    headers = {"Idempotency-Key": f"{path} {time.time()}"}
    said = []
    for boundary in ("one", "another"):
        request = httpx.Request(
            "POST",
            at.serving.url + path,
            data=fields,
            files={"file": ("a.pdf", content)},
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}", **headers,
                     "Authorization": f"Bearer {at.key}"},
        )  # fmt: skip
        said.append(at.http.send(request))
    assert [one.status_code for one in said] == [202, 202], [one.text for one in said]
    first, second = (one.json() for one in said)
    assert first[name] == second[name]
    if "jobToken" in first:
        assert first["jobToken"] != second["jobToken"]
        for token in (first["jobToken"], second["jobToken"]):
            asked = {"jobId": first["jobId"], "jobToken": token}
            assert at.call("GET", "/api/queue", "", params=asked).status_code == 200
    other = at.call("POST", path, at.other, data=fields, files={"file": ("a.pdf", content)},
                    headers=headers)  # fmt: skip
    assert other.json()[name] != first[name], "keys are each owner's own"
    changed = {"file": ("a.pdf", content + b"\n")}
    said = at.call("POST", path, data=fields, files=changed, headers=headers)
    assert said.status_code == 422
    at.serving.finish(first[name], at.document)
    said = at.call("POST", path, data=fields, files={"file": ("a.pdf", content)},
                   headers=headers)  # fmt: skip
    assert said.status_code in {200, 202}
    assert said.json()[name] == first[name]


# --- files --------------------------------------------------------------------------------------

NAMES = ["Übersicht № 7 – 決算.pdf", 'a "quoted"; name=x.pdf', "naïve%20.pdf", "a\\b.pdf", "🙂.pdf",
         "\u202eevil.pdf", "a" * 300 + ".pdf"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_in_the_disposition(at, name):
    made = Outcome(content=b"x", media_type="text/plain; charset=utf-8", filename=name)
    said = at.call("GET", f"/v1/jobs/{at.completed(made)}/result")
    assert said.headers["content-type"] == "text/plain; charset=utf-8"
    disposition = said.headers["content-disposition"]
    assert re.fullmatch(r"[\x20-\x7e]*", disposition)
    assert disposition.startswith("attachment")
    extended = re.search(r"filename\*=utf-8''([^;]*)", disposition, re.I)
    told = (
        unquote(extended[1])
        if extended
        else re.search(r'filename="((?:\\.|[^"])*)"', disposition)[1]
    )
    told = told.replace('\\"', '"').replace("\\\\", "\\")
    if name.isprintable() and len(name) < 200 and "\\" not in name:
        assert told == name
    assert "\u202e" not in told


def test_parts_of_a_file(at):
    content = bytes(range(256)) * 400
    job_id = at.completed(Outcome(content=content, media_type="application/x-parts"))
    path = f"/v1/jobs/{job_id}/result"

    def get(**headers: str) -> httpx.Response:
        return at.call("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    whole = get()
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["accept-ranges"] == "bytes"
    tag = whole.headers["etag"]
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=102390-", 102390, 102400),
        ("bytes=-10", 102390, 102400),
        ("bytes=0-999999", 0, 102400),
    ):
        part = get(Range=asked)
        assert (part.status_code, part.content) == (206, content[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(content)}"
    assert get(Range="bytes=5-9", If_Range=tag).status_code == 206
    assert get(Range="bytes=5-9", If_Range='"other"').content == content
    assert get(Range="bytes=102400-").status_code == 416
    for nonsense in ("bytes=9-5", "bytes=x", "pages=1-2", "bytes=", "bytes=--1"):
        assert get(Range=nonsense).status_code in {200, 416}
    assert get(If_None_Match=tag).status_code == 304
    assert get(If_None_Match='"other", ' + tag).status_code == 304
    assert get(If_None_Match="*").status_code == 304
    head = at.call("HEAD", path)
    if head.status_code == 200:
        assert head.headers["content-length"] == str(len(content))
        assert head.content == b""
    else:
        assert head.status_code == 405


def test_a_page_and_a_block_are_pictures(at):
    job_id = at.pictured()
    for path in ("pages/1.png", f"images/{at.picture}"):
        said = at.call("GET", f"/v1/jobs/{job_id}/{path}")
        kind = said.headers["content-type"]
        assert kind == "image/png" or path.startswith("images/")
        with Image.open(io.BytesIO(said.content)) as picture:
            assert Image.MIME[picture.format] == kind


# --- the end of everything ----------------------------------------------------------------------


def test_a_purge_leaves_no_byte_and_no_answer_from_the_cache(at):
    rare = f"zwiebelfisch{time.time_ns()}"
    files = {"file": (f"{rare}.pdf", at.invoice + f"\n% {rare} source".encode())}
    said = at.call("POST", "/v1/extract", files=files)
    job_id = said.json()["job_id"]
    at.serving.finish(job_id, Outcome(content=json.dumps({"x": f"{rare} result"}).encode()))
    assert at.serving.places_of(rare)
    assert at.call("POST", f"/v1/jobs/{job_id}/purge").status_code == 204
    for path in (f"/v1/jobs/{job_id}", f"/api/jobs/{job_id}", f"/api/tools/v1/queue/{job_id}"):
        assert rare not in at.call("GET", path).text
    assert at.call("GET", f"/v1/jobs/{job_id}/result").status_code == 410
    until(lambda: at.serving.places_of(rare), lambda places: not places, seconds=30)
    again = at.call("POST", "/v1/extract", files=files)
    assert again.status_code == 202, "the cache forgot it too"
    at.call("POST", f"/v1/jobs/{again.json()['job_id']}/purge")


def test_a_result_that_is_kept_for_no_time_is_seen_once(at):
    files = {"file": ("n.pdf", at.invoice)}
    asked = {"options": at.fresh(result_retain_hours=0)}
    job_id = at.call("POST", "/v1/extract", files=files, data=asked).json()["job_id"]
    at.serving.finish(job_id, at.document)
    path = f"/v1/jobs/{job_id}"
    assert at.call("GET", path).json()["document"]
    until(lambda: at.call("GET", path).json()["document"], lambda seen: seen is None, seconds=20)
    assert at.call("GET", f"{path}/result").status_code == 410


# --- the house ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.json"])
def test_what_the_house_says_without_a_key(at, path):
    said = at.call("GET", path, "")
    assert said.status_code == 200
    if path == "/docs":
        there = re.findall(r"""(?:src|href)=["'](https?:)?//""", said.text)
        assert there == [], "the page loads nothing from another host"


def test_the_metrics_are_for_an_admin(at):
    said = at.call("GET", "/metrics", at.admin)
    assert said.status_code == 200
    assert said.headers["content-type"].startswith("text/plain")
    assert "pagequeue" in said.text
    assert at.call("GET", "/metrics").status_code == 403


def test_each_answer_names_its_request(at):
    said = at.call("GET", "/v1/jobs")
    assert said.headers["x-request-id"]
    named = at.call("GET", "/v1/jobs", headers={"X-Request-ID": "mine-7"})
    assert named.headers["x-request-id"]
    forged = at.call("GET", "/v1/jobs", headers={"X-Request-ID": "a\tb" + "x" * 5000})
    assert len(forged.headers["x-request-id"]) < 200


def test_no_secret_is_in_the_log(at):
    password = f"opensesame{time.time_ns()}"
    said = at.call(
        "POST",
        "/v1/extract",
        files={"file": ("p.pdf", at.invoice)},
        data={"options": at.fresh(password=password)},
    )
    token = at.tokened("completed")
    asked = {"jobId": token["jobId"], "jobToken": token["jobToken"]}
    assert at.call("GET", "/api/queue", "", params=asked).status_code == 200
    assert said.status_code in {202, 422}
    log = at.serving.log
    for secret in (at.key, password, token["jobToken"]):
        assert secret not in log


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/nosuch", "code"),
        ("/api/jobs/a/b", "code"),
        ("/api/tools/v1/queue/a/b", "text"),
        ("/api/queue/nosuch", "any"),
        ("/nosuch", "any"),
    ],
)
def test_a_path_that_is_not_there(at, path, shape):
    said = at.call("GET", path)
    assert said.status_code == 404
    error = said.json().get("error", said.json())
    if shape == "code":
        assert set(error) >= {"code", "message"}
    elif shape == "text":
        assert isinstance(error, str)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/extract", "POST"),
        ("/v1/jobs", "GET, POST"),
        ("/v1/jobs/x", "DELETE, GET"),
        ("/v1/jobs/x/purge", "POST"),
        ("/api/jobs", "GET, POST"),
        ("/api/jobs/x", "DELETE, GET"),
        ("/api/queue", "DELETE, GET"),
        ("/api/queue/jobs", "POST"),
        ("/api/tools/v1/queue", "POST"),
        ("/api/tools/v1/queue/x", "GET"),
    ],
)
def test_a_method_that_is_not_there_names_those_that_are(at, path, allowed):
    for method in ("PUT", "PATCH", "PROPFIND"):
        said = at.call(method, path)
        assert said.status_code == 405
        (allow,) = said.headers.get_list("allow")
        named = sorted({word.strip() for word in allow.split(",")} - {"HEAD", "OPTIONS"})
        assert ", ".join(named) == allowed


# --- a server for one person, and one behind another ---------------------------------------------


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """A server that asks for no keys, at a path of its own."""
    serving = Serving(tmp_path_factory.mktemp("private"), "echo")
    try:
        serving.start("--no-work", "--anonymous", "--root-path", "/desk")
        yield serving
        serving.stop()
    finally:
        serving.close()


def test_without_keys_everything_is_open_and_a_job_has_its_token(private):
    with private.client() as client:
        file = {"file": ("a.txt", b"x")}
        job = client.post("/api/queue/jobs", data={"tool": "echo"}, files=file).json()
        asked = {"jobId": job["jobId"], "jobToken": job["jobToken"]}
        assert client.get("/api/queue", params=asked).json()["status"] == "pending"
        assert client.get("/api/queue", params={**asked, "jobToken": "x"}).status_code == 403
        seen = client.get(f"/v1/jobs/{job['jobId']}").json()
        assert seen["status_url"] == f"{private.url}/desk/v1/jobs/{job['jobId']}"
        assert client.delete(f"/v1/jobs/{job['jobId']}").status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_without_keys_no_page_of_another_site_gets_in(private, headers):
    with private.client() as client:
        before = client.get("/v1/jobs").json()["jobs"]
        for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/jobs")):
            said = client.request(method, path, headers=headers, json={"type": "echo"})
            assert 400 <= said.status_code < 500
        assert client.get("/v1/jobs").json()["jobs"] == before


def test_without_keys_it_listens_to_this_machine_alone(tmp_path):
    command = [*TOOLKIT, "serve", "--db", str(tmp_path / "a.db"), "--anonymous"]
    done = subprocess.run(
        [*command, "--host", "0.0.0.0", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "anonymous" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_nobody_works_it_is_said(tmp_path):
    serving = Serving(tmp_path)
    try:
        serving.start("--no-work")
        with serving.client(serving.key("patient")) as client:
            sent = client.post("/v1/jobs", data={"type": "terrain"}).json()
            job = client.get(f"/v1/jobs/{sent['job_id']}").json()
            assert (job["status"], job["runners"]) == ("queued", 0)
            assert job["estimated_seconds"] > 0
            [listed] = client.get("/v1/jobs").json()["jobs"]
            assert listed["runners"] == 0
        serving.stop()
    finally:
        serving.close()
