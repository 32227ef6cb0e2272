"""Opening a file: ours, older, newer, somebody else's, damaged, or in the wrong place."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from shelf import Shelf
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from toolkit.errors import (
    NewerSchema,
    StoreDamaged,
    ToolkitError,
    UnreadablePath,
    UnsuitableFile,
)
from toolkit.store import jobs, places, schema, stamp
from toolkit.store.invariants import violations
from toolkit.store.places import network_of, synced_by
from toolkit.store.store import Store


def foreign(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_a_new_file_is_ours_and_sound(tmp_path):
    with Store.open(tmp_path / "new.db") as store:
        assert violations(store) == []
        assert store.files == tmp_path / "new.files"
        assert store.read().execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store.read().execute("PRAGMA secure_delete").fetchone() == (1,)
        assert jobs.jobs(store.read()) == []
    with Store.open(tmp_path / "new.db", create=False):
        pass


def test_a_missing_file_is_not_made_unless_asked_for(tmp_path):
    with pytest.raises(UnreadablePath, match="no such file"):
        Store.open(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no/such/folder/x.db", "."])
def test_a_place_that_cannot_be_is_named(tmp_path, name):
    with pytest.raises(UnreadablePath):
        Store.open(tmp_path / name)


@pytest.mark.parametrize("place", ["/proc/x.db", "/sys/x.db"])
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_place_that_cannot_be_written_is_named(place):
    with pytest.raises(UnreadablePath):
        Store.open(place)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "loop"], ids=["too long", "NUL", "loop"])
@pytest.mark.parametrize("create", [True, False])
def test_a_path_that_no_system_takes_is_our_error(tmp_path, name, create):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ToolkitError):
        Store.open(f"{tmp_path}/{name}", create=create)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "jobs.db"
    Store.open(path).close()
    conn = foreign(path)
    conn.execute(f"PRAGMA user_version = {stamp.VERSION + 1}")
    conn.close()
    with pytest.raises(NewerSchema, match="upgrade"):
        Store.open(path)
    conn = foreign(path)
    assert conn.execute("PRAGMA user_version").fetchone() == (stamp.VERSION + 1,)
    conn.close()


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "theirs.db"
    conn = foreign(path)
    conn.execute("CREATE TABLE jobs (id, status)")
    conn.close()
    before = path.read_bytes()
    with pytest.raises(UnsuitableFile, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before
    assert not path.with_name("theirs.files").exists()


def test_a_database_with_another_programs_mark_is_refused(tmp_path):
    path = tmp_path / "theirs.db"
    conn = foreign(path)
    conn.execute("PRAGMA application_id = 1234")
    conn.execute("VACUUM")
    conn.close()
    with pytest.raises(UnsuitableFile):
        Store.open(path)


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"%PDF-1.7\n" * 1000,
        bytes(range(256)) * 64,
        b"SQLite format 3\0" + b"\xff" * 8000,
    ],
    ids=["short", "a PDF", "bytes", "a false header"],
)
def test_what_is_no_database_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "garbage.db"
    path.write_bytes(content)
    with pytest.raises(UnsuitableFile, match=r"garbage\.db"):
        Store.open(path)
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    with Store.open(path, create=False) as store:
        assert violations(store) == []


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_called_damaged(tmp_path, share):
    path = tmp_path / "jobs.db"
    Store.open(path).close()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreDamaged, match="doctor"):
        Store.open(path)


def test_two_files_do_not_share_a_folder_of_blobs(tmp_path):
    Store.open(tmp_path / "jobs.db").close()
    with pytest.raises(UnsuitableFile, match="another database"):
        Store.open(tmp_path / "jobs.sqlite")


def test_many_that_open_a_new_file_at_once_all_succeed(tmp_path):
    path = tmp_path / "jobs.db"
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: Store.open(path), range(8)))
    assert [violations(store) for store in stores] == [[]] * 8
    assert stores[0].read().execute("SELECT count(*) FROM this_file").fetchone() == (1,)
    for store in stores:
        store.close()


def test_a_closed_store_may_be_used_again(tmp_path):
    store = Store.open(tmp_path / "jobs.db")
    store.close()
    assert jobs.counts(store.read())["queued"] == 0
    store.close()
    store.close()


# -- places -------------------------------------------------------------------------------------

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/team rw - nfs4 server:/export rw
31 22 0:41 / /mnt/with\040space rw - cifs //server/share rw
32 22 0:42 / /home/ann/remote rw - fuse.sshfs ann@host: rw
33 30 8:2 / /mnt/team/local rw - ext4 /dev/sdb1 rw
34 22 0:43 / /home/ann/encrypted rw - fuse.gocryptfs x rw
35 22 0:44 / /over rw - nfs server:/x rw
36 22 8:3 / /over rw - ext4 /dev/sdc1 rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ann/x.db", None),
        ("/mnt/team/x.db", "nfs4"),
        ("/mnt/team/deep/er/x.db", "nfs4"),
        ("/mnt/teamwork/x.db", None),
        ("/mnt/with space/x.db", "cifs"),
        ("/home/ann/remote/x.db", "fuse.sshfs"),
        ("/home/ann/encrypted/x.db", None),
        ("/mnt/team/local/x.db", None),
        ("/over/x.db", None),
        ("//server/share/x.db", "a UNC share"),
    ],
)
def test_a_network_file_system_is_recognised(path, kind):
    assert network_of(PurePosixPath(path), MOUNTS) == kind


@pytest.mark.parametrize(
    ("folder", "product"),
    [
        ("OneDrive", "OneDrive"),
        ("OneDrive - Big Company", "OneDrive"),
        ("Dropbox", "Dropbox"),
        ("Dropbox (Personal)", "Dropbox"),
        ("Google Drive", "Google Drive"),
        ("iCloud Drive", "iCloud"),
        ("Mobile Documents", "iCloud"),
        ("Box Sync", "Box"),
        ("documents", None),
        ("my dropbox backups of 2020", None),
        ("toolbox", None),
    ],
)
def test_a_synced_folder_is_recognised(folder, product):
    assert synced_by(PurePosixPath("/home/ann") / folder / "deep" / "x.db") == product


def test_a_file_may_be_called_like_a_product():
    assert synced_by(PurePosixPath("/home/ann/dropbox")) is None


def test_a_store_in_a_synced_folder_is_refused_with_the_way_out(tmp_path):
    folder = tmp_path / "Dropbox"
    folder.mkdir()
    with pytest.raises(UnsuitableFile, match=r"Dropbox syncs.*~/pagequeue"):
        Store.open(folder / "jobs.db")
    assert list(folder.iterdir()) == []


def test_a_link_into_a_synced_folder_is_seen_through(tmp_path):
    (tmp_path / "OneDrive").mkdir()
    (tmp_path / "here").symlink_to(tmp_path / "OneDrive")
    with pytest.raises(UnsuitableFile, match="OneDrive"):
        Store.open(tmp_path / "here" / "jobs.db")


def test_a_store_on_a_network_file_system_is_refused_with_the_way_out(tmp_path, monkeypatch):
    mounts = f"1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / {tmp_path.resolve()} rw - nfs4 s:/x rw\n"
    monkeypatch.setattr(places, "_mounts", lambda: mounts)
    with pytest.raises(UnsuitableFile, match=r"network.*nfs4.*local folder"):
        Store.open(tmp_path / "jobs.db")
    assert list(tmp_path.iterdir()) == []


# -- migrations ---------------------------------------------------------------------------------


def steps() -> list[str]:
    return [step.name for step in schema.MIGRATIONS.pending(Database(memory=True))]


def test_there_are_as_many_migrations_as_the_stamp_says():
    assert len(steps()) == stamp.VERSION


def test_a_file_without_any_migration_becomes_the_same_as_a_new_one(tmp_path):
    """From the one before the first: an empty database, already in the mode of ours."""
    old = foreign(tmp_path / "old.db")
    old.execute("PRAGMA journal_mode = WAL")
    old.close()

    def laid_out(store: Store) -> list[tuple]:
        query = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
        return store.read().execute(query).fetchall()

    with Store.open(tmp_path / "old.db") as old, Store.open(tmp_path / "new.db") as new:
        assert laid_out(old) == laid_out(new)
        assert violations(old) == []


def with_one_more(monkeypatch, act) -> None:
    """This version's migrations and a further one, as the next version will have them."""
    further = Migrations("pagequeue")
    for step in schema.MIGRATIONS.pending(Database(memory=True)):
        further(name=step.name)(step.fn)
    further(name="9999_more")(act)
    monkeypatch.setattr(schema, "MIGRATIONS", further)
    monkeypatch.setattr(stamp, "VERSION", stamp.VERSION + 1)


def worked_with(path: Path) -> list[tuple]:
    """A store with jobs in several states; returns what they are."""
    shelf = Shelf(path)
    shelf.finished(b"x" * 70_000, content=b"in", filename="a.pdf", owner="ann")
    shelf.add(content=b"in", owner="ann")
    shelf.add()
    shelf.fail(shelf.only())
    shelf.add(secrets={"p": "x"})
    shelf.only()
    shelf.add()
    rows = shelf.conn.execute("SELECT * FROM jobs ORDER BY number").fetchall()
    shelf.store.close()
    return rows


def test_the_next_migration_finds_the_data_of_this_one(tmp_path, monkeypatch):
    path = tmp_path / "jobs.db"
    before = worked_with(path)

    def more(db: Database) -> None:
        db.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")

    with_one_more(monkeypatch, more)
    with Store.open(path) as store:
        rows = store.read().execute("SELECT * FROM jobs ORDER BY number").fetchall()
        assert rows == [(*row, None) for row in before]
        assert store.read().execute("PRAGMA user_version").fetchone() == (stamp.VERSION,)
        assert violations(store) == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "jobs.db"
    before = worked_with(path)

    def broken(db: Database) -> None:
        db.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")
        db.execute("UPDATE jobs SET filename = 'lost'")
        raise RuntimeError("half-way")

    with monkeypatch.context() as patched:
        with_one_more(patched, broken)
        with pytest.raises(RuntimeError, match="half-way"):
            Store.open(path)
    with Store.open(path) as store:
        assert store.read().execute("SELECT * FROM jobs ORDER BY number").fetchall() == before
        assert violations(store) == []


def test_a_current_file_is_opened_without_the_heavy_library(tmp_path):
    """sqlite-utils brings pandas along: half a second that no runner has to wait."""
    Store.open(tmp_path / "jobs.db").close()
    code = (
        "import sys; from toolkit.store.store import Store;"
        "Store.open(sys.argv[1]).close(); print('sqlite_utils' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "jobs.db")]
    assert subprocess.check_output(command, text=True, env=os.environ).strip() == "False"
