"""What the webhook routes take and give, and how OpenAPI tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from toolkit.dialects.operations import (
    RETRY_AFTER,
    Schema,
    answer,
    in_path,
    in_query,
    nullable,
    object_of,
    operation,
    ref,
    several,
)
from toolkit.dialects.times import iso
from toolkit.jobs.address import shown
from toolkit.store.outbox import Tried
from toolkit.store.webhooks import EVENTS, Endpoint

__all__ = ["OPERATIONS", "SCHEMAS", "Changed", "Wanted", "told", "told_try"]

LONGEST: Final = 2000
MOST_OVERLAP: Final = 7 * 86_400
MOST_LISTED: Final = 1000


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook that is asked for."""

    url: str
    events: list[str] = msgspec.field(default_factory=lambda: list(EVENTS))
    description: str = ""


class Changed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different of a webhook."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    events: list[str] | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


def told(webhook: Endpoint, **more: Any) -> dict[str, Any]:
    """A webhook as it is shown to its owner."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "created_at": iso(webhook.created_at),
        "disabled_at": iso(webhook.disabled_at),
        "disabled_why": webhook.disabled_why,
        **more,
    }


def told_try(tried: Tried) -> dict[str, Any]:
    """One line of the log of deliveries."""
    return {
        "delivery_id": tried.delivery,
        "event": tried.event,
        "webhook_id": tried.endpoint,
        "job_id": tried.job_id,
        "url": shown(tried.url),
        "attempt": tried.attempt,
        "at": iso(tried.at),
        "status": tried.status,
        "error": tried.error,
        "seconds": tried.seconds,
        "state": tried.state,
    }


# -- OpenAPI ---------------------------------------------------------------------------------------

_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_MAYBE_TIME: Final[Schema] = nullable("string", format="date-time")
_URL: Final[Schema] = {"type": "string", "format": "uri", "minLength": 1, "maxLength": LONGEST}
_EVENTS: Final[Schema] = several({"enum": list(EVENTS)}, minItems=1)
_WORDS: Final[Schema] = {"type": "string", "maxLength": LONGEST}
_SECRET: Final[Schema] = {"type": "string", "pattern": "^whsec_[A-Za-z0-9+/=]+$"}

_SHOWN: Final[Mapping[str, Schema]] = {
    "id": {"type": "string"},
    "url": {"type": "string"},
    "events": several({"type": "string"}),
    "description": {"type": "string"},
    "enabled": {"type": "boolean"},
    "created_at": _TIME,
    "disabled_at": _MAYBE_TIME,
    "disabled_why": nullable("string"),
}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "WebhookWanted": object_of(
        {"url": _URL, "events": _EVENTS, "description": _WORDS},
        optional=("events", "description"),
        additionalProperties=False,
    ),
    "WebhookChanged": object_of(
        {"url": _URL, "events": _EVENTS, "description": _WORDS, "enabled": {"type": "boolean"}},
        optional=("url", "events", "description", "enabled"),
        additionalProperties=False,
    ),
    "Webhook": object_of(_SHOWN),
    "WebhookCreated": object_of({**_SHOWN, "secret": _SECRET}),
    "WebhookList": object_of({"webhooks": several(ref("Webhook"))}),
    "WebhookSecret": object_of({"secret": _SECRET, "previous_valid_until": _TIME}),
    "WebhookSecrets": object_of({"secrets": several(_SECRET, minItems=1)}),
    "WebhookDelivery": object_of({"delivery_id": {"type": "string"}}),
    "WebhookTry": object_of(
        {
            "delivery_id": {"type": "string"},
            "event": {"type": "string"},
            "webhook_id": nullable("string"),
            "job_id": nullable("string"),
            "url": {"type": "string"},
            "attempt": {"type": "integer", "minimum": 0},
            "at": _TIME,
            "status": nullable("integer"),
            "error": nullable("string"),
            "seconds": nullable("number"),
            "state": {"enum": ["pending", "delivered", "failed"]},
        }
    ),
    "WebhookLog": object_of({"deliveries": several(ref("WebhookTry"))}),
    "WebhookError": object_of(
        {"error": object_of({"code": {"type": "string"}, "message": {"type": "string"}})}
    ),
}

_FAULTS: Final[Mapping[int, str]] = {
    401: "The key is missing, unknown, revoked or expired.",
    403: "The key does not have the scope.",
    404: "There is none of this id, or it is another owner's.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    422: "A value is missing, of the wrong type or out of its range.",
    429: "Too many requests; Retry-After says how long to wait.",
    500: "The server failed.",
    503: "The server is shutting down, or too busy.",
}
_ID: Final = in_path("webhook_id", {"type": "string"}, "The webhook, as its creation named it.")
_DELIVERY_ID: Final = in_path("delivery_id", {"type": "string"}, "The delivery.")
_LIMIT: Final = in_query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 100},
    "At most so many attempts, the newest first.",
)
_OVERLAP: Final = in_query(
    "overlap_seconds",
    {"type": "integer", "minimum": 0, "maximum": MOST_OVERLAP, "default": 86_400},
    "How long the secret before stays valid.",
)
_JOB: Final = in_query("job_id", {"type": "string", "minLength": 1}, "Only of this job.")


def _operation(
    name: str, summary: str, good: Mapping[int, Mapping[str, Any]], **more: Any
) -> Mapping[str, Any]:
    """An operation that answers with what is *good*, or with any of the faults."""
    faults = {
        status: answer(words, ref("WebhookError"), headers=RETRY_AFTER if status == 429 else None)
        for status, words in _FAULTS.items()
        if status != 404 or "parameters" in more
    }
    return operation(
        name, summary, tag="webhooks", answers={**faults, **good}, security=[{"key": []}], **more
    )


def _json(name: str) -> Mapping[str, Schema]:
    return {"application/json": ref(name)}


_TESTED: Final = answer("It will be delivered at once.", ref("WebhookDelivery"))

OPERATIONS: Final[tuple[tuple[str, str, Mapping[str, Any]], ...]] = (
    (
        "POST",
        "/v1/webhooks",
        _operation(
            "createWebhook",
            "Register an address that is told of the ends of jobs; its secret is shown this once.",
            {201: answer("It is registered.", ref("WebhookCreated"))},
            body=_json("WebhookWanted"),
        ),
    ),
    (
        "GET",
        "/v1/webhooks",
        _operation(
            "listWebhooks", "The registered webhooks.", {200: answer("All.", ref("WebhookList"))}
        ),
    ),
    (
        "GET",
        "/v1/webhooks/signing-secret",
        _operation(
            "callbackSecrets",
            "The secrets that deliveries to the callback_url of single jobs are signed with.",
            {200: answer("Those that are valid, the newest first.", ref("WebhookSecrets"))},
        ),
    ),
    (
        "POST",
        "/v1/webhooks/signing-secret/rotate",
        _operation(
            "rotateCallbackSecret",
            "A new secret for the callback_url of single jobs.",
            {200: answer("The new one.", ref("WebhookSecret"))},
            parameters=[_OVERLAP],
        ),
    ),
    (
        "GET",
        "/v1/webhooks/{webhook_id}",
        _operation(
            "getWebhook",
            "One webhook.",
            {200: answer("It.", ref("Webhook"))},
            parameters=[_ID],
        ),
    ),
    (
        "PATCH",
        "/v1/webhooks/{webhook_id}",
        _operation(
            "changeWebhook",
            "Change a webhook, disable it, or enable it again.",
            {200: answer("As it is now.", ref("Webhook"))},
            parameters=[_ID],
            body=_json("WebhookChanged"),
        ),
    ),
    (
        "DELETE",
        "/v1/webhooks/{webhook_id}",
        _operation(
            "removeWebhook",
            "Forget a webhook and what was to be delivered to it.",
            {204: answer("It is gone.")},
            parameters=[_ID],
        ),
    ),
    (
        "POST",
        "/v1/webhooks/{webhook_id}/test",
        _operation("testWebhook", "Deliver a test event.", {202: _TESTED}, parameters=[_ID]),
    ),
    (
        "POST",
        "/v1/webhooks/{webhook_id}/rotate",
        _operation(
            "rotateWebhook",
            "A new secret; until the one before has run out, deliveries are signed with both.",
            {200: answer("The new one.", ref("WebhookSecret"))},
            parameters=[_ID, _OVERLAP],
        ),
    ),
    (
        "GET",
        "/v1/webhooks/{webhook_id}/deliveries",
        _operation(
            "listWebhookDeliveries",
            "What was delivered to a webhook, attempt by attempt.",
            {200: answer("The newest first.", ref("WebhookLog"))},
            parameters=[_ID, _LIMIT],
        ),
    ),
    (
        "GET",
        "/v1/deliveries",
        _operation(
            "listDeliveries",
            "What was delivered to all webhooks and callbacks, attempt by attempt.",
            {200: answer("The newest first.", ref("WebhookLog"))},
            parameters=[_JOB, _LIMIT],
        ),
    ),
    (
        "POST",
        "/v1/deliveries/{delivery_id}/redeliver",
        _operation(
            "redeliver",
            "Deliver once more, with the same id and the same bytes.",
            {202: _TESTED},
            parameters=[_DELIVERY_ID],
        ),
    ),
)
