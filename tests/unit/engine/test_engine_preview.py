"""Pages as pictures, of bounded size."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import pytest
from PIL import Image
from pptx import Presentation
from reportlab.pdfgen.canvas import Canvas

from toolkit.engine.preview import page_picture
from toolkit.engine.source import Source
from toolkit.errors import PageUnreadable


def pdf(width: float, height: float, turn: int = 0) -> Source:
    written = BytesIO()
    canvas = Canvas(written, pagesize=(width, height))
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, height / 2, width / 2, height / 2, fill=1, stroke=0)  # the top left quarter
    canvas.showPage()
    canvas.save()
    turned = BytesIO()
    with pypdfium2.PdfDocument(written.getvalue()) as file:
        file[0].set_rotation(turn)
        file.save(turned)
    return Source.from_bytes(turned.getvalue(), "made.pdf")


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    assert image.format == "WEBP"
    return image.convert("RGB")


def test_a_page_is_as_wide_as_asked_and_the_right_way_up():
    image = opened(page_picture(pdf(400, 800), 1, 300))
    assert image.size == (300, 600)
    assert image.getpixel((20, 20))[1] < 80
    assert image.getpixel((280, 580))[1] > 200


def test_a_turned_page_is_seen_turned():
    image = opened(page_picture(pdf(400, 800, turn=90), 1, 300))
    assert image.size == (300, 150)
    assert image.getpixel((280, 10))[1] < 80, "what was top left is top right"


@pytest.mark.parametrize("size", [(2, 14_000), (14_000, 2), (14_000, 14_000)])
def test_no_page_is_too_large(size):
    image = opened(page_picture(pdf(*size), 1, 99_999))
    assert image.width * image.height <= 4_100_000
    assert max(image.size) <= 16_000


def test_a_page_that_is_not_there():
    with pytest.raises(PageUnreadable, match="page 2: the file has 1"):
        page_picture(pdf(100, 100), 2, 300)


def test_a_slide_and_an_image():
    deck, written = Presentation(), BytesIO()
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(written)
    slide = opened(page_picture(Source.from_bytes(written.getvalue(), "a.pptx"), 1, 400))
    assert slide.width == 400
    picture = BytesIO()
    Image.new("RGB", (3000, 1000), "blue").save(picture, "PNG")
    image = opened(page_picture(Source.from_bytes(picture.getvalue(), "a.png"), 1, 600))
    assert image.size == (600, 200)
    assert image.getpixel((300, 100))[2] > 200
