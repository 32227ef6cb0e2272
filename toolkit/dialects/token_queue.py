"""The dialect of /api/queue: a token for each job, and a result that can be fetched once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolkit.dialects.exchange import Call, Cancel, Query, Reply, Route, View, Wanted
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.dialects.operations import (
    IDEMPOTENCY,
    RETRY_AFTER,
    Schema,
    answer,
    binary,
    faults,
    form,
    in_query,
    object_of,
    operation,
    ref,
)
from toolkit.dialects.reading import idempotency_key, known_only, tool_name
from toolkit.dialects.reading import object_of as json_object
from toolkit.dialects.telling import reason
from toolkit.dialects.times import milliseconds
from toolkit.dialects.wanting import asked_of_parse, asked_of_tool, present
from toolkit.dialects.wire import link, readable, replied, retry_after
from toolkit.errors import (
    IllegalMove,
    InvalidInput,
    JobNotFound,
    ResultNotReady,
    TokenRefused,
    ToolkitError,
)
from toolkit.jobs.state import FINAL, JobState

__all__ = ["COMPONENTS", "NAME", "PREFIX", "ROUTES", "TITLE", "fault"]

NAME: Final = "token_queue"
TITLE: Final = "Queue with job tokens"
PREFIX: Final = "/api/queue"

_STATUSES: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "pending",
    JobState.RETRYING: "pending",
    JobState.PROCESSING: "processing",
    JobState.COMPLETED: "done",
    JobState.FAILED: "error",
    JobState.CANCELLED: "error",
}


def _submission(call: Call) -> Wanted:
    known_only(call.form, {"tool", "options"}, "field")
    tool = tool_name("tool", call.form.get("tool", "parse"))
    if tool == "parse" and call.upload is None:
        raise InvalidInput("no file was sent: the multipart field 'file' is needed")
    options = present(json_object("options", call.form.get("options") or "{}"))
    asked = asked_of_parse(options) if tool == "parse" else asked_of_tool(options)
    return Wanted(tool=tool, **asked, one_time=True, idempotency_key=idempotency_key(call))


def _status(call: Call) -> Query:
    """An empty parameter is there; one that is not there is told from a wrong one."""
    for name in ("jobId", "jobToken"):
        if name not in call.query:
            raise InvalidInput(f"the parameter {name} is missing")
    return Query()


def _authorised(call: Call) -> None:
    if not call.query.get("jobId"):
        raise JobNotFound("no job is named: the parameter jobId is missing")
    if not call.query.get("jobToken"):
        raise TokenRefused("the parameter jobToken is missing")


def _cancel(call: Call) -> Cancel:
    _authorised(call)
    return Cancel(only_waiting=True)


def _place(view: View) -> dict[str, Any]:
    return {
        "status": _STATUSES[view.job.status],
        "position": view.position,
        "estimatedWaitMs": milliseconds(view.wait),
    }


def _submitted(call: Call, view: View) -> Reply:
    token = view.token or ""
    named = {"jobId": view.job.id, "jobToken": token}
    where = link(call.root, PREFIX, named)
    told = {
        **named,
        **_place(view),
        "statusUrl": where,
        "resultUrl": link(call.root, f"{PREFIX}/result", named),
    }
    return replied(202, told, (("Location", where), *(retry_after(view) or _AT_ONCE)))


_AT_ONCE: Final = (("Retry-After", "1"),)


def _looked(_: Call, view: View) -> Reply:
    told = _place(view)
    match view.job.status:
        case JobState.FAILED:
            told["error"] = reason(view.job)
        case JobState.CANCELLED:
            told["error"] = "cancelled"
    return replied(200, told)


def _cancelled(_call: Call, answer: tuple[View, bool]) -> Reply:
    _, now = answer
    return replied(200, {"cancelled": now})


def fault(error: ToolkitError) -> Reply:
    """``{"error": "text"}``: the reference leaves the bodies of errors open."""
    return _told(error, status_of(error, invalid=400))


def _fault_of_one(error: ToolkitError) -> Reply:
    """Where a job is named, and the reference knows no 400: what cannot be read names none."""
    ended = isinstance(error, IllegalMove)
    return _told(error, 404 if ended else status_of(error, invalid=404))


def _fault_of_result(error: ToolkitError) -> Reply:
    if isinstance(error, ResultNotReady) and error.state not in FINAL:
        return _told(error, 202, _AT_ONCE)
    # A job that failed or was cancelled has no result, and will have none.
    ended = isinstance(error, ResultNotReady)
    return _told(error, 404 if ended else status_of(error, invalid=404))


def _told(
    error: ToolkitError, status: int, headers: tuple[tuple[str, str], ...] | None = None
) -> Reply:
    told = {"error": readable(message_of(error, status))}
    return replied(status, told, fault_headers(error) if headers is None else headers)


_JOB_TOKEN: Final = (
    in_query("jobId", {"type": "string"}, "Job ID from the 202 response", required=True),
    in_query("jobToken", {"type": "string"}, "Job token for authorization", required=True),
)
_FAULTS: Final[Mapping[int, str]] = {
    400: "A field is missing, unknown or wrong, or no reader knows what the file is.",
    401: "The key is missing, unknown, revoked or expired.",
    402: "The month's pages are used up.",
    403: "Invalid job token, or a key that may not do this.",
    404: "Job not found.",
    408: "The request did not arrive in time.",
    410: "Result expired or already fetched.",
    413: "The file is too large.",
    422: "The idempotency key was used before, for another submission.",
    429: "Too many requests in a window of time.",
}


def _faults(*statuses: int) -> dict[int, Mapping[str, Any]]:
    return faults(_FAULTS, "TokenQueueError", statuses)


def _operation(
    name: str,
    summary: str,
    answers: Mapping[int, Mapping[str, Any]],
    *,
    parameters: Sequence[Mapping[str, Any]] = _JOB_TOKEN,
    body: Mapping[str, Schema] | None = None,
    security: Sequence[Mapping[str, Any]] = (),
) -> Mapping[str, Any]:
    return operation(
        name,
        summary,
        tag="Queue",
        answers=answers,
        parameters=parameters,
        body=body,
        security=security,
    )


_COUNT: Final = {"type": "integer", "minimum": 0}
_PLACE: Final[Mapping[str, Schema]] = {
    "status": {"type": "string", "enum": ["pending", "processing", "done", "error"]},
    "position": _COUNT,
    "estimatedWaitMs": _COUNT,
}
_FORM: Final = form(
    {
        "file": binary("What the tool works on; some need none."),
        "tool": {"type": "string", "minLength": 1, "maxLength": 100, "default": "parse"},
        "options": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"type": "object"},
            "description": "The tool's options as the text of a JSON object.",
        },
    },
    [],
)
COMPONENTS: Final[Mapping[str, Any]] = {
    "schemas": {
        "TokenQueueError": object_of({"error": {"type": "string"}}),
        "TokenQueueJob": object_of({**_PLACE, "error": {"type": "string"}}, optional=("error",)),
        "TokenQueueCancelled": object_of({"cancelled": {"type": "boolean"}}),
        "TokenQueueSubmitted": object_of(
            {
                "jobId": {"type": "string"},
                "jobToken": {"type": "string"},
                **_PLACE,
                "statusUrl": {"type": "string"},
                "resultUrl": {"type": "string"},
            }
        ),
    },
    "securitySchemes": {
        "key": {"type": "http", "scheme": "bearer", "description": "A key, to submit with."}
    },
}

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        method="POST",
        path=f"{PREFIX}/jobs",
        verb="submit",
        access="key",
        scope="extract:write",
        read=_submission,
        write=_submitted,
        fault=fault,
        operation=_operation(
            "submitQueueJob",
            "Submit a job",
            {
                202: answer(
                    "Taken in.",
                    ref("TokenQueueSubmitted"),
                    headers={**RETRY_AFTER, "Location": {"schema": {"type": "string"}}},
                ),
                **_faults(400, 401, 402, 403, 408, 413, 422, 429),
            },
            parameters=(IDEMPOTENCY,),
            body={"multipart/form-data": _FORM},
            security=({"key": []},),
        ),
    ),
    Route(
        method="GET",
        path=PREFIX,
        verb="look",
        access="token",
        read=_status,
        write=_looked,
        fault=fault,
        operation=_operation(
            "getJobStatus",
            "Poll job status",
            {200: answer("Job status", ref("TokenQueueJob")), **_faults(400, 403, 404)},
        ),
    ),
    Route(
        method="DELETE",
        path=PREFIX,
        verb="cancel",
        access="token",
        read=_cancel,
        write=_cancelled,
        fault=_fault_of_one,
        operation=_operation(
            "cancelJob",
            "Cancel a job that has not started",
            {
                200: answer("Whether it was cancelled", ref("TokenQueueCancelled")),
                **_faults(403, 404),
            },
        ),
    ),
    Route(
        method="GET",
        path=f"{PREFIX}/result",
        verb="result",
        access="token",
        read=_authorised,
        octets=True,
        fault=_fault_of_result,
        operation=_operation(
            "getJobResult",
            "Fetch the result, once",
            {
                200: answer(
                    "The processed file.",
                    binary("The file."),
                    media_types=("application/octet-stream",),
                ),
                202: answer(
                    "Not ready yet: poll /api/queue first.",
                    ref("TokenQueueError"),
                    headers=RETRY_AFTER,
                ),
                **_faults(403, 404, 410),
            },
        ),
    ),
)
