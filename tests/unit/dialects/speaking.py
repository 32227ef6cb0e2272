"""Jobs in every state, calls of every kind, and what an answer is measured by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import made
import msgspec
from jsonschema import Draft202012Validator

from toolkit.dialects.exchange import Call, Dialect, Reply, Route, Upload, View
from toolkit.dialects.registry import DIALECTS
from toolkit.document.blocks import Diagram, Edge, Heading, Image, Node, Paragraph, Table
from toolkit.document.wire import MEDIA_TYPE, encode
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

ROOT = "https://desk.example/queue"
NOW = 1_778_760_000.0  # 2026-05-14T12:00:00Z
JOB = "job_0123456789abcdef"
ROUTES = [(dialect, route) for dialect in DIALECTS for route in dialect.routes]
UPLOAD = Upload(
    field="file", filename="doc.pdf", sha256="ab" * 32, size=184_321, media_type="application/pdf"
)


def spoken(name: str) -> Dialect:
    return next(dialect for dialect in DIALECTS if dialect.name == name)


def route(name: str, method: str, path: str) -> Route:
    """The route of the dialect *name* whose path ends so after its prefix."""
    dialect = spoken(name)
    return next(
        one for one in dialect.routes if (one.method, one.path) == (method, dialect.prefix + path)
    )


def called(route: Route) -> str:
    return f"{route.method} {route.path}"


def job(status: JobState = JobState.QUEUED, **own: Any) -> Job:
    """A job as the store would give it in this state, with *own* fields changed."""
    known: dict[str, Any] = {
        "id": JOB,
        "number": 7,
        "tool": "parse",
        "status": status,
        "filename": "doc.pdf",
        "origin": "upload",
        "sha256": "ab" * 32,
        "size": 184_321,
        "media_type": "application/pdf",
        "batch": None,
        "owner": "ann",
        "priority": 0,
        "created_at": NOW,
        "updated_at": NOW,
        "retain": 86_400.0,
        "result_retain": 86_400.0,
    }
    return Job(**{**known, **_in_state(status), **own})


def _in_state(status: JobState) -> dict[str, Any]:
    running = {"started_at": NOW + 1, "updated_at": NOW + 4, "attempt": 1, "claims": 1}
    ended = {**running, "ended_at": NOW + 8, "updated_at": NOW + 8}
    failed = {"error": "page 3 cannot be read", "error_code": "PAGE_UNREADABLE", "attempt": 3}
    match status:
        case JobState.QUEUED:
            return {}
        case JobState.RETRYING:
            return {**running, **failed, "attempt": 1, "run_at": NOW + 60}
        case JobState.PROCESSING:
            return {**running, "progress": 45.7, "stage": "parsing", "pages": 10, "runner": "r1"}
        case JobState.COMPLETED:
            return {**ended, "progress": 100.0, "pages": 10, "has_result": True} | {
                "result_expires_at": NOW + 8 + 86_400
            }
        case JobState.FAILED:
            return {**ended, **failed}
        case JobState.CANCELLED:
            return ended


PICTURE = "aGVsbG8="
DOCUMENT = made.document(
    [
        made.block(Heading, text="Quarterly Report"),
        made.block(Paragraph, text="Sales rose. " * 30),
        made.block(
            Table,
            headers=("Region", "Sales"),
            rows=(("North", "12"), ("South", "7")),
            header_rows=1,
            cells=(),
        ),
        made.block(Image, image_b64=PICTURE, alt="a map"),
        made.block(
            Diagram,
            nodes=(Node(id="a", label="A", bbox=(0, 0, 0.5, 0.5)), Node(id="b", label="B")),
            edges=(Edge(source="a", target="b"),),
        ),
    ],
    [made.block(Heading, text="Outlook"), made.block(Paragraph, text="More of it. " * 200)],
)
CONTENT = encode(DOCUMENT)


def view(status: JobState = JobState.QUEUED, **own: Any) -> View:
    """What the queue shows of such a job; *own* fields are those of the view."""
    waits = status in (JobState.QUEUED, JobState.RETRYING)
    shown: dict[str, Any] = {
        "job": job(status),
        "position": 3 if waits else 0,
        "wait": 2.4 if waits else 0.0,
        "seconds": 0.0 if job(status).ended else 4.2,
    }
    if status is JobState.COMPLETED:
        shown |= {"document": CONTENT, "result_media_type": MEDIA_TYPE}
        shown |= {"result_filename": "doc.pdf.json", "result_size": len(CONTENT)}
    return View(**{**shown, **own})


def call(method: str = "GET", **own: Any) -> Call:
    return Call(method=method, root=ROOT, now=NOW, **own)


def told(reply: Reply) -> Any:
    assert reply.body is not None
    return msgspec.json.decode(reply.body)


def headers(reply: Reply) -> dict[str, str]:
    names = [name for name, _ in reply.headers]
    assert len(names) == len(set(names))
    return dict(reply.headers)


def schema_of(dialect: Dialect, response: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema of a response's JSON, with the components that it refers to."""
    content = response.get("content")
    if content is None:
        return None
    return {**content["application/json"]["schema"], "components": dialect.components}


def measure(dialect: Dialect, route: Route, reply: Reply) -> None:
    """Fails where *reply* is none that the operation describes."""
    responses = route.operation["responses"]
    assert str(reply.status) in responses, (called(route), reply)
    response = responses[str(reply.status)]
    schema = schema_of(dialect, response)
    if schema is None:
        assert reply.body is None
        return
    # Written and read again: what the schema says holds of JSON, not of Python.
    Draft202012Validator(schema).validate(told(reply))
    for name, described in response.get("headers", {}).items():
        value = dict(reply.headers).get(name)
        if value is not None and described["schema"].get("type") == "integer":
            assert int(value) >= described["schema"].get("minimum", 0)
