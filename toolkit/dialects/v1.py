"""The dialect of /v1: our own interface, and that of the second reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolkit.dialects import v1_reading, v1_writing
from toolkit.dialects.exchange import Access, Route, Verb
from toolkit.dialects.operations import (
    ANY_TYPE,
    IDEMPOTENCY,
    JOB_ID,
    RETRY_AFTER,
    answer,
    binary,
    header,
    in_path,
    in_query,
    operation,
    ref,
)
from toolkit.dialects.operations import BOOLEAN_TEXT as FLAG
from toolkit.dialects.v1_answers import (
    FILE,
    LIST,
    LOCATION,
    ONE,
    RATES,
    SUBMIT,
    fault,
    faults,
    good,
)
from toolkit.dialects.v1_schemas import COMPONENTS, EXTRACT_FORM, JOB_FORM, JOB_JSON

__all__ = ["COMPONENTS", "NAME", "PREFIX", "ROUTES", "TITLE", "fault"]

NAME: Final = "v1"
TITLE: Final = "Jobs and documents"
PREFIX: Final = "/v1"

_KEY: Final[tuple[Mapping[str, Any], ...]] = ({"key": []},)
_KEY_OR_TOKEN: Final[tuple[Mapping[str, Any], ...]] = ({"key": []}, {"jobToken": []})

_PICTURES: Final = tuple(f"image/{kind}" for kind in ("png", "jpeg", "webp", "gif", "bmp", "tiff"))

_PREFER: Final = header("Prefer", {"type": "string"}, "wait=20 holds the answer back.")


_SUBMITTED: Final[Mapping[int, Mapping[str, Any]]] = {
    200: good("The job has ended already.", "V1Job", location=LOCATION),
    202: good("Taken in.", "V1Submitted", location=LOCATION, retry=RETRY_AFTER),
    **faults(SUBMIT),
}


def _route(
    method: str,
    path: str,
    verb: Verb,
    *,
    scope: str,
    operation: Mapping[str, Any],
    read: Any = None,
    write: Any = None,
    access: Access = "key",
) -> Route:
    return Route(
        method=method,
        path=f"{PREFIX}{path}",
        verb=verb,
        access=access,
        scope=scope,
        operation=operation,
        fault=fault,
        read=read,
        write=write,
    )


_WINDOW: Final = (
    in_query("sync", FLAG, "As the field of that name."),
    in_query("sync_timeout_seconds", {"type": "number", "default": 25}, "From 1 to 30."),
    IDEMPOTENCY,
)

_SUBMISSIONS: Final = (
    _route(
        "POST",
        "/extract",
        "submit",
        scope="extract:write",
        read=v1_reading.extract,
        write=v1_writing.submitted,
        operation=operation(
            "v1Extract",
            "Have a document read",
            tag=TITLE,
            security=_KEY,
            parameters=_WINDOW,
            body={"multipart/form-data": EXTRACT_FORM},
            answers=_SUBMITTED,
        ),
    ),
    _route(
        "POST",
        "/jobs",
        "submit",
        scope="extract:write",
        read=v1_reading.submit,
        write=v1_writing.submitted,
        operation=operation(
            "v1Submit",
            "Submit a job of any tool",
            tag=TITLE,
            security=_KEY,
            parameters=_WINDOW,
            body={"application/json": JOB_JSON, "multipart/form-data": JOB_FORM},
            # The earlier job that 'input' names may be unknown, or its file gone.
            answers={**_SUBMITTED, **faults((404, 410))},
        ),
    ),
)

_JOBS: Final = (
    _route(
        "GET",
        "/jobs",
        "list",
        scope="jobs:read",
        read=v1_reading.jobs,
        write=v1_writing.listed,
        operation=operation(
            "v1ListJobs",
            "Your jobs, newest first",
            tag=TITLE,
            security=_KEY,
            parameters=(
                in_query("status", {"enum": list(v1_reading.STATUSES)}, "Only these."),
                in_query("type", {"type": "string", "minLength": 1}, "Only of this tool."),
                in_query(
                    "limit",
                    {
                        "type": "integer",
                        "minimum": 1,
                        "maximum": v1_reading.MOST_JOBS,
                        "default": v1_reading.USUAL_JOBS,
                    },
                    "Jobs on a page.",
                ),
                in_query(
                    "cursor",
                    {"type": "string", "minLength": 1, "maxLength": 200},
                    "The page before gave it as next_cursor.",
                ),
            ),
            answers={200: good("A page of jobs.", "V1Jobs"), **faults(LIST)},
        ),
    ),
    _route(
        "GET",
        "/jobs/{job_id}",
        "look",
        scope="jobs:read",
        access="key or token",
        read=v1_reading.look,
        write=v1_writing.looked,
        operation=operation(
            "v1Job",
            "A job, with its document once it has completed",
            tag=TITLE,
            security=_KEY_OR_TOKEN,
            parameters=(JOB_ID, _PREFER),
            answers={
                200: good("The job, in whatever state it is.", "V1Job", retry=RETRY_AFTER),
                **faults(ONE),
            },
        ),
    ),
    _route(
        "DELETE",
        "/jobs/{job_id}",
        "cancel",
        scope="jobs:write",
        access="key or token",
        read=v1_reading.cancel,
        write=v1_writing.cancelled,
        operation=operation(
            "v1Cancel",
            "Cancel a job that has not ended",
            tag=TITLE,
            security=_KEY_OR_TOKEN,
            parameters=(JOB_ID,),
            answers={
                204: answer("Cancelled.", headers=RATES),
                **faults(ONE),
                409: answer(
                    "JOB_ALREADY_COMPLETED, JOB_ALREADY_FAILED or JOB_ALREADY_CANCELLED",
                    ref("V1Error"),
                ),
            },
        ),
    ),
    _route(
        "POST",
        "/jobs/{job_id}/purge",
        "purge",
        scope="jobs:write",
        write=v1_writing.purged,
        operation=operation(
            "v1Purge",
            "Erase a job's source, result and options for good",
            tag=TITLE,
            security=_KEY,
            parameters=(JOB_ID,),
            answers={204: answer("Erased, or erased before.", headers=RATES), **faults(ONE)},
        ),
    ),
)


def _streamed(
    method: str,
    path: str,
    verb: Verb,
    *,
    name: str,
    summary: str,
    answers: Mapping[int, Mapping[str, Any]],
    more: Sequence[Mapping[str, Any]] = (),
    read: Any = None,
) -> Route:
    """A route whose answer is a file or a stream."""
    return _route(
        method,
        path,
        verb,
        scope="jobs:read",
        access="key or token",
        read=read,
        operation=operation(
            name,
            summary,
            tag=TITLE,
            security=_KEY_OR_TOKEN,
            parameters=(JOB_ID, *more),
            answers=answers,
        ),
    )


_PIXELS: Final = {
    "type": "integer",
    "minimum": v1_reading.WIDTHS.start,
    "maximum": v1_reading.WIDTHS.stop - 1,
    "default": v1_reading.USUAL_WIDTH,
}
_CHANGED: Final = answer("It is as the caller has it already.")
_OTHER: Final = answer("It is not as the caller demands (If-Match).")
_PARTIAL: Final[Mapping[int, Mapping[str, Any]]] = {
    206: answer("A part of the file.", ANY_TYPE, media_types=("*/*",)),
    304: _CHANGED,
    412: _OTHER,
    416: answer("The file has no such part."),
}
_FILES: Final = (
    _streamed(
        "GET",
        "/jobs/{job_id}/events",
        "events",
        name="v1Events",
        summary="Status, progress and stage as they change",
        answers={
            200: answer(
                "Server-Sent Events until the job has ended.",
                {"type": "string"},
                media_types=("text/event-stream",),
            ),
            **faults(ONE),
        },
    ),
    _streamed(
        "GET",
        "/jobs/{job_id}/result",
        "result",
        name="v1Result",
        summary="The result as a file",
        answers={
            200: answer("The file.", ANY_TYPE, media_types=("*/*",)),
            **_PARTIAL,
            **faults(FILE),
        },
    ),
    _streamed(
        "HEAD",
        "/jobs/{job_id}/result",
        "result",
        name="v1ResultHead",
        summary="What the result's file is; not of a result that is fetched once",
        answers={
            status: answer("As GET answers, without the body.")
            for status in (200, 304, 405, 412, *FILE)
        },
    ),
    _streamed(
        "GET",
        "/jobs/{job_id}/pages/{number}.png",
        "page_image",
        name="v1Page",
        summary="A page as a picture",
        more=(
            in_path("number", {"type": "integer", "minimum": 1}, "The page, from 1."),
            in_query("width", _PIXELS, "How wide the picture is, in pixels."),
        ),
        read=v1_reading.page,
        answers={
            200: answer("The page.", binary("PNG."), media_types=("image/png",)),
            304: _CHANGED,
            412: _OTHER,
            **faults((400, *FILE)),
        },
    ),
    _streamed(
        "GET",
        "/jobs/{job_id}/images/{block_id}",
        "block_image",
        name="v1Picture",
        summary="The picture of a block",
        more=(in_path("block_id", {"type": "string"}, "The block's id in the document."),),
        read=v1_reading.block,
        answers={
            200: answer("The picture.", binary("In its own type."), media_types=_PICTURES),
            304: _CHANGED,
            412: _OTHER,
            **faults(FILE),
        },
    ),
)

_QUEUE: Final = (
    _route(
        "GET",
        "/tools",
        "tools",
        scope="jobs:read",
        write=v1_writing.offered,
        operation=operation(
            "v1Tools",
            "The types of job that can be asked for",
            tag=TITLE,
            security=_KEY,
            answers={200: good("Every tool.", "V1Tools"), **faults(LIST)},
        ),
    ),
    _route(
        "GET",
        "/stats",
        "stats",
        scope="jobs:read",
        write=v1_writing.statistics,
        operation=operation(
            "v1Statistics",
            "How each tool is doing",
            tag=TITLE,
            security=_KEY,
            answers={200: good("Every tool.", "V1Statistics"), **faults(LIST)},
        ),
    ),
    _route(
        "GET",
        "/usage",
        "usage",
        scope="usage:read",
        read=v1_reading.month,
        write=v1_writing.used,
        operation=operation(
            "v1Usage",
            "Pages and jobs by month and tool",
            tag=TITLE,
            security=_KEY,
            parameters=(
                in_query(
                    "month",
                    {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
                    "Such as 2026-11; every month where it is not given.",
                ),
            ),
            answers={200: good("What was used.", "V1Usage"), **faults(LIST)},
        ),
    ),
)

ROUTES: Final[tuple[Route, ...]] = (*_SUBMISSIONS, *_JOBS, *_FILES, *_QUEUE)
