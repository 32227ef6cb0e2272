"""The verbs of a desk as OpenAPI, made of the same structs that read the requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from toolkit.dialects import desk_wire as wire

__all__ = ["OPERATIONS", "SCHEMAS"]

_REF: Final = "#/components/schemas/Desk{name}"
_REFUSALS: Final = {
    400: "A file of a type that nothing reads",
    401: "The key is missing, unknown, revoked or expired",
    402: "The owner's quota is used up",
    403: "The key may not do this",
    404: "There is no such job, batch or verb, or it is another owner's",
    408: "The request did not arrive in time",
    409: "The job is not in a state from which this can be done",
    410: "The result or the input is erased",
    413: "More bytes than are taken",
    422: "What was asked cannot be done as asked",
    429: "Too many requests",
    500: "Something went wrong on the server",
}


def _schemas_of(kinds: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    made, named = msgspec.json.schema_components(kinds, ref_template=_REF)
    return list(made), {f"Desk{name}": schema for name, schema in named.items()}


def _content(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema}}


def _answer(verb: wire.VerbRow, gives: Mapping[str, Any] | None) -> dict[str, Any]:
    octets = {"type": "string", "format": "binary"}
    match verb.form:
        case "frame":
            content = _content(wire.ARROW, octets)
        case "bytes" if verb.name == "page_image":
            content = _content("image/webp", octets)
        case "bytes":
            content = _content("application/octet-stream", octets)
        case _:
            content = _content("application/json", gives or {"type": "null"})
    return {"description": verb.summary, "content": content}


def _operation(name: str, summary: str, scope: str, body: Any, answer: Any) -> dict[str, Any]:
    refusal = _content("application/json", {"$ref": _REF.format(name="Refusal")})
    responses = {"200": answer}
    responses |= {str(code): {"description": words, "content": refusal}
                  for code, words in _REFUSALS.items()}  # fmt: skip
    return {
        "operationId": f"desk_{name}",
        "summary": summary,
        "description": f"Needs the scope `{scope}`." if scope else "Needs any key.",
        "tags": ["desk"],
        "security": [{"key": []}],
        "requestBody": {"required": True, "content": body},
        "responses": responses,
    }


def _upload(wish: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
    form = {
        "type": "object",
        "properties": {"wanted": wish, "file": {"type": "string", "format": "binary"}},
        "required": ["wanted", "file"],
        "additionalProperties": False,
    }
    body = {
        "multipart/form-data": {
            "schema": form,
            "encoding": {"wanted": {"contentType": "application/json"}},
        }
    }
    answer = {"description": "The job", "content": _content("application/json", taken)}
    made = _operation("upload", "A file becomes a job of a batch", "extract:write", body, answer)
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The same one again gives the same job.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    }
    return {**made, "parameters": [key]}


def _all() -> tuple[tuple[tuple[str, str, Mapping[str, Any]], ...], Mapping[str, Any]]:
    verbs = list(wire.VERBS.values())
    asks, gives = [one.asks for one in verbs], [one.gives for one in verbs if one.gives]
    made, schemas = _schemas_of([*asks, *gives, wire.Wish, wire.Taken, wire.Refusal])
    given = iter(made[len(asks) :])
    answers: Iterator[Any] = (_answer(one, next(given) if one.gives else None) for one in verbs)
    operations = [
        (
            "POST",
            f"{wire.PREFIX}/{verb.name}",
            _operation(
                verb.name, verb.summary, verb.scope, _content("application/json", asked), answer
            ),
        )
        for verb, asked, answer in zip(verbs, made, answers, strict=False)
    ]
    wish, taken, _ = made[-3:]
    return (*operations, ("POST", wire.UPLOAD, _upload(wish, taken))), schemas


OPERATIONS, SCHEMAS = _all()
"""(method, path, operation) of every verb, and the component schemas, all named Desk…."""
