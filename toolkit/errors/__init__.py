"""Every error that pagequeue raises on purpose, in one tree.

A class knows its ``code`` (what a program matches on) and whether trying again can help
(``retryable``). The second level of the tree carries the six general codes, and each finer
class is a case of one of them (``family``)::

    ToolkitError                      INTERNAL_ERROR
    ├── InternalError                 INTERNAL_ERROR
    │   ├── ChildCrashed              CHILD_CRASHED           (retryable)
    │   ├── FetchFailed               FETCH_FAILED            (retryable)
    │   ├── ServerUnreachable         SERVER_UNREACHABLE
    │   ├── ServerFailed              SERVER_FAILED
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
    │   ├── KeyRefused                UNAUTHORIZED
    │   ├── TokenRefused              INVALID_TOKEN
    │   ├── ScopeMissing              INSUFFICIENT_SCOPE
    │   ├── RateLimited               RATE_LIMITED
    │   ├── PathUnknown               NOT_FOUND
    │   ├── MethodRefused             METHOD_NOT_ALLOWED
    │   ├── RequestTooSlow            REQUEST_TIMEOUT
    │   ├── UnsuitableFile            UNSUITABLE_FILE
    │   ├── NewerSchema               NEWER_SCHEMA
    │   └── MissingExtra              MISSING_EXTRA
    └── QuotaExceeded                 QUOTA_EXCEEDED
"""

from __future__ import annotations

from toolkit.errors.codes import error_of, family
from toolkit.errors.tree import (
    AddressRefused,
    AddressUnusable,
    ChildCrashed,
    DamagedFile,
    EmptyFile,
    FetchFailed,
    FileTooLarge,
    FramesLeftOut,
    IdempotencyConflict,
    IllegalMove,
    ImageTooLarge,
    InternalError,
    InvalidInput,
    InvalidOption,
    JobNotFound,
    JobTimeout,
    KeyRefused,
    LeaseLost,
    MemoryExceeded,
    MethodRefused,
    MissingExtra,
    NewerSchema,
    OcrError,
    OcrScriptUnsupported,
    OcrUnavailable,
    PageTimeout,
    PageUnreadable,
    ParseError,
    PasswordProtected,
    PathUnknown,
    QuotaExceeded,
    RateLimited,
    RequestTooSlow,
    ResultGone,
    ResultNotReady,
    RunnerLost,
    ScopeMissing,
    ServerFailed,
    ServerUnreachable,
    StillRunning,
    StoreDamaged,
    TextLayerUnfaithful,
    TimeLimit,
    TokenRefused,
    ToolFailed,
    ToolkitError,
    TooManyPages,
    UnknownTool,
    UnreadablePath,
    UnsuitableFile,
    UnsupportedFileType,
)

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
    "error_of",
    "family",
]
