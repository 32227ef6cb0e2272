"""Display formulas: found where they stand alone, and in LaTeX where it can be rebuilt."""

from __future__ import annotations

import io

import pytest
from engine_made import both, document, pdf, prose, text
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Block, Formula
from toolkit.document.markdown import markdown


def formulas_of(content: bytes, **options: object) -> list[Formula]:
    blocks: tuple[Block, ...] = document(content, **options).pages[0].blocks
    return [block for block in blocks if isinstance(block, Formula)]


def amid(paint) -> bytes:
    return pdf(both(text(prose(5), y=780), paint, text(prose(5, start=9), y=500)))


def fraction(canvas: Canvas) -> None:
    canvas.setFont("Times-Italic", 12)
    canvas.drawString(250, 650, "S")
    canvas.setFont("Times-Roman", 12)
    canvas.drawString(262, 650, "=")
    canvas.setFont("Times-Italic", 12)
    canvas.drawString(276, 658, "a")
    canvas.setFont("Times-Roman", 12)
    canvas.drawString(285, 658, "+")
    canvas.setFont("Times-Italic", 12)
    canvas.drawString(295, 658, "b")
    canvas.drawString(286, 642, "c")
    canvas.line(274, 653, 303, 653)
    canvas.setFont("Times-Roman", 12)
    canvas.drawString(500, 650, "(7)")


def test_a_fraction_is_rebuilt_from_its_bar():
    (formula,) = formulas_of(amid(fraction))
    assert formula.latex == r"S=\frac{a+b}{c}\tag{7}"
    assert formula.text.split() == ["S", "=", "a", "+", "b", "c", "(7)"]
    assert formula.rendered_image_b64


def test_it_is_said_once_and_between_what_surrounds_it():
    plain = markdown(document(amid(fraction)), style="plain")
    paragraphs = plain.split("\n\n")
    at = next(i for i, part in enumerate(paragraphs) if r"\frac" in part)
    assert 0 < at < len(paragraphs) - 1
    assert plain.count(r"\frac") == 1


def test_no_picture_where_none_are_kept():
    (formula,) = formulas_of(amid(fraction), preserve_images=False)
    assert formula.rendered_image_b64 is None


def scripts(canvas: Canvas) -> None:
    left = 220.0
    for sign, rise, size in (("y", 0, 12), ("=", 0, 12), ("x", 0, 12), ("2", 5, 8), ("+", 0, 12)):
        canvas.setFont("Times-Italic" if sign.isalpha() else "Times-Roman", size)
        canvas.drawString(left, 650 + rise, sign)
        left += canvas.stringWidth(sign) + 1
    canvas.setFont("Times-Italic", 12)
    canvas.drawString(left, 650, "k")
    left += canvas.stringWidth("k") + 0.5
    canvas.setFont("Times-Roman", 8)
    canvas.drawString(left, 647, "1")


def test_raised_and_lowered_signs_are_scripts():
    (formula,) = formulas_of(amid(scripts))
    assert formula.latex == "y=x^{2}+k_{1}"


def test_a_formula_in_a_sentence_stays_text():
    lines = [*prose(3), "so that the energy is E = mc and nothing else follows from it", *prose(3)]
    assert formulas_of(pdf(text(lines))) == []


def test_a_lone_equation_in_plain_type_stays_text():
    assert formulas_of(pdf(text([*prose(4), "", "x = 5", "", *prose(4)]))) == []


def test_what_has_no_name_has_no_latex():
    def paint(canvas: Canvas) -> None:
        scripts(canvas)
        canvas.setFont("Times-Roman", 12)
        canvas.drawString(270, 650, "\u00a4")

    (formula,) = formulas_of(amid(paint))
    assert formula.latex is None
    assert "=" in formula.text


plt = pytest.importorskip("matplotlib.pyplot", reason="formulas of matplotlib")


@pytest.mark.parametrize(
    ("written", "latex"),
    [
        (r"$x = \frac{-b \pm d}{2a}$", r"x=\frac{-b\pm d}{2a}"),
        (r"$\sigma^{2} = \alpha_{1} + \beta_{2}$", r"\sigma^{2}=\alpha_{1}+\beta_{2}"),
        (r"$P(A) = \frac{n_{1}}{n_{2}}$", r"P(A)=\frac{n_{1}}{n_{2}}"),
        (r"$e^{kt} \leq 1 + z$", r"e^{kt}\leq1+z"),
    ],
)
def test_glyphs_of_tex_are_read_back(written, latex):
    with plt.rc_context({"mathtext.fontset": "stix", "pdf.fonttype": 42}):
        figure = plt.figure(figsize=(6, 4))
        figure.text(0.1, 0.8, "Here stands a sentence that leads to the formula which follows.")
        figure.text(0.5, 0.5, written, fontsize=14)
        figure.text(0.1, 0.2, "And here stands another one, which goes on with something else.")
        stream = io.BytesIO()
        figure.savefig(stream, format="pdf")
        plt.close(figure)
    (formula,) = formulas_of(stream.getvalue(), ocr="never")
    assert formula.latex == latex
