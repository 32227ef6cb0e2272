"""Whoever delivers is killed with -9 while the receiver comes and goes: no event is lost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import defaultdict

import httpx
import pytest
from killing import TOOLS, Work, living, offspring
from mailhost import Letter, receiving
from patience import eventually
from standardwebhooks.webhooks import Webhook

import toolkit
from toolkit.jobs import JobState, Submission
from toolkit.store import keys, outbox, queue, webhooks
from toolkit.store.invariants import violations

pytestmark = pytest.mark.crash

SETTINGS = {
    "PAGEQUEUE_WEBHOOK_PRIVATE": "127.0.0.1",
    "PAGEQUEUE_WEBHOOK_PLAIN": "1",
    "PAGEQUEUE_DELIVERY_WAIT": "0.02",
    "PAGEQUEUE_DELIVERY_SECONDS": "0.5",
    "PAGEQUEUE_DELIVERY_ATTEMPTS": "9",
}
# As the server has one: it looks into the outbox by itself, and stays.
RESIDENT = """
import logging, sys, threading
from toolkit.runner.deliver import Courier
from toolkit.store.store import Store
logging.basicConfig(level=logging.INFO)
Courier(Store.open(sys.argv[1])).start()
threading.Event().wait()
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def hooked(work: Work, port: int) -> dict[str, str]:
    """The secrets by the paths that they sign for: a webhook of ann's, and addresses of jobs."""
    with work.store.write() as conn:
        now = time.time()
        url = f"http://127.0.0.1:{port}/hook"
        _, secret = webhooks.create(conn, owner="ann", url=url, events=webhooks.EVENTS, now=now)
        (own,) = webhooks.callback_secrets(conn, owner="ann", now=now)
    return {"/hook": secret, "/mine": own}


def hand_in(work: Work, port: int, count: int, **asked: object) -> set[str]:
    """Jobs, each of which has two to be told of its end."""
    wanted = {"owner": "ann", "callback_url": f"http://127.0.0.1:{port}/mine", **asked}
    made = [Submission(**{"tool": "note", **wanted}) for _ in range(count)]
    with work.store.write() as conn:
        return {taken.job_id for taken in queue.enqueue_many(conn, made, now=time.time())}


def resident(work: Work) -> subprocess.Popen[bytes]:
    with work.path.with_suffix(".resident.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RESIDENT, work.path],
            env={**os.environ, **SETTINGS},
            stderr=log,
            start_new_session=True,
        )
    work.runners.append(process)
    return process


def serving(work: Work) -> tuple[subprocess.Popen[bytes], str]:
    """A server as people start it, and its address."""
    command = [sys.executable, "-m", "toolkit", "serve", "--db", work.path, "--port", "0"]
    environment = {**os.environ, **SETTINGS, "PYTHONPATH": str(TOOLS), "PAGEQUEUE_LINGER": "0"}
    with work.path.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    work.runners.append(process)
    with process.stdout as said:
        return process, said.readline().decode().strip()


def kill(process: subprocess.Popen[bytes]) -> None:
    family = offspring(process.pid)
    process.kill()
    assert process.wait() == -9
    eventually(lambda: not living(family), "all are gone")


def kill_alone(server: subprocess.Popen[bytes]) -> None:
    """The runner that it started is none of its family, and goes on."""
    server.kill()
    assert server.wait() == -9


def slowly(status: int = 200, seconds: float = 0.05):
    def answer(visit) -> None:
        time.sleep(seconds)
        visit.say(status)

    return answer


def unreliable():
    """Every third answer is a failure."""
    asked = []

    def answer(visit) -> None:
        asked.append(1)
        slowly(500 if len(asked) % 3 == 0 else 200)(visit)

    return answer


def tried(work: Work) -> list[outbox.Tried]:
    return outbox.log(work.store.read(), owner="ann", limit=10_000)


def all_delivered(work: Work) -> bool:
    return outbox.next_due(work.store.read()) is None


def agree(work: Work, letters: list[Letter], secrets: dict[str, str], jobs: set[str]) -> None:
    """Each event came to both addresses, at least once, and is what was signed."""
    told: dict[str, set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for letter in letters:
        said = Webhook(secrets[letter.path]).verify(letter.body, letter.headers)
        assert said == toolkit.verify_webhook(letter.headers, letter.body, secrets[letter.path])
        assert said["id"] == letter.headers["webhook-id"]
        told[letter.path].add(said["data"]["job_id"])
        bodies[said["id"]].add(letter.body)
    assert told == {"/hook": jobs, "/mine": jobs}
    # The same id has the same bytes each time, and there is one for each event and address.
    assert {len(same) for same in bodies.values()} == {1}
    assert len(bodies) == 2 * len(jobs)
    assert {one.delivery for one in tried(work)} == set(bodies)
    assert {one.state for one in tried(work)} == {"delivered"}
    assert violations(work.store) == []


def test_a_server_that_is_killed_again_and_again_loses_no_event(work, port):
    secrets = hooked(work, port)
    jobs = hand_in(work, port, 40, refused=("EMPTY_FILE", "it is empty"))
    # Nobody is there, and meanwhile the one who delivers is killed for the first time.
    dies = resident(work)
    eventually(lambda: sum(one.attempt > 0 for one in tried(work)) >= 20, "it tries in vain")
    kill(dies)
    assert not any(one.state == "delivered" for one in tried(work))
    letters: list[Letter] = []
    with receiving(port=port) as host:
        host.answers |= {"/hook": unreliable(), "/mine": slowly()}
        for killed in range(3):
            dies = resident(work)
            before = len(host.letters)
            eventually(lambda before=before: len(host.letters) >= before + 5, "it delivers")
            time.sleep(0.02 * killed)
            kill(dies)
        letters += host.letters
    # Gone once more, while there is still something to deliver.
    jobs |= hand_in(work, port, 10, refused=("EMPTY_FILE", "it is empty"))
    with receiving(port=port) as host:
        host.answers |= {"/hook": unreliable(), "/mine": slowly()}
        last = resident(work)
        eventually(lambda: all_delivered(work), "all is delivered", seconds=60)
        kill(last)
        letters += host.letters
    agree(work, letters, secrets, jobs)


def test_a_pagequeue_serve_that_is_killed_loses_no_event(work, port):
    """Handed in over HTTP, done by the runner that the server starts, and told by the server."""
    secrets = hooked(work, port)
    with work.store.write() as conn:
        shown = {
            "Authorization": f"Bearer {keys.create(conn, owner='ann', now=time.time()).secret}"
        }
    asked = {
        "type": "note",
        "options": {"log": str(work.log)},
        "bypass_cache": True,
        "callback_url": f"http://127.0.0.1:{port}/mine",
    }
    jobs, letters = set(), []
    dies, address = serving(work)
    for _ in range(15):
        taken = httpx.post(f"{address}/v1/jobs", json=asked, headers=shown, timeout=30)
        assert taken.status_code == 202, taken.text
        jobs.add(taken.json()["job_id"])
    eventually(lambda: sum(one.attempt > 0 for one in tried(work)) >= 5, "it tries in vain")
    kill_alone(dies)
    with receiving(port=port) as host:
        host.answers |= {"/hook": unreliable(), "/mine": slowly()}
        for enough in (5, 30):
            server, address = serving(work)
            eventually(lambda enough=enough: len(host.letters) >= enough, "it delivers", seconds=60)
            if enough < 30:
                kill_alone(server)
        eventually(lambda: work.counts().get("completed") == 15, "all jobs are done", seconds=60)
        eventually(lambda: all_delivered(work), "all is delivered", seconds=60)
        letters += host.letters
        log = httpx.get(f"{address}/v1/deliveries?limit=1000", headers=shown, timeout=30)
    assert log.status_code == 200, log.text
    assert {one["state"] for one in log.json()["deliveries"]} == {"delivered"}
    agree(work, letters, secrets, jobs)
    server.terminate()
    assert server.wait(30) == 0


def test_a_runner_that_is_killed_tells_of_the_jobs_that_it_ended(work, port):
    """Here the events come from jobs that are done meanwhile, by those who are killed."""
    secrets = hooked(work, port)
    options = {"log": str(work.log), "seconds": 0.02}
    jobs = hand_in(work, port, 40, options=options)
    with receiving(port=port) as host:
        host.answers |= {"/hook": unreliable(), "/mine": slowly()}
        for _ in range(3):
            dies = work.start(**SETTINGS)
            before = len(host.letters)
            eventually(lambda before=before: len(host.letters) >= before + 4, "it delivers")
            kill(dies)
        # It leaves when the queue is empty; what is due later is the next one's.
        eventually(
            lambda: work.start(**SETTINGS).wait(60) == 0 and all_delivered(work),
            "all is delivered",
            seconds=90,
        )
        letters = list(host.letters)
    assert {work.job(job_id).status for job_id in jobs} == {JobState.COMPLETED}
    agree(work, letters, secrets, jobs)


def test_a_runner_that_lingers_stays_for_what_is_to_be_delivered_later(work, port):
    secrets = hooked(work, port)
    jobs = hand_in(work, port, 3, options={"log": str(work.log)})
    runner = work.start("--linger=0.1", **SETTINGS)
    eventually(lambda: sum(one.attempt > 0 for one in tried(work)) >= 6, "it tries in vain")
    assert runner.poll() is None
    with receiving(port=port) as host:
        assert runner.wait(60) == 0
        agree(work, host.letters, secrets, jobs)


def test_where_a_server_delivers_a_runner_does_not(work, port):
    secrets = hooked(work, port)
    server = resident(work)
    eventually(lambda: (work.store.files / "courier.lock").exists(), "it is there")
    time.sleep(0.2)
    with receiving(port=port) as host:
        host.answers |= {"/hook": slowly(500), "/mine": slowly(500)}
        jobs = hand_in(work, port, 3, options={"log": str(work.log)})
        # It does not even wait for the attempts that are due later.
        assert work.start("--linger=0.1", **SETTINGS).wait(60) == 0
        host.answers |= {"/hook": slowly(), "/mine": slowly()}
        eventually(lambda: all_delivered(work), "all is delivered", seconds=60)
        kill(server)
        agree(work, host.letters, secrets, jobs)
    assert "dlv_" in work.path.with_suffix(".resident.log").read_text()
    assert "dlv_" not in work.path.with_suffix(".log").read_text()
