"""One connection a thread, none over a fork, writers that wait their turn, wake-ups."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from toolkit.jobs import Submission
from toolkit.store import jobs, queue, runners
from toolkit.store.changes import Listener, ring
from toolkit.store.invariants import violations


def test_each_thread_has_a_connection_of_its_own(shelf):
    mine = shelf.store.read()
    assert shelf.store.read() is mine
    gate = threading.Barrier(3)

    def theirs(_: int) -> int:
        gate.wait(timeout=30)
        return id(shelf.store.read())

    with ThreadPoolExecutor(3) as pool:
        found = set(pool.map(theirs, range(3)))
    assert len(found) == 3
    assert id(mine) not in found


def test_a_transaction_is_all_or_nothing(shelf):
    def enqueue_and_fail() -> None:
        with shelf.store.write() as conn:
            queue.enqueue(conn, Submission(tool="echo"), now=1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enqueue_and_fail()
    assert not shelf.conn.in_transaction
    assert jobs.jobs(shelf.conn) == []
    shelf.add()
    assert len(jobs.jobs(shelf.conn)) == 1


def test_durability_is_what_was_asked_for(shelf):
    seen = []
    for durable in (True, False, True):
        with shelf.store.write(durable=durable) as conn:
            seen += conn.execute("PRAGMA synchronous").fetchone()
    assert seen == [2, 1, 2], "FULL, NORMAL, FULL"


def test_writers_in_threads_wait_for_each_other(shelf):
    def work(n: int) -> None:
        for _ in range(40):
            with shelf.store.write(durable=False) as conn:
                before = jobs.counts(conn)["queued"]
                queue.enqueue(conn, Submission(tool="echo", owner=str(n)), now=1.0)
                assert jobs.counts(conn)["queued"] == before + 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert jobs.counts(shelf.conn)["queued"] == 320
    assert violations(shelf.store) == []


def test_a_writer_waits_while_another_program_writes(shelf):
    other = sqlite3.connect(shelf.store.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.execute, ["COMMIT"])
    timer.start()
    shelf.add()
    timer.join()
    other.close()
    assert len(jobs.jobs(shelf.conn)) == 1


_OTHER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    conn.execute("BEGIN IMMEDIATE")
    print("free")
except sqlite3.OperationalError as error:
    print(error)
"""


def write_lock_seen_from_outside(path) -> str:
    return subprocess.check_output([sys.executable, "-c", _OTHER, str(path)], text=True).strip()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_its_own_connection_and_leaves_the_parents_locks(shelf):
    """The child reads, writes once it may, and closes; all the while the parent holds the lock."""
    parents = id(shelf.store.read())
    to_parent, from_child = os.pipe()
    with shelf.store.write() as conn:
        queue.enqueue(conn, Submission(tool="echo", filename="the parent's"), now=1.0)
        with warnings.catch_warnings():
            # Other tests' threads may live on; the child touches nothing of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            said = b"failed"
            try:
                mine = shelf.store.read()
                seen = len(jobs.jobs(mine))
                said = f"{id(mine) != parents} {mine.in_transaction} {seen}".encode()
                shelf.store.close()
                del mine
            finally:
                os.write(from_child, said)
                os._exit(0)
        os.close(from_child)
        assert os.read(to_parent, 100) == b"True False 0", "its own view: nothing committed yet"
        os.close(to_parent)
        os.waitpid(pid, 0)
        assert write_lock_seen_from_outside(shelf.store.path) == "database is locked"
    assert write_lock_seen_from_outside(shelf.store.path) == "free"
    assert [job.filename for job in jobs.jobs(shelf.conn)] == ["the parent's"]
    assert violations(shelf.store) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_a_forked_child_writes_is_there_for_the_parent(shelf):
    shelf.add(filename="before")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            shelf.add(filename="the child's")
            shelf.store.close()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    shelf.add(filename="after")
    names = [job.filename for job in jobs.jobs(shelf.conn)]
    assert names == ["before", "the child's", "after"]
    assert violations(shelf.store) == []


def enlist_here(shelf, port: int) -> None:
    with shelf.store.write() as conn:
        runners.enlist(
            conn,
            runner="here",
            pid=os.getpid(),
            pid_started=1.0,
            host=runners.this_host(),
            slots=1,
            port=port,
            now=shelf.now,
        )


def test_a_ring_wakes_a_listener(shelf):
    with Listener(shelf.store) as listener:
        enlist_here(shelf, listener.port)
        while listener.wait(0):
            pass
        ring(shelf.store)
        started = time.monotonic()
        assert listener.wait(30)
        assert time.monotonic() - started < 15
        assert not listener.wait(0), "once"


def test_without_a_ring_another_connections_commit_is_noticed(shelf):
    with Listener(shelf.store) as listener:
        while listener.wait(0):
            pass
        shelf.add()
        assert listener.wait(30)


def test_a_wake_from_another_thread_ends_a_wait(shelf):
    with Listener(shelf.store) as listener:
        timer = threading.Timer(0.05, listener.wake)
        timer.start()
        assert listener.wait(30)
        timer.join()


def test_a_strangers_datagram_wakes_nobody(shelf):
    with Listener(shelf.store) as listener, socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"wake up", ("127.0.0.1", listener.port))
        assert not listener.wait(0.1)


def test_ringing_nobody_is_no_fault(shelf):
    ring(shelf.store)
    enlist_here(shelf, 1)
    ring(shelf.store)
