"""What is wanted of a job, in the parts that several dialects ask for alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

import msgspec

from toolkit.dialects.reading import address, choice, flag, number, text, whole
from toolkit.errors import InvalidOption

__all__ = [
    "LONGEST_RETENTION",
    "Asked",
    "asked_of_parse",
    "asked_of_tool",
    "job_of",
    "present",
    "retention",
]

LONGEST_RETENTION: Final = 168
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

_PASSWORD = 1000


class Asked(TypedDict):
    """What of the options is the tool's own, what is erased, and what is only about the answer."""

    options: dict[str, Any]
    secrets: dict[str, str]
    presentation: dict[str, Any]


_PRESENTED: Mapping[str, Callable[[str, object], Any]] = {
    "include_layout": flag,
    "preserve_images": flag,
    "table_format": lambda name, value: choice(name, value, ("markdown", "html", "json")),
    "style": lambda name, value: choice(name, value, ("rich", "plain")),
}
_USUAL: Mapping[str, Any] = {"include_layout": False, "preserve_images": True, "style": "rich"}


def present(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of *given* was really given: null says the same as nothing."""
    return {name: value for name, value in given.items() if value is not None}


def asked_of_tool(given: Mapping[str, Any]) -> Asked:
    """The options of any tool; a password is kept apart."""
    options = present(given)
    secrets = {}
    if "password" in options:
        secrets["password"] = text("password", options.pop("password"), _PASSWORD)
    try:
        msgspec.json.encode(options)
    except UnicodeEncodeError as exc:
        raise InvalidOption("the options hold half of a surrogate pair, which is no text") from exc
    return Asked(options=options, secrets=secrets, presentation={})


def asked_of_parse(given: Mapping[str, Any]) -> Asked:
    """The options of ``parse``; the profile may come under either of its two names.

    What is as usual is left out, so that asking for it is no other submission.
    """
    asked = asked_of_tool(given)
    options = asked["options"]
    if "extraction_profile" in options:
        profile = options.pop("extraction_profile")
        if options.setdefault("profile", profile) != profile:
            raise InvalidOption("extraction_profile and profile ask for different things")
    for name, read in _PRESENTED.items():
        if name in options:
            value = read(name, options.pop(name))
            if value != _USUAL.get(name):
                asked["presentation"][name] = value
    if options.get("profile") == "advanced":
        asked["presentation"]["include_layout"] = True
    return asked


def retention(given: Mapping[str, Any]) -> dict[str, Any]:
    """How long source and result are kept, in seconds, of the hours in *given*."""
    hours = number("retain_hours", given.get("retain_hours", 24), 0, LONGEST_RETENTION)
    result = number(
        "result_retain_hours", given.get("result_retain_hours", hours), 0, LONGEST_RETENTION
    )
    return {"retain": hours * HOUR, "result_retain": result * HOUR}


def job_of(name: str, written: object) -> dict[str, Any]:
    """What the *written* input says: an address, or the job whose input is taken again."""
    found = text(name, written)
    kind, separator, rest = found.partition("://")
    match kind.lower(), separator:
        case "https" | "http", "://":
            return {"url": address(name, found)}
        case "docld", "://" if rest.startswith("doc_"):
            return {"reuse": "job_" + text(name, rest, 100).removeprefix("doc_")}
        case "jobid", "://" if rest:
            return {"reuse": text(name, rest, 100)}
    raise InvalidOption(
        f"{name}: https://…, docld://<document_id> or jobid://<job> is needed, and the document's"
        " id begins with doc_"
    )


def chunking(given: dict[str, Any]) -> dict[str, Any]:
    """Takes out of *given* how a document is to be cut into chunks."""
    from toolkit.dialects.documents import LARGEST_CHUNK, SMALLEST_CHUNK, USUAL_CHUNK

    found: dict[str, Any] = {}
    if "strategy" in given:
        found["strategy"] = choice("strategy", given.pop("strategy"), ("semantic", "fixed", "page"))
    size = USUAL_CHUNK
    if "max_chunk_size" in given:
        size = whole("max_chunk_size", given.pop("max_chunk_size"), SMALLEST_CHUNK, LARGEST_CHUNK)
        found["max_chunk_size"] = size
    if "overlap" in given:
        found["overlap"] = whole("overlap", given.pop("overlap"), 0, size // 2)
    return found
