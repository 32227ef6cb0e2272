"""Text above, below and beside figures, and the words inside of drawn ones."""

from __future__ import annotations

import pytest
from engine_made import document
from layout_made import Column, Setter, folded, seen, words

from toolkit.document.blocks import Image


def test_lines_below_a_figure_are_one_paragraph_though_wider_ones_stand_above_it():
    page = Setter(leading=14 / 11, body=11)
    at = Column(60, 60, 470)
    page.paragraph(60, 1, at, after=20)
    page.figure(Column(60, at.top, 470), height=120)
    said = "After the drawing the text goes on and it is no part of any box in it."
    for number in range(4):
        page.line(said, 60, at.top + 170 + 14 * number)
    page.says("paragraph", " ".join([said] * 4))
    assert seen(document(page.done())) == folded(page.pages)


def bars(names: list[str], *, size: float, bold: bool, values: bool, below: float = 16.0) -> Setter:
    """A page with bars that stand on no axis, each with its name of one or two lines below."""
    page = Setter()
    at = Column(60, 60, 470)
    page.heading("Results of the year", at, size=16)
    page.paragraph(60, 1, at, after=30)
    pitch = 470 / len(names)
    for number, name in enumerate(names):
        left, high = 66 + number * pitch, 40 + 37 * number % 110
        page.canvas.rect(left, page.height - at.top - 160, pitch - 12, high, stroke=0, fill=1)
        for row, part in enumerate(name.split("\n")):
            top = at.top + 160 + below + 1.2 * size * row
            page.line(part, left, top, page.family[bold], size)
        if values:
            page.line(f"{high} %", left, at.top + 156 - high)
    page.says("image", "")
    at.top += 220
    page.paragraph(80, 2, at)
    return page


BARS = {
    "bold": (["North", "South", "East", "West", "Centre"], 10, True, True, 16),
    "capitals": (["NORTH", "SOUTH", "EAST", "WEST"], 10, False, True, 24),
    "large": (["Brazil", "India", "China", "Ghana"], 13, False, True, 16),
    "two rows": (["Lower\nIncome", "Upper\nIncome", "High\nIncome"], 12, True, True, 16),
    "no values": (["Before 2010", "During 2015", "After 2020"], 10, True, False, 16),
}


@pytest.mark.parametrize("kind", BARS)
def test_names_and_values_of_bars_belong_to_one_image(kind):
    names, size, bold, values, below = BARS[kind]
    page = bars(names, size=size, bold=bold, values=values, below=below)
    made = document(page.done())
    assert seen(made) == folded(page.pages)
    image = next(block for block in made.pages[0].blocks if isinstance(block, Image))
    assert all(part in (image.embedded_text or "") for name in names for part in name.split("\n"))


def test_cards_of_one_height_with_names_below_are_no_bars():
    page = Setter()
    at = Column(60, 60, 470)
    page.paragraph(60, 1, at, after=30)
    for number, name in enumerate(("North", "South", "East", "West")):
        page.panel(60 + 120 * number, at.top, 100, 120)
        page.line(name, 70 + 120 * number, at.top + 136)
    made = document(page.done())
    assert not any(isinstance(block, Image) for block in made.pages[0].blocks)


def lying(names: list[str], *, bold: bool, second: bool = False) -> Setter:
    """A page with bars that lie below each other, names at their left; *second*: a table's."""
    page = Setter()
    at = Column(60, 60, 470)
    page.heading("Results of the year", at, size=16)
    page.paragraph(60, 1, at, after=30)
    for number, name in enumerate(names):
        top, long = at.top + 22 * number, 60 + 61 * number % 200
        page.canvas.rect(190, page.height - top - 16, long, 16, stroke=0, fill=1)
        page.line(name, 60, top + 12, page.family[bold])
        if second:
            page.line(str(long), 150, top + 12)
        else:
            page.line(f"{long} %", 196 + long, top + 12)
    page.says("image", "")
    at.top += 22 * len(names) + 20
    page.paragraph(80, 2, at)
    return page


@pytest.mark.parametrize("bold", [True, False])
@pytest.mark.parametrize("names", [["North", "South", "East", "West"], ["EAST", "WEST", "NORTH"]])
def test_names_of_lying_bars_belong_to_one_image(names, bold):
    page = lying(names, bold=bold)
    assert seen(document(page.done())) == folded(page.pages)


@pytest.mark.parametrize(
    "page",
    [
        lying(["Name:", "Street:", "Town:", "Country:"], bold=False),
        lying(["North", "South", "East", "West"], bold=False, second=True),
    ],
    ids=["fields of a form", "bars in a table"],
)
def test_rectangles_that_are_no_chart_leave_their_words_in_the_text(page):
    blocks = document(page.done()).pages[0].blocks
    assert not any(isinstance(block, Image) for block in blocks)


def test_a_figure_at_the_left_of_a_list_comes_before_it():
    page = Setter()
    at = Column(60, 60, 470)
    page.heading("Results of the year", at, size=16)
    page.paragraph(60, 1, at, after=20)
    page.figure(Column(60, at.top + 4, 180), height=110)
    beside = Column(260, at.top, 270)
    page.items([("•", words(12, seed)) for seed in range(4)], beside)
    below = Column(60, at.top + 140, 470)
    page.paragraph(60, 9, below)
    assert seen(document(page.done())) == folded(page.pages)


def test_a_figure_that_ends_a_column_comes_before_the_next_one():
    page = Setter()
    left, right = Column(50, 60, 230), Column(310, 60, 230)
    for seed in range(4):
        page.paragraph(50, seed, left)
    page.figure(left, height=150)
    for seed in range(10, 16):
        page.paragraph(50, seed, right)
    assert seen(document(page.done())) == folded(page.pages)


def test_a_figure_beside_the_number_of_its_page_stays_at_its_foot():
    page = Setter()
    at = Column(60, 60, 470)
    for seed in range(5):
        page.paragraph(90, seed, at)
    page.figure(Column(60, 770, 200), height=40)
    page.line("17", 520, 805)
    page.says("page_footer", "17")
    assert [kind for kind, _ in seen(document(page.done()))[0]][:5] == ["paragraph"] * 5
