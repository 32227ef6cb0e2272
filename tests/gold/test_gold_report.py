"""One made report with the exact truth of every type of block that the reader makes."""

from __future__ import annotations

import io

import pytest
from PIL import Image as Picture
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Block, ListBlock, Table
from toolkit.document.document import Document
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers.pdf import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven

BODY = (
    "Foxes were counted at dawn in each of the nine valleys, and the",
    "counts were compared with those of the year before. In two of the",
    "valleys nobody was sure, so that the count was made once more.",
)
MORE = (
    "The dogs, on the other hand, were asleep on most of the mornings",
    "and did not take part. Their owners kindly filled in for them and",
    "reported what they would have seen, had they been awake by then.",
)
ROWS = (("Valley", "Foxes", "Dogs"), ("Upper", "14", "2"), ("Lower", "9", "31"))
ITEMS = ("- bring a lamp and a warm coat", "- count every fox once", "- leave the dogs at home")
CODE = ("total = sum(foxes)", "print(total / nights)")

TRUTH = (
    ("page_header", "Foxes of the Nine Valleys"),
    ("heading", "The Autumn Count"),
    ("heading", "1 How the foxes were counted"),
    ("paragraph", " ".join(BODY)),
    ("list", "\n".join(ITEMS)),
    ("caption", "Table 1: Foxes and dogs by valley."),
    ("table", "Valley|Foxes|Dogs|Upper|14|2|Lower|9|31"),
    ("footnote", "1 Only those that were awake."),
    ("page_footer", "1"),
    ("page_header", "Foxes of the Nine Valleys"),
    ("heading", "2 What was found"),
    ("paragraph", " ".join(MORE)),
    ("image", ""),
    ("caption", "Figure 1: A fox, from afar."),
    ("code", "\n".join(CODE)),
    ("page_footer", "2"),
)


class Writer:
    """Writes down a page from the top."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.canvas = Canvas(self.stream, pagesize=A4)

    def lines(
        self, y: float, *lines: str, size: float = 10, font: str = "Helvetica", x: float = 70
    ) -> None:
        self.canvas.setFont(font, size)
        for at, line in enumerate(lines):
            self.canvas.drawString(x, y - at * size * 1.2, line)

    def table(self, top: float) -> None:
        for r, row in enumerate(ROWS):
            for c, cell in enumerate(row):
                self.lines(top - 14 - 20 * r, cell, x=75 + 100 * c)
        for r in range(len(ROWS) + 1):
            self.canvas.line(70, top - 20 * r, 370, top - 20 * r)
        for c in range(4):
            self.canvas.line(70 + 100 * c, top, 70 + 100 * c, top - 60)

    def first_page(self) -> None:
        self.lines(815, "Foxes of the Nine Valleys", size=8)
        self.lines(750, "The Autumn Count", size=22, font="Helvetica-Bold")
        self.lines(710, "1 How the foxes were counted", size=14, font="Helvetica-Bold")
        self.lines(685, *BODY)
        self.lines(630, *ITEMS)
        self.lines(570, "Table 1: Foxes and dogs by valley.")
        self.table(550)
        self.lines(90, "1 Only those that were awake.", size=7)
        self.lines(25, "1", x=295, size=8)
        self.canvas.showPage()

    def second_page(self) -> None:
        self.lines(815, "Foxes of the Nine Valleys", size=8)
        self.lines(750, "2 What was found", size=14, font="Helvetica-Bold")
        self.lines(725, *MORE)
        self.canvas.drawImage(
            ImageReader(Picture.new("RGB", (60, 40), "orange")), 70, 520, 240, 140
        )
        self.lines(500, "Figure 1: A fox, from afar.")
        self.lines(460, *CODE, font="Courier")
        self.lines(25, "2", x=295, size=8)
        self.canvas.showPage()


@pytest.fixture(scope="module")
def source() -> Source:
    writer = Writer()
    writer.first_page()
    writer.second_page()
    writer.canvas.save()
    return Source.from_bytes(writer.stream.getvalue(), "count.pdf")


@pytest.fixture(scope="module")
def report(source: Source) -> Document:
    return parse(source, ParseOptions(ocr="never"))


def said(block: Block) -> tuple[str, str]:
    kind = str(type(block).__struct_config__.tag)
    if isinstance(block, Table):
        return kind, "|".join(cell.text for cell in block.cells)
    return kind, getattr(block, "text", "")


def test_every_block_is_what_it_is_where_it_is(report):
    assert tuple(map(said, report.blocks)) == TRUTH


def test_the_parts_of_the_blocks(report):
    [bullets] = [block for block in report.blocks if isinstance(block, ListBlock)]
    assert bullets.items == tuple(item[2:] for item in ITEMS)
    [table] = [block for block in report.blocks if isinstance(block, Table)]
    assert (table.headers, table.rows) == (ROWS[0], ROWS[1:])
    assert [b.level for b in report.blocks if said(b)[0] == "heading"] == [1, 2, 2]


def test_all_that_has_text_is_proven(report, source):
    texts = dict(source_texts(source))
    written = [block for block in report.blocks if said(block)[1]]
    assert all(block.verified and proven(texts[block.page], block) for block in written)
    assert report.extraction.faithfulness_score == 1.0
    assert report.extraction.per_page_failures == ()
