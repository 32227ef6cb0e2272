"""A text layer against lines that were read, without any OCR: what is denied, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from engine_made import Glyphs

from toolkit.document.geometry import Box
from toolkit.engine.advanced import doubted
from toolkit.engine.advanced_pixels import compared, is_foreign, letters, upright
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.ocr.lines import Line as Seen
from toolkit.engine.words import find_lines

PITCH, SIZE, STEP = 6.0, 10.0, 20.0


def layer(*rows: str, angle: int = 0) -> Glyphs:
    """Rows of a text layer, a letter each six points, the first at 100, 100."""
    text = "".join(row + "\n" for row in rows)
    boxes = np.array(
        [
            (100 + PITCH * at, 100 + STEP * row, 106 + PITCH * at, 110 + STEP * row)
            for row, line in enumerate(rows)
            for at in range(len(line) + 1)
        ]
    )
    count, none = len(text), np.zeros(len(text), bool)
    return Glyphs(
        text=text,
        boxes=boxes,
        origins=np.column_stack((boxes[:, 0], boxes[:, 3] - 2)),
        sizes=np.full(count, SIZE),
        angles=np.full(count, angle, np.int16),
        bold=none,
        italic=none,
        mono=none,
        fonts=np.zeros(count, np.int32),
        font_names=("F",),
        hidden=none,
        stray=none,
    )


def seen(row: int, text: str, sure: float = 0.99) -> Seen:
    """What was read at the place of a row of `layer`, in points."""
    top = 100.0 + STEP * row
    boxes = np.array(
        [(100 + PITCH * at, top, 106 + PITCH * at, top + 10) for at in range(len(text))], np.float32
    )
    around = Box(100, top, 100 + PITCH * len(text), top + 10)
    return Seen(text, around, sure, (), boxes)


def against(glyphs: Glyphs, *lines: Seen):
    return compared(glyphs, find_lines(glyphs), lines, 1.0)


def test_what_was_read_the_same_is_agreed():
    found = against(layer("plain text"), seen(0, "plain text"))
    assert found.agreed[: len("plain")].all()
    assert not found.denied.any()
    assert not found.swapped.any()


@pytest.mark.parametrize(
    "read", ["p1ain texl", "Plain Text", "pláin téxt", "plaintext", "plain tex"]
)
def test_what_recognition_often_takes_for_another_is_agreed(read):
    found = against(layer("plain text"), seen(0, read))
    assert found.agreed.any()
    assert not found.denied.any()


def test_what_was_read_as_something_else_is_denied_if_it_was_read_surely():
    glyphs = layer("qmbjo ufyu")
    assert against(glyphs, seen(0, "plain text")).denied.any()
    assert not against(glyphs, seen(0, "plain text", 0.8)).denied.any()


def test_of_few_letters_and_where_little_was_read_nothing_is_said():
    assert not against(layer("abc"), seen(0, "xyz")).denied.any()
    assert not against(layer("a long row of text"), seen(0, "xy")).denied.any()


def test_only_the_row_that_lies_there_is_denied():
    found = against(layer("plain text", "qmbjo ufyu"), seen(0, "plain text"), seen(1, "plain text"))
    first, second = slice(0, 5), slice(11, 16)
    assert found.agreed[first].all()
    assert found.denied[second].all()


def test_a_letter_that_is_read_as_one_other_everywhere_is_swapped():
    glyphs = layer("the fex ran home", "a box of gold", "dogs howl on top")
    read = ("the fox ran heme", "a bex ef geld", "degs hewl en tep")
    found = against(glyphs, *(seen(row, text) for row, text in enumerate(read)))
    assert {glyphs.text[at] for at in np.flatnonzero(found.swapped)} == {"o"}


def test_a_letter_that_is_read_wrong_now_and_then_is_not():
    glyphs = layer("the dog ran home", "a box of gold", "dogs howl on top")
    read = ("the dog ran heme", "a bex ef gold", "dogs howl on top")
    assert not against(glyphs, *(seen(row, text) for row, text in enumerate(read))).swapped.any()


def test_greek_and_signs_are_read_as_what_they_resemble_and_swap_nothing():
    glyphs = layer("νννν + ρρρρ values", "μμμμ ∑ ττττ values")
    found = against(glyphs, seen(0, "vvvv * pppp values"), seen(1, "uuuu E tttt values"))
    assert not found.swapped.any()
    assert not found.denied.any()


def test_a_script_that_cannot_be_read_denies_nothing_but_is_kept_apart():
    found = against(layer("Широкая улица"), seen(0, "MockBa lpoka7"))
    assert not found.denied.any()
    assert found.strange.any()
    assert is_foreign("я")
    assert is_foreign("ש")
    assert not any(map(is_foreign, "aé漢かℓ7"))


def test_a_row_with_more_letters_than_can_be_seen_has_another_beneath():
    crowded = "pabgcodldefghijklmnop of gold in the house"
    found = against(layer(crowded), seen(0, "p  g o ld             of gold in the house"))
    assert found.denied.any()


def test_a_page_on_its_head_is_turned_before_it_is_compared():
    glyphs = layer("plain text", angle=180)
    turned, on_its_head = upright(glyphs, 600, 800)
    assert on_its_head
    assert set(turned.angles) == {0}
    assert turned.boxes[0].tolist() == [494, 690, 500, 700]
    assert upright(layer("plain text"), 600, 800)[1] is False
    assert not against(glyphs, seen(0, "something")).denied.any()


def test_letters_are_letters_and_digits():
    glyphs = layer("a 1, b.")
    assert [glyphs.text[at] for at in letters(glyphs, find_lines(glyphs))] == ["a", "1", "b"]


def test_what_quotes_a_doubted_glyph_proves_nothing():
    flags = np.zeros(20, bool)
    flags[12] = True
    drafts = [
        Draft("paragraph", Box(0, 0, 1, 1), Quotation("text", ((first, first + 5),)), 0.9)
        for first in (0, 10)
    ]
    assert [draft.quotation.hidden for draft in doubted(drafts, flags)] == [False, True]
    assert doubted(drafts, np.zeros(20, bool)) == drafts
