"""``pagequeue keys`` and ``pagequeue usage``: what a person and a script see of them."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from toolkit.jobs import Outcome, Submission, Tool
from toolkit.store import keys, queue, results, runners, tools
from toolkit.store.store import Store

DAY = 86_400.0


def known(secret: str) -> keys.Key | None:
    """The key of *secret* in the file of the folder."""
    with Store.open("pagequeue.db", create=False) as store:
        return keys.found(store.read(), secret.strip(), now=time.time())


def test_a_key_is_made_and_its_secret_is_alone_on_stdout(pagequeue):
    said = pagequeue("keys", "create", "--owner", "ann", "--name", "ci", "--expires", "90d")
    assert said.code == 0
    assert re.fullmatch(r"pk_live_[\w-]{43}\n", said.out)
    made = known(said.out)
    assert (made.owner, made.name, made.scopes) == ("ann", "ci", keys.ORDINARY)
    assert made.expires_at == pytest.approx(made.created_at + 90 * DAY, abs=5)
    assert made.id in said.err
    assert "shown this once" in said.err


def test_a_key_as_json_has_all_that_was_asked_for(pagequeue):
    words = ("--scope", "jobs:read", "--scope", "usage:read", "--pages-per-month", 10, "--json")
    limits = ("--per-minute", 1, "--per-hour", 2, "--per-day", 3)
    said = pagequeue("keys", "create", "--owner", "ann", "--test", *words, *limits)
    found = json.loads(said.out)
    assert known(found["secret"]).id == found["id"]
    assert found["secret"].startswith("pk_test_")
    assert found["scopes"] == ["jobs:read", "usage:read"]
    limits = ("pages_per_month", "per_minute", "per_hour", "per_day", "test", "expires_at")
    assert [found[name] for name in limits] == [10, 1, 2, 3, True, None]


def test_keys_are_listed_without_their_secrets(pagequeue):
    first = pagequeue("keys", "create", "--owner", "ann", "--per-minute", 60).out.strip()
    second = pagequeue("keys", "create", "--owner", "bob", "--kind", "tool").out.strip()
    said = pagequeue("keys", "list")
    assert "60/min" in said.out
    assert "never" in said.out
    assert f"sbox_tk_…{second[-4:]}" in said.out
    for secret in (first, second):
        assert secret not in said.out + said.err
        assert secret not in pagequeue("keys", "list", "--json").out
    only = json.loads(pagequeue("keys", "list", "--owner", "bob", "--json").out)
    assert [one["owner"] for one in only] == ["bob"]
    assert "hash" not in only[0]


def test_a_rotated_key_holds_for_the_overlap(pagequeue):
    made = json.loads(pagequeue("keys", "create", "--owner", "ann", "--json").out)
    said = pagequeue("keys", "rotate", made["id"], "--overlap", "24h")
    assert said.code == 0
    assert "holds until" in said.err
    assert known(said.out).owner == "ann"
    old = known(made["secret"])
    assert old.expires_at == pytest.approx(time.time() + DAY, abs=60)
    last = pagequeue("keys", "rotate", known(said.out).id, "--json")
    assert known(said.out) is None
    assert "is revoked" in last.err
    assert known(json.loads(last.out)["secret"]) is not None


def test_a_revoked_key_opens_nothing_and_the_list_says_so(pagequeue):
    made = json.loads(pagequeue("keys", "create", "--owner", "ann", "--json").out)
    assert pagequeue("keys", "revoke", made["id"]).code == 0
    assert known(made["secret"]) is None
    assert "revoked" in pagequeue("keys", "list").out
    again = pagequeue("keys", "rotate", made["id"])
    assert again.code == 2
    assert "make a new one" in again.err


@pytest.mark.parametrize(
    "words",
    [
        ("create", "--owner", "a/b"),
        ("create", "--owner", "ann", "--scope", "everything"),
        ("create", "--owner", "ann", "--expires", "soon"),
        ("create", "--owner", "ann", "--expires", "0d"),
        ("create", "--owner", "ann", "--expires", "-3d"),
        ("create", "--owner", "ann", "--pages-per-month", "-1"),
        ("create", "--owner", "ann", "--kind", "tool", "--test"),
        ("create", "--owner", "ann", "--kind", "other"),
        ("create",),
        ("revoke", "key_none"),
        ("rotate", "key_none"),
        ("rotate", "key_none", "--overlap", "1y"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_ends_with_2_and_a_reason(pagequeue, words):
    Store.open("pagequeue.db").close()
    said = pagequeue("keys", *words)
    assert said.code == 2
    assert said.out == ""
    assert said.err
    assert "Traceback" not in said.err
    with Store.open("pagequeue.db") as store:
        assert keys.keys(store.read()) == []


@pytest.mark.parametrize("words", [("keys", "list"), ("keys", "revoke", "key_x"), ("usage",)])
def test_only_a_first_key_makes_a_file(pagequeue, words):
    said = pagequeue(*words)
    assert said.code == 2
    assert "no such file" in said.err
    assert not Path("pagequeue.db").exists()


def test_usage_by_month_owner_and_tool(pagequeue):
    with Store.open("pagequeue.db") as store, store.write() as conn:
        tools.register(conn, Tool(name="echo", target="nowhere:echo"))
        enlisted = {"pid": 1, "pid_started": 1.0, "host": "here", "slots": 4, "port": 9}
        runners.enlist(conn, runner="r", **enlisted, now=1.0)
        for owner in ("ann", "bob", "ann"):
            queue.enqueue(conn, Submission(tool="echo", owner=owner), now=1e9)
        for job in queue.claim(conn, runner="r", now=1e9, lease=30.0, limit=3):
            made = results.put(conn, store, outcome=Outcome(content=b"x"), job=job, now=1e9)
            queue.complete(
                conn, job_id=job.id, runner="r", attempt=1, result_id=made, pages=7, now=1e9
            )
        queue.enqueue(conn, Submission(tool="echo", owner="ann"), now=1e9)
    rows = json.loads(pagequeue("usage", "--json").out)
    assert [(r["month"], r["owner"], r["jobs"], r["cached_jobs"]) for r in rows] == [
        ("2001-09", "ann", 3, 1),
        ("2001-09", "bob", 1, 0),
    ]
    said = pagequeue("usage", "--owner", "bob", "--month", "2001-09")
    assert re.search(r"2001-09\s+bob\s+echo\s+1\s+7\s+0\s+0", said.out)
    assert "7 pages" in said.err
    assert json.loads(pagequeue("usage", "--month", "2001-10", "--json").out) == []
    assert pagequeue("usage", "--month", "october").code == 2


def test_names_of_owners_do_not_steer_the_terminal(pagequeue):
    with Store.open("pagequeue.db") as store, store.write() as conn:
        made = keys.create(conn, owner="ann", now=time.time())
        conn.execute("UPDATE keys SET owner = 'a\x1b[31m', name = '\x1b]0;x'")
    for words in (("keys", "list"), ("keys", "revoke", made.key.id)):
        said = pagequeue(*words)
        assert said.code == 0
        assert "\x1b" not in said.out + said.err
