"""``pagequeue eval``: what it counts, and how it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from toolkit import samples
from toolkit.engine import ocr

PAGE = "# Net\n\nIt rose.\n"


@pytest.fixture
def folders(tmp_path):
    for name in ("read", "truth"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "good.md").write_text(PAGE)
    (tmp_path / "truth" / "lost.md").write_text(PAGE)
    (tmp_path / "read" / "other.md").write_text("of no page")
    return tmp_path / "read", tmp_path / "truth"


@pytest.fixture
def labelled(tmp_path):
    """A form, and a truth of which a part is hostile."""
    samples.write(tmp_path / "documents", only=["form"])
    (tmp_path / "truth").mkdir()
    heading = "# Application for a library card\n"
    (tmp_path / "truth" / "form.md").write_text(f"{heading}\n<img src=x onerror=alert(1)>\n")
    return tmp_path


def test_a_page_without_a_reading_counts(pagequeue, folders):
    said = pagequeue("eval", *folders)
    assert said.code == 0
    assert re.search(r"lost\s+0.0000\s+0.0000\s+0.0000", said.out)
    assert re.search(r"good\s+1.0000\s+1.0000\s+1.0000", said.out)
    assert said.out.index("lost") < said.out.index("good")
    assert "2 pages, 1 of them without a reading" in said.out
    assert re.search(r"means\s+overall.*\s+0.5000\s+0.5000\s+0.5000", said.out)
    assert "other" not in said.out


def test_as_json(pagequeue, folders):
    found = json.loads(pagequeue("eval", *folders, "--json").out)
    assert found["means"] == {
        "overall": 0.5,
        "nid": 0.5,
        "teds": None,
        "mhs": 0.5,
        "teds_s": None,
    }
    assert set(found["pages"]) == {"good", "lost"}


def test_headings_and_folds_are_told(pagequeue, folders):
    said = pagequeue("eval", *folders, "--folds", 2, "--worst", 1)
    assert "headings: precision 1.000, recall 0.500, F1 0.667 (1 right of 1 said and 2 there)" in (
        said.out
    )
    assert "overall by part: 0.0000 to 1.0000, spread 0.7071" in said.out
    assert "good" not in said.out
    assert "lost" in said.out


def test_a_folder_of_documents_is_found_out(pagequeue, labelled):
    said = pagequeue("eval", "documents", "--truth", "truth", "--pictures", "look")
    assert said.code == 0
    assert re.search(r"trust: [01]\.\d+ of the characters and \d+ of \d+ blocks .* 0 ex", said.out)
    assert re.search(r"calibration\s+confidence\s+blocks\s+said\s+right", said.out)
    assert re.search(
        r"cost: \d+\.\d+ CPU s a page .* peak memory of a process \d+\.\d [MG]B", said.out
    )
    assert "reading 1 document" in said.err
    page = (labelled / "look" / "form.html").read_text()
    assert "data:image/webp;base64," in page
    assert "default-src 'none'; img-src data:" in page
    assert "<del>" in page
    assert "onerror=alert(1)" in page
    assert "<img src=x" not in page
    assert "<script" not in page
    assert 'href="form.html"' in (labelled / "look" / "index.html").read_text()


def test_options_and_json(pagequeue, labelled):
    said = pagequeue("eval", "documents", "--truth", "truth", "-o", "pages=9", "--json")
    assert "error[" in said.err
    assert json.loads(said.out)["pages"]["form"]["overall"] == 0.0
    found = json.loads(pagequeue("eval", "documents", "--truth", "truth", "--json").out)
    assert set(found) == {"means", "headings", "trust", "calibration", "cost", "pages"}
    assert found["trust"]["exceptions"] == []
    assert found["headings"]["recall"] == 1.0
    assert sum(one["blocks"] for one in found["calibration"]["bins"]) > 5
    assert found["cost"]["peak_memory"] > 30_000_000


def test_markdown_among_documents_is_not_taken_for_readings(pagequeue, labelled):
    (labelled / "documents" / "notes.md").write_text("notes")
    said = pagequeue("eval", "documents", "--truth", "truth")
    assert said.code == 2
    assert "--pdfs documents reads the documents" in said.err
    assert pagequeue("eval", "--pdfs", "documents", "--truth", "truth").code == 0


@pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
def test_pages_are_read_as_pictures(pagequeue, labelled):
    words = ("eval", "documents", "--truth", "truth", "--rasterise", "150", "--json")
    found = json.loads(pagequeue(*words).out)
    assert found["trust"]["verified"] == 0
    assert found["characters"]["wanted"] > 200
    assert found["characters"]["error_rate"] < 0.03
    (labelled / "spoken").mkdir()
    (labelled / "spoken" / "form.txt").write_text("Zebras never eat quiet violins\n")
    found = json.loads(pagequeue(*words, "--ocr-truth", "spoken").out)
    assert found["characters"]["missed_share"] == 1.0


def test_documents_are_read_now(pagequeue, tmp_path):
    samples.write(tmp_path / "documents", only=["form", "invoice"])
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "form.md").write_text("# Application for a library card\n")
    said = pagequeue("eval", "--pdfs", "documents", "--truth", "truth", "--json")
    found = json.loads(said.out)
    assert set(found["pages"]) == {"form"}
    assert 0 < found["pages"]["form"]["overall"] < 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((), "TRUTH: nothing is no folder"),
        (("read",), "TRUTH: nothing is no folder"),
        (("read", "nowhere"), "TRUTH: nowhere is no folder"),
        (("nowhere", "truth"), "FOLDER: nowhere is no folder"),
        (("--truth", "truth"), "--pdfs DIR"),
        (("read", "truth", "--pdfs", "read"), "--pdfs DIR"),
        (("--pdfs", "read", "--truth", "truth"), "no document of which there is a truth"),
        (("read", "empty"), "holds no .md file"),
        (("read", "truth", "--rasterise", "150"), "for documents, and these are Markdown"),
        (("read", "truth", "--folds", "3"), "folds=3"),
        (("empty", "truth"), "no document of which there is a truth"),
    ],
)
def test_what_cannot_be_scored_is_said(pagequeue, folders, words, hint):
    Path("empty").mkdir()
    said = pagequeue("eval", *words)
    assert said.code == 2
    assert hint in said.err
    assert said.out == ""
