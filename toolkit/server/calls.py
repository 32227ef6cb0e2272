"""Who calls, and what: a request as the dialects and the verbs know it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec

from toolkit.dialects.exchange import Call
from toolkit.errors import InvalidInput
from toolkit.store.keys import ADMIN, Key

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

__all__ = ["Caller", "Visit", "address_of", "call_of", "root_of", "visit_of"]

VISIT: Final = "pagequeue.visit"
"""Where a request's scope carries its Visit."""

# What the dialects have no business with, and what must not get into a log by way of them.
_SECRET: Final = frozenset({"authorization", "x-api-key", "cookie", "proxy-authorization"})
_HOST: Final = re.compile(r"[A-Za-z0-9._~-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: *owner* is whose jobs it sees, *key* the one it showed, if any."""

    owner: str = ""
    key: Key | None = None
    scopes: frozenset[str] = frozenset()
    anonymous: bool = False

    def may(self, scope: str) -> bool:
        """Whether it may do what *scope* stands for; an empty one stands for nothing special."""
        return not scope or scope in self.scopes or ADMIN in self.scopes


class Visit(msgspec.Struct, kw_only=True):
    """What becomes known of a request while it is served: its log line, figures and headers."""

    id: str
    route: str = ""
    """The template of its path, never the path itself, which may name what is nobody's business."""
    dialect: str = ""
    owner: str = ""
    ended_at: float = 0.0
    """When the last of the jobs ended that the answer shows."""
    rates: Callable[[float], Mapping[str, str]] | None = None
    """What a success tells of rates and pages: asked when it begins, with ``ended_at``."""


def visit_of(scope: Mapping[str, Any]) -> Visit:
    """The visit that *scope* is part of; one that tells nothing where none was begun."""
    visit = scope.get(VISIT)
    return visit if isinstance(visit, Visit) else Visit(id="-")


def address_of(scope: Mapping[str, Any]) -> str:
    """The address of the peer at the other end of the connection; empty for a unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def root_of(scope: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The address that the caller sees the server at, without a slash at its end."""
    host = headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = (scope.get("server") or ("localhost", None))[:2]
        host = "localhost" if port is None else f"{name}:{port}"
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}"


def call_of(request: HTTPConnection, *, now: float, method: str) -> Call:
    """The request as a dialect reads it, before its body.

    Raises InvalidInput where a query parameter is given twice: two readers could disagree on it.
    """
    scope = request.scope
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    return Call(
        method=method,
        root=root_of(scope, headers),
        path=request.path_params,
        query=_query_of(scope.get("query_string", b"")),
        headers={name: text for name, text in headers.items() if name not in _SECRET},
        now=now,
    )


def _query_of(text: bytes) -> dict[str, str]:
    if not text:
        return {}
    try:
        pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise InvalidInput("the query has more than 100 parameters") from None
    query = dict(pairs)
    if len(query) < len(pairs):
        twice = next(name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1)
        raise InvalidInput(f"the query parameter {twice[:100]!r} is given more than once")
    return query
