"""The courier on a real store and a real receiver: what is sent, how often, and what is kept."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import threading
import time

import pytest
from mailhost import in_turn, receiving, saying
from patience import eventually
from standardwebhooks.webhooks import Webhook

import toolkit
from toolkit.jobs import Submission, Tool
from toolkit.runner import deliver_presence, deliver_writing
from toolkit.runner.deliver import Courier
from toolkit.runner.deliver_hosts import MOST_A_HOST, Hosts, host_of
from toolkit.settings import Settings
from toolkit.store import erasures, outbox, queue, tools, webhooks
from toolkit.store.invariants import violations
from toolkit.store.store import Store
from toolkit.tools import sealed

QUICK = {
    "webhook_private": "127.0.0.1",
    "webhook_plain": 1,
    "delivery_wait": 0.05,
    "delivery_seconds": 5.0,
}


@pytest.fixture
def host():
    with receiving() as host:
        yield host


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            tools.register(conn, sealed(Tool(name="echo", target="workshop:echo")))
        yield store
        assert violations(store) == []


@pytest.fixture
def courier(store):
    """Starts couriers; each is stopped in the end."""
    started = []

    def start(**settings) -> Courier:
        made = Courier(store, Settings(**{**QUICK, **settings}))
        made.start()
        started.append(made)
        return made

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=receiver.example.test"
        " -addext subjectAltName=DNS:receiver.example.test -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def register(store, url: str, **asked) -> tuple[str, str]:
    """The id and the secret of a new webhook."""
    wanted = {"owner": "ann", "events": webhooks.EVENTS, **asked}
    with store.write() as conn:
        made, secret = webhooks.create(conn, url=url, now=time.time(), **wanted)
    return made.id, secret


def fail(store, count: int = 1, **asked) -> list[str]:
    """Jobs that are born failed: every one is an event."""
    wanted = {"tool": "echo", "owner": "ann", "refused": ("EMPTY_FILE", "it is empty"), **asked}
    made = [Submission(filename=f"{n}.pdf", **wanted) for n in range(count)]
    with store.write() as conn:
        return [taken.job_id for taken in queue.enqueue_many(conn, made, now=time.time())]


def log(store, **asked) -> list[outbox.Tried]:
    return outbox.log(store.read(), owner="ann", **asked)[::-1]


def settled(store) -> None:
    eventually(lambda: outbox.next_due(store.read()) is None, "nothing is to be delivered")


# -- what arrives ----------------------------------------------------------------------------------


def test_the_end_of_a_job_is_told_signed_and_once(store, host, courier):
    webhook, secret = register(store, host.at("/hook?token=SECRET"))
    (job_id,) = fail(store)
    courier()
    settled(store)
    (letter,) = host.letters
    assert letter.path == "/hook?token=SECRET"
    said = Webhook(secret).verify(letter.body, letter.headers)
    assert said == toolkit.verify_webhook(letter.headers, letter.body, secret)
    assert (said["event"], said["data"]["job_id"]) == ("job.failed", job_id)
    assert said["data"]["error"]["message"] == "it is empty"
    assert said["id"] == letter.headers["webhook-id"]
    (tried,) = log(store)
    assert (tried.state, tried.status, tried.attempt, tried.endpoint) == (
        "delivered",
        204,
        1,
        webhook,
    )


def test_the_address_of_one_job_is_told_with_the_owners_secret(store, host, courier):
    fail(store, callback_url=host.at("/mine"))
    courier()
    settled(store)
    with store.write() as conn:
        (secret,) = webhooks.callback_secrets(conn, owner="ann", now=time.time())
    (letter,) = host.letters
    assert letter.path == "/mine"
    assert toolkit.verify_webhook(letter.headers, letter.body, secret)


def test_links_lead_to_where_the_server_is(store, host, courier):
    fail(store, callback_url=host.at("/mine"))
    courier(public_url="https://pages.example.test/queue/")
    settled(store)
    said = json.loads(host.letters[0].body)["data"]
    assert said["status_url"] == f"https://pages.example.test/queue/v1/jobs/{said['job_id']}"


def test_what_comes_later_is_told_without_being_asked(store, host, courier):
    register(store, host.at("/hook"))
    courier()
    time.sleep(0.1)
    fail(store, 3)
    eventually(lambda: len(host.letters) == 3, "all are told")
    assert len({letter.headers["webhook-id"] for letter in host.letters}) == 3


def test_after_a_rotation_both_secrets_sign(store, host, courier):
    webhook, old = register(store, host.at("/hook"))
    with store.write() as conn:
        new = webhooks.rotate(conn, webhook, owner="ann", now=time.time())
    fail(store)
    courier()
    settled(store)
    (letter,) = host.letters
    assert letter.headers["webhook-signature"].count("v1,") == 2
    for secret in (old, new):
        assert Webhook(secret).verify(letter.body, letter.headers)
        assert toolkit.verify_webhook(letter.headers, letter.body, secret, scheme="ocrqueen")


def test_a_test_event_is_delivered(store, host, courier):
    webhook, secret = register(store, host.at("/hook"))
    with store.write() as conn:
        sent = outbox.test_event(conn, endpoint=webhook, owner="ann", now=time.time())
    courier()
    settled(store)
    (letter,) = host.letters
    said = toolkit.verify_webhook(letter.headers, letter.body, secret)
    assert (said["id"], said["event"]) == (sent, "webhook.test")


# -- what fails ------------------------------------------------------------------------------------


def test_what_fails_is_tried_again_with_the_same_id_and_the_same_bytes(store, host, courier):
    host.answers["/hook"] = in_turn(saying(500), saying(404), saying(200))
    _, secret = register(store, host.at("/hook"))
    fail(store)
    courier()
    settled(store)
    first, second, third = host.letters
    assert first.body == second.body == third.body
    assert [one.headers["OCRQueen-Attempt"] for one in host.letters] == ["1", "2", "3"]
    assert len({one.headers["webhook-id"] for one in host.letters}) == 1
    for letter in host.letters:
        assert Webhook(secret).verify(letter.body, letter.headers)
    assert [(one.status, one.state) for one in log(store)] == [
        (500, "delivered"),
        (404, "delivered"),
        (200, "delivered"),
    ]
    # Five times as long each time, give or take a fifth.
    assert second.at - first.at >= 0.04
    assert third.at - second.at >= 0.2


def test_in_the_end_it_is_given_up_with_words(store, host, courier):
    host.answers["/hook"] = saying(500)
    register(store, host.at("/hook?token=SECRET"))
    fail(store)
    courier(delivery_attempts=3, delivery_wait=0.01)
    settled(store)
    eventually(lambda: len(log(store)) == 3, "three attempts")
    *_, last = log(store)
    assert last.state == "failed"
    assert last.error.endswith(
        "/hook?… answered 500 Internal Server Error; given up after 3 attempts"
    )
    assert len(host.letters) == 3


def test_what_was_given_up_can_be_delivered_again(store, host, courier):
    host.answers["/hook"] = saying(500)
    register(store, host.at("/hook"))
    fail(store)
    courier(delivery_attempts=1)
    eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
    host.answers["/hook"] = saying(200)
    with store.write() as conn:
        outbox.redeliver(conn, log(store)[0].delivery, owner="ann", now=time.time())
    eventually(lambda: {one.state for one in log(store)} == {"delivered"}, "it came")
    assert host.letters[0].body == host.letters[1].body


def test_gone_means_gone(store, host, courier):
    host.answers["/hook"] = saying(410)
    webhook, _ = register(store, host.at("/hook"))
    fail(store, 1)
    courier()
    eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
    found = webhooks.endpoint(store.read(), webhook)
    assert not found.enabled
    assert "answered 410 Gone" in found.disabled_why
    assert log(store)[-1].error.endswith("so that the webhook was disabled")
    fail(store, 3)
    time.sleep(0.7)
    assert len(host.letters) == 1


def test_gone_of_an_address_that_is_given_up_ends_nothing_at_the_next(store, host, courier):
    webhook, _ = register(store, host.at("/old"))

    def moves_away(visit):
        with store.write() as conn:
            webhooks.change(conn, webhook, owner="ann", now=time.time(), url=host.at("/new"))
        saying(410)(visit)

    host.answers["/old"] = moves_away
    fail(store)
    courier(delivery_wait=0.01)
    settled(store)
    assert webhooks.endpoint(store.read(), webhook).enabled
    assert [one.path for one in host.letters] == ["/old", "/new"]


def test_gone_ends_the_attempts_at_the_address_of_a_job(store, host, courier):
    host.answers["/mine"] = saying(410)
    fail(store, callback_url=host.at("/mine"))
    courier()
    eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
    assert len(host.letters) == 1


def test_no_redirect_is_followed(store, host, courier):
    host.answers["/hook"] = saying(307, Location="/other")
    host.answers["/odd"] = saying(302, Location="http://[")
    register(store, host.at("/hook"))
    register(store, host.at("/odd"))
    fail(store)
    courier(delivery_attempts=1)
    eventually(lambda: {one.state for one in log(store)} == {"failed"}, "both were given up")
    assert sorted(letter.path for letter in host.letters) == ["/hook", "/odd"]
    said = {one.url.rpartition("/")[2]: one.error for one in log(store)}
    assert "answered 307" in said["hook"]
    assert "webhooks follow no redirect" in said["hook"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_time_gets_it(store, host, courier, status):
    host.answers["/hook"] = in_turn(saying(status, Retry_After="2"), saying(200))
    register(store, host.at("/hook"))
    fail(store)
    courier(delivery_wait=0.01)
    settled(store)
    first, second = host.letters
    assert second.at - first.at >= 2


def test_other_answers_may_not_hold_it_up(store, host, courier):
    host.answers["/hook"] = in_turn(saying(500, Retry_After="3000"), saying(200))
    register(store, host.at("/hook"))
    fail(store)
    courier(delivery_wait=0.01)
    eventually(lambda: len(host.letters) == 2, "it came again")


def test_an_answer_without_end_is_an_answer(store, host, courier):
    def endless(visit):
        visit.send_response(200)
        visit.end_headers()
        while not host.gate.wait(0.001):
            visit.wfile.write(b"x" * 1000)

    def stuck(visit):
        visit.send_response(200)
        visit.send_header("Content-Length", "10")
        visit.end_headers()
        visit.wfile.flush()
        host.gate.wait(30)

    host.answers |= {"/endless": endless, "/stuck": stuck}
    register(store, host.at("/endless"))
    register(store, host.at("/stuck"))
    fail(store)
    courier()
    settled(store)
    assert [one.state for one in log(store)] == ["delivered", "delivered"]
    assert len(host.letters) == 2


def test_silence_is_a_failure(store, host, courier):
    host.answers["/hook"] = lambda visit: host.gate.wait(30)
    register(store, host.at("/hook?token=SECRET"))
    fail(store)
    courier(delivery_seconds=0.3, delivery_attempts=1)
    eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
    (tried,) = log(store)
    assert tried.status is None
    assert "/hook?… took more than 0.3 s" in tried.error


def test_nobody_there_is_a_failure(store, courier):
    register(store, "http://127.0.0.1:9/hook")
    register(store, "http://no-such-host.invalid/hook")
    fail(store)
    courier(delivery_attempts=1)
    eventually(lambda: {one.state for one in log(store)} == {"failed"}, "both were given up")
    said = sorted(one.error for one in log(store))
    assert "the host cannot be reached" in said[0] + said[1]
    assert "no-such-host.invalid is not found" in said[0] + said[1]


def test_a_certificate_that_is_not_trusted_is_a_failure(store, courier, certificate):
    with receiving(certificate) as host:
        register(store, host.at("/hook", scheme="https"))
        fail(store)
        courier(delivery_attempts=1)
        eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
        assert "certificate of the host cannot be trusted" in log(store)[0].error
        assert host.letters == []


def test_a_plain_address_is_refused_where_it_is_not_allowed(store, host, courier):
    register(store, host.at("/hook"))
    fail(store)
    courier(delivery_attempts=1, webhook_plain=0)
    eventually(lambda: [one.state for one in log(store)] == ["failed"], "it was given up")
    assert "is not encrypted" in log(store)[0].error
    assert host.connections == 0


def test_nothing_secret_is_logged(store, host, courier, caplog):
    caplog.set_level(logging.DEBUG)
    host.answers["/hook"] = in_turn(saying(500), saying(200))
    _, secret = register(store, host.at("/hook?token=HIDDEN"))
    fail(store)
    courier()
    settled(store)
    said = caplog.text + "".join(one.error or "" for one in log(store))
    assert "/hook?…" in said
    for hidden in ("HIDDEN", secret, secret.removeprefix("whsec_")):
        assert hidden not in said


# -- what happens meanwhile ------------------------------------------------------------------------


def test_a_job_that_was_purged_is_told_without_its_content(store, host, courier):
    register(store, host.at("/hook"))
    (job_id,) = fail(store)
    erasures.purge(store, job_id=job_id, now=time.time())
    courier()
    settled(store)
    (letter,) = host.letters
    said = json.loads(letter.body)
    assert (said["data"]["job_id"], said["data"]["file_info"]["filename"]) == (job_id, None)


def test_a_webhook_that_was_removed_is_told_nothing(store, host, courier):
    webhook, _ = register(store, host.at("/hook"))
    fail(store)
    with store.write() as conn:
        webhooks.remove(conn, webhook, owner="ann")
    courier()
    settled(store)
    assert host.letters == []


def test_one_that_cannot_be_written_does_not_stand_in_the_way(store, host, courier, monkeypatch):
    right = deliver_writing.words.body

    def body(event, job, **how):
        if job.filename == "0.pdf":
            raise KeyError("an error of our own")
        return right(event, job, **how)

    monkeypatch.setattr(deliver_writing.words, "body", body)
    register(store, host.at("/hook"))
    fail(store, 3)
    courier()
    settled(store)
    assert len(host.letters) == 2
    assert [one.state for one in log(store)].count("failed") == 1


def test_a_secret_that_is_none_does_not_stand_in_the_way(store, host, courier):
    broken, _ = register(store, host.at("/broken"))
    register(store, host.at("/hook"))
    with store.write() as conn:
        conn.execute(
            "UPDATE signing_secrets SET secret = 'whsec_?'"
            " WHERE endpoint = (SELECT number FROM webhooks WHERE id = ?)",
            [broken],
        )
    fail(store)
    courier()
    settled(store)
    assert [one.path for one in host.letters] == ["/hook"]
    (given_up,) = log(store, endpoint=broken)
    assert given_up.error.startswith("given up: this is no secret")


def test_a_slow_host_does_not_hold_the_others_up(store, host, courier):
    host.answers["/slow"] = lambda visit: host.gate.wait(30)
    fail(store, 200, callback_url=host.at("/slow"))
    with receiving() as other:
        fail(store, callback_url=other.at("/quick"))
        courier(delivery_seconds=20.0)
        eventually(lambda: other.letters, "the other one is told")
        assert len(host.letters) <= MOST_A_HOST
        host.gate.set()


def test_two_couriers_send_each_letter_once(store, host, courier):
    register(store, host.at("/hook"))
    courier()
    courier()
    fail(store, 60)
    settled(store)
    eventually(lambda: len(log(store)) == 60, "all were tried")
    assert len(host.letters) == 60
    assert len({letter.headers["webhook-id"] for letter in host.letters}) == 60


def test_stopping_gives_back_what_is_under_way(store, host, courier):
    host.answers["/hook"] = in_turn(lambda visit: host.gate.wait(30), saying(200))
    register(store, host.at("/hook"))
    fail(store)
    first = courier()
    eventually(lambda: host.letters, "it is under way")
    first.stop()
    assert outbox.next_due(store.read()) <= time.time()
    assert log(store)[0].state == "pending"
    courier()
    settled(store)
    assert [letter.headers["OCRQueen-Attempt"] for letter in host.letters] == ["1", "1"]


def test_stopping_waits_for_what_ends_soon(store, host, courier):
    begun = threading.Event()

    def slow(visit):
        begun.set()
        time.sleep(0.5)
        visit.say(200)

    host.answers["/hook"] = slow
    register(store, host.at("/hook"))
    fail(store)
    one = courier()
    assert begun.wait(20)
    one.stop()
    assert [tried.state for tried in log(store)] == ["delivered"]


def test_stopping_twice_or_before_the_start_is_harmless(store):
    one = Courier(store, Settings())
    one.stop()
    one.start()
    one.start()
    one.stop()
    one.stop()
    assert not one.busy


def test_a_resident_courier_is_seen(store, courier):
    assert not deliver_presence.is_served(store.files)
    one = courier()
    eventually(lambda: deliver_presence.is_served(store.files), "it is seen")
    one.stop()
    assert not deliver_presence.is_served(store.files)


def test_a_file_that_cannot_be_read_is_looked_at_again(store, host, monkeypatch, caplog):
    import sqlite3

    from toolkit.runner import deliver

    right, asked = outbox.next_due, []

    def next_due(conn):
        asked.append(1)
        if len(asked) < 3:
            raise sqlite3.OperationalError("disk I/O error")
        return right(conn)

    register(store, host.at("/hook"))
    fail(store)
    monkeypatch.setattr(deliver, "AFTER_TROUBLE", 0.01)
    monkeypatch.setattr(outbox, "next_due", next_due)
    one = Courier(store, Settings(**QUICK))
    one.start()
    eventually(lambda: host.letters, "it came after all")
    one.stop()
    assert "disk I/O error" in caplog.text


# -- waits -----------------------------------------------------------------------------------------


def test_waits_grow_fivefold_and_are_never_quite_the_same():
    settings = Settings(delivery_wait=60.0)
    for dice, share in ((0.0, 0.8), (0.5, 1.0), (1.0, 1.2)):
        waits = [
            deliver_writing.wait_before(n, settings, dice=lambda dice=dice: dice)
            for n in (2, 3, 4, 5)
        ]
        assert waits == pytest.approx([share * 60 * 5**n for n in range(4)])


def test_a_host_has_so_many_places():
    hosts = Hosts(dice=lambda: 0.5)
    assert [hosts.begin("a") for _ in range(MOST_A_HOST + 1)] == [True] * MOST_A_HOST + [False]
    assert hosts.begin("b")
    first, second = hosts.later("a", 100.0), hosts.later("a", 100.0)
    assert 100.0 < first < second < 101.0
    hosts.end("a", seconds=15.0)
    assert hosts.begin("a")
    assert hosts.later("a", 100.0) > second + 1
    assert all(100.0 < hosts.later("a", 100.0) <= 400.0 for _ in range(10_000))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://X.org/a?b", "x.org"),
        ("https://x.org:8443", "x.org:8443"),
        ("http://[::1", "http://[::1"),
        ("", ""),
    ],
)
def test_whose_turn_it_is(url, host):
    assert host_of(url) == host
