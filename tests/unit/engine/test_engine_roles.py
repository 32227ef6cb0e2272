"""What a block is: headings, lists, tables, notes, captions, running lines."""

from __future__ import annotations

import pytest
from engine_made import HEIGHT, WIDTH, both, document, glyphs, pdf, picture, prose, text
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import (
    Callout,
    Caption,
    Code,
    Footnote,
    Heading,
    Image,
    ImageType,
    ListBlock,
    PageFooter,
    PageHeader,
    Paragraph,
    Role,
    Table,
    TextSource,
)
from toolkit.document.markdown import markdown
from toolkit.engine.layout import text_drafts


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
    assert block.text.splitlines() == lines
    assert block.verified


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


def test_images_that_only_ocr_could_read_are_reported(monkeypatch):
    monkeypatch.setattr("toolkit.engine.pages.available", lambda: False)
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
    drafts, _ = text_drafts(alone, find_lines(alone.glyphs))
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


def lines_at(*placed, font="Helvetica", size=10):
    """Words at (x, y), one painter for all."""

    def paint(canvas):
        canvas.setFont(font, size)
        for x, y, word in placed:
            canvas.drawString(x, y, word)

    return paint


def test_a_head_above_a_table_without_rules_belongs_to_it():
    body = [
        (x, 600 - 14 * r, f"{value}")
        for r, row in enumerate(
            (("Fox", 11, 12, 13, 14), ("Dog", 21, 22, 23, 24), ("Owl", 31, 32, 33, 34))
        )
        for x, value in zip((80, 180, 240, 300, 360), row, strict=True)
    ]
    names = zip((80, 180, 240, 300, 360), ("Kind", "May", "June", "July", "Aug"), strict=True)
    head = lines_at(*((x, 616, name) for x, name in names), font="Helvetica-Bold")
    above = lines_at((183, 632, "Early months"), (303, 632, "Late months"), font="Helvetica-Bold")
    [table] = of(
        Table, pdf(both(text(prose(6)), above, head, lines_at(*body), text(prose(6), y=520)))
    )
    assert table.header_rows == 2
    assert table.headers == (
        "Kind",
        "Early months / May",
        "Early months / June",
        "Late months / July",
        "Late months / Aug",
    )
    assert table.rows[0] == ("Fox", "11", "12", "13", "14")
    assert table.verified


def test_text_above_a_table_is_no_head():
    body = [(x, 600 - 14 * r, f"{r}{x}") for r in range(4) for x in (80, 180, 240, 300, 360)]
    content = pdf(
        both(text(["The table shows what was counted in May and after."], y=616), lines_at(*body))
    )
    assert all(
        table.header_rows == 0 or "shows" not in table.headers[0] for table in of(Table, content)
    )


@pytest.mark.parametrize("framed", [True, False])
def test_a_paragraph_in_a_panel_is_a_callout(framed):
    def panel(canvas):
        canvas.setFillColorRGB(0.9, 0.95, 1)
        canvas.rect(60, 540, 470, 40, fill=0 if framed else 1, stroke=1 if framed else 0)
        canvas.setFillColorRGB(0, 0, 0)

    words = "Count every fox once and every dog twice."
    content = pdf(both(text(prose(8)), panel, text([words], y=557), text(prose(8), y=500)))
    assert [block.text for block in of(Callout, content)] == [words]


def test_a_page_laid_out_in_panels_has_no_callouts():
    def panels(canvas):
        for y in (700, 560, 420):
            canvas.rect(60, y, 470, 120)

    content = pdf(both(panels, *(text(prose(4, start=y), y=y + 90) for y in (700, 560, 420))))
    assert of(Callout, content) == []


def bars(canvas):
    canvas.setFont("Helvetica", 8)
    canvas.line(100, 400, 400, 400)
    canvas.line(100, 400, 100, 520)
    for tick in range(5):
        canvas.line(96, 400 + 30 * tick, 100, 400 + 30 * tick)
        canvas.drawRightString(94, 397 + 30 * tick, str(10 * tick))
    for n in range(6):
        canvas.rect(120 + 45 * n, 400, 25, 30 + 12 * n, fill=1)
        canvas.drawCentredString(132 + 45 * n, 388, str(2020 + n))


def test_the_labels_of_a_vector_chart_are_text_in_it_and_its_caption_is_linked():
    caption = "Figure 2. Foxes of the valley by year."
    content = pdf(both(text(prose(8)), bars, text([caption], y=360), text(prose(8), y=330)))
    found = document(content)
    kinds = [type(block).__name__ for block in found.blocks]
    assert kinds == ["Paragraph", "Image", "Caption", "Paragraph"]
    [chart] = of(Image, content)
    assert chart.image_type is ImageType.CHART
    assert chart.embedded_text.splitlines()[-1] == "2020 2021 2022 2023 2024 2025"
    assert chart.image_b64
    assert chart.caption == caption
    [linked] = of(Caption, content)
    assert linked.target == chart.id
    assert found.extraction.faithfulness_score > 0.9


def test_a_table_with_lines_is_no_chart():
    content = pdf(both(text(prose(6)), lambda canvas: grid(canvas, ruled=True)))
    assert of(Image, content) == []


def test_running_text_that_begins_with_a_figures_name_is_no_caption():
    content = pdf(
        both(text(["Figure 1 shows one of the storms at its height."]), text(prose(9), y=740))
    )
    assert of(Caption, content) == []


def test_a_paragraph_after_a_list_is_not_its_last_item():
    items = ["• Quartz of five dozen kinds", "• Liquor jugs of the wizards"]
    content = pdf(both(text(items, x=80, y=700), text(prose(4), y=676)))
    assert [type(block).__name__ for block in document(content).blocks] == [
        "ListBlock",
        "Paragraph",
    ]


def test_the_short_last_line_of_a_paragraph_over_two_columns_stays_with_it():
    wide = [*prose(4, 12), "and so it ended."]
    content = pdf(
        both(text(wide, x=90), text(prose(20, 6), y=700), text(prose(20, 6, 9), x=320, y=700))
    )
    first, *_ = of(Paragraph, content)
    assert first.text.endswith("and so it ended.")


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_page_that_stands_on_its_side_is_read_with_the_same_rules(angle):
    def paint(canvas):
        canvas.translate(
            {90: WIDTH, 180: WIDTH, 270: 0}[angle], {90: 0, 180: HEIGHT, 270: HEIGHT}[angle]
        )
        canvas.rotate(angle)
        both(
            text(["A Study of Foxes"], y=540, size=20, font="Helvetica-Bold"),
            text(prose(12, 6), y=500),
            text(prose(12, 6, 9), x=320, y=500),
        )(canvas)

    found = list(document(pdf(paint)).blocks)
    assert [type(block).__name__ for block in found] == ["Heading", "Paragraph", "Paragraph"]
    assert found[1].text == " ".join(prose(12, 6))
    assert all(block.verified for block in found)
    x0, y0, x1, y1 = found[0].bbox
    # The title reads up, on its head, or down: it lies along that edge of the page.
    assert (x1 - x0 > y1 - y0) == (angle == 180)
    assert {90: x1 < 0.2, 180: y0 > 0.6, 270: x0 > 0.8}[angle]


def own_tables(*painters):
    """The tables that our own rules find where no other engine was asked."""
    from toolkit.engine.alignment import aligned
    from toolkit.engine.words import find_lines

    lines = find_lines(glyphs(pdf(both(*painters))))
    return [
        [[c.text for c in g.cells if c.row == r] for r in range(g.rows)] for g in aligned(lines)
    ]


def test_own_rules_put_wrapped_rows_together():
    rows = (
        (700, "No.", "Name of the valley", "Foxes"),
        (680, "1", "Upper valley of the", "14"),
        (668, "", "long river", ""),
        (648, "2", "Lower valley", "9"),
        (628, "3", "The marsh", "31"),
    )
    placed = [(x, y, w) for y, *row in rows for x, w in zip((80, 120, 300), row, strict=True) if w]
    assert own_tables(lines_at(*placed)) == [
        [
            ["No.", "Name of the valley", "Foxes"],
            ["1", "Upper valley of the long river", "14"],
            ["2", "Lower valley", "9"],
            ["3", "The marsh", "31"],
        ]
    ]


def test_own_rules_take_neither_columns_nor_contents_for_a_table():
    assert own_tables(text(prose(9, 6)), text(prose(9, 6, 9), x=320)) == []
    contents = [
        (x, 700 - 14 * n, w) for n in range(6) for x, w in ((80, f"On foxes {n}"), (400, f"{n}"))
    ]
    assert own_tables(lines_at(*contents)) == []
