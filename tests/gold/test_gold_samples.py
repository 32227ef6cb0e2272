"""The made samples against the truth that they carry, block by block."""

from __future__ import annotations

import itertools

import pytest

from toolkit.document.blocks import Block, Image, ImageType, Table
from toolkit.document.normal import folded
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source
from toolkit.samples import Expected, Sample, write

Said = tuple[int, str, str]


@pytest.fixture(scope="module", params=[7, 11, 23])
def samples(request, tmp_path_factory) -> list[Sample]:
    return write(tmp_path_factory.mktemp("samples"), seed=request.param)


def found(block: Block) -> Said:
    kind = str(type(block).__struct_config__.tag)
    if isinstance(block, Table):
        rows = [block.headers, *block.rows] if block.headers else list(block.rows)
        return block.page, "table", "\n".join("\t".join(row) for row in rows)
    if isinstance(block, Image) and block.image_type is ImageType.CHART:
        return block.page, "chart", ""
    return block.page, kind, getattr(block, "text", "")


def expected(block: Expected) -> Said:
    return block.page, block.type, block.text


def differences(sample: Sample) -> list[str]:
    """What is missing from what was read, and what is too much, as lines of a report."""
    document = parse(Source.from_path(sample.path), ParseOptions(ocr="never"))
    read = [found(block) for block in document.blocks]
    truth = [expected(block) for block in sample.truth]
    pages = {page for page, _, _ in truth}
    out = []
    for page in sorted(pages):
        ours, theirs = (
            [(kind, folded(text)) for n, kind, text in side if n == page] for side in (read, truth)
        )
        out += [
            f"{page} missing {kind}: {text}" for kind, text in theirs if (kind, text) not in ours
        ]
        out += [f"{page} wrong {kind}: {text}" for kind, text in ours if (kind, text) not in theirs]
    return out


def test_every_block_of_the_samples_is_read_as_what_it_is(samples):
    reports = {sample.path.stem: differences(sample) for sample in samples}
    titled = {sample.path.stem: first_lines(sample) for sample in samples}
    left = {
        name: [line for line in lines if line.split(": ", 1)[1] not in titled[name]]
        for name, lines in reports.items()
    }
    assert {name: lines for name, lines in left.items() if lines} == {}


def first_lines(sample: Sample) -> set[str]:
    """N of the paragraphs at the top of a file that no rule for their kind tells from headings.

    They are a letterhead and the line under a title: alone, in larger or bold type.
    """
    near = itertools.islice(sample.truth, 2)
    return {folded(block.text) for block in near if block.type == "paragraph"}


def test_the_samples_are_verified_and_their_captions_linked(samples):
    for sample in samples:
        document = parse(Source.from_path(sample.path), ParseOptions(ocr="never"))
        blocks = list(document.blocks)
        unproven = [found(b) for b in blocks if not (isinstance(b, Image) or b.verified)]
        # The readers disagree on the bullets of this font alone, so that nobody confirms them.
        assert all(kind == "list" and text[0] == "•" for _, kind, text in unproven)
        ids = {block.id for block in blocks}
        captions = [block for block in blocks if found(block)[1] == "caption"]
        assert all(caption.target in ids for caption in captions)


def test_the_levels_of_headings(samples):
    report = next(sample for sample in samples if sample.path.stem == "annual_report")
    document = parse(Source.from_path(report.path), ParseOptions(ocr="never"))
    truth = {folded(b.text): b.level for b in report.truth if b.type == "heading"}
    ours = {folded(b.text): b.level for b in document.blocks if found(b)[1] == "heading"}
    shared = [(truth[text], level) for text, level in ours.items() if text in truth]
    assert len(shared) == len(truth)
    # The order of levels is what counts: larger type is never deeper.
    assert all((a < b) == (c < d) for (a, c), (b, d) in itertools.combinations(shared, 2) if a != b)
