"""Reviews carried out: the document as a person would have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Code,
    Footnote,
    Formula,
    Heading,
    ListBlock,
    PageFooter,
    PageHeader,
    Paragraph,
    Table,
    TextSource,
)
from toolkit.document.cells import cell_at, with_cell
from toolkit.document.document import Document, Page
from toolkit.document.geometry import NormalizedBox
from toolkit.document.identity import block_id
from toolkit.document.normal import folded
from toolkit.document.reviews import (
    Accept,
    CorrectCell,
    CorrectText,
    Merge,
    Note,
    Reject,
    Retype,
    Review,
    Split,
)
from toolkit.document.text import text_of
from toolkit.errors import InvalidInput

__all__ = ["Applied", "Unapplied", "applied", "before", "refuse", "reviewed"]

_TEXTUAL = (
    *(Heading, Paragraph, ListBlock, Caption, Footnote, PageHeader, PageFooter, Callout, Code),
    Formula,
)
_TYPES: Mapping[str, type[Block]] = {str(kind.__struct_config__.tag): kind for kind in _TEXTUAL}
_PLACED = (
    *("id", "page", "bbox", "reading_order_index", "text_source", "confidence", "role", "proof"),
    *("source_spans", "joins"),
)


class Unapplied(msgspec.Struct, frozen=True):
    """A review that could not be carried out, and why, for a person."""

    review: Review
    reason: str


class Applied(msgspec.Struct, frozen=True):
    """A document with reviews carried out, and those that could not be."""

    document: Document
    unapplied: tuple[Unapplied, ...] = ()


def reviewed(document: Document, reviews: Iterable[Review]) -> Document:
    """*document* with *reviews* carried out, in their order; those that were undone are not.

    One that cannot be carried out (what it stands on was undone) is left out: ``applied`` tells.
    """
    return applied(document, reviews).document


def applied(document: Document, reviews: Iterable[Review]) -> Applied:
    """*document* with *reviews* carried out, in their order, and those that cannot be."""
    pages = {page.page: list(page.blocks) for page in document.pages}
    home = {block.id: block.page for block in document.blocks}
    left = []
    for review in reviews:
        if review.active:
            try:
                _carry_out(review, pages, home)
            except InvalidInput as exc:
                left.append(Unapplied(review, str(exc)))
    renewed = tuple(_numbered(page, pages[page.page]) for page in document.pages)
    return Applied(replace(document, pages=renewed), tuple(left))


def refuse(document: Document, reviews: Iterable[Review], new: Review) -> None:
    """Raise InvalidInput where *new* cannot be carried out after *reviews*."""
    found = applied(document, [*reviews, new]).unapplied
    if found and found[-1].review is new:
        raise InvalidInput(found[-1].reason)


def before(document: Document, review: Review) -> str | None:
    """What *review* is about, as *document* has it: the text, the cell's, or the type."""
    blocks = {block.id: block for block in document.blocks if block.id in review.block_ids}
    if not blocks:
        return None
    first = next(iter(blocks.values()))
    match review.change, first:
        case Retype(), _:
            level = f" {first.level}" if isinstance(first, Heading) else ""
            return f"{first.__struct_config__.tag}{level}"
        case CorrectCell(row=row, column=column), Table():
            cell = cell_at(first, row, column)
            return None if cell is None else cell.text
    return "\n".join(map(text_of, blocks.values()))


def _numbered(page: Page, blocks: Sequence[Block]) -> Page:
    """*page* with *blocks*, captions of what is not there belonging to nothing."""
    ids = {block.id for block in blocks}
    settled = []
    for index, block in enumerate(blocks):
        changes: dict[str, Any] = {}
        if block.reading_order_index != index:
            changes["reading_order_index"] = index
        if isinstance(block, Caption) and block.target is not None and block.target not in ids:
            changes["target"] = None
        settled.append(replace(block, **changes) if changes else block)
    return replace(page, blocks=tuple(settled))


def _carry_out(review: Review, pages: dict[int, list[Block]], home: dict[str, int]) -> None:
    """Do to *pages* what *review* says; *home* tells the page of each block."""
    missing = [name for name in review.block_ids if name not in home]
    if missing or not review.block_ids:
        raise InvalidInput(f"there is no block {missing[0]!r}" if missing else "no block is named")
    page = home[review.block_ids[0]]
    blocks = pages[page]
    if isinstance(review.change, Merge):
        _merge(review.block_ids, blocks, home)
        return
    if len(review.block_ids) != 1:
        raise InvalidInput("only a merge is about several blocks")
    at = next(at for at, block in enumerate(blocks) if block.id == review.block_ids[0])
    parts = _outcome(review, blocks[at], taken=home)
    blocks[at : at + 1] = parts
    del home[review.block_ids[0]]
    home.update((part.id, page) for part in parts)


def _outcome(review: Review, block: Block, *, taken: Mapping[str, int]) -> list[Block]:
    """What *block* becomes: none, one, or several."""
    match review.change:
        case Accept() | Note():
            return [block]
        case Reject():
            return []
        case CorrectText(text=text):
            return [_corrected(block, text)]
        case CorrectCell() as change:
            return [_with_cell(block, change)]
        case Retype(type=kind, level=level):
            return [_retyped(block, kind, level)]
        case Split() as change:
            return _parts(block, change, taken)
    raise AssertionError(review.change)


def _as_read(block: Block, **changes: Any) -> Block:
    """*block*, changed by a person: nothing of it is proven against the file any more."""
    trust: dict[str, Any] = {
        "text_source": TextSource.INFERRED,
        "proof": None,
        "confidence": 1.0,
        "source_spans": (),
        "joins": (),
    }
    return replace(block, **(trust | changes))


def _corrected(block: Block, text: str) -> Block:
    if not isinstance(block, _TEXTUAL):
        raise InvalidInput(f"a {_type(block)} has no text of its own to be corrected")
    own: dict[str, Any] = {"text": text}
    if isinstance(block, ListBlock):
        own = _items(text, block.levels)
    if folded(text) == folded(block.text):
        return replace(block, **own)
    return _as_read(block, **own)


def _items(text: str, levels: tuple[int, ...] = ()) -> dict[str, Any]:
    """The fields of a list of the lines of *text*."""
    lines = [line for line in text.splitlines() if line.strip()]
    items = tuple(_unmarked(line) for line in lines)
    return {
        "text": text,
        "items": items,
        "levels": levels if len(levels) == len(items) else (),
        "ordered": bool(lines) and all(line.strip()[:1].isdigit() for line in lines),
    }


_MARKERS = "•◦▪‣·–—-*"


def _unmarked(line: str) -> str:
    """*line* without the mark or number that it begins with.

    >>> _unmarked("• One"), _unmarked("12. Two"), _unmarked("3 apples")
    ('One', 'Two', '3 apples')
    """
    line = line.strip()
    mark, _, rest = line.partition(" ")
    number = mark[:-1].isdigit() and mark[-1] in ".)"
    return rest.strip() if rest and (number or mark in _MARKERS) else line


def _with_cell(block: Block, change: CorrectCell) -> Block:
    if not isinstance(block, Table):
        raise InvalidInput(f"a {_type(block)} has no cells")
    cell = cell_at(block, change.row, change.column)
    if cell is None:
        raise InvalidInput(f"there is no cell at row {change.row}, column {change.column}")
    if folded(change.text) == folded(cell.text):
        return with_cell(block, cell, replace(cell, text=change.text))
    read: dict[str, Any] = {"text": change.text, "text_source": TextSource.INFERRED}
    renewed = replace(cell, **read, confidence=1.0, source_spans=(), joins=())
    # The confidence of the whole stays: a person has read one cell of it.
    return _as_read(with_cell(block, cell, renewed), confidence=block.confidence)


def _retyped(block: Block, kind: str, level: int | None) -> Block:
    if kind not in _TYPES:
        known = ", ".join(_TYPES)
        raise InvalidInput(f"a block cannot be made {kind!r}; it can be one of {known}")
    text = text_of(block)
    if not text and not isinstance(block, _TEXTUAL):
        raise InvalidInput(f"this {_type(block)} has no text to become a {kind}")
    if level is not None and (kind != "heading" or not 1 <= level <= 6):
        raise InvalidInput("a level, from 1 to 6, is for headings alone")
    own: dict[str, Any] = {"text": text}
    if kind == "heading":
        was = block.level if isinstance(block, Heading) else 1
        own["level"] = level or was
    if kind == "list":
        own = _items(text)
    if kind == _type(block):
        return replace(block, level=own["level"]) if isinstance(block, Heading) else block
    placed = {name: getattr(block, name) for name in _PLACED}
    other = _TYPES[kind](**placed, **own)
    # The text of a table or a picture is ours: what its parts quote is not what this would quote.
    same = isinstance(block, _TEXTUAL) and block.text == text
    return other if same else _as_read(other, confidence=block.confidence)


def _merge(names: Sequence[str], blocks: list[Block], home: dict[str, int]) -> None:
    wanted = [block for block in blocks if block.id in names]
    if len(set(names)) < 2 or len(set(names)) != len(names):
        raise InvalidInput("a merge needs two different blocks or more")
    if len(wanted) != len(names):
        raise InvalidInput("only blocks of one page can be merged")
    for block in wanted:
        if not isinstance(block, _TEXTUAL):
            raise InvalidInput(f"a {_type(block)} cannot be merged")
    first = wanted[0]
    whole = _joined(wanted)
    blocks[:] = [
        whole if block is first else block
        for block in blocks
        if block is first or block not in wanted
    ]
    for block in wanted[1:]:
        del home[block.id]


def _joined(parts: Sequence[Any]) -> Block:
    """One block of the type of the first of *parts*, with the text of all."""
    first = parts[0]
    lines = isinstance(first, ListBlock | Code)
    text = ("\n" if lines else " ").join(part.text for part in parts if part.text)
    own: dict[str, Any] = {"text": text, "bbox": _around([part.bbox for part in parts])}
    if isinstance(first, ListBlock):
        own |= _list_of(parts, text)
    if isinstance(first, Formula):
        own |= {"latex": None, "rendered_image_b64": None}
    weakest = min(part.confidence for part in parts)
    if all(part.verified for part in parts) and len({part.proof for part in parts}) == 1:
        spans = tuple(span for part in parts for span in part.source_spans)
        joins = tuple(sorted({join for part in parts for join in part.joins}))
        whole: Block = replace(first, **own, source_spans=spans, joins=joins, confidence=weakest)
        return whole
    return _as_read(first, **own, confidence=weakest)


def _list_of(parts: Sequence[Any], text: str) -> dict[str, Any]:
    items: list[str] = []
    levels: list[int] = []
    for part in parts:
        if isinstance(part, ListBlock):
            items += part.items
            levels += part.levels or (0,) * len(part.items)
        else:
            items.append(part.text)
            levels.append(0)
    return {"text": text, "items": tuple(items), "levels": tuple(levels) if any(levels) else ()}


def _around(boxes: Sequence[NormalizedBox]) -> NormalizedBox:
    left, top, right, bottom = zip(*boxes, strict=True)
    return (min(left), min(top), max(right), max(bottom))


def _parts(block: Block, change: Split, taken: Mapping[str, int]) -> list[Block]:
    if not isinstance(block, _TEXTUAL):
        raise InvalidInput(f"a {_type(block)} cannot be split")
    ends = (0, *change.offsets, len(block.text))
    if not change.offsets or any(start >= end for start, end in pairwise(ends)):
        raise InvalidInput(f"the offsets of a split rise between 0 and {len(block.text)}")
    texts = [block.text[start:end].strip() for start, end in pairwise(ends)]
    if not all(texts):
        raise InvalidInput("a part of the split would have no text")
    boxes = change.boxes or (block.bbox,) * len(texts)
    if len(boxes) != len(texts):
        raise InvalidInput(f"{len(boxes)} boxes for {len(texts)} parts")
    for x0, y0, x1, y1 in boxes:
        if not (0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1):
            raise InvalidInput("a box is two corners in shares of the page, from 0 to 1")
    names = set(taken)
    parts: list[Block] = []
    for text, box in zip(texts, boxes, strict=True):
        name = block.id
        if parts:
            name = block_id(page=block.page, kind=_type(block), bbox=box, text=text, taken=names)
            names.add(name)
        own = _items(text) if isinstance(block, ListBlock) else {"text": text}
        parts.append(_as_read(block, id=name, bbox=box, confidence=block.confidence, **own))
    return parts


def _type(block: Block) -> str:
    return str(block.__struct_config__.tag)
