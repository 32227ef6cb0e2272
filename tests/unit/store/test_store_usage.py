"""Usage by owner, month and tool, and the pages that count for a quota."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from toolkit.errors import InvalidInput
from toolkit.jobs import Outcome
from toolkit.store import usage


def at(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()


def done(shelf, pages: int, content: bytes, **asked: object) -> str:
    return shelf.finished(Outcome(content=content, pages=pages), content=content, **asked)


def test_a_row_a_month_owner_and_tool(shelf):
    shelf.now = at(2026, 1, 31, 23, 59, 59)
    done(shelf, 3, b"one", owner="ann")
    done(shelf, 2, b"two", owner="ann")
    done(shelf, 7, b"one", owner="bob", tool="slow")
    shelf.now = at(2026, 2, 1)
    assert shelf.add(content=b"one", owner="ann").status == "completed", "from the cache"
    done(shelf, 1, b"three")
    found = usage.report(shelf.conn)
    assert [tuple(getattr(r, n) for n in r.__struct_fields__) for r in found] == [
        ("2026-01", "ann", "echo", 2, 5, 0, 0),
        ("2026-01", "bob", "slow", 1, 7, 0, 0),
        ("2026-02", "", "echo", 1, 1, 0, 0),
        ("2026-02", "ann", "echo", 1, 3, 1, 3),
    ]
    assert usage.report(shelf.conn, owner="ann", month="2026-02") == found[3:]
    assert usage.report(shelf.conn, month="2026-01") == found[:2]
    assert usage.report(shelf.conn, owner="", month=None) == found[2:3]
    assert usage.report(shelf.conn, month="2027-01") == []


def test_a_quota_counts_this_months_pages_that_were_worked_on(shelf):
    shelf.now = at(2025, 12, 31, 12)
    done(shelf, 100, b"one", owner="ann")
    shelf.now = at(2026, 1, 1)
    assert usage.pages_this_month(shelf.conn, owner="ann", now=shelf.now) == 0
    done(shelf, 4, b"two", owner="ann")
    done(shelf, 8, b"three", owner="bob")
    shelf.add(content=b"two", owner="ann")
    assert usage.pages_this_month(shelf.conn, owner="ann", now=at(2026, 1, 31, 23)) == 4
    assert usage.pages_this_month(shelf.conn, owner="ann", now=at(2026, 2, 1)) == 0


def test_a_purge_takes_no_usage_back(shelf):
    job_id = done(shelf, 4, b"two", owner="ann")
    shelf.purge(job_id)
    assert usage.pages_this_month(shelf.conn, owner="ann", now=shelf.now) == 4


def test_what_a_test_key_does_is_outside_the_quota(shelf):
    done(shelf, 4, b"two", owner="ann/test")
    assert usage.pages_this_month(shelf.conn, owner="ann/test", now=shelf.now) == 0
    assert usage.pages_this_month(shelf.conn, owner="ann", now=shelf.now) == 0
    assert [row.pages for row in usage.report(shelf.conn, owner="ann/test")] == [4]
    assert usage.report(shelf.conn, owner="ann") == []


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "26-01", "2026-1", "", "x" * 99, "0000-01"]
)
def test_what_is_no_month(shelf, month):
    with pytest.raises(InvalidInput, match="2026-11"):
        usage.report(shelf.conn, month=month)


def test_the_last_month_there_is(shelf):
    assert usage.report(shelf.conn, month="9999-12") == []
