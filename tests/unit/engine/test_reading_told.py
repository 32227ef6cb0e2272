"""What a file tells of itself: structure tree and outline."""

from __future__ import annotations

import zlib

import pytest
from engine_made import both, pdf, sheet, text
from reading_made import element, marked, page_of, refs, tagged, written

from toolkit.document.geometry import Box
from toolkit.engine.readers.tangles import knotted, loops, tangled

TEXTS = [
    ("Titel", "A heading stands here"),
    ("P", "Some text of the page, which is longer than it"),
    ("P", "Other text of the page"),
]
CONTENT = marked(TEXTS)


def said(made: bytes) -> list[tuple[str, str]]:
    one = sheet(made)
    return [(tag.kind, "".join(one.glyphs.text[at] for at in tag.glyphs)) for tag in one.tags]


def tree(*elements: bytes, kids: bytes = refs(8), parents: bytes = refs(9, 10, 11)) -> bytes:
    return tagged(CONTENT, kids, parents, *elements, roles=b"/Titel/H1")


def pieces(*, parent: int = 8) -> list[bytes]:
    return [element(kind, b"%d" % at, parent=parent) for at, (kind, _) in enumerate(TEXTS)]


def test_tags_have_their_kind_after_the_role_map_their_glyphs_and_their_place():
    made = tree(element("Document", refs(9, 10, 11)), *pieces())
    assert said(made) == [("H1", TEXTS[0][1]), ("P", TEXTS[1][1]), ("P", TEXTS[2][1])]
    box = sheet(made).tags[0].box
    assert box is not None
    assert box.left == pytest.approx(50, abs=1)
    assert box.top < 100 < box.bottom


def test_what_holds_others_marks_all_that_they_mark():
    made = tree(
        element("L", refs(9, 10, 11)),
        element("LI", b"0", parent=8),
        element("LI", b"1", parent=8),
        element("LI", b"2", parent=8),
    )
    kinds = said(made)
    assert kinds[0] == ("L", "".join(text for _, text in TEXTS))
    assert [kind for kind, _ in kinds[1:]] == ["LI"] * 3


def test_a_figure_has_its_other_text_and_the_place_of_what_is_painted():
    content = CONTENT + b"/Figure <</MCID 3>> BDC 1 0 0 rg 100 100 200 150 re f EMC\n"
    figure = element("Figure", b"3", parent=8, more=b"/Alt(A red box)/ActualText(RED)")
    made = tagged(
        content,
        refs(8),
        refs(9, 10, 11, 12),
        element("Document", refs(9, 10, 11, 12)),
        *pieces(),
        figure,
        roles=b"/Titel/H1",
    )
    tag = sheet(made).tags[-1]
    assert (tag.kind, tag.alt, tag.actual, tag.glyphs) == ("Figure", "A red box", "RED", ())
    assert tag.box == Box(100, 550, 300, 700)


def test_a_figure_without_anything_painted_has_the_place_that_it_says():
    figure = element(
        "Figure", b"", parent=8, more=b"/Alt(Sales)/A<</O/Layout/BBox[50 100 250 300]>>"
    )
    made = tree(element("Document", refs(9, 10, 11, 12)), *pieces(), figure)
    # Nothing of it is marked on the page, so that the file does not say on which page it is.
    assert all(tag.kind != "Figure" for tag in sheet(made).tags)


def test_a_tree_that_says_paragraph_of_all_tells_nothing():
    made = tagged(
        CONTENT,
        refs(8),
        refs(9, 10, 11),
        element("Document", refs(9, 10, 11)),
        *(element("P", b"%d" % at, parent=8) for at in range(3)),
    )
    assert said(made) == []


def test_a_tree_that_says_heading_of_nearly_all_tells_nothing():
    made = tagged(
        CONTENT,
        refs(8),
        refs(9, 10, 11),
        element("Document", refs(9, 10, 11)),
        *(element("H1", b"%d" % at, parent=8) for at in range(3)),
    )
    assert said(made) == []


def test_a_tree_of_less_than_half_of_the_text_tells_nothing():
    untagged = b"".join(
        written("Much more text that nobody tagged", y=400 - at * 20) for at in range(9)
    )
    made = tagged(
        CONTENT + untagged,
        refs(8),
        refs(9, 10, 11),
        element("Document", refs(9, 10, 11)),
        *pieces(),
    )
    assert said(made) == []


def test_a_file_without_a_tree_has_no_tags():
    assert sheet(page_of(CONTENT)).tags == ()


def _deep(depth: int) -> bytes:
    chain = [element("Div", refs(9 + at), parent=7 + at) for at in range(depth)]
    last = 8 + depth
    return tree(*chain, *pieces(parent=last), parents=refs(last, last + 1, last + 2))


def _branching() -> bytes:
    chain = [element("Div", refs(9 + at, 9 + at), parent=7 + at) for at in range(30)]
    return tree(*chain, element("P", b"0 1 2", parent=37), parents=refs(38, 38, 38))


HOSTILE = {
    "holds itself": tree(element("Document", refs(9, 10, 11, 8)), *pieces()),
    "parents in a circle": tree(element("Document", refs(9, 10, 11), parent=9), *pieces(parent=9)),
    "thousands deep": _deep(3000),
    "branches that meet": _branching(),
    "wide": tree(element("Document", refs(*range(9, 9012))), *pieces(), *[b"<<>>"] * 9000),
    "no elements": tree(b"null", b"null", b"null", b"null"),
    "numbers for elements": tree(b"7", b"[8 0 R]", b"(x)", b"<</K 8 0 R>>"),
    "the index holds itself": page_of(
        CONTENT,
        b"<</Type/StructTreeRoot/K[8 0 R]/ParentTree 7 0 R>>",
        b"<</Limits[0 9]/Kids[7 0 R 7 0 R]>>",
        element("Document", refs(9, 10, 11)),
        *pieces(),
        page=b"/StructParents 0",
        catalog=b"/StructTreeRoot 6 0 R",
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_tree_costs_no_text(made):
    one = sheet(made)
    assert "".join(one.glyphs.text.split()) == "".join(t for _, t in TEXTS).replace(" ", "")
    assert len(one.tags) <= len(TEXTS) + 2


def test_trees_that_hold_themselves_or_branch_beyond_use_are_seen():
    assert loops(b"1 0 obj<</Kids[2 0 R]>>endobj 2 0 obj<</Kids[1 0 R]>>endobj")
    assert not loops(b"1 0 obj<</Kids[2 0 R 2 0 R]>>endobj 2 0 obj<</Kids[3 0 R]>>endobj")
    branching = b"".join(
        b"%d 0 obj<</Kids[%d 0 R %d 0 R]>>endobj " % (n, n + 1, n + 1) for n in range(1, 40)
    )
    assert tangled(branching)
    assert not loops(branching)
    assert tangled(b"1 0 obj<</Kids 2 0 R>>endobj 2 0 obj[1 0 R]endobj")
    assert not tangled(b"1 0 obj<</Kids 2 0 R>>endobj 2 0 obj[3 0 R]endobj")
    assert knotted(_branching())
    assert not knotted(tree(element("Document", refs(9, 10, 11)), *pieces()))


@pytest.mark.parametrize(
    "content",
    [
        b"1 0 obj " + b"/Kids[" * 200_000,
        b"/Kids[]" * 200_000,
        b"/Kids 5 0 R " + b"1" * 400_000 + b"]",
        b"/StructTreeRoot " + b"/K[" * 200_000,
        b"/ObjStm stream\n" * 200_000,
        b"1 0 obj /Kids [" + b"1" * 400_000 + b" 0 R]",
        b"".join(b"%d 0 obj /Kids[%d 0 R %d 0 R] " % (n, n + 1, n + 1) for n in range(40_000)),
    ],
    ids=["open", "orphans", "digits", "parts", "packed", "number", "doubling"],
)
@pytest.mark.timeout(60)
def test_a_megabyte_of_trees_is_looked_through_in_one_go(content):
    # Each took minutes to hours when lists were looked for from each place where one begins.
    assert not loops(content)
    assert not knotted(content)
    assert tangled(content) == (content[:5] == b"0 0 o")


@pytest.mark.timeout(60)
def test_places_of_packed_objects_that_overlap_are_not_all_looked_through():
    packed = zlib.compress(b"1 0 2 4000000 " * 60_000 + b"[" * 4_000_000)
    head = b"9 0 obj << /Type /ObjStm /N 120000 /First 840000 >> stream\n"
    assert not tangled(head + packed + b"\nendstream")


def test_bookmarks_lead_to_their_pages_with_level_and_height():
    def first(canvas):
        canvas.bookmarkPage("one", fit="XYZ", left=0, top=700)
        canvas.addOutlineEntry("Chapter  one", "one", level=0)
        canvas.bookmarkPage("part", fit="FitH", top=400)
        canvas.addOutlineEntry("A part of it", "part", level=1)

    def second(canvas):
        canvas.bookmarkPage("two")
        canvas.addOutlineEntry("Chapter two", "two", level=0)

    made = pdf(
        both(text(["Some text"]), first), both(text(["Other text"]), second), size=(600, 800)
    )
    one, two = sheet(made).outline, sheet(made, 2).outline
    assert [(mark.title, mark.level) for mark in one] == [("Chapter one", 1), ("A part of it", 2)]
    assert [mark.top for mark in one] == pytest.approx([100, 400])
    assert [(mark.title, mark.level, mark.top) for mark in two] == [("Chapter two", 1, None)]


def test_an_outline_that_goes_in_circles_or_nowhere_is_walked_once():
    made = page_of(
        CONTENT,
        b"<</Type/Outlines/First 7 0 R/Last 8 0 R>>",
        b"<</Title(Round)/Parent 6 0 R/Next 8 0 R/First 7 0 R/Dest[3 0 R/XYZ 0 600 0]>>",
        b"<</Title(And round)/Parent 6 0 R/Next 7 0 R/First 6 0 R/Dest[3 0 R/Fit]>>",
        catalog=b"/Outlines 6 0 R",
    )
    marks = [(mark.title, mark.level, mark.top) for mark in sheet(made).outline]
    assert marks[:2] == [("Round", 1, 200.0), ("And round", 1, None)]
    broken = page_of(
        CONTENT,
        b"<</Type/Outlines/First 7 0 R>>",
        b"<</Title(Nowhere)/Dest[99 0 R/Fit]/Next 8 0 R>>",
        b"<</Title()/Dest[3 0 R/Fit]/Next 42 0 R>>",
        catalog=b"/Outlines 6 0 R",
    )
    assert sheet(broken).outline == ()
