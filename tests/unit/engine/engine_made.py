"""PDFs made for the tests, which carry their truth in how they are made."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.document import Document
from toolkit.engine.marks import Glyphs, Sheet
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers.pdf import read
from toolkit.engine.source import Source

WIDTH, HEIGHT = A4
Painter = Callable[[Canvas], None]

LOREM = re.findall(
    r"\w+",
    "The quick brown fox jumps over the lazy dog while seven wizards quietly examine the box of "
    "liquor jugs that the boxing judge had packed with quartz and five dozen vexing puzzles",
)


def pdf(
    *pages: Painter, size: tuple[float, float] = A4, compress: int = 1, **canvas: object
) -> bytes:
    """A PDF with a page a painter; the origin is bottom left, as reportlab has it."""
    stream = io.BytesIO()
    made = Canvas(stream, pagesize=size, pageCompression=compress, **canvas)
    for paint in pages:
        paint(made)
        made.showPage()
    made.save()
    return stream.getvalue()


def text(
    lines: Sequence[str],
    *,
    x: float = 70,
    y: float = 780,
    size: float = 10,
    font: str = "Helvetica",
    leading: float = 12,
) -> Painter:
    """Lines below each other, the first baseline at *y* from the bottom."""

    def paint(canvas: Canvas) -> None:
        canvas.setFont(font, size)
        for at, line in enumerate(lines):
            canvas.drawString(x, y - at * leading, line)

    return paint


def both(*painters: Painter) -> Painter:
    def paint(canvas: Canvas) -> None:
        for painter in painters:
            painter(canvas)

    return paint


def prose(rows: int, words: int = 14, start: int = 0) -> list[str]:
    """*rows* lines of running text, no two alike."""
    return [
        " ".join(LOREM[(start + row * words + i) % len(LOREM)] for i in range(words))
        for row in range(rows)
    ]


def picture(width: int = 200, height: int = 100) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).ellipse((10, 10, width - 10, height - 10), fill="red")
    return image


def document(content: bytes, **options: object) -> Document:
    return parse(Source.from_bytes(content, "made.pdf"), ParseOptions.from_mapping(options))


def sheet(content: bytes, page: int = 1) -> Sheet:
    return read(Source.from_bytes(content, "made.pdf"), ParseOptions()).sheet(page)


def glyphs(content: bytes) -> Glyphs:
    return sheet(content).glyphs


def objects(*bodies: bytes) -> bytes:
    """A PDF written by hand: object 1 is the catalog."""
    out = b"%PDF-1.5\n"
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(bodies) + 1,
        start,
    )


def one_page(
    content: bytes, *, compressed: bool = False, resources: bytes = b"", extra: Sequence[bytes] = ()
) -> bytes:
    """One page written by hand, with Helvetica as /F1 and *extra* objects from number 6."""
    stream = zlib.compress(content) if compressed else content
    packed = b"/Filter/FlateDecode" if compressed else b""
    return objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>%s>>>>" % resources,
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(stream), packed, stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *extra,
    )


def with_noise(content: bytes, stream: int) -> bytes:
    """*content* with its stream number *stream* (from 0) overwritten, its length kept."""
    start, end = list(re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL))[stream].span(
        1
    )
    return content[:start] + b"!" * (end - start - 1) + content[end - 1 :]
