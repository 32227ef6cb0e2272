"""Reviews of one reading of a file, carried over to another: a newer engine's, or other options'.

A block is the same one where it has the same id. Failing that, it is the block of the same page
that lies where the old one lay and says much the same. What finds no place is said, with why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace
from rapidfuzz import fuzz

from toolkit.document.blocks import Block, Table
from toolkit.document.cells import cell_at
from toolkit.document.document import Document
from toolkit.document.geometry import NormalizedBox
from toolkit.document.normal import folded
from toolkit.document.reviewing import Unapplied, applied
from toolkit.document.reviews import Accept, CorrectCell, Review, Split
from toolkit.document.text import text_of
from toolkit.errors import InvalidInput

__all__ = ["Carried", "aligned", "carried"]

LEAST_OVERLAP: Final = 0.5
"""Of the boxes, as intersection over union."""
LEAST_LIKENESS: Final = 0.6
"""Of the texts, from 0 to 1: below it, a correction of one is no correction of the other."""


class Carried(msgspec.Struct, frozen=True):
    """Reviews as they are of the new document, and those that are not, with the reason."""

    reviews: tuple[Review, ...]
    unmatched: tuple[Unapplied, ...]


def carried(reviews: Iterable[Review], old: Document, new: Document) -> Carried:
    """*reviews*, which were made of *old*, as reviews of *new*, in their order.

    An acceptance, a split and the correction of a cell say something of a text: they are carried
    only where it is the same. Reviews that were undone are left behind. Who said it and when
    stay; ``id``, ``job_id`` and ``was`` are the store's to fill in.
    """
    done: list[Review] = []
    left: list[Unapplied] = []
    names = aligned(old, new)
    for review in reviews:
        if not review.active:
            continue
        try:
            moved = _moved(review, names, old, new)
            outcome = applied(new, [moved])
            if outcome.unapplied:
                raise InvalidInput(outcome.unapplied[0].reason)
        except InvalidInput as exc:
            left.append(Unapplied(review, str(exc)))
        else:
            before, after = applied(old, [review]).document, outcome.document
            names.update(_born(review, (old, before), (new, after)))
            new = after
            done.append(moved)
            old = before
    return Carried(tuple(done), tuple(left))


def aligned(old: Document, new: Document) -> dict[str, str]:
    """The id in *new* of each block of *old* that is there, too; one for one."""
    known = {block.id for block in new.blocks}
    names = {block.id: block.id for block in old.blocks if block.id in known}
    free: dict[int, list[Block]] = {}
    for block in new.blocks:
        if block.id not in names:
            free.setdefault(block.page, []).append(block)
    lost = [block for block in old.blocks if block.id not in names]
    pairs = [
        (score, block.id, other.id)
        for block in lost
        for other in free.get(block.page, ())
        if (score := _likeness(block, other))
    ]
    taken: set[str] = set()
    for _, name, other_name in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if name not in names and other_name not in taken:
            names[name] = other_name
            taken.add(other_name)
    return names


def _likeness(one: Block, other: Block) -> float:
    """How much two blocks of a page are one, from 0 (not at all) to 2."""
    overlap = _overlap(one.bbox, other.bbox)
    if overlap < LEAST_OVERLAP:
        return 0.0
    texts = folded(text_of(one)), folded(text_of(other))
    likeness = fuzz.ratio(*texts) / 100 if any(texts) else 1.0
    return overlap + likeness if likeness >= LEAST_LIKENESS else 0.0


def _overlap(one: NormalizedBox, other: NormalizedBox) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    whole = sum(areas) - both
    if whole <= 0:  # two lines or points
        return float(one == other)
    return both / whole


def _moved(review: Review, names: dict[str, str], old: Document, new: Document) -> Review:
    """*review* as one of *new*. Raises InvalidInput where it is not."""
    before = {block.id: block for block in old.blocks}
    after = {block.id: block for block in new.blocks}
    moved = []
    for name in review.block_ids:
        other = after.get(names.get(name, ""))
        if name not in before or other is None:
            raise InvalidInput(f"the block {name} is not in the new reading")
        _refuse_other_text(review, before[name], other)
        moved.append(other.id)
    if len(set(moved)) != len(moved):
        raise InvalidInput("its blocks are one in the new reading")
    return replace(review, block_ids=tuple(moved), id=None, job_id="", was=None)


def _refuse_other_text(review: Review, before: Block, after: Block) -> None:
    match review.change:
        case Accept():
            if folded(text_of(before)) != folded(text_of(after)) or type(before) is not type(after):
                raise InvalidInput("what was accepted is another text or type in the new reading")
        case Split():
            if text_of(before) != text_of(after):
                raise InvalidInput("the text that was split is another in the new reading")
        case CorrectCell(row=row, column=column):
            cells = [
                cell_at(table, row, column) if isinstance(table, Table) else None
                for table in (before, after)
            ]
            if None in cells or len({cell.text for cell in cells if cell}) > 1:
                raise InvalidInput("the cell is another in the new reading")


def _born(
    review: Review,
    old: tuple[Document, Document],
    new: tuple[Document, Document],
) -> Iterator[tuple[str, str]]:
    """The ids that *review* has made in the old document and in the new one, paired."""
    if isinstance(review.change, Split):
        yield from zip(_added(*old), _added(*new), strict=True)


def _added(before: Document, after: Document) -> list[str]:
    known = {block.id for block in before.blocks}
    return [block.id for block in after.blocks if block.id not in known]
