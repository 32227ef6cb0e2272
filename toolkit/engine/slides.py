"""The engine's way for slides: native shapes become a document, without any guess at glyphs."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from rapidfuzz.distance import LCSseq

from toolkit.document.blocks import Block, Image, Table
from toolkit.document.document import Document, Extraction, Page, PageFailure, SourceKind
from toolkit.document.document import Source as DocumentSource
from toolkit.document.normal import folded, quoted
from toolkit.document.text import text_of
from toolkit.engine.clock import FOR_PICTURES, PageClock, page_clock
from toolkit.engine.figures import MOST_BYTES, SMALLEST_SHARE
from toolkit.engine.ocr.presence import INSTALL, available
from toolkit.engine.options import ParseOptions, page_numbers
from toolkit.engine.readers.pptx import PptxReading, read
from toolkit.engine.slides_blocks import leaves, slide_blocks
from toolkit.engine.slides_marks import SlideMarks
from toolkit.engine.slides_pictures import with_pictures
from toolkit.engine.slides_reading import pictures_read
from toolkit.engine.source import Source
from toolkit.engine.trust import Faith, faithfulness
from toolkit.engine.version import MODEL
from toolkit.errors import (
    DamagedFile,
    OcrUnavailable,
    PageTimeout,
    PageUnreadable,
    TooManyPages,
    error_of,
)
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits

__all__ = ["parse_slides", "source_texts"]

_MOST_FAULTS = 20


def parse_slides(
    source: Source,
    options: ParseOptions,
    *,
    limits: Limits,
    report: Callable[[Progress], None],
    cut_pages: Mapping[int, tuple[str, str]],
) -> Document:
    """*source*, a PowerPoint file, as a document; a slide is a page.

    Raises as ``pipeline.parse`` does.
    """
    started = time.monotonic()
    reading = read(source, options, MOST_BYTES)
    wanted = _wanted(reading.page_count, options, limits)
    failures = [
        PageFailure(page=number, code=code, message=message)
        for number, (code, message) in sorted(cut_pages.items())
        if number in wanted
    ]
    run = _Run(reading, options, limits, report, failures)
    pages = list(run.pages(wanted, cut_pages))
    if not pages:
        first = min(failures, key=lambda failure: failure.page)
        code = DamagedFile.code if first.code == PageUnreadable.code else first.code
        raise error_of(code, f"no slide could be read; {first.message}")
    return Document(
        source=DocumentSource(
            kind=SourceKind.PPTX,
            filename=source.filename,
            file_hash=f"sha256:{source.sha256}",
            page_count=reading.page_count,
            page_sizes=(reading.inches(),) * reading.page_count,
        ),
        extraction=run.extraction(started),
        pages=tuple(pages),
    )


def _wanted(count: int, options: ParseOptions, limits: Limits) -> tuple[int, ...]:
    wanted = tuple(page_numbers(options.pages, count))
    if len(wanted) > limits.max_pages:
        raise TooManyPages(
            f"{len(wanted)} slides, and at most {limits.max_pages} are allowed; "
            f'the option pages narrows it, such as pages="1-{limits.max_pages}"'
        )
    return wanted


@dataclass(slots=True, eq=False)
class _Run:
    """One parse while it lasts."""

    reading: PptxReading
    options: ParseOptions
    limits: Limits
    report: Callable[[Progress], None]
    failures: list[PageFailure]
    done: int = 0
    of: int = 0
    taken: set[str] = field(default_factory=set)
    faiths: list[Faith] = field(default_factory=list)

    def pages(self, wanted: Sequence[int], cut: Container[int]) -> Iterator[Page]:
        """The slides that can be read; the others are added to the failures."""
        self.of = len(wanted)
        self.tell(0, Stage.PARSING)
        for at, number in enumerate(wanted):
            if number in cut:
                continue
            self.done = at
            self.tell(number, Stage.PARSING)
            try:
                with page_clock(number, self.limits.page_seconds) as clock:
                    slide = self.reading.slide(number, clock.check)
                    blocks = slide_blocks(slide, self.taken)
                    faith = _faith(blocks, slide.script.text)
                    clock.check()
                    if self.options.ocr != "never":
                        blocks = self._with_text(slide, blocks, clock.within(FOR_PICTURES))
            except (PageUnreadable, PageTimeout) as exc:
                self._fail(number, exc.code, str(exc))
                continue
            self.faiths.append(faith)
            if self.options.preserve_images:
                # Outside the clock: how a slide looks is not worth losing what it says.
                blocks = with_pictures(blocks, self.reading.content, number, self.reading.take)
            for fault in slide.faults[:_MOST_FAULTS]:
                self._fail(number, PageUnreadable.code, f"slide {number}: {fault}")
            yield Page(page=number, blocks=blocks, hidden=slide.hidden)

    def extraction(self, started: float) -> Extraction:
        """How it went, from the moment *started* on."""
        failures = tuple(sorted(self.failures, key=lambda failure: (failure.page, failure.code)))
        unread = any(failure.code == OcrUnavailable.code for failure in failures)
        return Extraction(
            model=MODEL,
            profile=self.options.profile,
            duration_ms=round((time.monotonic() - started) * 1000),
            faithfulness_score=faithfulness(self.faiths, unread=unread),
            per_page_failures=failures,
        )

    def tell(self, page: int, stage: Stage) -> None:
        """Report that slide *page* is being read, or recognised."""
        self.report(
            Progress(
                percent=100.0 * self.done / max(1, self.of), stage=stage, page=page, pages=self.of
            )
        )

    def _fail(self, page: int, code: str, message: str) -> None:
        self.failures.append(PageFailure(page=page, code=code, message=message))

    def _with_text(
        self, slide: SlideMarks, blocks: tuple[Block, ...], clock: PageClock
    ) -> tuple[Block, ...]:
        """*blocks* with what stands on their pictures; what stays unread is said."""
        least = SMALLEST_SHARE * slide.size[0] * slide.size[1]
        count = sum(shape.picture and shape.box.area >= least for shape in leaves(slide.shapes))
        if count and available():
            clock.recognising()
            self.tell(slide.number, Stage.OCR)
            said = pictures_read(blocks, slide.size, languages=self.options.languages, clock=clock)
            for fault in said.faults:
                self._fail(slide.number, fault.code, str(fault))
            blocks = tuple(said.blocks)
        elif count:
            what = "1 picture was" if count == 1 else f"{count} pictures were"
            message = f"{what} not read, since no OCR is installed: {INSTALL}"
            self._fail(slide.number, OcrUnavailable.code, message)
        if self.options.preserve_images:
            return blocks
        return tuple(
            msgspec.structs.replace(block, image_b64=None) if isinstance(block, Image) else block
            for block in blocks
        )


def _faith(blocks: Iterable[Block], source_text: str) -> Faith:
    """How much of the slide's own text came out, and how much of the output is the slide's.

    Shapes are stacked in the file in any order, so that each block is held against what it quotes,
    and what no block quotes counts as missing.
    """
    own, theirs = [], []
    taken = bytearray(len(source_text))
    for text, spans in _quotations(blocks):
        own.append(text)
        fresh = [(a, b) for a, b in spans if not any(taken[a:b])]
        theirs.append(quoted(source_text, fresh))
        for start, end in fresh:
            taken[start:end] = b"\1" * (end - start)
    theirs.append(
        "".join(c for c, quoted_once in zip(source_text, taken, strict=True) if not quoted_once)
    )
    written, native = folded("".join(own)), folded("".join(theirs))
    longest = max(len(written), len(native))
    return (longest if written == native else LCSseq.similarity(written, native)), longest


def _quotations(blocks: Iterable[Block]) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    for block in blocks:
        if isinstance(block, Table):
            yield from ((cell.text, cell.source_spans) for cell in block.cells)
        else:
            yield text_of(block), block.source_spans


def source_texts(source: Source, options: ParseOptions | None = None) -> Iterator[tuple[int, str]]:
    """(number, source text) of every slide that can be read: what the spans are positions in."""
    reading = read(source, options or ParseOptions())
    for number in range(1, reading.page_count + 1):
        try:
            yield number, reading.slide(number, lambda: None).script.text
        except PageUnreadable:
            continue
