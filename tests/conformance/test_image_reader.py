"""Image files: every format gives the same page, and none takes more than its share of memory."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from toolkit.document.document import Document, SourceKind
from toolkit.engine.ocr import available
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers.image import ImageReading, page_image
from toolkit.engine.source import Source
from toolkit.errors import DamagedFile, ImageTooLarge, PageUnreadable

needs_ocr = pytest.mark.skipif(not available(), reason="the extra ocr is not installed")

SAID = "Invoice number 2024-117"


def note(words: str = SAID) -> Image.Image:
    """A strip of paper at 150 dots an inch."""
    image = Image.new("RGB", (640, 200), "white")
    font = ImageFont.load_default(34)
    ImageDraw.Draw(image).text((40, 70), words, fill="black", font=font)
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def document(content: bytes, **options: object) -> Document:
    return parse(Source.from_bytes(content, "scan.png"), ParseOptions.from_mapping(options))


def said(found: Document) -> list[str]:
    return [getattr(block, "text", "") for block in found.blocks if getattr(block, "text", "")]


def failed(found: Document) -> list[tuple[int, str]]:
    return [(f.page, f.code) for f in found.extraction.per_page_failures]


def with_alpha() -> Image.Image:
    grey = note().convert("L")
    alpha = grey.point(lambda value: 255 - value)
    return Image.merge("LA", (Image.new("L", grey.size, 0), alpha))


FORMATS = {
    "png": saved(note(), "PNG"),
    "jpeg": saved(note(), "JPEG", quality=90),
    "webp": saved(note(), "WEBP", quality=90),
    "tiff": saved(note(), "TIFF"),
    "bmp": saved(note(), "BMP"),
    "gif": saved(note(), "GIF"),
    "palette": saved(note().quantize(8), "PNG"),
    "one bit": saved(note().convert("1"), "PNG"),
    "fax": saved(note().convert("1"), "TIFF", compression="group4"),
    "cmyk": saved(note().convert("CMYK"), "JPEG", quality=90),
    "sixteen bits": saved(
        Image.fromarray(np.asarray(note().convert("L")).astype(np.uint16) * 257), "PNG"
    ),
    "grey with alpha": saved(with_alpha(), "PNG"),
}


@needs_ocr
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_the_same(name):
    found = document(FORMATS[name])
    assert said(found) == [SAID]
    assert found.source.kind is SourceKind.IMAGE
    assert failed(found) == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_shown_in_colours_on_white(name):
    shown = page_image(FORMATS[name], 1)
    assert (shown.mode, shown.size) == ("RGB", (640, 200))
    assert min(shown.getpixel((2, 2))) > 230
    assert np.asarray(shown).min() < 60


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_turned_photograph_is_upright(kind, orientation):
    upright = Image.new("RGB", (60, 40), "white")
    upright.paste("red", (0, 0, 20, 10))
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    exif = Image.Exif()
    exif[274] = orientation
    content = saved(stored, kind, exif=exif)
    shown = page_image(content, 1)
    assert shown.size == (60, 40)
    assert shown.getpixel((4, 4))[1] < 100
    assert min(shown.getpixel((50, 30))) > 200
    width, height = ImageReading(content).inches(1)
    assert width > height


@needs_ocr
def test_the_pages_of_a_tiff_are_pages():
    pages = [note(f"Page number {n} of three") for n in (1, 2, 3)]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], dpi=(150, 150))
    found = document(content)
    assert [page.page for page in found.pages] == [1, 2, 3]
    assert said(found) == [f"Page number {n} of three" for n in (1, 2, 3)]
    assert found.source.page_sizes[0] == pytest.approx((640 / 150, 200 / 150), abs=0.01)
    assert said(document(content, pages="2")) == ["Page number 2 of three"]


def test_a_thousand_pages_are_counted_and_each_is_found():
    sheets = [Image.new("1", (20, 30), n % 2) for n in range(1000)]
    content = saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:])
    reading = ImageReading(content)
    assert reading.page_count == 1000
    assert reading.page(1000).getpixel((5, 5)) == (255, 255, 255)
    assert reading.page(1).getpixel((5, 5)) == (0, 0, 0)


def test_the_first_picture_of_an_animation_is_read_and_said():
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("white", "red", "blue")]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert failed(document(content, ocr="never")) == [(1, "FRAMES_LEFT_OUT")]


def test_an_animation_whose_first_picture_is_broken_is_damaged():
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("white", "red", "blue")]
    content = bytearray(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    content[content.index(b",") + 10] = 9  # bits of the first code; its pixels are fewer
    with pytest.raises(DamagedFile):
        document(bytes(content), ocr="never")


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is this large, with hardly any pixels in it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8_000, 12_000, 30_000, 2**31 - 1])
def test_what_says_it_is_too_large_is_never_decoded(side):
    with pytest.raises(ImageTooLarge, match="pixels"):
        document(bomb(side, side))


def test_a_large_scan_is_made_smaller():
    shown = page_image(saved(Image.new("1", (7000, 9900), 1), "TIFF", compression="group4"), 1)
    assert shown.width * shown.height <= 6_100_000
    assert page_image(saved(Image.new("L", (9000, 9000), 200), "JPEG"), 1).width < 3000


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff", "bmp", "gif"])
def test_half_a_file_is_damaged(name):
    content = FORMATS[name]
    for end in (len(content) // 2, 60):
        with pytest.raises((DamagedFile, PageUnreadable)):
            document(content[:end])


def test_the_pages_before_the_break_come_through():
    pages = [Image.effect_noise((300, 200), n + 20) for n in range(3)]
    content = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = document(content[: len(content) - 40_000], ocr="never")
    assert [page.page for page in found.pages][:2] == [1, 2]
    assert {code for _, code in failed(found)} == {"PAGE_UNREADABLE"}


def test_mutilated_files_fail_with_a_code():
    dice = np.random.default_rng(5)
    for content in FORMATS.values():
        for _ in range(8):
            spoilt = bytearray(content)
            for at in dice.integers(24, len(spoilt), 12):
                spoilt[at] = int(dice.integers(256))
            try:
                document(bytes(spoilt), ocr="never")
            except (DamagedFile, ImageTooLarge):
                continue


def test_a_fax_of_oblong_dots_has_its_right_shape():
    content = saved(Image.new("1", (1728, 1100), 1), "TIFF", dpi=(204, 98))
    shown = page_image(content, 1)
    assert shown.width / shown.height == pytest.approx((1728 / 204) / (1100 / 98), rel=0.01)


def test_where_the_file_says_no_resolution_a_page_is_a_page():
    assert max(ImageReading(saved(Image.new("L", (1240, 1754)), "PNG")).inches(1)) < 13
    assert (
        max(ImageReading(saved(Image.new("L", (2480, 3508)), "PNG", dpi=(72, 72))).inches(1)) < 13
    )


def test_without_ocr_an_image_is_an_image(monkeypatch):
    monkeypatch.setattr("toolkit.engine.pages.available", lambda: False)
    found = document(FORMATS["png"])
    assert [str(block.__struct_config__.tag) for block in found.blocks] == ["image"]
    [failure] = found.extraction.per_page_failures
    assert failure.code == "OCR_UNAVAILABLE"
    assert "pip install" in failure.message
