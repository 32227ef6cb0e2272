"""Reviews carried out: in order, nothing lost, and never more trusted than what was proven."""

from __future__ import annotations

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from toolkit.document import wire
from toolkit.document.blocks import (
    Caption,
    Cell,
    Chart,
    Formula,
    Heading,
    Image,
    ListBlock,
    Paragraph,
    Proof,
    Table,
    TextSource,
)
from toolkit.document.normal import folded
from toolkit.document.reviewing import applied, before, refuse, reviewed
from toolkit.document.reviews import (
    WRONG,
    Accept,
    CorrectCell,
    CorrectText,
    Merge,
    Note,
    Reject,
    Retype,
    Review,
    Split,
    Verdict,
)
from toolkit.document.text import text_of
from toolkit.errors import InvalidInput

INFERRED = {"text_source": TextSource.INFERRED, "proof": None, "confidence": 0.6}
GRID = {
    "headers": ("Year", "Sales"),
    "rows": (("2024", "10"), ("2025", "11")),
    "header_rows": 1,
    "cells": tuple(
        Cell(row=row, column=column, text=text, header=row == 0)
        for row, texts in enumerate((("Year", "Sales"), ("2024", "10"), ("2025", "11")))
        for column, text in enumerate(texts)
    ),
}


def page(*blocks):
    return made.document(blocks)


def ids(document):
    return [block.id for block in document.blocks]


def say(change, *names, **more) -> Review:
    return Review(block_ids=names, change=change, **more)


def changed(document, change, *names):
    names = names or (ids(document)[0],)
    found = applied(document, [say(change, *names)])
    assert not found.unapplied
    wire.encode(found.document)  # raises where it contradicts itself
    return list(found.document.blocks)


def test_corrected_text_is_inferred_and_somebody_has_read_it():
    (block,) = changed(page(made.block(Paragraph, text="Tota1", role=None)), CorrectText("Total"))
    assert (block.text, block.text_source, block.proof) == ("Total", TextSource.INFERRED, None)
    assert block.confidence == 1.0
    assert not block.verified


def test_text_that_says_the_same_stays_proven():
    (block,) = changed(
        page(made.block(Paragraph, text="Net  re\u00advenue", source_spans=((0, 10),))),
        CorrectText("Net revenue"),
    )
    assert block.text == "Net revenue"
    assert block.verified
    assert (block.proof, block.source_spans) == (Proof.TEXT_LAYER, ((0, 10),))


def test_the_lines_of_a_corrected_list_are_its_items():
    document = page(made.block(ListBlock, text="• Onc\n• Two", items=("Onc", "Two"), levels=(0, 1)))
    (block,) = changed(document, CorrectText("• One\n• Two"))
    assert (block.items, block.levels, block.ordered) == (("One", "Two"), (0, 1), False)
    (block,) = changed(document, CorrectText("1. One\n2. Two\n3. Three"))
    assert (block.items, block.levels, block.ordered) == (("One", "Two", "Three"), (), True)


def test_a_corrected_cell_is_in_cells_rows_and_headers():
    document = page(made.block(Table, **GRID))
    (table,) = changed(document, CorrectCell(row=2, column=1, text="12"))
    assert table.rows == (("2024", "10"), ("2025", "12"))
    assert [cell.text for cell in table.cells][-1] == "12"
    assert not table.verified
    assert table.cells[-1].text_source is TextSource.INFERRED
    assert [cell.text_source for cell in table.cells[:-1]] == [TextSource.VERIFIED] * 5
    (table,) = changed(document, CorrectCell(row=0, column=1, text="Sales (EUR)"))
    assert table.headers == ("Year", "Sales (EUR)")
    assert table.rows == GRID["rows"]


def test_a_cell_that_spans_is_corrected_wherever_it_spans():
    cells = (
        Cell(row=0, column=0, text="Region", row_span=2, header=True),
        Cell(row=0, column=1, text="Sa1es", column_span=2, header=True),
        Cell(row=1, column=1, text="2024", header=True),
        Cell(row=1, column=2, text="2025", header=True),
    )
    table = made.block(
        Table,
        headers=("Region", "Sa1es / 2024", "Sa1es / 2025"),
        rows=(("North", "1", "2"),),
        header_rows=2,
        cells=cells,
    )
    (table,) = changed(page(table), CorrectCell(row=0, column=2, text="Sales"))
    assert table.headers == ("Region", "Sales / 2024", "Sales / 2025")


def test_a_table_without_cells_is_corrected_by_its_place():
    table = made.block(Table, headers=("A",), rows=(("1",), ("2",)), header_rows=1)
    assert changed(page(table), CorrectCell(row=2, column=0, text="3"))[0].rows == (("1",), ("3",))
    assert changed(page(table), CorrectCell(row=0, column=0, text="B"))[0].headers == ("B",)


@pytest.mark.parametrize(
    ("kind", "level", "check"),
    [
        ("heading", 3, lambda b: isinstance(b, Heading) and b.level == 3),
        ("heading", None, lambda b: isinstance(b, Heading) and b.level == 1),
        ("caption", None, lambda b: isinstance(b, Caption)),
        ("list", None, lambda b: b.items == ("Para", "two")),
        ("formula", None, lambda b: isinstance(b, Formula) and b.latex is None),
    ],
)
def test_another_type_keeps_id_place_text_and_trust(kind, level, check):
    document = page(made.block(Paragraph, text="- Para\n- two", source_spans=((0, 9),)))
    (block,) = changed(document, Retype(kind, level))
    (old,) = document.blocks
    assert check(block)
    for name in ("id", "bbox", "text", "text_source", "proof", "source_spans", "confidence"):
        assert getattr(block, name) == getattr(old, name)


def test_a_heading_gets_another_level():
    (block,) = changed(page(made.block(Heading, text="A", level=2)), Retype("heading", 4))
    assert block.level == 4


def test_a_table_that_was_none_keeps_its_text_but_proves_nothing():
    document = page(made.block(Table, **GRID))
    (block,) = changed(document, Retype("paragraph"))
    assert folded(block.text) == folded(text_of(next(document.blocks)))
    assert not block.verified


def test_merged_blocks_of_one_proof_stay_proven():
    document = page(
        made.block(Paragraph, text="Net", source_spans=((0, 3),), bbox=(0.1, 0.1, 0.5, 0.2)),
        made.block(Heading, text="Other", level=2),
        made.block(Paragraph, text="revenue", source_spans=((5, 12),), bbox=(0.2, 0.2, 0.9, 0.3)),
    )
    first, _, last = ids(document)
    # In whatever order they are named.
    merged, other = changed(document, Merge(), last, first)
    assert (merged.id, merged.text, merged.bbox) == (first, "Net revenue", (0.1, 0.1, 0.9, 0.3))
    assert merged.verified
    assert merged.source_spans == ((0, 3), (5, 12))
    assert (other.text, other.reading_order_index) == ("Other", 1)


def test_a_merge_is_as_trusted_as_its_weakest_part():
    document = page(
        made.block(Paragraph, text="Net"), made.block(Paragraph, text="revenue", **INFERRED)
    )
    (merged,) = changed(document, Merge(), *ids(document))
    assert (merged.text_source, merged.confidence) == (TextSource.INFERRED, 0.6)
    other = made.block(Paragraph, text="x", proof=Proof.PPTX_SHAPE)
    document = page(made.block(Paragraph, text="Net"), other)
    assert not changed(document, Merge(), *ids(document))[0].verified


def test_merged_lists_have_all_items():
    document = page(
        made.block(ListBlock, text="• A", items=("A",)),
        made.block(ListBlock, text="  • B", items=("B",), levels=(1,)),
        made.block(Paragraph, text="C"),
    )
    (merged,) = changed(document, Merge(), *ids(document))
    assert (merged.items, merged.levels) == (("A", "B", "C"), (0, 1, 0))


def test_a_split_has_the_old_id_first_and_new_ones_that_stay_the_same():
    document = page(made.block(Paragraph, text="One. Two. Three."), made.block(Heading, text="H"))
    boxes = ((0.1, 0.1, 0.9, 0.2), (0.1, 0.2, 0.9, 0.25), (0.1, 0.25, 0.9, 0.3))
    name = ids(document)[0]
    parts = changed(document, Split((5, 10), boxes), name)
    assert [part.text for part in parts] == ["One.", "Two.", "Three.", "H"]
    assert [part.bbox for part in parts[:3]] == list(boxes)
    assert parts[0].id == name
    assert len({part.id for part in parts}) == 4
    assert not any(part.verified for part in parts[:3])
    assert parts == changed(document, Split((5, 10), boxes), name)


def test_what_was_born_of_a_split_can_be_reviewed():
    document = page(made.block(Paragraph, text="Title Text"))
    (name,) = ids(document)
    split = say(Split((6,)), name)
    born = ids(reviewed(document, [split]))[1]
    after = reviewed(document, [split, say(Retype("heading", 1), name), say(Reject(), born)])
    assert [(type(block), block.text) for block in after.blocks] == [(Heading, "Title")]


def test_a_rejected_block_is_left_out_and_its_caption_belongs_to_nothing():
    document = page(made.block(Image), made.block(Caption, text="Figure 1"))
    picture, caption = document.blocks
    document = page(picture, replace(caption, target=ids(document)[0]))
    (left,) = changed(document, Reject())
    assert (left.text, left.target, left.reading_order_index) == ("Figure 1", None, 0)


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        (Paragraph, CorrectCell(0, 0, "x"), "no cells"),
        (Paragraph, Split((0,)), "offsets"),
        (Paragraph, Split((4, 4)), "offsets"),
        (Paragraph, Split((99,)), "offsets"),
        (Paragraph, Split(()), "offsets"),
        (Paragraph, Split((4,), ((0, 0, 1, 1),)), "1 boxes for 2 parts"),
        (Paragraph, Split((4,), ((0, 0, 1, 1), (0, 0, 2, float("nan")))), "corners"),
        (Paragraph, Split((8,)), "no text"),
        (Paragraph, Retype("picture"), "cannot be made 'picture'"),
        (Paragraph, Retype("image"), "cannot be made 'image'"),
        (Paragraph, Retype("heading", 7), "level"),
        (Paragraph, Retype("caption", 2), "level"),
        (Paragraph, Merge(), "two different"),
        (Image, CorrectText("x"), "no text of its own"),
        (Image, Retype("paragraph"), "no text"),
        (Image, Split((1,)), "cannot be split"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(kind, change, words):
    own = {} if kind is Image else {"text": "One two  "}
    document = page(made.block(kind, **own))
    with pytest.raises(InvalidInput, match=words):
        refuse(document, [], say(change, *ids(document)))
    assert reviewed(document, [say(change, *ids(document))]) == document


def test_blocks_of_two_pages_are_not_merged():
    document = made.document([made.block(Paragraph, text="A")], [made.block(Paragraph, text="B")])
    with pytest.raises(InvalidInput, match="one page"):
        refuse(document, [], say(Merge(), *ids(document)))


@pytest.mark.parametrize("change", [Accept(), CorrectText("x"), Merge(), Note("x")])
def test_a_block_that_is_not_there_is_named(change):
    document = page(made.block(Paragraph, text="A"))
    with pytest.raises(InvalidInput, match="blk_none"):
        refuse(document, [], say(change, "blk_none", ids(document)[0]))


def test_a_review_that_was_undone_does_nothing_and_what_stood_on_it_is_said():
    document = page(made.block(Paragraph, text="Title Text"))
    (name,) = ids(document)
    split = say(Split((6,)), name)
    born = ids(reviewed(document, [split]))[1]
    undone = replace(split, undone_at=1.0, undone_by="ann")
    after = applied(document, [undone, say(CorrectText("x"), born), say(Retype("code"), name)])
    assert [block.text for block in after.document.blocks] == ["Title Text"]
    assert [one.review.block_ids for one in after.unapplied] == [(born,)]
    assert "no block" in after.unapplied[0].reason


def test_what_it_was_is_what_the_change_is_about():
    document = page(made.block(Table, **GRID), made.block(Heading, text="H", level=2))
    table, heading = ids(document)
    assert before(document, say(CorrectCell(1, 1, "x"), table)) == "10"
    assert before(document, say(Retype("code"), heading)) == "heading 2"
    assert before(document, say(CorrectText("x"), heading)) == "H"


def test_every_verdict_is_right_or_wrong_or_says_nothing():
    assert set(Verdict) - WRONG == {Verdict.ACCEPTED, Verdict.NOTED}


words = st.text(st.characters(categories=["Lu", "Ll", "Nd", "Zs", "Po"]), max_size=20)
changes = st.one_of(
    st.just(Accept()),
    st.builds(CorrectText, words),
    st.builds(CorrectCell, st.integers(-1, 3), st.integers(-1, 3), words),
    st.builds(
        Retype,
        st.sampled_from(["heading", "paragraph", "list", "caption", "formula", "table", "x"]),
        st.none() | st.integers(0, 7),
    ),
    st.just(Merge()),
    st.builds(Split, st.lists(st.integers(-1, 20), max_size=3).map(sorted).map(tuple)),
    st.just(Reject()),
    st.builds(Note, words),
)


@st.composite
def reviewings(draw):
    """A document, and any reviews of it, sensible or not."""
    document = draw(made.documents(words))
    names = ids(document) or ["blk_none"]
    pairs = st.lists(st.sampled_from(names), min_size=1, max_size=3).map(tuple)
    several = st.builds(lambda names, change: say(change, *names), pairs, changes)
    return document, draw(st.lists(several, max_size=6))


@given(reviewings())
@settings(max_examples=120, deadline=None)
def test_whatever_is_said_the_document_stays_sound(found):
    document, reviews = found
    after = applied(document, reviews)
    assert wire.decode(wire.encode(after.document)) == after.document
    said = [review for review in reviews if review.active]
    assert len(after.unapplied) <= len(said)
    assert [page.page for page in after.document.pages] == [page.page for page in document.pages]


@given(reviewings())
@settings(max_examples=120, deadline=None)
def test_nothing_becomes_verified_that_was_not(found):
    document, reviews = found
    proven = {folded(text_of(block)) for block in document.blocks if block.verified}
    pages = {
        page.page: folded("".join(text_of(b) for b in page.blocks if b.verified))
        for page in document.pages
    }
    for block in reviewed(document, reviews).blocks:
        if block.verified and folded(text_of(block)) not in proven:
            # A merge: all of it is of what was proven on that page.
            assert set(folded(text_of(block))) <= set(pages[block.page])


@given(reviewings())
@settings(max_examples=100, deadline=None)
def test_to_accept_and_to_note_change_nothing_however_often(found):
    document, reviews = found
    once = reviewed(document, reviews)
    more = [say(change, name) for name in ids(once) for change in (Accept(), Note("x"), Accept())]
    assert reviewed(document, [*reviews, *more]) == once


@given(made.documents(words))
@settings(max_examples=100, deadline=None)
def test_merging_loses_no_text(document):
    for page in document.pages:
        texts = [b for b in page.blocks if isinstance(b, Paragraph | Heading | Caption)]
        if len(texts) < 2:
            continue
        names = [block.id for block in texts]
        after = reviewed(document, [say(Merge(), *names)])
        whole = next(block for block in after.blocks if block.id == names[0])
        assert folded(whole.text) == "".join(folded(block.text) for block in texts)


@given(words, st.sets(st.integers(0, 20), min_size=1, max_size=3))
@settings(max_examples=120, deadline=None)
def test_splitting_loses_no_text_and_a_merge_puts_it_together_again(text, offsets):
    document = page(made.block(Paragraph, text=text))
    (name,) = ids(document)
    split = say(Split(tuple(sorted(offsets))), name)
    found = applied(document, [split])
    if found.unapplied:
        return
    assert "".join(folded(b.text) for b in found.document.blocks) == folded(text)
    whole = reviewed(document, [split, say(Merge(), *ids(found.document))])
    (block,) = whole.blocks
    assert (block.id, folded(block.text)) == (name, folded(text))


def test_the_order_counts():
    document = page(made.block(Paragraph, text="a"))
    (name,) = ids(document)
    said = [say(CorrectText("b"), name), say(CorrectText("c"), name)]
    assert next(reviewed(document, said).blocks).text == "c"
    assert next(reviewed(document, said[::-1]).blocks).text == "b"


def test_a_chart_can_be_accepted_or_rejected_but_not_rewritten():
    document = page(made.block(Chart, title="Sales"))
    assert changed(document, Accept()) == list(document.blocks)
    assert changed(document, Reject()) == []
