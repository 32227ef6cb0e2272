"""Reviews in a file: kept in order with who and when, undone by a row, erased with the job."""

from __future__ import annotations

import made
import pytest
from shelf import Shelf

from toolkit.document import wire
from toolkit.document.blocks import Heading, Paragraph
from toolkit.document.reviews import (
    Accept,
    CorrectText,
    Merge,
    Note,
    Reject,
    Retype,
    Review,
    Split,
)
from toolkit.errors import InvalidInput, JobNotFound, ResultGone
from toolkit.jobs import Outcome
from toolkit.store import reviews
from toolkit.store.invariants import violations

DOCUMENT = made.document(
    [made.block(Heading, text="Tit1e"), made.block(Paragraph, text="Sesquipedalian prose")]
)
HEAD, BODY = (block.id for block in DOCUMENT.blocks)
ANSWER = Outcome(content=wire.encode(DOCUMENT), media_type=wire.MEDIA_TYPE, pages=1)


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path / "jobs.db")
    yield made
    made.store.close()


@pytest.fixture
def job(shelf) -> str:
    return shelf.finished(ANSWER, content=b"in")


def say(shelf, job_id, change, *names, reviewer="ann"):
    shelf.now += 1
    new = Review(block_ids=names, change=change, reviewer=reviewer)
    with shelf.store.write() as conn:
        return reviews.add(conn, job_id=job_id, review=new, document=DOCUMENT, now=shelf.now)


def undo(shelf, job_id, review_id, reviewer="bob"):
    shelf.now += 1
    with shelf.store.write() as conn:
        reviews.undo(conn, job_id=job_id, review_id=review_id, reviewer=reviewer, now=shelf.now)


def kept(shelf, *job_ids):
    return reviews.reviews(shelf.conn, job_ids=job_ids)


CHANGES = [
    (Accept(), (HEAD,)),
    (CorrectText("Title"), (HEAD,)),
    (Retype("paragraph"), (HEAD,)),
    (Note("seen"), (BODY,)),
    (Split((3,), ((0, 0, 1, 0.5), (0, 0.5, 1, 1))), (BODY,)),
    (Merge(), (HEAD, BODY)),
    (Reject(), (HEAD,)),
]


@pytest.mark.parametrize(("change", "names"), CHANGES)
def test_what_is_kept_is_what_was_said(shelf, job, change, names):
    given = say(shelf, job, change, *names)
    assert kept(shelf, job) == [given]
    assert (given.change, given.block_ids, given.reviewer) == (change, names, "ann")
    assert (given.at, given.job_id, given.active) == (shelf.now, job, True)
    assert violations(shelf.store) == []


def test_they_are_kept_in_order_each_with_what_the_block_said_then(shelf, job):
    say(shelf, job, CorrectText("Title"), HEAD)
    say(shelf, job, CorrectText("Title page"), HEAD, reviewer="bob")
    say(shelf, job, Retype("paragraph"), HEAD)
    assert [(r.was, r.reviewer) for r in kept(shelf, job)] == [
        ("Tit1e", "ann"),
        ("Title", "bob"),
        ("heading 1", "ann"),
    ]


def test_the_table_reads_well_by_hand(shelf, job):
    say(shelf, job, CorrectText("Title"), HEAD)
    row = "SELECT block_id, field, was, verdict, reviewer FROM reviews"
    assert shelf.conn.execute(row).fetchone() == (HEAD, "text", "Tit1e", "corrected", "ann")


def test_to_undo_is_kept_as_well(shelf, job):
    given = say(shelf, job, CorrectText("Title"), HEAD)
    undo(shelf, job, given.id)
    (found,) = kept(shelf, job)
    assert (found.active, found.undone_by, found.undone_at) == (False, "bob", shelf.now)
    assert found.change == CorrectText("Title")
    assert shelf.conn.execute("SELECT count(*) FROM reviews").fetchone() == (2,)
    with pytest.raises(InvalidInput, match="undone before"):
        undo(shelf, job, given.id)


def test_a_review_of_another_job_is_not_undone(shelf, job):
    given = say(shelf, job, Accept(), HEAD)
    other = shelf.finished(ANSWER)
    with pytest.raises(InvalidInput, match="no review"):
        undo(shelf, other, given.id)
    assert kept(shelf, job)[0].active


def test_what_makes_no_sense_is_not_kept(shelf, job):
    with pytest.raises(InvalidInput, match="blk_none"):
        say(shelf, job, Accept(), "blk_none")
    say(shelf, job, Reject(), HEAD)
    with pytest.raises(InvalidInput, match="no block"):
        say(shelf, job, Accept(), HEAD)
    with pytest.raises(JobNotFound):
        say(shelf, "job_none", Accept(), HEAD)
    assert len(kept(shelf, job)) == 1


@pytest.mark.parametrize(("text", "reviewer"), [("half \ud83d", "ann"), ("whole", "half \ud83d")])
def test_half_a_character_is_refused(shelf, job, text, reviewer):
    with pytest.raises(InvalidInput, match="half a character"):
        say(shelf, job, Note(text), HEAD, reviewer=reviewer)
    assert kept(shelf, job) == []


@pytest.mark.parametrize("text", ["<script>x</script>", "\u202e\x00\x1b[2J", "x" * 1_000_000, ""])
def test_hostile_text_is_kept_as_it_is(shelf, job, text):
    given = say(shelf, job, CorrectText(text), HEAD, reviewer=text[:100])
    assert kept(shelf, job) == [given]
    assert given.change.text == text


def test_a_job_without_a_result_has_nothing_to_review(shelf):
    job_id = shelf.add().job_id
    with pytest.raises(ResultGone):
        say(shelf, job_id, Accept(), HEAD)


def test_the_reviews_of_some_jobs(shelf, job):
    other = shelf.finished(ANSWER, filename="b")
    for one in (job, other, job):
        say(shelf, one, Note("n"), HEAD)
    assert [r.job_id for r in kept(shelf, job, other)] == [job, other, job]
    assert len(kept(shelf, job)) == 2
    assert kept(shelf) == kept(shelf, "job_none") == []


def test_how_far_it_is(shelf, job):
    other = shelf.finished(ANSWER)
    assert reviews.counted(shelf.conn, job_ids=[job, other]) == reviews.Counted(4, 0, 0)
    say(shelf, job, Accept(), HEAD)
    say(shelf, job, Note("n"), BODY)
    given = say(shelf, other, Split((3,)), BODY)
    found = reviews.counted(shelf.conn, job_ids=[job, other])
    assert (found.blocks, found.reviewed, found.accepted, found.wrong) == (4, 2, 1, 1)
    # The parts of a split are no blocks of the engine's.
    born = [
        name
        for (name,) in shelf.conn.execute("SELECT block_id FROM blocks").fetchall()
        if name not in (HEAD, BODY)
    ]
    assert born == []
    undo(shelf, other, given.id)
    assert reviews.counted(shelf.conn, job_ids=[job, other]).reviewed == 1
    assert reviews.counted(shelf.conn, job_ids=[]) == reviews.Counted()


def left_in_the_file(shelf, words: bytes) -> bool:
    shelf.store.close()
    places = [shelf.store.path, shelf.store.path.with_name(shelf.store.path.name + "-wal")]
    return any(words in place.read_bytes() for place in places if place.exists())


def test_a_purge_erases_what_people_wrote(shelf, job):
    other = shelf.finished(ANSWER)
    say(shelf, job, CorrectText("Floccinaucinihilipilification"), HEAD)
    say(shelf, other, Accept(), HEAD)
    assert shelf.purge(job) == "done"
    assert kept(shelf, job) == []
    assert len(kept(shelf, other)) == 1
    assert violations(shelf.store) == []
    assert not left_in_the_file(shelf, b"Floccinaucinihilipilification")


def test_reviews_go_with_the_result_that_they_quote(shelf):
    from toolkit.store import erasures

    job_id = shelf.finished(ANSWER, result_retain=60.0)
    say(shelf, job_id, Note("Antidisestablishmentarianism"), HEAD)
    shelf.now += 100
    erasures.expire(shelf.store, now=shelf.now)
    erasures.sweep(shelf.store, now=shelf.now)
    assert kept(shelf, job_id) == []
    assert not left_in_the_file(shelf, b"Antidisestablishmentarianism")
