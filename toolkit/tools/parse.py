"""The job type ``parse``: a file becomes a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from toolkit.document.wire import MEDIA_TYPE, WIRE_VERSION, encode
from toolkit.engine.options import ParseOptions
from toolkit.engine.source import Source
from toolkit.engine.version import ENGINE_VERSION
from toolkit.errors import (
    ChildCrashed,
    InvalidInput,
    InvalidOption,
    MemoryExceeded,
    OcrUnavailable,
    PageTimeout,
)
from toolkit.jobs.tool import Outcome, Task, Tool

__all__ = ["PARSE", "check", "run"]

CUT: Final = frozenset(
    {ChildCrashed.code, MemoryExceeded.code, PageTimeout.code, OcrUnavailable.code}
)
"""Why a page may be missing that a quieter machine, or one with OCR, would have read."""

PARSE: Final = Tool(
    name="parse",
    label="Parse documents",
    target="toolkit.tools.parse:run",
    check="toolkit.tools.parse:check",
    schema="toolkit.tools.schema:parse_options",
    version=f"{ENGINE_VERSION}.{WIRE_VERSION}",
    prior_seconds=2.0,
    takes_file=True,
)


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """*options* checked and completed: every option by name, the secret ones left out.

    Raises InvalidOption, naming the nearest right one.
    """
    if options.get("password") is not None:
        raise InvalidOption("password: a secret is handed in apart from the options")
    return ParseOptions.from_mapping(options).public()


def run(task: Task) -> Outcome:
    """The document in the task's file, as canonical JSON.

    A result whose pages were cut by time, memory or a crash is not cacheable.
    """
    # Loads the PDF libraries, which the kernel and the store never need.
    from toolkit.engine.pipeline import parse

    if task.source is None:
        raise InvalidInput("parse needs a file")
    document = parse(
        Source.from_path(task.source, filename=task.filename),
        ParseOptions.from_mapping(task.options),
        limits=task.limits,
        report=task.report,
        cut_pages=task.cut_pages,
        processes=task.processes,
    )
    # What was not to be recognised is not on any other machine either.
    cut_by = CUT - {OcrUnavailable.code} if task.options.get("ocr") == "never" else CUT
    cut = any(failure.code in cut_by for failure in document.extraction.per_page_failures)
    return Outcome(
        content=encode(document),
        media_type=MEDIA_TYPE,
        filename=f"{task.filename}.json",
        pages=len(document.pages),
        cacheable=not cut,
    )
