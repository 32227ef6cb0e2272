"""What text refers to: figures, tables, sections, references, notes, over a whole document."""

from __future__ import annotations

import pytest
from engine_made import both, pdf, prose, text

from toolkit.document.blocks import (
    Caption,
    Footnote,
    Heading,
    ListBlock,
    Paragraph,
    Role,
    Table,
    TextSource,
)
from toolkit.engine.links import linked
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

COUNT = iter(range(10**6))


def made(kind, words="", page=1, **more):
    placed = {
        "id": f"blk_{next(COUNT):012x}",
        "page": page,
        "bbox": (0.1, 0.1, 0.9, 0.2),
        "reading_order_index": 0,
        "text_source": TextSource.VERIFIED,
        "confidence": 0.9,
    }
    return kind(**placed, **({} if kind is Table else {"text": words}), **more)


def refers(words, *others, pages=()):
    """The ids that a paragraph of *words* refers to, on a page with *others*."""
    said = made(Paragraph, words)
    found = linked([(said, *others), *pages])
    return found[0][0].refers_to


TABLE = made(Table, headers=("a",), rows=(("1",),))
FIGURE = made(Caption, "Figure 3: A fox.", target="blk_00000000f163")
OF_TABLE = made(Caption, "Table 2. Weights.", target=TABLE.id)
METHOD = made(Heading, "4.1 Method", level=2)
APPENDIX = made(Heading, "Appendix B: Questions")
LIST = made(
    ListBlock,
    "[11] A. Fox. Boxes. 1999\n[12] B. Dog. Jugs. 2004",
    items=("A. Fox. Boxes. 1999", "B. Dog. Jugs. 2004"),
    role=Role.REFERENCE,
)
ENTRY = made(Paragraph, "Wizard, C., & Dog, B. (2011). Quartz. Liquor.", role=Role.REFERENCE)
EVERY = (TABLE, FIGURE, OF_TABLE, METHOD, APPENDIX, LIST, ENTRY)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("as Figure 3 shows", ["blk_00000000f163"]),
        ("(see Fig. 3a and Table 2)", ["blk_00000000f163", TABLE.id]),
        ("Tables 2 and 3 and table 2", [TABLE.id]),
        ("in Section 4.1.", [METHOD.id]),
        ("in §4.1", [METHOD.id]),
        ("is asked in Appendix B", [APPENDIX.id]),
        ("was shown [12] before", [LIST.id]),
        ("was shown [3, 10–12] before", [LIST.id]),
        ("was shown (Wizard & Dog, 2011)", [ENTRY.id]),
        ("Wizard et al. (2011) have shown", [ENTRY.id]),
        ("in Figure 33, Section 4 and [13]", []),
        ("the table 3 of us sat at; part a, figure it out", []),
        ("in 2011 the wizard", []),
    ],
)
def test_what_words_refer_to(words, meant):
    assert list(refers(words, *EVERY)) == meant


def test_what_is_named_may_stand_on_another_page():
    later = made(Caption, "Figure 9. Far.", page=7, target="blk_0000000000f9")
    assert refers("Figure 9", pages=[(later,)]) == ("blk_0000000000f9",)


def test_two_of_one_name_are_not_guessed_between():
    twice = [made(Caption, "Figure 1. One."), made(Caption, "Figure 1. Another.")]
    assert refers("Figure 1", *twice) == ()


def test_a_block_does_not_refer_to_itself():
    [[caption]] = linked([(made(Caption, "Figure 3, from Figure 3"),)])
    assert caption.refers_to == ()


@pytest.mark.parametrize(
    ("marker", "words", "stands"),
    [
        ("1", "The fox jumps.1 The dog", True),
        ("1", "The fox1 jumps", True),
        ("1", "The fox (1) jumps", True),
        ("1", "1 fox and 21 dogs in 2011, and 3.1 jugs", False),
        ("*", "The fox* jumps", True),
        ("*", "The fox** jumps", False),
        ("a", "The quick foxes", False),
    ],
)
def test_where_the_mark_of_a_note_stands(marker, words, stands):
    said, note = made(Paragraph, words), made(Footnote, f"{marker} A note.", marker=marker)
    [[one, two]] = linked([(said, note)])
    assert (two.target, one.refers_to) == ((said.id, (note.id,)) if stands else (None, ()))


def test_a_mark_in_two_blocks_is_not_guessed():
    said = [made(Paragraph, "The fox1"), made(Paragraph, "The dog1")]
    note = made(Footnote, "1 A note.", marker="1")
    assert linked([(*said, note)])[0][2].target is None


def test_advanced_links_and_standard_does_not():
    note = "1 Only those that were awake."
    first = both(
        text(["2 Foxes"], y=780, size=14, font="Helvetica-Bold"),
        text([*prose(8), "and so it was counted.1"], y=750),
        text([note], y=90, size=7),
    )
    second = both(text(["As Section 2 has it, they jump.", *prose(6)]))
    content = pdf(first, second)
    found = {}
    for profile in ("standard", "advanced"):
        source = Source.from_bytes(content, "made.pdf")
        found[profile] = list(parse(source, ParseOptions(profile=profile, ocr="never")).blocks)
    [heading] = [b for b in found["advanced"] if isinstance(b, Heading)]
    paragraphs = [b for b in found["advanced"] if isinstance(b, Paragraph)]
    [footnote] = [b for b in found["advanced"] if isinstance(b, Footnote)]
    assert paragraphs[0].refers_to == (footnote.id,)
    assert footnote.target == paragraphs[0].id
    assert [p.refers_to for p in paragraphs if "Section 2" in p.text] == [(heading.id,)]
    assert not any(getattr(b, "refers_to", ()) for b in found["standard"])


@pytest.mark.timeout(30)
def test_a_word_without_end_and_a_name_that_all_bear_are_looked_through_once():
    # Each took a time that grew with the square: 40 s and more.
    bases = [made(Paragraph, words * 60_000) for words in ("ACGT", "Ab-")]
    entries = [made(Paragraph, f"Fox, A. 2001. {n}", role=Role.REFERENCE) for n in range(40_000)]
    citing = made(Paragraph, "As (Fox, 2001) says.")
    blocks = linked([(*bases, *entries, citing)])[0]
    assert all(block.refers_to == () for block in blocks)
