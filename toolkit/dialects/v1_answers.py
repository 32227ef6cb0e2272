"""What every operation of /v1 may answer beside its own: faults, and the headers of rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolkit.dialects.exchange import Reply
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.dialects.operations import answer, ref
from toolkit.dialects.operations import faults as described
from toolkit.dialects.wire import readable, replied
from toolkit.errors import IdempotencyConflict, IllegalMove, ToolkitError, family

__all__ = ["FILE", "LIST", "LOCATION", "ONE", "RATES", "SUBMIT", "fault", "faults", "good"]


def fault(error: ToolkitError) -> Reply:
    """``{"error": {"code", "message"}}``; a finer code than the status has is the reason."""
    status = status_of(error, invalid=422)
    code = _code(error, status)
    told = {"code": code, "message": readable(message_of(error, status))}
    if status < 500 and error.code not in (code, IllegalMove.code):
        told["reason"] = error.code
    return replied(status, {"error": told}, fault_headers(error))


def _code(error: ToolkitError, status: int) -> str:
    if status >= 500:
        return "INTERNAL_ERROR"
    if isinstance(error, IllegalMove) and error.state:
        return f"JOB_ALREADY_{error.state.upper()}"
    # What has no status of its own is told apart by its family, as in the errors of jobs.
    general = status == 422 and not isinstance(error, IdempotencyConflict)
    return family(error.code) if general else error.code


_FAULTS: Final[Mapping[int, str]] = {
    400: "UNSUPPORTED_FILE_TYPE: no reader knows what the file is.",
    401: "UNAUTHORIZED: the key is missing, unknown, revoked or expired.",
    402: "QUOTA_EXCEEDED: the month's pages are used up.",
    403: "INSUFFICIENT_SCOPE: the key may not do this; INVALID_TOKEN: not this job's token.",
    404: "JOB_NOT_FOUND: there is no such job, or it is another owner's.",
    408: "REQUEST_TIMEOUT: the request did not arrive in time.",
    409: "RESULT_NOT_READY: the job has not completed.",
    410: "RESULT_GONE: purged, expired, or fetched once for all.",
    413: "FILE_TOO_LARGE",
    422: "VALIDATION_ERROR, IDEMPOTENCY_CONFLICT: the message says what to change.",
    429: "RATE_LIMITED: too many requests in a window of time.",
}
SUBMIT: Final = (400, 401, 402, 403, 408, 413, 422, 429)
ONE: Final = (401, 403, 404, 422, 429)
FILE: Final = (*ONE, 409, 410)
LIST: Final = (401, 403, 422, 429)

_INTEGER: Final = {"schema": {"type": "integer"}}
_COUNT: Final = {"schema": {"type": "string", "pattern": "^([0-9]+|unlimited)$"}}
RATES: Final[Mapping[str, Any]] = {
    "X-RateLimit-Limit": {**_COUNT, "description": "Requests in the window, or unlimited."},
    "X-RateLimit-Remaining": {**_COUNT, "description": "How many are left, or unlimited."},
    "X-RateLimit-Reset": {**_INTEGER, "description": "Seconds until the window ends."},
    "X-Usage-Pages-This-Month": _INTEGER,
    "X-Usage-Pages-Limit": {**_COUNT, "description": "A number, or unlimited."},
}
LOCATION: Final[Mapping[str, Any]] = {"Location": {"schema": {"type": "string"}}}


def faults(statuses: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    return described(_FAULTS, "V1Error", statuses)


def good(description: str, schema: str, **headers: Mapping[str, Any]) -> Mapping[str, Any]:
    more = {name: value for part in headers.values() for name, value in part.items()}
    return answer(description, ref(schema), headers={**more, **RATES})
