"""Who may come in: keys and job tokens, and what they open.

Both are 256 bits of chance, so that nobody is slowed down for guessing: a brake would only lock
out the neighbours of a careless program that share its address.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.requests import HTTPConnection

from toolkit.dialects.exchange import Access, Call
from toolkit.errors import JobNotFound, KeyRefused, ScopeMissing, TokenRefused
from toolkit.server import limits
from toolkit.server.calls import Caller, Visit, visit_of
from toolkit.server.limits import Allowance, Pages, Rates
from toolkit.store import keys, windows
from toolkit.store.keys import SCOPES, Key
from toolkit.store.store import Store

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Doorkeeper"]

Redeem = Callable[[str, str], Awaitable[Caller]]
"""The caller that (job id, token) stands for. Raises JobNotFound, TokenRefused."""

ASKED: Final = "send a key: Authorization: Bearer <key>"
EVERYONE: Final = Caller(scopes=frozenset(SCOPES), anonymous=True)


class Doorkeeper:
    """Lets callers in by what they show; nothing of it is ever told again.

    With *anonymous*, whoever shows no key that is known here is the owner "" and may do
    everything. What was counted is written down by ``settle``.
    """

    def __init__(self, store: Store, *, redeem: Redeem, anonymous: bool) -> None:
        self._store = store
        self._redeem = redeem
        self._anonymous = anonymous
        self._rates = Rates(windows.load(store.read(), now=time.time()))
        self._last_used: dict[str, float] = {}
        self.pages = Pages(store)

    async def __call__(self, request: HTTPConnection, scope: str) -> Caller:
        """The caller of *request*, by its key.

        Raises KeyRefused, ScopeMissing where the key does not have *scope*, RateLimited.
        """
        visit = visit_of(request.scope)
        return self._with_scope(self._keyed(request, visit), scope, visit)

    async def opened(
        self, request: HTTPConnection, call: Call, *, access: Access, scope: str
    ) -> Caller:
        """The caller of a route that *access* opens.

        Raises KeyRefused, TokenRefused, ScopeMissing, JobNotFound, RateLimited.
        """
        visit = visit_of(request.scope)
        if access == "key":
            return self._with_scope(self._keyed(request, visit), scope, visit)
        if access == "token":
            return await self._by_token(call, visit)
        if call.token and _key_in(request) is None:
            return await self._by_token(call, visit)
        caller = self._keyed(request, visit)
        if call.token and (caller.anonymous or not caller.may(scope)):
            return await self._by_token(call, visit)
        return self._with_scope(caller, scope, visit)

    def settled(self) -> Callable[[sqlite3.Connection], None] | None:
        """What writes down how often keys were used since the last time; None for nothing."""
        self._rates.forget(time.time())
        counted, last_used = self._rates.taken(), self._last_used
        self._last_used = {}
        if not counted and not last_used:
            return None

        def write(conn: sqlite3.Connection) -> None:
            windows.keep(conn, counted)
            keys.used(conn, last_used)

        return write

    def _keyed(self, request: HTTPConnection, visit: Visit) -> Caller:
        shown, now = _key_in(request), time.time()
        if shown is None:
            if self._anonymous:
                return EVERYONE
            raise KeyRefused(f"a key is needed; {ASKED}")
        key = keys.found(self._store.read(), shown, now=now)
        if key is None:
            # Programs send keys of their own along, as Jupyter does: they are none of ours.
            if self._anonymous:
                return EVERYONE
            raise KeyRefused("this key is unknown, revoked or expired")
        visit.owner = key.jobs_owner
        allowance = self._rates.spend(key, now)
        self._last_used[key.id] = now
        if visit.dialect == "v1":
            visit.rates = partial(self._rates_of, key, allowance)
        return Caller(owner=key.jobs_owner, key=key, scopes=frozenset(key.scopes))

    def _with_scope(self, caller: Caller, scope: str, visit: Visit) -> Caller:
        if not caller.may(scope):
            raise ScopeMissing(f"this key does not have the scope {scope!r}")
        if caller.anonymous and visit.dialect == "v1":
            visit.rates = partial(self._rates_of, None, None)
        return caller

    def _rates_of(
        self, key: Key | None, allowance: Allowance | None, ended_at: float
    ) -> Mapping[str, str]:
        """What is told of rates and pages, those of a job that ended at *ended_at* among them."""
        owner = "" if key is None else key.jobs_owner
        pages = self.pages.this_month(owner, time.time(), since=ended_at)
        return limits.headers(allowance, pages, key)

    async def _by_token(self, call: Call, visit: Visit) -> Caller:
        if not call.job_id:
            raise JobNotFound("the request names no job")
        if call.token is None:
            raise TokenRefused("the job's token is needed")
        caller = await self._redeem(call.job_id, call.token)
        visit.owner = caller.owner
        return caller


def _key_in(request: HTTPConnection) -> str | None:
    """The key that the request shows, in either of the two places for one."""
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and shown.strip():
        return shown.strip()
    return request.headers.get("x-api-key") or None
