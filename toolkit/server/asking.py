"""Looking at the queue over HTTP: one's own jobs, what there is, and what was used."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from toolkit.desk import Offered
from toolkit.dialects.exchange import Listing, Query, Usage, View
from toolkit.errors import InvalidInput, TokenRefused
from toolkit.jobs import ACTIVE, Job
from toolkit.server.calls import Caller
from toolkit.server.hub import Hub
from toolkit.server.limits import quota_of
from toolkit.server.submitting import job_of
from toolkit.server.views import Views
from toolkit.store import jobs, keys, outlook, usage
from toolkit.store.store import Store
from toolkit.workspace.offering import INTERNAL, offered

__all__ = ["Asking"]

MOST_OF_ONES_OWN: Final = 1000
LAST: Final = 2**63 - 1
"""The largest number that the database knows."""
_TOKENS_SCOPES: Final = frozenset({"jobs:read", "jobs:write"})


class Asking:
    """The verbs that change nothing."""

    store: Store
    hub: Hub
    views: Views

    async def by_token(self, job_id: str, token: str) -> Caller:
        """Who holds *token*: the job's owner, for this job.

        Raises JobNotFound, and TokenRefused for a token that was not given out for it.
        """
        conn = self.store.read()
        job = job_of(conn, job_id)
        if not jobs.holds_token(conn, job.id, token):
            raise TokenRefused(f"this is not the token of job {job.id}")
        return Caller(owner=job.owner, scopes=_TOKENS_SCOPES)

    async def look(self, caller: Caller, job_id: str, query: Query, *, document: bool) -> View:
        """The job as it is; with ``query.wait``, once it has ended, or when that time is over.

        Raises JobNotFound, for another owner's job too.
        """
        job = self._own(caller, job_id)
        if query.wait > 0 and not job.ended:
            await self.hub.until_ended(job.id, query.wait)
            job = self._own(caller, job_id)
        return await self.views.view(job, document=document)

    async def list(self, caller: Caller, query: Query) -> Listing:
        """A page of the caller's jobs, the newest first. Raises InvalidInput."""
        return await asyncio.to_thread(self._listed, caller.owner, query)

    async def mine(self, caller: Caller) -> Listing:
        """The caller's jobs that wait or run, the newest first."""
        return await asyncio.to_thread(self._active, caller.owner)

    async def stats(self, caller: Caller) -> Sequence[outlook.ToolStats]:  # noqa: ARG002 - all see it
        """How each tool is doing, for everybody's jobs."""
        rows = await asyncio.to_thread(lambda: outlook.stats(self.store.read()))
        return [row for row in rows if row.tool not in INTERNAL]

    async def tools(self, caller: Caller) -> Sequence[Offered]:
        """What can be asked for, and how many of the caller's own jobs wait for it."""
        return await asyncio.to_thread(offered, self.store, owner=caller.owner)

    async def usage(self, caller: Caller, month: str | None) -> Usage:
        """What the caller used, by month and tool; everybody's for an administrator."""
        whole = keys.ADMIN in caller.scopes
        return await asyncio.to_thread(self._usage, caller, None if whole else caller.owner, month)

    def _own(self, caller: Caller, job_id: str) -> Job:
        return job_of(self.store.read(), job_id, owner=caller.owner)

    def _listed(self, owner: str, query: Query) -> Listing:
        conn = self.store.read()
        states = [query.status] if isinstance(query.status, str) else query.status
        before = None if query.cursor is None else _number_of(query.cursor, owner, query)
        found = jobs.jobs(
            conn,
            status=states,
            tool=query.tool,
            owner=owner,
            limit=query.limit + 1,
            offset=0 if before is not None else min(query.offset, LAST),
            before=before,
            newest_first=True,
        )
        page = found[: query.limit]
        more = len(found) > query.limit and page
        return Listing(
            views=self.views.several(page),
            total=jobs.total(conn, status=states, tool=query.tool, owner=owner),
            cursor=_cursor(page[-1].number, owner, query) if more else None,
        )

    def _active(self, owner: str) -> Listing:
        found = jobs.jobs(
            self.store.read(),
            status=ACTIVE,
            owner=owner,
            limit=MOST_OF_ONES_OWN,
            newest_first=True,
        )
        return Listing(views=self.views.several(found), total=len(found))

    def _usage(self, caller: Caller, owner: str | None, month: str | None) -> Usage:
        conn = self.store.read()
        return Usage(
            rows=usage.report(conn, owner=owner, month=month),
            pages_this_month=usage.pages_this_month(conn, owner=caller.owner, now=time.time()),
            pages_limit=quota_of(caller.key),
        )


def _cursor(number: int, owner: str, query: Query) -> str:
    """What leads on from the job of this number, for this owner and these filters only."""
    written = number.to_bytes(8, "big")
    return base64.urlsafe_b64encode(written + _seal(written, owner, query)).decode().rstrip("=")


def _number_of(cursor: str, owner: str, query: Query) -> int:
    """The number that a cursor leads on from. Raises InvalidInput for one that was not given."""
    try:
        written = base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        written = b""
    number = int.from_bytes(written[:8], "big")
    is_ours = len(written) == 16 and _seal(written[:8], owner, query) == written[8:]
    if not is_ours or number > LAST:
        raise InvalidInput("this cursor was not given for this list: start again without one")
    return number


def _seal(written: bytes, owner: str, query: Query) -> bytes:
    # No secret: it tells mistakes, and a number that is made up shows nothing but one's own jobs.
    asked = repr((written, owner, query.status, query.tool)).encode("utf-8", "replace")
    return sha256(asked).digest()[:8]
