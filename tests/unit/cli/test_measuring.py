"""``pagequeue eval``: what it counts, and how it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from toolkit import samples

PAGE = "# Net\n\nIt rose.\n"


@pytest.fixture
def folders(tmp_path):
    for name in ("read", "truth"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "good.md").write_text(PAGE)
    (tmp_path / "truth" / "lost.md").write_text(PAGE)
    (tmp_path / "read" / "other.md").write_text("of no page")
    return tmp_path / "read", tmp_path / "truth"


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
    assert found["means"] == {"overall": 0.5, "nid": 0.5, "teds": None, "mhs": 0.5}
    assert set(found["pages"]) == {"good", "lost"}


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
        (("nowhere", "truth"), "PRED: nowhere is no folder"),
        (("--truth", "truth"), "--pdfs DIR"),
        (("read", "truth", "--pdfs", "read"), "--pdfs DIR"),
        (("--pdfs", "read", "--truth", "truth"), "no document of which there is a truth"),
        (("read", "empty"), "holds no .md file"),
    ],
)
def test_what_cannot_be_scored_is_said(pagequeue, folders, words, hint):
    Path("empty").mkdir()
    said = pagequeue("eval", *words)
    assert said.code == 2
    assert hint in said.err
    assert said.out == ""
