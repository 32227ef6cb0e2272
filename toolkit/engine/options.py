"""What can be asked of a parse, checked once at the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Self, get_args

from rapidfuzz import process

from toolkit.document.markdown import Style, TableFormat
from toolkit.errors import InvalidOption

__all__ = ["ParseOptions", "page_numbers"]

Ocr = Literal["auto", "never", "force"]
Profile = Literal["standard", "advanced"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "ocr": get_args(Ocr),
    "table_format": get_args(TableFormat),
    "profile": get_args(Profile),
    "style": get_args(Style),
}
_RANGE = re.compile(r"(\d{1,9})?\s*(-)?\s*(\d{1,9})?")
_SECRET = frozenset({"password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """How a file is to be read.

    ``pages`` is like ``"1-3,7,12-"`` (None: all); ``languages`` are for OCR (empty: found out).
    ``profile="advanced"`` also reads graphs and charts, links what belongs together, holds the text
    layer against the page's pixels, and reads scans twice. ``style`` and ``table_format`` are how
    the document stands in Markdown, where it is exported.
    The password is never shown.
    """

    pages: str | None = None
    languages: tuple[str, ...] = ()
    ocr: Ocr = "auto"
    password: str | None = field(default=None, repr=False)
    table_format: TableFormat = "auto"
    profile: Profile = "standard"
    style: Style = "rich"
    preserve_images: bool = True

    @classmethod
    def from_mapping(
        cls, options: Mapping[str, Any], secrets: Mapping[str, str] | None = None
    ) -> Self:
        """From names and values as a submission carries them; *secrets* may hold the password.

        Raises InvalidOption for an unknown name (naming the nearest right one) or value.
        """
        known = [f.name for f in fields(cls)]
        given = {**options, **(secrets or {})}
        for name in given:
            if name not in known:
                raise InvalidOption(_unknown("option", name, known))
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in given.items()}
        return cls(**checked)

    def public(self) -> dict[str, Any]:
        """Every option by name, the secret ones left out: what a cached result depends on."""
        return {
            f.name: list(value) if isinstance(value := getattr(self, f.name), tuple) else value
            for f in fields(self)
            if f.name not in _SECRET
        }


def _unknown(what: str, given: object, known: list[str] | tuple[str, ...]) -> str:
    nearest = process.extractOne(str(given), known)
    hint = f"; did you mean {nearest[0]!r}?" if nearest and nearest[1] >= 50 else ""
    return f"unknown {what} {given!r}{hint} Known: {', '.join(sorted(known))}"


def _checked(name: str, value: object) -> object:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidOption(_unknown(f"value of {name}:", value, _CHOICES[name]))
        return value
    match name, value:
        case "preserve_images", bool():
            return value
        case "password" | "pages", None:
            return None
        case "password", str():
            return value
        case "pages", str() | int() if not isinstance(value, bool):
            page_numbers(str(value), 10**9)
            return str(value)
        case "languages", "auto" | None:
            return ()
        case "languages", str():
            return (value,)
        case "languages", list() | tuple() if all(isinstance(v, str) for v in value):
            return tuple(v for v in value if v != "auto")
    raise InvalidOption(f"{name}={'…' if name in _SECRET else repr(value)}: wrong type")


def page_numbers(spec: str | None, count: int) -> range | tuple[int, ...]:
    """The pages, from 1, that *spec* picks out of *count*; ascending, each once.

    Raises InvalidOption where it is not a list of pages and ranges, or picks none.

    >>> page_numbers("1-3,7,9-", 10)
    (1, 2, 3, 7, 9, 10)
    >>> page_numbers(None, 3)
    range(1, 4)
    """
    if spec is None:
        return range(1, count + 1)
    ranges = [_range_of(part.strip(), spec, count) for part in spec.split(",")]
    if len(ranges) == 1:
        chosen: range | tuple[int, ...] = ranges[0]
    elif sum(map(len, ranges)) > 1_000_000:
        # Only ever checked for its form: no document has so many pages.
        chosen = ranges[0]
    else:
        chosen = tuple(sorted({page for part in ranges for page in part}))
    if not chosen:
        raise InvalidOption(f"pages={spec!r} picks none of the {count} pages")
    return chosen


def _range_of(part: str, spec: str, count: int) -> range:
    match = _RANGE.fullmatch(part)
    if match is None or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
        raise InvalidOption(f'pages={spec!r}: write it like "1-3,7,12-"')
    first = int(match[1]) if match[1] else 1
    last = int(match[3]) if match[3] else (count if match[2] else first)
    if first < 1 or (match[3] and last < first):
        raise InvalidOption(f"pages={spec!r}: pages count from 1, and a range goes upward")
    return range(first, min(last, count) + 1)
