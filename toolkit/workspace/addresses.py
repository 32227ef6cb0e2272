"""Addresses (http, https) as inputs: checked here, fetched by the runner."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from toolkit.errors import InvalidInput, UnreadablePath
from toolkit.workspace.offers import LONGEST_NAME, Offer, parts_of, refusal

__all__ = ["SCHEME", "is_address", "local_path", "offer_of", "other_kind", "shown_address"]

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+(?=://|::)")
"""What stands before "://" or "::"; one letter is a drive."""

LONGEST = 8000
# A backslash is a slash to some readers of addresses and none to others.
_NOT_PLAIN = re.compile(r"[\\\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_address(text: str) -> bool:
    """Whether *text* is an address that the runner fetches."""
    return text.lower().startswith(("http://", "https://"))


def shown_address(text: str) -> str:
    """*text* without what may be secret: user, password, query and fragment.

    >>> shown_address("https://me:pw@example.com:8080/a/b.pdf?signature=123#2")
    'https://example.com:8080/a/b.pdf'
    """
    plain = re.split(r"[?#]", text, maxsplit=1)[0]
    return re.sub(r"(://)[^/]*@", r"\1", plain)


def offer_of(text: str) -> Offer:
    """The offer of the address *text*; refused where it cannot be one, or holds a password."""
    origin = shown_address(text)
    try:
        parts = urlsplit(text)
        why = _why_not(text, parts)
    except ValueError:
        # Nobody knows where a password would end in it: so none of it is shown.
        origin = f"{text.partition('://')[0]}://…"
        parts, why = SplitResult("", "", "", "", ""), "no address that can be understood"
    if why is not None:
        return refusal(origin, InvalidInput(f"{origin[:200]!r} is {why}"), filename=_name(origin))
    url = parts._replace(fragment="").geturl()
    return Offer(filename=_name(origin), origin=origin, url=url)


def other_kind(text: str) -> Offer:
    """The refusal of an address of a kind that nobody fetches."""
    origin = shown_address(text)
    why = (
        f"{origin[:200]!r}: addresses begin with http:// or https://; for other places, download"
        " the file and give its path"
    )
    return refusal(origin, UnreadablePath(why), filename=_name(origin))


def local_path(text: str) -> str | None:
    """The path that a "file://…" address names on this machine; None for any other text.

    >>> local_path("file:///data/a%20b.pdf")
    '/data/a b.pdf'
    """
    if not text.lower().startswith("file://") or "::" in text:
        return None
    rest = text[len("file://") :]
    host, slash, path = rest.partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        return rest if not slash else None
    written = f"/{path}"
    # A drive has no slash before it: file:///C:/reports/a.pdf
    written = written[1:] if sys.platform == "win32" and path[1:2] == ":" else written
    return written if Path(written).exists() else unquote(written)


def _why_not(text: str, parts: SplitResult) -> str | None:
    if len(text) > LONGEST:
        return f"an address of more than {LONGEST:,} letters"
    if _NOT_PLAIN.search(text):
        return "an address with spaces, backslashes or the like in it; write them as %20 and so on"
    if "@" in parts.netloc:
        return (
            "an address with a user name or a password, which would stand in the queue; give it"
            " without, or download the file and give its path"
        )
    if not parts.hostname:
        return "an address without a host"
    if parts.port is not None and not parts.port:
        return "an address with port 0"
    return None


def _name(origin: str) -> str:
    """A file's name from the path of an address; the host where the path has none."""
    _, _, rest = origin.partition("://")
    host, _, path = rest.partition("/")
    parts = parts_of(unquote(path, errors="replace"))
    name = (parts or parts_of(host) or ["address"])[-1]
    return "".join(c if c.isprintable() else "?" for c in name)[-LONGEST_NAME:]
