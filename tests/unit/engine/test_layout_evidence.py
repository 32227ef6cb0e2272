"""What a file says of itself is evidence: its structure tree, its outline; and running lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from engine_made import both, pdf, prose, sheet, text

from toolkit.document.geometry import Box
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.layout import text_drafts
from toolkit.engine.marks import Bookmark, Tag
from toolkit.engine.running import running_lines
from toolkit.engine.sections import with_sections
from toolkit.engine.words import find_lines

PLAIN = ["On the Habits of Foxes", *prose(4), "Foxes in Winter", *prose(4, start=5), "A Last Word"]
LOOKS_LARGE = "Large but no heading"


def page(lines=PLAIN):
    return sheet(pdf(text(lines, leading=12)))


def drafts(made):
    return text_drafts(made, find_lines(made.glyphs))[0]


def tag(made, kind, words, **more):
    begin = made.glyphs.text.index(words)
    return Tag(kind, None, tuple(range(begin, begin + len(words))), **more)


def kinds_of(made):
    return {draft.quotation.text: draft for draft in drafts(made)}


def test_tagged_headings_are_headings_of_the_level_they_say():
    made = page()
    tags = [tag(made, "H1", PLAIN[0]), tag(made, "H2", PLAIN[5]), tag(made, "P", prose(4)[0])]
    [found] = with_sections([drafts(replace(made, tags=tuple(tags)))])
    heads = [(d.quotation.text, d.level) for d in found if d.kind == "heading"]
    assert heads == [(PLAIN[0], 1), (PLAIN[5], 2)]
    assert not any(d.kind == "heading" for d in drafts(made))


def test_large_type_that_is_tagged_as_running_text_is_none():
    def paint(canvas):
        text([LOOKS_LARGE], size=13)(canvas)
        text(["The Real Heading"], y=740, size=13)(canvas)
        text(prose(12), y=720)(canvas)

    made = sheet(pdf(paint))
    plain = kinds_of(made)
    assert plain[LOOKS_LARGE].kind == "heading"
    tags = (tag(made, "P", LOOKS_LARGE), tag(made, "H1", "The Real Heading"))
    found = kinds_of(replace(made, tags=tags))
    assert found[LOOKS_LARGE].kind == "paragraph"
    assert found["The Real Heading"].kind == "heading"


@pytest.mark.parametrize("kind", ["H1", "P"])
def test_a_tree_that_calls_everything_the_same_tells_nothing(kind):
    made = page()
    tags = tuple(tag(made, kind, line) for line in PLAIN)
    assert [d.kind for d in drafts(replace(made, tags=tags))] == [d.kind for d in drafts(made)]


def test_tagged_captions_notes_and_code():
    made = page()
    tags = (tag(made, "Caption", PLAIN[5]), tag(made, "Note", PLAIN[-1]))
    found = kinds_of(replace(made, tags=tags))
    assert found[PLAIN[-1]].kind == "footnote"


def test_what_the_outline_names_is_a_heading():
    made = page()
    outline = (Bookmark("1. On the habits of foxes", 1), Bookmark("Foxes  in Winter", 2, top=130.0))
    [found] = with_sections([drafts(replace(made, outline=outline))])
    heads = [(d.quotation.text, d.level) for d in found if d.kind == "heading"]
    assert heads == [(PLAIN[0], 1), (PLAIN[5], 2)]


def test_an_outline_names_a_heading_over_two_lines():
    lines = [*prose(3), "How the Fox Came to", "Jump Over the Dog", *prose(4, start=3)]
    made = page(lines)
    named = replace(made, outline=(Bookmark("How the fox came to jump over the dog", 1),))
    heads = [d.quotation.text for d in drafts(named) if d.kind == "heading"]
    assert heads == ["How the Fox Came to Jump Over the Dog"]


def test_a_bookmark_far_from_the_line_names_another():
    made = page()
    far = replace(made, outline=(Bookmark(PLAIN[-1], 1, top=700.0),))
    assert not any(d.kind == "heading" for d in drafts(far))


def line(words, top=30.0, size=9.0, kind="paragraph"):
    return Draft(kind, Box(70, top, 300, top + size), Quotation(words), 0.9, size=size)


def body():
    return line("a long line of running text, as there is on every page " * 3, top=300, size=10)


def running(*texts, **how):
    pages = [(n, 800.0, [line(words, **how), body()]) for n, words in enumerate(texts, start=1)]
    return [page[0].kind for page in running_lines(pages)]


def test_lines_that_come_back_are_running_ones():
    assert running("Foxes", "Dogs", "Foxes", "Dogs") == ["page_header"] * 4
    assert running("Foxes 7", "Foxes 8", "Foxes 9") == ["page_header"] * 3
    assert running("Foxes vii", "Foxes viii", "Foxes ix", top=760) == ["page_footer"] * 3


def test_numbers_that_do_not_count_the_pages_are_no_page_numbers():
    assert running("In 1914 foxes", "In 1918 foxes", "In 1933 foxes") == ["paragraph"] * 3
    assert running("3.1 Foxes", "3.2 Foxes", "3.3 Foxes") == ["paragraph"] * 3


def test_titles_that_come_back_stay_titles():
    assert running("Agenda", "Agenda", "Agenda", size=28, kind="heading") == ["heading"] * 3


def test_lines_in_the_middle_of_the_page_are_not_running():
    assert running("Foxes", "Foxes", "Foxes", top=400) == ["paragraph"] * 3


def test_two_columns_around_a_heading_that_spans():
    left, right = prose(10, 6), prose(10, 6, 11)
    content = both(
        text(left, y=760),
        text(right, x=320, y=760),
        text(["A Heading over Both of the Columns of the Page"], y=610, size=16, x=120),
        text(left[::-1], y=580),
        text(right[::-1], x=320, y=580),
    )
    said = [d.quotation.text.split()[0] for d in drafts(sheet(pdf(content)))]
    first = [lines[at].split()[0] for at in (0, -1) for lines in (left, right)]
    assert said == [*first[:2], "A", *first[2:]]


@pytest.mark.timeout(20)
def test_headings_of_many_types_are_gone_through_once():
    # Of every type all headings were gone through: 20,000 of 2,000 types took minutes.
    made = [
        Draft("heading", Box(0, 0, 9, 9), Quotation(f"Heading {n}"), 0.9, size=8 + n % 2000)
        for n in range(20_000)
    ]
    [found] = with_sections([made])
    assert len(found) == len(made)
    assert {draft.level for draft in found} == {1, 2, 3, 4, 5, 6}
