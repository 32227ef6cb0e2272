"""The dialect of /api/jobs: jobs in a list, and documents in chunks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from toolkit.dialects import job_list_wire
from toolkit.dialects.documents import LARGEST_CHUNK, SMALLEST_CHUNK, USUAL_CHUNK
from toolkit.dialects.exchange import Reply, Route
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.dialects.operations import (
    IDEMPOTENCY,
    JOB_ID,
    RETRY_AFTER,
    Schema,
    answer,
    binary,
    faults,
    form,
    in_query,
    keyed_route,
    nullable,
    object_of,
    ref,
    several,
)
from toolkit.dialects.reading import LONGEST_ADDRESS, LONGEST_CALLBACK
from toolkit.dialects.wire import readable, replied
from toolkit.errors import ToolkitError, family
from toolkit.jobs.job import Stage
from toolkit.jobs.state import JobState

__all__ = ["COMPONENTS", "NAME", "PREFIX", "ROUTES", "TITLE", "fault"]

NAME: Final = "job_list"
TITLE: Final = "Job list"
PREFIX: Final = "/api/jobs"


def fault(error: ToolkitError) -> Reply:
    """``{"error": {"code", "message", "details"}}``; details hold a finer code, if there is one."""
    status = status_of(error, invalid=400)
    # What has no status of its own is told by its family: one of the six codes.
    code = family(error.code) if status in (400, 500) else error.code
    finer = {"code": error.code} if status < 500 and error.code != code else {}
    told = {"code": code, "message": readable(message_of(error, status)), "details": finer}
    return replied(status, {"error": told}, fault_headers(error))


_COUNT: Final = {"type": "integer", "minimum": 0}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_STATES: Final = [str(state) for state in JobState]
_CODES: Final = [
    *("TIMEOUT", "OCR_ERROR", "PARSE_ERROR"),
    *("VALIDATION_ERROR", "QUOTA_EXCEEDED", "INTERNAL_ERROR"),
]

_ROW: Final[Mapping[str, Schema]] = {
    "id": {"type": "string"},
    "type": {"type": "string"},
    "status": {"enum": _STATES},
    "progress": {"type": "integer", "minimum": 0, "maximum": 100},
    "document_id": {"type": "string"},
    "created_at": _MOMENT,
    "completed_at": _MOMENT,
}
_CHUNK: Final = object_of(
    {
        "content": {"type": "string"},
        "page": {"type": "integer", "minimum": 1},
        "block_ids": several({"type": "string"}),
        "metadata": object_of({"type": {"type": "string"}, "confidence": {"type": "number"}}),
        "embedding": several({"type": "number"}),
    },
    optional=("embedding",),
)
_RESULT: Final[Schema] = {
    "description": "Chunks of a document; of the other types what that type makes.",
    "anyOf": [
        object_of({"chunks": several(ref("JobListChunk")), "metadata": {"type": "object"}}),
        {"type": ["object", "array", "string", "number", "boolean", "null"]},
    ],
}
_JOB: Final = object_of(
    {
        **_ROW,
        "input_url": nullable("string"),
        "result": _RESULT,
        "metadata": object_of(
            {
                "filename": nullable("string"),
                "file_type": nullable("string"),
                "pages": nullable("integer"),
            }
        ),
        "updated_at": _MOMENT,
        "stage": {"enum": [*(str(stage) for stage in Stage), None]},
        "error": {"type": "string"},
        "error_code": {"enum": _CODES},
        "retry_count": _COUNT,
    },
    optional=("completed_at", "error", "error_code", "retry_count"),
)
_CONFIG: Final[Schema] = {
    "type": ["object", "null"],
    "properties": {
        "strategy": {"enum": ["semantic", "fixed", "page", None]},
        "max_chunk_size": nullable(
            "integer", minimum=SMALLEST_CHUNK, maximum=LARGEST_CHUNK, default=USUAL_CHUNK
        ),
        "overlap": nullable(
            "integer", minimum=0, default=100, description="At most half of max_chunk_size."
        ),
    },
    "description": "How chunks are cut, and the options of the type.",
}
_TYPE: Final[Schema] = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": 100,
    "default": "parse",
    "description": "parse, extract, split, generate, edit, workflow, or another tool.",
}
_CALLBACK: Final = {"maxLength": LONGEST_CALLBACK}
_INPUT: Final[Schema] = {
    "pattern": "^([Hh][Tt][Tt][Pp][Ss]?|docld|jobid)://",
    "maxLength": LONGEST_ADDRESS,
    "description": "https://…, docld://<document_id> or jobid://<job>.",
}
_JSON: Final[Schema] = {
    "type": "object",
    "properties": {
        "type": _TYPE,
        "input": {"type": ["string", "null"], **_INPUT},
        "config": _CONFIG,
        "webhook_url": nullable("string", pattern="^[Hh][Tt][Tt][Pp][Ss]?://", **_CALLBACK),
    },
    "additionalProperties": False,
}
_FORM: Final = form(
    {
        "file": binary("The input, where it is not at an address."),
        "type": {**_TYPE, "type": "string"},
        "input": {"type": "string", **_INPUT},
        "config": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": _CONFIG,
            "description": "The config as the text of a JSON object.",
        },
        "webhook_url": {"type": "string", **_CALLBACK},
    },
    [],
)

COMPONENTS: Final[Mapping[str, Any]] = {
    "schemas": {
        "JobListError": object_of(
            {
                "error": object_of(
                    {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "details": {"type": "object"},
                    }
                )
            }
        ),
        "JobListChunk": _CHUNK,
        "JobListRow": object_of(_ROW, optional=("completed_at",)),
        "JobListJob": _JOB,
        "JobListSubmitted": object_of(
            {**_ROW, "job_token": nullable("string")}, optional=("completed_at",)
        ),
        "JobListPage": object_of(
            {
                "jobs": several(ref("JobListRow")),
                "total": _COUNT,
                "has_more": {"type": "boolean"},
            }
        ),
        "JobListCancelled": object_of(
            {
                "success": {"const": True},
                "job_id": {"type": "string"},
                "status": {"const": "cancelled"},
            }
        ),
    },
    "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key."}},
}

_FAULTS: Final[Mapping[int, str]] = {
    400: "VALIDATION_ERROR: the message says what to change.",
    401: "UNAUTHORIZED: the key is missing, unknown, revoked or expired.",
    402: "QUOTA_EXCEEDED: the month's pages are used up.",
    403: "INSUFFICIENT_SCOPE: the key may not do this.",
    404: "JOB_NOT_FOUND: there is no such job, or it is another owner's.",
    408: "REQUEST_TIMEOUT: the request did not arrive in time.",
    409: "ILLEGAL_MOVE: the job has ended.",
    410: "RESULT_GONE: the earlier input is not there any more.",
    413: "FILE_TOO_LARGE",
    422: "IDEMPOTENCY_CONFLICT: the idempotency key was used for another submission.",
    429: "RATE_LIMITED: too many requests in a window of time.",
}


def _faults(*statuses: int) -> dict[int, Mapping[str, Any]]:
    return faults(_FAULTS, "JobListError", statuses)


_route = partial(keyed_route, prefix=PREFIX, tag=TITLE, fault=fault)

ROUTES: Final[tuple[Route, ...]] = (
    _route(
        "POST",
        "",
        "submit",
        name="jobListSubmit",
        summary="Submit a job",
        scope="extract:write",
        read=job_list_wire.submission,
        write=job_list_wire.submitted,
        parameters=(IDEMPOTENCY,),
        body={"application/json": _JSON, "multipart/form-data": _FORM},
        answers={
            202: answer(
                "Taken in.",
                ref("JobListSubmitted"),
                headers={**RETRY_AFTER, "Location": {"schema": {"type": "string"}}},
            ),
            **_faults(400, 401, 402, 403, 404, 408, 410, 413, 422, 429),
        },
    ),
    _route(
        "GET",
        "",
        "list",
        name="jobListJobs",
        summary="Your jobs, newest first",
        scope="jobs:read",
        read=job_list_wire.jobs,
        write=job_list_wire.listed,
        parameters=(
            in_query("status", {"enum": _STATES}, "Only these."),
            in_query("type", {"type": "string", "minLength": 1}, "Only of this type."),
            in_query(
                "limit",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": job_list_wire.MOST_JOBS,
                    "default": job_list_wire.USUAL_JOBS,
                },
                "Jobs on a page.",
            ),
            in_query(
                "offset",
                {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0},
                "How many are passed over.",
            ),
        ),
        answers={200: answer("A page of jobs.", ref("JobListPage")), **_faults(400, 401, 403, 429)},
    ),
    _route(
        "GET",
        "/{job_id}",
        "look",
        name="jobListJob",
        summary="A job, with its result once it has completed",
        scope="jobs:read",
        read=job_list_wire.look,
        write=job_list_wire.looked,
        parameters=(JOB_ID,),
        answers={
            200: answer("The job.", ref("JobListJob")),
            **_faults(400, 401, 403, 404, 429),
        },
    ),
    _route(
        "DELETE",
        "/{job_id}",
        "cancel",
        name="jobListCancel",
        summary="Cancel a job that has not ended",
        scope="jobs:write",
        read=job_list_wire.cancel,
        write=job_list_wire.cancelled,
        parameters=(JOB_ID,),
        answers={
            200: answer("Cancelled.", ref("JobListCancelled")),
            **_faults(400, 401, 403, 404, 409, 429),
        },
    ),
)
