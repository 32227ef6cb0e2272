"""What people said of the blocks of a job's document: every word kept, with who and when.

The table is only ever added to: to undo a review is a row of its own. Only a purge, or the expiry
of the result that they quote, erases them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from toolkit.document.document import Document
from toolkit.document.reviewing import before, reviewed
from toolkit.document.reviewing import refuse as refuse_unsound
from toolkit.document.reviews import WRONG, Change, CorrectCell, Retype, Review, Verdict
from toolkit.errors import InvalidInput, ResultGone
from toolkit.store.jobs import not_found

__all__ = ["Counted", "add", "counted", "reviews", "undo"]

_UNDONE = "undone"

_INSERT = """
INSERT INTO reviews (job, block_id, field, was, correction, verdict, reviewer, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""

# The jobs first: otherwise every review of the file is looked at.
_ALL = """
SELECT jobs.id, reviews.number, block_id, was, correction, verdict, reviewer, reviews.created_at
FROM json_each(?) AS asked CROSS JOIN jobs ON jobs.id = asked.value
CROSS JOIN reviews ON reviews.job = jobs.number
ORDER BY reviews.number"""

_BLOCKS = """
SELECT jobs.id, count(*), group_concat(CASE WHEN jobs.number IN (SELECT job FROM reviews)
    THEN block_id END, ' ')
FROM json_each(?) AS asked CROSS JOIN jobs ON jobs.id = asked.value
CROSS JOIN blocks ON blocks.result = jobs.result
GROUP BY jobs.id"""


class _Said(msgspec.Struct, frozen=True):
    """What the column ``correction`` holds, as JSON."""

    block_ids: tuple[str, ...]
    change: Change


class Counted(msgspec.Struct, frozen=True):
    """How far a review is: of so many blocks so many were looked at, and what was found.

    ``wrong`` ones were corrected, retyped, merged, split or rejected; the others accepted.
    """

    blocks: int = 0
    reviewed: int = 0
    wrong: int = 0

    @property
    def accepted(self) -> int:
        return self.reviewed - self.wrong


def add(
    conn: sqlite3.Connection, *, job_id: str, review: Review, document: Document, now: float
) -> Review:
    """Keep *review* of a block of *document*, which is what the job made; as it is kept.

    Raises JobNotFound, ResultGone, and InvalidInput where it cannot be carried out after those
    that there are.
    """
    number = _number(conn, job_id)
    earlier = reviews(conn, job_ids=[job_id])
    refuse_unsound(document, earlier, review)
    kept = replace(
        review,
        job_id=job_id,
        at=now,
        was=before(reviewed(document, earlier), review),
        undone_at=None,
        undone_by=None,
    )
    try:
        said = msgspec.json.encode(_Said(review.block_ids, review.change)).decode()
        review.reviewer.encode()
    except UnicodeEncodeError as exc:
        raise InvalidInput(f"half a character cannot be kept: {exc.reason}") from exc
    values = (number, review.block_ids[0], _field(review.change), kept.was, said)
    row = conn.execute(_INSERT, (*values, str(review.verdict), review.reviewer, now))
    return replace(kept, id=row.lastrowid)


def undo(
    conn: sqlite3.Connection, *, job_id: str, review_id: int, reviewer: str, now: float
) -> None:
    """Let the review not count any more; that *reviewer* said so is kept as well.

    Raises JobNotFound, ResultGone, and InvalidInput where the job has no such review, or it was
    undone before.
    """
    number = _number(conn, job_id)
    known = {review.id: review for review in reviews(conn, job_ids=[job_id])}
    review = known.get(review_id)
    if review is None:
        raise InvalidInput(f"job {job_id} has no review {review_id}")
    if not review.active:
        raise InvalidInput(f"review {review_id} was undone before")
    values = (number, review.block_ids[0], None, None, str(review_id))
    conn.execute(_INSERT, (*values, _UNDONE, reviewer, now))


def reviews(conn: sqlite3.Connection, *, job_ids: Collection[str]) -> list[Review]:
    """The reviews of these jobs in the order in which they were made, those undone too."""
    found: dict[int, Review] = {}
    for job_id, number, _, was, correction, verdict, reviewer, at in _rows(conn, job_ids):
        if verdict == _UNDONE:
            undone = int(correction)
            found[undone] = replace(found[undone], undone_at=at, undone_by=reviewer)
            continue
        said = msgspec.json.decode(correction, type=_Said)
        found[number] = Review(
            block_ids=said.block_ids,
            change=said.change,
            reviewer=reviewer,
            at=at,
            job_id=job_id,
            id=number,
            was=was,
        )
    return list(found.values())


def counted(conn: sqlite3.Connection, *, job_ids: Collection[str]) -> Counted:
    """How many of the blocks that the engine made were reviewed; notes are no review."""
    asked = json.dumps(list(job_ids))
    blocks, known = 0, set()
    for job_id, count, names in conn.execute(_BLOCKS, [asked]).fetchall():
        blocks += count
        known |= {(job_id, name) for name in (names or "").split()}
    told: dict[tuple[str, str], bool] = {}
    for review in reviews(conn, job_ids=job_ids):
        if review.active and review.verdict is not Verdict.NOTED:
            for name in review.block_ids:
                key = (review.job_id, name)
                told[key] = told.get(key, False) or review.verdict in WRONG
    wrong = [bad for key, bad in told.items() if key in known]
    return Counted(blocks=blocks, reviewed=len(wrong), wrong=sum(wrong))


def _rows(conn: sqlite3.Connection, job_ids: Iterable[str]) -> list[tuple[Any, ...]]:
    return conn.execute(_ALL, [json.dumps(list(job_ids))]).fetchall()


def _number(conn: sqlite3.Connection, job_id: str) -> int:
    """The number of a job whose result is there."""
    row = conn.execute("SELECT number, result FROM jobs WHERE id = ?", [job_id]).fetchone()
    if row is None:
        raise not_found(job_id)
    number, result = row
    if result is None:
        raise ResultGone(f"job {job_id} has no result (any more) to review")
    return int(number)


def _field(change: Change) -> str | None:
    """What of the block the change is about, for whoever reads the table."""
    match change:
        case CorrectCell(row=row, column=column):
            return f"cell {row},{column}"
        case Retype():
            return "type"
    return "text"
