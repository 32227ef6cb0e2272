"""What an analyst finds who opens the file with tools of their own, and how large it is."""

from __future__ import annotations

import sqlite3

import pytest
from made import block, document
from shelf import held
from sqlite_utils import Database

from toolkit.document import wire
from toolkit.document.blocks import Paragraph
from toolkit.jobs import Outcome
from toolkit.store import batches, queue

BYTES_A_JOB = 600


@pytest.fixture
def path(shelf):
    """A closed file with a done document, a failed job, and one that runs."""
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="invoices", now=1.0)
    made = document([block(Paragraph, text="Hello."), block(Paragraph, text="World.")])
    outcome = Outcome(content=wire.encode(made), media_type=wire.MEDIA_TYPE, pages=1)
    shelf.add(filename="a.pdf", batch=batch, content=b"in")
    job = shelf.only()
    shelf.now += 2.5
    shelf.complete(job, outcome)
    shelf.add(filename="b.pdf")
    shelf.fail(shelf.only())
    shelf.add(filename="c.pdf", options={"pages": "1-3"})
    shelf.only()
    shelf.store.close()
    return shelf.store.path


JOBS = "SELECT file, tool, status, batch, ran_seconds, error_code FROM v_jobs ORDER BY number"
BLOCKS = "SELECT file, batch, page, type, text, verified FROM v_blocks ORDER BY reading_order_index"
SEEN_JOBS = [
    ("a.pdf", "echo", "completed", "invoices", 2.5, None),
    ("b.pdf", "echo", "failed", None, 0.0, "DAMAGED_FILE"),
    ("c.pdf", "echo", "processing", None, None, None),
]
SEEN_BLOCKS = [
    ("a.pdf", "invoices", 1, "paragraph", "Hello.", 1),
    ("a.pdf", "invoices", 1, "paragraph", "World.", 1),
]


def test_by_plain_sqlite(path):
    conn = sqlite3.connect(path)
    assert conn.execute(JOBS).fetchall() == SEEN_JOBS
    assert conn.execute(BLOCKS).fetchall() == SEEN_BLOCKS
    (when,) = conn.execute("SELECT created_at FROM v_jobs LIMIT 1").fetchone()
    assert when == "1970-01-12T13:46:40.000Z"
    names = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type='view'")}
    assert {"v_jobs", "v_blocks", "v_pages", "v_attempts"} <= names
    tries = conn.execute("SELECT file, attempt, outcome FROM v_attempts ORDER BY file").fetchall()
    assert tries == [("a.pdf", 1, "succeeded"), ("b.pdf", 1, "failed"), ("c.pdf", 1, None)]
    conn.close()


def test_by_sqlite_utils(path):
    db = Database(path)
    rows = list(db["v_jobs"].rows_where(order_by="number"))
    assert [(r["file"], r["status"]) for r in rows] == [(r[0], r[2]) for r in SEEN_JOBS]
    assert db["v_blocks"].count == 2
    db.close()


def test_by_duckdb(path):
    duckdb = pytest.importorskip("duckdb")
    conn = duckdb.connect(config={"autoinstall_known_extensions": False})
    try:
        conn.execute("LOAD sqlite")
    except duckdb.Error as exc:
        pytest.skip(f"DuckDB's extension for SQLite is not installed: {exc}")
    conn.execute(f"ATTACH '{path}' AS store (TYPE sqlite, READ_ONLY)")
    conn.execute("USE store")
    assert conn.execute(JOBS).fetchall() == SEEN_JOBS
    assert conn.execute(BLOCKS).fetchall() == SEEN_BLOCKS
    conn.close()


def test_no_view_shows_a_secret_or_a_token(path):
    conn = sqlite3.connect(path)
    columns = {
        row[1]
        for (view,) in conn.execute("SELECT name FROM sqlite_master WHERE type='view'").fetchall()
        for row in conn.execute(f"PRAGMA table_info({view})").fetchall()
    }
    conn.close()
    assert columns
    assert not {c for c in columns if "token" in c or "secret" in c or "key" in c}


def test_a_finished_job_takes_few_bytes(shelf, tmp_path):
    """In a batch, by a runner, with file name and attempt; without a result."""
    count = 5_000
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="mine", now=1.0)
    shelf.conn.execute("VACUUM INTO ?", [str(tmp_path / "before.db")])
    shelf.fill("echo", count, batch=batch, filename="annual report 2024.pdf")
    for job in shelf.claim(limit=count):
        shelf.now += 0.01
        with shelf.store.write(durable=False) as conn:
            queue.complete(conn, **held(job), result_id=None, pages=3, now=shelf.now)
    shelf.conn.execute("VACUUM INTO ?", [str(tmp_path / "after.db")])
    sizes = [(tmp_path / f"{name}.db").stat().st_size for name in ("before", "after")]
    each = (sizes[1] - sizes[0]) / count
    print(f"bytes a finished job: {each:.0f}")
    assert each <= BYTES_A_JOB
