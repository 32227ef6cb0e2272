"""Reviews carried over to another reading: to the same block, or said to find none."""

from __future__ import annotations

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from toolkit.document.blocks import Cell, Heading, Paragraph, Table
from toolkit.document.carrying import aligned, carried
from toolkit.document.reviewing import reviewed
from toolkit.document.reviews import (
    Accept,
    CorrectCell,
    CorrectText,
    Merge,
    Note,
    Reject,
    Retype,
    Review,
    Split,
)

HIGH, LOW = (0.1, 0.1, 0.9, 0.2), (0.1, 0.6, 0.9, 0.7)


def renamed(document):
    """The same reading by an engine that gives other ids."""
    pages = tuple(
        replace(
            page,
            blocks=tuple(
                replace(block, id=block.id.replace("blk", "new")) for block in page.blocks
            ),
        )
        for page in document.pages
    )
    return replace(document, pages=pages)


def ids(document):
    return [block.id for block in document.blocks]


def say(change, *names, **more):
    return Review(block_ids=names, change=change, reviewer="ann", at=5.0, **more)


OLD = made.document(
    [
        made.block(Heading, text="Quarterly report", bbox=HIGH),
        made.block(Paragraph, text="Revenue rose by 3 % in the year.", bbox=LOW),
    ]
)
HEAD, BODY = ids(OLD)


def moved(box, by):
    return (box[0], box[1] + by, box[2], box[3] + by)


def test_the_same_reading_takes_everything_as_it_is():
    reviews = [
        say(Accept(), HEAD),
        say(CorrectText("x"), BODY),
        say(Note("n"), BODY, id=3, was="w"),
    ]
    found = carried(reviews, OLD, OLD)
    assert found.unmatched == ()
    assert [(r.block_ids, r.change, r.reviewer, r.at) for r in found.reviews] == [
        (r.block_ids, r.change, r.reviewer, r.at) for r in reviews
    ]
    assert {(r.id, r.job_id, r.was) for r in found.reviews} == {(None, "", None)}


def test_other_ids_at_the_same_place_with_much_the_same_text():
    new = made.document(
        [
            made.block(Heading, text="Quarterly report", bbox=moved(HIGH, 0.02)),
            made.block(Paragraph, text="Revenue rose by 8 % in the year.", bbox=LOW),
        ]
    )
    new = renamed(new)
    assert aligned(OLD, new) == dict(zip(ids(OLD), ids(new), strict=True))
    reviews = [say(CorrectText("Revenue rose by 3.5 % in the year."), BODY), say(Accept(), HEAD)]
    found = carried(reviews, OLD, new)
    assert [r.block_ids for r in found.reviews] == [(ids(new)[1],), (ids(new)[0],)]
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("Quarterly report", LOW),  # elsewhere
        ("Nothing of that sort at all", HIGH),  # another text
    ],
)
def test_what_is_not_there_any_more_is_said(text, box):
    new = renamed(made.document([made.block(Heading, text=text, bbox=box)]))
    review = say(CorrectText("x"), HEAD)
    found = carried([review], OLD, new)
    assert found.reviews == ()
    assert [one.review for one in found.unmatched] == [review]
    assert "not in the new reading" in found.unmatched[0].reason


def test_a_block_on_another_page_is_another_block():
    new = renamed(made.document([], [made.block(Heading, text="Quarterly report", bbox=HIGH)]))
    assert aligned(OLD, new) == {}


def test_an_acceptance_is_of_a_text():
    other = replace(next(OLD.blocks), text="Quarterly Report")
    new = made.document([other])
    found = carried([say(Accept(), HEAD), say(Retype("caption"), HEAD)], OLD, new)
    assert [type(r.change) for r in found.reviews] == [Retype]
    assert "accepted" in found.unmatched[0].reason


def test_a_split_and_what_was_said_of_its_parts():
    split = say(Split((8,)), BODY)
    born = [name for name in ids(reviewed(OLD, [split])) if name not in ids(OLD)]
    reviews = [split, say(CorrectText("rose!"), born[0])]
    new = renamed(OLD)
    found = carried(reviews, OLD, new)
    assert found.unmatched == ()
    texts = [block.text for block in reviewed(new, found.reviews).blocks]
    assert texts == ["Quarterly report", "Revenue", "rose!"]
    other = made.document(
        [made.block(Paragraph, text="Revenue rose by 3.5 % in the year.", bbox=LOW)]
    )
    assert len(carried(reviews, OLD, renamed(other)).unmatched) == 2


def test_a_merge_whose_blocks_the_new_engine_reads_as_one():
    old = made.document(
        [
            made.block(Paragraph, text="Revenue rose by", bbox=(0.1, 0.6, 0.9, 0.65)),
            made.block(Paragraph, text="3 % in the year.", bbox=(0.1, 0.65, 0.9, 0.7)),
        ]
    )
    new = renamed(
        made.document([made.block(Paragraph, text="Revenue rose by 3 % in the year.", bbox=LOW)])
    )
    found = carried([say(Merge(), *ids(old))], old, new)
    assert found.reviews == ()
    assert len(found.unmatched) == 1
    assert carried([say(Merge(), *ids(old))], old, renamed(old)).unmatched == ()


def test_a_cell_is_carried_where_it_is_the_same_cell():
    def table(*rows):
        cells = tuple(
            Cell(row=at, column=n, text=text)
            for at, row in enumerate(rows)
            for n, text in enumerate(row)
        )
        return made.document([made.block(Table, headers=(), rows=rows, cells=cells)])

    old = table(("2024", "10"), ("2025", "11"))
    review = say(CorrectCell(1, 1, "12"), ids(old)[0])
    assert carried([review], old, renamed(old)).unmatched == ()
    grown = renamed(table(("Year", "Sales"), ("2024", "10"), ("2025", "11")))
    assert "cell is another" in carried([review], old, grown).unmatched[0].reason


def test_what_was_undone_is_left_behind():
    found = carried([say(Reject(), HEAD, undone_at=6.0, undone_by="bob")], OLD, OLD)
    assert found.reviews == found.unmatched == ()


@given(made.documents(), made.documents())
@settings(max_examples=60, deadline=None)
def test_blocks_are_matched_one_for_one(old, new):
    names = aligned(old, new)
    assert names.keys() <= set(ids(old))
    assert set(names.values()) <= set(ids(new))
    assert len(set(names.values())) == len(names)


@given(made.documents(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_review_is_lost_on_the_way(document, data):
    names = ids(document)
    if not names:
        return
    change = st.sampled_from([Accept(), Note("n"), Reject(), CorrectText("x"), Retype("code")])
    reviews = data.draw(
        st.lists(st.builds(lambda name, how: say(how, name), st.sampled_from(names), change))
    )
    found = carried(reviews, document, renamed(document))
    assert len(found.reviews) + len(found.unmatched) == len(reviews)
