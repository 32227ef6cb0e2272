"""liteparse: another engine's blocks, taken as evidence of where blocks are and of which kind."""

from __future__ import annotations

from typing import Any

import liteparse

from toolkit.document.geometry import Box
from toolkit.engine.marks import Cell, Proposal
from toolkit.engine.readers.oxide import translated
from toolkit.errors import DamagedFile

__all__ = ["Seen", "proposals"]

_SETTINGS = {
    "extract_blocks": True,
    "keep_headers_footers": True,
    "extract_links": False,
    "ocr_enabled": False,
    "quiet": True,
    "num_workers": 1,
    "continue_on_page_error": True,
}

Seen = dict[int, tuple[tuple[Proposal, ...], int]]
"""By page number (from 1): what was proposed, and how many visible characters were seen."""


def proposals(content: bytes, pages: tuple[int, ...], password: str | None) -> Seen:
    """What liteparse sees on *pages*; pages that it cannot read are missing from the answer."""
    spec = ",".join(str(page) for page in pages)
    try:
        with translated(DamagedFile, "not readable by liteparse"):
            parser = liteparse.LiteParse(target_pages=spec, password=password, **_SETTINGS)
            result = parser.parse(content)
    except (DamagedFile, liteparse.ParseError):
        return {}
    return {
        page.page_num: (
            tuple(_proposal(block) for block in page.blocks or () if block.bbox is not None),
            sum(len("".join(item.text.split())) for item in page.text_items),
        )
        for page in result.pages
    }


def _proposal(block: Any) -> Proposal:
    rows = [] if block.header is None else [block.header]
    rows += block.rows or []
    return Proposal(
        kind=block.kind,
        box=_box(block.bbox),
        text=block.text or "\n".join(block.lines or ()),
        level=block.level or 0,
        marker=block.marker,
        rows=tuple(
            tuple(Cell(_box(cell.bbox) if cell.bbox else None, cell.text) for cell in row)
            for row in rows
        ),
        header=block.header is not None,
    )


def _box(rect: Any) -> Box:
    return Box(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)
