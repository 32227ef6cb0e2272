"""OpenAPI 3.1 objects, put together from few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from toolkit.dialects.exchange import Reply, Route, Verb
from toolkit.dialects.reading import LONGEST_KEY
from toolkit.errors import ToolkitError

__all__ = [
    "ANY_JSON",
    "ANY_TYPE",
    "BOOLEAN_TEXT",
    "IDEMPOTENCY",
    "JOB_ID",
    "RETRY_AFTER",
    "Schema",
    "answer",
    "binary",
    "faults",
    "form",
    "header",
    "in_path",
    "in_query",
    "keyed_route",
    "nullable",
    "object_of",
    "operation",
    "ref",
    "several",
]

Schema: TypeAlias = dict[str, Any]

ANY_JSON: Final[Schema] = {"type": ["object", "array", "string", "number", "boolean", "null"]}
ANY_TYPE: Final[Schema] = {}
"""Of a file in its own type: a result may well be JSON."""
BOOLEAN_TEXT: Final[Schema] = {
    "enum": ["true", "false", "1", "0", "yes", "no", "on", "off"],
    "default": "false",
}
RETRY_AFTER: Final[Mapping[str, Any]] = {
    "Retry-After": {
        "description": "Seconds after which to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


def several(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def object_of(
    properties: Mapping[str, Schema], *, optional: Sequence[str] = (), **more: Any
) -> Schema:
    """An object; what is not *optional* is always there."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, **more}


def binary(description: str) -> Schema:
    return {"type": "string", "format": "binary", "description": description}


def form(properties: Mapping[str, Schema], required: Sequence[str], **more: Any) -> Schema:
    """The fields of a multipart form that knows no others."""
    fields = {"type": "object", "properties": dict(properties), "required": list(required)}
    return {**fields, "additionalProperties": False, **more}


def _parameter(
    place: str, name: str, schema: Schema, description: str, required: bool
) -> Mapping[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": schema,
    }


def in_query(
    name: str, schema: Schema, description: str, *, required: bool = False
) -> Mapping[str, Any]:
    return _parameter("query", name, schema, description, required)


def in_path(name: str, schema: Schema, description: str) -> Mapping[str, Any]:
    return _parameter("path", name, schema, description, True)


def header(name: str, schema: Schema, description: str) -> Mapping[str, Any]:
    return _parameter("header", name, schema, description, False)


IDEMPOTENCY: Final = header(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "The same key and the same submission give the first job again.",
)
JOB_ID: Final = in_path("job_id", {"type": "string"}, "The job, as its submission named it.")


def answer(
    description: str,
    schema: Schema | None = None,
    *,
    headers: Mapping[str, Any] | None = None,
    media_types: Sequence[str] = ("application/json",),
) -> Mapping[str, Any]:
    """One response; without a *schema* it has no body."""
    made: dict[str, Any] = {"description": description}
    if headers:
        made["headers"] = dict(headers)
    if schema is not None:
        made["content"] = {media_type: {"schema": schema} for media_type in media_types}
    return made


def faults(
    words: Mapping[int, str], schema: str, statuses: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    """The refusals of these *statuses*, each with its *words*, all of the shape *schema*."""
    return {
        status: answer(words[status], ref(schema), headers=RETRY_AFTER if status == 429 else None)
        for status in statuses
    }


def operation(
    name: str,
    summary: str,
    *,
    tag: str,
    answers: Mapping[int, Mapping[str, Any]],
    security: Sequence[Mapping[str, Any]],
    parameters: Sequence[Mapping[str, Any]] = (),
    body: Mapping[str, Schema] | None = None,
    description: str = "",
) -> Mapping[str, Any]:
    """One operation; *body* has a schema for each media type that it may come in."""
    made: dict[str, Any] = {"operationId": name, "summary": summary, "tags": [tag]}
    if description:
        made["description"] = description
    if parameters:
        made["parameters"] = list(parameters)
    if body is not None:
        content = {media_type: {"schema": schema} for media_type, schema in body.items()}
        made["requestBody"] = {"required": True, "content": content}
    made["responses"] = {str(status): dict(answers[status]) for status in sorted(answers)}
    made["security"] = [dict(one) for one in security]
    return made


def keyed_route(
    method: str,
    path: str,
    verb: Verb,
    *,
    prefix: str,
    tag: str,
    fault: Callable[[ToolkitError], Reply],
    name: str,
    summary: str,
    answers: Mapping[int, Mapping[str, Any]],
    scope: str = "jobs:read",
    parameters: Sequence[Mapping[str, Any]] = (),
    read: Any = None,
    write: Any = None,
    body: Mapping[str, Schema] | None = None,
) -> Route:
    """A route below *prefix* that a key with *scope* opens, and its description."""
    return Route(
        method=method,
        path=f"{prefix}{path}",
        verb=verb,
        access="key",
        scope=scope,
        fault=fault,
        read=read,
        write=write,
        operation=operation(
            name,
            summary,
            tag=tag,
            answers=answers,
            parameters=parameters,
            body=body,
            security=({"key": []},),
        ),
    )
