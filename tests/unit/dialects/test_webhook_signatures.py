"""Signatures of webhooks: ours, those of the reference library, and all that is forged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

import toolkit
from toolkit.dialects import webhooks
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.jobs.job import Job
from toolkit.jobs.state import JobState

NOW = 1_778_760_000.0
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = b'{"created_at":"2026-05-14T12:00:00.000Z","data":{},"event":"job.completed","id":"dlv_1"}'


def signed(body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,), now: float = NOW):
    return webhooks.headers(
        body,
        delivery_id="dlv_1",
        event="job.completed",
        attempt=1,
        timestamp=now,
        secrets=secrets,
    )


def only(headers: dict[str, str], prefix: str) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower().startswith(prefix)}


STANDARD = only(signed(), "webhook-")
OURS = only(signed(), "ocrqueen-")


def job(**changed: object) -> Job:
    fields: dict = {
        "id": "job_1",
        "number": 1,
        "tool": "parse",
        "status": JobState.COMPLETED,
        "filename": "Bücher „2026“.pdf",
        "origin": "/secret/folder/a.pdf",
        "sha256": "0" * 64,
        "size": 9,
        "media_type": "application/pdf",
        "batch": None,
        "owner": "ann",
        "priority": 0,
        "created_at": NOW - 9,
        "started_at": NOW - 5,
        "ended_at": NOW - 1,
    }
    return Job(**{**fields, **changed})


# -- what is said ----------------------------------------------------------------------------------


def test_a_body_is_canonical_and_says_what_the_reference_says_of_a_job_without_its_content():
    made = webhooks.body(
        "job.completed", job(), delivery_id="dlv_1", created_at=NOW, root="https://q"
    )
    said = json.loads(made)
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert made == canonical.encode()
    assert (said["event"], said["id"]) == ("job.completed", "dlv_1")
    assert said["created_at"] == "2026-05-14T12:00:00.000Z"
    told = said["data"]
    assert (told["job_id"], told["status"]) == ("job_1", "completed")
    assert told["file_info"]["filename"] == "Bücher „2026“.pdf"
    assert told["status_url"] == "https://q/v1/jobs/job_1"
    assert not {"document", "markdown"} & told.keys()
    assert b"/secret/folder" not in made


def test_a_test_event_has_no_job():
    said = json.loads(webhooks.body("webhook.test", None, delivery_id="dlv_2", created_at=NOW))
    assert (said["event"], said["id"], "job_id" in said["data"]) == ("webhook.test", "dlv_2", False)


# -- both ways with the reference library ----------------------------------------------------------


def test_the_reference_library_takes_what_we_sign():
    made = webhooks.body("job.failed", job(error="ü"), delivery_id="dlv_1", created_at=NOW)
    headers = signed(made, now=time.time(), secrets=(SECRET, OTHER))
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(made, headers)["data"]["job_id"] == "job_1"
    strange = "whsec_" + base64.b64encode(b"another one").decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(strange).verify(made, headers)


def test_we_take_what_the_reference_library_signs():
    when = datetime.fromtimestamp(NOW, UTC)
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(NOW)),
        "Webhook-Signature": Webhook(SECRET).sign("msg_1", when, '{"a": "ü"}'),
    }
    body = '{"a": "ü"}'.encode()
    assert toolkit.verify_webhook(headers, body, SECRET, now=NOW) == {"a": "ü"}
    with pytest.raises(InvalidInput):
        toolkit.verify_webhook(headers, body, OTHER, now=NOW)


def test_the_scheme_of_v1_is_an_hmac_of_the_body_keyed_with_the_secret_as_it_is_written():
    headers = signed(secrets=(SECRET, OTHER))
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers["OCRQueen-Signature"] == f"sha256={digest}"
    digest = hmac.new(OTHER.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers["OCRQueen-Signature-Previous"] == f"sha256={digest}"
    assert headers["OCRQueen-Event"] == "job.completed"
    assert (headers["OCRQueen-Delivery-Id"], headers["OCRQueen-Attempt"]) == ("dlv_1", "1")
    assert "OCRQueen-Signature-Previous" not in signed()


@pytest.mark.parametrize("headers", [signed(), STANDARD, OURS])
@pytest.mark.parametrize("secret", [SECRET, SECRET.rstrip("="), [OTHER, SECRET]])
def test_what_was_signed_is_taken(headers, secret):
    if secret == SECRET.rstrip("=") and any(name.startswith("OCRQ") for name in headers):
        pytest.skip("that scheme takes the secret as it is written")
    assert webhooks.verify(headers, BODY, secret, now=NOW)["id"] == "dlv_1"
    shouted = {name.upper(): value for name, value in headers.items()}
    assert webhooks.verify(shouted, bytearray(BODY), secret, now=NOW)["id"] == "dlv_1"


def test_while_two_secrets_hold_receivers_may_know_either():
    headers = signed(secrets=(OTHER, SECRET))
    for known in (OTHER, SECRET):
        for part in (headers, only(headers, "webhook-"), only(headers, "ocrqueen-")):
            assert webhooks.verify(part, BODY, known, now=NOW)


# -- what is refused -------------------------------------------------------------------------------


def refused(headers, body=BODY, secret=SECRET, **how) -> str:
    with pytest.raises(InvalidInput) as caught:
        webhooks.verify(headers, body, secret, **{"now": NOW, **how})
    assert SECRET not in str(caught.value)
    assert SECRET.removeprefix("whsec_") not in str(caught.value)
    return str(caught.value)


KINDS = st.sampled_from([signed(), STANDARD, OURS])


@given(KINDS, st.binary(max_size=200))
@example(signed(), b"")
@example(OURS, BODY + b" ")
def test_another_body_is_refused(headers, body):
    assume(body != BODY)
    refused(headers, body)


@given(KINDS, st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_body_with_one_byte_changed_is_refused(headers, place, change):
    changed = bytearray(BODY)
    changed[place] ^= change
    refused(headers, bytes(changed))


NAMES = [*STANDARD, "OCRQueen-Signature", "OCRQueen-Delivery-Id", "OCRQueen-Event"]


@given(KINDS, st.sampled_from(NAMES), st.text(max_size=80))
@example(STANDARD, "webhook-signature", "v1," + "A" * 10_000)
@example(STANDARD, "webhook-timestamp", "1778760000.0")
@example(STANDARD, "webhook-timestamp", " 1778760000")
@example(STANDARD, "webhook-timestamp", "１７７８７６００００")
@example(OURS, "OCRQueen-Signature", "sha256=" + "é" * 64)
@example(OURS, "OCRQueen-Signature", "\ud800")
@example(STANDARD, "webhook-id", "\ud800")
def test_another_header_is_refused(headers, name, value):
    assume(name in headers and headers[name] != value)
    # Several signatures may come, and one that is right is enough.
    assume(headers[name] not in value.split(" "))
    refused({**headers, name: value})


@given(KINDS, st.sampled_from(NAMES), st.data())
def test_a_header_with_one_character_changed_is_refused(headers, name, data):
    assume(name in headers)
    value = headers[name]
    place = data.draw(st.integers(0, len(value) - 1))
    sign = data.draw(st.characters(min_codepoint=33, max_codepoint=126))
    assume(value[place] != sign)
    refused({**headers, name: value[:place] + sign + value[place + 1 :]})


@pytest.mark.parametrize("name", NAMES)
def test_a_header_that_is_missing_is_missed(name):
    headers = STANDARD if name in STANDARD else OURS
    refused({k: v for k, v in headers.items() if k != name})
    refused({k: v for k, v in signed().items() if k != name})


@given(st.sampled_from([signed(), STANDARD]), st.floats())
def test_only_now_is_now(headers, now):
    if abs(now - NOW) <= 300:
        assert webhooks.verify(headers, BODY, SECRET, now=now)
    else:
        refused(headers, now=now)


def test_the_tolerance_is_the_receivers():
    assert webhooks.verify(STANDARD, BODY, SECRET, now=NOW + 900, tolerance=900)
    assert "too old: 11 s" in refused(STANDARD, now=NOW + 11, tolerance=10)
    assert "in the future" in refused(STANDARD, now=NOW - 11, tolerance=10)


def test_nothing_is_signed_by_nothing():
    assert "no signed webhook" in refused({})
    assert "no signed webhook" in refused({"Content-Type": "application/json"})
    assert "twice" in refused({**STANDARD, "Webhook-Id": "dlv_1"})


def test_a_scheme_may_be_asked_for():
    assert webhooks.verify(signed(), BODY, SECRET, now=NOW, scheme="standard")
    assert webhooks.verify(signed(), BODY, SECRET, now=NOW + 9999, scheme="ocrqueen")
    refused(OURS, scheme="standard")
    refused(STANDARD, scheme="ocrqueen")
    # Without asking, whoever takes one scheme's headers away is left with the other's.
    assert webhooks.verify(OURS, BODY, SECRET, now=NOW + 9999)


def test_one_scheme_that_holds_does_not_excuse_the_other():
    refused({**signed(), "OCRQueen-Signature": "sha256=" + "0" * 64})
    refused({**signed(), "webhook-signature": "v1," + base64.b64encode(b"0" * 32).decode()})


@pytest.mark.parametrize("body", [b"[]", b"1", b"null", b"", b"{", b"\xff", b"[" * 5000])
def test_what_is_signed_and_is_no_object_is_refused(body):
    refused(only(signed(body), "webhook-"), body)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_====", "whsec_é", "not base64!", []])
@pytest.mark.parametrize("headers", [signed(), OURS])
def test_a_secret_that_is_none_opens_nothing(headers, secret):
    with pytest.raises(InvalidOption):
        webhooks.verify(headers, BODY, secret, now=NOW)


def test_text_is_no_body():
    with pytest.raises(InvalidInput, match="must be the bytes"):
        webhooks.verify(signed(), BODY.decode(), SECRET, now=NOW)  # type: ignore[arg-type]


def test_a_receiver_needs_nothing_else_of_the_toolkit():
    code = (
        "import sys, toolkit; toolkit.verify_webhook\n"
        "heavy = {'fastapi', 'httpx', 'pandas', 'sqlite3', 'toolkit.store', 'toolkit.runner'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
