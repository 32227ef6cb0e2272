"""The OpenAPI documents: one a dialect, and one of everything, from what the routes say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from toolkit.dialects.exchange import Dialect

__all__ = ["ALL", "Documents", "Operation"]

ALL: Final = ""
"""The name of the document that has everything in it."""

Operation = tuple[str, str, Mapping[str, Any]]
"""A method, a full path, and the OpenAPI object of what they do."""

_TITLE: Final = "pagequeue"


class Documents:
    """The documents of *dialects*; *more* operations and schemas belong to our own dialect."""

    def __init__(
        self,
        dialects: Iterable[Dialect],
        *,
        version: str,
        more: Iterable[Operation] = (),
        schemas: Mapping[str, Any] | None = None,
    ) -> None:
        self._version = version
        self._parts = {
            one.name: _part(one, tuple(more), schemas or {}) if one.name == "v1" else _part(one)
            for one in dialects
        }
        self.titles = {one.name: one.title for one in dialects}
        self._made: dict[tuple[str, str], bytes] = {}

    def document(self, name: str, root_path: str) -> bytes:
        """The document of a dialect, or ALL of them, for whoever sees us below *root_path*."""
        made = self._made.get((name, root_path))
        if made is None:
            # A path is told by whoever passes requests on; a few are all that there can be.
            if len(self._made) > 64:
                self._made.clear()
            made = self._made[name, root_path] = msgspec.json.encode(self._of(name, root_path))
        return made

    def _of(self, name: str, root_path: str) -> dict[str, Any]:
        parts = list(self._parts.values()) if name == ALL else [self._parts[name]]
        paths: dict[str, Any] = {}
        components: dict[str, dict[str, Any]] = {}
        for part in parts:
            paths.update(part["paths"])
            for kind, named in part["components"].items():
                components.setdefault(kind, {}).update(named)
        title = _TITLE if name == ALL else f"{_TITLE}: {self.titles[name]}"
        return {
            "openapi": "3.1.0",
            "info": {"title": title, "version": self._version},
            "servers": [{"url": root_path or "/"}],
            "paths": paths,
            "components": components,
        }


def _part(
    dialect: Dialect, more: tuple[Operation, ...] = (), schemas: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    operations = [(route.method, route.path, route.operation) for route in dialect.routes]
    paths: dict[str, dict[str, Any]] = {}
    for method, path, operation in (*operations, *more):
        paths.setdefault(path, {})[method.lower()] = operation
    components = {kind: dict(named) for kind, named in dialect.components.items()}
    if schemas:
        components.setdefault("schemas", {}).update(schemas)
    return {"paths": paths, "components": components}
