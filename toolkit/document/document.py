"""A document: its source, how it was read, and its pages of blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from html import escape

import msgspec

from toolkit.document.blocks import Block

__all__ = ["Document", "Extraction", "Page", "PageFailure", "Source", "SourceKind"]


class SourceKind(StrEnum):
    """What kind of file a document was read from."""

    PDF = "pdf"
    PPTX = "pptx"
    IMAGE = "image"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The file: ``file_hash`` is "sha256:" and 64 hex digits, sizes (width, height) in inches."""

    kind: SourceKind
    filename: str
    file_hash: str
    page_count: int
    page_sizes: tuple[tuple[float, float], ...]


class PageFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a page, or a part of it, is missing; *page* counts from 1."""

    page: int
    code: str
    message: str


class Extraction(msgspec.Struct, frozen=True, kw_only=True):
    """How the document was read; *model* is the engine's name and version."""

    model: str
    profile: str
    duration_ms: int
    faithfulness_score: float
    per_page_failures: tuple[PageFailure, ...] = ()


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page (counted from 1) and its blocks in reading order."""

    page: int
    blocks: tuple[Block, ...] = ()
    hidden: bool = False
    """Whether it is left out when the slides are shown; its blocks are here all the same."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from one file."""

    source: Source
    extraction: Extraction
    pages: tuple[Page, ...]

    @property
    def blocks(self) -> Iterator[Block]:
        """Every block, page after page, in reading order."""
        return (block for page in self.pages for block in page.blocks)

    def __repr__(self) -> str:
        count = sum(len(page.blocks) for page in self.pages)
        failed = len(self.extraction.per_page_failures)
        note = f", {failed} page problems" if failed else ""
        return (
            f"<Document {self.source.filename!r}: {self.source.page_count} pages, {count} blocks, "
            f"faithfulness {self.extraction.faithfulness_score:.3f}{note}>"
        )

    def _repr_html_(self) -> str:
        counts = Counter(str(block.__struct_config__.tag) for block in self.blocks)
        verified = sum(block.verified for block in self.blocks)
        types = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        problems = "".join(
            f"<li>page {failure.page}: {escape(failure.code)}: {escape(failure.message[:300])}</li>"
            for failure in self.extraction.per_page_failures[:10]
        )
        return (
            f"<div><strong>{escape(self.source.filename)}</strong> · {self.source.page_count} pages"
            f" · {counts.total()} blocks, {verified} verified · faithfulness "
            f"{self.extraction.faithfulness_score:.3f}</div><div>{escape(types)}</div>"
            f"<ul>{problems}</ul>"
        )
