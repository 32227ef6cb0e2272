"""An address, as it may be shown: to people, in errors and in logs."""

from __future__ import annotations

import re

__all__ = ["shown"]

LONGEST = 200
_AUTHORITY = re.compile(r"[^/?#\\]*")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%\w]*\]|[^:@\[\]]*)(:\d*)?")


def shown(url: str) -> str:
    """*url* without what may be secret in it: user, password, query and fragment.

    >>> shown("https://ann:secret@x.org:8443/a.pdf?signature=abc")
    'https://x.org:8443/a.pdf?…'
    """
    scheme, colon, rest = url.partition("://")
    if not colon:
        scheme, rest = "", url
    authority = _AUTHORITY.match(rest)
    written = authority[0] if authority else ""
    _, _, host = written.rpartition("@")
    if not _HOST.fullmatch(host):
        # Not as addresses are written: what follows the colon may be half of a password.
        return f"{scheme}{colon}…"[:LONGEST]
    path = re.split(r"[?#]", rest[len(written) :], maxsplit=1)
    hidden = "?…" if len(path) > 1 else ""
    text = f"{scheme}{colon}{host}{path[0]}"
    plain = "".join(sign if sign.isprintable() else "?" for sign in text)
    return (plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…") + hidden
