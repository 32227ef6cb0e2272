"""Text that is in the file, but that nobody can see: said, but never verified."""

from __future__ import annotations

import pytest
from engine_made import document, sheet
from reading_made import page_of, written

from toolkit.document.blocks import TextSource

SEEN = "Seen text that is here"
IMAGE = (
    b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
    b"%s/Length 1>>stream\n\x40\nendstream"
)


def sources(made: bytes) -> dict[str, TextSource]:
    blocks = document(made, ocr="never", preserve_images=False).pages[0].blocks
    return {block.text: block.text_source for block in blocks if hasattr(block, "text")}


def hidden(made: bytes) -> str:
    glyphs = sheet(made).glyphs
    return "".join(c for c, off in zip(glyphs.text, glyphs.hidden, strict=True) if off)


def with_seen(content: bytes, *extra: bytes, resources: bytes = b"") -> bytes:
    return page_of(written(SEEN) + content, *extra, resources=resources)


WORDS = "Hidden words"
LINE = written(WORDS, y=600)
XOBJECT = b"/XObject<</X 6 0 R>>"
FORM = (
    b"<</Type/XObject/Subtype/Form/BBox[0 0 600 100]/Resources<</Font<</F1 5 0 R>>>>"
    b"/Length %d>>stream\n%s\nendstream"
)
UNSEEN = {
    "never painted": with_seen(b"3 Tr " + LINE),
    "only a clip": with_seen(b"7 Tr " + LINE),
    "white on white": with_seen(b"1 1 1 rg " + LINE),
    "outside of a clip": with_seen(b"q 50 500 200 20 re W n " + LINE + b"Q "),
    "outside of two clips": with_seen(
        b"q 50 500 200 120 re W n 300 500 200 120 re W n " + LINE + b"Q "
    ),
    "inside a form, outside of its box": with_seen(
        b"/X Do", FORM % (len(LINE), LINE), resources=XOBJECT
    ),
    "under a fill": with_seen(LINE + b"0 0 0 rg 40 590 200 30 re f"),
    "under a fill with other text on it": with_seen(
        LINE + b"0 0 0 rg 40 590 200 40 re f 1 1 1 rg " + written("On top of it", y=618, size=9)
    ),
    "under a picture": with_seen(
        LINE + b"q 200 0 0 30 40 590 cm /X Do Q", IMAGE % b"", resources=XOBJECT
    ),
}


@pytest.mark.parametrize("made", UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_sees_is_inferred(made):
    assert hidden(made).replace(" ", "") == WORDS.replace(" ", "")
    said = sources(made)
    assert said[SEEN] is TextSource.VERIFIED
    assert said[WORDS] is TextSource.INFERRED


def layered(state: bytes) -> bytes:
    return page_of(
        written(SEEN) + b"/OC /L BDC " + LINE + b"EMC ",
        b"<</Type/OCG/Name(A layer)>>",
        resources=b"/Properties<</L 6 0 R>>",
        catalog=b"/OCProperties<</OCGs[6 0 R]/D<<%s[6 0 R]>>>>" % state,
    )


def test_text_on_a_layer_is_seen_as_long_as_the_layer_is_on():
    assert hidden(layered(b"/OFF")) == WORDS
    assert sources(layered(b"/OFF"))[WORDS] is TextSource.INFERRED
    assert hidden(layered(b"/ON")) == ""
    assert sources(layered(b"/ON"))[WORDS] is TextSource.VERIFIED


SHOWN = {
    "within a clip": with_seen(b"q 40 590 300 30 re W n " + LINE + b"Q "),
    "on a fill": with_seen(b"0 0 1 rg 40 590 200 30 re f 1 1 1 rg " + LINE),
    "under what is seen through": with_seen(
        LINE + b"q /G gs 40 590 200 30 re f Q",
        b"<</Type/ExtGState/ca 0.2>>",
        resources=b"/ExtGState<</G 6 0 R>>",
    ),
    "under the clear part of a picture": with_seen(
        LINE + b"q 200 0 0 30 40 590 cm /X Do Q",
        IMAGE % b"/SMask 7 0 R",
        (IMAGE % b"").replace(b"\x40", b"\x00"),
        resources=XOBJECT,
    ),
    "on a picture": with_seen(
        b"q 200 0 0 30 40 590 cm /X Do Q 1 0 0 rg " + LINE, IMAGE % b"", resources=XOBJECT
    ),
}


@pytest.mark.parametrize("made", SHOWN.values(), ids=SHOWN)
def test_what_can_be_seen_is_verified(made):
    assert hidden(made) == ""
    assert sources(made)[WORDS] is TextSource.VERIFIED


def test_the_part_that_is_cut_off_is_known():
    made = page_of(b"q 50 690 80 30 re W n " + written("Half of it shown and half cut off") + b"Q ")
    gone = hidden(made)
    assert gone.endswith("cut off")
    assert not gone.startswith("Half")


def test_letters_in_the_margin_of_a_clip_are_seen():
    # The box of a cell is often as high as its letters are, without their feet.
    made = page_of(b"q 50 699.5 300 9 re W n " + written("Typography") + b"Q ")
    assert hidden(made) == ""


def test_a_clip_in_a_form_lies_where_the_form_lies():
    inner = b"q 50 0 200 50 re W n " + written(WORDS, y=20) + b"Q "
    made = with_seen(b"q 1 0 0 1 100 300 cm /X Do Q", FORM % (len(inner), inner), resources=XOBJECT)
    assert hidden(made) == ""
    assert sources(made)[WORDS] is TextSource.VERIFIED
