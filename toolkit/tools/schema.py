"""The options of a tool as a JSON Schema, from the record that checks them: for forms."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from toolkit.engine.options import ParseOptions

__all__ = ["parse_options", "schema_of"]

_TOLD: Final = {
    "pages": "Which pages, such as 1-3,7,12-; empty for all of them.",
    "languages": "Languages of scanned pages, with commas; empty to find them out.",
    "ocr": "Whether pictures of text are read: where there is no text, never, or always.",
    "password": "What opens an encrypted PDF; erased when the job ends.",
    "table_format": "How tables stand in the Markdown.",
    "profile": "How thoroughly a file is read.",
    "style": "Markdown with links and emphasis, or text only.",
    "preserve_images": "Keep the pictures of the document in its result.",
}
_KINDS: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}


def parse_options() -> dict[str, Any]:
    """The options of ``parse`` as a JSON Schema of an object."""
    return schema_of(ParseOptions, _TOLD)


def schema_of(record: type[Any], told: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a dataclass as a JSON Schema; *told* says in words what each is.

    A field that does not show itself (``repr=False``) is a secret: ``"writeOnly"``.
    """
    hints = get_type_hints(record)
    properties = {}
    for field in fields(record):
        found = _of_type(hints[field.name])
        if field.default is not MISSING:
            default = field.default
            found["default"] = list(default) if isinstance(default, tuple) else default
        if field.name in told:
            found["description"] = told[field.name]
        if not field.repr:
            found["writeOnly"] = True
        properties[field.name] = found
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _of_type(hint: Any) -> dict[str, Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        kinds = [_of_type(one) for one in inner if one is not type(None)]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if origin in (tuple, list):
        return {"type": "array", "items": _of_type(inner[0]) if inner else {}}
    return {"type": _KINDS[hint]} if hint in _KINDS else {}
