"""What may be handed in, and what becomes of what may not."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from toolkit.errors import InvalidInput
from toolkit.workspace.inputs import gather


def offers(inputs, wanted=lambda path: path.suffix == ".pdf", **how):
    return list(gather(inputs, wanted=wanted, **how))


def names(inputs, **how):
    return [o.filename for o in offers(inputs, **how) if o.refused is None and not o.left_out]


def refusals(inputs, **how):
    return [(o.filename, o.refused.code) for o in offers(inputs, **how) if o.refused is not None]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.pdf", "a.pdf", "sub/c.pdf", "sub/notes.txt", ".hidden/d.pdf", ".e.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"%PDF-1.4")
    return tmp_path


def test_a_path(folder):
    assert names("a.pdf") == ["a.pdf"]
    assert names(Path("a.pdf")) == ["a.pdf"]
    assert offers("a.pdf")[0].origin == "a.pdf"


def test_a_home_path(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert names("~/a.pdf") == ["a.pdf"]


def test_a_pattern_is_sorted_and_recursive(folder):
    assert names("*.pdf") == ["a.pdf", "b.pdf"]
    assert names("**/*.pdf") == ["a.pdf", "b.pdf", "c.pdf"]
    assert names(str(folder / "**" / "*.pdf")) == ["a.pdf", "b.pdf", "c.pdf"]


def test_a_file_whose_name_looks_like_a_pattern(folder):
    (folder / "report[1].pdf").write_bytes(b"%PDF-1.4")
    assert names("report[1].pdf") == ["report[1].pdf"]


def test_a_folder_gives_documents_and_counts_the_rest(folder):
    assert names(folder) == ["a.pdf", "b.pdf", "c.pdf"]
    assert [o.filename for o in offers(folder) if o.left_out] == ["notes.txt"]


def test_a_folder_with_nothing_in_it_is_said(folder):
    (folder / "empty").mkdir()
    assert refusals("empty") == [("empty", "UNREADABLE_PATH")]


def test_what_is_hidden_is_passed_over_in_folders(folder):
    assert names(folder, hidden=lambda path: path.name == "a.pdf") == ["b.pdf", "c.pdf"]


def test_bytes_are_named_by_what_is_in_them():
    (first,), (again,), (other,) = offers(b"%PDF-1"), offers(bytearray(b"%PDF-1")), offers(b"x")
    assert first.filename == again.filename
    assert first.filename.endswith(".pdf")
    assert other.filename.endswith(".bin")
    assert first.content == b"%PDF-1"


def test_bytes_with_a_name():
    (pair,) = offers(("folder/invoice.pdf", b"%PDF"))
    assert (pair.filename, pair.content) == ("invoice.pdf", b"%PDF")
    assert names({"x.pdf": b"1", "y.pdf": b"2"}) == ["x.pdf", "y.pdf"]


def test_an_open_file(folder):
    with Path("a.pdf").open("rb") as file:
        (offer,) = offers(file)
    assert (offer.filename, offer.content) == ("a.pdf", b"%PDF-1.4")
    (memory,) = offers(io.BytesIO(b"%PDF-2"))
    assert memory.content == b"%PDF-2"


def test_a_file_opened_as_text_is_refused(folder):
    with Path("sub/notes.txt").open(encoding="utf-8") as file:
        assert refusals(file) == [("notes.txt", "VALIDATION_ERROR")]


def test_a_column_keeps_the_order_of_its_rows(folder):
    frame = pd.DataFrame({"path": ["b.pdf", "a.pdf"], "n": [1, 2]})
    assert names(frame["path"]) == ["b.pdf", "a.pdf"]
    assert names(frame[["path"]]) == ["b.pdf", "a.pdf"]
    assert names(pd.Index(["a.pdf"])) == ["a.pdf"]
    assert names(np.array(["a.pdf", "b.pdf"])) == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, ""])
def test_an_empty_cell_names_its_row(folder, nothing):
    column = pd.Series(["a.pdf", nothing], index=[10, 11], name="path", dtype=object)
    assert refusals(column) == [("path[11]", "UNREADABLE_PATH")]


def test_a_frame_of_many_columns_asks_for_one():
    frame = pd.DataFrame({"path": ["a.pdf"], "n": [1]})
    with pytest.raises(InvalidInput, match="'path', 'n'"):
        offers(frame)
    assert refusals([frame]) == [("DataFrame", "VALIDATION_ERROR")]


def test_any_mix_keeps_its_order(folder):
    mixed = ["b.pdf", [b"%PDF-9", ("n.pdf", b"x")], Path("a.pdf"), "sub", (x for x in ["b.pdf"])]
    found = names(mixed)
    assert found[0] == "b.pdf"
    assert found[2:] == ["n.pdf", "a.pdf", "c.pdf", "b.pdf"]


def test_what_is_missing_becomes_an_offer_with_a_reason(folder):
    assert refusals(["a.pdf", "nofile.pdf", "zz*.pdf", 5, object]) == [
        ("nofile.pdf", "UNREADABLE_PATH"),
        ("zz*.pdf", "UNREADABLE_PATH"),
        ("5", "VALIDATION_ERROR"),
        ("<class 'object'>", "VALIDATION_ERROR"),
    ]


@pytest.mark.parametrize("text", ["a\0.pdf", "x" * 5000, "ftp://example.com/a.pdf", "\udcff.pdf"])
def test_impossible_paths_are_refused_not_raised(folder, text):
    ((_, code),) = refusals(text)
    assert code == "UNREADABLE_PATH"


@pytest.mark.parametrize("nonsense", [None, 5, 1.5, True, object()])
def test_nonsense_alone_is_an_error_at_once(nonsense):
    with pytest.raises(InvalidInput, match="give a path"):
        gather(nonsense, wanted=lambda _: True)


def test_a_pipe_is_never_opened(folder):
    os.mkfifo("pipe.pdf")
    assert refusals("pipe.pdf") == [("pipe.pdf", "UNREADABLE_PATH")]
    assert refusals(["*.pdf"]) == [("pipe.pdf", "UNREADABLE_PATH")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(folder):
    (folder / "sub").chmod(0)
    try:
        assert ("sub", "UNREADABLE_PATH") in refusals(folder)
    finally:
        (folder / "sub").chmod(0o755)


def test_a_dangling_link_is_seen(folder):
    (folder / "gone.pdf").symlink_to("nowhere.pdf")
    assert refusals("*.pdf") == [("gone.pdf", "UNREADABLE_PATH")]
    assert refusals(folder) == [("gone.pdf", "UNREADABLE_PATH")]


def test_a_loop_of_links_ends(folder):
    (folder / "sub" / "again").symlink_to(folder)
    assert names(folder) == ["a.pdf", "b.pdf", "c.pdf"]
