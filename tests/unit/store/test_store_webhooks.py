"""Endpoints and the secrets that their news is signed by."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest

from toolkit.errors import InvalidOption, JobNotFound
from toolkit.store import outbox, webhooks

DAY = 86_400.0


@pytest.fixture
def made(shelf):
    """(id, secret) of a webhook of ann's."""
    with shelf.store.write() as conn:
        endpoint, secret = webhooks.create(
            conn,
            owner="ann",
            url="https://ann.example/hook",
            events=["job.failed", "job.completed"],
            description="the pipeline",
            now=shelf.now,
        )
    return endpoint.id, secret


def test_an_endpoint_is_its_owners_alone(shelf, made):
    webhook_id, _ = made
    with shelf.store.write() as conn:
        webhooks.create(conn, owner="bob", url="https://b", events=webhooks.EVENTS, now=shelf.now)
    (mine,) = webhooks.endpoints(shelf.conn, owner="ann")
    assert mine == webhooks.endpoint(shelf.conn, webhook_id, owner="ann")
    assert (mine.events, mine.enabled) == (("job.completed", "job.failed"), True)
    assert len(webhooks.endpoints(shelf.conn)) == 2
    with shelf.store.write() as conn:
        for act in (
            lambda: webhooks.endpoint(conn, webhook_id, owner="bob"),
            lambda: webhooks.change(conn, webhook_id, owner="bob", now=1.0, enabled=False),
            lambda: webhooks.remove(conn, webhook_id, owner="bob"),
            lambda: webhooks.rotate(conn, webhook_id, owner="bob", now=1.0),
            lambda: outbox.test_event(conn, endpoint=webhook_id, owner="bob", now=1.0),
            lambda: webhooks.endpoint(conn, "whk_none", owner="ann"),
        ):
            with pytest.raises(JobNotFound, match="no webhook"):
                act()
    assert webhooks.endpoint(shelf.conn, webhook_id).enabled


def test_a_secret_is_32_bytes_as_standard_webhooks_writes_them(made):
    assert re.fullmatch(r"whk_[0-9a-f]{16}", made[0])
    assert made[1].startswith("whsec_")
    assert len(b64decode(made[1].removeprefix("whsec_"), validate=True)) == 32


def test_two_secrets_hold_during_a_rotation_and_never_three(shelf, made):
    webhook_id, first = made

    def holding() -> tuple[str, ...]:
        return webhooks.secrets_of(shelf.conn, endpoint=webhook_id, now=shelf.now)

    def rotate(**asked: float) -> str:
        with shelf.store.write() as conn:
            return webhooks.rotate(conn, webhook_id, owner="ann", now=shelf.now, **asked)

    assert holding() == (first,)
    second = rotate()
    assert holding() == (second, first)
    shelf.now += DAY - 1
    assert holding() == (second, first)
    shelf.now += 1
    assert holding() == (second,)
    third = rotate(overlap=DAY)
    fourth = rotate(overlap=DAY)
    assert holding() == (fourth, third)
    assert rotate(overlap=0.0) == holding()[0]
    assert len(holding()) == 1
    with pytest.raises(InvalidOption):
        rotate(overlap=float("nan"))
    assert webhooks.secrets_of(shelf.conn, endpoint="whk_none", now=shelf.now) == ()


def test_each_owner_has_a_secret_for_the_addresses_of_single_jobs(shelf, made):
    with shelf.store.write() as conn:
        first = webhooks.callback_secrets(conn, owner="ann", now=shelf.now)
        assert webhooks.callback_secrets(conn, owner="ann", now=shelf.now) == first
        assert webhooks.callback_secrets(conn, owner="bob", now=shelf.now) != first
        new = webhooks.rotate_callback_secret(conn, owner="ann", now=shelf.now)
        assert webhooks.callback_secrets(conn, owner="ann", now=shelf.now) == (new, *first)
    assert webhooks.secrets_of(shelf.conn, endpoint=made[0], now=shelf.now) == (made[1],)


def test_what_is_changed_and_what_is_not(shelf, made):
    webhook_id, _ = made
    with shelf.store.write() as conn:
        before = webhooks.endpoint(conn, webhook_id)
        assert webhooks.change(conn, webhook_id, owner="ann", now=shelf.now) == before
        after = webhooks.change(
            conn, webhook_id, owner="ann", now=shelf.now, url="https://x", events=["job.cancelled"]
        )
        assert (after.url, after.events) == ("https://x", ("job.cancelled",))
        assert (after.description, after.enabled) == (before.description, True)
        off = webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, enabled=False)
        assert (off.enabled, off.disabled_at) == (False, shelf.now)
        again = webhooks.change(conn, webhook_id, owner="ann", now=9.0, enabled=False)
        assert again == off
        on = webhooks.change(conn, webhook_id, owner="ann", now=shelf.now, enabled=True)
        assert (on.enabled, on.disabled_at, on.disabled_why) == (True, None, None)
        webhooks.disable(conn, webhook_id, now=shelf.now, why="it answered 410")
        assert webhooks.endpoint(conn, webhook_id).disabled_why == "it answered 410"


@pytest.mark.parametrize(
    "asked",
    [
        {"events": []},
        {"events": ["job.started"]},
        {"events": ["webhook.test"]},
        {"url": "https://" + "x" * 2_000},
        {"description": "x" * 2_001},
    ],
    ids=lambda asked: str(asked)[:40],
)
def test_what_cannot_be_a_webhook(shelf, made, asked):
    with pytest.raises(InvalidOption), shelf.store.write() as conn:
        webhooks.create(
            conn,
            **{"owner": "ann", "url": "https://x", "events": webhooks.EVENTS, "now": 1.0} | asked,
        )
    with pytest.raises(InvalidOption), shelf.store.write() as conn:
        webhooks.change(conn, made[0], owner="ann", now=1.0, **asked)
    assert len(webhooks.endpoints(shelf.conn)) == 1


def test_an_owner_has_only_so_many(shelf):
    asked = {"url": "https://x", "events": webhooks.EVENTS, "now": 1.0}
    with shelf.store.write() as conn:
        for _ in range(webhooks.MOST_ENDPOINTS):
            webhooks.create(conn, owner="ann", **asked)
        with pytest.raises(InvalidOption, match="remove one"):
            webhooks.create(conn, owner="ann", **asked)
        webhooks.create(conn, owner="bob", **asked)


def test_what_is_removed_takes_its_secrets_and_news_along(shelf, made):
    shelf.finished(b"done", owner="ann", callback_url="https://job.example")
    with shelf.store.write() as conn:
        webhooks.remove(conn, made[0], owner="ann")
    assert webhooks.endpoints(shelf.conn) == []
    assert shelf.conn.execute("SELECT count(*) FROM signing_secrets").fetchone() == (0,)
    assert shelf.conn.execute("SELECT url FROM outbox").fetchall() == [("https://job.example",)]
