"""A document as an answer shows it: without boxes, without pictures, as Markdown, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from toolkit.document.blocks import Block, Chart, Diagram, Formula, Image, Table
from toolkit.document.chunks import Chunk, Strategy, chunks
from toolkit.document.document import Document
from toolkit.document.markdown import (
    Style,
    TableFormat,
    html_table,
    json_table,
    markdown,
    pipe_table,
)
from toolkit.document.wire import decode, encode

__all__ = ["LARGEST_CHUNK", "OVERLAP", "SMALLEST_CHUNK", "USUAL_CHUNK", "pieces", "shown"]

SMALLEST_CHUNK: Final = 50
USUAL_CHUNK: Final = 1000
LARGEST_CHUNK: Final = 100_000
OVERLAP: Final = 100


class _Asked(msgspec.Struct, frozen=True):
    """How an answer is to be written, as far as a presentation says it."""

    include_layout: bool = False
    preserve_images: bool = True
    style: Style = "rich"
    table_format: TableFormat = "auto"
    strategy: Strategy = "semantic"
    max_chunk_size: Annotated[int, msgspec.Meta(ge=SMALLEST_CHUNK, le=LARGEST_CHUNK)] = USUAL_CHUNK
    overlap: Annotated[int, msgspec.Meta(ge=0)] = OVERLAP


def _asked(presentation: Mapping[str, Any]) -> _Asked:
    try:
        said = {name: value for name, value in presentation.items() if value is not None}
        return msgspec.convert(said, _Asked)
    except msgspec.ValidationError:
        # It was checked when it came in here, but a packed file may be anybody's.
        return _Asked()


def shown(content: bytes, presentation: Mapping[str, Any]) -> tuple[msgspec.Raw, str]:
    """The document that *content* is, as JSON and as Markdown, as *presentation* asks."""
    document, asked = decode(content), _asked(presentation)
    if not asked.preserve_images:
        document = _changed(document, _without_picture)
        content = encode(document)
    written = markdown(document, asked.style, asked.table_format)
    if not asked.include_layout:
        content = _without_boxes(content)
    return msgspec.Raw(content), written


def pieces(document: Document, presentation: Mapping[str, Any]) -> tuple[Chunk, ...]:
    """*document* in chunks, as *presentation* asks."""
    asked = _asked(presentation)
    return chunks(
        document,
        asked.strategy,
        max_chars=asked.max_chunk_size,
        overlap=min(asked.overlap, asked.max_chunk_size // 2),
        table=_TABLES[asked.table_format],
    )


_TABLES: Final[Mapping[str, Callable[[Table], str]]] = {
    "auto": pipe_table,
    "markdown": pipe_table,
    "html": html_table,
    "json": json_table,
}


def _changed(document: Document, change: Callable[[Block], Block]) -> Document:
    pages = (
        replace(page, blocks=tuple(change(block) for block in page.blocks))
        for page in document.pages
    )
    return replace(document, pages=tuple(pages))


def _without_picture(block: Block) -> Block:
    match block:
        case Image():
            return replace(block, url=None, image_b64=None)
        case Diagram() | Chart():
            return replace(block, image_url=None, image_b64=None)
        case Formula():
            return replace(block, rendered_image_b64=None)
        case _:
            return block


def _without_boxes(content: bytes) -> bytes:
    """*content* without where its blocks, and what is in them, stand on their pages."""
    whole = msgspec.json.decode(content)
    for page in whole["pages"]:
        for block in page["blocks"]:
            for name in ("bbox", "bbox_units"):
                block.pop(name, None)
            for part in (*block.get("cells", ()), *block.get("nodes", ())):
                part.pop("bbox", None)
    return msgspec.json.encode(whole)
