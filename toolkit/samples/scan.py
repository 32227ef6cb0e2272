"""A letter with a table as a scanner gives it: tilted, blurred, noisy, compressed, without text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import SimpleDocTemplate

from toolkit.samples.ledger import Author
from toolkit.samples.sample import Expected, Sample

__all__ = ["scan"]

_DOTS_PER_INCH = 150
_TILT = 1.5
"""Degrees, to either side."""
_NOISE = 9.0
"""Standard deviation, of 255 shades."""
_QUALITY = 60


def _style(name: str, size: float, font: str = "Times-Roman", **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.3, **more)


_STYLES = {
    "sender": _style("sender", 16, "Helvetica-Bold", spaceAfter=4),
    "place": _style("place", 10.5, spaceAfter=26),
    "to": _style("to", 11.5, spaceAfter=20),
    "subject": _style("subject", 14, "Times-Bold", spaceAfter=10),
    "body": _style("body", 11.5, spaceAfter=10),
}
_GOODS = ("Field notebook, ruled", "Pressure gauge", "Archive box", "Sample bottle", "Seal kit")
_FIRST = (
    "Thank you for your order of last week. The goods listed below left our house this morning by "
    "the river boat and should reach you within three days. Please check them against this letter "
    "before you sign for them."
)
_LAST = (
    "Should anything be missing, write to us at once and keep the crates. The gauges were tested "
    "before they were packed, and their certificates are in the red folder."
)


def scan(folder: Path, dice: Random) -> list[Sample]:
    """``scan.jpg`` and ``scan.pdf`` in *folder*: the same picture of a letter, with no text.

    Draws with PDFium, which is not to be used from two threads at once.
    """
    content, truth, fields = _letter(dice)
    image = _scanned(_drawn(content), dice)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, dpi=(_DOTS_PER_INCH, _DOTS_PER_INCH))
    jpeg, pdf = folder / "scan.jpg", folder / "scan.pdf"
    jpeg.write_bytes(stream.getvalue())
    _print(pdf, stream.getvalue())
    return [
        Sample(path=path, truth=tuple(truth), fields=fields, needs="ocr") for path in (jpeg, pdf)
    ]


def _letter(dice: Random) -> tuple[bytes, list[Expected], dict[str, str]]:
    number = f"DN-2025-{dice.randint(1000, 9999)}"
    rows = [("Article", "Crates", "Pieces", "Weight in kg")]
    for name in dice.sample(_GOODS, 4):
        crates = dice.randint(1, 9)
        weight = f"{dice.randint(11, 98)}.{dice.randint(1, 9)}"
        rows.append((name, str(crates), str(crates * 12), weight))
    author = Author(_STYLES)
    story = [
        author.text("paragraph", "Cormorant Instruments", "sender"),
        author.text("paragraph", "3 Harbour Row, Cork", "place"),
        author.text("paragraph", "Hollis Survey Partners<br/>201 Mill Road<br/>Cambridge", "to"),
        author.text("heading", f"Delivery note {number}", "subject", level=1),
        author.text("paragraph", _FIRST, "body"),
        author.table(rows, [70 * mm, 28 * mm, 28 * mm, 36 * mm], _LOOK),
        author.text("paragraph", _LAST, "body"),
        author.text("paragraph", "With kind regards, Maeve Donnelly", "body"),
    ]
    stream = BytesIO()
    SimpleDocTemplate(
        stream, pagesize=A4, invariant=1, title=number,
        leftMargin=24 * mm, rightMargin=24 * mm, topMargin=24 * mm, bottomMargin=24 * mm,
    ).build(story)  # fmt: skip
    return stream.getvalue(), author.ledger.blocks, {"delivery_note": number}


_LOOK = (
    ("GRID", (0, 0), (-1, -1), 0.9, colors.black),
    ("FONT", (0, 0), (-1, -1), "Times-Roman", 11.5),
    ("FONT", (0, 0), (-1, 0), "Times-Bold", 11.5),
    ("TOPPADDING", (0, 0), (-1, -1), 6),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
)


def _drawn(content: bytes) -> Image.Image:
    """The first page, in shades of grey."""
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    image: Image.Image = page.render(scale=_DOTS_PER_INCH / 72).to_pil().convert("L")
    page.close()
    document.close()
    return image


def _scanned(page: Image.Image, dice: Random) -> Image.Image:
    """*page* as it comes off the glass."""
    tilt = _TILT if dice.random() < 0.5 else -_TILT
    tilted = page.rotate(tilt, Image.Resampling.BICUBIC, fillcolor=255)
    blurred = np.asarray(tilted.filter(ImageFilter.GaussianBlur(0.6)), dtype=float)
    noise = np.random.default_rng(dice.randrange(2**32)).normal(0.0, _NOISE, blurred.shape)
    # Paper is no screen: white is a little grey, and black a little pale.
    return Image.fromarray(np.clip(24 + 0.86 * blurred + noise, 0, 255).astype(np.uint8))


def _print(path: Path, jpeg: bytes) -> None:
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    canvas.drawImage(ImageReader(BytesIO(jpeg)), 0, 0, *A4)
    canvas.showPage()
    canvas.save()
