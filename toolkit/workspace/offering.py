"""Which types of job can be asked for, and what their options are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.desk import Offered
from toolkit.jobs import Tool, target_of
from toolkit.store import outlook
from toolkit.store.store import Store
from toolkit.tools.registry import registered

__all__ = ["offered", "schema_of"]

INTERNAL = frozenset({"preview"})
"""Tools that widgets ask for, never a person."""


def offered(store: Store) -> list[Offered]:
    """The tools of the file and those registered in this process, by name."""
    here = registered()
    stats = {row.tool: row for row in outlook.stats(store.read())}
    return [
        Offered(
            name=name,
            label=stats[name].label if name in stats else here[name].label,
            state=stats[name].state if name in stats else "open",
            waiting=stats[name].queued + stats[name].retrying if name in stats else 0,
            schema=schema_of(here[name]) if name in here else None,
        )
        for name in sorted((stats.keys() | here.keys()) - INTERNAL)
    ]


def schema_of(tool: Tool) -> Mapping[str, Any] | None:
    """The JSON Schema of the tool's options, None where it names none.

    Only of a tool that is registered here: what a file names is not imported for a look.
    """
    if isinstance(tool.schema, str):
        made: Mapping[str, Any] = target_of(tool.schema)()
        return made
    return tool.schema
