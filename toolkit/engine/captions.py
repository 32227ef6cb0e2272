"""Captions and what they are captions of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from toolkit.document.blocks import Block, Caption, Chart, Diagram, Image, Table
from toolkit.document.geometry import NormalizedBox

__all__ = ["with_captions"]

_OF_TABLE = re.compile(r"^tab", re.IGNORECASE)
# Shares of the page's height: a caption farther away is of something that was not found.
_FARTHEST = 0.08


def with_captions(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """*blocks* of one page, each caption with the figure or table nearest above or below it.

    A table's caption goes to a table, any other to a figure, or to a table where there is none.
    Each figure takes one caption.
    """
    out = list(blocks)
    for at, caption in enumerate(blocks):
        if not isinstance(caption, Caption):
            continue
        kinds = (Table,) if _OF_TABLE.match(caption.text) else (Image, Diagram, Chart)
        nearest = _nearest(caption, out, kinds) or _nearest(caption, out, (Table, Image))
        if nearest is None:
            continue
        target = out[nearest]
        assert isinstance(target, Table | Image | Diagram | Chart)  # only these are looked at
        out[nearest] = replace(target, caption=caption.text)
        out[at] = replace(caption, target=target.id)
    return tuple(out)


def _nearest(caption: Caption, blocks: Sequence[Block], kinds: tuple[type, ...]) -> int | None:
    found = [
        (_apart(caption.bbox, block.bbox), at)
        for at, block in enumerate(blocks)
        if isinstance(block, kinds)
        and getattr(block, "caption", None) is None
        and block.bbox[0] < caption.bbox[2]
        and block.bbox[2] > caption.bbox[0]
    ]
    distance, at = min(found, default=(1.0, -1))
    return at if distance <= _FARTHEST else None


def _apart(one: NormalizedBox, two: NormalizedBox) -> float:
    """The white between two boxes, one above the other; 0 where they overlap in height."""
    return max(0.0, one[1] - two[3], two[1] - one[3])
