"""What is sent, and what is written down of it: the courier's side of the outbox."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from sqlite3 import Connection
from typing import Final

from toolkit.dialects import webhooks as words
from toolkit.errors import JobNotFound, ToolkitError
from toolkit.runner.deliver_sending import Answer, Parcel
from toolkit.settings import Settings
from toolkit.store import jobs, outbox, webhooks
from toolkit.store.outbox import Delivery

__all__ = ["parcel_of", "record", "wait_before"]

log = logging.getLogger("pagequeue.deliver")

GROWTH: Final = 5.0
JITTER: Final = 0.2
_OURS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def parcel_of(
    conn: Connection, delivery: Delivery, *, settings: Settings, now: float
) -> Parcel | None:
    """The request that *delivery* is, its body fixed in the store; None where it was given up.

    Inside a transaction: what is sent must have been written down before.
    """
    try:
        secrets = _secrets(conn, delivery, now=now)
        content = delivery.body
        if content is None:
            content = _rendered(conn, delivery, root=settings.public_url.rstrip("/"))
            outbox.written(conn, number=delivery.number, body=content)
        headers = words.headers(
            content,
            delivery_id=delivery.id,
            event=delivery.event,
            attempt=delivery.attempts + 1,
            timestamp=now,
            secrets=secrets,
        )
    except ToolkitError as exc:
        _give_up(conn, delivery, str(exc), now=now)
        return None
    except _OURS as exc:
        # It would stand in the way of all the others.
        log.exception("%s: it cannot be written", delivery.id)
        _give_up(conn, delivery, f"it cannot be written: {type(exc).__name__}", now=now)
        return None
    return Parcel(url=delivery.url, body=content, headers=headers)


def _secrets(conn: Connection, delivery: Delivery, *, now: float) -> tuple[str, ...]:
    """Raises JobNotFound where the webhook is not there any more, or is disabled."""
    if delivery.endpoint is None:
        return webhooks.callback_secrets(conn, owner=delivery.owner, now=now)
    endpoint = webhooks.endpoint(conn, delivery.endpoint, owner=delivery.owner)
    if not endpoint.enabled and delivery.event != words.TEST_EVENT:
        why = endpoint.disabled_why or "by its owner"
        raise JobNotFound(f"the webhook was disabled: {why}")
    secrets = webhooks.secrets_of(conn, endpoint=delivery.endpoint, now=now)
    if not secrets:
        raise JobNotFound("the webhook has no secret to sign with: rotate it")
    return secrets


def _rendered(conn: Connection, delivery: Delivery, *, root: str) -> bytes:
    job = None if delivery.job_id is None else jobs.job(conn, delivery.job_id)
    return words.body(
        delivery.event,
        job,
        delivery_id=delivery.id,
        created_at=delivery.created_at,
        root=root,
    )


def record(
    conn: Connection, delivery: Delivery, answer: Answer, *, settings: Settings, seconds: float
) -> None:
    """Write down what came of one attempt, and when there will be another one."""
    now, tried = time.time(), delivery.attempts + 1
    number, status = delivery.number, answer.status
    if answer.delivered and status is not None:
        outbox.delivered(conn, number=number, now=now, status=status, seconds=seconds)
        return
    why, due_at = answer.why, None
    if answer.gone and not _has_moved(conn, delivery):
        why += ": the receiver wants no more of them"
        if delivery.endpoint is not None:
            webhooks.disable(conn, delivery.endpoint, now=now, why=why)
            why += ", so that the webhook was disabled"
    elif tried >= settings.delivery_attempts:
        why += f"; given up after {tried} attempt{'s' if tried > 1 else ''}"
    else:
        due_at = now + max(answer.later, wait_before(tried + 1, settings))
    outbox.failed(
        conn, number=number, now=now, status=status, error=why, due_at=due_at, seconds=seconds
    )


def _has_moved(conn: Connection, delivery: Delivery) -> bool:
    """Whether the webhook was given another address while this was on its way to the one before."""
    if delivery.endpoint is None:
        return False
    try:
        return webhooks.endpoint(conn, delivery.endpoint).url != delivery.url
    except JobNotFound:
        return False


def wait_before(
    attempt: int, settings: Settings, *, dice: Callable[[], float] = random.random
) -> float:
    """Seconds before the *attempt*-th (from 2): five times as long each time, and never the same,
    so that what failed together does not come again together."""
    wait = settings.delivery_wait * GROWTH ** (attempt - 2)
    return wait * (1 - JITTER + 2 * JITTER * dice())


def _give_up(conn: Connection, delivery: Delivery, why: str, *, now: float) -> None:
    outbox.failed(
        conn,
        number=delivery.number,
        now=now,
        status=None,
        error=f"given up: {why}",
        due_at=None,
        seconds=0.0,
    )
