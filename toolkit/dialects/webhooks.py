"""What a webhook says, how it is signed, and how a receiver tells it from a forgery.

Two schemes are spoken at once: that of Standard Webhooks (``webhook-id``, ``webhook-timestamp``,
``webhook-signature``), and that of ``/v1`` (``OCRQueen-…``), an HMAC-SHA256 of the body alone.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from toolkit.errors import InvalidInput, InvalidOption

if TYPE_CHECKING:
    from toolkit.jobs.job import Job

__all__ = [
    "EVENTS",
    "JOB_EVENTS",
    "TEST_EVENT",
    "Scheme",
    "body",
    "headers",
    "verify",
    "verify_webhook",
]

JOB_EVENTS: Final = ("job.completed", "job.failed", "job.cancelled")
TEST_EVENT: Final = "webhook.test"
EVENTS: Final = (*JOB_EVENTS, TEST_EVENT)

Scheme: TypeAlias = Literal["either", "standard", "ocrqueen"]

PREFIX: Final = "whsec_"
TOLERANCE: Final = 300.0
"""Seconds that the clocks of sender and receiver, and the way between them, may make."""
MOST_SIGNATURES: Final = 16

_STANDARD: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_SIGNED: Final = ("ocrqueen-signature", "ocrqueen-signature-previous")
_OURS: Final = (*_SIGNED, "ocrqueen-delivery-id", "ocrqueen-event")


# -- what is said ----------------------------------------------------------------------------------


def body(
    event: str, job: Job | None, *, delivery_id: str, created_at: float, root: str = ""
) -> bytes:
    """The body of one delivery: JSON with sorted keys and no white space, to be signed as it is.

    *root* is the address of the server, without a slash at its end. A *job* is told as ``/v1``
    tells it, without its content; a test event has none.
    """
    # Receivers of webhooks, who only verify, need none of these.
    from toolkit.dialects.exchange import View
    from toolkit.dialects.times import iso
    from toolkit.dialects.v1_writing import job_fields

    told = {"message": "a test"} if job is None else job_fields(View(job=job), root)
    whole = {"created_at": iso(created_at), "data": told, "event": event, "id": delivery_id}
    return msgspec.json.encode(whole, order="sorted")


def headers(
    body: bytes,
    *,
    delivery_id: str,
    event: str,
    attempt: int,
    timestamp: float,
    secrets: Sequence[str],
) -> dict[str, str]:
    """What goes along with *body*, signed with every one of *secrets*, the newest first.

    Raises InvalidOption for a secret that is none.
    """
    when = str(int(timestamp))
    signed = [_standard(_key(secret), delivery_id, when, body) for secret in secrets]
    sent = {
        "Content-Type": "application/json",
        "webhook-id": delivery_id,
        "webhook-timestamp": when,
        "webhook-signature": " ".join("v1," + b64encode(digest).decode() for digest in signed),
        "OCRQueen-Event": event,
        "OCRQueen-Delivery-Id": delivery_id,
        "OCRQueen-Attempt": str(attempt),
    }
    # This scheme has room for one signature, so that the one before it has a header of its own.
    names = ("OCRQueen-Signature", "OCRQueen-Signature-Previous")
    for name, secret in zip(names, secrets, strict=False):
        sent[name] = f"sha256={_ours(secret, body).hex()}"
    return sent


# -- who said it -----------------------------------------------------------------------------------


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret: str | Sequence[str],
    *,
    tolerance: float = TOLERANCE,
    now: float | None = None,
    scheme: Scheme = "either",
) -> dict[str, Any]:
    """What a webhook says, after every signature that came with it was found to be good.

    *headers* and *body* are the request's as they arrived: a body that was read as JSON and written
    again has other bytes. *secret* is one ``whsec_…``, or several of which any may have signed.
    The time of a Standard Webhooks signature may be *tolerance* seconds from *now*.
    Raises InvalidInput for everything that does not hold, InvalidOption for a secret that is none.

    The scheme of ``/v1`` knows no time, so that whoever recorded such a request could send it
    again: take *scheme* ``"standard"`` where senders use it (pagequeue always does), or remember
    the ids that you have seen.
    """
    secrets = [secret] if isinstance(secret, str) else list(secret)
    # First of all: an empty secret, as of a variable that is not set, would be anybody's.
    keys = [_key(one) for one in secrets]
    if not keys:
        raise InvalidOption("name the secret of the webhook, whsec_…")
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InvalidInput("the body must be the bytes of the request, as they arrived")
    body, found = bytes(body), _found(headers)
    standard, ours = _schemes(found, scheme)
    if standard:
        _check_standard(found, body, keys)
        _check_time(found["webhook-timestamp"], time.time() if now is None else now, tolerance)
    if ours:
        _check_ours(found, body, secrets)
    said = _read(body)
    if ours:
        _check_names(found, said, standard=standard)
    return said


verify_webhook = verify
"""The name under which the package offers it."""


def _found(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that matter here, by their names in lower case."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        known = str(name).lower()
        if known in _STANDARD or known in _OURS:
            if known in found:
                raise InvalidInput(f"the header {known} came twice")
            found[known] = str(value)
    return found


def _schemes(found: Mapping[str, str], scheme: Scheme) -> tuple[bool, bool]:
    """Whether the signatures of Standard Webhooks, and those of ``/v1``, must hold.

    Without a choice every one that came must; and one at least, whatever was taken away.
    """
    if scheme != "either":
        return scheme == "standard", scheme == "ocrqueen"
    ours = not found.keys().isdisjoint(_OURS)
    return not ours or not found.keys().isdisjoint(_STANDARD), ours


def _check_standard(found: Mapping[str, str], body: bytes, keys: Sequence[bytes]) -> None:
    for name in _STANDARD:
        if not found.get(name):
            raise InvalidInput(f"the header {name} is missing: this is no signed webhook")
    passed = found["webhook-signature"].split(" ")
    if len(passed) > MOST_SIGNATURES:
        raise InvalidInput("the header webhook-signature has too many signatures")
    shown = [_decoded(text.removeprefix("v1,")) for text in passed if text.startswith("v1,")]
    expected = [
        _standard(key, found["webhook-id"], found["webhook-timestamp"], body) for key in keys
    ]
    _match("webhook-signature", shown, expected)


def _check_time(text: str, now: float, tolerance: float) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise InvalidInput("the header webhook-timestamp is no time in seconds")
    apart = now - int(text)
    # Not `>`, so that nan is refused too.
    if not abs(apart) <= tolerance:
        way = "old" if apart > 0 else "far in the future"
        raise InvalidInput(f"the webhook is too {way}: {abs(apart):.0f} s, {tolerance:g} s may be")


def _check_ours(found: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> None:
    if not found.get(_SIGNED[0]):
        raise InvalidInput("the header OCRQueen-Signature is missing: this is no signed webhook")
    shown = []
    for name in _SIGNED:
        kind, _, digits = found.get(name, "").partition("=")
        if kind == "sha256" and len(digits) == 64:
            shown.append(_from_hex(digits))
    _match("OCRQueen-Signature", shown, [_ours(secret, body) for secret in secrets])


def _match(name: str, shown: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Raise InvalidInput unless one is the other; takes the same time wherever they differ."""
    same = [hmac.compare_digest(one, other) for one in shown for other in expected]
    if not any(same):
        raise InvalidInput(
            f"no signature in {name} is right: it is a forgery, was changed on its way, or the"
            " secret is another one"
        )


def _check_names(found: Mapping[str, str], said: Mapping[str, Any], *, standard: bool) -> None:
    """The names beside the body are not signed in this scheme; those within it are."""
    wanted = [("ocrqueen-delivery-id", "id"), ("ocrqueen-event", "event")]
    wanted += [("webhook-id", "id")] if standard else []
    for name, field in wanted:
        if found.get(name) != said.get(field):
            raise InvalidInput(f"the header {name} does not say what the body says")


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidInput(f"the body is no JSON: {exc}") from None
    if not isinstance(said, dict):
        raise InvalidInput("the body is no JSON object")
    return said


# -- signatures ------------------------------------------------------------------------------------


def _standard(key: bytes, delivery_id: str, timestamp: str, body: bytes) -> bytes:
    signed = f"{delivery_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return hmac.digest(key, signed, "sha256")


def _ours(secret: str, body: bytes) -> bytes:
    """Keyed with the secret as it is written, as code for that scheme does."""
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), body, "sha256")


def _key(secret: str) -> bytes:
    """The bytes that *secret* stands for. Raises InvalidOption; the message does not show it."""
    text = secret.removeprefix(PREFIX)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if not key:
        raise InvalidOption(f"this is no secret of a webhook: {PREFIX} and base64 are needed")
    return key


def _decoded(text: str) -> bytes:
    """The bytes of a signature, none where it is written in any other way than ours."""
    try:
        digest = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""
    # Base64 has several ways to write the same bytes; a changed signature is a wrong one.
    return digest if b64encode(digest).decode() == text else b""


def _from_hex(digits: str) -> bytes:
    try:
        return bytes.fromhex(digits) if digits == digits.lower() else b""
    except ValueError:
        return b""
