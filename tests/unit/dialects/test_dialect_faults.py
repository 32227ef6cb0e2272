"""Every class of error through every route: a status that is documented, in the dialect's words."""

from __future__ import annotations

import pytest
import speaking
from speaking import ROUTES, called, headers, route, spoken, told

from toolkit import errors
from toolkit.dialects.registry import DIALECTS
from toolkit.errors import (
    EmptyFile,
    FileTooLarge,
    IdempotencyConflict,
    IllegalMove,
    InternalError,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    KeyRefused,
    MethodRefused,
    PathUnknown,
    QuotaExceeded,
    RateLimited,
    RequestTooSlow,
    ResultGone,
    ResultNotReady,
    ScopeMissing,
    StoreDamaged,
    TokenRefused,
    ToolkitError,
    UnknownTool,
    UnsupportedFileType,
)

EVERY = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ToolkitError)
]
SECRET = "/srv/desk/queue.db is damaged"

# status in v1, token_queue, job_list, tool_queue; code in v1 and in job_list
TABLE = [
    (KeyRefused, 401, 401, 401, 401, "UNAUTHORIZED", "UNAUTHORIZED"),
    (QuotaExceeded, 402, 402, 402, 402, "QUOTA_EXCEEDED", "QUOTA_EXCEEDED"),
    (TokenRefused, 403, 403, 403, 403, "INVALID_TOKEN", "INVALID_TOKEN"),
    (ScopeMissing, 403, 403, 403, 403, "INSUFFICIENT_SCOPE", "INSUFFICIENT_SCOPE"),
    (JobNotFound, 404, 404, 404, 404, "JOB_NOT_FOUND", "JOB_NOT_FOUND"),
    (PathUnknown, 404, 404, 404, 404, "NOT_FOUND", "NOT_FOUND"),
    (MethodRefused, 405, 405, 405, 405, "METHOD_NOT_ALLOWED", "METHOD_NOT_ALLOWED"),
    (RequestTooSlow, 408, 408, 408, 408, "REQUEST_TIMEOUT", "REQUEST_TIMEOUT"),
    (IllegalMove, 409, 409, 409, 409, "ILLEGAL_MOVE", "ILLEGAL_MOVE"),
    (ResultNotReady, 409, 409, 409, 409, "RESULT_NOT_READY", "RESULT_NOT_READY"),
    (ResultGone, 410, 410, 410, 410, "RESULT_GONE", "RESULT_GONE"),
    (FileTooLarge, 413, 413, 413, 413, "FILE_TOO_LARGE", "FILE_TOO_LARGE"),
    (UnsupportedFileType, 400, 400, 400, 400, "UNSUPPORTED_FILE_TYPE", "VALIDATION_ERROR"),
    (IdempotencyConflict, 422, 422, 422, 422, "IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT"),
    (RateLimited, 429, 429, 429, 429, "RATE_LIMITED", "RATE_LIMITED"),
    (InvalidInput, 422, 400, 400, 400, "VALIDATION_ERROR", "VALIDATION_ERROR"),
    (InvalidOption, 422, 400, 400, 400, "VALIDATION_ERROR", "VALIDATION_ERROR"),
    (UnknownTool, 422, 400, 400, 400, "VALIDATION_ERROR", "VALIDATION_ERROR"),
    (EmptyFile, 422, 400, 400, 400, "PARSE_ERROR", "PARSE_ERROR"),
    (InternalError, 500, 500, 500, 500, "INTERNAL_ERROR", "INTERNAL_ERROR"),
    (StoreDamaged, 500, 500, 500, 500, "INTERNAL_ERROR", "INTERNAL_ERROR"),
    (ToolkitError, 500, 500, 500, 500, "INTERNAL_ERROR", "INTERNAL_ERROR"),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].__name__)
def test_each_error_has_its_status_and_its_code(row):
    kind, *statuses, v1_code, list_code = row
    replies = {
        name: spoken(name).fault(kind(SECRET))
        for name in ("v1", "token_queue", "job_list", "tool_queue")
    }
    assert [reply.status for reply in replies.values()] == statuses
    assert told(replies["v1"])["error"]["code"] == v1_code
    assert told(replies["job_list"])["error"]["code"] == list_code
    for name, reply in replies.items():
        body = told(reply)["error"]
        text = body["message"] if isinstance(body, dict) else body
        assert (SECRET in text) == (reply.status < 500), name


def test_v1_gives_the_finer_code_as_the_reason():
    told_of = told(spoken("v1").fault(InvalidOption("no such option")))["error"]
    assert told_of == {
        "code": "VALIDATION_ERROR",
        "message": "no such option",
        "reason": "INVALID_OPTION",
    }
    assert set(told(spoken("v1").fault(JobNotFound("none")))["error"]) == {"code", "message"}
    details = told(spoken("job_list").fault(InvalidOption("no")))["error"]["details"]
    assert details == {"code": "INVALID_OPTION"}
    assert told(spoken("job_list").fault(JobNotFound("no")))["error"]["details"] == {}


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_cancelling_what_has_ended(state):
    error = IllegalMove(f"a {state} job cannot cancel")
    error.state = state
    reply = route("v1", "DELETE", "/jobs/{job_id}").fault(error)
    assert reply.status == 409
    assert told(reply)["error"]["code"] == f"JOB_ALREADY_{state.upper()}"
    assert route("token_queue", "DELETE", "").fault(error).status == 404
    assert route("job_list", "DELETE", "/{job_id}").fault(error).status == 409


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("queued", 202),
        ("processing", 202),
        ("retrying", 202),
        ("", 202),
        ("failed", 404),
        ("cancelled", 404),
    ],
)
def test_the_result_of_the_token_queue_before_it_is_there(state, status):
    error = ResultNotReady("it is not there")
    error.state = state
    found = route("token_queue", "GET", "/result")
    reply = found.fault(error)
    speaking.measure(spoken("token_queue"), found, reply)
    assert reply.status == status
    assert ("Retry-After" in headers(reply)) == (status == 202)


@pytest.mark.parametrize(
    ("left", "pause"), [(0.0, "1"), (0.3, "1"), (59.2, "60"), (3600.0, "3600")]
)
def test_rates_say_when_to_come_back(left, pause):
    error = RateLimited("too many requests")
    error.retry_after = left
    for dialect in DIALECTS:
        assert headers(dialect.fault(error))["Retry-After"] == pause


def test_a_refused_key_says_what_is_asked_for():
    for dialect in DIALECTS:
        assert headers(dialect.fault(KeyRefused("no key")))["WWW-Authenticate"] == "Bearer"


def raised_on(found) -> list[type[ToolkitError]]:
    """The errors that can be met on the way through this route."""
    kinds: list[type[ToolkitError]] = [] if found.access == "token" else [RateLimited]
    kinds += [TokenRefused, JobNotFound] if "token" in found.access else []
    kinds += [KeyRefused, ScopeMissing] if "key" in found.access else []
    kinds += [InvalidInput, InvalidOption]
    match found.verb:
        case "submit":
            kinds += [QuotaExceeded, FileTooLarge, UnsupportedFileType, IdempotencyConflict]
            kinds += [RequestTooSlow, UnknownTool, EmptyFile]
            if found.path in ("/v1/jobs", "/api/jobs"):
                kinds += [JobNotFound, ResultGone]
        case "look" | "purge":
            kinds += [JobNotFound]
        case "cancel":
            kinds += [JobNotFound, IllegalMove]
        case "result" | "page_image" | "block_image":
            kinds += [JobNotFound, ResultNotReady, ResultGone]
            # of a file that has no pages to draw
            kinds += [UnsupportedFileType] if found.verb == "page_image" else []
    return kinds


@pytest.mark.parametrize(("dialect", "found"), ROUTES, ids=lambda x: getattr(x, "path", ""))
def test_what_a_route_can_meet_is_documented(dialect, found):
    for kind in raised_on(found):
        error = kind("the words of the error")
        if hasattr(error, "state"):
            error.state = "completed" if kind is IllegalMove else "queued"
        reply = found.fault(error)
        assert 200 <= reply.status < 500, (called(found), kind)
        if found.method == "HEAD":
            assert str(reply.status) in found.operation["responses"]
        else:
            speaking.measure(dialect, found, reply)


@pytest.mark.parametrize("kind", EVERY)
def test_no_class_of_error_is_without_an_answer(kind):
    for dialect, found in ROUTES:
        for fault in (dialect.fault, found.fault):
            reply = fault(kind("text with half a pair \ud800 in it"))
            assert 200 < reply.status <= 500
            assert told(reply)["error"]
