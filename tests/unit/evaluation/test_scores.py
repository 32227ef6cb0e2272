"""Scores: what they count, what they forgive, and that they are the public benchmark's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.document.blocks import Heading, Paragraph, Table
from toolkit.document.markdown import markdown
from toolkit.evaluation import Scores, means, score
from toolkit.evaluation.tables import with_html_tables

SHARED = Path(__file__).parents[3].parent / "shared" / "eval"
TRUTHS = sorted((SHARED / "dpbench" / "markdown").glob("*.md"))

PAGE = "# Net\n\nIt rose.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"


def test_the_same_is_perfect():
    assert score(PAGE, PAGE) == Scores(overall=1.0, nid=1.0, teds=1.0, mhs=1.0, teds_s=1.0)


def test_what_the_truth_has_not_is_not_scored():
    assert score("| a |\n| - |\n\n# X", "words") == Scores(overall=pytest.approx(0.0, abs=0.2),
        nid=pytest.approx(0.0, abs=0.2), teds=None, mhs=None)  # fmt: skip
    assert score("", "") == Scores(overall=1.0)
    assert score("words", "") == Scores(overall=1.0)


def test_nothing_read_is_nothing_won():
    assert score("", PAGE) == Scores(overall=0.0, nid=0.0, teds=0.0, mhs=0.0, teds_s=0.0)


def test_the_level_of_a_heading_does_not_count_and_its_words_do():
    assert score("### Net\n\nIt rose.", "# Net\n\nIt rose.").mhs == 1.0
    # Of four nodes one says something else altogether.
    assert score("# abc\n\nIt rose.", "# xyz\n\nIt rose.").mhs == pytest.approx(1 - 1 / 3)


def test_a_table_is_the_same_with_pipes_and_as_html():
    pipes = "| a | b |\n|---|:-:|\n| 1 | 2 |"
    as_html = "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"
    assert score(pipes, as_html).teds == 1.0
    # Of seven nodes, a cell that says something else, one that is missing, and a span.
    assert score(pipes.replace("2", "3"), as_html).teds == pytest.approx(1 - 1 / 7)
    assert score(as_html.replace("<td>2</td>", ""), as_html).teds == pytest.approx(1 - 1 / 7)
    spanned = as_html.replace("<td>b", '<td rowspan="2">b')
    assert score(spanned, as_html).teds == pytest.approx(1 - 1 / 7)


def test_the_structure_of_a_table_is_scored_without_its_words():
    truth = "<table><tr><td>a</td><td>b</td></tr><tr><td colspan='2'>1</td></tr></table>"
    assert score(truth.replace(">a<", ">x<").replace(">1<", ">y<"), truth).teds_s == 1.0
    assert score(truth.replace(" colspan='2'", ""), truth).teds_s == pytest.approx(1 - 1 / 6)
    # What the tables are made of alone is no part of the mean.
    found = score(truth.replace(">a<", ">x<"), truth)
    assert found.overall == pytest.approx((found.nid + found.teds) / 2)


def test_pipe_tables_with_gaps():
    assert with_html_tables("| a | b | c | d |\n|-|-|-|-|\n| 1 | 2 | 3 |") == (
        "<table><tr><th>a</th><th>b</th><th>c</th><th>d</th></tr>"
        "<tr><td>1</td><td>2</td><td>2</td><td>3</td></tr></table>"
    )
    assert with_html_tables("|  |  |\n|-|-|\n| 1 | <b> |") == (
        "<table><tr><th>1</th><th>&lt;b&gt;</th></tr></table>"
    )
    assert with_html_tables("a | b\n\nc") == "a | b\n\nc"


def test_a_document_is_scored_as_its_markdown():
    document = made.document(
        [
            made.block(Heading, text="Net", level=1),
            made.block(Paragraph, text="It rose."),
            made.block(Table, headers=("a", "b"), rows=(("1", "2"),), header_rows=1),
        ]
    )
    told = markdown(document, style="plain")
    assert score(document, PAGE) == score(told, PAGE)
    assert score(document, PAGE).teds == 1.0
    assert score(document, told) == Scores(overall=1.0, nid=1.0, teds=1.0, mhs=1.0, teds_s=1.0)


def test_means_are_over_the_pages_that_have_a_score():
    pages = [Scores(overall=1.0, nid=1.0), Scores(overall=0.5, nid=0.25, teds=0.75)]
    assert means(pages) == Scores(overall=0.75, nid=0.625, teds=0.75, mhs=None)
    assert means([]) == Scores(overall=None)


def test_broken_tables_do_not_stop_it():
    broken = "<table><tr><td>a<table><tr><td>b</table></table> <table> <table x></table>"
    assert 0.0 <= score(broken, PAGE).overall <= 1.0
    assert 0.0 <= score(PAGE, broken).overall <= 1.0
    assert 0.0 <= score("<table></table>", "<table></table>").overall <= 1.0


PIECES = ["# ", "a", "b c", "\n", "\n\n", "|", " | ", "-|-", "<table>", "<td>", "</table>", "&"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
       st.lists(st.sampled_from(PIECES), max_size=12).map("".join))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_every_score_is_a_share(predicted, truth):
    found = score(predicted, truth)
    for name in Scores.__struct_fields__:
        value = getattr(found, name)
        assert value is None or 0.0 <= value <= 1.0


@pytest.mark.skipif(not TRUTHS, reason="the labelled pages are not here")
def test_the_figures_are_those_of_the_public_benchmark():
    """On every labelled page, for a perfect, a damaged, and somebody else's reading."""
    given_one = importlib.util.spec_from_file_location("public_score", SHARED / "score.py")
    public = importlib.util.module_from_spec(given_one)
    sys.modules["public_score"] = public
    try:
        given_one.loader.exec_module(public)
        texts = [path.read_text("utf-8") for path in TRUTHS]
        for at, text in enumerate(texts):
            damaged = text.replace("e", "", 3).replace("</td>", "x</td>", 2).replace("\n\n", "\n")
            for guess in (text, damaged, texts[at - 1], ""):
                theirs, ours = public.score(text, guess), score(guess, text)
                for name in ("overall", "nid", "teds", "mhs"):
                    assert getattr(ours, name) == pytest.approx(theirs.get(name), abs=1e-9)
    finally:
        del sys.modules["public_score"]
