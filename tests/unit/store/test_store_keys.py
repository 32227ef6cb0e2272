"""Keys: made, found by their secret, rotated, revoked; and what is refused."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import traces

from toolkit.errors import IllegalMove, InvalidInput, InvalidOption
from toolkit.store import keys

DAY = 86_400.0


@pytest.fixture
def make(shelf):
    def make(owner: str = "ann", **asked: object) -> keys.Minted:
        with shelf.store.write() as conn:
            return keys.create(conn, owner=owner, now=shelf.now, **asked)

    return make


def found(shelf, secret: str) -> keys.Key | None:
    return keys.found(shelf.conn, secret, now=shelf.now)


@pytest.mark.parametrize(
    ("kind", "begin"), [("live", "pk_live_"), ("test", "pk_test_"), ("tool", "sbox_tk_")]
)
def test_a_key_is_found_by_its_secret_and_by_nothing_else(shelf, make, kind, begin):
    minted = make(kind=kind, name="ci", pages_per_month=5, per_minute=1)
    assert re.fullmatch(begin + r"[A-Za-z0-9_-]{43}", minted.secret)
    assert found(shelf, minted.secret) == minted.key == keys.key(shelf.conn, minted.key.id)
    hostile = ("", minted.key.id, minted.key.hint, minted.secret[:-1], minted.secret + "A")
    for other in (*hostile, minted.secret.swapcase(), "ü" * 50, "\ud800", "x" * 10**6):
        assert found(shelf, other) is None


def test_the_secret_is_on_no_disk_and_in_no_repr(shelf, make):
    minted = make()
    assert minted.secret not in repr(minted) + repr(minted.key)
    assert traces(shelf.store, [minted.secret, minted.secret[8:]]) == []
    assert minted.key.hint == f"pk_live_…{minted.secret[-4:]}"


def test_a_test_keys_jobs_are_apart(make):
    assert make().key.jobs_owner == "ann"
    assert make(kind="test").key.jobs_owner == "ann/test"
    assert make(kind="test").key.test


def test_scopes(make):
    assert make().key.scopes == keys.ORDINARY
    assert not make().key.allows("admin")
    reader = make(scopes=["usage:read", "jobs:read", "jobs:read"]).key
    assert reader.scopes == ("jobs:read", "usage:read")
    assert reader.allows("jobs:read")
    assert not reader.allows("jobs:write")
    assert all(make(scopes=["admin"]).key.allows(scope) for scope in keys.SCOPES)


@pytest.mark.parametrize(
    "asked",
    [
        {"owner": ""},
        {"owner": "a/test"},
        {"owner": "a\nb"},
        {"owner": "a\x1b[31m"},
        {"owner": " ann"},
        {"owner": "x" * 101},
        {"owner": "half \ud800"},
        {"name": "x" * 101},
        {"name": "a\tb"},
        {"scopes": []},
        {"scopes": ["jobs:erase"]},
        {"pages_per_month": -1},
        {"per_minute": 0},
        {"per_hour": -3},
        {"per_day": 2**63},
        {"expires_at": 1.0},
        {"expires_at": float("nan")},
        {"expires_at": float("inf")},
        {"kind": "secret"},
    ],
    ids=str,
)
def test_what_cannot_be_a_key(shelf, make, asked):
    with pytest.raises(InvalidOption):
        make(**asked)
    assert keys.keys(shelf.conn) == []


def test_owners_may_be_called_anything_else(shelf, make):
    for owner in ("Ännchen von Tharau", "日本", "ann@x.org", "x" * 100, "a" * 1):
        assert found(shelf, make(owner).secret).owner == owner
    assert [key.owner for key in keys.keys(shelf.conn, owner="日本")] == ["日本"]
    assert len(keys.keys(shelf.conn)) == 5


def test_a_key_holds_until_it_expires(shelf, make):
    minted = make(expires_at=shelf.now + 10)
    shelf.now += 9.9
    assert found(shelf, minted.secret) is not None
    shelf.now += 0.1
    assert found(shelf, minted.secret) is None
    assert not keys.key(shelf.conn, minted.key.id).holds(shelf.now)


def test_a_revoked_key_opens_nothing_from_the_commit_on(shelf, make):
    minted = make()
    with shelf.store.write() as conn:
        first = keys.revoke(conn, minted.key.id, now=shelf.now)
    assert found(shelf, minted.secret) is None
    shelf.now += 5
    with shelf.store.write() as conn:
        assert keys.revoke(conn, minted.key.id, now=shelf.now) == first


def test_a_key_that_is_not_there(shelf):
    with shelf.store.write() as conn:
        for verb in (keys.revoke, keys.rotate):
            with pytest.raises(InvalidInput, match="no key 'key_none'"):
                verb(conn, "key_none", now=shelf.now)


def test_a_rotation_with_an_overlap_leaves_both_for_as_long(shelf, make):
    old = make(name="ci", pages_per_month=9, per_day=7, kind="test", scopes=["admin"])
    with shelf.store.write() as conn:
        new = keys.rotate(conn, old.key.id, now=shelf.now, overlap=60.0)
    same = ("owner", "name", "scopes", "pages_per_month", "per_day", "test", "expires_at")
    assert [getattr(new.key, n) for n in same] == [getattr(old.key, n) for n in same]
    assert new.secret.startswith("pk_test_")
    shelf.now += 59
    assert found(shelf, old.secret).id == old.key.id
    assert found(shelf, new.secret).id == new.key.id != old.key.id
    shelf.now += 1
    assert found(shelf, old.secret) is None
    assert found(shelf, new.secret) is not None


def test_a_rotation_without_an_overlap_ends_the_old_one_at_once(shelf, make):
    old = make(expires_at=shelf.now + DAY)
    shelf.now += DAY / 2
    with shelf.store.write() as conn:
        new = keys.rotate(conn, old.key.id, now=shelf.now)
    assert found(shelf, old.secret) is None
    assert new.key.expires_at == shelf.now + DAY, "it lives as long, from now on"
    with shelf.store.write() as conn, pytest.raises(IllegalMove, match="make a new one"):
        keys.rotate(conn, old.key.id, now=shelf.now)


def test_an_overlap_gives_no_key_more_time_than_it_had(shelf, make):
    old = make(expires_at=shelf.now + 10)
    with shelf.store.write() as conn:
        keys.rotate(conn, old.key.id, now=shelf.now, overlap=DAY)
        with pytest.raises(InvalidOption):
            keys.rotate(conn, old.key.id, now=shelf.now, overlap=-1)
    assert keys.key(shelf.conn, old.key.id).expires_at == shelf.now + 10


def test_the_last_use_is_noted_and_never_goes_back(shelf, make):
    one, other = make().key.id, make().key.id
    for at in (50.0, 40.0):
        with shelf.store.write(durable=False) as conn:
            keys.used(conn, {one: at, "key_gone": at})
    assert keys.key(shelf.conn, one).last_used_at == 50.0
    assert keys.key(shelf.conn, other).last_used_at is None


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["create", "rotate", "revoke", "pass"]), st.integers(0, 9)),
        max_size=20,
    )
)
def test_of_each_key_exactly_its_own_secret_opens_it_while_it_holds(shelf, make, steps):
    secrets: dict[str, str] = {}
    for step, n in steps:
        key_id = list(secrets)[n % len(secrets)] if secrets else ""
        with suppress(IllegalMove, InvalidInput):
            match step:
                case "create":
                    minted = make(expires_at=shelf.now + n if n else None)
                    secrets[minted.key.id] = minted.secret
                case "rotate":
                    with shelf.store.write() as conn:
                        minted = keys.rotate(conn, key_id, now=shelf.now, overlap=float(n % 3))
                        secrets[minted.key.id] = minted.secret
                case "revoke":
                    with shelf.store.write() as conn:
                        keys.revoke(conn, key_id, now=shelf.now)
                case "pass":
                    shelf.now += n / 2
        for known, secret in secrets.items():
            one = keys.key(shelf.conn, known)
            is_over = one.revoked_at is not None or (one.expires_at or 9e9) <= shelf.now
            assert found(shelf, secret) == (None if is_over else one)
