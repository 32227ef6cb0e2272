"""Pages of many kinds come out block by block as they were set, whatever their measures."""

from __future__ import annotations

import layout_kinds as kinds
import pytest
from engine_made import document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layout_made import CODE, Setter, folded, seen

from toolkit.document.blocks import Code, Heading, ListBlock, Role


def holds(page: Setter) -> None:
    assert seen(document(page.done())) == folded(page.pages)


ONES = {
    "boxed text": kinds.boxed,
    "a book": kinds.book,
    "a book with Roman numbers": lambda: kinds.book(roman=True),
    "a short book": lambda: kinds.book(pages=4),
    "cards": kinds.cards,
    "cards without panels": lambda: kinds.cards(panels=False),
    "references": kinds.references,
    "references in a column": lambda: kinds.references(columns=2),
    "a letter": kinds.letter,
    "questions": kinds.questions,
    "a glossary": kinds.glossary,
    "a magazine": kinds.magazine,
    "a figure at the right": kinds.wrapped_figure,
    "a figure at the left": lambda: kinds.wrapped_figure(left=True),
    "notes with signs": lambda: kinds.footnoted(marks=("*", "†")),
    "notes without a rule": lambda: kinds.footnoted(rule=False),
    "three notes": lambda: kinds.footnoted(marks=("1", "2", "3"), body=9),
    "code": kinds.coded,
    "code in a panel": lambda: kinds.coded(panel=True),
    "code as large as text": lambda: kinds.coded(share=1.0),
    "slides in columns": lambda: kinds.slide(columns=2),
    "slides in three columns": lambda: kinds.slide(columns=3, nested=False, body=16),
    "a dashed slide": lambda: kinds.slide(marker="-", nested=False),
}


@pytest.mark.parametrize("kind", ONES)
def test_a_kind_of_page(kind):
    holds(ONES[kind]())


@pytest.mark.parametrize("markers", kinds.MARKERS)
@pytest.mark.parametrize("long", [True, False])
def test_lists(markers, long):
    holds(kinds.listed(markers=markers, long=long))


def test_a_list_with_a_second_paragraph_in_an_item():
    holds(kinds.listed(markers="figures", goes_on=True))


@pytest.mark.parametrize("look", kinds.LOOKS)
def test_headings_that_differ_by_little(look):
    holds(kinds.plain_headings(look=look))


@pytest.mark.parametrize("leaders", [True, False])
@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("bold", [True, False])
def test_tables_of_contents(leaders, deep, bold):
    page = kinds.contents(leaders=leaders, deep=deep, bold=bold)
    read = document(page.done())
    assert seen(read) == folded(page.pages)
    [entries] = [block for block in read.blocks if isinstance(block, ListBlock)]
    assert entries.role is Role.TOC
    assert entries.levels == ((0, 1, 1) * 5 if deep else (0,) * 5)


few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(
    columns=st.integers(1, 3),
    gutter=st.floats(12, 26),
    body=st.floats(8, 10),
    bold=st.booleans(),
    numbered=st.booleans(),
)
def test_papers(columns, gutter, body, bold, numbered):
    holds(kinds.paper(columns=columns, gutter=gutter, body=body, bold=bold, numbered=numbered))


@few
@given(columns=st.integers(2, 4), gutter=st.floats(12, 24), bold=st.booleans())
def test_brochures(columns, gutter, bold):
    holds(kinds.brochure(columns=columns, gutter=gutter, bold=bold))


@few
@given(left=st.booleans(), panel=st.booleans(), share=st.floats(0.2, 0.33))
def test_side_bars(left, panel, share):
    holds(kinds.side_bar(left=left, panel=panel, share=share))


@few
@given(title=st.floats(26, 44), body=st.floats(14, 22), nested=st.booleans())
def test_slides(title, body, nested):
    holds(kinds.slide(title=title, body=body, nested=nested))


def test_code_keeps_its_indents_and_its_empty_line():
    [found] = [b for b in document(kinds.coded().done()).blocks if isinstance(b, Code)]
    assert found.text == "\n".join(CODE)


def test_lists_know_how_deep_their_items_are():
    read = document(kinds.listed(markers="two figures").done())
    [found] = [block for block in read.blocks if isinstance(block, ListBlock)]
    assert found.levels == (0, 0, 1, 1, 0, 0, 1, 1, 0)
    assert found.ordered


def test_levels_are_the_same_on_all_pages():
    read = document(kinds.book().done())
    found = [(b.text.split()[0], b.level) for b in read.blocks if isinstance(b, Heading)]
    by_name = dict(found)
    assert by_name == {
        "3": 1, "3.1": 2, "3.2": 2, "3.3": 2, "4": 1, "4.1": 2, "4.2": 2, "4.3": 2, "Small": 3
    }  # fmt: skip


def test_roles_of_a_paper():
    blocks = list(document(kinds.paper().done()).blocks)
    roles = [block.role for block in blocks]
    assert roles[:5] == [Role.TITLE, Role.AUTHORS, Role.AUTHORS, Role.SECTION, Role.ABSTRACT]
    assert [b.role for b in blocks if isinstance(b, ListBlock)] == [Role.REFERENCE]
    assert roles[-1] is Role.PAGE_NUMBER
