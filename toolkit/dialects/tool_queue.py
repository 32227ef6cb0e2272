"""The dialect of /api/tools/v1/queue: one queue for all tools, asked by forms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from toolkit.dialects import tool_queue_wire
from toolkit.dialects.exchange import Query, Reply, Route
from toolkit.dialects.faults import fault_headers, message_of, status_of
from toolkit.dialects.operations import (
    ANY_TYPE,
    BOOLEAN_TEXT,
    IDEMPOTENCY,
    JOB_ID,
    Schema,
    answer,
    binary,
    faults,
    keyed_route,
    nullable,
    object_of,
    ref,
    several,
)
from toolkit.dialects.tool_queue_wire import PATH as PREFIX
from toolkit.dialects.tool_queue_wire import STATUSES
from toolkit.dialects.wire import readable, replied
from toolkit.errors import ToolkitError

__all__ = ["COMPONENTS", "NAME", "PREFIX", "ROUTES", "TITLE", "TOOLS", "fault"]

NAME: Final = "tool_queue"
TITLE: Final = "Tool queue"


def fault(error: ToolkitError) -> Reply:
    """``{"error": "text"}``."""
    status = status_of(error, invalid=400)
    told = {"error": readable(message_of(error, status))}
    return replied(status, told, fault_headers(error))


_COUNT: Final = {"type": "integer", "minimum": 0}
_MAYBE_COUNT: Final = nullable("integer", minimum=0)
_WORDS: Final = list(dict.fromkeys(STATUSES.values()))


def _number(least: float, most: float, usual: float) -> Schema:
    return {"type": "number", "minimum": least, "maximum": most, "default": usual}


def _whole(least: int, most: int, usual: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most, "default": usual}


_FLAG: Final[Schema] = {"enum": [*BOOLEAN_TEXT["enum"], ""], "default": "false"}
_MODE: Final[Schema] = {"enum": ["async", "sync"], "default": "async"}

_MATERIAL: Final[Mapping[str, Schema]] = {
    "image": binary("material: PNG, JPEG or WebP, 20 MB at most."),
    "materialMode": {"enum": ["vmat", "tmat"], "default": "vmat"},
    "name": {"type": "string", "default": "texture"},
    "normalStrength": _number(0.5, 4, 1.5),
    "roughnessBase": _whole(100, 240, 180),
    "aoStrength": _number(0, 1, 0.3),
    "metalness": _number(0, 1, 0),
    "uvScale": _number(0.25, 50, 1),
    "transparent": _FLAG,
    "assetDir": {"type": "string", "maxLength": 200},
}
_TERRAIN: Final[Mapping[str, Schema]] = {
    "resolution": _whole(64, 4096, 512),
    "seed": _whole(1 - 2**53, 2**53 - 1, 0),
    "hills": _whole(0, 50, 6),
    "ridges": _whole(0, 20, 1),
    "craters": _whole(0, 20, 0),
    "plateaus": _whole(0, 20, 0),
    "valleys": _whole(0, 20, 0),
    "waterLevel": _number(0, 1, 0),
    "island": _FLAG,
    "format": {"enum": ["r16", "png"], "default": "r16"},
}
_MODEL: Final[Mapping[str, Schema]] = {
    "file": binary("model: OBJ, 100 MB at most. What another tool works on."),
    "ratio": _number(0.01, 1, 0.5),
    "lodLevels": _whole(0, 5, 0),
    "lodFinalRatio": _number(0.001, 1, 0.15),
    "lodMaxThreshold": _number(1, 500, 50),
    "generatePbr": _FLAG,
}
TOOLS: Final = {"material": _MATERIAL, "terrain": _TERRAIN, "model": _MODEL}
"""The fields of each tool of the reference."""

_FIELDS: Final[Schema] = {
    "type": "object",
    "description": "A tool's fields beside its name: "
    + "; ".join(f"{name} has {', '.join(fields)}" for name, fields in TOOLS.items())
    + ". Another tool has fields of its own.",
    "properties": {
        "tool": {
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "description": "material, terrain, model, or another tool.",
        },
        "mode": _MODE,
        **_MATERIAL,
        **_TERRAIN,
        **_MODEL,
    },
    "required": ["tool"],
    "additionalProperties": {"type": "string"},
}

_JOB: Final = object_of(
    {
        "jobId": {"type": "string"},
        "toolType": {"type": "string"},
        "status": {"enum": _WORDS},
        "position": _COUNT,
        "estimatedWaitMs": _COUNT,
        "createdAt": _COUNT,
        "startedAt": _MAYBE_COUNT,
        "completedAt": _MAYBE_COUNT,
        "hasResult": {"type": "boolean"},
        "resultUrl": nullable("string"),
        "expiresAt": _MAYBE_COUNT,
        "error": {"type": "string"},
    },
    optional=("error",),
)
_DONE: Final = object_of(
    {
        "ok": {"const": True},
        "jobId": {"type": "string"},
        "status": {"const": "done"},
        "result": object_of(
            {
                "filename": nullable("string"),
                "contentType": nullable("string"),
                "size": _MAYBE_COUNT,
            }
        ),
        "resultUrl": nullable("string"),
    }
)
_FAILED: Final = object_of(
    {
        "ok": {"const": False},
        "jobId": {"type": "string"},
        "status": {"const": "error"},
        "error": {"type": "string"},
    }
)
_QUEUE: Final = object_of(
    {
        "label": {"type": "string"},
        **dict.fromkeys(("maxConcurrent", "active", "queued", "completed", "failed"), _COUNT),
        "avgDurationMs": _COUNT,
    }
)

COMPONENTS: Final[Mapping[str, Any]] = {
    "schemas": {
        "ToolQueueError": object_of({"error": {"type": "string"}}),
        "ToolQueueJob": _JOB,
        "ToolQueueSubmitted": object_of(
            {
                "ok": {"const": True},
                "jobId": {"type": "string"},
                "position": _COUNT,
                "estimatedWaitMs": _COUNT,
                "statusUrl": {"type": "string"},
            }
        ),
        "ToolQueueEnded": {"oneOf": [_DONE, _FAILED]},
        "ToolQueueOwnJobs": object_of(
            {"ok": {"const": True}, "jobs": several(ref("ToolQueueJob"))}
        ),
        "ToolQueueStatistics": object_of(
            {
                "ok": {"const": True},
                "queues": {"type": "object", "additionalProperties": _QUEUE},
            }
        ),
    },
    "securitySchemes": {
        "key": {"type": "http", "scheme": "bearer", "description": "A key: sbox_tk_…"}
    },
}

_FAULTS: Final[Mapping[int, str]] = {
    400: "A field is missing, unknown or out of its range, which the text names.",
    401: "The key is missing, unknown, revoked or expired.",
    402: "The month's pages are used up.",
    403: "The key may not do this.",
    404: "There is no such job, or it is another owner's.",
    408: "The request did not arrive in time.",
    409: "The job is not done.",
    410: "The result has expired, or was fetched once for all.",
    413: "The file is too large.",
    422: "The idempotency key was used before, for another submission.",
    429: "Too many requests in a window of time.",
}


def _faults(*statuses: int) -> dict[int, Mapping[str, Any]]:
    return faults(_FAULTS, "ToolQueueError", statuses)


_route = partial(keyed_route, prefix=PREFIX, tag=TITLE, fault=fault)

# What stands at a fixed path comes before what stands at a job's.
ROUTES: Final[tuple[Route, ...]] = (
    _route(
        "POST",
        "",
        "submit",
        name="toolQueueSubmit",
        summary="Submit a job of a tool",
        scope="extract:write",
        read=tool_queue_wire.submission,
        write=tool_queue_wire.submitted,
        parameters=(IDEMPOTENCY,),
        body={"multipart/form-data": _FIELDS},
        answers={
            200: answer("In sync mode: the job has ended, well or not.", ref("ToolQueueEnded")),
            202: answer("Taken in.", ref("ToolQueueSubmitted")),
            **_faults(400, 401, 402, 403, 408, 413, 422, 429),
        },
    ),
    _route(
        "GET",
        "/stats",
        "stats",
        name="toolQueueStatistics",
        summary="How each tool is doing",
        write=tool_queue_wire.statistics,
        answers={
            200: answer("Every tool.", ref("ToolQueueStatistics")),
            **_faults(400, 401, 403, 429),
        },
    ),
    _route(
        "GET",
        "/my-jobs",
        "mine",
        name="toolQueueOwnJobs",
        summary="Your jobs that wait or run",
        write=tool_queue_wire.mine,
        answers={200: answer("The jobs.", ref("ToolQueueOwnJobs")), **_faults(400, 401, 403, 429)},
    ),
    _route(
        "GET",
        "/{job_id}",
        "look",
        name="toolQueueJob",
        summary="A job's status",
        read=lambda _: Query(),
        write=tool_queue_wire.looked,
        parameters=(JOB_ID,),
        answers={
            200: answer("The job.", ref("ToolQueueJob")),
            **_faults(400, 401, 403, 404, 429),
        },
    ),
    _route(
        "GET",
        "/{job_id}/result",
        "result",
        name="toolQueueResult",
        summary="The result as a file",
        parameters=(JOB_ID,),
        answers={
            200: answer("The file.", ANY_TYPE, media_types=("*/*",)),
            206: answer("A part of the file.", ANY_TYPE, media_types=("*/*",)),
            304: answer("It is as the caller has it already."),
            412: answer("It is not as the caller demands (If-Match)."),
            416: answer("The file has no such part."),
            **_faults(400, 401, 403, 404, 409, 410, 429),
        },
    ),
)
