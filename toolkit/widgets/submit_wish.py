"""What has been put together in a submit panel, and what it asks of a desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from toolkit.desk import Rehearsal
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.widgets.words import count, shown

__all__ = ["Pick", "Wish", "rehearsal_words"]

MOST_NAMES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One thing to hand in: a folder, a file, the files of a pattern, or bytes of the browser."""

    kind: str
    name: str
    files: int
    """0 where it is not known before the folder is walked."""
    size: int
    inputs: Any

    def told(self, number: int) -> dict[str, Any]:
        """It as JSON."""
        return {
            "key": number,
            "kind": self.kind,
            "name": shown(self.name),
            "files": self.files,
            "size": self.size,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The form as it was filled in."""

    inputs: list[Any]
    tool: str
    options: Mapping[str, Any]
    password: str | None
    priority: int
    name: str | None

    @classmethod
    def of(cls, picks: list[Pick], form: Mapping[str, Any]) -> Wish:
        """From what the browser sends. Raises InvalidInput or InvalidOption, naming the field."""
        if not picks:
            raise InvalidInput("choose files first: tick them, use a pattern, or upload some")
        inputs: list[Any] = []
        for pick in picks:
            inputs.extend(pick.inputs if isinstance(pick.inputs, list) else [pick.inputs])
        options = _options(form.get("options"))
        password = options.pop("password", None)
        return cls(
            inputs=inputs,
            tool=str(form.get("tool") or "parse"),
            options=options,
            password=str(password) if password else None,
            priority=_whole(form.get("priority") or 0),
            name=str(form.get("name") or "").strip()[:200] or None,
        )

    def asked(self) -> dict[str, Any]:
        """What ``submit`` and ``rehearse`` both take."""
        return {
            "tool": self.tool,
            "options": self.options,
            "password": self.password,
            "priority": self.priority,
        }


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidInput(f"priority {str(value)[:40]!r}: a whole number is needed") from None


def _options(given: object) -> dict[str, Any]:
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given) if given.strip() else {}
        except msgspec.DecodeError as exc:
            raise InvalidOption(f"the options are not JSON: {exc}") from exc
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidOption('the options must be a JSON object, such as {"name": "value"}')
    return dict(given)


def rehearsal_words(seen: Rehearsal) -> dict[str, Any]:
    """A rehearsal as JSON; every text in it is safe to be shown as text."""
    return {
        "files": seen.files,
        "size": seen.size,
        "kinds": [[shown(kind, 40), *numbers] for kind, numbers in seen.kinds.items()],
        "duplicates": [[shown(_last(a)), shown(_last(b))] for a, b in seen.duplicates[:MOST_NAMES]],
        "more_duplicates": max(0, len(seen.duplicates) - MOST_NAMES),
        "left_out": seen.left_out,
        "refused": [
            [shown(name), shown(code, 60), shown(why, 300)]
            for name, code, why in seen.refused[:MOST_NAMES]
        ],
        "more_refused": max(0, len(seen.refused) - MOST_NAMES),
        "complete": seen.complete,
        "line": _line(seen),
    }


def _line(seen: Rehearsal) -> str:
    parts = [f"{count(seen.files)} would be handed in"]
    if seen.duplicates:
        parts.append(f"{count(len(seen.duplicates))} given twice")
    if seen.left_out:
        parts.append(f"{count(seen.left_out)} of other types left out")
    if seen.refused:
        parts.append(f"{count(len(seen.refused))} would fail")
    return ", ".join(parts) + ("" if seen.complete else " (stopped before the end)")


def _last(origin: str) -> str:
    return Path(origin).name or origin
