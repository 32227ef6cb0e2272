"""Made documents whose every block is known: one or more of each type of the taxonomy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image as Picture
from PIL import ImageDraw
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

RUNNING = "Foxes of the Nine Valleys"
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
LAST = (
    "What is left to say is short. The valleys are many, the counters",
    "are few, and the foxes know both. Whoever wants to help next year",
    "may write to the office, where a lamp and a coat are given out.",
)
CONTENTS = (
    ("1 How the foxes were counted", "2"),
    ("1.1 Rules of the count", "2"),
    ("2 What was found", "3"),
    ("3 Who took part", "4"),
    ("4 How to help", "5"),
)
CALLOUT = (
    "Note: a fox that is seen twice is still one fox. Whoever is in",
    "doubt writes it down and leaves the decision to the office.",
)
ITEMS = ("• bring a lamp and a warm coat", "• count every fox once", "• leave the dogs at home")
STEPS = ("1. climb the hill", "2. wait for the sun", "3. write it all down")
CODE = ("total = sum(foxes)", "for night in nights:", "    print(total / night)")
HEAD = (("Valley", "Foxes", "", "Dogs"), ("", "2023", "2024", "2024"))
ROWS = (("Upper", "14", "19", "2"), ("Lower", "9", "11", "31"), ("Far", "27", "8", "0"))
NODES = {"Count": (80, 560), "Compare": (250, 560), "Publish": (420, 560)}
EDGES = (("Count", "Compare"), ("Compare", "Publish"))
BARS = {"Upper": 14, "Lower": 9, "Far": 27}


class Known(NamedTuple):
    """A block as it was written: its page, type, text, and its role where that is its point."""

    page: int
    kind: str
    text: str = ""
    role: str | None = None


class Writer:
    """Writes pages from the top, and keeps what it wrote."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()
        self.canvas = Canvas(self.stream, pagesize=A4, invariant=1)
        self.page = 1
        self.truth: list[Known] = []

    def lines(
        self, y: float, *lines: str, size: float = 10, font: str = "Helvetica", x: float = 70
    ) -> None:
        self.canvas.setFont(font, size)
        for at, line in enumerate(lines):
            self.canvas.drawString(x, y - at * size * 1.2, line)

    def known(self, kind: str, text: str = "", role: str | None = None) -> None:
        self.truth.append(Known(self.page, kind, text, role))

    def header(self) -> None:
        self.lines(815, RUNNING, size=8)
        self.known("page_header", RUNNING)

    def footer(self) -> None:
        self.lines(25, str(self.page), x=295, size=8)
        self.known("page_footer", str(self.page), "page_number")
        self.canvas.showPage()
        self.page += 1

    def heading(self, y: float, text: str, size: float = 14) -> None:
        self.lines(y, text, size=size, font="Helvetica-Bold")
        self.known("heading", text)

    def paragraph(self, y: float, *lines: str) -> None:
        self.lines(y, *lines)
        self.known("paragraph", " ".join(lines))

    def bytes(self) -> bytes:
        self.canvas.save()
        return self.stream.getvalue()


def book() -> tuple[bytes, tuple[Known, ...]]:
    """A report of five pages, and every block of it."""
    writer = Writer()
    _title(writer)
    _method(writer)
    _results(writer)
    _drawings(writer)
    _end(writer)
    return writer.bytes(), tuple(writer.truth)


def _title(writer: Writer) -> None:
    writer.header()
    writer.lines(730, "The Autumn Count", size=26, font="Helvetica-Bold")
    writer.known("heading", "The Autumn Count", "title")
    writer.lines(700, "A report of the friends of the fox", size=15)
    writer.known("heading", "A report of the friends of the fox", "subtitle")
    writer.heading(620, "Contents")
    for at, (name, page) in enumerate(CONTENTS):
        y = 595 - 14 * at
        writer.lines(y, name)
        start = 74 + writer.canvas.stringWidth(name, "Helvetica", 10)
        dots = int((500 - start) / writer.canvas.stringWidth(".", "Helvetica", 10))
        writer.lines(y, "." * dots, x=start)
        writer.lines(y, page, x=510)
    writer.known("list", "\n".join(f"{name} {page}" for name, page in CONTENTS), "toc")
    writer.footer()


def _method(writer: Writer) -> None:
    writer.header()
    writer.heading(770, "1 How the foxes were counted")
    writer.paragraph(745, *BODY[:2], BODY[2] + " (1)")
    canvas = writer.canvas
    canvas.setFillGray(0.9)
    canvas.rect(60, 640, 475, 44, stroke=1, fill=1)
    canvas.setFillGray(0)
    writer.lines(666, *CALLOUT, font="Helvetica")
    writer.known("callout", " ".join(CALLOUT))
    writer.heading(605, "1.1 Rules of the count", size=12)
    writer.lines(582, *ITEMS)
    writer.known("list", "\n".join(ITEMS))
    writer.paragraph(532, *MORE)
    writer.lines(482, *STEPS)
    writer.known("list", "\n".join(STEPS))
    writer.paragraph(430, "The office then adds it up with this little program:")
    writer.lines(406, *CODE, font="Courier")
    writer.known("code", "\n".join(CODE))
    canvas.line(70, 104, 200, 104)
    writer.lines(90, "(1) Only those foxes that were awake.", size=7)
    writer.known("footnote", "(1) Only those foxes that were awake.")
    writer.footer()


def _results(writer: Writer) -> None:
    writer.header()
    writer.heading(770, "2 What was found")
    writer.paragraph(745, *MORE)
    writer.lines(690, "Table 1: Foxes and dogs by valley.", size=9)
    writer.known("caption", "Table 1: Foxes and dogs by valley.")
    _table(writer, 675)
    writer.known("table", "|".join(text for row in _cells() for text in row))
    writer.paragraph(550, "The share of the valleys that are sure of their count is")
    _formula(writer, 515)
    writer.known("formula", "S=a+bc")
    writer.paragraph(480, *LAST)
    picture = Picture.effect_noise((240, 140), 60).convert("RGB")
    ImageDraw.Draw(picture).ellipse((60, 20, 180, 120), fill="orange")
    writer.canvas.drawImage(ImageReader(picture), 70, 280, 240, 140)
    writer.known("image")
    writer.lines(262, "Figure 1: A fox, from afar.", size=9)
    writer.known("caption", "Figure 1: A fox, from afar.")
    writer.footer()


def _cells() -> Sequence[Sequence[str]]:
    return (("Valley", "Foxes", "Dogs"), ("2023", "2024", "2024"), *ROWS)


def _table(writer: Writer, top: float) -> None:
    """Ruled, with a head of two levels: one cell spans two rows, one two columns."""
    canvas, edges = writer.canvas, (70, 170, 240, 310, 380)
    for r, row in enumerate((*HEAD, *ROWS)):
        for c, text in enumerate(row):
            writer.lines(top - 14 - 20 * r, text, x=edges[c] + 5)
    for r in range(6):
        canvas.line(edges[0] if r != 1 else edges[1], top - 20 * r, edges[-1], top - 20 * r)
    for c, x in enumerate(edges):
        canvas.line(x, top if c != 2 else top - 20, x, top - 100)


def _formula(writer: Writer, y: float) -> None:
    """S = (a + b) / c, as a fraction with its bar, in the middle of the line."""
    canvas = writer.canvas
    writer.lines(y, "S =", font="Times-Italic", size=12, x=260)
    writer.lines(y + 8, "a + b", font="Times-Italic", size=12, x=288)
    canvas.line(285, y + 4, 320, y + 4)
    writer.lines(y - 8, "c", font="Times-Italic", size=12, x=299)


def _drawings(writer: Writer) -> None:
    writer.header()
    writer.heading(770, "3 Who took part")
    writer.paragraph(745, *BODY)
    canvas = writer.canvas
    for name, (x, y) in NODES.items():
        canvas.roundRect(x, y, 100, 44, 6)
        writer.lines(y + 18, name, x=x + 50 - canvas.stringWidth(name, "Helvetica", 10) / 2)
    for start, end in EDGES:
        _arrow(canvas, NODES[start][0] + 100, NODES[end][0], NODES[end][1] + 22)
    writer.known("diagram", "|".join([*NODES, *(f"{a}>{b}" for a, b in EDGES)]))
    writer.lines(535, "Figure 2: How a count becomes a report.", size=9)
    writer.known("caption", "Figure 2: How a count becomes a report.")
    writer.paragraph(500, *MORE)
    _chart(writer, 250)
    writer.known("chart", "|".join(f"{name}:{value}" for name, value in BARS.items()))
    writer.lines(215, "Figure 3: Foxes by valley.", size=9)
    writer.known("caption", "Figure 3: Foxes by valley.")
    writer.footer()


def _arrow(canvas: Canvas, start: float, end: float, y: float) -> None:
    canvas.line(start, y, end - 8, y)
    path = canvas.beginPath()
    path.moveTo(end, y)
    path.lineTo(end - 8, y + 4)
    path.lineTo(end - 8, y - 4)
    path.close()
    canvas.setFillGray(0)
    canvas.drawPath(path, fill=1)


def _chart(writer: Writer, foot: float) -> None:
    """Bars on an axis from 0 to 30, five points a fox high, each named below it."""
    canvas = writer.canvas
    canvas.line(100, foot, 100, foot + 150)
    canvas.line(100, foot, 400, foot)
    for tick in range(0, 31, 10):
        canvas.line(96, foot + 5 * tick, 100, foot + 5 * tick)
        text = str(tick)
        writer.lines(foot + 5 * tick - 3, text, size=8, x=92 - 5 * len(text))
    for at, (name, value) in enumerate(BARS.items()):
        left = 130 + 90 * at
        canvas.setFillColorRGB(0.1, 0.4, 0.7)
        canvas.rect(left, foot, 50, 5 * value, stroke=0, fill=1)
        canvas.setFillGray(0)
        writer.lines(foot - 12, name, size=8, x=left + 12)


def _end(writer: Writer) -> None:
    writer.header()
    writer.heading(770, "4 How to help")
    writer.paragraph(745, *LAST)
    canvas = writer.canvas
    writer.lines(680, "Name:")
    writer.known("paragraph", "Name:")
    canvas.acroForm.textfield(
        name="name", value="Vera Fuchs", x=150, y=672, width=200, height=20, fontSize=10
    )
    writer.known("paragraph", "Vera Fuchs", "form_field")
    canvas.textAnnotation("Please check this paragraph.", Rect=(540, 730, 560, 750))
    writer.known("callout", "Please check this paragraph.", "annotation")
    writer.footer()
