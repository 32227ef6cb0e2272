"""What came back of a request: an answer, or what went wrong and whether to ask again."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec

from toolkit.dialects.desk_wire import LONGEST_MESSAGE, Refusal
from toolkit.errors import (
    FileTooLarge,
    InternalError,
    RateLimited,
    ServerFailed,
    ServerUnreachable,
    ToolkitError,
    error_of,
)
from toolkit.jobs.address import shown

__all__ = ["Setback", "broken_off", "refused", "too_long", "unexpected"]

UNTOUCHED: Final = frozenset({429, 503})
"""Statuses of a server that has done nothing."""
PERHAPS_DONE: Final = frozenset({502, 504})
"""Statuses of whoever stands before a server that has not answered."""


class Setback(msgspec.Struct, frozen=True):
    """*error* is to be raised in the end; *again* says whether asking again may help.

    *after* is how many seconds the server asks to be left alone for.
    """

    error: ToolkitError
    again: bool = False
    after: float = 0.0


def broken_off(place: str, why: BaseException, *, sent: bool, repeat: bool) -> Setback:
    """No answer came. Where nothing was *sent*, nothing can have been done."""
    words = " ".join(str(why).split())[:300] or type(why).__name__
    told = f"{place} broke the connection off" if sent else f"{place} cannot be reached"
    if isinstance(why, TimeoutError) or "Timeout" in type(why).__name__:
        told, words = f"{place} did not answer in time", "a longer timeout=… waits for longer"
    return Setback(ServerUnreachable(f"{told}: {words}"), again=repeat or not sent)


def too_long(place: str, most: int) -> Setback:
    """The answer is larger than any should be."""
    return Setback(ServerFailed(f"{place} answered with more than {most:,} bytes: it was not read"))


def unexpected(place: str, status: int, headers: Mapping[str, str]) -> Setback:
    """An answer that is none of ours: a redirect, or another program's."""
    location = headers.get("location")
    if 300 <= status < 400 and location is not None:
        return Setback(
            ServerFailed(
                f"{place} sends us on to {shown(location)!r}. That is not followed, and the key"
                " not sent there: connect to that address if it is the right one"
            )
        )
    return Setback(ServerFailed(f"{place} answered {_named(status)}, which is no answer of ours"))


def refused(
    place: str, status: int, headers: Mapping[str, str], body: bytes, *, repeat: bool
) -> Setback:
    """What a status that is no success stands for: the same error as where it was raised."""
    after = _seconds(headers.get("retry-after", ""))
    again = status in UNTOUCHED or (status in PERHAPS_DONE and repeat)
    try:
        told = msgspec.json.decode(body, type=Refusal).error
    except (msgspec.MsgspecError, RecursionError):
        return msgspec.structs.replace(
            _of_another(place, status, headers), again=again, after=after
        )
    message, after = told.message[:LONGEST_MESSAGE], max(after, told.retry_after)
    error = error_of(told.code, message)
    if type(error) in {ToolkitError, InternalError} and status >= 500:
        error = ServerFailed(f"{place}: {message}")
    if isinstance(error, RateLimited):
        error.retry_after = after
    return Setback(error, again=again, after=after)


def _of_another(place: str, status: int, headers: Mapping[str, str]) -> Setback:
    """The refusal of whoever stands before the server."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Setback(FileTooLarge(f"{place} takes no request of this size"))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Setback(RateLimited(f"{place} takes no more requests for now"))
    if status in UNTOUCHED | PERHAPS_DONE:
        return Setback(ServerUnreachable(f"{place} answered {_named(status)}"))
    return unexpected(place, status, headers)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _seconds(text: str) -> float:
    """Seconds from now, from a Retry-After; 0 for none, or for one that cannot be read.

    >>> _seconds("12"), _seconds("soon")
    (12.0, 0.0)
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0
