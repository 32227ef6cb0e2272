"""What calls of /api/tools/v1/queue ask of the queue, and how it is answered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from toolkit.dialects.exchange import Call, Listing, Reply, View, Wanted
from toolkit.dialects.reading import choice, idempotency_key, tool_name
from toolkit.dialects.telling import expires_at, forgotten, reason
from toolkit.dialects.times import milliseconds
from toolkit.dialects.wanting import HOUR, asked_of_parse, asked_of_tool
from toolkit.dialects.wire import path_of, replied, segment
from toolkit.errors import InvalidInput
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = [
    "LONGEST_SYNC",
    "PATH",
    "STATUSES",
    "UPLOADS",
    "looked",
    "mine",
    "statistics",
    "submission",
    "submitted",
]

PATH: Final = "/api/tools/v1/queue"
LONGEST_SYNC: Final = 120.0

STATUSES: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "queued",
    JobState.RETRYING: "queued",
    JobState.PROCESSING: "running",
    JobState.COMPLETED: "done",
    JobState.FAILED: "error",
    JobState.CANCELLED: "error",
}
UPLOADS: Final[Mapping[str, str | None]] = {"material": "image", "model": "file", "terrain": None}
"""The field that each tool of the reference takes its file in; None for one that takes none."""

_WORDS: Final = frozenset(
    ("materialMode", "name", "assetDir", "format", "password", "pages", "languages")
)
"""Fields that are text, even where they look like a number or like true."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST_NUMBER = 30


def submission(call: Call) -> Wanted:
    """A job whose options are the other fields of the form."""
    fields = dict(call.form)
    if "tool" not in fields:
        raise InvalidInput("tool: the field is missing; material, terrain or model is needed")
    tool = tool_name("tool", fields.pop("tool"))
    mode = choice("mode", fields.pop("mode", "async"), ("async", "sync"))
    _check_upload(call, tool)
    options = {name: _value(name, text) for name, text in fields.items()}
    asked = asked_of_parse(options) if tool == "parse" else asked_of_tool(options)
    return Wanted(
        tool=tool,
        **asked,
        retain=HOUR,
        result_retain=HOUR,
        idempotency_key=idempotency_key(call),
        wait=LONGEST_SYNC if mode == "sync" else 0.0,
    )


def _check_upload(call: Call, tool: str) -> None:
    if tool == "parse" and call.upload is None:
        raise InvalidInput("file: the field is missing; the tool parse works on a file")
    if tool not in UPLOADS:
        return
    field = UPLOADS[tool]
    if field is None and call.upload is not None:
        raise InvalidInput(f"{call.upload.field}: the tool {tool} takes no file")
    if field is not None and call.upload is None:
        raise InvalidInput(f"{field}: the field is missing; the tool {tool} works on a file")
    if field is not None and call.upload is not None and call.upload.field != field:
        raise InvalidInput(
            f"{call.upload.field}: the tool {tool} takes its file in the field {field}"
        )


def _value(name: str, text: str) -> Any:
    """What the field says: a number, true or false where it reads as one; otherwise its text.

    Whether it may be that is for the tool's own check, which names the field and its range.
    """
    if name in _WORDS:
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        found = float(text)
        if math.isfinite(found):
            return int(found) if found.is_integer() and abs(found) < 2**53 else found
    return text


def _url(call: Call, job: Job, more: str = "") -> str:
    return f"{path_of(call.root)}{PATH}/{segment(job.id)}{more}"


def _has_result(job: Job) -> bool:
    return job.status is JobState.COMPLETED and job.has_result and not forgotten(job)


def _error(job: Job) -> str | None:
    match job.status:
        case JobState.FAILED:
            return reason(job)
        case JobState.CANCELLED:
            return "cancelled"
        case _:
            return None


def _fields(call: Call, view: View) -> dict[str, Any]:
    job = view.job
    told = {
        "jobId": job.id,
        "toolType": job.tool,
        "status": STATUSES[job.status],
        "position": view.position,
        "estimatedWaitMs": milliseconds(view.wait),
        "createdAt": milliseconds(job.created_at),
        "startedAt": milliseconds(job.started_at),
        "completedAt": milliseconds(job.ended_at),
        "hasResult": _has_result(job),
        "resultUrl": _url(call, job, "/result") if _has_result(job) else None,
        "expiresAt": milliseconds(expires_at(job)),
    }
    error = _error(job)
    return told if error is None else {**told, "error": error}


def looked(call: Call, view: View) -> Reply:
    return replied(200, _fields(call, view))


def mine(call: Call, listing: Listing) -> Reply:
    return replied(200, {"ok": True, "jobs": [_fields(call, view) for view in listing.views]})


def submitted(call: Call, view: View) -> Reply:
    """202 and where to look; in sync mode 200 once the job has ended, well or not."""
    job = view.job
    if call.form.get("mode") != "sync" or not job.ended:
        told = {
            "ok": True,
            "jobId": job.id,
            "position": view.position,
            "estimatedWaitMs": milliseconds(view.wait),
            "statusUrl": _url(call, job),
        }
        return replied(202, told)
    named = {"jobId": job.id, "status": STATUSES[job.status]}
    if job.status is not JobState.COMPLETED:
        return replied(200, {"ok": False, **named, "error": _error(job)})
    result = {
        "filename": view.result_filename,
        "contentType": view.result_media_type,
        "size": view.result_size,
    }
    url = _url(call, job, "/result") if _has_result(job) else None
    return replied(200, {"ok": True, **named, "result": result, "resultUrl": url})


def statistics(_: Call, tools: Iterable[Any]) -> Reply:
    """How each tool is doing; jobs that wait to be tried again are among the queued."""
    queues = {
        tool.tool: {
            "label": tool.label,
            "maxConcurrent": tool.concurrency,
            "active": tool.processing,
            "queued": tool.queued + tool.retrying,
            "completed": tool.completed,
            "failed": tool.failed,
            "avgDurationMs": milliseconds(tool.mean_seconds) or 0,
        }
        for tool in tools
    }
    return replied(200, {"ok": True, "queues": queues})
