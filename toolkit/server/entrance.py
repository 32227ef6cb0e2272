"""What is settled of a request before anybody looks at it: its root, its sender, whether it may in.

Headers of a proxy are believed from a peer that is this machine itself (or was named as one), and
only the one that this proxy added last.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from toolkit.errors import InvalidOption
from toolkit.server.calls import address_of

__all__ = ["Entrance", "is_loopback", "networks", "root_path"]

Scope = MutableMapping[str, Any]

_PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~@%+-]+)+")
# What changes nothing, so that a link from elsewhere may lead to it.
_HARMLESS: Final = frozenset({"GET", "HEAD"})


def root_path(text: str) -> str:
    """*text* as a path that everything is served below: a slash first and none last.

    Raises InvalidOption where it cannot be one.
    """
    path = "/" + text.strip("/") if text.strip("/") else ""
    if path and (not _PREFIX.fullmatch(path) or "/.." in path):
        raise InvalidOption(f"{text[:200]!r} cannot be a root path; write it as in /tools/pages")
    return path


def networks(addresses: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """The addresses and networks that are written there. Raises InvalidOption."""
    try:
        return tuple(ip_network(one.strip(), strict=False) for one in addresses)
    except ValueError as exc:
        raise InvalidOption(f"a proxy is named by its address or network: {exc}") from exc


@lru_cache(maxsize=1_024)
def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an address, is this machine and cannot be another."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Entrance:
    """Settles the root path, the scheme and the sender of requests, and refuses strangers.

    With *guarded* there are no keys to tell friend from stranger: then only pages that this
    server gave out itself may call it, under a name of this machine or one of *hosts*.
    """

    def __init__(
        self,
        *,
        root_path: str = "",
        hosts: Sequence[str] = (),
        proxies: Sequence[str] = (),
        guarded: bool = False,
    ) -> None:
        self._root_path = root_path
        self._hosts = frozenset(host.strip("[]").lower() for host in hosts)
        self._proxies = networks(proxies)
        self._guarded = guarded

    def settle(self, scope: Scope, headers: dict[str, str]) -> str | None:
        """Put what is known into *scope*; words where the request is refused."""
        peer = address_of(scope)
        believed = not peer or is_loopback(peer) or self._is_proxy(peer)
        if believed:
            _believe(scope, headers)
        root = self._root_path or (_prefix(headers) if believed else "")
        if root:
            scope["root_path"] = root
            if not scope["path"].startswith(root + "/"):
                scope["path"] = root + scope["path"]
        if not self._guarded:
            return None
        # A browser cannot be led to a unix socket; whoever passes requests on to it says who asks.
        if peer and not self._knows(headers.get("host", "")):
            return "this server is asked under a name that is not its own; see --allow-host"
        return _stranger(scope["method"], headers)

    def _is_proxy(self, peer: str) -> bool:
        if not self._proxies:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)

    def _knows(self, host: str) -> bool:
        name = _name_of(host)
        return is_loopback(name) or name in self._hosts


def _believe(scope: Scope, headers: dict[str, str]) -> None:
    scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme
    sender = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    if sender:
        scope["client"] = (sender[:64], 0)


def _prefix(headers: dict[str, str]) -> str:
    told = headers.get("x-forwarded-prefix", "").rstrip("/")
    return told if len(told) <= 500 and _PREFIX.fullmatch(told) and "/.." not in told else ""


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _stranger(method: str, headers: dict[str, str]) -> str | None:
    """Words where a browser says that another site is behind the request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site in {"same-origin", "none"}:
            return None
        # A link that somebody follows: what it shows, the other site cannot read.
        if method in _HARMLESS and headers.get("sec-fetch-mode") == "navigate":
            return None
        return "requests by other sites' pages are refused"
    origin = headers.get("origin")
    if origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != "":
        return None
    return "requests by other sites' pages are refused"
