"""What is asked (Submission), what became of it (Job), and what was tried (Attempt)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from html import escape
from typing import Any

import msgspec

from toolkit.jobs.state import FINAL, JobState

__all__ = ["Attempt", "Job", "Progress", "Stage", "Submission"]


class Stage(StrEnum):
    """What a running job is doing."""

    UPLOADING = "uploading"
    PARSING = "parsing"
    OCR = "ocr"
    CHUNKING = "chunking"
    VECTORIZING = "vectorizing"
    EXTRACTING = "extracting"
    GENERATING = "generating"


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far an attempt is: *percent* 0–100, *page* (from 1; 0 = before the first) of *pages*."""

    percent: float
    stage: Stage = Stage.PARSING
    page: int = 0
    pages: int = 0


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One job to be done.

    The input's bytes are in the store's blobs already, under ``sha256``; or they are still to be
    fetched, from ``url``; where both are None there is no input file.
    ``refused`` is (code, message) for an input that could not be taken: its job is born failed,
    so that a batch shows every file that was asked for. Durations are in seconds.
    """

    tool: str
    filename: str = ""
    sha256: str | None = None
    url: str | None = None
    """The address (http, https) that the runner is to fetch the input from. It may hold secrets."""
    size: int = 0
    media_type: str = "application/octet-stream"
    origin: str = ""
    """Where the input came from: a path, a column's row, "bytes"."""
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    secrets: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Options, such as a password, that are erased when the job ends and never in cache or logs."""
    limits: Mapping[str, float] = msgspec.field(default_factory=dict)
    """Changes to the tool's limits, for this job."""
    batch: str | None = None
    priority: int = 0
    owner: str = ""
    parent: str | None = None
    idempotency_key: str | None = None
    one_time: bool = False
    bypass_cache: bool = False
    retain: float | None = None
    """Seconds after completion for which the source is kept; None = for ever."""
    result_retain: float | None = None
    callback_url: str | None = None
    presentation: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """How the answer is to be written: no part of what is done."""
    refused: tuple[str, str] | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the store knows it. Times are POSIX seconds, None where not reached."""

    id: str
    number: int
    """Counts up over the file: the order of submission."""
    tool: str
    status: JobState
    filename: str | None
    origin: str | None
    sha256: str | None
    size: int
    media_type: str
    batch: str | None
    owner: str
    priority: int
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    run_at: float | None = None
    """When a retrying job is due."""
    updated_at: float = 0.0
    """When something was last heard of it."""
    progress: float = 0.0
    stage: str | None = None
    page: int = 0
    pages: int = 0
    attempt: int = 0
    claims: int = 0
    """How often it was claimed: tells this claim from every other one of the same job."""
    interruptions: int = 0
    error: str | None = None
    error_code: str | None = None
    cache_hit: bool = False
    has_result: bool = False
    result_gone: bool = False
    """The result was purged, has expired, or was fetched once for all."""
    purged: bool = False
    runner: str | None = None
    parent: str | None = None
    options: Mapping[str, Any] = msgspec.field(default_factory=dict)
    limits: Mapping[str, float] = msgspec.field(default_factory=dict)
    one_time: bool = False
    url: str | None = None
    """The address of an input that has not been fetched yet; None once it is there. It may hold
    secrets: show ``address.shown(url)`` instead."""
    retain: float | None = None
    """Seconds after its end for which the source is kept, None = for ever; and so the result."""
    result_retain: float | None = None
    source_expires_at: float | None = None
    result_expires_at: float | None = None

    @property
    def ended(self) -> bool:
        return self.status in FINAL

    @property
    def document_id(self) -> str:
        """The id of the document that this job makes, known from submission on."""
        return "doc_" + self.id.removeprefix("job_")

    def __repr__(self) -> str:
        what = f" {_shown(f'{self.error_code}: {self.error}')}" if self.error_code else ""
        share = f" {self.progress:.0f} %" if self.status is JobState.PROCESSING else ""
        name = _shown(self.filename or "(no file)")
        return f"<Job {self.id} '{name}' {self.status}{share}{what}>"

    def _repr_html_(self) -> str:
        why = f" · {self.error_code}: {self.error}" if self.error_code else ""
        words = f"{self.filename or '(no file)'} · {self.status} · {self.progress:.0f} %{why}"
        return f"<div><code>{escape(self.id)}</code> {escape(_shown(words))}</div>"


def _shown(text: str) -> str:
    """*text* short, and with nothing in it that could steer a terminal or a page."""
    short = text if len(text) <= 500 else text[:499] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try at a job: *number* from 1, with how it ended and what it used."""

    job: str
    number: int
    runner: str
    started_at: float
    ended_at: float | None = None
    outcome: str | None = None
    """succeeded, failed, postponed, cancelled or interrupted; None while it runs."""
    error_code: str | None = None
    error: str | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
