"""Diagrams drawn as vectors: their nodes, what joins them, and which way."""

from __future__ import annotations

import pytest
from engine_made import both, pdf, text
from figures_made import arrow, outline, understood
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Block, Diagram, Paragraph, Proof, TextSource
from toolkit.document.markdown import markdown
from toolkit.document.wire import decode, encode
from toolkit.engine.readers.pdf import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven

FLOW = {
    ("Start here", "Read the form", None),
    ("Read the form", "Is it valid?", None),
    ("Is it valid?", "Store it", "yes"),
    ("Is it valid?", "Ask again", "no"),
    ("Ask again", "Read the form", None),
}


def flow(head: str) -> bytes:
    def paint(canvas: Canvas) -> None:
        outline(canvas, "ellipse", (240, 640, 110, 40), "Start here")
        outline(canvas, "rectangle", (240, 560, 110, 40), "Read the\nform")
        outline(canvas, "diamond", (225, 450, 140, 70), "Is it valid?")
        outline(canvas, "round", (240, 360, 110, 40), "Store it")
        outline(canvas, "rectangle", (430, 465, 100, 40), "Ask again")
        arrow(canvas, [(295, 640), (295, 600)], head)
        arrow(canvas, [(295, 560), (295, 520)], head)
        arrow(canvas, [(295, 450), (295, 400)], head)
        arrow(canvas, [(365, 485), (430, 485)], head)
        arrow(canvas, [(480, 505), (480, 580), (350, 580)], head)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(300, 424, "yes")
        canvas.drawString(385, 489, "no")

    above = text(["The process has four steps, one of which is a decision."] * 2, y=780)
    below = text(["After the drawing the text goes on, and is no part of it."] * 2, y=300)
    return pdf(both(above, paint, below))


def blocks_of(content: bytes, profile: str = "advanced") -> tuple[Block, ...]:
    document = understood(content, profile)
    assert decode(encode(document)) == document
    return document.pages[0].blocks


def diagrams_of(content: bytes) -> list[Diagram]:
    return [block for block in blocks_of(content) if isinstance(block, Diagram)]


def edges_of(diagram: Diagram) -> set[tuple[str, str, str | None]]:
    names = {node.id: node.label for node in diagram.nodes}
    return {(names[edge.source], names[edge.target], edge.label) for edge in diagram.edges}


@pytest.mark.parametrize("head", ["filled", "open", "none"])
def test_a_flow_chart_is_a_graph(head):
    (diagram,) = diagrams_of(flow(head))
    assert edges_of(diagram) == FLOW
    assert all(node.bbox is not None for node in diagram.nodes)


def test_its_words_are_proven_and_said_once():
    content = flow("filled")
    document = understood(content)
    (diagram,) = [b for b in document.pages[0].blocks if isinstance(b, Diagram)]
    assert diagram.text_source is TextSource.VERIFIED
    assert diagram.proof is Proof.TEXT_LAYER
    (source,) = [one for _, one in source_texts(Source.from_bytes(content, "made.pdf"))]
    assert proven(source, diagram)
    plain = markdown(document, style="plain")
    assert plain.count("Ask again") == 1
    assert plain.count("After the drawing") == 2
    assert document.extraction.faithfulness_score > 0.95


def test_in_standard_the_words_stay_text():
    blocks = blocks_of(flow("filled"), "standard")
    assert not [block for block in blocks if isinstance(block, Diagram)]
    assert any("Ask again" in str(getattr(block, "text", "")) for block in blocks)


def test_an_arrow_drawn_backwards_points_where_its_head_is():
    def paint(canvas: Canvas) -> None:
        outline(canvas, "rectangle", (100, 600, 90, 40), "Left")
        outline(canvas, "rectangle", (300, 600, 90, 40), "Right")
        arrow(canvas, [(300, 620), (190, 620)], "filled")

    (diagram,) = diagrams_of(pdf(paint))
    assert edges_of(diagram) == {("Right", "Left", None)}


def test_a_tree_goes_from_its_top_to_each_branch():
    def paint(canvas: Canvas) -> None:
        outline(canvas, "rectangle", (240, 700, 120, 34), "Director")
        for at, name in enumerate(("Finance", "Sales", "Research")):
            outline(canvas, "rectangle", (60 + 150 * at, 600, 100, 34), name)
            canvas.line(110 + 150 * at, 634, 110 + 150 * at, 665)
        canvas.line(110, 665, 410, 665)
        canvas.line(300, 700, 300, 665)

    (diagram,) = diagrams_of(pdf(paint))
    assert edges_of(diagram) == {
        ("Director", name, None) for name in ("Finance", "Sales", "Research")
    }


def test_a_table_of_framed_cells_is_no_diagram():
    def paint(canvas: Canvas) -> None:
        for row in range(5):
            for column in range(3):
                canvas.rect(70 + 120 * column, 600 - 24 * row, 120, 24)
                canvas.drawString(80 + 120 * column, 608 - 24 * row, f"cell {row} {column}")

    assert diagrams_of(pdf(paint)) == []


def test_shaded_rows_beside_a_rule_are_no_diagram():
    def paint(canvas: Canvas) -> None:
        for row in range(6):
            if row % 2:
                canvas.setFillGray(0.9)
                canvas.rect(70, 600 - 20 * row, 100, 20, fill=1, stroke=0)
            canvas.setFillGray(0)
            canvas.drawString(80, 606 - 20 * row, f"Place {row}")
            canvas.drawString(200, 606 - 20 * row, str(row * 7))
            canvas.line(174, 600 - 20 * row, 174, 620 - 20 * row)

    assert diagrams_of(pdf(paint)) == []


def test_two_boxes_with_a_line_between_are_text():
    def paint(canvas: Canvas) -> None:
        outline(canvas, "rectangle", (100, 600, 90, 40), "Left")
        outline(canvas, "rectangle", (300, 600, 90, 40), "Right")
        canvas.line(190, 620, 300, 620)

    assert diagrams_of(pdf(paint)) == []
    texts = " ".join(b.text for b in blocks_of(pdf(paint)) if isinstance(b, Paragraph))
    assert "Left" in texts
