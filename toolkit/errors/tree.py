"""The classes of the tree that ``toolkit.errors`` draws."""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AddressRefused",
    "AddressUnusable",
    "ChildCrashed",
    "DamagedFile",
    "EmptyFile",
    "FetchFailed",
    "FileTooLarge",
    "FramesLeftOut",
    "IdempotencyConflict",
    "IllegalMove",
    "ImageTooLarge",
    "InternalError",
    "InvalidInput",
    "InvalidOption",
    "JobNotFound",
    "JobTimeout",
    "KeyRefused",
    "LeaseLost",
    "MemoryExceeded",
    "MethodRefused",
    "MissingExtra",
    "NewerSchema",
    "OcrError",
    "OcrScriptUnsupported",
    "OcrUnavailable",
    "PageTimeout",
    "PageUnreadable",
    "ParseError",
    "PasswordProtected",
    "PathUnknown",
    "QuotaExceeded",
    "RateLimited",
    "RequestTooSlow",
    "ResultGone",
    "ResultNotReady",
    "RunnerLost",
    "ScopeMissing",
    "ServerFailed",
    "ServerUnreachable",
    "StillRunning",
    "StoreDamaged",
    "TextLayerUnfaithful",
    "TimeLimit",
    "TokenRefused",
    "TooManyPages",
    "ToolFailed",
    "ToolkitError",
    "UnknownTool",
    "UnreadablePath",
    "UnsuitableFile",
    "UnsupportedFileType",
]


class ToolkitError(Exception):
    """Anything that pagequeue raises on purpose; its message is written for a person."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    retryable: ClassVar[bool] = False


class InternalError(ToolkitError):
    """Something on our side went wrong, not the file."""

    code = "INTERNAL_ERROR"


class ChildCrashed(InternalError):
    """The process that did the work died (a crash in a native library, or killed from outside)."""

    code = "CHILD_CRASHED"
    retryable = True


class FetchFailed(InternalError):
    """The input could not be fetched from its address this time; it may be there later."""

    code = "FETCH_FAILED"
    retryable = True
    retry_after: float = 0.0
    """Seconds that the server asks to be left alone."""


class ServerUnreachable(InternalError):
    """The server could not be reached, or broke the connection off, as often as it was tried."""

    code = "SERVER_UNREACHABLE"


class ServerFailed(InternalError):
    """The server answered with what is no answer of ours: it failed, or is another program."""

    code = "SERVER_FAILED"


class RunnerLost(InternalError):
    """The runner died under this job too many times; the job is taken to be the cause."""

    code = "RUNNER_LOST"


class ToolFailed(InternalError):
    """A tool's own code raised an error."""

    code = "TOOL_FAILED"


class StoreDamaged(InternalError):
    """The database file or its folder of files is not as it was written."""

    code = "STORE_DAMAGED"


class LeaseLost(InternalError):
    """The job is no longer this runner's: cancelled, purged, or given to another one."""

    code = "LEASE_LOST"


class TimeLimit(ToolkitError):
    """A limit in time was reached."""

    code = "TIMEOUT"


class JobTimeout(TimeLimit):
    """The job passed its deadline and was stopped; a busy machine may do better later."""

    code = "TIMEOUT"
    retryable = True


class PageTimeout(TimeLimit):
    """One page passed its time limit and was cut off; the others come through."""

    code = "PAGE_TIMEOUT"


class StillRunning(TimeLimit, TimeoutError):
    """A wait ended before the jobs did. The jobs go on."""

    code = "STILL_RUNNING"


class ParseError(ToolkitError):
    """The file cannot be read."""

    code = "PARSE_ERROR"


class DamagedFile(ParseError):
    """The file cannot be read as what it claims to be. Retrying will not help."""

    code = "DAMAGED_FILE"


class EmptyFile(ParseError):
    """The file has no bytes."""

    code = "EMPTY_FILE"


class PasswordProtected(ParseError):
    """The PDF is encrypted, and the password is missing or wrong."""

    code = "PDF_PASSWORD_PROTECTED"


class PageUnreadable(ParseError):
    """One page cannot be read; the others come through."""

    code = "PAGE_UNREADABLE"


class TextLayerUnfaithful(ParseError):
    """A page's text layer does not say what the page shows; its text is no proof."""

    code = "TEXT_LAYER_UNFAITHFUL"


class FramesLeftOut(ParseError):
    """Only the first picture of an animation was read."""

    code = "FRAMES_LEFT_OUT"


class MemoryExceeded(ParseError):
    """The work needed more memory than it may have, and was stopped."""

    code = "MEMORY_EXCEEDED"


class OcrError(ToolkitError):
    """Optical character recognition failed."""

    code = "OCR_ERROR"


class OcrUnavailable(OcrError):
    """The page needs OCR, which is not installed."""

    code = "OCR_UNAVAILABLE"


class OcrScriptUnsupported(OcrError):
    """The page has writing in a script that the recognition cannot read; it is left out."""

    code = "OCR_SCRIPT_UNSUPPORTED"


class InvalidInput(ToolkitError):
    """What was asked cannot be done as asked; the message says what to change."""

    code = "VALIDATION_ERROR"


class UnsupportedFileType(InvalidInput):
    """No reader knows this type of file."""

    code = "UNSUPPORTED_FILE_TYPE"


class FileTooLarge(InvalidInput):
    """The file has more bytes than allowed."""

    code = "FILE_TOO_LARGE"


class ImageTooLarge(InvalidInput):
    """A picture has more pixels than can be decoded in bounded memory."""

    code = "IMAGE_TOO_LARGE"


class TooManyPages(InvalidInput):
    """The document has more pages than allowed; the option ``pages`` narrows it."""

    code = "VALIDATION_ERROR"


class UnreadablePath(InvalidInput):
    """The path does not exist, or may not be read."""

    code = "UNREADABLE_PATH"


class AddressRefused(InvalidInput):
    """The address is one that inputs are not fetched from: private, or no http or https."""

    code = "ADDRESS_REFUSED"


class AddressUnusable(InvalidInput):
    """The address gives no file: nothing is there, or a log-in or a trusted certificate is missing.

    Retrying will not help.
    """

    code = "ADDRESS_UNUSABLE"


class UnknownTool(InvalidInput):
    """No tool has this name."""

    code = "UNKNOWN_TOOL"


class InvalidOption(InvalidInput):
    """An option is unknown, of the wrong type, or out of its range."""

    code = "INVALID_OPTION"


class IllegalMove(InvalidInput):
    """The job is not in a state from which this can be done."""

    code = "ILLEGAL_MOVE"
    state: str = ""
    """The state that the job is in, where it is known."""


class JobNotFound(InvalidInput):
    """No such job, or it belongs to another owner."""

    code = "JOB_NOT_FOUND"


class ResultGone(InvalidInput):
    """The result was purged, has expired, or was fetched already."""

    code = "RESULT_GONE"


class ResultNotReady(InvalidInput):
    """The job has not completed, so that there is no result yet."""

    code = "RESULT_NOT_READY"
    state: str = ""
    """The state that the job is in, where it is known."""


class IdempotencyConflict(InvalidInput):
    """The idempotency key was used before, for another submission."""

    code = "IDEMPOTENCY_CONFLICT"


class KeyRefused(InvalidInput):
    """The key is missing, unknown, revoked or expired."""

    code = "UNAUTHORIZED"


class TokenRefused(InvalidInput):
    """The job's token is missing, or another job's."""

    code = "INVALID_TOKEN"


class ScopeMissing(InvalidInput):
    """The key may not do this; the message names the scope that it needs."""

    code = "INSUFFICIENT_SCOPE"


class RateLimited(InvalidInput):
    """Too many requests in a window of time."""

    code = "RATE_LIMITED"
    retry_after: float = 0.0
    """Seconds until the window ends."""


class PathUnknown(InvalidInput):
    """The server has nothing at this path."""

    code = "NOT_FOUND"


class MethodRefused(InvalidInput):
    """The path is known, but not with this method."""

    code = "METHOD_NOT_ALLOWED"


class RequestTooSlow(InvalidInput):
    """The request did not arrive in the time that it may take."""

    code = "REQUEST_TIMEOUT"


class UnsuitableFile(InvalidInput):
    """The database cannot live here: a network or synced folder, or a file that is not ours."""

    code = "UNSUITABLE_FILE"


class NewerSchema(InvalidInput):
    """The database was written by a newer version of pagequeue."""

    code = "NEWER_SCHEMA"


class MissingExtra(InvalidInput):
    """An optional part is not installed; the message is the command that installs it."""

    code = "MISSING_EXTRA"


class QuotaExceeded(ToolkitError):
    """The owner's quota is used up."""

    code = "QUOTA_EXCEEDED"
