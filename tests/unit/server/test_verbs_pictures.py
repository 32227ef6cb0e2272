"""Pictures of pages and of blocks over HTTP."""

from __future__ import annotations

import asyncio
import base64
import time
from io import BytesIO

import httpx
import pytest
from made import block, document
from PIL import Image
from verbs_room import SETTINGS, app, done, job, opened

from toolkit import samples
from toolkit.document import wire
from toolkit.document.blocks import Image as ImageBlock
from toolkit.document.blocks import Paragraph, TextSource
from toolkit.server.verbs import Verbs
from toolkit.store import blobs, erasures


@pytest.fixture
def store(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with opened(tmp_path) as store:
        yield store
    from toolkit.runner import direct

    direct.close()


@pytest.fixture
def get(store):
    def send(path, **headers):
        async def main():
            verbs = Verbs(store, SETTINGS, work=False)
            transport = httpx.ASGITransport(app(verbs))
            async with verbs, httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                told = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.get(path, headers=told)

        return asyncio.run(main())

    return send


@pytest.fixture
def pdf(store, tmp_path):
    """A job with a small PDF."""
    samples.write(tmp_path / "made")
    content = (tmp_path / "made" / "invoice_401.pdf").read_bytes()
    return job(store, sha256=blobs.add_bytes(store, content), size=len(content))


def test_a_page_is_a_png_of_the_width_asked_for(store, get, pdf):
    answer = get(f"/{pdf}/pages/1?width=300")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    image = Image.open(BytesIO(answer.content))
    assert (image.format, image.width) == ("PNG", 300)
    again = get(f"/{pdf}/pages/1?width=300", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    for page in (0, 99, 10**12):
        assert get(f"/{pdf}/pages/{page}").status_code == 404
    erasures.purge(store, job_id=pdf, now=time.time())
    assert get(f"/{pdf}/pages/1?width=300").status_code == 410


def test_a_file_that_is_missing_is_gone_and_its_place_is_not_told(store, get, tmp_path):
    lost = job(store, sha256=blobs.add_bytes(store, b"%PDF-1.7 lost"), size=13)
    for blob in (store.files / "blobs").glob("*/*"):
        blob.unlink()
    answer = get(f"/{lost}/pages/1")
    assert answer.status_code == 410
    assert str(tmp_path) not in answer.text


def test_what_cannot_be_drawn_is_the_files_fault(store, get):
    broken = job(store, sha256=blobs.add_bytes(store, b"%PDF-1.7 no more"), size=8)
    assert get(f"/{broken}/pages/1").status_code == 400
    assert get(f"/{job(store)}/pages/1").status_code == 400  # it has no file


def picture(kind):
    written = BytesIO()
    Image.new("RGB", (4, 4), "red").save(written, kind)
    return written.getvalue()


def test_a_blocks_picture_comes_in_its_own_type(store, get):
    pictures = {kind: picture(kind) for kind in ("PNG", "JPEG", "WEBP")}
    hostile = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    held = [*pictures.values(), hostile]
    made = document(
        [
            block(
                ImageBlock,
                image_b64=base64.b64encode(content).decode(),
                text_source=TextSource.DERIVED,
                proof=None,
            )
            for content in held
        ],
        [block(Paragraph, text="none here")],
    )
    one = done(store, wire.encode(made), wire.MEDIA_TYPE)
    types = ["image/png", "image/jpeg", "image/webp", "application/octet-stream"]
    for found, content, kind in zip(made.pages[0].blocks, held, types, strict=True):
        answer = get(f"/{one}/images/{found.id}")
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == kind
        assert "sandbox" in answer.headers["content-security-policy"]
    for missing in (made.pages[1].blocks[0].id, "blk_000000000000", "x" * 200):
        assert get(f"/{one}/images/{missing}").status_code == 404
    once = done(store, wire.encode(made), wire.MEDIA_TYPE, one_time=True)
    assert get(f"/{once}/images/{made.pages[0].blocks[0].id}").status_code == 404
    assert get(f"/{job(store)}/images/x").status_code == 409
