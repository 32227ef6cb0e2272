"""What a request asks and what it is answered, in the queue's own words: what dialects translate.

A dialect reads a ``Call`` into one of the questions here, and writes the answer as a ``Reply``. It
knows no framework, no store and no network, and decides nothing that the queue decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from toolkit.errors import ToolkitError
from toolkit.jobs.job import Job

__all__ = [
    "Access",
    "Answer",
    "Call",
    "Cancel",
    "Dialect",
    "Listing",
    "PagePicture",
    "Query",
    "Reply",
    "Route",
    "Upload",
    "Usage",
    "Verb",
    "View",
    "Wanted",
]

Access: TypeAlias = Literal["key", "token", "key or token"]
"""What opens a route: a key with its scope, the job's token, or either of them."""

Verb: TypeAlias = Literal[
    "submit",
    "look",
    "cancel",
    "purge",
    "result",
    "list",
    "mine",
    "stats",
    "tools",
    "usage",
    "events",
    "page_image",
    "block_image",
]
"""What a route asks of the queue; the server has one function for each."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with the call: *media_type* is what its bytes are, whatever it was called.

    *filename* is a bare name, made harmless; *field* is the form's field that it came in.
    """

    field: str
    filename: str
    sha256: str
    size: int
    media_type: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came. Header names are in lower case; *form* holds the text fields.

    *root* is the address that the caller sees the server at, without a slash at its end.
    """

    method: str
    root: str
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    form: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    """The body where it is no form: JSON, or nothing."""
    upload: Upload | None = None
    now: float = 0.0

    @property
    def job_id(self) -> str:
        """The job that the call names, in its path or in its query; "" where it names none."""
        return self.path.get("job_id") or self.query.get("jobId", "")

    @property
    def token(self) -> str | None:
        """The job's token that came with the call; None where none did."""
        if "jobToken" in self.query:
            return self.query["jobToken"]
        return self.headers.get("x-job-token") or self.query.get("job_token")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One job that is asked for. Durations are in seconds.

    The input is the call's upload, the address *url*, the input of the earlier job *reuse*, or
    nothing. *presentation* says how the answer is to be written, and is no part of what is done.
    """

    tool: str = "parse"
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    secrets: Mapping[str, str] = msgspec.field(default_factory=dict)
    presentation: Mapping[str, Any] = msgspec.field(default_factory=dict)
    url: str | None = None
    reuse: str | None = None
    filename: str | None = None
    one_time: bool = False
    bypass_cache: bool = False
    retain: float = 86_400.0
    result_retain: float = 86_400.0
    callback_url: str | None = None
    idempotency_key: str | None = None
    wait: float = 0.0
    """How long the answer may be held back for the job to end."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are asked for. *cursor* is what the page before gave as the next one."""

    status: str | tuple[str, ...] | None = None
    """One of the queue's own states, or several where the dialect has one word for them."""
    tool: str | None = None
    limit: int = 50
    offset: int = 0
    cursor: str | None = None
    wait: float = 0.0
    """For one job: how long the answer may be held back for it to end."""
    document: bool = False
    """For one job: the answer shows its document."""


class PagePicture(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of page *page*, from 1, is asked for, *width* pixels wide."""

    page: int
    width: int


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """A job is to be cancelled; *only_waiting*: a running one is left alone, which is no error."""

    only_waiting: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A job as one answer shows it.

    *position* and *wait* (seconds) are what lies ahead of it; *seconds* is how long until it has
    ended, as far as can be told. *document* is the JSON of the canonical document, None where it
    is not there, not there any more, or was not asked for.
    """

    job: Job
    position: int = 0
    wait: float = 0.0
    seconds: float = 0.0
    runners: int | None = None
    """How many are there to do it, None where that was not asked; with 0 nothing moves."""
    token: str | None = None
    """Of a job that was just handed in: shown this once."""
    document: bytes | None = None
    presentation: Mapping[str, Any] = msgspec.field(default_factory=dict)
    result_media_type: str | None = None
    result_filename: str | None = None
    result_size: int | None = None
    result: bytes | None = None
    """A result that is JSON and no document, where it was asked for."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of jobs; *total* counts all that match."""

    views: tuple[View, ...]
    total: int = 0
    cursor: str | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What owners have used; *rows* have month, owner, tool and what was done in it.

    *pages_limit* None is no limit.
    """

    rows: Sequence[Any]
    pages_this_month: int = 0
    pages_limit: int | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: a JSON *body* (None for no body at all) and headers beside its type."""

    status: int
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = "application/json"
    has_result: bool = False
    """It holds what the job made: what is kept only until it was told may go then."""


Answer: TypeAlias = Any
"""What a verb gives: a View, a Listing, a list of ToolStats, True or False, rows of usage."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One operation of a dialect.

    *read* makes of the call what the verb takes (such as Wanted or Query) and raises ToolkitError
    for what it cannot read; *write* makes a Reply of what the verb gives, and is None where the
    verb's answer is a file or a stream; *fault* makes one of whatever error was raised on the way.
    *operation* is the OpenAPI description of the operation, as a mapping.
    """

    method: str
    path: str
    verb: Verb
    access: Access
    scope: str = ""
    operation: Mapping[str, Any]
    fault: Callable[[ToolkitError], Reply]
    read: Callable[[Call], Any] | None = None
    write: Callable[[Call, Answer], Reply] | None = None
    octets: bool = False
    """The result is served as application/octet-stream, once, whatever it is."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One of the references' ways to speak: every route lies under *prefix*.

    *fault* answers errors outside of any route. *components* is the object of that name in the
    dialect's OpenAPI document; its names differ from those of the other dialects.
    """

    name: str
    title: str
    prefix: str
    routes: tuple[Route, ...]
    fault: Callable[[ToolkitError], Reply]
    components: Mapping[str, Any]
