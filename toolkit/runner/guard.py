"""What may be connected to: public addresses, and the private ones that were allowed.

An address in a job or of a webhook is written by somebody else, and the runner stands inside a
network: without a guard it would read the machine's own services, the intranet, or a cloud's keys,
for anybody who may submit. So a name is looked up once, every answer is checked, and the number
that was checked is the one that is dialled: the name is not asked again, whatever it says by then.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx
from httpx_secure import httpx_ssrf_protection

from toolkit.errors import AddressRefused, FetchFailed

__all__ = ["Guard", "kind_of", "plain"]

Address = IPv4Address | IPv6Address

CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 30.0
"""Seconds without a byte after which a connection is given up."""

_NAT64: Final = IPv6Network("64:ff9b::/96")
# Clouds give their machines keys here. The first is link-local, the others look merely private.
_METADATA: Final = frozenset(
    ip_address(text)
    for text in (
        *("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192"),
        *("fd00:ec2::254", "fd20:ce::254"),
    )
)
_MAY_BE_ALLOWED: Final = frozenset({"loopback", "private"})


def plain(text: str) -> Address:
    """The address that *text* is, an IPv4 address in IPv6's clothes taken out of them.

    Raises ValueError.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
        if address.sixtofour is not None:
            return address.sixtofour
    return address


def kind_of(address: Address) -> str | None:
    """Why *address*, a ``plain`` one, is not public, in a word; None where it is.

    >>> kind_of(plain("::ffff:10.0.0.1")), kind_of(plain("192.0.32.7"))
    ('private', None)
    """
    if address in _METADATA:
        return "metadata"
    if address.is_unspecified or (address.version == 4 and address.packed[0] == 0):
        return "unspecified"
    for kind in ("loopback", "link_local", "multicast", "reserved"):
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    # The last was given up in 2004, and Python takes it for public.
    private = not address.is_global or getattr(address, "is_site_local", False)
    return "private" if private else None


@dataclass(frozen=True, slots=True)
class Guard:
    """Who may be dialled. *private* names hosts by comma, as ``Settings.fetch_private`` does.

    *setting* is the variable that allows more of them, in the environment of *whose*, and *never*
    what is not done with others: for the words of a refusal.
    """

    private: str = ""
    setting: str = "PAGEQUEUE_FETCH_PRIVATE"
    whose: str = "the runner"
    never: str = "those are not fetched from"

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of *host*, each of which may be dialled.

        Raises AddressRefused where one of them may not be, FetchFailed where there is none.
        """
        try:
            found = [str(ip_address(host))]
        except ValueError:
            found = await _looked_up(host, port)
        for text in found:
            self.check(host, text)
        return tuple(dict.fromkeys(found))

    def check(self, host: str, text: str) -> None:
        """Raise AddressRefused unless the address *text*, which is *host*'s, may be dialled."""
        address = plain(text.partition("%")[0])
        kind = kind_of(address)
        if kind is None or (kind in _MAY_BE_ALLOWED and self._allows(host, address)):
            return
        where = host if host == text else f"{host} ({address})"
        why = f"{where} is a {kind} address, and {self.never}"
        if kind in _MAY_BE_ALLOWED:
            why += (
                f"; to allow it, set {self.setting}={host}"
                f" in the environment of {self.whose}, and start that anew"
            )
        raise AddressRefused(why)

    def client(self, address: str) -> httpx.AsyncClient:
        """A client that connects to *address* and to nothing else.

        It knows no proxies, cookies, redirects or passwords of this machine's.
        """
        for library in ("httpx", "httpcore"):
            # They log every address with its query, where signatures are.
            logging.getLogger(library).setLevel(logging.WARNING)
        client = httpx.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            verify=_certificates(),
            timeout=httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
        )
        checked = ip_address(address)
        # A second lock, below the client: where the code above has a fault, it does not open.
        return httpx_ssrf_protection(
            client,
            check_globally_reachable=not self.private,
            custom_validator=lambda _host, dialled, _port: dialled == checked,
        )

    def _allows(self, host: str, address: Address) -> bool:
        name = host.lower().rstrip(".")
        for allowed in (part.strip().lower() for part in self.private.split(",")):
            if fnmatchcase(name, allowed):
                return True
            with suppress(ValueError):
                if address in ip_network(allowed, strict=False):
                    return True
        return False


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that httpx trusts, and those of this machine: many firms have their own."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


async def _looked_up(host: str, port: int) -> list[str]:
    """The addresses that the system knows for *host*. May be cancelled, which a look-up cannot:
    it goes on in a thread that nobody waits for."""
    answer: Future[list[str]] = Future()

    def look_up() -> None:
        answer.set_running_or_notify_cancel()
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as exc:
            answer.set_exception(exc)
        else:
            answer.set_result([str(sockaddr[0]) for *_, sockaddr in found])

    threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True).start()
    try:
        found = await asyncio.wrap_future(answer)
    except (OSError, UnicodeError) as exc:
        why = getattr(exc, "strerror", None) or "it is no host name"
        raise FetchFailed(f"the host {host} is not found: {why}") from exc
    if not found:
        raise FetchFailed(f"the host {host} has no address")
    return found
