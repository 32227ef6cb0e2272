"""Files made to do harm go the whole way: each ends with a code, and the next job goes on."""

from __future__ import annotations

import io
import socket
import sqlite3
import zipfile
from pathlib import Path

import hostile_made as hostile
import pytest

import toolkit
from toolkit.document.text import text_of
from toolkit.engine.ocr import available
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers import image, pdf
from toolkit.engine.source import Source
from toolkit.jobs.tool import Limits

COMPLETED = "completed"
EXPECTED: dict[str, tuple[bytes, set[str]]] = {
    "begun.png": (hostile.png(hostile.SIDE), {"IMAGE_TOO_LARGE"}),
    "whole.png": (hostile.png(hostile.SIDE, whole=True), {"IMAGE_TOO_LARGE"}),
    "words.png": (hostile.png(90, whole=True, extra=hostile.swollen_text()), {"DAMAGED_FILE"}),
    "says.jpg": (hostile.jpeg(hostile.SIDE), {"IMAGE_TOO_LARGE"}),
    "vast.tif": (hostile.tiff(4, 20_000), {"IMAGE_TOO_LARGE"}),
    "large.tif": (hostile.tiff(3, 12_000), {"DAMAGED_FILE"}),
    "loop.tif": (hostile.tiff(20, 64, loop=True), {COMPLETED}),
    "frames.gif": (hostile.gif(5000), {COMPLETED}),
    "count.jpg": (hostile.jpeg_with_exif([(274, 3, 2**31 - 1, 8), (34665, 4, 1, 8)]), {COMPLETED}),
    "circle.jpg": (hostile.jpeg_with_exif([(34665, 4, 1, 8), (330, 4, 60_000, 8)]), {COMPLETED}),
    "page.pdf": (hostile.scanned_pdf(hostile.SIDE), {COMPLETED}),
    "line.pdf": (hostile.scanned_pdf(hostile.SIDE * 1000, height=6), {COMPLETED}),
    "picture.pdf": (hostile.large_picture_pdf(hostile.SIDE), {COMPLETED}),
    "swollen.pdf": (hostile.swollen_pdf(400), {"MEMORY_EXCEEDED", "DAMAGED_FILE"}),
    "forms.pdf": (hostile.forms_in_forms(9, 10), {"MEMORY_EXCEEDED", "PAGE_TIMEOUT"}),
    "itself.pdf": (hostile.form_in_itself(), {COMPLETED}),
    "circle.pdf": (hostile.pages_in_a_circle(), {"DAMAGED_FILE"}),
    "brackets.pdf": (hostile.brackets(200_000), {COMPLETED}),
    "many.pdf": (hostile.one_page(hostile.stream(b""), pages=10_001), {"VALIDATION_ERROR"}),
    "picture-of-html.pdf": (b"<html><script>1</script></html>", {"UNSUPPORTED_FILE_TYPE"}),
    "drawing.pdf": (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        {"UNSUPPORTED_FILE_TYPE"},
    ),
    "laughs.pptx": (hostile.laughing_deck(), {"DAMAGED_FILE"}),
    "deep.pptx": (hostile.deep_deck(100_000), {COMPLETED}),
    "attribute.pptx": (hostile.long_attribute_deck(20), {COMPLETED}),
    "crowd.pptx": (hostile.crowded_deck(90), {"MEMORY_EXCEEDED", COMPLETED}),
    "too-many.pptx": (hostile.crowded_deck(120), {"FILE_TOO_LARGE"}),
    "lzma.pptx": (
        hostile.deck_with(hostile.FIRST_SLIDE, lambda old: old, method=zipfile.ZIP_LZMA),
        {COMPLETED},
    ),
    "good.pptx": (hostile.slides("the next job goes on"), {COMPLETED}),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """By name: the status or the code; and the most memory that any attempt took."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGEQUEUE_LINGER", "0")
        patch.setenv("PAGEQUEUE_SLOTS", "1")
        with toolkit.open(path) as ws:
            handed = [(name, content) for name, (content, _) in EXPECTED.items()]
            batch = ws.submit(handed).wait(timeout=400, progress=False)
            found = {one.filename: one.job.error_code or str(one.status) for one in batch}
            assert ws.doctor().sound
    with sqlite3.connect(path) as conn:
        (peak,) = conn.execute("SELECT max(peak_memory) FROM attempts").fetchone()
    return found, peak


@pytest.mark.parametrize("name", EXPECTED)
def test_every_bomb_has_its_outcome(outcomes, name):
    found, _ = outcomes
    assert found[name] in EXPECTED[name][1]


def test_no_child_takes_much_more_than_its_limit(outcomes):
    _, peak = outcomes
    # The watch looks twenty times a second.
    assert peak < Limits().memory + 512 * 2**20


def test_pages_without_end_come_to_the_deadline(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_LINGER", "0")
    limits = {"deadline": 3, "deadline_per_page": 0.0001, "attempts": 1}
    with toolkit.open(tmp_path / "pages.db") as ws:
        content = hostile.scanned_pdf(300, pages=10_000)
        (one,) = ws.submit(("scan.pdf", content), limits=limits).wait(timeout=120, progress=False)
        assert one.job.error_code == "TIMEOUT"


def test_links_out_of_a_file_are_never_followed(tmp_path):
    canary = tmp_path / "canary.txt"
    canary.write_text("never to be read")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        host = f"127.0.0.1:{server.getsockname()[1]}"
        targets = (f"http://{host}/a.png", canary.as_uri(), str(canary), rf"\\{host}\share\a.png")
        deck = parse(Source.from_bytes(hostile.linked_deck(*targets), "deck.pptx"), ParseOptions())
        listed = b"/Type/XObject/Subtype/Image/Width 9/Height 9/F<</FS/URL/F(http://%s/x)>>"
        file = hostile.one_page(
            hostile.stream(b"/P Do", b"/F(%s)" % str(canary).encode()),
            resources=b"/XObject<</P 4 0 R>>",
            more={4: hostile.stream(b"", listed % host.encode())},
        )
        page = parse(Source.from_bytes(file, "a.pdf"), ParseOptions())
        with pytest.raises(TimeoutError):
            server.accept()
    said = [text_of(block) for block in (*deck.blocks, *page.blocks)]
    assert "first slide" in said
    assert not any("never to be read" in text for text in said)


def test_a_page_that_is_a_line_is_a_picture_of_bounded_sides():
    reading = pdf.read(
        Source.from_bytes(hostile.scanned_pdf(29_000_000, height=6), "line.pdf"), ParseOptions()
    )
    assert max(reading.picture(1, 150).size) <= 16_000
    assert reading.sheet(1).proposals is None
    held = io.BytesIO(hostile.png(2_000_000, rows=1, whole=True))
    assert max(image.page_image(held.getvalue(), 1).size) <= 65_535


@pytest.mark.skipif(not available(), reason="the extra ocr is not installed")
def test_what_a_library_raises_beside_a_page_is_a_code(monkeypatch):
    import cv2

    def breaks(*_, **__):
        raise cv2.error("no such thing")

    monkeypatch.setattr(cv2, "connectedComponentsWithStats", breaks)
    made = parse(Source.from_bytes(hostile.scanned_pdf(300), "scan.pdf"), ParseOptions())
    assert "OCR_ERROR" in {failure.code for failure in made.extraction.per_page_failures}


@pytest.mark.parametrize("name", ["../../out.pdf", "/out.pdf", "a\0.pdf", "C:\\out.pdf"])
def test_members_of_archives_have_harmless_names(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo("#" * len(name)), b"%PDF-1.4 x")
    content = held.getvalue().replace(b"#" * len(name), name.encode())
    Path("db").mkdir()
    with toolkit.open("db/a.db", work=False) as ws:
        (one,) = ws.submit(("in.zip", content))
        assert one.filename in {"out.pdf", "a?.pdf"}
    assert [path.name for path in tmp_path.iterdir()] == ["db"]
