"""Numbered clauses of contracts, and headings that run into their text."""

from __future__ import annotations

import pytest
from engine_made import document
from layout_made import Column, Setter, folded, seen, words
from reportlab.pdfbase.pdfmetrics import stringWidth


def contract(*, hanging: bool, lengths: tuple[int, ...] = (30, 9, 45)) -> Setter:
    """Articles with a heading each, and clauses of *lengths* words numbered on two levels."""
    page = Setter()
    at = Column(60, 60, 470)
    for article, name in enumerate(("Definitions", "Payment", "Term"), start=1):
        page.heading(f"{article}. {name}", at, size=12)
        for clause, count in enumerate(lengths, start=1):
            text, number = words(count, 10 * article + clause), f"{article}.{clause}"
            if not hanging:
                page.block("paragraph", f"{number} {text}", at)
                continue
            page.line(number, at.left, at.top + page.body * page.leading)
            inner = Column(at.left + 30, at.top, at.width - 30)
            page.block(None, text, inner)
            page.says("paragraph", f"{number} {text}")
            at.top = inner.top
    return page


@pytest.mark.parametrize("hanging", [True, False])
def test_clauses_are_paragraphs_that_keep_their_numbers(hanging):
    page = contract(hanging=hanging)
    assert seen(document(page.done())) == folded(page.pages)


def test_items_numbered_on_two_levels_under_one_are_a_list():
    page = Setter()
    at = Column(60, 60, 470)
    page.paragraph(40, 1, at)
    page.nested(
        [
            ("1.", words(8, 2), 0),
            ("1.1", words(30, 3), 1),
            ("1.2", words(6, 4), 1),
            ("2.", words(9, 5), 0),
        ],
        at,
        step=24,
    )
    page.paragraph(40, 6, at)
    made = seen(document(page.done()))
    assert [kind for kind, _ in made[0]] == ["paragraph", "list", "paragraph"]


def test_short_items_numbered_on_two_levels_are_a_list():
    page = Setter()
    at = Column(60, 60, 470)
    page.paragraph(40, 1, at)
    page.items([(f"2.{n}", words(4, n).rstrip(".")) for n in range(1, 5)], at, step=24)
    page.paragraph(40, 6, at)
    made = seen(document(page.done()))
    assert [kind for kind, _ in made[0]] == ["paragraph", "list", "paragraph"]


RUN_IN = {
    "a short plain end": ("Responsibilities of the elected members of the committee:", "see below"),
    "a stop": ("Sampling of the foxes in the valley of the river.", "We went"),
    "a question": ("Who may apply for the yearly grant of the council?", "All of us may"),
}


@pytest.mark.parametrize("kind", RUN_IN)
def test_a_bold_beginning_is_no_heading_however_little_plain_text_follows_it(kind):
    bold, plain = RUN_IN[kind]
    page = Setter()
    at = Column(60, 60, 470)
    for seed in range(4):
        page.paragraph(50, seed, at, after=14)
        at.top += page.body * page.leading
        page.line(bold, at.left, at.top, page.family[True])
        after = at.left + stringWidth(bold + " ", page.family[True], page.body)
        page.line(plain, after, at.top)
        page.says("paragraph", f"{bold} {plain}")
        at.top += 14
    assert not any(kind == "heading" for kind, _ in seen(document(page.done()))[0])


def test_a_bold_number_before_a_plain_name_is_a_heading_still():
    page = Setter()
    at = Column(60, 60, 470)
    for seed, name in enumerate(("Origins of the fox", "Habits of the dog"), start=1):
        page.line(f"{seed}.", at.left, at.top + 20, page.family[True], 14)
        page.line(name, at.left + 18, at.top + 20, size=14)
        page.says("heading", f"{seed}. {name}")
        at.top += 26
        page.paragraph(60, seed, at, after=14)
    assert seen(document(page.done())) == folded(page.pages)
