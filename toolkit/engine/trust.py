"""What is proven: every block against the very glyphs that it quotes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import LCSseq

from toolkit.document.blocks import (
    Block,
    Cell,
    Chart,
    Diagram,
    Formula,
    Image,
    Proof,
    Table,
    TextBlock,
    TextSource,
)
from toolkit.document.normal import folded, quoted, unshaped
from toolkit.document.text import text_of
from toolkit.engine.drafts import Quotation
from toolkit.engine.marks import Glyphs

__all__ = [
    "Faith",
    "faithfulness",
    "page_faith",
    "proven",
    "shown_text",
    "text_source_of",
    "unfaithful",
]

# Controls, private use, unassigned, half of a pair.
_NOTHING = frozenset({"Cc", "Co", "Cn", "Cs"})

Faith = tuple[int, int]
"""(matched characters, the larger of the source's and the output's) of a page."""


def text_source_of(
    quotation: Quotation, source_text: str, readings: Sequence[str] | None = None
) -> TextSource:
    """verified where N(text) equals N(its spans), and each other reading has each of its rows.

    *readings* are N(the page's text) of other readers; with none at all nothing is verified
    (None: they are not asked). inferred, too, where its glyphs are never painted, or where a
    character stands for nothing that anybody could read.
    """
    sound = (
        not quotation.hidden
        and not unfaithful(quotation.text)
        and _equal(quotation.text, quotation, source_text)
        and (readings is None or _agreed(quotation, readings))
    )
    return TextSource.VERIFIED if sound else TextSource.INFERRED


def _agreed(quotation: Quotation, readings: Sequence[str]) -> bool:
    if not quotation.rows:
        return not quotation.text
    return bool(readings) and all(
        row in reading for reading in readings for row in map(folded, quotation.rows)
    )


def unfaithful(text: str) -> int:
    r"""How many characters of *text* say nothing: not mapped, of private use, or controls.

    >>> unfaithful("plain, ﬁne\n"), unfaithful("\ue001\ufffd\x02")
    (0, 3)
    """
    if text.isascii() and text.isprintable():
        return 0
    return sum(
        text.count(char)
        for char in set(text)
        if char == "\ufffd" or (unicodedata.category(char) in _NOTHING and not char.isspace())
    )


def _equal(text: str, quotation: Quotation | Cell | TextBlock | Formula, source_text: str) -> bool:
    spans = quotation.spans if isinstance(quotation, Quotation) else quotation.source_spans
    return folded(text) == folded(quoted(source_text, spans, quotation.joins))


def proven(source_text: str, block: Block) -> bool:
    """Whether N(text) of *block* equals N of what it quotes from its page's *source_text*.

    Of a table, every cell must. A block without text of its own proves nothing: False.
    """
    match block:
        case Table(cells=cells):
            return bool(cells) and all(_equal(cell.text, cell, source_text) for cell in cells)
        case Diagram(source_spans=spans) | Chart(source_spans=spans) if spans:
            return folded(text_of(block)) == folded(quoted(source_text, spans, block.joins))
        case Image() | Diagram() | Chart():
            return False
        case _:
            return bool(block.text.strip()) and _equal(block.text, block, source_text)


def shown_text(glyphs: Glyphs) -> str:
    """The source text with a space for each character that is off the page or too small."""
    stray = glyphs.stray.tolist()
    return "".join([" " if off else c for c, off in zip(glyphs.text, stray, strict=True)])


def page_faith(blocks: Iterable[Block], source_text: str) -> Faith:
    """How much of a page's *source_text* came out, and how much of the output is in the source.

    N of the whole output, in its order and with running lines, is aligned as one sequence with N
    of the source, in the file's order: where the file paints its lines in another order than they
    are read in, that costs too. A hyphen dropped at a recorded join is missing from neither.
    """
    written: list[str] = []
    dropped: set[int] = set()
    for text, joins in _texts(blocks, source_text):
        written.append(text)
        dropped.update(joins)
    own = folded("".join(written))
    theirs = folded(unshaped("".join(c for at, c in enumerate(source_text) if at not in dropped)))
    longest = max(len(own), len(theirs))
    return (longest if own == theirs else LCSseq.similarity(own, theirs)), longest


def _texts(blocks: Iterable[Block], source_text: str) -> Iterable[tuple[str, Sequence[int]]]:
    for block in blocks:
        match block:
            case Table(cells=cells):
                yield from ((cell.text, cell.joins) for cell in cells if cell.source_spans)
            case _ if not block.source_spans and (
                block.text_source is TextSource.INFERRED or block.proof is Proof.FAITHFULNESS_CHECK
            ):
                # Recognised in a picture: the source says nothing of it.
                continue
            case Image(embedded_text=str(text)):
                yield text, ()
            case Diagram(source_spans=spans) | Chart(source_spans=spans):
                # Its text has numbers that were read off the drawing: what it quotes counts.
                yield quoted(source_text, spans, block.joins), block.joins
            case Image():
                continue
            case _:
                yield block.text, block.joins


def faithfulness(pages: Iterable[Faith], *, unread: bool) -> float:
    """``faithfulness_score``: matched characters / max(source's, output's), over all pages.

    A page counts by its characters, N(text), running lines included. Its source is its text layer
    or the slide's shapes (`page_faith`). What was read from pixels has no source: there the other
    text is a second recogniser's (the advanced profile), line by line, and without one each
    character counts as much as the recognition is sure of it. It says how much of the file's text
    came out, and nothing else came in; whether the blocks are cut well, `confidence` says.
    Where nothing has any text: 1.0, or 0.0 if pages stayed *unread* for want of OCR.
    """
    matched = total = 0
    for one, other in pages:
        matched += one
        total += other
    if total == 0:
        return 0.0 if unread else 1.0
    return round(matched / total, 4)
