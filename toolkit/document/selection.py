"""A part of a document: the blocks that are wanted, in their pages."""

from __future__ import annotations

import msgspec

from toolkit.document.blocks import Block, Caption
from toolkit.document.document import Document

__all__ = ["Selection", "selected"]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which blocks are wanted; nothing given means all."""

    types: tuple[str, ...] = ()
    text_sources: tuple[str, ...] = ()
    min_confidence: float = 0.0

    @property
    def everything(self) -> bool:
        return not (self.types or self.text_sources or self.min_confidence > 0)


def selected(document: Document, selection: Selection | None) -> Document:
    """*document* with the wanted blocks only; its pages and what is known of them stay.

    On each page the places in reading order are counted anew, so that the part is sound itself.
    """
    if selection is None or selection.everything:
        return document
    kept = {block.id for block in document.blocks if _wanted(block, selection)}
    pages = tuple(
        msgspec.structs.replace(
            page,
            blocks=tuple(
                _loose(block, kept, index)
                for index, block in enumerate(one for one in page.blocks if one.id in kept)
            ),
        )
        for page in document.pages
    )
    return msgspec.structs.replace(document, pages=pages)


def _wanted(block: Block, selection: Selection) -> bool:
    kind = type(block).__struct_config__.tag
    return (
        (not selection.types or kind in selection.types)
        and (not selection.text_sources or block.text_source in selection.text_sources)
        and block.confidence >= selection.min_confidence
    )


def _loose(block: Block, kept: set[str], index: int) -> Block:
    """*block* at place *index*; a caption without what it belongs to belongs to nothing."""
    placed = msgspec.structs.replace(block, reading_order_index=index)
    if isinstance(placed, Caption) and placed.target is not None and placed.target not in kept:
        return msgspec.structs.replace(placed, target=None)
    return placed
