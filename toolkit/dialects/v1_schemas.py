"""The shapes of /v1: what may be asked, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from toolkit.dialects.operations import (
    ANY_JSON,
    BOOLEAN_TEXT,
    Schema,
    binary,
    form,
    nullable,
    object_of,
    ref,
    several,
)
from toolkit.dialects.reading import LONGEST_ADDRESS, LONGEST_CALLBACK
from toolkit.dialects.v1_reading import LONGEST_SYNC, STATUSES, USUAL_SYNC
from toolkit.dialects.wanting import LONGEST_RETENTION
from toolkit.document.blocks import BLOCK_TYPES, TextSource
from toolkit.jobs.job import Stage

__all__ = ["COMPONENTS", "EXTRACT_FORM", "JOB_FORM", "JOB_JSON"]

_HOURS: Final = {"minimum": 0, "maximum": LONGEST_RETENTION}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_MAYBE_MOMENT: Final = nullable("string", format="date-time")
_COUNT: Final = {"type": "integer", "minimum": 0}

_TRANSPORT: Final[Mapping[str, Schema]] = {
    "callback_url": nullable(
        "string",
        pattern="^[Hh][Tt][Tt][Pp][Ss]?://",
        maxLength=LONGEST_CALLBACK,
        description="Where the job's end is told, by a signed POST.",
    ),
    "retain_hours": nullable("number", **_HOURS, default=24, description="For the source."),
    "result_retain_hours": nullable(
        "number", **_HOURS, description="For the result; as for the source where it is not given."
    ),
    "bypass_cache": nullable("boolean", default=False),
    "one_time": nullable(
        "boolean", default=False, description="The result can be fetched once, and is erased."
    ),
}
_PARSE: Final[Mapping[str, Schema]] = {
    "extraction_profile": {"enum": ["standard", "advanced", None], "default": "standard"},
    "include_layout": nullable("boolean", default=False, description="A bbox on every block."),
    "preserve_images": nullable("boolean", default=True),
    "pages": {
        "type": ["string", "integer", "null"],
        "description": "Such as 1-3,7,12-; all of them where it is not given.",
    },
    "languages": {"type": ["string", "array", "null"], "items": {"type": "string"}},
    "ocr": {"enum": ["auto", "never", "force", None], "default": "auto"},
    "password": nullable("string", minLength=1, maxLength=1000, writeOnly=True),
    "table_format": {"enum": ["markdown", "html", "json", None]},
    "style": {"enum": ["rich", "plain", None], "default": "rich"},
    "profile": {"enum": ["standard", "advanced", None]},
}
_INPUT: Final[Schema] = {
    "type": "string",
    "pattern": "^([Hh][Tt][Tt][Pp][Ss]?|docld|jobid)://",
    "maxLength": LONGEST_ADDRESS,
    "description": "https://…, docld://<document_id> or jobid://<job>, where no file is sent.",
}
_TYPE: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 100,
    "default": "parse",
    "description": "The tool; /v1/tools lists them.",
}
_OPTIONS_TEXT: Final[Schema] = {
    "type": "string",
    "contentMediaType": "application/json",
    "contentSchema": ref("V1ExtractOptions"),
    "description": "The options as the text of a JSON object.",
}
_WINDOW_TEXT: Final[Mapping[str, Schema]] = {
    "sync": {**BOOLEAN_TEXT, "description": "Wait for the job to end, and answer with it."},
    "sync_timeout_seconds": {
        "type": "number",
        "default": USUAL_SYNC,
        "description": f"Brought to between 1 and {LONGEST_SYNC:g}.",
    },
}

EXTRACT_FORM: Final = form(
    {
        "file": binary(
            "PDF, PPTX, PPT, PNG, JPEG, WebP, TIFF, BMP, GIF, HEIC: told by its bytes, not by name."
        ),
        "options": _OPTIONS_TEXT,
        **_WINDOW_TEXT,
    },
    ["file"],
)
JOB_FORM: Final = form(
    {
        "file": binary("What the tool works on; some need none."),
        "type": _TYPE,
        "input": _INPUT,
        "options": {**_OPTIONS_TEXT, "contentSchema": {"type": "object"}},
        **_WINDOW_TEXT,
        "callback_url": {"type": "string", "maxLength": LONGEST_CALLBACK},
        "retain_hours": {"type": "number", **_HOURS},
        "result_retain_hours": {"type": "number", **_HOURS},
        "bypass_cache": BOOLEAN_TEXT,
        "one_time": BOOLEAN_TEXT,
    },
    [],
)
JOB_JSON: Final[Schema] = {
    "type": "object",
    "properties": {
        "type": {**_TYPE, "type": ["string", "null"]},
        "input": {**_INPUT, "type": ["string", "null"]},
        "options": nullable("object", description="As the tool's own schema says."),
        "sync": nullable("boolean", default=False),
        "sync_timeout_seconds": nullable("number", default=USUAL_SYNC),
        **_TRANSPORT,
    },
    "additionalProperties": False,
}

_BLOCK: Final = object_of(
    {
        "id": {"type": "string"},
        "type": {"enum": list(BLOCK_TYPES)},
        "role": nullable("string"),
        "page": {"type": "integer", "minimum": 1},
        "bbox": several(
            {"type": "number", "minimum": 0, "maximum": 1},
            minItems=4,
            maxItems=4,
            description="x0, y0, x1, y1 as shares of the page, origin top left.",
        ),
        "bbox_units": {"const": "normalized"},
        "reading_order_index": _COUNT,
        "text_source": {"enum": [str(source) for source in TextSource]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "verified": {"type": "boolean"},
        "proof": nullable("string"),
        "text": {"type": "string"},
        "headers": several({"type": "string"}),
        "rows": several(several({"type": "string"})),
    },
    optional=("bbox", "bbox_units", "text", "headers", "rows"),
    description="What every block has; the fields of its type stand beside.",
)
_DOCUMENT: Final = object_of(
    {
        "source": object_of(
            {
                "kind": {"enum": ["pdf", "pptx", "image"]},
                "filename": {"type": "string"},
                "file_hash": {"type": "string"},
                "page_count": _COUNT,
                "page_sizes": several(
                    several({"type": "number"}, minItems=2, maxItems=2), description="In inches."
                ),
            }
        ),
        "extraction": object_of(
            {
                "model": {"type": "string"},
                "profile": {"type": "string"},
                "duration_ms": _COUNT,
                "faithfulness_score": {"type": "number", "minimum": 0, "maximum": 1},
                "per_page_failures": several(
                    object_of(
                        {
                            "page": {"type": "integer"},
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                        }
                    )
                ),
            }
        ),
        "pages": several(
            object_of(
                {"page": {"type": "integer", "minimum": 1}, "blocks": several(ref("V1Block"))}
            )
        ),
    }
)

_JOB: Final = object_of(
    {
        "job_id": {"type": "string"},
        "status": {"enum": list(STATUSES)},
        "file_info": object_of(
            {
                "filename": nullable("string"),
                "size_bytes": _COUNT,
                "mime_type": nullable("string"),
            }
        ),
        "created_at": _MOMENT,
        "started_at": _MAYBE_MOMENT,
        "completed_at": _MAYBE_MOMENT,
        "estimated_seconds": _COUNT,
        "status_url": {"type": "string"},
        "expires_at": _MAYBE_MOMENT,
        "document": {"anyOf": [ref("V1Document"), {"type": "null"}]},
        "markdown": nullable("string"),
        "cache_hit": {"type": "boolean"},
        "error": {"anyOf": [ref("V1Fault"), {"type": "null"}]},
        "type": {"type": "string"},
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "stage": {"enum": [*(str(stage) for stage in Stage), None]},
        "position": _COUNT,
        "runners": {
            **nullable("integer", minimum=0),
            "description": "Who is there to do it; with 0 the estimate is that of one.",
        },
        "retry_count": _COUNT,
        "job_token": nullable("string", description="Shown once, at submission."),
    },
    optional=("job_token",),
)
_USED: Final = object_of(
    {
        "usage": several(
            object_of(
                {
                    "month": {"type": "string", "pattern": r"^\d{4}-\d{2}$"},
                    "owner": {"type": "string"},
                    "tool": {"type": "string"},
                    **dict.fromkeys(("jobs", "pages", "cached_jobs", "cached_pages"), _COUNT),
                }
            )
        ),
        "pages_this_month": _COUNT,
        "pages_limit": nullable("integer", minimum=0),
    }
)
_TOOLS: Final = object_of(
    {
        "tools": several(
            object_of(
                {
                    "name": {"type": "string"},
                    "label": {"type": "string"},
                    "state": {"enum": ["open", "paused", "draining"]},
                    "waiting": _COUNT,
                    "schema": {"anyOf": [{"type": "object"}, {"type": "null"}]},
                }
            )
        )
    }
)
_STATISTICS: Final = object_of(
    {
        "tools": several(
            object_of(
                {
                    "tool": {"type": "string"},
                    "label": {"type": "string"},
                    **dict.fromkeys(
                        (
                            *("concurrency", "queued", "processing", "retrying"),
                            *("completed", "failed", "cancelled"),
                        ),
                        _COUNT,
                    ),
                    "mean_seconds": nullable("number", minimum=0),
                }
            )
        )
    }
)

COMPONENTS: Final[Mapping[str, Any]] = {
    "schemas": {
        "V1ExtractOptions": {
            "type": "object",
            "properties": {**_PARSE, **_TRANSPORT},
            "additionalProperties": False,
        },
        "V1Fault": object_of(
            {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "reason": {
                    "type": "string",
                    "description": "A finer code, where there is one.",
                },
            },
            optional=("reason",),
        ),
        "V1Error": object_of({"error": ref("V1Fault")}),
        "V1Block": _BLOCK,
        "V1Document": _DOCUMENT,
        "V1Job": _JOB,
        "V1Submitted": object_of(
            {
                "job_id": {"type": "string"},
                "status": {"enum": list(STATUSES)},
                "status_url": {"type": "string"},
                "estimated_seconds": _COUNT,
                "job_token": nullable("string"),
            }
        ),
        "V1Jobs": object_of({"jobs": several(ref("V1Job")), "next_cursor": nullable("string")}),
        "V1Tools": _TOOLS,
        "V1Statistics": _STATISTICS,
        "V1Usage": _USED,
        "V1Anything": ANY_JSON,
    },
    "securitySchemes": {
        "key": {"type": "http", "scheme": "bearer", "description": "A key: pk_live_… or pk_test_…"},
        "jobToken": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Job-Token",
            "description": "The token of one job, as its submission gave it.",
        },
    },
}
