"""What stands in a call, read and checked: values of JSON, and texts of forms and queries.

Everything here raises InvalidOption (or InvalidInput) with words that name the field, and nothing
else, whatever comes in.
"""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Collection
from typing import Any, Final

import msgspec

from toolkit.dialects.exchange import Call
from toolkit.dialects.wire import readable
from toolkit.errors import InvalidInput, InvalidOption

__all__ = [
    "LONGEST_ADDRESS",
    "LONGEST_CALLBACK",
    "LONGEST_KEY",
    "address",
    "choice",
    "flag",
    "flag_of",
    "idempotency_key",
    "json_body",
    "known_only",
    "number",
    "number_of",
    "object_of",
    "preferred_wait",
    "text",
    "tool_name",
    "whole",
    "whole_of",
]

LONGEST_ADDRESS: Final = 8000
LONGEST_CALLBACK: Final = 2000
"""Characters of an address that webhooks are sent to."""
LONGEST_KEY: Final = 255
TRUE: Final = ("true", "1", "yes", "on")
FALSE: Final = ("false", "0", "no", "off")

_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_TOOL = re.compile(r"[\w-]{1,100}")
_WAIT = re.compile(r"""\s*wait\s*=\s*("?)(\d{1,9})\1\s*(;.*)?""", re.IGNORECASE | re.ASCII)


def json_body(call: Call) -> dict[str, Any]:
    """The JSON object in the body; an empty body is an empty object."""
    return object_of("the body", call.body) if call.body.strip() else {}


def object_of(name: str, written: str | bytes) -> dict[str, Any]:
    """The JSON object that *written* says."""
    try:
        found = msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as exc:
        raise InvalidInput(f"{name} is no JSON: {exc}") from exc
    if not isinstance(found, dict):
        raise InvalidInput(f"{name} is no JSON object, as {{…}} is one")
    return found


def known_only(given: Collection[str], known: Collection[str], what: str = "option") -> None:
    """Raise InvalidOption for a name that is not *known*, with the nearest one that is."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name[:200], known, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            there = ", ".join(sorted(known))
            raise InvalidOption(f"unknown {what} {name[:200]!r}{hint} (there are: {there})")


def flag(name: str, value: object) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise InvalidOption(f"{name}={_short(value)}: true or false is needed")


def flag_of(name: str, written: str) -> bool:
    """The same of a form or a query, in the words that those use for it."""
    word = written.lower()
    return word in TRUE if word in TRUE or word in FALSE else flag(name, written)


def number(name: str, value: object, least: float = -math.inf, most: float = math.inf) -> float:
    """A finite number from *least* to *most*."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidOption(f"{name}={_short(value)}: a number is needed")
    if not least <= value <= most or abs(value) > sys.float_info.max:
        raise InvalidOption(f"{name}={_short(value)}: {_range(least, most)} is needed")
    return float(value)


def number_of(name: str, written: str) -> float:
    """The same of a form or a query."""
    return number(name, float(written) if _NUMBER.fullmatch(written) else written)


def whole(name: str, value: object, least: int, most: int) -> int:
    """A whole number from *least* to *most*."""
    found = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(found, bool) or not isinstance(found, int):
        raise InvalidOption(f"{name}={_short(value)}: a whole number is needed")
    if not least <= found <= most:
        raise InvalidOption(f"{name}={_short(value)}: {_range(least, most)} is needed")
    return found


def whole_of(name: str, written: str, least: int, most: int) -> int:
    """The same of a path or a query."""
    return whole(name, int(written) if _WHOLE.fullmatch(written) else written, least, most)


def text(name: str, value: object, longest: int = LONGEST_ADDRESS) -> str:
    """A text of 1 to *longest* characters. The message does not repeat it: it may be secret."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise InvalidOption(f"{name}: a text of 1 to {longest} characters is needed")
    if readable(value, longest) != value:
        raise InvalidOption(f"{name}: half of a surrogate pair is no text")
    return value


def choice(name: str, value: object, choices: Collection[str]) -> str:
    """One of *choices*; another one is refused with the nearest."""
    if isinstance(value, str) and value in choices:
        return value
    close = difflib.get_close_matches(str(value)[:200], choices, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise InvalidOption(f"{name}={_short(value)}{hint} (there are: {', '.join(choices)})")


def address(name: str, value: object) -> str:
    """An address of http or https; whether it may be reached is decided elsewhere."""
    found = text(name, value)
    if not found.lower().startswith(("https://", "http://")):
        raise InvalidOption(f"{name}: an address that begins with https:// is needed")
    return found


def tool_name(name: str, value: object) -> str:
    """The name of a tool, in its form: whether there is such a tool is the queue's to say."""
    found = text(name, value, 100)
    if not _TOOL.fullmatch(found):
        raise InvalidOption(f"{name}={_short(value)}: letters, digits, '-' and '_' are needed")
    return found


def idempotency_key(call: Call) -> str | None:
    """The header of that name; None where there is none."""
    key = call.headers.get("idempotency-key")
    return None if key is None else text("Idempotency-Key", key, LONGEST_KEY)


def preferred_wait(call: Call, most: float) -> float:
    """Seconds that ``Prefer: wait=…`` (RFC 7240) asks for, *most* at most.

    What cannot be read is no preference that we know, and those are passed over.
    """
    for wish in call.headers.get("prefer", "").split(","):
        if found := _WAIT.fullmatch(wish):
            return min(float(found[2]), most)
    return 0.0


def _short(value: object) -> str:
    try:
        written = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        written = "…"
    return written if len(written) <= 100 else f"{written[:99]}…"


def _range(least: float, most: float) -> str:
    if most == math.inf:
        return "a finite number" if least == -math.inf else f"{least:g} or more"
    return f"{least:g} to {most:g}"
