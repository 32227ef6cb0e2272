"""What stands at the foot of a page: notes that are a source alone, and the numbers of slides."""

from __future__ import annotations

import pytest
from engine_made import document
from layout_made import Column, Setter, seen, words

SOURCE = "https://www.example.org/foxes/2020/report.pdf"


@pytest.mark.parametrize("size", [8, 10])
@pytest.mark.parametrize("mark", ["", "3"])
def test_an_address_alone_under_the_rule_of_notes_is_a_footnote(size, mark):
    page = Setter()
    at = Column(60, 60, 470)
    for seed in range(6):
        page.paragraph(70, seed, at)
    page.canvas.line(60, page.height - 720, 200, page.height - 720)
    if mark:
        page.line(mark, 60, 731, size=5)
    page.line(SOURCE, 66 if mark else 60, 734, size=size)
    said = f"{mark} {SOURCE}".strip()
    assert seen(document(page.done()))[0][-1] == ("footnote", said)


def test_an_address_under_a_rule_leaves_the_text_below_it_as_text():
    page = Setter()
    at = Column(60, 60, 470)
    for seed in range(4):
        page.paragraph(90, seed, at)
    page.canvas.line(60, page.height - 520, 200, page.height - 520)
    page.line(SOURCE, 60, 534)
    at.top = 545
    for seed in range(10, 13):
        page.paragraph(40, seed, at)
    assert [kind for kind, _ in seen(document(page.done()))[0]][-3:] == ["paragraph"] * 3


@pytest.mark.parametrize("up", [12, 20, 34])
def test_the_number_of_a_slide_is_its_foot(up):
    page = Setter(width=720, height=405, body=16)
    at = Column(60, 50, 600)
    page.heading("Results of the year", at, size=28)
    page.items([("•", words(9, seed)) for seed in range(4)], at)
    page.paragraph(12, 7, at)
    page.line("17", 680, 405 - up, size=10)
    assert seen(document(page.done()))[0][-1] == ("page_footer", "17")
