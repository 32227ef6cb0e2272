"""A tool: a type of job, with its label, its limits, and the function that does the work.

A tool's function takes a ``Task`` and returns an ``Outcome`` (or bytes, text, or anything that
JSON can say). It runs in a child process and knows no database.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from toolkit.errors import InvalidOption, ToolFailed
from toolkit.jobs.job import Progress

__all__ = ["OCR_PATIENCE", "Limits", "Outcome", "Task", "Tool", "outcome_of", "target_of"]

OCR_PATIENCE: Final = 3
"""A page whose picture is read may take so many times the seconds of another one on the clock.

Its limit proper is processor time, which the engine counts: recognition is the one step that works
for seconds on every page, so that a machine with more jobs than processors would cut off good pages
by the clock. Three times as long is what a page has if three processes share each processor.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use: seconds, bytes, counts."""

    deadline: float = 60.0
    """Seconds that a job may take, before pages are counted."""
    deadline_per_page: float = 5.0
    """Seconds added to the deadline for each page of the document; for a page whose picture is
    read, `OCR_PATIENCE` times as many."""
    page_seconds: float = 20.0
    """Seconds after which one page is cut off; see `OCR_PATIENCE` for one whose picture is read."""
    memory: int = 1536 * 2**20
    """Bytes of resident memory of the child and of all that it starts."""
    attempts: int = 3
    max_pages: int = 10_000

    def page_ends(self, *, recognised: bool) -> float:
        """Seconds on the clock after which a page is cut off, whatever it did in them."""
        return self.page_seconds * (OCR_PATIENCE if recognised else 1)

    def job_ends(self, pages: int, *, recognised: int) -> float:
        """Seconds after which a job on *pages* pages is stopped, pictures being read on some."""
        counted = pages + (OCR_PATIENCE - 1) * min(pages, recognised)
        return self.deadline + counted * self.deadline_per_page

    def with_changes(self, changes: Mapping[str, object]) -> Self:
        """These limits with some of them replaced.

        Raises InvalidOption for an unknown name or a value that is not a positive number.
        """
        known = {f.name for f in fields(self)}
        for name, value in changes.items():
            if name not in known:
                names = ", ".join(sorted(known))
                raise InvalidOption(f"unknown limit {name!r}; the limits are {names}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise InvalidOption(f"limit {name}={value!r}: a positive number is needed")
        return replace(self, **changes)  # type: ignore[arg-type]  # each was checked above


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A type of job.

    ``target`` is an import path, ``"package.module:function"``: the runner is another process
    and finds the function by it. ``concurrency`` bounds how many jobs of this tool run at once
    over all processes that share the file; 0 means as many as there are slots. ``prior_seconds``
    is the duration assumed before any job has ended.
    """

    name: str
    target: str
    label: str = ""
    concurrency: int = 0
    prior_seconds: float = 5.0
    version: str = "1"
    """Part of a cached result's identity: raise it when the tool's answers change."""
    cacheable: bool = True
    limits: Limits = field(default_factory=Limits)
    check: str | None = None
    """Import path of a function that takes the options and returns them checked and completed."""
    schema: str | Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """What may be asked, for forms: a JSON Schema of an object, or the import path of a function
    that returns one. Not kept in the file: it is known where the tool is registered."""
    takes_file: bool | None = field(default=None, compare=False, repr=False)
    """True: each job needs an input file; False: none may have one; None: as one likes. Not kept
    in the file either."""
    admits: str | None = field(default=None, compare=False, repr=False)
    """Import path of a function ``(head: bytes, size: int, filename: str) -> None`` that raises why
    a file is not taken. It sees the first 4,096 bytes, and is asked where a file is sent to a
    server: a wrong one is then refused at the door. Not kept in the file either."""

    def __post_init__(self) -> None:
        if not self.name.replace("_", "").replace("-", "").isalnum():
            raise InvalidOption(f"tool name {self.name!r}: letters, digits, '-' and '_' only")
        if self.target.count(":") != 1:
            raise InvalidOption(
                f"tool {self.name}: target {self.target!r} is not 'module:function'"
            )
        if self.concurrency < 0:
            raise InvalidOption(f"tool {self.name}: concurrency={self.concurrency} is below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a tool's function is given.

    ``source`` is the input file (None for a tool without one) under its own ``filename``;
    ``work_folder`` is empty, private to the attempt, and deleted after it. ``cut_pages`` maps
    pages that an earlier run of this attempt could not get past to (code, message): they are to
    be left out and reported. ``report`` sends progress and may be called often. ``processes`` is
    how many the job may run at once, its own counted, without taking a processor from another.
    """

    filename: str
    source: Path | None
    sha256: str
    options: Mapping[str, Any]
    limits: Limits
    work_folder: Path
    report: Callable[[Progress], None]
    cut_pages: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    processes: int = 1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool's function gives back.

    ``content`` is the result as bytes of ``media_type``; ``pages`` is how many were worked on
    (what usage counts). A result that says ``cacheable=False`` is never reused.
    """

    content: bytes
    media_type: str = "application/octet-stream"
    filename: str | None = None
    pages: int = 0
    cacheable: bool = True


def outcome_of(answer: object) -> Outcome:
    """A tool function's *answer* as an Outcome: bytes and text as they are, the rest as JSON.

    Raises ToolFailed where JSON cannot say it.
    """
    match answer:
        case Outcome():
            return answer
        case bytes():
            return Outcome(content=answer)
        case str():
            return Outcome(content=answer.encode(), media_type="text/plain; charset=utf-8")
    try:
        return Outcome(content=msgspec.json.encode(answer), media_type="application/json")
    except (TypeError, ValueError) as exc:
        kind = type(answer).__name__
        raise ToolFailed(f"the tool returned a {kind}, which JSON cannot say: {exc}") from exc


def target_of(path: str) -> Callable[..., Any]:
    """The function at the import path ``"module:function"``.

    Raises ToolFailed where there is none.
    """
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as exc:
        raise ToolFailed(f"the tool's function {path!r} cannot be imported: {exc}") from exc
    if not callable(found):
        raise ToolFailed(f"{path!r} is not a function")
    return found
