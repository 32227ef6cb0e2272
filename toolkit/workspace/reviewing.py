"""Reviews at a desk: made, taken back, counted, sampled, and carried from one batch to another."""

from __future__ import annotations

import getpass
import time
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from toolkit.desk import Desk
from toolkit.document import Document
from toolkit.document.carrying import carried
from toolkit.document.reviewing import Unapplied, reviewed
from toolkit.document.reviews import Change, Review
from toolkit.document.sampling import Candidate, Drawn, ErrorRate, error_rate, sample
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.store import results, reviews
from toolkit.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.workspace.reading import StoreReader

__all__ = ["add", "as_reviewed", "carry", "job_of", "rate", "rows", "sampled", "undo", "whoever"]

_CANDIDATE = ("job_id", "block_id", "text_source", "confidence")


def whoever(reviewer: str) -> str:
    """*reviewer*, or else the name of whoever uses this computer."""
    if reviewer:
        return reviewer
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without users
        return ""


def add(store: Store, document: Document, job_id: str, review: Review) -> Review:
    """Keep *review* of *document*, which *job_id* made."""
    review = replace(review, reviewer=whoever(review.reviewer))
    with store.write() as conn:
        return reviews.add(conn, job_id=job_id, review=review, document=document, now=time.time())


def undo(store: Store, job_id: str, review_id: int, reviewer: str) -> None:
    """Let a review not count any more."""
    with store.write() as conn:
        reviews.undo(
            conn,
            job_id=job_id,
            review_id=review_id,
            reviewer=whoever(reviewer),
            now=time.time(),
        )


def as_reviewed(desk: Desk | StoreReader, job_id: str, document: Document) -> Document:
    """*document*, which *job_id* made, with its reviews carried out."""
    return reviewed(document, desk.reviews([job_id]))


def rows(desk: StoreReader, job_ids: Sequence[str]) -> Iterator[Any]:
    """What ``frames.blocks`` makes rows of: the store's own rows, or the documents as reviewed."""
    conn = desk.store.read()
    touched = {review.job_id for review in reviews.reviews(conn, job_ids=job_ids)}
    for job_id in job_ids:
        if job_id in touched:
            yield desk.look(job_id), as_reviewed(desk, job_id, desk.document(job_id))
        else:
            yield from results.block_rows(conn, job_ids=[job_id])


def job_of(desk: Desk, batch: str, block_ids: Collection[str]) -> str:
    """The job of the batch whose document has these blocks.

    Raises InvalidInput where none has them, or several have.
    """
    found = desk.blocks(batch=batch, reviewed=True)
    jobs = list(dict.fromkeys(found.loc[found["block_id"].isin(list(block_ids)), "job_id"]))
    if len(jobs) == 1:
        return str(jobs[0])
    if not jobs:
        raise InvalidInput(f"no document of this batch has the block {', '.join(block_ids)}")
    raise InvalidInput(f"{len(jobs)} documents have such a block: say which with job=…")


def sampled(blocks: pd.DataFrame, n: int, *, weighted: bool, seed: int) -> pd.DataFrame:
    """*n* rows of *blocks*, drawn, with the stratum of each and how many blocks that has."""
    candidates = (
        Candidate(job_id=job, block_id=block, text_source=str(source), confidence=confidence)
        for job, block, source, confidence in zip(
            *(blocks[name] for name in _CANDIDATE), strict=True
        )
    )
    drawn = {(d.job_id, d.block_id): d for d in sample(candidates, n, weighted=weighted, seed=seed)}
    keys = list(zip(blocks["job_id"], blocks["block_id"], strict=True))
    picked = blocks[[key in drawn for key in keys]].reset_index(drop=True)
    chosen = [drawn[key] for key in keys if key in drawn]
    return picked.assign(stratum=[d.stratum for d in chosen], of=[d.of for d in chosen])


def rate(desk: Desk, drawn: pd.DataFrame) -> ErrorRate:
    """What the reviews at *desk* say of all that the frame *drawn* was drawn from.

    Raises InvalidInput where it is no frame of ``sampled``.
    """
    names = ("job_id", "block_id", "stratum", "of")
    missing = [name for name in names if name not in drawn]
    if missing:
        raise InvalidInput(f"this is no sample: it has no column {', '.join(missing)}")
    picked = [
        Drawn(job_id=job, block_id=block, stratum=stratum, of=int(of))
        for job, block, stratum, of in zip(*(drawn[name] for name in names), strict=True)
    ]
    return error_rate(picked, desk.reviews(sorted({one.job_id for one in picked})))


def carry(desk: Desk, old: str, new: str) -> tuple[list[Review], list[Unapplied]]:
    """Carry the reviews of the batch *old* over to *new*: those kept there, those that could not.

    Documents are matched by the file's content. What *new* has been told already is not told
    again, so that it may be called twice.
    """
    after = {job.sha256: job.id for job in desk.find(batch=new) if job.has_result and job.sha256}
    done: list[Review] = []
    left: list[Unapplied] = []
    for job in desk.find(batch=old):
        made = [review for review in desk.reviews([job.id]) if review.active]
        if not made:
            continue
        twin = after.get(job.sha256 or "")
        if twin is None or twin == job.id:
            left += [Unapplied(review, "its file is not in the new batch") for review in made]
            continue
        moved = carried(made, desk.document(job.id), desk.document(twin))
        left += moved.unmatched
        known = {_key(review) for review in desk.reviews([twin]) if review.active}
        for review in moved.reviews:
            if _key(review) not in known:
                try:
                    done.append(desk.review(twin, review))
                except ToolkitError as exc:
                    left.append(Unapplied(review, str(exc)))
    return done, left


def _key(review: Review) -> tuple[tuple[str, ...], Change, str]:
    return review.block_ids, review.change, review.reviewer
