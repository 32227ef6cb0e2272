"""Which functions named in a database file may be run on this machine.

A database file may come from somebody else, and it names functions to import and even holds
pickled ones. So what a file says is run only if

* it is exactly one of our own tools, or of an installed package's (the entry points), or
* it carries the seal of the person who runs it: an HMAC-SHA256 over the tool's name, function and
  option check, made with a secret key in that person's state folder when the tool was registered.

The seal stands at the end of the target, ``"package.module:function#<seal>"``, and so travels with
the tool through any store. A function from a notebook cell travels as ``"pickle:<base64>#<seal>"``.
Nothing is imported or unpickled before its seal was compared.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from toolkit.errors import ToolFailed, UnreadablePath
from toolkit.jobs.tool import Tool

__all__ = ["PICKLED", "key", "opened", "sealed", "state_folder"]

PICKLED = "pickle:"
_KEY_BYTES = 32


def state_folder() -> Path:
    """Where pagequeue keeps what belongs to this person on this machine."""
    home = Path.home()
    if sys.platform == "win32":
        return home / "AppData" / "Local" / "pagequeue"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "pagequeue"
    return home / ".local" / "state" / "pagequeue"


def key(*, create: bool) -> bytes | None:
    """This person's secret key; None where there is none yet and *create* is false.

    Raises UnreadablePath where the state folder cannot be written or read.
    """
    place = state_folder() / "seal.key"
    try:
        if not place.exists():
            if not create:
                return None
            _write_new_key(place)
        found = place.read_bytes()
    except OSError as exc:
        raise UnreadablePath(f"the key that vouches for your tools: {exc}") from exc
    if len(found) != _KEY_BYTES:
        raise UnreadablePath(f"{place} is damaged; delete it, and register your tools again")
    return found


def _write_new_key(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f"{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link never replaces: of two processes that start together, the first one's key stays.
        os.link(draft, place)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        if not place.exists():
            draft.replace(place)
            return
    draft.unlink(missing_ok=True)


def _seal(tool: Tool, target: str, secret: bytes) -> str:
    said = json.dumps([tool.name, target, tool.check], separators=(",", ":"), ensure_ascii=True)
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()


def sealed(tool: Tool) -> Tool:
    """*tool* with this person's seal on its target."""
    target, _, _ = tool.target.partition("#")
    secret = key(create=True)
    assert secret is not None
    return replace(tool, target=f"{target}#{_seal(tool, target, secret)}")


def opened(tool: Tool, trusted: Mapping[str, Tool]) -> Tool:
    """*tool*, as read from a database file, with a target that may be run.

    *trusted* are the tools that this installation offers itself. Raises ToolFailed, with what to
    do, for a tool that nobody here vouches for.
    """
    target, _, seal = tool.target.partition("#")
    own = trusted.get(tool.name)
    if own is not None and (own.target, own.check) == (target, tool.check):
        return replace(tool, target=target)
    secret = key(create=False) if seal else None
    if secret is not None and hmac.compare_digest(seal, _seal(tool, target, secret)):
        return replace(tool, target=target)
    what = "a function stored in the file" if target.startswith(PICKLED) else f"{target!r}"
    raise ToolFailed(
        f"the tool {tool.name!r} would run {what}, which nobody on this machine has vouched for: "
        "the file may come from somebody else. If you know the function, register it here "
        "(toolkit.tool) and submit again"
    )
