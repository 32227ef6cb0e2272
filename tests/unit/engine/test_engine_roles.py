"""What a block is: headings, lists, tables, notes, captions, running lines."""

from __future__ import annotations

import pytest
from engine_made import HEIGHT, both, document, pdf, picture, prose, text
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import (
    Caption,
    Code,
    Footnote,
    Heading,
    Image,
    ListBlock,
    PageFooter,
    PageHeader,
    Paragraph,
    Role,
    Table,
    TextSource,
)
from toolkit.document.markdown import markdown
from toolkit.engine.pipeline import text_drafts


def of(kind, content, **options):
    return [block for block in document(content, **options).blocks if isinstance(block, kind)]


def test_headings_and_their_levels():
    content = pdf(
        both(
            text(["A Study of Foxes"], y=780, size=20, font="Helvetica-Bold"),
            text(["1 Introduction"], y=740, size=14, font="Helvetica-Bold"),
            text(prose(8), y=718),
            text(["1.1 Method"], y=600, size=12, font="Helvetica-Bold"),
            text(prose(8, start=5), y=580),
        )
    )
    found = of(Heading, content)
    assert [(h.text, h.level) for h in found] == [
        ("A Study of Foxes", 1),
        ("1 Introduction", 2),
        ("1.1 Method", 3),
    ]
    assert [h.role for h in found] == [Role.TITLE, Role.SECTION, Role.SECTION]


def test_a_heading_over_two_lines_is_one():
    title = text(
        ["How the Quick Brown Fox Came to", "Jump Over the Lazy Dog"],
        size=18,
        leading=22,
        font="Helvetica-Bold",
    )
    found = of(Heading, pdf(both(title, text(prose(12), y=700))))
    assert [h.text for h in found] == ["How the Quick Brown Fox Came to Jump Over the Lazy Dog"]


def test_bold_words_in_running_text_are_no_heading():
    def paint(canvas):
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawString(70, 700, "Demographics.")
        x = 74 + canvas.stringWidth("Demographics.", "Helvetica-Bold", 10)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(x, 700, "The overall share was even in all of the groups that")

    assert of(Heading, pdf(both(paint, text(prose(6), y=688)))) == []


def test_two_columns_are_read_one_after_the_other():
    left, right = prose(20, 6), prose(20, 6, 11)
    found = document(pdf(both(text(left), text(right, x=320))))
    said = " ".join(block.text for block in found.blocks)
    assert said == " ".join(left + right)


def test_words_broken_at_the_end_of_a_line_are_joined_and_recorded():
    [block] = of(
        Paragraph,
        pdf(text(["The boxing judge had an extra-", "ordinary view of the self-", "Made puzzles"])),
    )
    assert block.text == "The boxing judge had an extraordinary view of the self- Made puzzles"
    assert len(block.joins) == 1
    assert block.verified


def test_a_compound_that_stands_elsewhere_keeps_its_hyphen():
    lines = ["A well-known judge is a judge who is well-", "known to everybody."]
    [block] = of(Paragraph, pdf(text(lines)))
    assert block.text.endswith("who is well- known to everybody.")


def test_a_list():
    items = ["• Quartz of five dozen kinds", "• Liquor jugs of the wizards", "• The lazy dog"]
    content = pdf(both(text(prose(4)), text(items, y=710, leading=14), text(prose(4), y=640)))
    [found] = of(ListBlock, content)
    assert found.items == tuple(item[2:] for item in items)
    assert not found.ordered
    assert found.text == "\n".join(items)


def test_an_ordered_list():
    [found] = of(ListBlock, pdf(both(text(prose(4)), text(["1. One fox", "2. Two foxes"], y=700))))
    assert (found.ordered, found.items) == (True, ("One fox", "Two foxes"))


CELLS = (
    ("Name", "Height", "Weight"),
    ("Fox", "40", "8"),
    ("Dog", "60", "30"),
    ("Wizard", "180", "75"),
)


def grid(canvas, *, ruled):
    canvas.setFont("Helvetica", 10)
    for r, row in enumerate(CELLS):
        for c, cell in enumerate(row):
            canvas.drawString(105 + 120 * c, 605 - 20 * r, cell)
    if ruled:
        for r in range(5):
            canvas.line(100, 620 - 20 * r, 460, 620 - 20 * r)
        for c in range(4):
            canvas.line(100 + 120 * c, 540, 100 + 120 * c, 620)


@pytest.mark.parametrize("ruled", [True, False])
def test_a_table(ruled):
    content = pdf(
        both(text(prose(6)), lambda canvas: grid(canvas, ruled=ruled), text(prose(6), y=500))
    )
    [table] = of(Table, content)
    every = ((table.headers,) if table.headers else ()) + table.rows
    assert every == CELLS
    assert table.verified
    assert all(cell.source_spans for cell in table.cells)


def test_a_table_whose_cells_span():
    def paint(canvas):
        canvas.setFont("Helvetica", 10)
        for x, y, word in (
            (210, 605, "Sizes"),
            (105, 605, "Name"),
            (155, 585, "High"),
            (255, 585, "Wide"),
            (105, 565, "Fox"),
            (155, 565, "4"),
            (255, 565, "2"),
        ):
            canvas.drawString(x, y, word)
        for y in (620, 580, 560):
            canvas.line(100, y, 350, y)
        canvas.line(150, 600, 350, 600)
        for x, top in ((100, 620), (150, 620), (250, 600), (350, 620)):
            canvas.line(x, 560, x, top)

    [table] = of(Table, pdf(both(text(prose(6)), paint)))
    spans = {cell.text: (cell.row_span, cell.column_span) for cell in table.cells}
    assert spans["Sizes"] == (1, 2)
    assert spans["Name"] == (2, 1)
    assert spans["Fox"] == (1, 1)
    assert 'colspan="2"' in markdown(document(pdf(paint)), style="plain")


def test_a_caption_and_a_footnote():
    content = pdf(
        both(
            text(prose(20)),
            text(["Figure 3: The fox before the jump."], y=500),
            text(["1 Measured by the seven wizards themselves."], y=100, size=7.5),
        )
    )
    assert [c.text for c in of(Caption, content)] == ["Figure 3: The fox before the jump."]
    assert [(n.marker, n.text[:10]) for n in of(Footnote, content)] == [("1", "1 Measured")]


def test_running_lines_over_pages():
    def page(n):
        return both(
            text(["Annual Report of the Foxes"], y=HEIGHT - 30, size=9),
            text(prose(30, start=n), y=740),
            text([f"Page {n}"], x=280, y=25, size=9),
        )

    content = pdf(*(page(n) for n in range(1, 5)))
    heads, feet = of(PageHeader, content), of(PageFooter, content)
    assert [h.text for h in heads] == ["Annual Report of the Foxes"] * 4
    assert [f.text for f in feet] == [f"Page {n}" for n in range(1, 5)]
    assert {f.role for f in feet} == {Role.PAGE_NUMBER}


def test_code_is_known_by_its_type():
    lines = ["def jump(fox):", "    return fox.over(dog)", "print(jump(fox))"]
    content = pdf(both(text(prose(6)), text(lines, y=650, font="Courier"), text(prose(6), y=560)))
    [block] = of(Code, content)
    assert block.text.splitlines() == [line.strip() for line in lines]


def shown(canvas):
    canvas.drawImage(ImageReader(picture()), 100, 400, 300, 150)


def test_an_image_has_its_place_and_its_looks():
    content = pdf(both(text(prose(6)), shown, text(prose(6), y=350)))
    [image] = of(Image, content)
    assert image.text_source is TextSource.DERIVED
    assert image.image_b64
    assert image.bbox == pytest.approx(
        (100 / 595.28, 1 - 550 / 841.89, 400 / 595.28, 1 - 400 / 841.89), abs=0.01
    )
    assert [type(block).__name__ for block in document(content).blocks] == [
        "Paragraph",
        "Image",
        "Paragraph",
    ]
    assert of(Image, content, preserve_images=False)[0].image_b64 is None


def test_images_that_only_ocr_could_read_are_reported():
    failures = document(pdf(both(text(prose(6)), shown))).extraction.per_page_failures
    assert [(f.page, f.code) for f in failures] == [(1, "OCR_UNAVAILABLE")]
    assert (
        document(pdf(both(text(prose(6)), shown)), ocr="never").extraction.per_page_failures == ()
    )


def test_the_own_rules_alone_find_the_same_on_a_plain_page(monkeypatch):
    from dataclasses import replace

    from engine_made import sheet

    from toolkit.engine.words import find_lines

    content = pdf(
        both(
            text(["A Study of Foxes"], size=20, font="Helvetica-Bold"),
            text(prose(20, 6), y=740),
            text(prose(20, 6, 9), x=320, y=740),
            lambda canvas: canvas.translate(0, -200) or grid(canvas, ruled=False),
        )
    )
    alone = replace(sheet(content), proposals=None)
    drafts = text_drafts(alone, find_lines(alone.glyphs))
    assert [d.kind for d in drafts] == ["heading", "paragraph", "paragraph", "table"]
    assert drafts[1].quotation.text == " ".join(prose(20, 6))
    assert [cell.quotation.text for cell in drafts[3].cells] == [c for row in CELLS for c in row]


def test_a_large_initial_belongs_to_its_first_line():
    lines = prose(8, 8)
    painters = [
        text(["T"], y=752, size=40),
        text(["he " + lines[0]], x=100, y=770),
        text(lines[1:3], x=100, y=758),
        text(lines[3:], y=734),
    ]
    [block] = of(Paragraph, pdf(both(*painters)))
    assert block.text.startswith("The " + lines[0])
    assert block.verified
