"""What was asked of a tool, checked before anything is queued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from toolkit.errors import InvalidOption
from toolkit.jobs import Tool, target_of
from toolkit.tools.registry import installed
from toolkit.tools.seal import opened

__all__ = ["Asked", "checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Options, limits, and what is erased when the job ends."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    limits: Mapping[str, float]


def checked(
    tool: Tool, options: Mapping[str, Any], *, password: str | None, limits: Mapping[str, float]
) -> Asked:
    """The options of *tool*, checked and completed by its own check.

    Raises InvalidOption, naming the nearest right one.
    """
    given = dict(options)
    secret = password if password is not None else given.pop("password", None)
    if secret is not None and not isinstance(secret, str):
        raise InvalidOption("password=…: a text is needed")
    if tool.check is not None:
        # The check's name comes from the file, which may be somebody else's.
        given = dict(target_of(opened(tool, installed()).check or "")(given))
    try:
        msgspec.json.encode(given)
    except (TypeError, ValueError, OverflowError) as exc:
        raise InvalidOption(f"the options of {tool.name} cannot be written as JSON: {exc}") from exc
    tool.limits.with_changes(limits)
    return Asked(
        options=given,
        secrets={} if secret is None else {"password": secret},
        limits=dict(limits),
    )
