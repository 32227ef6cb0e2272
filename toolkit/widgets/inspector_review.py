"""What a person says in an inspector, as reviews, and reviews as what an inspector shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from toolkit.document import Document
from toolkit.document.blocks import BLOCK_TYPES, Block, Table
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
    Verdict,
)
from toolkit.document.text import text_of
from toolkit.errors import InvalidInput
from toolkit.widgets.inspector_leaf import CELL_TEXT, WHOLE_TEXT, Plain, block_of
from toolkit.widgets.words import shown, shown_lines

__all__ = ["TYPES", "Place", "change_of", "following", "looked_at", "raw", "said_of"]

Place: TypeAlias = tuple[str, str]
"""(document id, block id)."""

TYPES = tuple(
    name for name in BLOCK_TYPES if name not in ("table", "image", "diagram", "chart", "formula")
)
"""What a block can be made to be: the types that have text."""


def change_of(said: Mapping[str, Any], document: Document) -> Change:
    """What the browser asks for, of blocks of *document*.

    Raises InvalidInput where it is nothing that can be said.
    """
    if not all(isinstance(one, str) for one in said["ids"]):
        raise InvalidInput("blocks are named by their ids")
    match said:
        case {"verb": "accept"}:
            return Accept()
        case {"verb": "correct", "text": str(text)}:
            return CorrectText(text)
        case {"verb": "cell", "row": int(row), "column": int(column), "text": str(text)}:
            _refuse_cut(block_of(document, str(said["ids"][0])), row, column)
            return CorrectCell(row, column, text)
        case {"verb": "retype", "type": str(kind)}:
            return Retype(kind, 2 if kind == "heading" else None)
        case {"verb": "reject"}:
            return Reject()
        case {"verb": "merge"}:
            return Merge()
        case {"verb": "split", "offset": int(offset)}:
            return Split((offset,))
        case {"verb": "note", "text": str(text)}:
            return Note(text)
    raise InvalidInput("this is nothing that can be said of a block")


def _refuse_cut(block: Block | None, row: int, column: int) -> None:
    """A cell of which the browser has not the very text would lose what it was not shown."""
    cells = block.cells if isinstance(block, Table) else ()
    text = next((cell.text for cell in cells if (cell.row, cell.column) == (row, column)), "")
    if shown_lines(text, CELL_TEXT) != text:
        raise InvalidInput(
            "this cell is too long, or has characters that cannot be seen: correct it by "
            "batch.review(block_id, CorrectCell(row, column, text))"
        )


def said_of(reviews: Iterable[Review]) -> list[Plain]:
    """*reviews*, in their order, for the browser."""
    return [
        {
            "id": review.id,
            "ids": list(review.block_ids),
            "verdict": str(review.verdict),
            "who": shown(review.reviewer, 60),
            "at": datetime.fromtimestamp(review.at).astimezone().strftime("%Y-%m-%d %H:%M"),
            "was": shown_lines(review.was or "", 600),
            "now": shown_lines(_now(review.change), 600),
            "active": review.active,
        }
        for review in reviews
    ]


def _now(change: Change) -> str:
    match change:
        case CorrectText(text=text) | Note(text=text) | CorrectCell(text=text):
            return text
        case Retype(type=kind, level=level):
            return f"{kind} {level}" if level else kind
        case Split(offsets=offsets):
            return f"{len(offsets) + 1} parts"
        case _:
            return ""


def looked_at(reviews: Iterable[Review]) -> set[Place]:
    """The blocks of which somebody has said whether they are right."""
    return {
        ("doc_" + review.job_id.removeprefix("job_"), one)
        for review in reviews
        if review.active and review.verdict is not Verdict.NOTED
        for one in review.block_ids
    }


def following(rows: Sequence[Place], current: Place | None, done: set[Place]) -> Place | None:
    """The first of *rows* after *current*, and then from the start, that is not *done*."""
    at = rows.index(current) + 1 if current in rows else 0
    return next((row for row in [*rows[at:], *rows[:at]] if row not in done), None)


def raw(document: Document, block_id: str) -> str:
    """The text of a block as it is, to be corrected. Raises InvalidInput where that cannot be."""
    block = block_of(document, block_id)
    if block is None or isinstance(block, Table):
        raise InvalidInput("this block has no text that could be corrected as a whole")
    text = text_of(block)
    if len(text) > WHOLE_TEXT:
        raise InvalidInput("this text is too long to be corrected here")
    return text
