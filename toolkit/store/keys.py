"""Keys: who may ask the server for what, how often, and how many pages a month.

A key's secret is shown once and kept only as its SHA-256.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from math import isfinite
from secrets import token_hex, token_urlsafe
from typing import Any, Final, Literal, TypeAlias

import msgspec

from toolkit.errors import IllegalMove, InvalidInput, InvalidOption

__all__ = [
    "ADMIN",
    "ORDINARY",
    "SCOPES",
    "TABLE",
    "TEST",
    "Key",
    "Kind",
    "Minted",
    "create",
    "found",
    "key",
    "keys",
    "revoke",
    "rotate",
    "used",
]

ADMIN: Final = "admin"
SCOPES: Final = ("extract:write", "jobs:read", "jobs:write", "usage:read", ADMIN)
"""What a key may be allowed; ``admin`` allows everything."""
ORDINARY: Final = SCOPES[:-1]

Kind: TypeAlias = Literal["live", "test", "tool"]
_BEGINS: Mapping[Kind, str] = {"live": "pk_live_", "test": "pk_test_", "tool": "sbox_tk_"}

TEST: Final = "/test"
"""What the owner of a test key's jobs ends in: no owner of a key has a slash."""

LONGEST_NAME: Final = 100
_LONGEST_SECRET: Final = 200

TABLE = """
CREATE TABLE keys (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    hint TEXT NOT NULL,
    owner TEXT NOT NULL CHECK (owner <> ''),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    pages_per_month INTEGER CHECK (pages_per_month >= 0),
    per_minute INTEGER CHECK (per_minute > 0),
    per_hour INTEGER CHECK (per_hour > 0),
    per_day INTEGER CHECK (per_day > 0),
    test INTEGER NOT NULL CHECK (test IN (0, 1)),
    created_at REAL NOT NULL,
    expires_at REAL,
    revoked_at REAL,
    last_used_at REAL
) STRICT"""

_FIELDS = (
    "id, owner, name, hint, scopes, pages_per_month, per_minute, per_hour, per_day, test,"
    " created_at, expires_at, revoked_at, last_used_at"
)
_INSERT = f"""
INSERT INTO keys (hash, {_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)"""
_USED = "UPDATE keys SET last_used_at = max(coalesce(last_used_at, ?1), ?1) WHERE id = ?2"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret; *hint* is how its secret begins and ends. None: no limit."""

    id: str
    owner: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    pages_per_month: int | None
    per_minute: int | None
    per_hour: int | None
    per_day: int | None
    test: bool
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None

    @property
    def jobs_owner(self) -> str:
        """The owner of the jobs that this key hands in and sees: a test key's are apart."""
        return self.owner + TEST if self.test else self.owner

    def allows(self, scope: str) -> bool:
        return ADMIN in self.scopes or scope in self.scopes

    def holds(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Minted(msgspec.Struct, frozen=True):
    """A key that was just made, with its *secret*, which is shown here once."""

    key: Key
    secret: str

    def __repr__(self) -> str:
        return f"Minted({self.key!r}, '{self.key.hint}')"


def create(
    conn: sqlite3.Connection,
    *,
    owner: str,
    now: float,
    name: str = "",
    scopes: Iterable[str] = ORDINARY,
    pages_per_month: int | None = None,
    per_minute: int | None = None,
    per_hour: int | None = None,
    per_day: int | None = None,
    expires_at: float | None = None,
    kind: Kind = "live",
) -> Minted:
    """Make a key for *owner*; its secret is in the answer and nowhere else.

    Raises InvalidOption for a scope, name, limit or time that cannot be.
    """
    secret = _secret_of(kind)
    made = Key(
        id="key_" + token_hex(8),
        owner=owner,
        name=name,
        hint=f"{_BEGINS[kind]}…{secret[-4:]}",
        scopes=_checked(scopes),
        pages_per_month=pages_per_month,
        per_minute=per_minute,
        per_hour=per_hour,
        per_day=per_day,
        test=kind == "test",
        created_at=now,
        expires_at=expires_at,
    )
    _refuse_names(owner, name)
    _refuse_limits(made)
    conn.execute(_INSERT, _row_of(made, secret))
    return Minted(made, secret)


def found(conn: sqlite3.Connection, secret: str, *, now: float) -> Key | None:
    """The key that *secret* is of; None where it is unknown, revoked or expired."""
    if not secret.isascii() or len(secret) > _LONGEST_SECRET:
        return None
    shown = sha256(secret.encode()).digest()
    row = conn.execute(f"SELECT hash, {_FIELDS} FROM keys WHERE hash = ?", [shown]).fetchone()
    if row is None or not compare_digest(row[0], shown):
        return None
    one = _key_of(row[1:])
    return one if one.holds(now) else None


def key(conn: sqlite3.Connection, key_id: str) -> Key:
    """The key of this id.

    Raises InvalidInput where there is none.
    """
    row = conn.execute(f"SELECT {_FIELDS} FROM keys WHERE id = ?", [key_id]).fetchone()
    if row is None:
        raise InvalidInput(f"there is no key {key_id!r}")
    return _key_of(row)


def keys(conn: sqlite3.Connection, *, owner: str | None = None) -> list[Key]:
    """Every key, or those of *owner*, in the order in which they were made."""
    where, values = ("", []) if owner is None else (" WHERE owner = ?", [owner])
    rows = conn.execute(f"SELECT {_FIELDS} FROM keys{where} ORDER BY number", values).fetchall()
    return [_key_of(row) for row in rows]


def rotate(conn: sqlite3.Connection, key_id: str, *, now: float, overlap: float = 0.0) -> Minted:
    """Make a key that may do what this one may, and end this one *overlap* seconds from now.

    One that expires is followed by one that lives as long, from now on. Raises InvalidInput where
    there is no such key, IllegalMove where it does not hold any more, InvalidOption.
    """
    old = key(conn, key_id)
    if not old.holds(now):
        raise IllegalMove(f"key {key_id} is revoked or has expired: make a new one")
    if not (isfinite(overlap) and overlap >= 0):
        raise InvalidOption(f"an overlap of {overlap} seconds: it is 0 or more")
    minted = create(
        conn,
        owner=old.owner,
        now=now,
        name=old.name,
        scopes=old.scopes,
        pages_per_month=old.pages_per_month,
        per_minute=old.per_minute,
        per_hour=old.per_hour,
        per_day=old.per_day,
        expires_at=None if old.expires_at is None else now + (old.expires_at - old.created_at),
        kind=_kind_of(old),
    )
    if overlap:
        ends = now + overlap if old.expires_at is None else min(old.expires_at, now + overlap)
        conn.execute("UPDATE keys SET expires_at = ? WHERE id = ?", (ends, key_id))
    else:
        revoke(conn, key_id, now=now)
    return minted


def revoke(conn: sqlite3.Connection, key_id: str, *, now: float) -> Key:
    """Let the key hold no more, from this commit on; revoking it again changes nothing.

    Raises InvalidInput where there is none.
    """
    conn.execute(
        "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, key_id)
    )
    return key(conn, key_id)


def used(conn: sqlite3.Connection, last: Mapping[str, float]) -> None:
    """Note when each of these keys (by id) was used last."""
    conn.executemany(_USED, [(at, key_id) for key_id, at in last.items()])


def _refuse_names(owner: str, name: str) -> None:
    if not 1 <= len(owner) <= LONGEST_NAME or "/" in owner or owner != owner.strip():
        raise InvalidOption(
            f"an owner is a name of 1 to {LONGEST_NAME} characters without a slash: {owner!r}"
        )
    if len(name) > LONGEST_NAME or not (owner + name).isprintable():
        raise InvalidOption(
            f"the names of a key have up to {LONGEST_NAME} characters that can be printed"
        )


def _secret_of(kind: Kind) -> str:
    if kind not in _BEGINS:
        raise InvalidOption(f"{kind!r} is no kind of key; there are: {', '.join(_BEGINS)}")
    return _BEGINS[kind] + token_urlsafe(32)


def _refuse_limits(one: Key) -> None:
    expires_at = one.expires_at
    if expires_at is not None and not (isfinite(expires_at) and expires_at > one.created_at):
        raise InvalidOption("a key expires later than now, or never")
    for what, limit, least in (
        ("pages a month", one.pages_per_month, 0),
        ("requests a minute", one.per_minute, 1),
        ("requests an hour", one.per_hour, 1),
        ("requests a day", one.per_day, 1),
    ):
        if limit is not None and not least <= limit < 2**63:
            raise InvalidOption(f"{limit} {what}: a key is given {least} or more, or no limit")


def _checked(scopes: Iterable[str]) -> tuple[str, ...]:
    asked = set(scopes)
    for scope in sorted(asked.difference(SCOPES)):
        raise InvalidOption(f"{scope!r} is no scope; there are: {', '.join(SCOPES)}")
    if not asked:
        raise InvalidOption("a key without a scope opens nothing")
    return tuple(scope for scope in SCOPES if scope in asked)


def _kind_of(one: Key) -> Kind:
    return next(kind for kind, begin in _BEGINS.items() if one.hint.startswith(begin))


def _row_of(one: Key, secret: str) -> tuple[Any, ...]:
    return (
        *(sha256(secret.encode()).digest(), one.id, one.owner, one.name, one.hint),
        *(" ".join(one.scopes), one.pages_per_month, one.per_minute, one.per_hour),
        *(one.per_day, one.test, one.created_at, one.expires_at),
    )


def _key_of(row: tuple[Any, ...]) -> Key:
    values = dict(zip(Key.__struct_fields__, row, strict=True))
    values["scopes"] = tuple(values["scopes"].split())
    values["test"] = values["test"] == 1
    return Key(**values)
