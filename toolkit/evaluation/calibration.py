"""Whether confidence is what it says: of blocks said 0.9, about nine in ten are right.

A block is right where its text stands in the labels, at most 2 characters in 100 being others, and
where it is a heading if and only if the labels have it as one. A table is right where nine tenths
of a table's characters agree. Captions, footnotes, lists and running lines are not told from
paragraphs by such labels, so that of these the text alone is judged, and that they are no heading.
Blocks without text of their own (images, diagrams, charts, formulas) are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from rapidfuzz import fuzz

from toolkit.document.blocks import Block, Chart, Diagram, Formula, Heading, Image, Table
from toolkit.document.document import Document
from toolkit.document.text import text_of
from toolkit.evaluation.plain import Labels, bare

__all__ = ["BINS", "Bin", "Calibration", "Judged", "calibration", "judged", "right"]

BINS: Final = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Edges; a bin holds what is said from its lower edge to under its upper one, the last all of 1."""

_SAME_TEXT = 0.98
_SAME_TABLE = 90.0
# Half of a heading is no heading, but a missing number before it leaves it one.
_SAME_HEADING = 90.0


class Judged(NamedTuple):
    """A block's confidence, whether it is right, and what it is."""

    said: float
    right: bool
    kind: str = ""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Blocks whose confidence lies between two edges."""

    low: float
    high: float
    blocks: int
    said: float | None
    """The mean of their confidence; None without blocks."""
    right: float | None
    """The share of them that is right."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """The reliability table, and two figures of it."""

    blocks: int
    said: float | None
    right: float | None
    expected_error: float | None
    """The mean of |said - right| over the bins, weighed by their blocks: 0 is perfect."""
    squared_error: float | None
    """The mean of (said - right)² over the blocks (Brier): lower also where it separates better."""
    bins: tuple[Bin, ...]


def judged(document: Document, labels: Labels) -> Iterator[Judged]:
    """Each block of *document*, one page or all, that the *labels* can judge."""
    for block in document.blocks:
        verdict = right(block, labels)
        if verdict is not None:
            kind = str(type(block).__struct_config__.tag)
            yield Judged(block.confidence, verdict, kind)


def right(block: Block, labels: Labels) -> bool | None:
    """Whether *block* is as it is labelled; None where that cannot be told."""
    if isinstance(block, Image | Diagram | Chart | Formula):
        return None
    text = text_of(block)
    if not bare(text):
        return None
    if isinstance(block, Table):
        own = bare("".join(cell.text for cell in block.cells) or text)
        return any(fuzz.ratio(own, other) >= _SAME_TABLE for other in labels.tables)
    is_one = any(fuzz.ratio(bare(text), other) >= _SAME_HEADING for other in labels.headings)
    return is_one == isinstance(block, Heading) and labels.has(text, _SAME_TEXT)


def calibration(blocks: Iterable[Judged]) -> Calibration:
    """The reliability table of *blocks*.

    >>> calibration([Judged(0.92, True), Judged(0.94, True), Judged(0.93, False)]).bins[4].blocks
    3
    """
    listed = list(blocks)
    bins = tuple(
        _bin(low, high, [one for one in listed if low <= one.said < high or one.said == high == 1])
        for low, high in pairwise(BINS)
    )
    whole = _bin(0.0, 1.0, listed)
    gaps = [
        one.blocks * abs(one.said - one.right)
        for one in bins
        if one.said is not None and one.right is not None
    ]
    squares = [(one.said - one.right) ** 2 for one in listed]
    return Calibration(
        blocks=len(listed),
        said=whole.said,
        right=whole.right,
        expected_error=sum(gaps) / len(listed) if listed else None,
        squared_error=sum(squares) / len(listed) if listed else None,
        bins=bins,
    )


def _bin(low: float, high: float, blocks: Sequence[Judged]) -> Bin:
    number = len(blocks)
    return Bin(
        low=low,
        high=high,
        blocks=number,
        said=sum(one.said for one in blocks) / number if number else None,
        right=sum(one.right for one in blocks) / number if number else None,
    )
