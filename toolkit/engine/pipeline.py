"""The engine as one sentence: bytes become a document."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
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
from toolkit.engine.crew import Job, Tell, together
from toolkit.engine.figures import MOST_BYTES
from toolkit.engine.links import linked
from toolkit.engine.opened import PageReader, Read, opened
from toolkit.engine.options import ParseOptions, page_numbers
from toolkit.engine.pages import ReadPage
from toolkit.engine.running import running_lines
from toolkit.engine.sections import with_sections
from toolkit.engine.source import IMAGES, PPT, PPTX, Source
from toolkit.engine.table_pages import with_continued
from toolkit.engine.trust import Faith, faithfulness, page_faith
from toolkit.engine.version import MODEL
from toolkit.errors import (
    DamagedFile,
    FramesLeftOut,
    OcrUnavailable,
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
    processes: int = 1,
) -> Document:
    """*source* as a document of typed blocks, in reading order.

    *report* hears of each page before it is begun; *cut_pages* are left out and listed with the
    (code, message) given. A page that fails is listed too; only where none could be read is its
    error raised. Pages of a long file may be read by so many *processes*, this one counted; the
    document is the same. Raises PasswordProtected, DamagedFile, TooManyPages, InvalidOption.
    """
    if source.media_type in (PPT, PPTX):
        # Loaded only where it is needed: python-pptx and lxml.
        from toolkit.engine.slides import parse_slides

        source = _slides(source, limits)
        heard = report or _unheard
        return parse_slides(source, options, limits=limits, report=heard, cut_pages=cut_pages)
    started = time.monotonic()
    reading = opened(source, options)
    wanted = _wanted(reading.page_count, options, limits)
    failures = [
        PageFailure(page=n, code=cut_pages[n][0], message=cut_pages[n][1])
        for n in sorted(set(cut_pages).intersection(wanted))
    ]
    run = _Run(PageReader(reading, options, limits), report or _unheard, failures)
    # With a page to be left out, the others are read one by one: another may do harm, too.
    batch = int(getattr(reading, "batch", 1))
    job = Job(source, options, limits, wanted, 1 if cut_pages else processes, batch)
    pages = list(run.pages(job, cut_pages))
    if pages and getattr(reading, "is_animated", False):
        run.fail(1, FramesLeftOut("only the first picture of the animation was read"))
    if not pages:
        raise _nothing_of(failures)
    return _document(source, run, pages, started)


def _slides(source: Source, limits: Limits) -> Source:
    """*source* as a PPTX, which an old file is made first."""
    if source.media_type == PPTX:
        return source
    from toolkit.engine.readers.ppt import LONGEST, as_pptx

    return as_pptx(source, LONGEST * limits.deadline)


def _nothing_of(failures: list[PageFailure]) -> ToolkitError:
    first = min(failures, key=lambda failure: failure.page)
    # A file none of whose pages can be read is damaged as a whole.
    code = DamagedFile.code if first.code == PageUnreadable.code else first.code
    return error_of(code, f"no page could be read; {first.message}")


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

    reader: PageReader
    report: Report
    failures: list[PageFailure]
    room: int = MOST_BYTES

    def pages(self, job: Job, cut: Container[int]) -> Iterator[ReadPage]:
        """The pages that can be read; the others are added to the failures."""
        tell = self._teller(len(job.wanted))
        tell(0, 0, Stage.PARSING)
        reads = (
            together(job, self._read, tell)
            if job.processes > 1
            else self._one_by_one(job.wanted, cut, tell)
        )
        for number, read in reads:
            if not isinstance(read, ReadPage):
                self.fail(number, read)
                continue
            for fault in read.faults:
                self.fail(number, fault)
            yield self._within_room(read)

    def _one_by_one(
        self, wanted: tuple[int, ...], cut: Container[int], tell: Tell
    ) -> Iterator[tuple[int, Read]]:
        for at, number in enumerate(wanted):
            if number in cut:
                continue
            tell(number, at, Stage.PARSING)
            ahead = tuple(n for n in wanted[at + 1 : at + 16] if n not in cut)
            yield (
                number,
                self._read(number, () if cut else ahead, partial(tell, number, at, Stage.OCR)),
            )

    def _teller(self, pages: int) -> Tell:
        """Reports the page, how many were done before, and what is done with it."""

        def tell(page: int, done: int, stage: Stage) -> None:
            percent = 100.0 * done / max(1, pages)
            self.report(Progress(percent=percent, stage=stage, page=page, pages=pages))

        return tell

    def _read(self, number: int, ahead: tuple[int, ...], recognising: Callable[[], None]) -> Read:
        return self.reader.read(number, ahead, recognising, MOST_BYTES if self.room > 0 else 0)

    def _within_room(self, page: ReadPage) -> ReadPage:
        """*page* with as many of its images as the document has room for, the first ones first."""
        drafts = []
        for draft in page.drafts:
            size = len(draft.image_b64 or "")
            fits = size <= self.room
            drafts.append(draft if fits else replace(draft, image_b64=None))
            self.room -= size if fits else 0
        return replace(page, drafts=drafts)

    def fail(self, page: int, error: ToolkitError) -> None:
        """List *error* as what is missing of *page*."""
        self.failures.append(PageFailure(page=page, code=error.code, message=str(error)))


def _written(run: _Run, pages: list[ReadPage]) -> tuple[list[Page], list[Faith]]:
    """*pages* in blocks, now that all are known; and how faithful each is."""
    running = running_lines([(page.number, page.size[1], page.drafts) for page in pages])
    taken: set[str] = set()
    made: list[Page] = []
    faiths: list[Faith] = []
    for page, drafts in zip(pages, with_sections(running), strict=True):
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
    going_on = with_continued([(page.page, page.blocks) for page in made])
    made = [Page(page=page.page, blocks=b) for page, b in zip(made, going_on, strict=True)]
    if run.reader.options.profile == "advanced":
        with_links = linked([page.blocks for page in made])
        made = [
            Page(page=page.page, blocks=blocks)
            for page, blocks in zip(made, with_links, strict=True)
        ]
    return made, faiths


def _document(source: Source, run: _Run, pages: list[ReadPage], started: float) -> Document:
    made, faiths = _written(run, pages)
    failures = tuple(sorted(run.failures, key=lambda failure: (failure.page, failure.code)))
    unread = any(failure.code == OcrUnavailable.code for failure in failures)
    reading = run.reader.reading
    count = reading.page_count
    sizes = {page.number: page.inches for page in pages}
    return Document(
        source=DocumentSource(
            kind=SourceKind.IMAGE if source.media_type in IMAGES else SourceKind.PDF,
            filename=source.filename,
            file_hash=f"sha256:{source.sha256}",
            page_count=count,
            page_sizes=tuple(sizes.get(n) or reading.inches(n) for n in range(1, count + 1)),
        ),
        extraction=Extraction(
            model=MODEL,
            profile=run.reader.options.profile,
            duration_ms=round((time.monotonic() - started) * 1000),
            faithfulness_score=faithfulness(faiths, unread=unread),
            per_page_failures=failures,
        ),
        pages=tuple(made),
    )
