"""What each owner used: jobs and pages by month and tool, from what the triggers count."""

from __future__ import annotations

import re
import sqlite3
from calendar import monthrange
from datetime import UTC, datetime

import msgspec

from toolkit.errors import InvalidInput
from toolkit.store.keys import TEST

__all__ = ["UsageRow", "month_of", "pages_this_month", "report"]

_DAY = 86_400
_MONTH = re.compile(r"[1-9][0-9]{3}-(0[1-9]|1[0-2])")

_REPORT = """
SELECT strftime('%Y-%m', day * 86400, 'unixepoch') AS month, owner, name, sum(usage.jobs),
    sum(pages), sum(cached_jobs), sum(cached_pages)
FROM usage JOIN tools ON tools.number = usage.tool
WHERE {where} GROUP BY month, owner, name ORDER BY month, owner, name"""

_PAGES = """
SELECT coalesce(sum(pages - cached_pages), 0) FROM usage
WHERE day >= ? AND day < ? AND owner = ?"""


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """The completed jobs of an owner and a tool in a month ("2026-11"), and their pages.

    ``cached_jobs`` and ``cached_pages`` are those among them that a kept result answered.
    """

    month: str
    owner: str
    tool: str
    jobs: int
    pages: int
    cached_jobs: int
    cached_pages: int


def report(
    conn: sqlite3.Connection, *, owner: str | None = None, month: str | None = None
) -> list[UsageRow]:
    """A row for each month, owner and tool, in this order; months are of UTC.

    Raises InvalidInput where *month* is not written as in "2026-11".
    """
    where: list[str] = ["TRUE"]
    values: list[object] = []
    if month is not None:
        first, after = _days_of(month)
        where.append("day >= ? AND day < ?")
        values += [first, after]
    if owner is not None:
        where.append("owner = ?")
        values.append(owner)
    rows = conn.execute(_REPORT.format(where=" AND ".join(where)), values).fetchall()
    names = UsageRow.__struct_fields__
    return [UsageRow(**dict(zip(names, row, strict=True))) for row in rows]


def pages_this_month(conn: sqlite3.Connection, *, owner: str, now: float) -> int:
    """The pages that count for the owner's quota: this month's (of UTC), without the cached ones.

    0 for the owner of a test key's jobs.
    """
    if owner.endswith(TEST):
        return 0
    (pages,) = conn.execute(_PAGES, (*_days_of(month_of(now)), owner)).fetchone()
    return int(pages)


def month_of(now: float) -> str:
    """The month of UTC that *now* is in.

    >>> month_of(0.0)
    '1970-01'
    """
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def _days_of(month: str) -> tuple[int, int]:
    """The first day of *month* and the one after its last, counted from 1970."""
    if not _MONTH.fullmatch(month):
        raise InvalidInput(f"{month[:80]!r} is no month; write it as in '2026-11'")
    year, number = map(int, month.split("-"))
    first = int(datetime(year, number, 1, tzinfo=UTC).timestamp() // _DAY)
    return first, first + monthrange(year, number)[1]
