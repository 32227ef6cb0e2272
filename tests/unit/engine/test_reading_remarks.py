"""Remarks over a page, and the fields of a form."""

from __future__ import annotations

import gc
import io

import pytest
from engine_made import document, sheet
from reading_made import page_of, refs, written
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Callout, Paragraph, Role, TextSource
from toolkit.document.markdown import markdown
from toolkit.engine.options import ParseOptions
from toolkit.engine.readers.pdf import read
from toolkit.engine.source import Source


def form() -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(600, 800))
    fields = canvas.acroForm
    canvas.drawString(50, 705, "Your name")
    fields.textfield(name="name", value="Ada Lovelace", x=150, y=700, width=200, height=20)
    canvas.drawString(50, 655, "Unused")
    fields.textfield(name="unused", value="", x=150, y=650, width=200, height=20)
    fields.checkbox(name="agree", checked=True, x=50, y=600, tooltip="I agree to all of it")
    fields.checkbox(name="letter", checked=False, x=50, y=560, tooltip="Send me letters")
    fields.choice(
        name="colour",
        tooltip="Colour",
        value="Blue",
        options=["Red", "Green", "Blue"],
        x=150,
        y=500,
        width=80,
        height=20,
    )
    fields.radio(name="size", value="small", selected=False, x=50, y=450, tooltip="Size")
    fields.radio(name="size", value="large", selected=True, x=90, y=450, tooltip="Size")
    canvas.save()
    return stream.getvalue()


def said(made: bytes, role: Role) -> list[str]:
    blocks = document(made, ocr="never").pages[0].blocks
    return [block.text for block in blocks if block.role is role]


def test_fields_are_read_with_what_they_hold():
    found = {(f.kind, f.name, f.value) for f in sheet(form()).fields}
    assert found == {
        ("text", "name", "Ada Lovelace"),
        ("text", "unused", ""),
        ("checkbox", "agree", "Yes"),
        ("checkbox", "letter", ""),
        ("choice", "colour", "Blue"),
        ("radio", "size", ""),
        ("radio", "size", "large"),
    }


def test_a_form_of_many_pages_is_read_on_when_its_file_is_opened_again():
    # PDFium's pages are let go of before their file is, whoever still holds one.
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(600, 800))
    for number in range(1, 151):
        canvas.acroForm.textfield(name=f"n{number}", value=f"Value {number}", x=150, y=700)
        canvas.textAnnotation(f"Remark {number}", Rect=[300, 500, 320, 520])
        canvas.showPage()
    canvas.save()
    reading = read(Source.from_bytes(stream.getvalue()), ParseOptions())
    held = []
    for number in [*range(1, 151), *range(150, 0, -7)]:
        seen = reading.sheet(number)
        assert [field.value for field in seen.fields] == [f"Value {number}"]
        assert [note.text for note in seen.annotations] == [f"Remark {number}"]
        if number % 10 == 0:
            assert reading.picture(number, 20) is not None
            held.append(reading._pdfium()._page(number))
    reading._pdfium().close()
    held.clear()
    gc.collect()


def test_filled_fields_are_said_where_they_lie_and_empty_ones_are_not():
    assert said(form(), Role.FORM_FIELD) == [
        "Ada Lovelace",
        "☒ I agree to all of it",
        "Colour: Blue",
        "Size: large",
    ]
    blocks = document(form(), ocr="never").pages[0].blocks
    texts = [block.text for block in blocks]
    assert texts.index("Ada Lovelace") == texts.index("Your name") + 1
    for block in blocks:
        is_field = block.role is Role.FORM_FIELD
        assert block.text_source is (TextSource.INFERRED if is_field else TextSource.VERIFIED)
        assert 0.8 < block.confidence <= 1
    assert "Ada Lovelace" in markdown(document(form(), ocr="never"), style="plain")


def test_a_field_that_was_flattened_is_said_once():
    made = page_of(
        written("Ada Lovelace", x=150, y=705),
        b"<</Fields[7 0 R]>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/V(Ada Lovelace)/Rect[150 700 350 720]>>",
        page=b"/Annots[7 0 R]",
        catalog=b"/AcroForm 6 0 R",
    )
    assert sheet(made).fields[0].value == "Ada Lovelace"
    assert said(made, Role.FORM_FIELD) == []
    blocks = document(made, ocr="never").pages[0].blocks
    assert [block.text_source for block in blocks] == [TextSource.VERIFIED]


def test_a_box_that_is_ticked_in_the_text_layer_is_said_once():
    tick = b"<</Type/Annot/Subtype/Widget/FT/Btn/T(agree)/AS/Yes/V/Yes/Rect[150 700 165 715]>>"
    for drawn, wanted in ((b"", ["\u2612 agree"]), (written("X", x=153, y=703), [])):
        made = page_of(
            written("Some text", y=300) + drawn,
            b"<</Fields[7 0 R]>>",
            tick,
            page=b"/Annots[7 0 R]",
            catalog=b"/AcroForm 6 0 R",
        )
        assert said(made, Role.FORM_FIELD) == wanted


def widget(more: bytes) -> bytes:
    return b"<</Type/Annot/Subtype/Widget/Rect[150 700 350 720]%s>>" % more


def one_field(more: bytes, *others: bytes) -> bytes:
    return page_of(
        written("Some text", y=300),
        b"<</Fields[7 0 R]>>",
        widget(more),
        *others,
        page=b"/Annots[7 0 R]",
        catalog=b"/AcroForm 6 0 R",
    )


def test_what_a_field_takes_from_its_parent():
    made = page_of(
        written("Some text", y=300),
        b"<</Fields[8 0 R]>>",
        widget(b"/Parent 8 0 R"),
        b"<</FT/Tx/T(person)/Kids[7 0 R]/V(Grace Hopper)>>",
        page=b"/Annots[7 0 R]",
        catalog=b"/AcroForm 6 0 R",
    )
    field = sheet(made).fields[0]
    assert (field.kind, field.name, field.value) == ("text", "person", "Grace Hopper")
    assert said(made, Role.FORM_FIELD) == ["person: Grace Hopper"]


def test_a_signature_is_said_to_be_there():
    made = one_field(b"/FT/Sig/T(approval)/V<</Type/Sig/Filter/Adobe.PPKLite>>")
    assert said(made, Role.FORM_FIELD) == ["approval: signed"]
    assert said(one_field(b"/FT/Sig/T(approval)"), Role.FORM_FIELD) == []


@pytest.mark.parametrize("more", [b"/FT/Tx/Ff 8192/T(pin)/V(1234)", b"/FT/Tx/F 2/T(x)/V(secret)"])
def test_passwords_and_hidden_fields_stay_where_they_are(more):
    made = one_field(more)
    assert said(made, Role.FORM_FIELD) == []
    assert all(not field.value for field in sheet(made).fields)


def test_a_password_of_a_form_that_is_not_asked_stays_where_it_is():
    # Without a form, a field is read as it stands; that it is a password, its parent says.
    made = page_of(
        written("Some text", y=300),
        b"<</FT/Tx/Ff 8192/T(pin)/Kids[7 0 R]>>",
        widget(b"/FT/Tx/Parent 6 0 R/V(1234)"),
        widget(b"/FT/Tx/Ff 0/Parent 6 0 R/T(name)/V(Ada)").replace(b"700 350 720", b"600 350 620"),
        page=b"/Annots[7 0 R 8 0 R]",
    )
    assert [field.value for field in sheet(made).fields] == ["", "Ada"]
    assert said(made, Role.FORM_FIELD) == ["name: Ada"]


def test_signs_that_steer_a_terminal_are_left_out():
    spoilt = "\ufeffred\x07 \x9b31m\nnext\x08".encode("utf-16-be").hex().encode()
    made = one_field(b"/FT/Tx/T(x)/V<%s>" % spoilt)
    assert said(made, Role.FORM_FIELD) == ["x: red 31m\nnext"]
    (remark,) = sheet(noted(note("Text", b"/Contents<%s>" % spoilt))).annotations
    assert remark.text == "red 31m\nnext"


HOSTILE_FORMS = {
    "kids in a circle": one_field(
        b"/Parent 8 0 R",
        b"<</T(a)/FT/Tx/Kids[9 0 R 9 0 R 7 0 R]>>",
        b"<</T(b)/FT/Tx/Kids[8 0 R 8 0 R]>>",
    ).replace(b"/Fields[7 0 R]", b"/Fields[8 0 R]"),
    "kids that branch": one_field(
        b"/FT/Tx/T(x)/V(y)",
        *(b"<</T(a)/FT/Tx/Kids[%d 0 R %d 0 R]>>" % (n, n) for n in range(9, 37)),
        b"<</T(z)/FT/Tx>>",
    ).replace(b"/Fields[7 0 R]", b"/Fields[8 0 R]"),
    "parents in a circle": one_field(
        b"/Parent 8 0 R", b"<</T(a)/Parent 9 0 R>>", b"<</T(b)/Parent 8 0 R>>"
    ),
    "a value that is none": one_field(b"/FT/Tx/T 7 0 R/V 3 0 R/Opt 7 0 R"),
    "many": page_of(
        written("Some text", y=300),
        *[b"<</Type/Annot/Subtype/Text/Contents(x)/Rect[9 9 19 19]>>"] * 4000,
        page=b"/Annots[%s]" % refs(*range(6, 4006)),
    ),
    "no annotations": page_of(written("Some text"), page=b"/Annots[3 0 R 99 0 R 7 null (x)]"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("made", HOSTILE_FORMS.values(), ids=HOSTILE_FORMS)
def test_a_hostile_form_costs_no_text(made):
    one = document(made, ocr="never")
    assert "Some text" in [getattr(block, "text", "") for block in one.pages[0].blocks]
    assert len(sheet(made).annotations) <= 2000


def note(kind: str, more: bytes, rect: bytes = b"300 695 320 715") -> bytes:
    return b"<</Type/Annot/Subtype/%s/Rect[%s]%s>>" % (kind.encode(), rect, more)


def noted(*notes: bytes) -> bytes:
    return page_of(
        written("The text of the page is here") + written("And more of it", y=600),
        *notes,
        page=b"/Annots[%s]" % refs(*range(6, 6 + len(notes))),
    )


def test_remarks_are_said_after_what_they_are_about():
    made = noted(
        note("Text", b"/Contents(Is that so?)/T(Ada)", b"220 695 240 715"),
        note("FreeText", b"/Contents(Typed on top)", b"50 640 200 660"),
        note(
            "Highlight",
            b"/Contents(Nice)/QuadPoints[50 610 130 610 50 598 130 598]",
            b"50 598 130 610",
        ),
        note("Stamp", b"/Name/NotApproved", b"400 100 500 150"),
    )
    blocks = document(made, ocr="never").pages[0].blocks
    assert [(type(block), block.text) for block in blocks] == [
        (Paragraph, "The text of the page is here"),
        (Callout, "Is that so?"),
        (Paragraph, "Typed on top"),
        (Paragraph, "And more of it"),
        (Callout, "Nice"),
        (Callout, "Not Approved"),
    ]
    assert [b.role is Role.ANNOTATION for b in blocks] == [False, True, True, False, True, True]
    assert all(b.text_source is TextSource.INFERRED for b in blocks if b.role is Role.ANNOTATION)
    assert sheet(made).annotations[0].author == "Ada"


def test_what_says_nothing_new_is_not_said():
    made = noted(
        note("Text", b"/Contents(Once)/Popup 7 0 R"),
        note("Popup", b"/Contents(Once)/Parent 6 0 R"),
        note("Highlight", b"/Contents(And more of it)", b"50 598 130 610"),
        note("Text", b"/Contents(Hidden)/F 2"),
        note("Text", b"/Contents(Accepted by Ada)/StateModel(Review)/State(Accepted)"),
        note("Square", b""),
        note("Link", b"/Contents(A link)"),
    )
    assert said(made, Role.ANNOTATION) == ["Once"]


def test_a_text_box_that_is_written_in_html():
    rich = b"/RC(<body><p>First &amp; last</p><p>line</p></body>)"
    made = noted(note("FreeText", rich, b"50 400 200 420"))
    assert said(made, Role.ANNOTATION) == ["First & last\nline"]


def test_the_picture_shows_what_is_read():
    reading = read(Source.from_bytes(form(), "form.pdf"), ParseOptions())
    picture = reading.picture(1, 72)
    assert picture is not None
    field = next(f for f in reading.sheet(1).fields if f.name == "name")
    edges = field.box.left + 3, field.box.top + 3, 250, field.box.bottom - 3
    darkest, _ = picture.crop(tuple(map(int, edges))).convert("L").getextrema()
    assert darkest < 100


def test_turned_pages_have_their_remarks_where_they_are_seen():
    made = noted(note("Text", b"/Contents(Corner)", b"0 780 20 800")).replace(
        b"/MediaBox[0 0 600 800]", b"/MediaBox[0 0 600 800]/Rotate 90", 1
    )
    box = sheet(made).annotations[0].box
    assert (box.left, box.top) == pytest.approx((780, 0), abs=0.1)
