"""Answers of /v1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from toolkit.desk import Offered
from toolkit.dialects.documents import shown
from toolkit.dialects.exchange import Call, Listing, Reply, Usage, View
from toolkit.dialects.telling import expires_at, forgotten, percent, reason, retries
from toolkit.dialects.times import iso, whole_seconds
from toolkit.dialects.wire import link, replied, retry_after, segment
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

__all__ = [
    "cancelled",
    "job_fields",
    "listed",
    "looked",
    "offered",
    "purged",
    "statistics",
    "submitted",
    "used",
]

_STATUSES: Final = {JobState.RETRYING: JobState.QUEUED}


def job_fields(view: View, root: str) -> dict[str, Any]:
    """The body of a job, without its document and its Markdown."""
    job = view.job
    return {
        "job_id": job.id,
        "status": _STATUSES.get(job.status, job.status),
        "file_info": {
            "filename": None if forgotten(job) else job.filename,
            "size_bytes": job.size,
            "mime_type": job.media_type,
        },
        "created_at": iso(job.created_at),
        "started_at": iso(job.started_at),
        "completed_at": iso(job.ended_at),
        "estimated_seconds": 0 if job.ended else whole_seconds(view.seconds),
        "status_url": link(root, f"/v1/jobs/{segment(job.id)}"),
        "expires_at": iso(expires_at(job)),
        "cache_hit": job.cache_hit,
        "error": _error(job),
        "type": job.tool,
        "progress": percent(job),
        "stage": job.stage,
        "position": view.position,
        "runners": view.runners,
        "retry_count": retries(job),
    }


def _error(job: Job) -> dict[str, str] | None:
    match job.status:
        case JobState.FAILED:
            return {
                "code": job.error_code or "INTERNAL_ERROR",
                "message": reason(job),
            }
        case JobState.CANCELLED:
            return {"code": "CANCELLED", "message": "the job was cancelled"}
        case _:
            return None


def _whole(view: View, root: str) -> dict[str, Any]:
    document: msgspec.Raw | None = None
    markdown: str | None = None
    readable = view.job.status is JobState.COMPLETED and not forgotten(view.job)
    if view.document is not None and readable:
        document, markdown = shown(view.document, view.presentation)
    return {**job_fields(view, root), "document": document, "markdown": markdown}


def submitted(call: Call, view: View) -> Reply:
    """200 with the whole job where it has ended already, otherwise 202 and where to look."""
    job, token = view.job, {"job_token": view.token}
    url = link(call.root, f"/v1/jobs/{segment(job.id)}")
    where = (("Location", url),)
    if job.ended:
        told = {**_whole(view, call.root), **token}
        return replied(200, told, where, has_result=told["document"] is not None)
    taken = {
        "job_id": job.id,
        "status": _STATUSES.get(job.status, job.status),
        "status_url": url,
        "estimated_seconds": whole_seconds(view.seconds),
        **token,
    }
    return replied(202, taken, (*where, *retry_after(view)))


def looked(call: Call, view: View) -> Reply:
    told = _whole(view, call.root)
    return replied(200, told, retry_after(view), has_result=told["document"] is not None)


def listed(call: Call, listing: Listing) -> Reply:
    jobs = [
        {**job_fields(view, call.root), "document": None, "markdown": None}
        for view in listing.views
    ]
    return replied(200, {"jobs": jobs, "next_cursor": listing.cursor})


def cancelled(_call: Call, _answer: tuple[View, bool]) -> Reply:
    return Reply(status=204)


def purged(_call: Call, _answer: None) -> Reply:
    return Reply(status=204)


def offered(_: Call, tools: Iterable[Offered]) -> Reply:
    """The types of job that can be asked for."""
    rows = [
        {
            "name": tool.name,
            "label": tool.label,
            "state": tool.state,
            "waiting": tool.waiting,
            "schema": tool.schema,
        }
        for tool in tools
    ]
    return replied(200, {"tools": rows})


def statistics(_: Call, tools: Iterable[Any]) -> Reply:
    """How each tool is doing; durations in seconds."""
    return replied(200, {"tools": [_named(tool, STATISTICS) for tool in tools]})


STATISTICS: Final = (
    *("tool", "label", "concurrency", "queued", "processing", "retrying"),
    *("completed", "failed", "cancelled", "mean_seconds"),
)
USED: Final = ("month", "owner", "tool", "jobs", "pages", "cached_jobs", "cached_pages")


def used(_: Call, usage: Usage) -> Reply:
    """What was used by month, owner and tool, and how much of the quota this month."""
    return replied(
        200,
        {
            "usage": [_named(row, USED) for row in usage.rows],
            "pages_this_month": usage.pages_this_month,
            "pages_limit": usage.pages_limit,
        },
    )


def _named(row: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
