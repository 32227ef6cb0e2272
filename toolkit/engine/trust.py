"""What is proven: every block against the very glyphs that it quotes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import LCSseq

from toolkit.document.blocks import (
    Block,
    Cell,
    Chart,
    Diagram,
    Formula,
    Image,
    Table,
    TextBlock,
    TextSource,
)
from toolkit.document.normal import folded, quoted
from toolkit.engine.drafts import Quotation
from toolkit.engine.marks import Glyphs

__all__ = ["Faith", "faithfulness", "page_faith", "proven", "shown_characters", "text_source_of"]

Faith = tuple[int, int]
"""(matched characters, the larger of the source's and the output's) of a page."""


def text_source_of(quotation: Quotation, source_text: str) -> TextSource:
    """verified where N(text) equals N(its spans); inferred where its glyphs are never painted."""
    if quotation.hidden or not _equal(quotation.text, quotation, source_text):
        return TextSource.INFERRED
    return TextSource.VERIFIED


def _equal(text: str, quotation: Quotation | Cell | TextBlock, source_text: str) -> bool:
    spans = quotation.spans if isinstance(quotation, Quotation) else quotation.source_spans
    return folded(text) == folded(quoted(source_text, spans, quotation.joins))


def proven(source_text: str, block: Block) -> bool:
    """Whether N(text) of *block* equals N of what it quotes from its page's *source_text*.

    Of a table, every cell must. A block without text of its own proves nothing: False.
    """
    match block:
        case Table(cells=cells):
            return bool(cells) and all(_equal(cell.text, cell, source_text) for cell in cells)
        case Image() | Diagram() | Chart() | Formula():
            return False
        case _:
            return bool(block.text.strip()) and _equal(block.text, block, source_text)


def shown_characters(glyphs: Glyphs) -> int:
    """How many characters of N(the source text) somebody can see."""
    stray = glyphs.stray.tolist()
    return len(folded("".join(c for c, off in zip(glyphs.text, stray, strict=True) if not off)))


def page_faith(blocks: Iterable[Block], source_text: str, shown: int) -> Faith:
    """How much of a page's source text came out, and how much of the output is in the source.

    Each block (each cell of a table) is aligned as a sequence with the glyphs that it quotes, so
    that columns read one after the other are no fault. A glyph quoted twice counts once. *shown*
    is how many characters of the source can be seen.
    """
    source = shown
    matched = written = 0
    taken: set[int] = set()
    for text, spans, joins in _quotations(blocks):
        fresh = [
            index
            for start, end in spans
            for index in range(start, end)
            if index not in taken and index not in joins
        ]
        taken.update(fresh)
        taken.update(joins)
        # A dropped hyphen is accounted for: it is recorded, and it is white space to a reader.
        source -= len(joins)
        own = folded(text)
        theirs = folded("".join(source_text[index] for index in fresh))
        matched += len(own) if own == theirs else LCSseq.similarity(own, theirs)
        written += len(own)
    return matched, max(source, written)


def _quotations(
    blocks: Iterable[Block],
) -> Iterable[tuple[str, Sequence[tuple[int, int]], Sequence[int]]]:
    for block in blocks:
        match block:
            case Table(cells=cells):
                yield from ((cell.text, cell.source_spans, cell.joins) for cell in cells)
            case Image() | Diagram() | Chart() | Formula():
                continue
            case _:
                yield block.text, block.source_spans, block.joins


def faithfulness(pages: Iterable[Faith], *, unread: bool) -> float:
    """Matched characters over all pages, as a share; pages count by their characters.

    Where nothing has any text: 1.0, or 0.0 if pages stayed *unread* for want of OCR.
    """
    matched = total = 0
    for one, other in pages:
        matched += one
        total += other
    if total == 0:
        return 0.0 if unread else 1.0
    return round(matched / total, 4)
