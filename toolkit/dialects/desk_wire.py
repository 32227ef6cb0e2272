"""What goes over the wire when a desk is far away: each verb with what it takes and gives.

A verb is ``POST /v1/desk/{name}`` with its arguments as a JSON object. What it gives comes back as
JSON, as an Arrow stream (frames), or as bytes. Unknown fields are ignored in answers and refused in
questions, so that a newer server serves an older client.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from toolkit.desk import Glance, Offered, Reviewing
from toolkit.document.reviews import Review
from toolkit.errors import ToolkitError
from toolkit.jobs.address import shown
from toolkit.jobs.job import Attempt, Job
from toolkit.jobs.state import JobState

__all__ = [
    "ARROW",
    "LONGEST_WORDS",
    "MOST_ENTRIES",
    "MOST_IDS",
    "MOST_JOBS",
    "PREFIX",
    "UPLOAD",
    "VERBS",
    "BatchRow",
    "Changed",
    "Entry",
    "Fault",
    "Greeting",
    "NewBatch",
    "Refusal",
    "Taken",
    "Terms",
    "ToolRow",
    "VerbRow",
    "Wish",
    "as_shown",
    "fault_of",
]

PREFIX = "/v1/desk"
UPLOAD = f"{PREFIX}/upload"
"""Takes one file as multipart: the field ``wanted`` (a ``Wish``), then the field ``file``."""

ARROW = "application/vnd.apache.arrow.stream"

MOST_JOBS = 1000
"""Jobs in one answer of ``find``: the next ones are asked for with *after*."""
MOST_IDS = 5000
"""Ids in one question."""
MOST_ENTRIES = 100
"""Inputs in one ``take``."""
LONGEST_MESSAGE = 4000
LONGEST_WORDS = 10_000
"""Letters of a name, an origin or an address."""

States: TypeAlias = JobState | tuple[JobState, ...] | None
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Some: TypeAlias = Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_IDS)]
Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)]
Key: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Priority: TypeAlias = Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The arguments of a verb."""


# --- questions ------------------------------------------------------------------------------------


class Nothing(_Asked, frozen=True, kw_only=True):
    """No argument at all."""


class OfJob(_Asked, frozen=True, kw_only=True):
    job_id: str


class OfJobs(_Asked, frozen=True, kw_only=True):
    job_ids: Some


class OfBatch(_Asked, frozen=True, kw_only=True):
    batch: str | None = None


class OfTool(_Asked, frozen=True, kw_only=True):
    tool: str


class Find(_Asked, frozen=True, kw_only=True):
    """*after* is the number of the last job seen, in whichever order is asked for."""

    batch: str | None = None
    status: States = None
    tool: str | None = None
    text: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_JOBS)] = MOST_JOBS
    after: Number | None = None
    newest_first: bool = False


class Ids(_Asked, frozen=True, kw_only=True):
    batch: str | None = None
    status: States = None
    text: str | None = None
    sort: str = "number"
    descending: bool = False


class Reprioritise(_Asked, frozen=True, kw_only=True):
    job_ids: Some
    priority: Priority


class Blocks(_Asked, frozen=True, kw_only=True):
    batch: str | None = None
    job_ids: Some | None = None
    reviewed: bool = False


class Pages(_Asked, frozen=True, kw_only=True):
    batch: str | None = None
    job_ids: Some | None = None


class Say(_Asked, frozen=True, kw_only=True):
    job_id: str
    review: Review


class Undo(_Asked, frozen=True, kw_only=True):
    job_id: str
    review_id: Number
    reviewer: str = ""


class PageImage(_Asked, frozen=True, kw_only=True):
    job_id: str
    page: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    width: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] = 1200
    password: str | None = None


class Changes(_Asked, frozen=True, kw_only=True):
    """*seen* is the token of the last answer; the answer is held back for *wait* seconds."""

    seen: str | None = None
    wait: Annotated[float, msgspec.Meta(ge=0.0, le=25.0)] = 0.0


class Terms(_Asked, frozen=True, kw_only=True):
    """What holds for every job of one ``submit``."""

    tool: str = "parse"
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    password: str | None = None
    priority: int = 0
    limits: Mapping[str, float] = msgspec.field(default_factory=dict)
    bypass_cache: bool = False


class NewBatch(_Asked, frozen=True, kw_only=True):
    """*key* is the caller's own: the same one again gives the same batch."""

    name: Words
    key: Key
    terms: Terms
    files: bool = True
    """Whether its jobs have inputs."""


class Entry(_Asked, frozen=True, kw_only=True):
    """An input without bytes: an address, one that cannot be taken, (code, message) why, or none
    at all (*bare*), for a job that is made of its options alone.

    *key* is the idempotency key of its job.
    """

    key: Key
    filename: Words
    origin: Words = ""
    url: Words | None = None
    bare: bool = False
    refused: tuple[Words, Words] | None = None


class Take(_Asked, frozen=True, kw_only=True):
    batch: str
    terms: Terms
    entries: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=MOST_ENTRIES)]


class Check(_Asked, frozen=True, kw_only=True):
    terms: Terms
    files: bool = True


class Wish(_Asked, frozen=True, kw_only=True):
    """What the bytes that come with it are to become. The idempotency key is in the header."""

    batch: str
    terms: Terms
    filename: Words
    origin: Words = ""


# --- answers --------------------------------------------------------------------------------------


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there: *owner* is whose jobs the key shows; a larger file is not taken."""

    version: str
    owner: str
    upload_bytes: int


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str


class ToolRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tool, and how many of the owner's jobs of it stand where."""

    tool: str
    label: str
    concurrency: int
    state: str
    queued: int
    processing: int
    retrying: int
    completed: int
    failed: int
    cancelled: int
    mean_seconds: float | None


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The job that an input became."""

    job_id: str
    status: JobState


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """*changed* where anything may have changed since *seen* was said."""

    seen: str
    changed: bool


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why not, with the exact code of the error's class."""

    code: str
    message: str
    retry_after: float = 0.0


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    error: Fault


def fault_of(error: ToolkitError, *, message: str) -> Refusal:
    """What *error* looks like on the wire, told in these words."""
    after = getattr(error, "retry_after", 0.0)
    told = message[:LONGEST_MESSAGE].encode(errors="replace").decode()
    return Refusal(error=Fault(code=error.code, message=told, retry_after=after))


def as_shown(job: Job) -> Job:
    """*job* without what may be secret in the address that it is fetched from."""
    return job if job.url is None else replace(job, url=shown(job.url))


# --- the table ------------------------------------------------------------------------------------

Repeat: TypeAlias = Literal["always", "never"]
"""Whether a question may be asked again when nobody knows whether it was answered."""

Form: TypeAlias = Literal["json", "frame", "bytes"]


class VerbRow(msgspec.Struct, frozen=True, kw_only=True):
    """A verb: what it *asks*, what it *gives* where that is JSON, and the scope that it needs."""

    name: str
    asks: Any
    gives: Any = None
    scope: str = "jobs:read"
    form: Form = "json"
    repeat: Repeat = "always"
    summary: str


def _read(name: str, asks: Any, gives: Any, summary: str, *, form: Form = "json") -> VerbRow:
    return VerbRow(name=name, asks=asks, gives=gives, form=form, summary=summary)


def _move(
    name: str,
    asks: Any,
    gives: Any,
    summary: str,
    *,
    scope: str = "jobs:write",
    repeat: Repeat = "always",
) -> VerbRow:
    return VerbRow(name=name, asks=asks, gives=gives, scope=scope, repeat=repeat, summary=summary)


VERBS: Mapping[str, VerbRow] = {
    row.name: row
    for row in (
        VerbRow(name="hello", asks=Nothing, gives=Greeting, scope="", summary="Who is there"),
        _read("look", OfJob, Job, "A job as it stands"),
        _read("find", Find, list[Job], "The jobs that match, in the order of submission"),
        _read("ids", Ids, list[str], "The ids of the jobs that match, sorted"),
        _read("look_at", OfJobs, list[Job], "Several jobs, those that there are"),
        _read("batches", Nothing, list[BatchRow], "Every batch, the latest first"),
        _read("counts", OfBatch, dict[JobState, int], "How many jobs are in each state"),
        _read("glance", OfBatch, Glance, "What a board shows"),
        _read("attempts", OfJob, list[Attempt], "Every try at a job"),
        _read("reviews", OfJobs, list[Review], "What was said of these jobs' documents"),
        _read("review_progress", OfJobs, Reviewing, "How many blocks were reviewed"),
        _read("tools", Nothing, list[Offered], "The types of job that can be asked for"),
        _read("stats", Nothing, list[ToolRow], "The tools, and how the owner's jobs stand"),
        _read("changes", Changes, Changed, "Held back until something changes, or for a while"),
        _read("blocks", Blocks, None, "A row a block", form="frame"),
        _read("pages", Pages, None, "A row a page", form="frame"),
        _read("result", OfJob, None, "What the job made", form="bytes"),
        _read("document", OfJob, None, "The document that a parse made", form="bytes"),
        _read("page_image", PageImage, None, "A page as WEBP", form="bytes"),
        _move("cancel", OfJobs, int, "Stop the jobs that have not ended", repeat="never"),
        _move("retry", OfJobs, int, "Queue failed and cancelled jobs again", repeat="never"),
        _move("purge", OfJobs, dict[str, int], "Erase input, result and names"),
        _move("reprioritise", Reprioritise, int, "Give waiting jobs another priority"),
        _move("review", Say, Review, "Keep what a person says of a block", repeat="never"),
        _move("undo_review", Undo, None, "Let a review not count any more", repeat="never"),
        _move("check", Check, None, "Whether these terms can be asked for", scope="extract:write"),
        _move("new_batch", NewBatch, BatchRow, "A new, empty batch", scope="extract:write"),
        _move("take", Take, list[Taken], "Addresses and refused inputs", scope="extract:write"),
        _move("pause", OfTool, None, "Start no more jobs of a tool", scope="admin"),
        _move("resume", OfTool, None, "Start jobs of a tool again", scope="admin"),
        _move("drain", OfTool, None, "Take no more jobs of a tool", scope="admin"),
    )
}
