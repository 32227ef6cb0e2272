"""Which HTTP status an error of ours is, and the headers that go with it."""

from __future__ import annotations

from typing import Final

from toolkit.dialects.times import whole_seconds
from toolkit.dialects.wire import Headers
from toolkit.errors import (
    FileTooLarge,
    IdempotencyConflict,
    IllegalMove,
    InvalidInput,
    JobNotFound,
    KeyRefused,
    MethodRefused,
    ParseError,
    PathUnknown,
    QuotaExceeded,
    RateLimited,
    RequestTooSlow,
    ResultGone,
    ResultNotReady,
    ScopeMissing,
    TokenRefused,
    ToolkitError,
    UnsupportedFileType,
)

__all__ = ["HIDDEN", "fault_headers", "message_of", "status_of"]

_STATUSES: Final = (
    (KeyRefused, 401),
    (QuotaExceeded, 402),
    (TokenRefused, 403),
    (ScopeMissing, 403),
    (JobNotFound, 404),
    (PathUnknown, 404),
    (MethodRefused, 405),
    (RequestTooSlow, 408),
    (IllegalMove, 409),
    (ResultNotReady, 409),
    (ResultGone, 410),
    (FileTooLarge, 413),
    (IdempotencyConflict, 422),
    (RateLimited, 429),
    (UnsupportedFileType, 400),
)

HIDDEN: Final = "something went wrong on the server; it is in its log"
"""What is told of an error of the server's own: its words may name paths and addresses."""


def status_of(error: ToolkitError, *, invalid: int) -> int:
    """The status of *error*; *invalid* is the one for input that has no status of its own."""
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status
    return invalid if isinstance(error, InvalidInput | ParseError) else 500


def message_of(error: ToolkitError, status: int) -> str:
    """What the caller is told."""
    return HIDDEN if status >= 500 else str(error)


def fault_headers(error: ToolkitError) -> Headers:
    """What RFC 9110 wants beside the status."""
    match error:
        case KeyRefused():
            return (("WWW-Authenticate", "Bearer"),)
        case RateLimited(retry_after=seconds):
            return (("Retry-After", str(whole_seconds(seconds, 1))),)
        case RequestTooSlow():
            return (("Connection", "close"),)
        case _:
            return ()
