"""Answers as bytes: what all dialects write in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from toolkit.dialects.exchange import Reply, View
from toolkit.dialects.times import whole_seconds

__all__ = ["Headers", "link", "path_of", "readable", "replied", "retry_after", "segment"]

Headers = tuple[tuple[str, str], ...]

_LONGEST_MESSAGE = 2000
_LONGEST_PAUSE = 30


def replied(status: int, content: Any, headers: Headers = (), *, has_result: bool = False) -> Reply:
    """A reply with *content* as JSON; *has_result* where what the job made is in it."""
    body = msgspec.json.encode(content)
    return Reply(status=status, body=body, headers=headers, has_result=has_result)


def readable(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """*text*, cut, as JSON can say it: half a surrogate pair in it becomes a question mark."""
    return text[:longest].encode(errors="replace").decode()


def retry_after(view: View) -> Headers:
    """When to ask again for a job that has not ended; nothing for one that has."""
    if view.job.ended:
        return ()
    return (("Retry-After", str(whole_seconds(view.seconds, 1, _LONGEST_PAUSE))),)


def link(root: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """The whole address of *path* on the server that the caller sees at *root*."""
    asked = "&".join(f"{name}={segment(value)}" for name, value in (query or {}).items())
    return f"{root}{path}{'?' if asked else ''}{asked}"


def path_of(root: str) -> str:
    """What stands before every path of the server that is seen at *root*; mostly nothing.

    >>> path_of("https://x.org/desk")
    '/desk'
    """
    return urlsplit(root).path.rstrip("/")


def segment(text: str) -> str:
    """*text* as one part of a path, or one value of a query."""
    return quote(text, safe="")
