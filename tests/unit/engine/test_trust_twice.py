"""Scans that two recognisers read: what is proven by it, and what never is."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from engine_made import both, document, pdf, prose, text
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import Paragraph, Proof, TextSource
from toolkit.engine.confidence import COUNTED, STATED, confidence, likely
from toolkit.engine.ocr.presence import available
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

reads = pytest.mark.skipif(not available(), reason="no OCR is installed")

PAGE = pdf(
    both(
        text(prose(3, 9), size=12, leading=16),
        text(["“It’s said”, he said, – “and not shown”."], size=12, y=640),
    )
)


def picture(content: bytes = PAGE) -> bytes:
    with pypdfium2.PdfDocument(content) as file:
        image = file[0].render(scale=150 / 72).to_pil().convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "PNG", dpi=(150, 150))
    return stream.getvalue()


def read(content: bytes, name: str, **options: object):
    return parse(Source.from_bytes(content, name), ParseOptions.from_mapping(options))


@pytest.fixture(scope="module")
def twice():
    return read(picture(), "scan.png", profile="advanced")


@reads
def test_what_two_read_alike_and_surely_is_verified_and_names_its_proof(twice):
    [block] = [b for b in twice.blocks if "quick brown fox" in getattr(b, "text", "")]
    assert block.text_source is TextSource.VERIFIED
    assert block.verified
    assert block.proof is Proof.FAITHFULNESS_CHECK
    assert block.confidence > 0.8


@reads
def test_signs_that_both_write_in_one_way_are_never_proven(twice):
    [block] = [b for b in twice.blocks if "not shown" in getattr(b, "text", "")]
    assert block.text_source is TextSource.INFERRED
    assert block.proof is None


@reads
def test_the_score_is_how_far_both_readings_agree(twice):
    assert 0.97 < twice.extraction.faithfulness_score <= 1


@reads
def test_standard_reads_once_and_proves_nothing():
    found = read(picture(), "scan.png")
    assert not any(block.verified for block in found.blocks)


@reads
def test_a_page_with_text_of_its_own_is_never_proven_by_its_picture():
    found = document(PAGE, profile="advanced", ocr="force")
    assert found.blocks
    assert not any(block.verified for block in found.blocks)


@reads
def test_while_the_measured_precision_is_too_low_nothing_is_proven(monkeypatch):
    monkeypatch.setattr("toolkit.engine.ocr.second.PROVES", False)
    found = read(picture(), "scan.png", profile="advanced")
    assert not any(block.verified for block in found.blocks)


@reads
def test_a_scan_in_a_pdf_is_read_twice_too():
    content = pdf(
        lambda canvas: canvas.drawImage(ImageReader(io.BytesIO(picture())), 0, 0, 595.28, 841.89)
    )
    found = document(content, profile="advanced")
    assert Proof.FAITHFULNESS_CHECK in {block.proof for block in found.blocks}


def test_the_gate_is_open_by_what_was_counted_only():
    second = pytest.importorskip("toolkit.engine.ocr.second")
    right, every = second.COUNTED
    assert second.PROVES is (right / every >= second.NEEDED)
    assert second.NEEDED == 0.999


def reading(said: str, chance: float = 0.99):
    from toolkit.engine.ocr.reading import Reading

    count = len(said)
    return Reading(said, np.arange(count, dtype=np.float32), np.full(count, chance, np.float32))


@reads
@pytest.mark.parametrize(
    ("first", "second", "is_alike"),
    [
        (reading("one two"), reading("onetwo"), True),
        (reading("one two"), reading("one tvvo"), False),
        (reading("one two", 0.94), reading("one two"), False),
        (reading("one two"), reading("one two", 0.94), False),
        (reading("it's"), reading("it's"), False),
        (reading("a – b"), reading("a – b"), False),
    ]
    if available()
    else [],
)
def test_alike_is_the_same_and_sure_and_of_signs_that_can_be_told_apart(first, second, is_alike):
    from toolkit.engine.ocr.second import alike

    assert alike(first.text, first, second) is is_alike


@reads
def test_one_character_in_doubt_is_enough():
    from toolkit.engine.ocr.second import alike

    doubt = reading("a line of twenty signs")
    doubt.chances[3] = 0.4
    assert doubt.confidence > 0.95
    assert not alike(doubt.text, doubt, reading(doubt.text))


def test_every_evidence_has_a_likelihood_that_was_counted_or_is_stated():
    assert not set(COUNTED) & set(STATED)
    for evidence in (*COUNTED, *STATED, "something new"):
        assert 0.5 < likely(evidence) < 1
    assert {"formula", "chart", "diagram", "form field", "annotation"} <= set(STATED)


def test_text_is_surer_proven_than_read_once_and_read_well_than_badly():
    proven = confidence(0.9, TextSource.VERIFIED, 0.97, alike=True)
    once, denied = (confidence(0.9, TextSource.INFERRED, 0.97, alike=a) for a in (None, False))
    badly = confidence(0.9, TextSource.INFERRED, 0.8)
    assert 0.9 >= proven > once > denied
    assert once > badly


def test_a_block_without_spans_that_was_read_twice_costs_the_source_nothing():
    from toolkit.engine.trust import page_faith

    block = Paragraph(
        id="blk_1",
        page=1,
        bbox=(0, 0, 1, 1),
        reading_order_index=0,
        confidence=0.9,
        text_source=TextSource.VERIFIED,
        proof=Proof.FAITHFULNESS_CHECK,
        text="read twice",
    )
    assert page_faith([block], "") == (0, 0)
