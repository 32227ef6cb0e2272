"""Every status and code that is documented, reached: dialect by dialect, call by call.

``REACHED`` is the table. One test asks each of its rows of a real server; another compares the
table with what the server's own OpenAPI documents declare, so that neither says more than the
other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import httpx
import pytest
from serving import Serving
from stage import NOWHERE, Stage

from toolkit.jobs import Outcome

Ask = Callable[[Stage, str], httpx.Response]
"""Asks the call: a method and a path of the OpenAPI document, its parameters written ``{}``."""


class Row(NamedTuple):
    """A call and what it is answered; the code "*" is any code, "" none."""

    dialect: str
    call: str
    status: int
    code: str
    ask: Ask


REACHED: list[Row] = []
CODED = {"v1", "job_list"}
"""The dialects whose errors have codes."""


def reached(dialect: str, call: str, status: int, ask: Ask, code: str = "") -> None:
    REACHED.append(Row(dialect, call, status, code if dialect in CODED else "", ask))


def of(state: str, *rest: str, key: Callable[[Stage], str] | None = None, query: str = "") -> Ask:
    """Ask it of a job in this state; *rest* fills what the path asks for beside the job."""

    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        job_id = state if state == NOWHERE else getattr(at, state)()
        address = path.replace("{}", job_id, 1).format(*rest) + query
        return at.call(method, address, key and key(at))

    return ask


def plainly(query: str = "", **more: Any) -> Ask:
    """Ask it as it stands, with this behind the path."""

    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        return at.call(method, path + query, **more)

    return ask


# --- what holds for every call that a key opens ----------------------------------------------

#: The scope that each call needs, and what fills its path beside the job.
KEYED = {
    ("v1", "POST /v1/extract"): ("extract:write",),
    ("v1", "POST /v1/jobs"): ("extract:write",),
    ("v1", "GET /v1/jobs"): ("jobs:read",),
    ("v1", "GET /v1/jobs/{}"): ("jobs:read",),
    ("v1", "DELETE /v1/jobs/{}"): ("jobs:write",),
    ("v1", "POST /v1/jobs/{}/purge"): ("jobs:write",),
    ("v1", "GET /v1/jobs/{}/events"): ("jobs:read",),
    ("v1", "GET /v1/jobs/{}/result"): ("jobs:read",),
    ("v1", "GET /v1/jobs/{}/pages/{}.png"): ("jobs:read", "1"),
    ("v1", "GET /v1/jobs/{}/images/{}"): ("jobs:read", "blk_000000000000"),
    ("v1", "GET /v1/tools"): ("jobs:read",),
    ("v1", "GET /v1/stats"): ("jobs:read",),
    ("v1", "GET /v1/usage"): ("usage:read",),
    ("v1", "HEAD /v1/jobs/{}/result"): ("jobs:read",),
    ("v1", "GET /v1/webhooks"): ("jobs:read",),
    ("v1", "POST /v1/webhooks"): ("jobs:write",),
    ("v1", "GET /v1/webhooks/signing-secret"): ("jobs:write",),
    ("v1", "POST /v1/webhooks/signing-secret/rotate"): ("jobs:write",),
    ("v1", "GET /v1/deliveries"): ("jobs:read",),
    ("token_queue", "POST /api/queue/jobs"): ("extract:write",),
    ("job_list", "POST /api/jobs"): ("extract:write",),
    ("job_list", "GET /api/jobs"): ("jobs:read",),
    ("job_list", "GET /api/jobs/{}"): ("jobs:read",),
    ("job_list", "DELETE /api/jobs/{}"): ("jobs:write",),
    ("tool_queue", "POST /api/tools/v1/queue"): ("extract:write",),
    ("tool_queue", "GET /api/tools/v1/queue/{}"): ("jobs:read",),
    ("tool_queue", "GET /api/tools/v1/queue/{}/result"): ("jobs:read",),
    ("tool_queue", "GET /api/tools/v1/queue/stats"): ("jobs:read",),
    ("tool_queue", "GET /api/tools/v1/queue/my-jobs"): ("jobs:read",),
}


def lacking(scope: str) -> Callable[[Stage], str]:
    """Makes a key that may do other things."""
    others = {"extract:write", "usage:read"} - {scope}
    return lambda at: at.mint(scopes=tuple(sorted(others)))


def with_key(key: Callable[[Stage], str]) -> Ask:
    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        return at.call(method, path, key(at))

    return ask


for (dialect, call), (scope, *rest) in KEYED.items():
    method = call.split()[0]
    for status, code, key in (
        (401, "UNAUTHORIZED", lambda at: ""),
        (401, "UNAUTHORIZED", lambda at: "pk_live_" + "x" * 43),
        (401, "UNAUTHORIZED", lambda at: at.expired()),
        (401, "UNAUTHORIZED", lambda at: at.revoked()),
        (403, "INSUFFICIENT_SCOPE", lacking(scope)),
        (429, "RATE_LIMITED", lambda at: at.limited()),
    ):
        ask = of("idle", *rest, key=key) if "{}" in call else with_key(key)
        reached(dialect, call, status, ask, code)
    if "{}" in call:
        reached(dialect, call, 404, of("idle", *rest, key=lambda at: at.other), "JOB_NOT_FOUND")
        reached(dialect, call, 404, of(NOWHERE, *rest), "JOB_NOT_FOUND")
    if (method != "POST" or call.endswith("/purge")) and "webhooks" not in call:
        again = of("idle", *rest, query="?x=1&x=2") if "{}" in call else plainly("?x=1&x=2")
        reached(dialect, call, 422 if dialect == "v1" else 400, again, "VALIDATION_ERROR")


# --- handing in -------------------------------------------------------------------------------


def file(
    content: bytes | None = None,
    key: str = "",
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Ask:
    """Hand a file in, by default the invoice; *more* are the other fields of the form."""

    def ask(at: Stage, call: str) -> httpx.Response:
        path = call.split()[1]
        fields = {"tool": "parse"} if "tools" in path else {}
        form = {name: (None, value) for name, value in (fields | more).items()}
        sent = ("invoice.pdf", at.invoice if content is None else content)
        secret = getattr(at, key) if key else None
        return at.call("POST", path, secret, files={**form, "file": sent}, headers=headers or {})

    return ask


def twice(at: Stage, call: str) -> httpx.Response:
    """The same idempotency key for two different files."""
    headers = {"Idempotency-Key": f"twice {next(at.numbers)}"}
    assert file(headers=headers)(at, call).status_code in {200, 202}
    return file(at.invoice + b"\n% another", headers=headers)(at, call)


def known(at: Stage, call: str, **more: str) -> httpx.Response:
    """A file that was read before, handed in once more."""
    content = at.invoice + call.encode()
    said = file(content)(at, call)
    assert said.status_code == 202, said.text
    at.serving.finish(said.json().get("job_id") or said.json()["jobId"], at.document)
    return file(content, **more)(at, call)


#: The status of a wrong value, apart from those that have a status of their own.
DOORS = {
    ("v1", "POST /v1/extract"): 422,
    ("v1", "POST /v1/jobs"): 422,
    ("token_queue", "POST /api/queue/jobs"): 400,
    ("job_list", "POST /api/jobs"): 400,
    ("tool_queue", "POST /api/tools/v1/queue"): 400,
}
for (dialect, call), invalid in DOORS.items():
    reached(dialect, call, 202, file())
    markup = file(b"<html><script>1</script></html>")
    reached(dialect, call, 400, markup, "UNSUPPORTED_FILE_TYPE" if dialect == "v1" else "*")
    reached(dialect, call, 413, file(b"%PDF-1.4\n" + b"x" * 400_000), "FILE_TOO_LARGE")
    reached(dialect, call, 402, file(key="spent"), "QUOTA_EXCEEDED")
    reached(dialect, call, 422, twice, "IDEMPOTENCY_CONFLICT")
    reached(dialect, call, invalid, file(headers={"Idempotency-Key": "k" * 256}), "*")

V1 = "v1"
for call in ("POST /v1/extract", "POST /v1/jobs"):
    reached(V1, call, 200, known)
for wrong in (
    {"options": "{"},
    {"options": "[]"},
    {"options": '{"extraction_profile": "extreme"}'},
    {"options": '{"retain_hours": 169}'},
    {"options": '{"retain_hours": -1}'},
    {"options": '{"include_layout": "maybe"}'},
    {"options": '{"nosuch": 1}'},
    {"options": '{"callback_url": "ftp://example.org/"}'},
    {"options": '{"callback_url": "https://127.0.0.1/"}'},
    {"sync": "perhaps"},
    {"sync_timeout_seconds": "soon"},
):
    reached(V1, "POST /v1/extract", 422, file(**wrong), "*")
reached(V1, "POST /v1/extract", 422, plainly(data={"options": "{}"}), "*")
reached(V1, "POST /v1/jobs", 422, plainly(json={"type": "nosuch"}), "VALIDATION_ERROR")
reached(V1, "POST /v1/jobs", 422, plainly(json=[1]), "*")
reached(V1, "POST /v1/jobs", 422, plainly(content=b"{"), "*")


def reusing(state: str) -> Ask:
    """Hand in the file of an earlier job in this state."""

    def ask(at: Stage, call: str) -> httpx.Response:
        job_id = state if state == NOWHERE else getattr(at, state)()
        asked = {"type": "parse", "input": f"jobid://{job_id}"}
        return at.call("POST", call.split()[1], json=asked)

    return ask


for dialect, call in ((V1, "POST /v1/jobs"), ("job_list", "POST /api/jobs")):
    reached(dialect, call, 202, reusing("waiting"))
    reached(dialect, call, 404, reusing(NOWHERE), "JOB_NOT_FOUND")
    reached(dialect, call, 410, reusing("gone"), "RESULT_GONE")
sync_known = partial(known, mode="sync")
reached("tool_queue", "POST /api/tools/v1/queue", 200, sync_known)

# --- a job and what is said of it -------------------------------------------------------------

EVERY = ("idle", "waiting", "running", "completed", "failed", "retrying", "cancelled", "gone")
ACTIVE, ENDED = ("waiting", "running", "retrying"), ("completed", "failed", "cancelled")
JOB = "/v1/jobs/{}"
for state in EVERY:
    reached(V1, f"GET {JOB}", 200, of(state))
    reached(V1, f"POST {JOB}/purge", 204, of(state))
for state in ACTIVE:
    reached(V1, f"DELETE {JOB}", 204, of(state))
for state in ENDED:
    reached(V1, f"DELETE {JOB}", 409, of(state), f"JOB_ALREADY_{state.upper()}")
for state in (*ENDED, "gone"):
    reached(V1, f"GET {JOB}/events", 200, of(state))
reached(V1, "GET /v1/jobs", 200, plainly("?limit=1&status=queued"))
for query in ("limit=0", "limit=101", "limit=x", "status=x", "cursor=x", "limit=1&limit=2"):
    reached(V1, "GET /v1/jobs", 422, plainly(f"?{query}"), "*")
reached(V1, "GET /v1/tools", 200, plainly())
reached(V1, "GET /v1/stats", 200, plainly())
reached(V1, "GET /v1/usage", 200, plainly())
reached(V1, "GET /v1/usage", 422, plainly("?month=July"), "*")


def ranged(asked: str) -> Ask:
    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        job_id = at.completed(Outcome(content=b"0123456789", media_type="text/plain"))
        return at.call(method, path.format(job_id), headers={"Range": asked})

    return ask


def unchanged(*rest: str, state: str = "completed") -> Ask:
    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        address = path.format(getattr(at, state)(), *rest)
        tag = at.call(method, address).headers["etag"]
        return at.call(method, address, headers={"If-None-Match": tag})

    return ask


def changed_since(*rest: str, state: str = "completed") -> Ask:
    """Ask for it on condition that it is what it never was."""

    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        address = path.format(getattr(at, state)(), *rest)
        return at.call(method, address, headers={"If-Match": '"another"'})

    return ask


RESULTS = (
    (V1, f"GET {JOB}/result"),
    (V1, f"HEAD {JOB}/result"),
    ("tool_queue", "GET /api/tools/v1/queue/{}/result"),
)
for dialect, call in RESULTS:
    reached(dialect, call, 200, of("completed"))
    if call.startswith("GET"):  # a range is of a GET alone
        reached(dialect, call, 206, ranged("bytes=2-4"))
        reached(dialect, call, 416, ranged("bytes=20-40"), "*")
    reached(dialect, call, 412, changed_since(), "*")
    reached(dialect, call, 304, unchanged())
    reached(dialect, call, 410, of("gone"), "RESULT_GONE")
    for state in (*ACTIVE, "failed", "cancelled"):
        reached(dialect, call, 409, of(state), "*")

PAGE, IMAGE = f"GET {JOB}/pages/{{}}.png", f"GET {JOB}/images/{{}}"
reached(V1, PAGE, 200, of("completed", "1"))
reached(V1, PAGE, 304, unchanged("1"))
reached(V1, PAGE, 400, of("textual", "1"), "UNSUPPORTED_FILE_TYPE")
reached(V1, PAGE, 409, of("addressed", "1"), "*")
reached(V1, PAGE, 412, changed_since("1"), "*")
reached(V1, PAGE, 410, of("gone", "1"), "RESULT_GONE")
reached(V1, PAGE, 404, of("completed", "2"), "*")
for number in ("0", "99999999999999999999", "one", "-1", "1e3"):
    reached(V1, PAGE, 422, of("completed", number), "*")
reached(V1, IMAGE, 404, of("completed", "blk_000000000000"), "*")
reached(V1, IMAGE, 410, of("gone", "blk_000000000000"), "RESULT_GONE")
reached(V1, IMAGE, 409, of("running", "blk_000000000000"), "*")
reached(V1, IMAGE, 200, lambda at, call: of("pictured", at.picture)(at, call))
reached(V1, IMAGE, 412, lambda at, call: changed_since(at.picture, state="pictured")(at, call), "*")
reached(V1, IMAGE, 304, lambda at, call: unchanged(at.picture, state="pictured")(at, call))
reached(V1, f"HEAD {JOB}/result", 405, of("one_time"), "*")

# --- webhooks ---------------------------------------------------------------------------------

HOOKS = "/v1/webhooks"
HOOK = f"{HOOKS}/{{}}"
reached(V1, f"POST {HOOKS}", 201, plainly(json={"url": "https://example.org/told"}))
reached(V1, f"GET {HOOKS}", 200, plainly())
for wrong in (
    {"url": "http://example.org/"},
    {"url": "https://127.0.0.1/"},
    {"url": "https://example.org/", "events": ["job.begun"]},
    {"url": 1},
    {},
    [],
):
    reached(V1, f"POST {HOOKS}", 422, plainly(json=wrong), "*")
reached(V1, f"POST {HOOKS}", 413, plainly(content=b" " * 300_000), "*")
for call, status, body in (
    (f"GET {HOOK}", 200, None),
    (f"PATCH {HOOK}", 200, {"enabled": False}),
    (f"DELETE {HOOK}", 204, None),
    (f"GET {HOOK}/deliveries", 200, None),
    (f"POST {HOOK}/test", 202, None),
    (f"POST {HOOK}/rotate", 200, None),
    ("POST /v1/deliveries/{}/redeliver", 202, None),
):

    def hooked(
        at: Stage, call: str, body: Any = body, key: str | None = None, query: str = ""
    ) -> httpx.Response:
        method, path = call.split()
        more = {} if body is None else {"json": body}
        of_what = at.delivery() if "deliveries/" in path else at.hook()
        return at.call(method, path.format(of_what) + query, key, **more)

    reached(V1, call, status, hooked)
    reached(V1, call, 401, lambda at, call, h=hooked: h(at, call, key=""), "UNAUTHORIZED")
    reached(V1, call, 404, lambda at, call, h=hooked: h(at, call, key=at.other), "*")
    reached(V1, call, 429, lambda at, call, h=hooked: h(at, call, key=at.limited()), "*")
    few = lacking("jobs:read")
    reached(V1, call, 403, lambda at, call, h=hooked, few=few: h(at, call, key=few(at)), "*")
reached(V1, f"PATCH {HOOK}", 422, lambda at, call: hooked(at, call, body={"url": None}), "*")
reached(V1, "GET /v1/webhooks/signing-secret", 200, plainly())
reached(V1, "POST /v1/webhooks/signing-secret/rotate", 200, plainly())
reached(V1, "GET /v1/deliveries", 200, plainly())
reached(V1, "GET /v1/deliveries", 422, plainly("?limit=0"), "*")
wrong_overlap = partial(hooked, body=None, query="?overlap_seconds=-1")
reached(V1, f"POST {HOOK}/rotate", 422, wrong_overlap, "*")

# --- the queue with tokens --------------------------------------------------------------------

A = "token_queue"


def tokened(state: str, **changed: str | None) -> Ask:
    """Ask it of a job in this state, with its token and no key."""

    def ask(at: Stage, call: str) -> httpx.Response:
        method, path = call.split()
        job = at.tokened(state)
        asked = {"jobId": job["jobId"], "jobToken": job["jobToken"]} | changed
        return at.call(method, path, "", params={k: v for k, v in asked.items() if v is not None})

    return ask


for call, status, state, changed in (
    ("GET /api/queue", 200, "waiting", {}),
    ("GET /api/queue", 200, "gone", {}),
    ("GET /api/queue", 400, "waiting", {"jobId": None}),
    ("GET /api/queue", 400, "waiting", {"jobToken": None}),
    ("GET /api/queue", 403, "waiting", {"jobToken": "wrong"}),
    ("GET /api/queue", 404, "waiting", {"jobId": NOWHERE}),
    ("DELETE /api/queue", 200, "waiting", {}),
    ("DELETE /api/queue", 200, "running", {}),
    ("DELETE /api/queue", 403, "waiting", {"jobToken": None}),
    ("DELETE /api/queue", 403, "waiting", {"jobToken": "wrong"}),
    ("DELETE /api/queue", 404, "waiting", {"jobId": None}),
    ("DELETE /api/queue", 404, "completed", {}),
    ("DELETE /api/queue", 404, "cancelled", {}),
    ("GET /api/queue/result", 200, "completed", {}),
    ("GET /api/queue/result", 202, "waiting", {}),
    ("GET /api/queue/result", 202, "running", {}),
    ("GET /api/queue/result", 403, "completed", {"jobToken": "wrong"}),
    ("GET /api/queue/result", 404, "completed", {"jobId": NOWHERE}),
    ("GET /api/queue/result", 404, "cancelled", {}),
    ("GET /api/queue/result", 404, "failed", {}),
    ("GET /api/queue/result", 410, "gone", {}),
):
    reached(A, call, status, tokened(state, **changed))
reached(A, "POST /api/queue/jobs", 400, plainly(data={"tool": "parse"}))
reached(A, "POST /api/queue/jobs", 400, plainly(data={"tool": "nosuch"}))
reached(A, "POST /api/queue/jobs", 400, file(options="[]"))

# --- the list of jobs -------------------------------------------------------------------------

C = "job_list"
reached(C, "GET /api/jobs", 200, plainly("?limit=1"))
for query in ("limit=0", "limit=101", "offset=-1", "status=nosuch", "limit=ten"):
    reached(C, "GET /api/jobs", 400, plainly(f"?{query}"), "VALIDATION_ERROR")
for state in EVERY:
    reached(C, "GET /api/jobs/{}", 200, of(state))
for state in ACTIVE:
    reached(C, "DELETE /api/jobs/{}", 200, of(state))
for state in ENDED:
    reached(C, "DELETE /api/jobs/{}", 409, of(state), "*")
SOME = '"type": "parse", "input": "https://example.org/a.pdf"'
for body in (
    *("{", "[]", "null", '"x"', '{"type": 1}', '{"type": "parse"}'),
    '{"type": "parse", "input": "ftp://example.org/a.pdf"}',
    '{"type": "parse", "input": "file:///etc/passwd"}',
    f'{{{SOME}, "config": {{"strategy": "odd"}}}}',
    f'{{{SOME}, "config": {{"overlap": -1}}}}',
    f'{{{SOME}, "webhook_url": "gopher://example.org"}}',
):
    as_json = {"Content-Type": "application/json"}
    reached(C, "POST /api/jobs", 400, plainly(content=body.encode(), headers=as_json), "*")

# --- the tool queue ---------------------------------------------------------------------------

D = "tool_queue"
for state in EVERY:
    reached(D, "GET /api/tools/v1/queue/{}", 200, of(state))
reached(D, "GET /api/tools/v1/queue/stats", 200, plainly())
reached(D, "GET /api/tools/v1/queue/my-jobs", 200, plainly())
reached(D, "POST /api/tools/v1/queue", 400, plainly(data={"tool": "nosuch"}))
reached(D, "POST /api/tools/v1/queue", 400, file(mode="later"))


def shown(row: Row) -> str:
    return f"{row.dialect} {row.call} {row.status} {row.code}".strip()


@pytest.fixture(scope="module")
def at(strict: Serving, invoices: list[Any]) -> Iterator[Stage]:
    stage = Stage(strict, invoices[0].read_bytes())
    yield stage
    stage.http.close()


def code_of(dialect: str, said: httpx.Response) -> str:
    """The error code in an answer, where its dialect has one; the shape is checked on the way."""
    if said.status_code < 400 or dialect == "token_queue":
        return ""
    if said.request.method == "HEAD" or said.status_code in {412, 416}:
        assert said.content == b""
        return "none"
    error = said.json()["error"]
    if dialect == "tool_queue":
        assert set(said.json()) == {"error"}
        assert error
        assert isinstance(error, str)
        return ""
    assert set(error) >= {"code", "message", *(("details",) if dialect == "job_list" else ())}
    assert error["message"]
    return str(error["code"])


@pytest.mark.parametrize("row", REACHED, ids=shown)
def test_each_documented_answer_is_reached(at, row):
    said = row.ask(at, row.call)
    assert said.status_code == row.status, said.text[:500]
    code = code_of(row.dialect, said)
    assert code == "none" or row.code in {"*", code}, said.text
    if row.status == 401:
        assert said.headers["www-authenticate"].lower().startswith("bearer")
    if row.status == 429:
        assert int(said.headers["retry-after"]) >= 1
    if row.status in {204, 304}:
        assert said.content == b""


NEVER = re.compile(r"5\d\d|default")
"""What a document may declare and no test can reach by asking."""


def elsewhere(call: str, status: int) -> bool:
    """Whether a declared answer is not in the table, and why."""
    if "/v1/desk/" in call:  # what a Client asks: held by the suite that all desks pass
        return True
    if status == 408:  # each takes seconds: tests of slow clients, all at once
        return True
    # The routes of webhooks declare one set of refusals, also where there is nothing to refuse.
    routes = call.split()[1].startswith(("/v1/webhooks", "/v1/deliveries"))
    return routes and status in {404, 413, 422}


def declared(serving: Serving, dialect: str) -> set[tuple[str, int]]:
    """(call, status) of everything that the dialect's own document declares."""
    document = httpx.get(f"{serving.url}/openapi/{dialect}.json").json()
    return {
        (f"{method.upper()} {re.sub('{[^}]*}', '{}', path)}", int(status))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put", "patch", "delete", "head"}
        for status in operation["responses"]
        if not NEVER.fullmatch(status)
    }


@pytest.mark.parametrize("dialect", ["v1", "token_queue", "job_list", "tool_queue"])
def test_the_table_and_the_documents_agree(strict, dialect):
    said = declared(strict, dialect)
    asked = {(row.call, row.status) for row in REACHED if row.dialect == dialect}
    assert sorted(asked - said) == [], "reached, and not documented"
    left = sorted(one for one in said - asked if not elsewhere(*one))
    assert left == [], "documented, and reached by no test"
