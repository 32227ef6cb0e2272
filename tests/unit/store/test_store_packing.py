"""A workspace as one file: what travels, what never does, and what is refused on arrival."""

from __future__ import annotations

import sqlite3
import zipfile
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import Shelf

from toolkit.errors import (
    DamagedFile,
    InvalidInput,
    JobNotFound,
    NewerSchema,
    StoreDamaged,
    ToolkitError,
    UnreadablePath,
    UnsuitableFile,
)
from toolkit.jobs import Tool
from toolkit.store import batches, blobs, jobs, results, schema, stamp, tools, travel
from toolkit.store import packing as packs
from toolkit.store.invariants import violations
from toolkit.store.packing import pack
from toolkit.store.store import Store
from toolkit.store.unpacking import unpack

NOW = 2_000_000.0


@pytest.fixture
def full(shelf):
    """A store with a job in every state, secrets, tokens, a running job and a purged one."""
    with shelf.store.write() as conn:
        batch = batches.create(conn, name="march", now=shelf.now)
    shelf.finished(b"r" * 100_000, content=b"source one", filename="one.pdf", batch=batch)
    purged = shelf.finished(b"purgedresult", content=b"purgedsource", filename="purgedname.pdf")
    shelf.finished(b"small", content=b"source two", filename="two.pdf")
    shelf.purge(purged)
    shelf.add(content=b"bad", filename="bad.pdf", batch=batch)
    shelf.fail(shelf.only())
    shelf.add(content=b"later", filename="later.pdf")
    shelf.postpone(shelf.only())
    shelf.add(content=b"running", filename="running.pdf", batch=batch)
    shelf.progress(shelf.only(), 50.0)
    shelf.cancel(shelf.add(content=b"no", filename="no.pdf").job_id)
    shelf.add(filename="far.pdf", url="https://example.org/far.pdf?sig=sesamesignature")
    shelf.add(
        content=b"locked",
        filename="locked.pdf",
        secrets={"password": "sesamepassword"},
        callback_url="https://example.org/sesamecallback",
        idempotency_key="sesamekey",
    )
    shelf.batch = batch
    return shelf


def opened(path) -> Store:
    return Store.open(path, create=False)


def there(store) -> list[tuple[str | None, str]]:
    return [(job.filename, str(job.status)) for job in jobs.jobs(store.read())]


def content_of(path: Path) -> bytes:
    """Every byte that the pack holds, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_what_was_packed_is_there_again(full, tmp_path):
    made = pack(full.store, tmp_path / "x.pagequeue", now=NOW)
    assert made.path.stat().st_size == made.size
    with opened(unpack(made.path, tmp_path / "there", now=NOW)) as store:
        assert violations(store) == []
        assert store.path == tmp_path / "there" / "x.db"
        assert there(store) == [
            ("one.pdf", "completed"),
            (None, "completed"),
            ("two.pdf", "completed"),
            ("bad.pdf", "failed"),
            ("later.pdf", "retrying"),
            ("running.pdf", "queued"),  # as if it had not been begun
            ("no.pdf", "cancelled"),
            ("far.pdf", "cancelled"),  # its address stayed at home
            ("locked.pdf", "queued"),
        ]
        one = jobs.jobs(store.read())[0]
        assert results.content(store, one.id) == b"r" * 100_000
        assert jobs.source_of(store, one).read_bytes() == b"source one"
    assert violations(full.store) == []
    assert [name.name for name in (full.store.files / "drafts").iterdir()] == []


def test_what_never_travels(full, tmp_path):
    with full.store.write() as conn:
        tools.register(conn, Tool(name="mine", target="pickle:c2VzYW1lY29kZQ==#" + "5e5a" * 16))
        tools.register(conn, Tool(name="hers", target="her.module:run#" + "5e5a" * 16))
        (secret,) = conn.execute("SELECT secret FROM this_file").fetchone()
        (identity,) = conn.execute("SELECT identity FROM this_file").fetchone()
        hashes = [row[0] for row in conn.execute("SELECT token_hash FROM jobs").fetchall()]
        conn.execute("CREATE TABLE mine (note TEXT)")
        conn.execute("INSERT INTO mine VALUES ('sesamenote')")
    raw = content_of(pack(full.store, tmp_path / "x.pagequeue", now=NOW).path)
    for word in ("sesame", "c2VzYW1l", "5e5a5e5a", "purgedname", "purgedsource", identity):
        assert word.encode() not in raw, word
    for token in [secret, *hashes]:
        assert token not in raw
    with opened(unpack(tmp_path / "x.pagequeue", tmp_path / "there", now=NOW)) as store:
        conn = store.read()
        assert tools.tool(conn, "mine").target == "pickle:"
        assert tools.tool(conn, "hers").target == "her.module:run"
        for table in travel.STAY:
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


def test_every_table_is_known_to_travel_or_to_stay(shelf):
    found = {name for kind, name, _, _ in travel.schema_of(shelf.conn) if kind == "table"}
    assert found == travel.TRAVEL | travel.STAY


def test_every_version_of_the_schema_can_be_made_anew(shelf):
    assert schema.fresh(stamp.VERSION) == travel.schema_of(shelf.conn)
    assert schema.fresh(1) != schema.fresh(stamp.VERSION)


def test_one_batch(full, tmp_path):
    made = pack(full.store, tmp_path / "x.pagequeue", now=NOW, batch=full.batch)
    assert made.jobs == 3
    raw = content_of(made.path)
    assert b"source two" not in raw
    assert b"two.pdf" not in raw
    with opened(unpack(made.path, tmp_path / "there", now=NOW)) as store:
        assert violations(store) == []
        assert [name for name, _ in there(store)] == ["one.pdf", "bad.pdf", "running.pdf"]
        assert sum(jobs.counts(store.read(), batch=full.batch).values()) == 3
        assert sum(jobs.counts(store.read()).values()) == 3


def test_without_sources(full, tmp_path):
    made = pack(full.store, tmp_path / "x.pagequeue", now=NOW, sources=False)
    raw = content_of(made.path)
    for source in (b"source one", b"source two", b"running\0", b"locked\0"):
        assert source not in raw
    with opened(unpack(made.path, tmp_path / "there", now=NOW)) as store:
        assert violations(store) == []
        assert {state for _, state in there(store)} == {"completed", "failed", "cancelled"}
        assert jobs.source_of(store, jobs.jobs(store.read())[0]) is None


def test_a_pack_can_be_packed_again(full, tmp_path):
    first = pack(full.store, tmp_path / "x.pagequeue", now=NOW).path
    with opened(unpack(first, tmp_path / "there", now=NOW)) as store:
        second = pack(store, tmp_path / "y.pagequeue", now=NOW).path
        before = there(store)
    with opened(unpack(second, tmp_path / "there", now=NOW)) as store:
        assert there(store) == before
        assert violations(store) == []


def test_nothing_is_overwritten(full, tmp_path):
    path = pack(full.store, tmp_path / "x.pagequeue", now=NOW).path
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="is there already"):
        pack(full.store, path, now=NOW)
    assert path.read_bytes() == before
    for taken in ("x.db", "x.files"):
        folder = tmp_path / f"there {taken}"
        folder.mkdir()
        (folder / taken).write_bytes(b"mine")
        with pytest.raises(InvalidInput, match="is there already"):
            unpack(path, folder, now=NOW)
        assert [entry.name for entry in folder.iterdir()] == [taken]


def test_what_cannot_be_packed_is_said(full, tmp_path):
    with pytest.raises(JobNotFound):
        pack(full.store, tmp_path / "x.pagequeue", now=NOW, batch="bat_none")
    with pytest.raises(UnreadablePath):
        pack(full.store, tmp_path / "nowhere" / "x.pagequeue", now=NOW)
    digest = sha256(b"source one").hexdigest()
    blobs.path(full.store, digest).write_bytes(b"source 0ne")
    with pytest.raises(StoreDamaged, match=digest):
        pack(full.store, tmp_path / "x.pagequeue", now=NOW)
    blobs.path(full.store, digest).unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        pack(full.store, tmp_path / "x.pagequeue", now=NOW)
    assert not list(tmp_path.glob("*pagequeue*"))


def test_a_purge_meanwhile_is_packed_as_a_purge(full, tmp_path, monkeypatch):
    write, calls = packs._write, []

    def slow(store, *rest):
        if not calls:
            calls.append(1)
            full.purge(jobs.jobs(store.read())[0].id)
        return write(store, *rest)

    monkeypatch.setattr(packs, "_write", slow)
    path = pack(full.store, tmp_path / "x.pagequeue", now=NOW).path
    assert b"source one" not in content_of(path)
    with opened(unpack(path, tmp_path / "there", now=NOW)) as store:
        assert there(store)[0] == (None, "completed")


def test_progress_counts_bytes_to_the_end(full, tmp_path):
    told = []
    path = pack(
        full.store, tmp_path / "x.pagequeue", now=NOW, report=lambda *p: told.append(p)
    ).path
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
    told.clear()
    unpack(path, tmp_path / "there", now=NOW, report=lambda *p: told.append(p))
    assert told[-1][0] == told[-1][1]


# --- hostile packs ----------------------------------------------------------------------------


def rebuilt(path: Path, change) -> Path:
    """The pack with its entries as *change* (a dict of name to bytes) leaves them."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    target = path.with_name("hostile.pagequeue")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target


def relisted(entries) -> None:
    """Let the manifest tell the truth about what was changed, as a careful sender would."""
    manifest = msgspec.json.decode(entries["manifest.json"])
    manifest["parts"] = [
        {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()}
        for name, content in entries.items()
        if name != "manifest.json"
    ]
    entries["manifest.json"] = msgspec.json.encode(manifest)


def with_database(path: Path, *statements: str) -> Path:
    """The pack with *statements* run on its database, and all hashes made right again."""

    def change(entries):
        draft = path.with_name("hostile.db")
        draft.write_bytes(entries["workspace.db"])
        conn = sqlite3.connect(draft, isolation_level=None)
        for statement in statements:
            conn.execute(statement)
        conn.close()
        entries["workspace.db"] = draft.read_bytes()
        draft.unlink()
        relisted(entries)

    return rebuilt(path, change)


@pytest.fixture
def packed(full, tmp_path):
    return pack(full.store, tmp_path / "x.pagequeue", now=NOW).path


def refused(path, tmp_path, error=UnsuitableFile) -> str:
    """What is said of the pack; nothing of it stays."""
    folder = tmp_path / "there"
    with pytest.raises(error) as told:
        unpack(path, folder, now=NOW)
    assert list(folder.iterdir()) == []
    return str(told.value)


def add(entries, name, content=b"x", *, listed=True):
    entries[name] = content
    if listed:
        relisted(entries)


@pytest.mark.parametrize(
    "name",
    [
        "../evil.db",
        "/evil.db",
        "blobs/../../evil",
        "blobs/" + "A" * 64,
        "blobs/" + "0" * 64,  # not the hash of its bytes
        "evil.txt",
        "workspace.db-wal",
        "C:\\evil",
    ],
)
def test_names_that_no_pack_has(packed, tmp_path, name):
    hostile = rebuilt(packed, lambda entries: add(entries, name))
    assert "which no pack does" in refused(hostile, tmp_path)
    assert not list(tmp_path.rglob("*evil*"))


def test_parts_that_are_not_listed_or_not_there(packed, tmp_path):
    refused(rebuilt(packed, lambda e: add(e, "more", listed=False)), tmp_path)
    refused(rebuilt(packed, lambda e: e.pop("workspace.db")), tmp_path)
    refused(rebuilt(packed, lambda e: (e.pop("workspace.db"), relisted(e))), tmp_path)
    blob = next(name for name in zipfile.ZipFile(packed).namelist() if name.startswith("blobs/"))
    assert "missing" in refused(rebuilt(packed, lambda e: (e.pop(blob), relisted(e))), tmp_path)


def test_a_blob_that_nothing_speaks_of(packed, tmp_path):
    name = "blobs/" + sha256(b"stowaway").hexdigest()
    hostile = rebuilt(packed, lambda e: add(e, name, b"stowaway"))
    assert "a file that no blob has" in refused(hostile, tmp_path)


def test_bytes_that_are_not_what_the_manifest_says(packed, tmp_path):
    def change(entries):
        blob = next(name for name in entries if name.startswith("blobs/"))
        entries[blob] = bytes(len(entries[blob]))

    assert "is not what the manifest says" in refused(
        rebuilt(packed, change), tmp_path, DamagedFile
    )


def test_a_part_that_is_larger_than_it_says(packed, tmp_path):
    def change(entries):
        entries["workspace.db"] += bytes(10**6)

    refused(rebuilt(packed, change), tmp_path, ToolkitError)


def test_a_pack_larger_than_the_disk(packed, tmp_path):
    def change(entries):
        manifest = msgspec.json.decode(entries["manifest.json"])
        manifest["parts"][0]["size"] = 2**60
        entries["manifest.json"] = msgspec.json.encode(manifest)

    assert "are free" in refused(rebuilt(packed, change), tmp_path, UnreadablePath)


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[]", b"\xff", b'{"format": 5}', b"[" * 10**5])
def test_a_manifest_that_is_none(packed, tmp_path, manifest):
    refused(rebuilt(packed, lambda e: e.update({"manifest.json": manifest})), tmp_path)


def test_a_newer_pack_says_to_update(packed, tmp_path):
    def change(entries):
        manifest = msgspec.json.decode(entries["manifest.json"]) | {"schema": stamp.VERSION + 1}
        entries["manifest.json"] = msgspec.json.encode(manifest)

    assert "update with" in refused(rebuilt(packed, change), tmp_path, NewerSchema)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER evil AFTER UPDATE ON jobs BEGIN DELETE FROM batches; END",
        "CREATE VIEW evil AS SELECT 1",
        "CREATE TABLE evil (x)",
        "CREATE VIRTUAL TABLE evil USING fts5(x)",
        "CREATE INDEX evil ON jobs(lower(filename))",
        "DROP TRIGGER jobs_stay",
        "ALTER TABLE reviews ADD COLUMN evil TEXT",
        "PRAGMA application_id = 5",
        f"PRAGMA user_version = {stamp.VERSION + 1}",
    ],
)
def test_a_database_with_parts_that_are_not_ours(packed, tmp_path, statement):
    refused(with_database(packed, statement), tmp_path)


def test_a_trigger_under_a_name_of_sqlites_own(packed, tmp_path):
    hostile = with_database(
        packed,
        "CREATE TRIGGER evil AFTER UPDATE ON jobs BEGIN DELETE FROM batches; END",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET name = 'sqlite_evil',"
        " sql = replace(sql, 'TRIGGER evil', 'TRIGGER sqlite_evil') WHERE name = 'evil'",
    )
    refused(hostile, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET options = 'no json' WHERE number = 1",
        "UPDATE jobs SET limits = '5' WHERE number = 1",
        "UPDATE tools SET limits = '5'",
        "INSERT INTO presentations VALUES (1, '[5]')",
        "UPDATE jobs SET created_at = -9e300 WHERE number = 1",
        "UPDATE jobs SET retain = 9e999 WHERE number = 1",
        "UPDATE attempts SET ended_at = 9e15",
        "UPDATE batches SET queued = 7",
        "UPDATE blobs SET size = size + 1",
        "INSERT INTO blocks (result, page, reading_order_index, block_id, type, text, text_source,"
        " confidence, x0, y0, x1, y1) VALUES (99, 1, 1, 'b', 't', '', 's', 1, 0, 0, 0, 0)",
    ],
)
def test_a_database_that_breaks_its_laws(packed, tmp_path, statement):
    assert "is not sound" in refused(with_database(packed, statement), tmp_path)


def test_what_would_act_here_is_taken_out(packed, tmp_path):
    hostile = with_database(
        packed,
        "INSERT INTO outbox (delivery_id, job, event, url, body, created_at, due_at)"
        " VALUES ('d', 1, 'e', 'http://evil', x'62', 1, 1)",
        "INSERT INTO runners VALUES ('r', 1, 1.0, 'here', 1, 9, 1.0, 9e9)",
        "UPDATE jobs SET callback_url = 'http://evil'",
        "INSERT INTO addresses SELECT number, 'http://evil' FROM jobs WHERE filename = 'later.pdf'",
        "UPDATE this_file SET births_counted_at_once = 1",
    )
    with opened(unpack(hostile, tmp_path / "there", now=NOW)) as store:
        conn = store.read()
        assert violations(store) == []
        for table in travel.STAY:
            assert conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
        assert conn.execute("SELECT count(callback_url) FROM jobs").fetchone() == (0,)
        assert conn.execute("SELECT births_counted_at_once FROM this_file").fetchone() == (0,)


def test_what_is_no_pack(tmp_path):
    for number, content in enumerate((b"", b"words", b"PK\x05\x06" + bytes(18))):
        path = tmp_path / f"{number}.pagequeue"
        path.write_bytes(content)
        refused(path, tmp_path, ToolkitError)
    with pytest.raises(UnreadablePath):
        unpack(tmp_path / "none.pagequeue", tmp_path, now=NOW)
    with pytest.raises(UnsuitableFile, match="Dropbox"):
        unpack(tmp_path / "0.pagequeue", tmp_path / "Dropbox", now=NOW)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999999), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_an_error_of_ours_and_leaves_nothing(hits):
    with TemporaryDirectory() as place:
        shelf = Shelf(Path(place) / "jobs.db")
        shelf.finished(b"r" * 70_000, content=b"source")
        path = pack(shelf.store, Path(place) / "x.pagequeue", now=NOW).path
        shelf.store.close()
        broken = bytearray(path.read_bytes())
        for place_of_hit, byte in hits:
            broken[int(place_of_hit * len(broken))] = byte
        path.write_bytes(broken)
        folder = Path(place) / "there"
        try:
            unpack(path, folder, now=NOW)
        except ToolkitError:
            assert list(folder.iterdir()) == []
        else:  # where nothing that matters was hit
            with opened(folder / "x.db") as store:
                assert violations(store) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["add", "claim", "complete", "fail", "postpone", "cancel", "purge"]),
        max_size=25,
    ),
    st.booleans(),
)
def test_whatever_happened_the_copy_is_sound(steps, sources):
    with TemporaryDirectory() as place:
        shelf = Shelf(Path(place) / "jobs.db")
        held: list = []
        for step, number in zip(steps, range(100), strict=False):
            shelf.now += 1
            ids = jobs.job_ids(shelf.conn)
            match step:
                case "add":
                    shelf.add(content=b"source %d" % (number % 5), filename=f"{number}.pdf")
                case "claim":
                    held += shelf.claim()
                case "complete" | "fail" | "postpone" if held:
                    getattr(shelf, step)(held.pop())
                case "cancel" if waiting := jobs.job_ids(shelf.conn, status="queued"):
                    shelf.cancel(waiting[-1])
                case "purge" if ids and not held:
                    shelf.purge(ids[0])
        before = jobs.jobs(shelf.conn)
        path = pack(shelf.store, Path(place) / "x.pagequeue", now=shelf.now, sources=sources).path
        with opened(unpack(path, Path(place) / "there", now=shelf.now)) as store:
            assert violations(store) == []
            after = jobs.jobs(store.read())
            assert [job.id for job in after] == [job.id for job in before]
            for old, new in zip(before, after, strict=True):
                if old.ended:
                    assert new.status == old.status
                    assert new.has_result == old.has_result
        assert violations(shelf.store) == []
        shelf.store.close()
