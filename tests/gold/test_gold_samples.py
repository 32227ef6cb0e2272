"""The made samples against the truth that they carry, block by block."""

from __future__ import annotations

import itertools

import pytest

from toolkit.document.blocks import Chart, Diagram, Heading, Image, ListBlock, Role, TextSource
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.engine import ocr
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.samples import Sample, agreement, write
from toolkit.samples.agreement import found


@pytest.fixture(scope="module", params=[7, 11, 23])
def made(request, tmp_path_factory) -> list[Sample]:
    return write(tmp_path_factory.mktemp("samples"), seed=request.param)


@pytest.fixture(scope="module")
def samples(made) -> list[Sample]:
    """Those that say what they say without OCR."""
    return [sample for sample in made if not sample.needs]


def read(sample: Sample) -> Document:
    return parse(Source.from_path(sample.path), ParseOptions(ocr="never"))


def test_every_block_of_the_samples_is_read_as_what_it_is(samples):
    for sample in samples:
        result = agreement(sample, read(sample))
        titled = first_lines(sample)
        left = [said for said in result.missing + result.wrong if said.text not in titled]
        assert left == [], sample.path.name
        assert result.error_rate == 0.0, sample.path.name
        right, total = result.cells
        assert right == total


def first_lines(sample: Sample) -> set[str]:
    """N of the paragraphs at the top of a file that no rule for their kind tells from headings.

    They are a letterhead and the line under a title: alone, in larger or bold type.
    """
    near = itertools.islice(sample.truth, 2)
    return {folded(block.text) for block in near if block.type == "paragraph"}


def test_the_samples_are_verified_and_their_captions_linked(samples):
    for sample in samples:
        blocks = list(read(sample).blocks)
        unproven = [found(b) for b in blocks if not (isinstance(b, Image) or b.verified)]
        # The readers disagree on the bullets of this font alone, so that nobody confirms them.
        assert all(kind == "list" and text[0] == "•" for _, kind, text in unproven)
        ids = {block.id for block in blocks}
        captions = [block for block in blocks if found(block).kind == "caption"]
        assert all(caption.target in ids for caption in captions)


def test_the_levels_of_headings(samples):
    report = next(sample for sample in samples if sample.path.stem == "annual_report")
    document = read(report)
    truth = {folded(b.text): b.level for b in report.truth if b.type == "heading"}
    ours = {folded(b.text): b.level for b in document.blocks if isinstance(b, Heading)}
    shared = [(truth[text], level) for text, level in ours.items() if text in truth]
    assert len(shared) == len(truth)
    # The order of levels is what counts: larger type is never deeper.
    assert all((a < b) == (c < d) for (a, c), (b, d) in itertools.combinations(shared, 2) if a != b)


def test_the_deck_beyond_its_text(samples):
    [deck] = [sample for sample in samples if sample.path.suffix == ".pptx"]
    document = read(deck)
    assert [page.page for page in document.pages if page.hidden] == [7]
    blocks = list(document.blocks)
    [bullets] = [block for block in blocks if isinstance(block, ListBlock)]
    assert bullets.levels == (0, 1, 1, 0, 2, 0)
    notes = [block.page for block in blocks if block.role is Role.SPEAKER_NOTES]
    assert notes == [1, 3]
    assert [b.chart_type for b in blocks if isinstance(b, Chart)] == ["column", "pie"]
    pictures = [block for block in blocks if isinstance(block, Image | Chart | Diagram)]
    assert len(pictures) == 4
    assert all(picture.image_b64 for picture in pictures)


@pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")
def test_the_scan_is_read(made):
    scans = [sample for sample in made if sample.needs == "ocr"]
    assert len(scans) == 2
    for sample in scans:
        document = parse(Source.from_path(sample.path), ParseOptions())
        result = agreement(sample, document)
        assert result.error_rate <= 0.01, (sample.path.name, result.missing, result.wrong)
        right, total = result.cells
        # A lone 1 between two rules is taken for a third rule now and then.
        assert right >= 19, (sample.path.name, result.missing, result.wrong)
        assert total == 20
        texts = {block.text_source for block in document.blocks if found(block).text}
        assert texts == {TextSource.INFERRED}
