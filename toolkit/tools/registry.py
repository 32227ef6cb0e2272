"""Which types of job there are: our own, installed packages', and the user's own functions."""

from __future__ import annotations

import base64
import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

from toolkit import plugins
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.jobs.tool import Limits, Tool
from toolkit.tools.seal import PICKLED, sealed

__all__ = ["installed", "registered", "tool", "tool_of"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class _Own:
    """A function that was registered in this process; *local* ones travel as their code."""

    tool: Tool
    function: Callable[..., Any]
    local: bool


_OWN: dict[str, _Own] = {}


def tool(
    name: str | None = None,
    *,
    label: str = "",
    concurrency: int = 0,
    prior_seconds: float = 5.0,
    version: str = "1",
    cacheable: bool = True,
    limits: Limits | None = None,
    check: str | None = None,
    schema: str | Mapping[str, Any] | None = None,
    local: bool = False,
) -> Callable[[Function], Function]:
    """Register a function ``(Task) -> Outcome | bytes | str | anything JSON can say`` as a tool.

    The function stays what it is. It is found again by its import path, so it must stand at the top
    of a module that can be imported; ``local=True`` sends the code itself instead, for a function
    of a notebook cell, and works on this machine, for this person, only.

    Raises InvalidInput for a function that its import path does not lead to.
    """

    def register(function: Function) -> Function:
        called = name or function.__name__
        made = Tool(
            name=called,
            target=PICKLED if local else _path_of(function),
            label=label or called.replace("_", " ").replace("-", " "),
            concurrency=concurrency,
            prior_seconds=prior_seconds,
            version=version,
            cacheable=cacheable,
            limits=limits or Limits(),
            check=check,
            schema=schema,
        )
        _keep(_Own(made, function, local))
        return function

    return register


def _keep(own: _Own) -> None:
    if own.tool.name in plugins.names("toolkit.tools"):
        raise InvalidOption(f"tool {own.tool.name!r} exists already; give yours another name")
    _OWN[own.tool.name] = own


def _path_of(function: Callable[..., Any]) -> str:
    path = f"{function.__module__}:{function.__qualname__}"
    if function.__module__ == "__main__":
        raise InvalidInput(
            f"{function.__name__} is defined in a script or a notebook cell, where the process "
            "that does the work cannot import it: move it into a module, or use "
            "tool(..., local=True)"
        )
    if "<" in function.__qualname__:
        raise InvalidInput(
            f"{path} is defined inside another function, so it cannot be imported: move it to the "
            "top of its module, or use tool(..., local=True)"
        )
    return path


@cache
def installed() -> dict[str, Tool]:
    """The tools of this installation, by name: our own and those of installed packages."""
    found: dict[str, Tool] = {}
    for name, part in plugins.load_all("toolkit.tools").items():
        if isinstance(part, Tool):
            found[part.name] = part
        else:
            told = f"the plugin {name!r} in toolkit.tools is a {type(part).__name__}, not a Tool"
            warnings.warn(told, plugins.BrokenPlugin, stacklevel=2)
    return found


def registered() -> dict[str, Tool]:
    """Every tool that is known to this process, by name, ready to be put into a store."""
    return installed() | {name: _ready(own) for name, own in _OWN.items()}


def tool_of(function: Callable[..., Any]) -> Tool:
    """The tool that *function* was registered as. Raises InvalidInput if it was not."""
    for own in _OWN.values():
        if own.function is function:
            return _ready(own)
    name = getattr(function, "__name__", repr(function))
    raise InvalidInput(f"{name} is not a tool yet: put @toolkit.tool() above it")


def _ready(own: _Own) -> Tool:
    if not own.local:
        return sealed(own.tool)
    import cloudpickle

    code = cloudpickle.dumps(own.function)
    # The code is part of what a cached answer is an answer of.
    version = f"{own.tool.version}+{hashlib.sha256(code).hexdigest()[:12]}"
    target = PICKLED + base64.b64encode(code).decode("ascii")
    return sealed(replace(own.tool, target=target, version=version))
