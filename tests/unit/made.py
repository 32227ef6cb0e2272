"""Documents for tests: small ones by hand, and all that there can be, for hypothesis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Cell,
    Chart,
    ChartType,
    Code,
    Diagram,
    Edge,
    Footnote,
    Formula,
    Heading,
    Image,
    ImageType,
    ListBlock,
    Node,
    PageFooter,
    PageHeader,
    Paragraph,
    Proof,
    Role,
    Series,
    Table,
    TextSource,
)
from toolkit.document.document import (
    Document,
    Extraction,
    Page,
    PageFailure,
    Source,
    SourceKind,
)

PLACED: dict[str, Any] = {
    "bbox": (0.1, 0.2, 0.9, 0.3),
    "text_source": TextSource.VERIFIED,
    "proof": Proof.TEXT_LAYER,
    "confidence": 0.98,
}


def block(kind: type[Block], **own: Any) -> Block:
    """A block that ``document`` gives its id and its place."""
    return kind(id="", page=0, reading_order_index=0, **{**PLACED, **own})


def document(*pages: Iterable[Block], filename: str = "report.pdf") -> Document:
    """A document of these pages of blocks, with ids, numbers and reading order filled in."""
    return Document(
        source=Source(
            kind=SourceKind.PDF,
            filename=filename,
            file_hash="sha256:" + "ab" * 32,
            page_count=max(1, len(pages)),
            page_sizes=((8.5, 11.0),) * max(1, len(pages)),
        ),
        extraction=Extraction(
            model="pagequeue 0.1.0", profile="standard", duration_ms=12, faithfulness_score=0.99
        ),
        pages=tuple(
            Page(
                page=number, blocks=tuple(_placed(found, number, i) for i, found in enumerate(page))
            )
            for number, page in enumerate(pages, 1)
        ),
    )


def _placed(found: Block, page: int, index: int) -> Block:
    from msgspec.structs import replace

    name = f"blk_{page:06x}{index:06x}"
    return replace(found, id=name, page=page, reading_order_index=index)


shares = st.floats(0, 1)
texts = st.text(max_size=40)
maybe_text = st.none() | texts
spans = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple)
boxes = st.tuples(shares, shares, shares, shares).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def _trust(draw: st.DrawFn) -> dict[str, Any]:
    source = draw(st.sampled_from(TextSource))
    proof = draw(st.sampled_from(Proof)) if source is TextSource.VERIFIED else None
    return {"text_source": source, "proof": proof, "confidence": draw(shares)}


@st.composite
def _common(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "id": "",
        "page": 0,
        "reading_order_index": 0,
        "bbox": draw(boxes),
        "role": draw(st.none() | st.sampled_from(Role)),
        "source_spans": draw(spans),
        "joins": tuple(draw(st.lists(st.integers(0, 99), max_size=2))),
        **draw(_trust()),
    }


@st.composite
def tables(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> Table:
    """A table of up to 4 × 4, with or without headers and cells, some of them spanning."""
    common = draw(_common())
    width, height = draw(st.integers(1, 4)), draw(st.integers(0, 4))
    row = st.lists(text, min_size=width, max_size=width).map(tuple)
    headers = draw(st.just(()) | row)
    rows = tuple(draw(st.lists(row, min_size=height, max_size=height)))
    header_rows = 1 if headers else 0
    sources = [TextSource.VERIFIED, TextSource.DERIVED]
    if common["text_source"] is not TextSource.VERIFIED:
        sources.append(TextSource.INFERRED)
    cells = [
        Cell(
            row=at // width,
            column=at % width,
            text=draw(text),
            row_span=draw(st.integers(1, header_rows + height - at // width)),
            column_span=draw(st.integers(1, width - at % width)),
            header=at // width < header_rows,
            bbox=draw(st.none() | boxes),
            text_source=draw(st.sampled_from(sources)),
            confidence=draw(shares),
        )
        for at in draw(st.sets(st.integers(0, max(0, width * (header_rows + height) - 1))))
        if at < width * (header_rows + height)
    ]
    return Table(
        headers=headers,
        rows=rows,
        cells=tuple(cells),
        header_rows=header_rows,
        caption=draw(st.none() | text),
        **common,
    )


@st.composite
def lists(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> ListBlock:
    items = tuple(draw(st.lists(text, max_size=4)))
    nested = st.lists(st.integers(0, 5), min_size=len(items), max_size=len(items)).map(tuple)
    return ListBlock(
        text=draw(text | st.just("\n".join(f"{n}. {item}" for n, item in enumerate(items, 1)))),
        items=items,
        levels=draw(st.just(()) | nested),
        ordered=draw(st.booleans()),
        **draw(_common()),
    )


@st.composite
def blocks(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> Block:
    """Any block of the taxonomy; *text* makes every text in it."""
    own = draw(_common())
    maybe = st.none() | text
    match draw(st.integers(0, 13)):
        case 0:
            return Heading(text=draw(text), level=draw(st.integers(1, 6)), **own)
        case 1:
            return Paragraph(text=draw(text), **own)
        case 2:
            return draw(lists(text))
        case 3:
            return Caption(text=draw(text), target=draw(maybe), **own)
        case 4:
            return Footnote(text=draw(text), marker=draw(maybe), **own)
        case 5:
            return PageHeader(text=draw(text), **own)
        case 6:
            return PageFooter(text=draw(text), **own)
        case 7:
            return Callout(text=draw(text), **own)
        case 8:
            return Code(text=draw(text), language=draw(maybe), **own)
        case 9:
            return draw(tables(text))
        case 10:
            url, picture = draw(st.sampled_from([("a.png", None), (None, "iVBO"), (None, None)]))
            return Image(
                url=draw(text) if url else None,
                image_b64=picture,
                alt=draw(maybe),
                caption=draw(maybe),
                image_type=draw(st.sampled_from(ImageType)),
                embedded_text=draw(maybe),
                **own,
            )
        case 11:
            node = st.builds(Node, id=text, label=text, bbox=st.none() | boxes)
            edge = st.builds(Edge, source=text, target=text, label=maybe)
            return Diagram(
                nodes=tuple(draw(st.lists(node, max_size=3))),
                edges=tuple(draw(st.lists(edge, max_size=3))),
                image_b64=draw(maybe),
                caption=draw(maybe),
                **own,
            )
        case 12:
            values = st.lists(numbers, max_size=3).map(tuple)
            one = st.builds(Series, name=maybe, values=values)
            row = st.lists(text | numbers, max_size=3).map(tuple)
            return Chart(
                chart_type=draw(st.sampled_from(ChartType)),
                title=draw(maybe),
                categories=tuple(draw(st.lists(text, max_size=3))),
                series=tuple(draw(st.lists(one, max_size=2))),
                data_table=tuple(draw(st.lists(row, max_size=2))),
                caption=draw(maybe),
                **own,
            )
        case _:
            return Formula(
                text=draw(text), latex=draw(maybe), rendered_image_b64=draw(maybe), **own
            )


@st.composite
def documents(draw: st.DrawFn, text: st.SearchStrategy[str] = texts) -> Document:
    """Any document that does not contradict itself."""
    pages = draw(st.lists(st.lists(blocks(text), max_size=4), max_size=3))
    sizes = st.floats(math.ulp(1.0), 400)
    made = document(*pages, filename=draw(texts))
    count = made.source.page_count
    failure = st.builds(PageFailure, page=st.integers(1, 99), code=texts, message=texts)
    return Document(
        source=Source(
            kind=draw(st.sampled_from(SourceKind)),
            filename=made.source.filename,
            file_hash=made.source.file_hash,
            page_count=count,
            page_sizes=tuple((draw(sizes), draw(sizes)) for _ in range(count)),
        ),
        extraction=Extraction(
            model=draw(texts),
            profile=draw(texts),
            duration_ms=draw(st.integers(0, 10**9)),
            faithfulness_score=draw(shares),
            per_page_failures=tuple(draw(st.lists(failure, max_size=2))),
        ),
        pages=made.pages,
    )
