"""Made pages of many kinds, each with its truth: the blocks that a reader sees, in their order."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine_made import LOREM, picture
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import Block, Image, Table
from toolkit.document.document import Document

Truth = list[tuple[str, str]]
"""(type, text) of every block of a page, in the order of reading."""


CODE = (
    "def fox(jumps):",
    "    for dog in jumps:",
    "        if dog.lazy:",
    "            yield dog  # over it",
    "",
    "print(list(fox(dogs)))",
)


def words(count: int, seed: int) -> str:
    """*count* words with capitals and full stops as sentences have them."""
    dice = random.Random(seed)
    out: list[str] = []
    while len(out) < count:
        sentence = [dice.choice(LOREM).lower() for _ in range(dice.randint(6, 16))]
        sentence[0] = sentence[0].title()
        sentence[-1] += "."
        out += sentence
    out = out[:count]
    out[-1] = out[-1].rstrip(".") + "."
    return " ".join(out)


def wrapped(text: str, width: float, font: str, size: float) -> list[str]:
    """*text* as lines no wider than *width* points."""
    lines: list[list[str]] = [[]]
    for word in text.split():
        if lines[-1] and stringWidth(" ".join([*lines[-1], word]), font, size) > width:
            lines.append([])
        lines[-1].append(word)
    return [" ".join(line) for line in lines]


@dataclass(slots=True)
class Column:
    """Where text is set: from *top* (in points from the page's top) downwards."""

    left: float
    top: float
    width: float


@dataclass(slots=True)
class Setter:
    """Sets blocks onto pages and keeps account of what it set."""

    width: float = 595.0
    height: float = 842.0
    body: float = 10.0
    leading: float = 1.2
    family: tuple[str, str] = ("Helvetica", "Helvetica-Bold")
    pages: list[Truth] = field(default_factory=lambda: [[]])
    _stream: io.BytesIO = field(default_factory=io.BytesIO)
    _canvas: Canvas | None = None

    @property
    def canvas(self) -> Canvas:
        if self._canvas is None:
            self._canvas = Canvas(self._stream, pagesize=(self.width, self.height))
        return self._canvas

    def page(self) -> None:
        """Go on to the next page."""
        self.canvas.showPage()
        self.pages.append([])

    def done(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self._stream.getvalue()

    def says(self, kind: str, text: str) -> None:
        """Add to the truth alone."""
        self.pages[-1].append((kind, text))

    def line(
        self, text: str, left: float, top: float, font: str | None = None, size: float | None = None
    ) -> None:
        """One line, its baseline *top* points below the page's top; no part of the truth."""
        self.canvas.setFont(font or self.family[0], size or self.body)
        self.canvas.drawString(left, self.height - top, text)

    def block(
        self,
        kind: str | None,
        text: str,
        at: Column,
        *,
        size: float | None = None,
        bold: bool = False,
        after: float = 6.0,
        before: float = 0.0,
        indent: float = 0.0,
        font: str | None = None,
        centred: bool = False,
    ) -> None:
        """*text* wrapped in *at*, which moves down; *kind* None leaves it out of the truth."""
        size = size or self.body
        font = font or self.family[bold]
        at.top += before
        for number, line in enumerate(wrapped(text, at.width - indent, font, size)):
            at.top += size * self.leading
            left = at.left + (indent if number else 0.0)
            if centred:
                left = at.left + (at.width - stringWidth(line, font, size)) / 2
            self.line(line, left, at.top, font, size)
        at.top += after
        if kind is not None:
            self.says(kind, text)

    def heading(self, text: str, at: Column, *, size: float, bold: bool = True) -> None:
        self.block("heading", text, at, size=size, bold=bold, before=8, after=4)

    def paragraph(self, count: int, seed: int, at: Column, after: float = 6.0) -> None:
        self.block("paragraph", words(count, seed), at, after=after)

    def items(self, entries: Sequence[tuple[str, str]], at: Column, *, step: float = 14.0) -> None:
        """List items (marker, text) that hang by *step*; they make one list of the truth."""
        self.nested([(marker, text, 0) for marker, text in entries], at, step=step)

    def nested(
        self,
        entries: Sequence[tuple[str, str, int]],
        at: Column,
        *,
        step: float,
        second: Mapping[int, str] = {},
    ) -> None:
        """Items of (marker, text, depth); *second* has a further paragraph for some of them."""
        said = []
        for number, (marker, text, depth) in enumerate(entries):
            more = second.get(number, "")
            inner = Column(at.left + step * (depth + 1), at.top, at.width - step * (depth + 1))
            self.line(marker, at.left + step * depth, at.top + self.body * self.leading)
            self.block(None, text, inner, after=3)
            if more:
                self.block(None, more, inner, before=4, after=3)
            at.top = inner.top
            said.append(" ".join(filter(None, (marker, text, more))))
        self.says("list", "\n".join(said))

    def foot(self, text: str, left: float, size: float = 9.0) -> None:
        """A running line at the page's foot."""
        self.line(text, left, self.height - 18, size=size)
        self.says("page_footer", text)

    def figure(self, at: Column, *, height: float, caption: str | None = None) -> None:
        """A picture as wide as the column, with its caption below."""
        y = self.height - at.top - height
        self.canvas.drawImage(ImageReader(picture()), at.left, y, at.width, height)
        at.top += height + 4
        self.says("image", "")
        if caption:
            self.block("caption", caption, at, size=0.9 * self.body, after=8)

    def panel(self, left: float, top: float, width: float, height: float) -> None:
        """A tinted panel; what stands in it is set afterwards."""
        self.canvas.setFillGray(0.9)
        self.canvas.rect(left, self.height - top - height, width, height, stroke=0, fill=1)
        self.canvas.setFillGray(0)


def seen(document: Document) -> list[Truth]:
    """What was made of each page, as a truth; white space as it is read."""
    return [[(_kind(block), _text(block)) for block in page.blocks] for page in document.pages]


def folded(pages: Sequence[Truth]) -> list[Truth]:
    """*pages* with single spaces."""
    return [[(kind, " ".join(text.split())) for kind, text in page] for page in pages]


def _kind(block: Block) -> str:
    return str(block.__struct_config__.tag)


def _text(block: Block) -> str:
    return "" if isinstance(block, Image | Table) else " ".join(str(block.text).split())  # type: ignore[union-attr]
