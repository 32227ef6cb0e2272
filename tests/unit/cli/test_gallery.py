"""``pagequeue gallery``: pictures with boxes, and a page that shows them and obeys nothing."""

from __future__ import annotations

import re
from io import BytesIO

import made
import pytest
from msgspec.structs import replace
from PIL import Image as Picture
from reportlab.pdfgen.canvas import Canvas

from toolkit.cli.gallery_drawing import Leaf, annotated, contact_sheet, thumb
from toolkit.cli.gallery_index import index_html
from toolkit.document.blocks import (
    Cell,
    Chart,
    Diagram,
    Edge,
    Heading,
    Node,
    Paragraph,
    Series,
    Table,
    TextSource,
)
from toolkit.widgets.inspector_palette import COLOURS

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def paper(width: int = 400, height: int = 500) -> bytes:
    written = BytesIO()
    Picture.new("RGB", (width, height), "white").save(written, "WEBP", lossless=True)
    return written.getvalue()


def leaf(*blocks, picture: bytes | None = None) -> Leaf:
    [page] = made.document(blocks).pages
    return Leaf(
        name=f"{HOSTILE}.pdf",
        page=1,
        picture=paper() if picture is None else picture,
        blocks=page.blocks,
        failures=(HOSTILE,),
    )


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def test_files_become_pictures_and_one_page(pagequeue, documents, tmp_path):
    said = pagequeue(
        "gallery", documents / "invoice_401.pdf", documents / "paper.pdf", "--out", "x"
    )
    assert said.code == 0
    pages = len(list((tmp_path / "x").glob("paper-p*.png")))
    assert f"{pages + 1} pages drawn: x/index.html" in said.err
    with Picture.open(tmp_path / "x" / "invoice_401-p1.png") as image:
        assert image.width == 1000
    with Picture.open(tmp_path / "x" / "contact.png") as sheet:
        assert sheet.width > 900
    html = (tmp_path / "x" / "index.html").read_text()
    assert html.count("data:image/webp;base64,") == pages + 1
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in html


def test_what_cannot_be_read_is_said_and_the_rest_is_drawn(pagequeue, documents, tmp_path):
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    good = documents / "invoice_401.pdf"
    said = pagequeue("gallery", "no.pdf", good, "--out", "x", "--pages", "1")
    assert said.code == 1
    assert "error[DAMAGED_FILE]: no.pdf" in said.err
    assert "1 page drawn" in said.err
    said = pagequeue("gallery", "no.pdf", "--out", "y")
    assert said.code == 1
    assert not (tmp_path / "y").exists()
    assert pagequeue("gallery", "nowhere.pdf", "--out", "y").code == 2
    said = pagequeue("gallery", good, "--out", "y", "--profile", "best")
    assert (said.code, "profile" in said.err) == (2, True)


def test_a_file_name_is_no_path_and_none_is_overwritten(pagequeue, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        canvas = Canvas(str(tmp_path / folder / "index.pdf"))
        canvas.drawString(70, 700, "Foxes were counted at dawn.")
        canvas.save()
    pagequeue("gallery", "a", "b", "--out", "x")
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert names == ["contact.png", "index-p1-2.png", "index-p1.png", "index.html"]


@pytest.mark.parametrize("source", list(TextSource))
def test_a_box_is_drawn_in_its_colour_and_its_line_says_the_source(source):
    proof = {} if source is TextSource.VERIFIED else {"proof": None}
    block = made.block(Heading, text="Net", text_source=source, bbox=(0.25, 0.2, 0.75, 0.6))
    image = annotated(leaf(replace(block, **proof)))
    row = [image.getpixel((x, round(0.6 * 499))) for x in range(110, 290)]
    drawn = sum(pixel == rgb(COLOURS["heading"]) for pixel in row)
    least, most = {"verified": (180, 180), "inferred": (90, 150), "derived": (40, 120)}[source]
    assert least <= drawn <= most


def test_numbers_stand_beside_the_box_and_inside_where_there_is_no_margin():
    image = annotated(
        leaf(
            made.block(Paragraph, text="a", bbox=(0.5, 0.5, 0.9, 0.6)),
            made.block(Heading, text="b", bbox=(0.0, 0.1, 0.9, 0.2)),
        )
    )
    assert image.getpixel((197, 252)) == rgb(COLOURS["paragraph"])
    assert image.getpixel((1, 52)) == rgb(COLOURS["heading"])


def test_boxes_off_the_page_and_pages_without_a_picture_are_drawn():
    block = made.block(Paragraph, text="a", bbox=(-3.0, 0.9, 7.0, 0.1))
    image = annotated(leaf(block, picture=b""))
    assert image.size == (1000, 1414)


def test_the_sheet_holds_sixty_pages_and_their_legend():
    tall = leaf(made.block(Paragraph, text="a"), picture=paper(20, 2000))
    small = thumb(annotated(tall))
    assert small.height <= 760
    one, many = contact_sheet([(tall, small)]), contact_sheet([(tall, small)] * 100)
    assert many.size[1] == 15 * (one.size[1] - 46) + 46


def test_nothing_that_a_document_says_is_obeyed():
    cells = (Cell(row=0, column=0, text=HOSTILE, bbox=(0.1, 0.1, 0.2, 0.2)),)
    shown = leaf(
        made.block(Paragraph, text=HOSTILE),
        made.block(Table, headers=(), rows=((HOSTILE,),), cells=cells),
        made.block(Chart, title=HOSTILE, series=(Series(name=HOSTILE, values=(1.0,)),)),
        made.block(
            Diagram,
            nodes=(Node(id="a", label=HOSTILE, bbox=(0.1, 0.1, 0.2, 0.2)),),
            edges=(Edge(source="a", target="a", label=HOSTILE), Edge(source="a", target="?")),
        ),
    )
    html = index_html([(shown, b"picture")])
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert len(re.findall(r"&lt;script&gt;", html)) >= 8
    annotated(shown)
