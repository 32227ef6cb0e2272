"""Reviews as a frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from toolkit.document.reviews import (
    Accept,
    Change,
    CorrectCell,
    CorrectText,
    Merge,
    Note,
    Reject,
    Retype,
    Review,
    Split,
)
from toolkit.frames.columns import REVIEW_COLUMNS, frame_of

__all__ = ["reviews"]


def reviews(made: Iterable[Review], files: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A row a review, with REVIEW_COLUMNS, in their order; those that were undone, too.

    *files* names the file of each job, where it is known.
    """
    return frame_of(_rows(made, files or {}), REVIEW_COLUMNS)


def _rows(made: Iterable[Review], files: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    for review in made:
        yield (
            *(review.id, review.job_id or None, files.get(review.job_id)),
            *(review.block_ids[0], " ".join(review.block_ids), review.verdict),
            *(review.was, _said(review.change), review.reviewer, review.at, review.active),
            *(review.undone_at, review.undone_by),
        )


def _said(change: Change) -> str | None:
    """What the person wrote, for a person."""
    match change:
        case CorrectText(text=text) | Note(text=text) | CorrectCell(text=text):
            return text
        case Retype(type=kind, level=level):
            return kind if level is None else f"{kind} {level}"
        case Split(offsets=offsets):
            return "at " + ", ".join(map(str, offsets))
        case Accept() | Merge() | Reject():
            return None
