"""What calls of /v1 ask of the queue."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from toolkit.dialects.exchange import Call, Cancel, PagePicture, Query, Wanted
from toolkit.dialects.reading import (
    address,
    choice,
    flag,
    flag_of,
    idempotency_key,
    json_body,
    known_only,
    number,
    number_of,
    object_of,
    preferred_wait,
    text,
    tool_name,
    whole_of,
)
from toolkit.dialects.wanting import asked_of_parse, asked_of_tool, job_of, present, retention
from toolkit.errors import InvalidInput, InvalidOption

__all__ = [
    "LONGEST_POLL",
    "LONGEST_SYNC",
    "MOST_JOBS",
    "STATUSES",
    "USUAL_JOBS",
    "USUAL_SYNC",
    "USUAL_WIDTH",
    "WIDTHS",
    "block",
    "cancel",
    "extract",
    "jobs",
    "look",
    "month",
    "page",
    "submit",
]

LONGEST_POLL: Final = 30.0
LONGEST_SYNC: Final = 30.0
USUAL_SYNC: Final = 25.0
MOST_JOBS: Final = 100
USUAL_JOBS: Final = 20
WIDTHS: Final = range(32, 2401)
"""Of the picture of a page, in pixels."""
USUAL_WIDTH: Final = 1200

STATUSES: Final[Mapping[str, str | tuple[str, ...]]] = {
    "queued": ("queued", "retrying"),
    "processing": "processing",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""What each status of /v1 is in the queue's own words."""

_PARSE = frozenset(
    (
        *("extraction_profile", "include_layout", "preserve_images"),
        *("pages", "languages", "ocr", "password", "table_format", "profile", "style"),
    )
)
_TRANSPORT = frozenset(
    ("callback_url", "retain_hours", "result_retain_hours", "bypass_cache", "one_time")
)
_WAITING = frozenset(("sync", "sync_timeout_seconds"))
_KINDS: Final[Mapping[str, Callable[[str, str], bool | float]]] = {
    **dict.fromkeys(("sync", "bypass_cache", "one_time"), flag_of),
    **dict.fromkeys(("sync_timeout_seconds", "retain_hours", "result_retain_hours"), number_of),
}
"""Fields that are no texts."""
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_NO_FILE = "no file was sent: the multipart field 'file' is needed"


def extract(call: Call) -> Wanted:
    """A document of the file that was sent."""
    if call.upload is None:
        raise InvalidInput(_NO_FILE)
    known_only(call.form, {"options"} | _WAITING, "field")
    given = object_of("options", call.form.get("options") or "{}")
    known_only(given, _PARSE | _TRANSPORT)
    window = {**_values(call.query, _WAITING), **_values(call.form, _WAITING)}
    return _wanted(call, "parse", present(given), window)


def submit(call: Call) -> Wanted:
    """A job of any tool, asked for by a form or in JSON."""
    given = json_body(call) if call.body else _form(call)
    known_only(given, {"type", "input", "options"} | _TRANSPORT | _WAITING, "field")
    given = present(given)
    tool = tool_name("type", given.get("type", "parse"))
    options = given.get("options", {})
    if not isinstance(options, Mapping):
        raise InvalidOption("options: an object is needed")
    if tool == "parse":
        known_only(options, _PARSE | _TRANSPORT)
        if call.upload is None and "input" not in given:
            raise InvalidInput(f"{_NO_FILE}, or else 'input'")
    if call.upload is not None and "input" in given:
        raise InvalidInput("both a file and 'input' were sent: one of them is needed")
    source = job_of("input", given["input"]) if "input" in given else {}
    beside = {name: given[name] for name in _TRANSPORT & given.keys()}
    window = {**_values(call.query, _WAITING), **given}
    return _wanted(call, tool, {**present(options), **beside}, window, **source)


def _form(call: Call) -> dict[str, Any]:
    """The fields of the form as JSON would have them."""
    form = _values(call.form, call.form.keys())
    form["options"] = object_of("options", form.get("options") or "{}")
    # Left empty, it asks for nothing.
    form["callback_url"] = form.get("callback_url") or None
    return form


def _values(written: Mapping[str, str], names: Collection[str]) -> dict[str, Any]:
    """What the texts called *names* say, each in its kind."""
    return {
        name: _KINDS[name](name, text) if name in _KINDS else text
        for name, text in written.items()
        if name in names
    }


def _wanted(
    call: Call, tool: str, given: Mapping[str, Any], waiting: Mapping[str, Any], **source: Any
) -> Wanted:
    options = {name: value for name, value in given.items() if name not in _TRANSPORT}
    asked = asked_of_parse(options) if tool == "parse" else asked_of_tool(options)
    callback = given.get("callback_url")
    return Wanted(
        tool=tool,
        **asked,
        **source,
        **retention(given),
        callback_url=None if callback is None else address("callback_url", callback),
        bypass_cache=flag("bypass_cache", given.get("bypass_cache", False)),
        one_time=flag("one_time", given.get("one_time", False)),
        idempotency_key=idempotency_key(call),
        wait=_window(waiting),
    )


def _window(given: Mapping[str, Any]) -> float:
    """How long the answer waits for the job: not at all without ``sync``, and at most so long."""
    seconds = number("sync_timeout_seconds", given.get("sync_timeout_seconds", USUAL_SYNC))
    synchronous = flag("sync", given.get("sync", False))
    return min(max(seconds, 1.0), LONGEST_SYNC) if synchronous else 0.0


def look(call: Call) -> Query:
    return Query(wait=preferred_wait(call, LONGEST_POLL), document=True)


def jobs(call: Call) -> Query:
    """One page of the caller's jobs, newest first."""
    asked = call.query
    status = asked.get("status")
    return Query(
        status=None if status is None else STATUSES[choice("status", status, STATUSES)],
        tool=tool_name("type", asked["type"]) if "type" in asked else None,
        limit=whole_of("limit", asked.get("limit", str(USUAL_JOBS)), 1, MOST_JOBS),
        cursor=text("cursor", asked["cursor"], 200) if "cursor" in asked else None,
    )


def cancel(_: Call) -> Cancel:
    return Cancel()


def page(call: Call) -> PagePicture:
    """Which page's picture is asked for, and how wide."""
    width = call.query.get("width", str(USUAL_WIDTH))
    return PagePicture(
        page=whole_of("number", call.path.get("number", ""), 1, 10**9),
        width=whole_of("width", width, WIDTHS.start, WIDTHS.stop - 1),
    )


def block(call: Call) -> str:
    """Which block's picture is asked for."""
    return text("block_id", call.path.get("block_id", ""), 100)


def month(call: Call) -> str | None:
    """The month that is asked for; None for all of them."""
    asked = call.query.get("month")
    if asked is not None and not _MONTH.fullmatch(asked):
        raise InvalidOption(f"month={asked[:100]!r}: a month as 2026-11 is needed")
    return asked
