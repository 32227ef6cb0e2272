"""What calls of /api/jobs ask of the queue, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from toolkit.dialects.documents import pieces
from toolkit.dialects.exchange import Call, Cancel, Listing, Query, Reply, View, Wanted
from toolkit.dialects.reading import (
    address,
    choice,
    idempotency_key,
    json_body,
    known_only,
    object_of,
    tool_name,
    whole_of,
)
from toolkit.dialects.telling import forgotten, percent, reason, retries
from toolkit.dialects.times import iso
from toolkit.dialects.wanting import asked_of_parse, asked_of_tool, chunking, job_of, present
from toolkit.dialects.wire import link, replied, retry_after, segment
from toolkit.document.wire import decode
from toolkit.errors import InvalidInput, InvalidOption, family
from toolkit.jobs.address import shown as shown_address
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = [
    "MOST_JOBS",
    "USUAL_JOBS",
    "cancel",
    "cancelled",
    "jobs",
    "listed",
    "look",
    "looked",
    "submission",
    "submitted",
]

MOST_JOBS: Final = 100
USUAL_JOBS: Final = 50

_FIELDS: Final = frozenset(("type", "input", "config", "webhook_url"))
_FILE_TYPES: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.ms-powerpoint": "ppt",
    "application/octet-stream": "unknown",
}


def submission(call: Call) -> Wanted:
    """A job, asked for in JSON or by a form whose ``config`` is the text of JSON."""
    given = json_body(call) if call.body else _form(call)
    known_only(given, _FIELDS, "field")
    given = present(given)
    tool = tool_name("type", given.get("type", "parse"))
    config = given.get("config", {})
    if not isinstance(config, Mapping):
        raise InvalidOption("config: an object is needed")
    if call.upload is not None and "input" in given:
        raise InvalidInput("both a file and 'input' were sent: one of them is needed")
    if tool == "parse" and call.upload is None and "input" not in given:
        raise InvalidInput("nothing to parse: 'input' or a multipart field 'file' is needed")
    source = job_of("input", given["input"]) if "input" in given else {}
    webhook = given.get("webhook_url")
    return Wanted(
        tool=tool,
        **_asked(tool, present(config)),
        **source,
        callback_url=None if webhook is None else address("webhook_url", webhook),
        idempotency_key=idempotency_key(call),
    )


def _form(call: Call) -> dict[str, Any]:
    form: dict[str, Any] = dict(call.form)
    form["config"] = object_of("config", form.get("config") or "{}")
    # Left empty, it asks for nothing.
    form["webhook_url"] = form.get("webhook_url") or None
    return form


def _asked(tool: str, config: dict[str, Any]) -> Any:
    if tool != "parse":
        return asked_of_tool(config)
    cut = chunking(config)
    asked = asked_of_parse(config)
    asked["presentation"].update(cut)
    return asked


def look(_: Call) -> Query:
    return Query(document=True)


def cancel(_: Call) -> Cancel:
    return Cancel()


def jobs(call: Call) -> Query:
    """A page of the caller's jobs."""
    asked = call.query
    states = [str(state) for state in JobState]
    return Query(
        status=choice("status", asked["status"], states) if "status" in asked else None,
        tool=tool_name("type", asked["type"]) if "type" in asked else None,
        limit=whole_of("limit", asked.get("limit", str(USUAL_JOBS)), 1, MOST_JOBS),
        offset=whole_of("offset", asked.get("offset", "0"), 0, 10**9),
    )


def _row(job: Job) -> dict[str, Any]:
    told = {
        "id": job.id,
        "type": job.tool,
        "status": job.status,
        "progress": percent(job),
        "document_id": job.document_id,
        "created_at": iso(job.created_at),
    }
    if job.ended:
        told["completed_at"] = iso(job.ended_at)
    return told


def submitted(call: Call, view: View) -> Reply:
    where = link(call.root, f"/api/jobs/{segment(view.job.id)}")
    pause = retry_after(view) or (("Retry-After", "1"),)
    told = {**_row(view.job), "job_token": view.token}
    return replied(202, told, (("Location", where), *pause))


def listed(call: Call, listing: Listing) -> Reply:
    seen = jobs(call).offset + len(listing.views)
    rows = [_row(view.job) for view in listing.views]
    more = bool(rows) and seen < listing.total
    return replied(200, {"jobs": rows, "total": listing.total, "has_more": more})


def looked(call: Call, view: View) -> Reply:
    job = view.job
    told = {
        **_row(job),
        "input_url": _input_url(job),
        "result": _result(call, view),
        "metadata": {
            "filename": None if forgotten(job) else job.filename,
            "file_type": _file_type(job),
            "pages": job.pages,
        },
        "updated_at": iso(job.updated_at or job.created_at),
        "stage": job.stage,
    }
    if job.status is JobState.FAILED:
        told["error"] = reason(job)
        told["error_code"] = family(job.error_code or "INTERNAL_ERROR")
        told["retry_count"] = retries(job)
    made = view.document is not None or view.result is not None
    return replied(200, told, has_result=made and told["result"] is not None)


def _input_url(job: Job) -> str | None:
    """Where the input came from, if from an address; without what may be secret in it."""
    if job.url is not None:
        return shown_address(job.url)
    origin = job.origin or ""
    return origin if origin.lower().startswith(("https://", "http://")) else None


def _file_type(job: Job) -> str:
    kind = job.media_type or "application/octet-stream"
    return _FILE_TYPES.get(kind) or kind.partition(";")[0].rpartition("/")[2]


def _result(call: Call, view: View) -> Any:
    """What the job has made: chunks of a document, JSON as it is, or where the file is."""
    job = view.job
    if job.status is not JobState.COMPLETED or forgotten(job):
        return None
    if view.document is not None:
        return _chunked(view.document, view.presentation)
    if view.result is not None:
        return msgspec.Raw(view.result)
    if view.result_media_type is None:
        return None
    return {
        "url": link(call.root, f"/v1/jobs/{segment(job.id)}/result"),
        "filename": view.result_filename,
        "media_type": view.result_media_type,
        "size_bytes": view.result_size,
    }


def _chunked(content: bytes, presentation: Mapping[str, Any]) -> dict[str, Any]:
    document = decode(content)
    found = [
        {
            "content": piece.content,
            "page": piece.page,
            "block_ids": piece.block_ids,
            "metadata": {"type": piece.type, "confidence": piece.confidence},
        }
        for piece in pieces(document, presentation)
    ]
    source, extraction = document.source, document.extraction
    metadata = {
        "filename": source.filename,
        "file_type": source.kind,
        "pages": source.page_count,
        "chunks": len(found),
        "strategy": presentation.get("strategy", "semantic"),
        "model": extraction.model,
        "profile": extraction.profile,
        "duration_ms": extraction.duration_ms,
        "faithfulness_score": extraction.faithfulness_score,
        "per_page_failures": extraction.per_page_failures,
    }
    return {"chunks": found, "metadata": metadata}


def cancelled(_: Call, answer: tuple[View, bool]) -> Reply:
    view, _now = answer
    return replied(200, {"success": True, "job_id": view.job.id, "status": "cancelled"})
