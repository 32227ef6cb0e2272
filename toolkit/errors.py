"""Every error that pagequeue raises on purpose, in one tree.

A class knows its ``code`` (what a program matches on) and whether trying again can help
(``retryable``). The second level of the tree carries the six general codes, and each finer
class is a case of one of them (``family``)::

    ToolkitError                      INTERNAL_ERROR
    ├── InternalError                 INTERNAL_ERROR
    │   ├── ChildCrashed              CHILD_CRASHED           (retryable)
    │   ├── FetchFailed               FETCH_FAILED            (retryable)
    │   ├── RunnerLost                RUNNER_LOST
    │   ├── ToolFailed                TOOL_FAILED
    │   ├── StoreDamaged              STORE_DAMAGED
    │   └── LeaseLost                 LEASE_LOST
    ├── TimeLimit                     TIMEOUT
    │   ├── JobTimeout                TIMEOUT                 (retryable)
    │   ├── PageTimeout               PAGE_TIMEOUT
    │   └── StillRunning              STILL_RUNNING
    ├── ParseError                    PARSE_ERROR
    │   ├── DamagedFile               DAMAGED_FILE
    │   ├── EmptyFile                 EMPTY_FILE
    │   ├── PasswordProtected         PDF_PASSWORD_PROTECTED
    │   ├── PageUnreadable            PAGE_UNREADABLE
    │   ├── TextLayerUnfaithful       TEXT_LAYER_UNFAITHFUL
    │   ├── FramesLeftOut             FRAMES_LEFT_OUT
    │   └── MemoryExceeded            MEMORY_EXCEEDED
    ├── OcrError                      OCR_ERROR
    │   ├── OcrUnavailable            OCR_UNAVAILABLE
    │   └── OcrScriptUnsupported      OCR_SCRIPT_UNSUPPORTED
    ├── InvalidInput                  VALIDATION_ERROR
    │   ├── UnsupportedFileType       UNSUPPORTED_FILE_TYPE
    │   ├── FileTooLarge              FILE_TOO_LARGE
    │   ├── ImageTooLarge             IMAGE_TOO_LARGE
    │   ├── TooManyPages              VALIDATION_ERROR
    │   ├── UnreadablePath            UNREADABLE_PATH
    │   ├── AddressRefused            ADDRESS_REFUSED
    │   ├── AddressUnusable           ADDRESS_UNUSABLE
    │   ├── UnknownTool               UNKNOWN_TOOL
    │   ├── InvalidOption             INVALID_OPTION
    │   ├── IllegalMove               ILLEGAL_MOVE
    │   ├── JobNotFound               JOB_NOT_FOUND
    │   ├── ResultGone                RESULT_GONE
    │   ├── ResultNotReady            RESULT_NOT_READY
    │   ├── IdempotencyConflict       IDEMPOTENCY_CONFLICT
    │   ├── UnsuitableFile            UNSUITABLE_FILE
    │   ├── NewerSchema               NEWER_SCHEMA
    │   └── MissingExtra              MISSING_EXTRA
    └── QuotaExceeded                 QUOTA_EXCEEDED
"""

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
    "LeaseLost",
    "MemoryExceeded",
    "MissingExtra",
    "NewerSchema",
    "OcrError",
    "OcrScriptUnsupported",
    "OcrUnavailable",
    "PageTimeout",
    "PageUnreadable",
    "ParseError",
    "PasswordProtected",
    "QuotaExceeded",
    "ResultGone",
    "ResultNotReady",
    "RunnerLost",
    "StillRunning",
    "StoreDamaged",
    "TextLayerUnfaithful",
    "TimeLimit",
    "TooManyPages",
    "ToolFailed",
    "ToolkitError",
    "UnknownTool",
    "UnreadablePath",
    "UnsuitableFile",
    "UnsupportedFileType",
    "error_of",
    "family",
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


class JobNotFound(InvalidInput):
    """No such job, or it belongs to another owner."""

    code = "JOB_NOT_FOUND"


class ResultGone(InvalidInput):
    """The result was purged, has expired, or was fetched already."""

    code = "RESULT_GONE"


class ResultNotReady(InvalidInput):
    """The job has not completed, so that there is no result yet."""

    code = "RESULT_NOT_READY"


class IdempotencyConflict(InvalidInput):
    """The idempotency key was used before, for another submission."""

    code = "IDEMPOTENCY_CONFLICT"


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


def _tree(root: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


def error_of(code: str, message: str) -> ToolkitError:
    """The error that *code* stands for, with *message*: how a recorded failure is raised again.

    An unknown code (a user's tool, a newer version) becomes a plain ``ToolkitError``.
    """
    kinds = [kind for kind in _tree(ToolkitError) if kind.code == code]
    # Where a code stands for a branch and for a leaf, the one that a retry can mend is meant.
    kinds.sort(key=lambda kind: not kind.retryable)
    return kinds[0](message) if kinds else ToolkitError(message)


def family(code: str) -> str:
    """The general code that *code* is a case of, one of the six that every HTTP dialect knows.

    >>> family("PDF_PASSWORD_PROTECTED")
    'PARSE_ERROR'
    """
    for branch in ToolkitError.__subclasses__():
        if any(kind.code == code for kind in _tree(branch)):
            return branch.code
    return ToolkitError.code
