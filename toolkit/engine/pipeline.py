"""The engine as one sentence: bytes become a document."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from toolkit.document.document import (
    Document,
    Extraction,
    Page,
    PageFailure,
    SourceKind,
)
from toolkit.document.document import Source as DocumentSource
from toolkit.engine.blocks import blocks_of
from toolkit.engine.clock import page_clock
from toolkit.engine.figures import MOST_BYTES
from toolkit.engine.ocr.presence import INSTALL, available
from toolkit.engine.options import ParseOptions, page_numbers
from toolkit.engine.pages import PageTask, Reading, ReadPage, read_page
from toolkit.engine.roles import running_lines, with_levels
from toolkit.engine.source import IMAGES, PPTX, Source
from toolkit.engine.trust import Faith, faithfulness, page_faith
from toolkit.engine.version import MODEL
from toolkit.errors import (
    DamagedFile,
    FramesLeftOut,
    ImageTooLarge,
    OcrUnavailable,
    PageTimeout,
    PageUnreadable,
    ToolkitError,
    TooManyPages,
    error_of,
)
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits

__all__ = ["parse"]

Report = Callable[[Progress], None]


def parse(
    source: Source,
    options: ParseOptions,
    *,
    limits: Limits = Limits(),  # noqa: B008  # frozen
    report: Report | None = None,
    cut_pages: Mapping[int, tuple[str, str]] = {},
) -> Document:
    """*source* as a document of typed blocks, in reading order.

    *report* hears of each page before it is begun; *cut_pages* are left out and listed with the
    (code, message) given. A page that fails is listed too; only where none could be read is its
    error raised. Raises PasswordProtected, DamagedFile, TooManyPages, InvalidOption.
    """
    if source.media_type == PPTX:
        # Loaded only where it is needed: python-pptx and lxml.
        from toolkit.engine.slides import parse_slides

        return parse_slides(
            source, options, limits=limits, report=report or _unheard, cut_pages=cut_pages
        )
    started = time.monotonic()
    reading = _opened(source, options)
    wanted = _wanted(reading.page_count, options, limits)
    failures = [
        PageFailure(page=n, code=code, message=message)
        for n, (code, message) in sorted(cut_pages.items())
        if n in wanted
    ]
    run = _Run(reading, options, limits, report or _unheard, failures)
    pages = list(run.pages(wanted, cut_pages))
    if pages and getattr(reading, "is_animated", False):
        run.fail(1, FramesLeftOut("only the first picture of the animation was read"))
    if not pages:
        first = min(failures, key=lambda failure: failure.page)
        # A file none of whose pages can be read is damaged as a whole.
        code = DamagedFile.code if first.code == PageUnreadable.code else first.code
        raise error_of(code, f"no page could be read; {first.message}")
    return _document(source, run, pages, started)


def _opened(source: Source, options: ParseOptions) -> Reading:
    if options.ocr == "force" and not available():
        raise OcrUnavailable(f"ocr=force needs an OCR, and none is installed: {INSTALL}")
    # Each reader is loaded only where it is needed.
    if source.media_type in IMAGES:
        from toolkit.engine.readers import image

        return image.read(source, options)
    from toolkit.engine.readers import pdf

    return pdf.read(source, options)


def _unheard(_progress: Progress) -> None:
    pass


def _wanted(count: int, options: ParseOptions, limits: Limits) -> tuple[int, ...]:
    wanted = page_numbers(options.pages, count)
    if len(wanted) > limits.max_pages:
        raise TooManyPages(
            f"{len(wanted)} pages, and at most {limits.max_pages} are allowed; "
            f'the option pages narrows it, such as pages="1-{limits.max_pages}"'
        )
    return tuple(wanted)


@dataclass(slots=True, eq=False)
class _Run:
    """One parse while it lasts."""

    reading: Reading
    options: ParseOptions
    limits: Limits
    report: Report
    failures: list[PageFailure]
    room: int = MOST_BYTES

    def pages(self, wanted: tuple[int, ...], cut: Container[int]) -> Iterator[ReadPage]:
        """The pages that can be read; the others are added to the failures."""
        tell = self._teller(len(wanted))
        tell(0, 0, Stage.PARSING)
        for at, number in enumerate(wanted):
            if number in cut:
                continue
            tell(number, at, Stage.PARSING)
            ahead = tuple(n for n in wanted[at + 1 : at + 16] if n not in cut)
            try:
                yield self._page(number, () if cut else ahead, partial(tell, number, at))
            except (PageUnreadable, PageTimeout, ImageTooLarge) as exc:
                self.fail(number, exc)

    def _teller(self, pages: int) -> Callable[[int, int, Stage], None]:
        """Reports the page, how many were done before, and what is done with it."""

        def tell(page: int, done: int, stage: Stage) -> None:
            percent = 100.0 * done / max(1, pages)
            self.report(Progress(percent=percent, stage=stage, page=page, pages=pages))

        return tell

    def _page(self, number: int, ahead: tuple[int, ...], tell: Callable[[Stage], None]) -> ReadPage:
        with page_clock(number, self.limits.page_seconds) as clock:
            task = PageTask(
                number=number,
                ahead=ahead,
                options=self.options,
                clock=clock,
                room=self.room,
                recognising=lambda: tell(Stage.OCR),
            )
            page = read_page(self.reading, task)
        self.room -= sum(len(draft.image_b64 or "") for draft in page.drafts)
        for fault in page.faults:
            self.fail(number, fault)
        return page

    def fail(self, page: int, error: ToolkitError) -> None:
        """List *error* as what is missing of *page*."""
        self.failures.append(PageFailure(page=page, code=error.code, message=str(error)))


def _document(source: Source, run: _Run, pages: list[ReadPage], started: float) -> Document:
    running = running_lines([(page.size[1], page.drafts) for page in pages])
    taken: set[str] = set()
    made: list[Page] = []
    faiths: list[Faith] = []
    for page, drafts in zip(pages, with_levels(running), strict=True):
        blocks = blocks_of(
            drafts,
            page=page.number,
            size=page.size,
            source_text=page.text,
            readings=page.readings,
            taken=taken,
        )
        faiths += [page_faith(blocks, page.shown), page.faith]
        made.append(Page(page=page.number, blocks=blocks))
    failures = tuple(sorted(run.failures, key=lambda failure: (failure.page, failure.code)))
    unread = any(failure.code == OcrUnavailable.code for failure in failures)
    count = run.reading.page_count
    return Document(
        source=DocumentSource(
            kind=SourceKind.IMAGE if source.media_type in IMAGES else SourceKind.PDF,
            filename=source.filename,
            file_hash=f"sha256:{source.sha256}",
            page_count=count,
            page_sizes=tuple(run.reading.inches(number) for number in range(1, count + 1)),
        ),
        extraction=Extraction(
            model=MODEL,
            profile=run.options.profile,
            duration_ms=round((time.monotonic() - started) * 1000),
            faithfulness_score=faithfulness(faiths, unread=unread),
            per_page_failures=failures,
        ),
        pages=tuple(made),
    )
