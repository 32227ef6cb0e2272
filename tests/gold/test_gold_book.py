"""A made book with every type of block, against what was written, in every way to read it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import made_documents
import pypdfium2
import pytest
from made_documents import BARS, EDGES, HEAD, NODES, ROWS, Known
from PIL import Image as Picture
from rapidfuzz import fuzz

from toolkit.document.blocks import (
    BLOCK_TYPES,
    Block,
    Caption,
    Chart,
    Diagram,
    Footnote,
    Formula,
    Heading,
    ListBlock,
    Table,
)
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.document.text import text_of
from toolkit.engine import ocr
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers.pdf import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven

PAGES = (1, 2, 3, 4, 5)
DRAWN = ("diagram", "chart")
"""What the profile "advanced" alone makes of drawings."""
SAME = 95.0
"""Recognised text is that of the truth from here on: one character in twenty may be another."""


@pytest.fixture(scope="module")
def book() -> tuple[bytes, tuple[Known, ...]]:
    return made_documents.book()


@pytest.fixture(scope="module")
def truth(book) -> tuple[Known, ...]:
    return book[1]


@pytest.fixture(scope="module")
def source(book) -> Source:
    return Source.from_bytes(book[0], "book.pdf")


@pytest.fixture(scope="module")
def standard(source) -> Document:
    return parse(source, ParseOptions(ocr="never"))


@pytest.fixture(scope="module")
def advanced(source) -> Document:
    return parse(source, ParseOptions.from_mapping({"ocr": "auto", "profile": "advanced"}))


def kind_of(block: Block) -> str:
    return str(type(block).__struct_config__.tag)


def said(block: Block) -> str:
    """What a block says, in the way that the truth has it."""
    match block:
        case Table(cells=cells):
            return "|".join(cell.text for cell in cells)
        case Diagram(nodes=nodes, edges=edges):
            labels = {node.id: node.label for node in nodes}
            pairs = [f"{labels[edge.source]}>{labels[edge.target]}" for edge in edges]
            return "|".join([*labels.values(), *pairs])
        case Chart(categories=categories, series=series):
            values = [value for one in series for value in one.values]
            return "|".join(
                f"{name}:{value if value is None else round(value)}"
                for name, value in zip(categories, values, strict=False)
            )
        case Formula(text=text):
            # A fraction in one line may be written with a stroke, and with its parts in brackets.
            return "".join(sorted(folded(text).translate(str.maketrans("", "", "/()"))))
        case ListBlock(text=text):
            # Leader dots say nothing.
            return folded(text).replace("..", "").replace(".", "")
    return folded(text_of(block)) if kind_of(block) != "image" else ""


def wanted(known: Known) -> str:
    match known.kind:
        case "formula":
            return "".join(sorted(folded(known.text)))
        case "list":
            return folded(known.text).replace(".", "")
        case "table" | "diagram" | "chart":
            return known.text
    return folded(known.text)


def read(document: Document, page: int) -> list[tuple[str, str]]:
    return [(kind_of(b), said(b)) for b in document.blocks if b.page == page]


def written(truth: Sequence[Known], page: int) -> list[tuple[str, str]]:
    return [(known.kind, wanted(known)) for known in truth if known.page == page]


def test_the_book_has_every_type(truth):
    assert {known.kind for known in truth} == set(BLOCK_TYPES)


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_what_it_is_where_it_is(advanced, truth, page):
    assert sorted(read(advanced, page)) == sorted(written(truth, page))


@pytest.mark.parametrize("page", PAGES)
def test_the_reading_order(advanced, truth, page):
    # An annotation belongs to no line: it may stand before or after what it lies beside.
    own = [one for one in read(advanced, page) if "checkthis" not in one[1]]
    assert own == [one for one in written(truth, page) if "checkthis" not in one[1]]


@pytest.mark.parametrize("page", PAGES)
def test_standard_has_all_but_graphs_and_charts(standard, truth, page):
    found = read(standard, page)
    assert [one for one in written(truth, page) if one[0] not in DRAWN and one not in found] == []
    assert [one for one in found if one[0] in DRAWN] == []


@pytest.mark.parametrize("profile", ["standard", "advanced"])
def test_roles(profile, truth, request):
    document = request.getfixturevalue(profile)
    roles = {(kind_of(b), folded(text_of(b)).replace(".", "")): b.role for b in document.blocks}
    for known in truth:
        if known.role is not None:
            assert roles.get((known.kind, folded(known.text).replace(".", ""))) == known.role, known


def test_levels_of_headings(advanced):
    levels = {block.text: block.level for block in advanced.blocks if isinstance(block, Heading)}
    section, below = levels["2 What was found"], levels["1.1 Rules of the count"]
    assert levels["The Autumn Count"] < section < below
    assert levels["1 How the foxes were counted"] == levels["4 How to help"] == section


def test_the_table(standard):
    [table] = [block for block in standard.blocks if isinstance(block, Table)]
    spans = {(c.row, c.column): (c.row_span, c.column_span) for c in table.cells}
    assert {place: span for place, span in spans.items() if span != (1, 1)} == {
        (0, 0): (2, 1),
        (0, 1): (1, 2),
    }
    assert table.header_rows == 2
    assert table.headers[1:] == tuple(
        f"{name} / {year}"
        for name, year in zip(("Foxes", "Foxes", "Dogs"), HEAD[1][1:], strict=True)
    )
    assert table.rows == ROWS


def test_the_items_of_lists(standard):
    bullets, steps = [
        block for block in standard.blocks if isinstance(block, ListBlock) and block.page == 2
    ]
    assert bullets.items == tuple(item[2:] for item in made_documents.ITEMS)
    assert steps.items == tuple(item[3:] for item in made_documents.STEPS)
    assert (bullets.ordered, steps.ordered) == (False, True)


def test_captions_and_footnotes_know_what_they_belong_to(advanced):
    kinds = {block.id: kind_of(block) for block in advanced.blocks}
    targets = [kinds.get(b.target or "") for b in advanced.blocks if isinstance(b, Caption)]
    assert targets == ["table", "image", "diagram", "chart"]
    [note] = [block for block in advanced.blocks if isinstance(block, Footnote)]
    assert kinds[note.target or ""] == "paragraph"


def test_the_drawings(advanced):
    [diagram] = [block for block in advanced.blocks if isinstance(block, Diagram)]
    labels = {node.id: node.label for node in diagram.nodes}
    assert set(labels.values()) == set(NODES)
    assert [(labels[e.source], labels[e.target]) for e in diagram.edges] == list(EDGES)
    [chart] = [block for block in advanced.blocks if isinstance(block, Chart)]
    assert chart.chart_type == "column"
    assert chart.categories == tuple(BARS)
    [series] = chart.series
    assert series.values == pytest.approx(tuple(BARS.values()), abs=0.5)


@pytest.mark.parametrize("profile", ["standard", "advanced"])
def test_what_is_verified_stands_in_the_file(profile, source, request):
    document = request.getfixturevalue(profile)
    texts = dict(source_texts(source))
    verified = [block for block in document.blocks if block.verified]
    assert len(verified) > 25
    assert [b.id for b in verified if not proven(texts[b.page], b)] == []


@pytest.fixture(scope="module")
def scan(book) -> Document:
    """The book as a TIFF of 150 dots an inch, without any text layer."""
    if not ocr.available():
        pytest.skip("the extra ocr is not installed")
    file = pypdfium2.PdfDocument(book[0])
    file.init_forms()
    pages: list[Picture.Image] = [page.render(scale=150 / 72).to_pil() for page in file]
    file.close()
    stream = io.BytesIO()
    pages[0].save(
        stream,
        "TIFF",
        save_all=True,
        append_images=pages[1:],
        compression="tiff_lzw",
        dpi=(150, 150),
    )
    return parse(Source.from_bytes(stream.getvalue(), "book.tiff"), ParseOptions())


UNSEEN = ("formula", "diagram", "chart", "image")
"""Of a picture, what has little text or none; and an annotation is not printed."""


def test_the_scan_says_what_the_book_says(scan, truth):
    lost = []
    for known in truth:
        if known.kind in UNSEEN or known.role == "annotation":
            continue
        own = [said(b) for b in scan.blocks if b.page == known.page and kind_of(b) == known.kind]
        if not any(fuzz.ratio(wanted(known), text) >= SAME for text in own):
            lost.append(known)
    # Type alone tells code, notes and callouts from paragraphs, and a scan blurs it.
    assert [known for known in lost if known.kind in ("heading", "table", "list")] == []
    assert len(lost) <= 0.1 * len(truth), lost
    assert not any(block.verified for block in scan.blocks)
