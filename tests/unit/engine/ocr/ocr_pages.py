"""Pages with known text, painted as pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter
from rapidfuzz.distance import Levenshtein
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 420, 360
"""Points: a small page, which is quick to read."""
PROSE = (
    "The committee met on 14 March 2021 in Geneva.",
    "Revenue rose by 12.5% to $4,321.09 (see note 7).",
    "It rejected the second proposal; the first passed.",
    "Further details are available at the registry.",
    "Each member may submit one comment in writing.",
)
CYRILLIC = (
    "Правительство утвердило новый порядок",
    "расчёта платежей за коммунальные услуги.",
    "Документ вступит в силу первого января.",
    "Общая сумма указана в приложении",
)
DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")

Words = tuple[float, float, str]


def painted(
    lines: Sequence[Words], *, font: str = "Helvetica", size: float = 12, dpi: int = 150
) -> Image.Image:
    """Each of *lines* at its left edge and its depth under the top of the page, in points."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT))
    if font not in pdfmetrics.standardFonts:
        pdfmetrics.registerFont(TTFont(Path(font).stem, font))
        font = Path(font).stem
    canvas.setFont(font, size)
    for left, depth, text in lines:
        canvas.drawString(left, HEIGHT - depth, text)
    canvas.save()
    with pypdfium2.PdfDocument(file.getvalue()) as document:
        return document[0].render(scale=dpi / 72).to_pil().convert("RGB")


def column(lines: Sequence[str], *, left: float = 40, step: float = 24) -> list[Words]:
    return [(left, 60 + step * number, line) for number, line in enumerate(lines)]


def worn(image: Image.Image, tilt: float) -> Image.Image:
    """As a scanner gives it: turned by *tilt* degrees counter-clockwise, blurred, noisy, packed."""
    image = image.rotate(tilt, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(0.6)), np.float32)
    noise = np.random.default_rng(7).normal(0, 8, pixels.shape[:2])[..., None]
    packed = io.BytesIO()
    Image.fromarray((pixels + noise).clip(0, 255).astype(np.uint8)).save(packed, "JPEG", quality=50)
    return Image.open(packed).convert("RGB")


def errors(read: Sequence[str], truth: Sequence[str]) -> float:
    """The share of wrong characters, spaces counted."""
    expected = "\n".join(truth)
    return Levenshtein.distance("\n".join(read), expected) / len(expected)
