"""File names from hostile names: safe on every system, and never the same twice."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.export.names import Names, safe_stem

PIECES = [
    *("..", "/", "\\", "CON", "nul", ".", " ", "-", "com1", "é", "e\u0301", "ﬁ", "İ", "ß", "SS"),
    *("\u202e", "\x00", "\n", ":", "*", "a", "A", "report", ".pdf", "漢" * 60, "😀", "\ud800"),
]
RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10)),
}
hostile = st.text(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(hostile)
@settings(max_examples=500)
def test_a_stem_is_safe_on_every_system(name):
    stem = safe_stem(name)
    assert stem
    assert stem == stem.strip(". ")
    assert not stem.startswith("-")
    assert not set(stem) & set('<>:"/\\|?*\0\n')
    assert all(unicodedata.category(char)[0] != "C" for char in stem)
    assert len(f"{stem}-99999.md".encode()) <= 143
    windows = PureWindowsPath(f"{stem}.md")
    assert windows.name == f"{stem}.md"
    assert stem.split(".")[0].upper() not in RESERVED
    assert Path(f"{stem}.md").name == f"{stem}.md"


@given(st.lists(hostile, max_size=12))
@settings(max_examples=300, deadline=None)
def test_no_name_is_given_twice_whatever_the_system_ignores(asked):
    names = Names()
    given_names = [names.take(name, ".md") for name in asked]
    for form in ("NFC", "NFD", "NFKD"):
        same = {unicodedata.normalize(form, name).casefold() for name in given_names}
        assert len(same) == len(given_names)
        assert len({unicodedata.normalize(form, n.upper()) for n in given_names}) == len(asked)


@given(hostile)
@settings(max_examples=100, deadline=None)
def test_a_file_of_that_name_can_be_made_here(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("names")
    path = folder / f"{safe_stem(name)}.md"
    path.write_text("x")
    assert [found.name for found in folder.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("report.pdf", "report"),
        ("Q1 report.final.pdf", "Q1 report.final"),
        ("/home/me/../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.pdf", "a"),
        (".pdf", "pdf"),
        ("...", "document"),
        ("", "document"),
        ("CON", "_CON"),
        ("con.tar.gz", "_con.tar"),
        ("COM¹.pdf", "_COM¹"),
        ("console.pdf", "console"),
        ("-rf.pdf", "_rf"),
        ("a\u202efdp.exe", "afdp"),
        ("tab\tname.pdf", "tab name"),
        ("e\u0301te\u0301.pdf", "été"),
    ],
)
def test_a_name_stays_as_near_as_it_can(name, stem):
    assert safe_stem(name) == stem


def test_equal_names_get_numbers_in_their_order():
    names = Names()
    asked = ["a/report.pdf", "b/report.pdf", "b/Report.PPTX", "report-2.pdf", "c/report.pdf"]
    assert [names.take(name, ".md") for name in asked] == [
        "report.md",
        "report-2.md",
        "Report-3.md",
        "report-2-2.md",
        "report-4.md",
    ]


def test_ten_thousand_equal_names_are_quick():
    names = Names()
    assert len({names.take("scan.pdf", ".md") for _ in range(10_000)}) == 10_000
