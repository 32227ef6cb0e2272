"""Pictures of pages: kept with their blob, gone with it, and never too many."""

from __future__ import annotations

import os

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

import toolkit
from toolkit.errors import PageUnreadable, PasswordProtected, ResultGone, ToolkitError
from toolkit.samples import write
from toolkit.store import erasures, previews


@pytest.fixture(scope="module")
def invoice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    made = write(folder)
    return next(one.path.read_bytes() for one in made if one.path.name.startswith("invoice"))


@pytest.fixture
def ws(tmp_path):
    with toolkit.open(tmp_path / "queue.db", work=False) as workspace:
        yield workspace


def pictures(ws):
    return sorted(file.name for file in (ws.store.files / "previews").rglob("*.webp"))


def test_a_page_is_drawn_once_and_kept(ws, invoice, monkeypatch):
    [job] = ws.submit(("invoice.pdf", invoice))
    made = ws.page_image(job.id, 1, width=300)
    assert made[:4] == b"RIFF"
    assert made[8:12] == b"WEBP"
    assert pictures(ws) == ["1-300-1.webp"]
    monkeypatch.setattr("toolkit.workspace.previewing.direct.run", None)
    assert ws.page_image(job.id, 1, width=300) == made
    with pytest.raises(TypeError):
        ws.page_image(job.id, 1, width=301)


def test_a_page_that_is_not_there_is_said(ws, invoice):
    [job, text] = ws.submit([("invoice.pdf", invoice), ("notes.pdf", b"only words")])
    with pytest.raises(PageUnreadable, match="page 7: the file has 1"):
        ws.page_image(job.id, 7)
    with pytest.raises(ToolkitError):
        ws.page_image(text.id, 1)
    assert pictures(ws) == []


def test_a_purge_takes_the_pictures_along(ws, invoice):
    [job] = ws.submit(("invoice.pdf", invoice))
    ws.page_image(job.id, 1, width=300)
    sha256 = ws.look(job.id).sha256
    ws.purge([job.id])
    assert pictures(ws) == []
    with pytest.raises(ResultGone, match="was purged"):
        ws.page_image(job.id, 1, width=300)
    # one that was being drawn meanwhile is not kept any more
    previews.keep(ws.store, b"late", job_id=job.id, sha256=sha256, name="1-300-1.webp")
    assert list((ws.store.files / "previews").rglob("*.*")) == []


def test_pictures_stay_while_another_job_has_the_file(ws, invoice):
    [one] = ws.submit(("a.pdf", invoice))
    [two] = ws.submit(("b.pdf", invoice), bypass_cache=True)
    ws.page_image(one.id, 1, width=300)
    ws.purge([one.id])
    assert pictures(ws) == ["1-300-1.webp"]
    ws.purge([two.id])
    assert pictures(ws) == []


def test_what_a_crash_left_is_swept(ws):
    stray = ws.store.files / "previews" / "ab" / ("ab" * 32)
    other = ws.store.files / "previews" / "xx" / "mine"
    for folder in (stray, other):
        folder.mkdir(parents=True)
        (folder / "1-300-1.webp").write_bytes(b"x")
    erasures.sweep(ws.store, now=0.0)
    assert not stray.exists()
    assert other.exists(), "a name that we do not give is somebody else's"


def test_the_oldest_go_when_there_are_many(ws, invoice, monkeypatch):
    [job] = ws.submit(("invoice.pdf", invoice))
    sha256 = ws.look(job.id).sha256
    for number in range(8):
        name = f"{number}-300-1.webp"
        previews.keep(ws.store, b"x" * 100, job_id=job.id, sha256=sha256, name=name)
        place = next((ws.store.files / "previews").rglob(name))
        os.utime(place, (number, number))
    monkeypatch.setattr(previews, "MOST_BYTES", 600)
    assert previews.found(ws.store, sha256=sha256, name="0-300-1.webp") == b"x" * 100
    previews._trim(ws.store)
    assert pictures(ws) == ["0-300-1.webp", "6-300-1.webp", "7-300-1.webp"]


def test_an_encrypted_file_needs_its_password_and_is_not_kept(ws, tmp_path):
    locked = tmp_path / "locked.pdf"
    canvas = Canvas(str(locked), encrypt=StandardEncryption("secret", "owner", strength=128))
    canvas.drawString(72, 700, "Secret words")
    canvas.save()
    [job] = ws.submit(locked)
    with pytest.raises(PasswordProtected):
        ws.page_image(job.id, 1)
    assert ws.page_image(job.id, 1, password="secret")[:4] == b"RIFF"
    assert pictures(ws) == []
