"""Chunks: nothing lost, order kept, bounds held, tables whole."""

from __future__ import annotations

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.document.blocks import Heading, Image, Paragraph, Table
from toolkit.document.chunks import Chunk, chunks
from toolkit.document.markdown import pipe_table
from toolkit.document.text import text_of
from toolkit.errors import InvalidOption

strategies = st.sampled_from(["semantic", "fixed", "page"])
prose = st.text(st.sampled_from("abcdé. \n!?"), max_size=120)


def said(block) -> str:
    return pipe_table(block) if isinstance(block, Table) else text_of(block)


def letters(text: str) -> str:
    return "".join(text.split())


@given(
    st.lists(st.lists(made.blocks(prose), max_size=5), max_size=4),
    strategies,
    st.integers(1, 80),
    st.floats(0, 1),
)
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost_and_everything_keeps_its_order(pages, strategy, max_chars, share):
    document = made.document(*pages)
    found = chunks(document, strategy, max_chars=max_chars, overlap=int(share * (max_chars // 2)))
    expected = letters("".join(said(block) for block in document.blocks))
    assert letters("".join(chunk.content[chunk.repeated :] for chunk in found)) == expected
    before = ""
    for chunk in found:
        repeated = chunk.content[: chunk.repeated]
        assert letters(before).endswith(letters(repeated))
        assert len(repeated) <= share * (max_chars // 2)
        before = chunk.content


@given(
    st.lists(st.lists(made.blocks(prose), max_size=5), max_size=4),
    strategies,
    st.integers(1, 80),
    st.floats(0, 1),
)
@settings(max_examples=400, deadline=None)
def test_bounds_hold_and_tables_stay_whole(pages, strategy, max_chars, share):
    document = made.document(*pages)
    found = chunks(document, strategy, max_chars=max_chars, overlap=int(share * (max_chars // 2)))
    by_id = {block.id: block for block in document.blocks}
    order = list(by_id)
    tables = [said(b).strip() for b in document.blocks if isinstance(b, Table) and said(b).strip()]
    for chunk in found:
        assert chunk.content == chunk.content.strip() != ""
        assert len(chunk.content) <= max_chars or chunk.content in tables
        assert chunk.block_ids
        assert list(chunk.block_ids) == sorted(set(chunk.block_ids), key=order.index)
        assert chunk.confidence == min(by_id[name].confidence for name in chunk.block_ids)
        assert chunk.page in {by_id[name].page for name in chunk.block_ids}
    for table in tables:
        assert any(table in chunk.content[chunk.repeated :] for chunk in found)


@given(st.lists(made.blocks(prose), max_size=8))
@settings(deadline=None)
def test_every_heading_begins_a_chunk_or_follows_one_that_does(blocks):
    document = made.document(blocks)
    kinds = {b.id: type(b) for b in document.blocks}
    for chunk in chunks(document):
        inner = [kinds[name] is Heading for name in chunk.block_ids]
        assert inner == sorted(inner, reverse=True)


def test_a_section_is_a_chunk():
    page = [
        made.block(Heading, text="Report"),
        made.block(Heading, text="1 Results", level=2),
        made.block(Paragraph, text="Revenue rose.", confidence=0.5),
        made.block(Image, alt="a lake"),
        made.block(Heading, text="2 Outlook", level=2),
        made.block(Table, headers=("a", "b"), rows=(("1", "2"),)),
    ]
    assert chunks(made.document(page, [made.block(Paragraph, text="More.")])) == (
        Chunk(
            content="Report\n\n1 Results\n\nRevenue rose.",
            page=1,
            block_ids=("blk_000001000000", "blk_000001000001", "blk_000001000002"),
            type="paragraph",
            confidence=0.5,
        ),
        Chunk(
            content="2 Outlook\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nMore.",
            page=1,
            block_ids=("blk_000001000004", "blk_000001000005", "blk_000002000000"),
            type="table",
            confidence=0.98,
        ),
    )


def test_long_text_is_cut_after_sentences_and_repeats_whole_words():
    text = " ".join(f"Sentence number {n} says little." for n in range(40))
    found = chunks(made.document([made.block(Paragraph, text=text)]), max_chars=200, overlap=40)
    assert len(found) > 5
    assert all(chunk.content.endswith(".") for chunk in found)
    assert found[0].repeated == 0
    assert all(0 < chunk.repeated <= 40 for chunk in found[1:])
    assert all(chunk.content.split()[0] in text.split() for chunk in found)


def test_page_chunks_never_reach_over_a_page():
    pages = [[made.block(Paragraph, text=f"Page {n}.")] for n in range(1, 4)]
    found = chunks(made.document(*pages), "page")
    assert [(chunk.page, chunk.content) for chunk in found] == [
        (1, "Page 1."),
        (2, "Page 2."),
        (3, "Page 3."),
    ]


def test_a_long_table_is_one_long_chunk_that_repeats_nothing():
    rows = tuple((str(n), "x" * 20) for n in range(100))
    page = [
        made.block(Paragraph, text="Before. " * 30),
        made.block(Table, headers=("n", "x"), rows=rows),
        made.block(Paragraph, text="After."),
    ]
    found = chunks(made.document(page), max_chars=100, overlap=20)
    (table,) = [chunk for chunk in found if chunk.type == "table"]
    assert table.content.count("\n") == 101
    assert table.repeated == 0
    assert found[-1].content == "After."
    assert found[-1].repeated == 0


@pytest.mark.parametrize(
    "options",
    [{"strategy": "clever"}, {"max_chars": 0}, {"overlap": -1}, {"max_chars": 100, "overlap": 51}],
)
def test_options_that_cannot_be_kept_are_refused(options):
    with pytest.raises(InvalidOption):
        chunks(made.document(), **options)
