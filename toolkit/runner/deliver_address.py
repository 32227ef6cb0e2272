"""Where webhooks may be sent: what can be told of an address when it is given.

What its name leads to is looked at again each time that it is dialled.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, ip_address
from typing import Final

import httpx

from toolkit.dialects.reading import LONGEST_CALLBACK
from toolkit.errors import AddressRefused
from toolkit.jobs.address import shown
from toolkit.runner.guard import Guard
from toolkit.settings import Settings

__all__ = ["checked", "guard_of", "read"]

PORTS: Final = {"http": 80, "https": 443}

_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
_NUMBERS: Final = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)(\.(0[xX][0-9a-fA-F]*|[0-9]+)){0,3}\.?")
_HERE: Final = re.compile(r"(.*\.)?localhost\.?", re.IGNORECASE)


def guard_of(settings: Settings) -> Guard:
    """The guard that webhooks are sent past."""
    return Guard(
        settings.webhook_private,
        setting="PAGEQUEUE_WEBHOOK_PRIVATE",
        whose="the server and the runner",
        never="webhooks are not sent there",
    )


def checked(url: str, settings: Settings) -> str:
    """*url*, after all that can be told of it without asking the network was found to be good.

    Raises AddressRefused: for another scheme than https (http too where ``settings.webhook_plain``
    says so), for a user or password in it, for one that is too long, and for the number of a
    private host, however it is written.
    """
    host = read(url, settings).raw_host.decode("ascii")
    if (number := _number(host)) is not None:
        guard_of(settings).check(host, number)
    return url


def read(text: str, settings: Settings) -> httpx.URL:
    """*text* as an address that a webhook may be sent to. Raises AddressRefused."""
    place = shown(text)
    if len(text) > LONGEST_CALLBACK:
        raise AddressRefused(f"{place} has more than {LONGEST_CALLBACK:,} characters")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
        port = PORTS.get(url.scheme) if url.port is None else url.port
    except (httpx.InvalidURL, ValueError, TypeError):
        raise AddressRefused(f"{place} is not written as an address is") from None
    if url.scheme not in PORTS:
        raise AddressRefused(f"{place}: webhooks are sent to https:// addresses")
    if url.scheme == "http" and not settings.webhook_plain:
        raise AddressRefused(
            f"{place} is not encrypted: give an https:// address"
            " (PAGEQUEUE_WEBHOOK_PLAIN=1 allows others, for development)"
        )
    if url.userinfo:
        raise AddressRefused(f"{place}: leave user and password out; webhooks are signed instead")
    if not _HOST.fullmatch(host) or not port or not 0 < port < 2**16 or "\\" in text:
        raise AddressRefused(f"{place} is not written as an address is")
    return url


def _number(host: str) -> str | None:
    """The address that *host* is in itself, in the usual form; None where it is a name."""
    if _HERE.fullmatch(host):
        return "127.0.0.1"
    try:
        return str(ip_address(host.partition("%")[0].rstrip(".")))
    except ValueError:
        pass
    if not _NUMBERS.fullmatch(host):
        return None
    try:
        # As the systems read them: 127.1, 2130706433, 0x7f000001 and 0177.0.0.1 are one.
        return str(IPv4Address(socket.inet_aton(host.rstrip("."))))
    except OSError:
        raise AddressRefused(f"{host} is neither a name nor the number of a host") from None
