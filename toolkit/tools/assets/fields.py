"""What an asset tool may be asked, checked once at the door: names, kinds, ranges and defaults.

A form sends every value as text, so that a number or a yes may come as the text of one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from rapidfuzz import process

from toolkit.errors import InvalidOption

__all__ = ["Choice", "Field", "Flag", "Folder", "Name", "Number", "checked", "harmless", "schema"]

_YES: Final = frozenset({"true", "1", "yes", "on"})
_NO: Final = frozenset({"false", "0", "no", "off", ""})
_WRITTEN: Final = re.compile(
    r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII
)
LONGEST_NAME: Final = 64
LONGEST_FOLDER: Final = 200
# What Windows takes for devices, with any ending.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number from *low* to *high*."""

    low: float
    high: float
    default: float
    told: str
    whole: bool = False

    def read(self, name: str, value: object) -> float | int:
        """*value* as a number in the range. Raises InvalidOption, naming both."""
        number = _number(value)
        if number is None or not self.low <= number <= self.high:
            raise InvalidOption(f"{name}={_shown(value)}: {self._needed()}")
        if not self.whole:
            return float(number)
        if number != int(number):
            raise InvalidOption(f"{name}={_shown(value)}: {self._needed()}")
        return int(number)

    def _needed(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {_plain(self.low)} to {_plain(self.high)} is needed"

    def schema(self) -> dict[str, Any]:
        """This field as a JSON Schema."""
        number = int if self.whole else float
        return {
            "type": "integer" if self.whole else "number",
            "minimum": number(self.low),
            "maximum": number(self.high),
            "default": number(self.default),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Yes or no."""

    default: bool
    told: str

    def read(self, name: str, value: object) -> bool:
        """*value* as true or false. Raises InvalidOption."""
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else "?"
        if word in _YES or word in _NO:
            return word in _YES
        raise InvalidOption(f"{name}={_shown(value)}: true or false is needed")

    def schema(self) -> dict[str, Any]:
        """This field as a JSON Schema."""
        return {"type": "boolean", "default": self.default}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    default: str
    told: str

    def read(self, name: str, value: object) -> str:
        """*value* as one of the words. Raises InvalidOption, naming them."""
        if isinstance(value, str) and value in self.words:
            return value
        raise InvalidOption(f"{name}={_shown(value)}: one of {', '.join(self.words)} is needed")

    def schema(self) -> dict[str, Any]:
        """This field as a JSON Schema."""
        return {"enum": list(self.words), "default": self.default}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The name that files get; what no file can be called is replaced."""

    default: str
    told: str

    def read(self, name: str, value: object) -> str:
        """*value* as a file's name without an ending. Raises InvalidOption where it is no text."""
        if not isinstance(value, str):
            raise InvalidOption(f"{name}={_shown(value)}: a text is needed")
        return harmless(value, otherwise=self.default)

    def schema(self) -> dict[str, Any]:
        """This field as a JSON Schema."""
        return {"type": "string", "default": self.default}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder below the root of a game's content; empty: the root."""

    default: str
    told: str

    def read(self, name: str, value: object) -> str:
        """*value* with slashes, none at its ends. Raises InvalidOption for a way out."""
        if not isinstance(value, str):
            raise InvalidOption(f"{name}={_shown(value)}: a text is needed")
        path = value.strip().replace("\\", "/")
        parts = [part for part in path.removesuffix("/").split("/") if path]
        if len(path) > LONGEST_FOLDER or not all(_is_folder(part) for part in parts):
            raise InvalidOption(
                f"{name}={_shown(value)}: a relative path such as materials/walls is needed, of "
                f"letters, digits, spaces, '.', '-' and '_', up to {LONGEST_FOLDER} characters"
            )
        return "/".join(parts)

    def schema(self) -> dict[str, Any]:
        """This field as a JSON Schema."""
        return {"type": "string", "maxLength": LONGEST_FOLDER, "default": self.default}


Field: TypeAlias = Number | Flag | Choice | Name | Folder


def checked(tool: str, fields: Mapping[str, Field], options: Mapping[str, Any]) -> dict[str, Any]:
    """Every one of *fields* by name, from *options* or by default.

    Raises InvalidOption for an unknown name, naming the nearest, and for a value of another kind
    or out of its range, naming both.
    """
    for name in options:
        if name not in fields:
            nearest = process.extractOne(str(name), list(fields), score_cutoff=50)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            known = ", ".join(sorted(fields))
            raise InvalidOption(f"{tool}: unknown option {_shown(name)}{hint} Known: {known}")
    return {
        name: field.read(name, options.get(name, field.default)) for name, field in fields.items()
    }


def schema(fields: Mapping[str, Field]) -> dict[str, Any]:
    """*fields* as a JSON Schema of an object."""
    properties = {
        name: {**field.schema(), "description": field.told} for name, field in fields.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def harmless(text: str, *, otherwise: str) -> str:
    r"""*text* as the name of a file on any system, without a way to another folder.

    >>> harmless("../Old wall\0.png", otherwise="texture")
    'Old_wall_.png'
    >>> harmless("..", otherwise="texture")
    'texture'
    """
    last = text.replace("\\", "/").rsplit("/", 1)[-1]
    plain = re.sub(r"[^\w.-]", "_", last, flags=re.ASCII).strip(".")[:LONGEST_NAME].rstrip(".")
    # A name of nothing but what stood for other characters says nothing.
    if not plain.strip("_.-"):
        return otherwise
    return f"_{plain}" if _DEVICES.fullmatch(plain) else plain


def _is_folder(part: str) -> bool:
    return (
        re.fullmatch(r"[\w.-][\w. -]*", part, flags=re.ASCII) is not None
        and part.strip(" .") == part.rstrip(" .") == part
        and not _DEVICES.fullmatch(part)
    )


def _number(value: object) -> float | int | None:
    """What *value* says as a number; None where it says none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not _WRITTEN.fullmatch(text):
            return None
        # Not by way of a float, which would round a long seed.
        value = int(text) if text.lstrip("+-").isdecimal() else float(text)
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
