"""Letters that are not simply one behind the other: signs, initials, ligatures, hyphens."""

from __future__ import annotations

import numpy as np
import pytest
from engine_made import document, sheet
from reading_made import page_of, written

from toolkit.engine.readers.pdfium import PdfiumFile
from toolkit.engine.words import find_lines


def said(made: bytes) -> list[str]:
    return [block.text for block in document(made, ocr="never").pages[0].blocks]


def verified(made: bytes) -> bool:
    return all(block.verified for block in document(made, ocr="never").pages[0].blocks)


def test_raised_and_lowered_signs_stay_where_they_are():
    made = page_of(
        b"BT /F1 12 Tf 50 700 Td (E = mc) Tj /F1 7 Tf 5 Ts (2) Tj /F1 12 Tf 0 Ts ( and H) Tj"
        b" /F1 7 Tf -3 Ts (2) Tj /F1 12 Tf 0 Ts (O are known to all.) Tj"
        b" /F1 7 Tf 5 Ts (12, 13) Tj ET"
    )
    assert said(made) == ["E = mc2 and H2O are known to all.12, 13"]
    assert verified(made)


def test_an_initial_over_several_lines_begins_its_word():
    made = page_of(
        written("O", y=680, size=36)
        + written("nce upon a time there was a king who lived", x=80, y=698, size=11)
        + written("in a castle near the sea with his daughter.", x=80, y=685, size=11)
        + written("Nobody knew where the king had come from,", y=672, size=11)
        + written("but he was loved by all.", y=659, size=11)
    )
    assert said(made) == [
        "Once upon a time there was a king who lived in a castle near the sea with his daughter. "
        "Nobody knew where the king had come from, but he was loved by all."
    ]
    assert verified(made)


@pytest.mark.parametrize("hyphen", [b"-", b"\xad"])
def test_a_word_that_is_broken_over_lines_is_one(hyphen):
    made = page_of(
        b"BT /F1 12 Tf 50 700 Td (A word that is dif%s) Tj 0 -14 Td (ficult to read here) Tj ET"
        % hyphen
    )
    assert said(made) == ["A word that is difficult to read here"]
    assert verified(made)


REPLACED = b"BT /F1 12 Tf 50 700 Td (A di) Tj /Span <</ActualText %s>> BDC (%s) Tj EMC (%s) Tj ET"


@pytest.mark.parametrize(
    ("instead", "shown", "after", "read"),
    [
        (b"(ffi)", b"X", b"cult word", "A difficult word"),
        (b"<FEFF006600660069>", b"X", b"cult word", "A difficult word"),
        (b"(nner at eight)", b"d i n n e r", b" sharp", "A dinner at eight sharp"),
    ],
)
def test_what_is_to_be_read_in_the_place_of_letters(instead, shown, after, read):
    made = page_of(written("More text of the page", y=600) + REPLACED % (instead, shown, after))
    assert read in said(made)


def test_letters_of_a_ligature_stand_side_by_side():
    made = page_of(REPLACED % (b"(ffi)", b"X", b"cult word"))
    reader = PdfiumFile(made, None)
    glyphs = reader.glyphs(1, reader.frame(1))
    at = glyphs.text.index("ffi")
    lefts, rights = glyphs.boxes[at : at + 3, 0], glyphs.boxes[at : at + 3, 2]
    assert (np.diff(lefts) > 1).all()
    assert rights[:-1] == pytest.approx(lefts[1:])
    # To where the next letter begins, and no letter of it taken for one painted twice.
    assert rights[-1] == pytest.approx(glyphs.boxes[at + 3, 0], abs=0.01)
    assert find_lines(glyphs)[0].text == "A difficult word"


def test_ligatures_are_their_letters_and_proven():
    encoding = b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[1/fi/fl]>>"
    made = page_of(b"BT /F1 12 Tf 50 700 Td (An of\001ce on the \002oor) Tj ET").replace(
        b"/Encoding/WinAnsiEncoding", b"/Encoding" + encoding
    )
    assert said(made) == ["An office on the floor"]
    assert verified(made)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_is_turned_has_its_side_text_and_its_lines(turn):
    made = page_of(
        written("A line of the page")
        + b"BT /F1 12 Tf 0 1 -1 0 300 200 Tm (Beside it, going up) Tj ET",
        page=b"/Rotate %d" % turn,
    )
    lines = {line.text: line.angle for line in find_lines(sheet(made).glyphs)}
    assert lines == {"A line of the page": -turn % 360, "Beside it, going up": (90 - turn) % 360}
