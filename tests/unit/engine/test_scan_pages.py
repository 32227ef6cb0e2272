"""Scanned pages: the same blocks as from the text layer, and never taken for proven."""

from __future__ import annotations

import io
from statistics import median

import pypdfium2
import pytest
from engine_made import both, document, pdf, picture, prose, text
from PIL import Image as Pixels
from PIL import ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import Heading, Image, ImageType, Paragraph, Table, TextSource
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.document.text import text_of
from toolkit.engine.ocr import Recognised, available
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.errors import OcrError, PageTimeout
from toolkit.jobs.job import Stage
from toolkit.jobs.tool import Limits
from toolkit.samples import write

pytestmark = pytest.mark.skipif(not available(), reason="the extra ocr is not installed")


def rasterised(content: bytes, dots: int = 150) -> list[Pixels.Image]:
    opened = pypdfium2.PdfDocument(content)
    images = [page.render(scale=dots / 72).to_pil().convert("RGB") for page in opened]
    opened.close()
    return images


def scan_of(*images: Pixels.Image) -> bytes:
    """A PDF of pictures alone, as a scanner makes it."""
    stream = io.BytesIO()
    images[0].save(stream, "PDF", save_all=True, append_images=images[1:], resolution=150)
    return stream.getvalue()


def kinds(found: Document) -> list[str]:
    return [type(block).__name__ for block in found.blocks]


def as_text(found: Document) -> str:
    return folded("".join(text_of(block) for block in found.blocks))


def apart(one: str, two: str) -> float:
    """The share of characters that differ."""
    return Levenshtein.distance(one, two) / max(1, len(one))


RULED = pdf(
    both(
        text(["Results of the year"], size=20, font="Helvetica-Bold"),
        text(prose(6), y=740),
        lambda canvas: canvas.grid([70, 200, 300, 400], [640, 620, 600, 580]),
        *(
            text([word], x=75 + 125 * column, y=626 - 20 * row)
            for row, words in enumerate(
                (("Name", "First", "Last"), ("Fox", "12", "7"), ("Dog", "3", "4"))
            )
            for column, word in enumerate(words)
        ),
        text(prose(5, start=9), y=540),
    )
)


def test_a_scan_has_the_blocks_of_the_page():
    born, scan = document(RULED), document(scan_of(*rasterised(RULED)))
    assert kinds(scan) == kinds(born) == ["Heading", "Paragraph", "Table", "Paragraph"]
    assert apart(as_text(born), as_text(scan)) < 0.01
    table = next(block for block in scan.blocks if isinstance(block, Table))
    words = ["Name", "First", "Last", "Fox", "12", "7", "Dog", "3", "4"]
    assert [cell.text for cell in table.cells] == words
    for here, there in zip(born.blocks, scan.blocks, strict=True):
        assert there.bbox == pytest.approx(here.bbox, abs=0.02)


def test_nothing_recognised_is_proven():
    found = document(scan_of(*rasterised(RULED)))
    for block in found.blocks:
        assert block.text_source is TextSource.INFERRED
        assert not block.verified
        assert block.proof is None
        assert block.source_spans == block.joins == ()
        assert 0.3 < block.confidence < 1
    [table] = [block for block in found.blocks if isinstance(block, Table)]
    assert {cell.text_source for cell in table.cells} == {TextSource.INFERRED}
    assert not any(cell.source_spans for cell in table.cells)
    assert 0.9 < found.extraction.faithfulness_score <= 1
    assert found.extraction.per_page_failures == ()


def test_force_reads_the_picture_and_never_reads_none():
    forced = document(RULED, ocr="force")
    assert not any(block.verified for block in forced.blocks)
    assert apart(as_text(document(RULED)), as_text(forced)) < 0.01
    unread = document(scan_of(*rasterised(RULED)), ocr="never")
    assert kinds(unread) == ["Image"]
    assert unread.extraction.per_page_failures == ()


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_scan_is_read_where_it_lies(turn):
    [page] = rasterised(RULED)
    found = document(scan_of(page.rotate(turn, expand=True)))
    upright = document(scan_of(page))
    assert apart(as_text(upright), as_text(found)) < 0.01
    [head] = [block for block in found.blocks if isinstance(block, Heading)]
    x, y = (head.bbox[0] + head.bbox[2]) / 2, (head.bbox[1] + head.bbox[3]) / 2
    # The heading stands at the top left of the upright page.
    assert {90: x < 0.2 and y > 0.5, 180: y > 0.8, 270: x > 0.8 and y < 0.5}[turn]


def test_samples_come_out_as_from_their_text_layer(tmp_path):
    errors = []
    for sample in write(tmp_path, seed=7):
        if sample.path.suffix != ".pdf" or "scan" in sample.path.name:
            continue
        content = sample.path.read_bytes()
        born = document(content, pages="1", ocr="never")
        if not any(block.verified for block in born.blocks):
            continue
        scan = document(scan_of(rasterised(content)[0]))
        errors.append(apart("".join(sorted(as_text(born))), "".join(sorted(as_text(scan)))))
    assert errors
    assert median(errors) < 0.03


def labelled(words: str) -> Pixels.Image:
    image = picture(900, 300)
    ImageDraw.Draw(image).text((150, 120), words, fill="black", font=ImageFont.load_default(48))
    return image


def with_picture(canvas) -> None:
    canvas.drawImage(ImageReader(labelled("Northern warehouse")), 100, 400, 360, 120)


def test_what_stands_on_a_picture_is_the_pictures():
    found = document(pdf(both(text(prose(6)), with_picture, text(prose(6, start=5), y=350))))
    assert kinds(found) == ["Paragraph", "Image", "Paragraph"]
    image = next(block for block in found.blocks if isinstance(block, Image))
    assert image.embedded_text == "Northern warehouse"
    assert image.text_source is TextSource.INFERRED
    assert all(block.verified for block in found.blocks if isinstance(block, Paragraph))
    assert found.extraction.faithfulness_score > 0.95


def test_a_scanned_page_beside_a_text_layer_is_text():
    [page] = rasterised(pdf(text(prose(24))))
    scan = page.crop((100, 80, 1240, 800))

    def paint(canvas) -> None:
        canvas.drawImage(ImageReader(scan), 40, 120, 500, 316)

    found = document(pdf(both(text(["Received on the third of May"]), paint)))
    native, *rest = [block for block in found.blocks if isinstance(block, Paragraph)]
    assert native.verified
    assert rest
    assert not any(block.verified for block in rest)
    assert [b.image_type for b in found.blocks if isinstance(b, Image)] == [ImageType.SCAN]


def test_a_failure_on_a_picture_costs_the_picture_alone(monkeypatch):
    def scanned(*args, **options):
        raise OcrError("the session broke")

    monkeypatch.setattr("toolkit.engine.scans_pictures.scanned", scanned)
    found = document(pdf(both(text(prose(6)), with_picture)))
    assert kinds(found) == ["Paragraph", "Image"]
    assert [(f.page, f.code) for f in found.extraction.per_page_failures] == [(1, "OCR_ERROR")]


def test_when_time_is_up_the_pages_own_text_is_kept(monkeypatch):
    def scanned(*args, **options):
        raise PageTimeout("slow")

    monkeypatch.setattr("toolkit.engine.scans_pictures.scanned", scanned)
    found = document(pdf(both(text(prose(6)), with_picture)))
    assert kinds(found) == ["Paragraph", "Image"]
    [failure] = found.extraction.per_page_failures
    assert failure.code == "PAGE_TIMEOUT"
    assert "1 image was not read" in failure.message


def test_a_script_that_nobody_can_read_is_named(monkeypatch):
    nothing = Recognised((), "Cyrillic")
    monkeypatch.setattr("toolkit.engine.ocr.recognise", lambda image, **options: nothing)
    found = document(scan_of(*rasterised(RULED)))
    assert as_text(found) == ""
    [failure] = found.extraction.per_page_failures
    assert failure.code == "OCR_SCRIPT_UNSUPPORTED"
    assert "Cyrillic" in failure.message


def test_languages_and_the_stage_are_handed_on(monkeypatch):
    asked = []

    def recognise(image, *, languages, check, again):
        asked.append((languages, again))
        return Recognised(())

    monkeypatch.setattr("toolkit.engine.ocr.recognise", recognise)
    heard = []
    parse(
        Source.from_bytes(scan_of(*rasterised(RULED)), "scan.pdf"),
        ParseOptions(languages=("de",)),
        limits=Limits(),
        report=lambda progress: heard.append(progress.stage),
    )
    assert asked == [(("de",), False)]
    assert Stage.OCR in heard


def test_a_blank_page_costs_no_recognition(monkeypatch):
    def never(*args, **options):
        raise AssertionError

    monkeypatch.setattr("toolkit.engine.ocr.recognise", never)
    found = document(pdf(lambda canvas: None))
    assert kinds(found) == []
    assert found.extraction.per_page_failures == ()
