"""Two runs over one page: which block of the one is which of the other, and what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from typing import TypeAlias

import msgspec
import numpy as np

from toolkit.document import Document
from toolkit.document.blocks import Block
from toolkit.document.text import text_of
from toolkit.errors import ToolkitError
from toolkit.widgets.inspector_leaf import Plain, leaf, type_of
from toolkit.widgets.inspector_shelf import Entry, Shelf
from toolkit.widgets.words import shown_lines

__all__ = ["Pair", "beside", "changes", "paired", "picture_beside"]

# Boxes that share half of what both cover are the same place.
SAME_PLACE = 0.5
# A hundredth of the page is seen; less is the noise of two engines.
MOVED = 0.01
LONGEST = 4_000

Piece: TypeAlias = tuple[str, str]
"""("=" | "-" | "+", text): what both say, the first alone, the second alone."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A block and its counterpart; one of them is None where only one run has it."""

    first: Block | None
    second: Block | None
    differs: tuple[str, ...] = ()
    """Of "text", "type", "box", "source", "confidence"."""

    @property
    def state(self) -> str:
        if self.first is None or self.second is None:
            return "only_first" if self.second is None else "only_second"
        return "changed" if self.differs else "same"


def paired(first: Sequence[Block], second: Sequence[Block]) -> list[Pair]:
    """Every block of both, once: by id, else by type and text, else by place; in reading order."""
    left, right = dict(enumerate(first)), dict(enumerate(second))
    found: dict[int, int] = {}
    _take_equal(left, right, found, lambda block: block.id)
    _take_equal(left, right, found, lambda block: (type_of(block), text_of(block), block.bbox))
    _take_equal(left, right, found, lambda block: (type_of(block), text_of(block) or block.id))
    _take_near(left, right, found)
    pairs = [
        Pair(first=block, second=None)
        if at not in found
        else Pair(first=block, second=second[found[at]], differs=_differs(block, second[found[at]]))
        for at, block in enumerate(first)
    ]
    return pairs + [Pair(first=None, second=block) for block in right.values()]


def _take_equal(
    left: dict[int, Block],
    right: dict[int, Block],
    found: dict[int, int],
    key: Callable[[Block], object],
) -> None:
    places: dict[object, list[int]] = {}
    for at, block in right.items():
        places.setdefault(key(block), []).append(at)
    for at, block in list(left.items()):
        if same := places.get(key(block)):
            found[at] = same.pop(0)
            del left[at], right[found[at]]


def _take_near(left: dict[int, Block], right: dict[int, Block], found: dict[int, int]) -> None:
    if not left or not right:
        return
    ours, theirs = list(left), list(right)
    shares = _overlaps([left[at].bbox for at in ours], [right[at].bbox for at in theirs])
    # The greatest share first, so that a paragraph does not take its neighbour's counterpart; of
    # boxes that hold one another, the one of its own type.
    ours_are = np.array([type_of(left[at]) for at in ours])[:, None]
    alike = ours_are == np.array([type_of(right[at]) for at in theirs])[None, :]
    for flat in np.argsort(shares + 0.3 * alike, axis=None, kind="stable")[::-1]:
        row, column = divmod(int(flat), len(theirs))
        if not left or not right:
            return
        near = shares[row, column] >= SAME_PLACE
        if near and ours[row] in left and theirs[column] in right:
            found[ours[row]] = theirs[column]
            del left[ours[row]], right[theirs[column]]


def _overlaps(
    ours: Sequence[tuple[float, float, float, float]],
    theirs: Sequence[tuple[float, float, float, float]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """What each two boxes share, as a part of what both cover; shape (ours, theirs)."""
    a = np.array(ours, dtype=float)[:, None, :]
    b = np.array(theirs, dtype=float)[None, :, :]
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    both = np.clip(width, 0, None) * np.clip(height, 0, None)
    area_a = (a[..., 2] - a[..., 0]) * (a[..., 3] - a[..., 1])
    area_b = (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    shares: np.ndarray[tuple[int, int], np.dtype[np.float64]] = both / np.maximum(
        area_a + area_b - both, 1e-12
    )
    return shares


def _differs(first: Block, second: Block) -> tuple[str, ...]:
    asked = {
        "text": text_of(first) != text_of(second),
        "type": type_of(first) != type_of(second),
        "box": max(abs(a - b) for a, b in zip(first.bbox, second.bbox, strict=True)) > MOVED,
        "source": first.text_source != second.text_source,
        "confidence": abs(first.confidence - second.confidence) > 0.05,
    }
    return tuple(name for name, differs in asked.items() if differs)


def changes(first: str, second: str) -> list[Piece]:
    """How the text *second* differs from *first*, word by word."""
    ours, theirs = first[:LONGEST].split(" "), second[:LONGEST].split(" ")
    pieces: list[Piece] = []
    for kind, i0, i1, j0, j1 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("=", " ".join(ours[i0:i1])))
            continue
        if i1 > i0:
            pieces.append(("-", " ".join(ours[i0:i1])))
        if j1 > j0:
            pieces.append(("+", " ".join(theirs[j0:j1])))
    return [(mark, shown_lines(text, LONGEST)) for mark, text in pieces]


def beside(document: Document, page: int, against: Shelf) -> Plain:
    """Page *page* of *document* as another run read it, for the browser."""
    entry = _counterpart(against.entries(), document)
    if entry is None:
        return {"other": None, "pairs": []}
    other = against.document(entry.id)
    found = paired(_blocks(document, page), _blocks(other, page))
    same = other.source.file_hash == document.source.file_hash
    return {
        "other": leaf(other, entry.id, page) | {"same_file": same},
        "pairs": [
            [one.first and one.first.id, one.second and one.second.id, one.state, *_told(one)]
            for one in found
        ],
    }


def picture_beside(sheet: Plain, against: Shelf | None, width: int) -> bytes:
    """The page of the other run, where that read another file; b"" where it is the same."""
    other = sheet.get("other")
    if against is None or other is None or other["same_file"]:
        return b""
    with suppress(ToolkitError):  # the boxes are shown all the same
        return against.picture(other["document"], other["page"], width)
    return b""


def _told(pair: Pair) -> tuple[list[str], list[Piece]]:
    """What differs, and how the texts do."""
    if pair.first is None or pair.second is None or "text" not in pair.differs:
        return list(pair.differs), []
    return list(pair.differs), changes(text_of(pair.first), text_of(pair.second))


def _blocks(document: Document, number: int) -> tuple[Block, ...]:
    return next((page.blocks for page in document.pages if page.page == number), ())


def _counterpart(entries: Sequence[Entry], document: Document) -> Entry | None:
    """The one that was read from the same file, else from one of its name."""
    for entry in entries:
        if entry.file_hash == document.source.file_hash:
            return entry
    return next((entry for entry in entries if entry.name == document.source.filename), None)
