"""The text of shapes, whatever characters are in it, and where charts take their words from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pptx import Presentation
from pptx.util import Inches
from pptx_made import deck, document, said, source

from toolkit.document.geometry import Box
from toolkit.document.normal import folded
from toolkit.document.text import text_of
from toolkit.document.wire import decode, encode
from toolkit.engine.readers.pptx_charts import chart_of
from toolkit.engine.readers.pptx_frame import IDENTITY, Frame, frame_of
from toolkit.engine.readers.pptx_text import paragraph_text
from toolkit.engine.slides import source_texts
from toolkit.engine.slides_marks import Script
from toolkit.engine.slides_order import in_reading_order
from toolkit.engine.trust import proven

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
ODD = st.text(
    st.one_of(
        st.sampled_from("\v\n\t \u00a0\u00ad\u200b\ufb03_x000D_&<>\"'\u202e\U0001f600é"),
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]),
    ),
    min_size=1,
    max_size=40,
).filter(lambda text: not set(text) & {"\ufffe", "\uffff"})


@settings(max_examples=40, deadline=None)
@given(ODD)
def test_any_text_comes_out_as_python_pptx_reads_it(text):
    content = deck(said(text))
    made = document(content)
    assert decode(encode(made)) == made
    [slide] = Presentation(__import__("io").BytesIO(content)).slides
    wanted = folded(slide.shapes[0].text_frame.text)
    assert folded("".join(map(text_of, made.blocks))) == wanted
    sources = dict(source_texts(source(content)))
    assert all(proven(sources[1], block) for block in made.blocks if block.verified)


def test_escapes_stay_as_they_are_written():
    [block] = document(deck(said("a_x000D_b\x07c"))).blocks
    assert block.text == "a_x000D_b_x0007_c"


def test_a_line_break_is_a_new_line():
    [block] = document(deck(said("one\vtwo"))).blocks
    assert block.text == "one\ntwo"


def test_a_formula_in_a_paragraph_is_not_lost():
    paragraph = etree.fromstring(
        f'<a:p {A} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<a:r><a:t>where </a:t></a:r><mc:AlternateContent><mc:Choice><m:oMath><m:r><m:t>x=1</m:t>"
        "</m:r></m:oMath></mc:Choice><mc:Fallback><a:r><a:t> </a:t></a:r></mc:Fallback>"
        "</mc:AlternateContent><a:fld><a:t>!</a:t></a:fld></a:p>"
    )
    assert paragraph_text(paragraph) == "where x=1!"


def chart(inside: str):
    return chart_of(
        etree.fromstring(f"<c:chartSpace {C} {A}><c:chart>{inside}</c:chart></c:chartSpace>"),
        Script(),
    )


def test_counts_that_nothing_bears_out_are_not_believed():
    values = (
        '<c:val><c:numLit><c:ptCount val="99999999"/><c:pt idx="1"><c:v>5</c:v></c:pt>'
        '<c:pt idx="99999999"><c:v>6</c:v></c:pt></c:numLit></c:val>'
    )
    made = chart(f"<c:plotArea><c:barChart><c:ser>{values}</c:ser></c:barChart></c:plotArea>")
    [(name, numbers)] = made.series
    assert name is None
    assert numbers == (None, 5.0)


@pytest.mark.parametrize("number", ["", "NaN", "inf", "#N/A", "1e999"])
def test_what_is_no_number_is_none(number):
    values = f'<c:val><c:numLit><c:pt idx="0"><c:v>{number}</c:v></c:pt></c:numLit></c:val>'
    made = chart(f"<c:plotArea><c:lineChart><c:ser>{values}</c:ser></c:lineChart></c:plotArea>")
    assert made.series == ((None, (None,)),)


def test_frames_turn_and_mirror():
    square = frame_of(IDENTITY, (0, 0, 12700, 25400))
    assert square.box() == Box(0, 0, 1, 2)
    mirrored = frame_of(IDENTITY, (0, 0, 12700, 25400), etree.fromstring('<x flipH="1"/>'))
    assert mirrored.at(0, 0) == (1.0, 0.0)
    turned = frame_of(IDENTITY, (0, 0, 12700, 25400), etree.fromstring('<x rot="5400000"/>'))
    box = turned.box()
    assert (box.width, box.height) == pytest.approx((2, 1))
    assert Frame(2, 0, 0, 2, 1, 1).after(square).box() == Box(1, 1, 3, 5)


@given(
    st.lists(
        st.tuples(*[st.integers(0, 50)] * 4).map(
            lambda t: Box(t[0], t[1], t[0] + t[2], t[1] + t[3])
        ),
        max_size=25,
    )
)
def test_every_shape_is_read_once(boxes):
    assert sorted(in_reading_order(boxes)) == list(range(len(boxes)))


def test_text_on_a_panel_is_read_after_the_panels_own():
    panel, inside = Box(0, 0, 100, 100), Box(10, 40, 90, 60)
    assert in_reading_order([inside, panel]) == [1, 0]


def test_labels_inside_a_wide_text_are_read_from_the_top():
    wide, below = Box(24, 18, 696, 505), Box(30, 503, 690, 540)
    upper, lower = Box(654, 156, 684, 316), Box(618, 384, 648, 500)
    assert in_reading_order([wide, lower, upper, below]) == [0, 2, 1, 3]


def test_pictures_share_the_room_of_their_document(monkeypatch):
    from toolkit.engine import slides

    def paint(slide):
        from pptx_made import png

        for width in (200, 210, 220):
            slide.shapes.add_picture(png(width), Inches(1), Inches(1), Inches(5), Inches(2))

    whole = [len(block.image_b64) for block in document(deck(paint)).blocks]
    monkeypatch.setattr(slides, "MOST_BYTES", whole[0] + whole[1])
    kept = [block.image_b64 is not None for block in document(deck(paint)).blocks]
    assert sum(kept) == 2
