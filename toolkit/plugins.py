"""What other packages add to pagequeue, by entry points. Our own parts enter by the same doors.

A broken plugin is named in a warning and takes nothing else down with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from toolkit.errors import InvalidInput, ToolFailed

__all__ = ["GROUPS", "BrokenPlugin", "load", "load_all", "names"]

GROUPS: Final = (
    "toolkit.dialects",
    "toolkit.exporters",
    "toolkit.readers",
    "toolkit.recognisers",
    "toolkit.tools",
)


class BrokenPlugin(UserWarning):
    """An installed package offers a part that cannot be loaded."""


@cache
def _doors(group: str) -> Mapping[str, EntryPoint]:
    if group not in GROUPS:
        raise InvalidInput(f"unknown plugin group {group!r}; the groups are {', '.join(GROUPS)}")
    found: dict[str, EntryPoint] = {}
    for door in entry_points(group=group):
        # Of two packages that claim a name, ours wins: nobody replaces a built-in part by stealth.
        if door.name not in found or door.value.startswith("toolkit."):
            found[door.name] = door
    return found


def names(group: str) -> tuple[str, ...]:
    """The names that are offered in *group*, sorted; nothing is imported."""
    return tuple(sorted(_doors(group)))


def load(group: str, name: str) -> Any:
    """The part *name* of *group*, imported now.

    Raises InvalidInput for an unknown name, and ToolFailed, naming the package, for a broken one.
    """
    doors = _doors(group)
    if name not in doors:
        offered = ", ".join(names(group)) or "none"
        raise InvalidInput(f"nothing named {name!r} in {group}; there is: {offered}")
    try:
        return doors[name].load()
    except Exception as exc:  # a plugin may raise anything while it is imported
        raise ToolFailed(f"plugin {_described(doors[name])} cannot be loaded: {exc}") from exc


def load_all(group: str) -> dict[str, Any]:
    """Every part of *group* by name; a broken one is left out with a BrokenPlugin warning."""
    parts: dict[str, Any] = {}
    for name in names(group):
        try:
            parts[name] = load(group, name)
        except ToolFailed as exc:
            warnings.warn(str(exc), BrokenPlugin, stacklevel=2)
    return parts


def _described(door: EntryPoint) -> str:
    package = door.dist.name if door.dist else "an unknown package"
    return f"{door.name!r} of {package} ({door.value})"
