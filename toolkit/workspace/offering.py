"""Which types of job can be asked for, and what their options are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.desk import Offered
from toolkit.errors import InvalidInput
from toolkit.jobs import Tool, target_of
from toolkit.store import outlook, tools
from toolkit.store.store import Store
from toolkit.tools.registry import registered

__all__ = ["known_tool", "offered", "refuse_content", "refuse_unfit", "schema_of"]

# What of a file a tool's door is shown.
HEAD = 4096
INTERNAL = frozenset({"preview"})
"""Tools that widgets ask for, never a person."""


def offered(store: Store, *, owner: str | None = None) -> list[Offered]:
    """The tools of the file and those registered in this process, by name.

    With an *owner*, what waits is counted of this owner's jobs.
    """
    here = registered()
    stats = {row.tool: row for row in outlook.stats(store.read(), owner=owner)}
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


def known_tool(store: Store, name: str) -> Tool:
    """The tool *name*, known to the file from now on. Raises UnknownTool."""
    with store.write() as conn:
        for known in registered().values():
            tools.register(conn, known)
        return tools.tool(conn, name)


def refuse_unfit(name: str, *, has_file: bool) -> None:
    """Raise InvalidInput where the tool *name* needs a file, or takes none, and it is not so."""
    tool = registered().get(name)
    if tool is not None and tool.takes_file is not None and tool.takes_file != has_file:
        raise InvalidInput(
            f"{name} takes no file: it is made of its options alone; hand in None"
            if has_file
            else f"{name} needs a file"
        )


def refuse_content(name: str, draft: Path, *, size: int, filename: str) -> None:
    """Raise what the tool *name*, where it is registered here, has against the file in *draft*."""
    tool = registered().get(name)
    if tool is not None and tool.admits is not None:
        with draft.open("rb") as file:
            target_of(tool.admits)(file.read(HEAD), size, filename)


def schema_of(tool: Tool) -> Mapping[str, Any] | None:
    """The JSON Schema of the tool's options, None where it names none.

    Only of a tool that is registered here: what a file names is not imported for a look.
    """
    if isinstance(tool.schema, str):
        made: Mapping[str, Any] = target_of(tool.schema)()
        return made
    return tool.schema
