"""What a person says of a block, and the document that comes of it.

A review never changes what the engine said: it stands beside it, with who and when, and
``reviewed`` makes the document in which all of them are carried out.

How far the outcome can be trusted: ``verified`` means proven against the file's own text, and a
person's word is no such proof. So corrected text is ``inferred``, with a confidence of 1, since
somebody has read it; it stays what it was where only white space differs. Blocks that were
verified stay so when they are merged, since what they quote can be joined; the parts of a split
are ``inferred``, since what each of them quotes is not known here. A cell that was corrected
makes its table ``inferred``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from toolkit.document.geometry import NormalizedBox

__all__ = [
    "WRONG",
    "Accept",
    "Change",
    "CorrectCell",
    "CorrectText",
    "Merge",
    "Note",
    "Reject",
    "Retype",
    "Review",
    "Split",
    "Verdict",
]


class Verdict(StrEnum):
    """What a review comes to."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    RETYPED = "retyped"
    MERGED = "merged"
    SPLIT = "split"
    REJECTED = "rejected"
    NOTED = "noted"


WRONG = frozenset(Verdict) - {Verdict.ACCEPTED, Verdict.NOTED}
"""The verdicts that say that the engine made a mistake."""


class Accept(msgspec.Struct, frozen=True, tag_field="change", tag="accept"):
    """The block is right as it is."""


class CorrectText(msgspec.Struct, frozen=True, tag_field="change", tag="correct_text"):
    """Its text should be this. The lines of a list are its items."""

    text: str


class CorrectCell(msgspec.Struct, frozen=True, tag_field="change", tag="correct_cell"):
    """The text of one cell of a table should be this; both count from 0, the headers included."""

    row: int
    column: int
    text: str


class Retype(msgspec.Struct, frozen=True, tag_field="change", tag="retype"):
    """It is a block of another type, one that has text; a heading has a level from 1 to 6."""

    type: str
    level: int | None = None


class Merge(msgspec.Struct, frozen=True, tag_field="change", tag="merge"):
    """The blocks, of one page, are one: of the type of the first, which lends its id."""


class Split(msgspec.Struct, frozen=True, tag_field="change", tag="split"):
    """The block is several: its text ends and begins anew at each of the *offsets*.

    *boxes* are those of the parts; without them each part keeps the box of the whole. The first
    part keeps the id.
    """

    offsets: tuple[int, ...]
    boxes: tuple[NormalizedBox, ...] = ()


class Reject(msgspec.Struct, frozen=True, tag_field="change", tag="reject"):
    """It is no block at all, and left out."""


class Note(msgspec.Struct, frozen=True, tag_field="change", tag="note"):
    """A remark, which changes nothing."""

    text: str


Change: TypeAlias = Accept | CorrectText | CorrectCell | Retype | Merge | Split | Reject | Note

_VERDICTS: Mapping[type[Change], Verdict] = {
    Accept: Verdict.ACCEPTED,
    CorrectText: Verdict.CORRECTED,
    CorrectCell: Verdict.CORRECTED,
    Retype: Verdict.RETYPED,
    Merge: Verdict.MERGED,
    Split: Verdict.SPLIT,
    Reject: Verdict.REJECTED,
    Note: Verdict.NOTED,
}


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What *reviewer* said of a block, or of the several that are to be merged.

    The store fills in ``id``, ``job_id`` and ``was``, which is what the block said before.
    """

    block_ids: tuple[str, ...]
    change: Change
    reviewer: str = ""
    at: float = 0.0
    """POSIX seconds."""
    job_id: str = ""
    id: int | None = None
    was: str | None = None
    undone_at: float | None = None
    undone_by: str | None = None

    @property
    def verdict(self) -> Verdict:
        return _VERDICTS[type(self.change)]

    @property
    def active(self) -> bool:
        """Whether it was not undone."""
        return self.undone_at is None
