"""Where a server is: https, http on this machine, or a unix socket."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from toolkit.errors import InvalidInput

__all__ = ["Address", "address_of"]

UNIX = "http+unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """*root* has no slash at its end. *near* means that nothing leaves this machine."""

    place: str
    """For a person."""
    root: str
    socket: str | None = None
    """The path of the unix socket that leads to it."""
    near: bool = False

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.near or self.root.startswith("https://")


def address_of(url: str) -> Address:
    """The server at *url*. Raises InvalidInput, saying how it is written.

    >>> address_of("https://desk.example/queue/").root
    'https://desk.example/queue'
    """
    url = str(url)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("this is no address; write it as https://desk.example") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        # Before anything else: it is not to be repeated in words.
        raise InvalidInput("give no user or password in the address, but the key as key=…")
    if parts.query or parts.fragment:
        raise InvalidInput("an address of a server has no '?' or '#' in it")
    if parts.scheme == UNIX:
        return _socket(parts)
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvalidInput(f"{url[:200]!r}: an address is written as https://desk.example")
    root = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Address(place=root, root=root, near=_is_near(parts.hostname))


def _socket(parts: SplitResult) -> Address:
    """``http+unix:///run/desk.sock``, or ``http+unix://%2Frun%2Fdesk.sock/path``."""
    if parts.netloc:
        path, below = unquote(parts.netloc), parts.path.rstrip("/")
    else:
        path, below = unquote(parts.path), ""
    if not path.startswith("/"):
        raise InvalidInput("a socket's address is written as http+unix:///run/desk.sock")
    return Address(
        place=f"{UNIX}://{path}{below}", root=f"http://localhost{below}", socket=path, near=True
    )


def _is_near(host: str) -> bool:
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
