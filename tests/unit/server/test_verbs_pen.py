"""The pen: what waits is one transaction, and one that fails takes back nothing of the others."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest
from verbs_room import opened

from toolkit.errors import InternalError, InvalidInput
from toolkit.server.pen import Pen


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        with store.write() as conn:
            conn.execute("CREATE TABLE notes (word TEXT NOT NULL UNIQUE)")
        yield store


def words(store):
    return {word for (word,) in store.read().execute("SELECT word FROM notes")}


def add(word):
    return lambda conn: conn.execute("INSERT INTO notes VALUES (?)", [word]).rowcount


async def held_up(pen):
    """Keeps the pen busy until the event is set, so that what follows becomes one group."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(conn):
        begun.set()
        go_on.wait(10)

    task = asyncio.create_task(pen.write(wait))
    await asyncio.to_thread(begun.wait, 10)
    return go_on, task


def test_what_waits_is_committed_together(store):
    def outside(_conn):
        """How many are committed, as another connection sees it."""
        with closing(sqlite3.connect(store.path)) as other:
            return other.execute("SELECT count(*) FROM notes").fetchone()[0]

    async def main():
        async with Pen(store) as pen:
            go_on, first = await held_up(pen)
            writes = [asyncio.create_task(pen.write(add(f"w{n}"))) for n in range(200)]
            writes.append(asyncio.create_task(pen.write(outside)))
            await asyncio.sleep(0)
            go_on.set()
            assert await asyncio.gather(*writes) == [1] * 200 + [0]
            await first

    asyncio.run(main())
    assert len(words(store)) == 200


def test_one_that_fails_fails_alone(store):
    async def main():
        async with Pen(store) as pen:
            go_on, first = await held_up(pen)

            def half(conn):
                conn.execute("INSERT INTO notes VALUES ('half')")
                raise InvalidInput("no")

            tasks = [asyncio.create_task(pen.write(write)) for write in (add("a"), half, add("b"))]
            await asyncio.sleep(0)
            go_on.set()
            one, error, two = await asyncio.gather(*tasks, return_exceptions=True)
            await first
            assert (one, two) == (1, 1)
            assert isinstance(error, InvalidInput)

    asyncio.run(main())
    assert words(store) == {"a", "b"}


def test_one_that_breaks_the_whole_transaction_is_done_without_the_others(store):
    async def main():
        async with Pen(store) as pen:
            go_on, first = await held_up(pen)

            def breaks(conn):
                conn.execute("INSERT OR ROLLBACK INTO notes VALUES (NULL)")

            writes = (add("a"), breaks, add("b"), add("a"))
            tasks = [asyncio.create_task(pen.write(write)) for write in writes]
            await asyncio.sleep(0)
            go_on.set()
            one, broken, two, twice = await asyncio.gather(*tasks, return_exceptions=True)
            await first
            assert (one, two) == (1, 1)
            assert isinstance(broken, sqlite3.IntegrityError)
            assert isinstance(twice, sqlite3.IntegrityError)

    asyncio.run(main())
    assert words(store) == {"a", "b"}


def test_stopping_waits_for_what_is_there_and_takes_nothing_more(store):
    async def main():
        pen = Pen(store)
        pen.start()
        go_on, _first = await held_up(pen)
        tasks = [asyncio.create_task(pen.write(add(f"w{n}"))) for n in range(700)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(pen.stop())
        await asyncio.sleep(0.01)
        with pytest.raises(InternalError, match="shutting down"):
            await pen.write(add("late"))
        go_on.set()
        await stopping
        assert await asyncio.gather(*tasks) == [1] * 700
        assert not pen.alive

    asyncio.run(main())
    assert len(words(store)) == 700


def test_a_failing_disk_is_told_to_all_and_ends_nothing(store):
    async def main():
        async with Pen(store) as pen:
            with pytest.raises(sqlite3.OperationalError):
                await pen.write(lambda conn: conn.execute("INSERT INTO missing VALUES (1)"))
            assert await pen.write(add("a")) == 1

    asyncio.run(main())


def test_who_has_gone_is_not_told(store):
    async def main():
        async with Pen(store) as pen:
            go_on, first = await held_up(pen)
            task = asyncio.create_task(pen.write(add("a")))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
            go_on.set()
            await first
            await pen.write(add("b"))

    asyncio.run(main())
    assert words(store) == {"a", "b"}
