"""The engine as one sentence: bytes become a document."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace

from toolkit.document.document import (
    Document,
    Extraction,
    Page,
    PageFailure,
    SourceKind,
)
from toolkit.document.document import Source as DocumentSource
from toolkit.engine.blocks import blocks_of
from toolkit.engine.callouts import with_callouts
from toolkit.engine.charts import VectorChart, find_charts
from toolkit.engine.clock import page_clock
from toolkit.engine.drafts import Draft
from toolkit.engine.figures import MOST_BYTES, figure_drafts, unread_images
from toolkit.engine.headings import heading_evidence
from toolkit.engine.marks import Sheet
from toolkit.engine.options import ParseOptions, page_numbers
from toolkit.engine.readers.pdf import PdfReading, read
from toolkit.engine.regions import find_rows, page_stats, regions_of
from toolkit.engine.roles import drafts_of, running_lines, with_levels
from toolkit.engine.source import PPTX, Source
from toolkit.engine.tables import find_grids
from toolkit.engine.trust import Faith, faithfulness, page_faith, shown_text, unfaithful
from toolkit.engine.turned import box_turned_back, turned_back, turned_upright, usual_angle
from toolkit.engine.version import MODEL
from toolkit.engine.words import Line, find_lines
from toolkit.errors import (
    DamagedFile,
    OcrUnavailable,
    PageTimeout,
    PageUnreadable,
    TextLayerUnfaithful,
    ToolkitError,
    TooManyPages,
    error_of,
)
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits

__all__ = ["parse", "text_drafts", "with_figures"]

Report = Callable[[Progress], None]

# From here on a page's text layer is called unfaithful: a bullet of private use here and there is
# usual (the labelled pages have up to 3 % of such characters), a tenth is a broken encoding.
_LOST_SHARE = 0.1
_FEWEST_LOST = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A page that was read: what is kept of it until all pages are."""

    number: int
    size: tuple[float, float]
    drafts: list[Draft]
    text: str
    """The page's source text."""
    shown: str
    """The same, without what cannot be seen on the page."""
    readings: tuple[str, ...]


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
    if options.ocr == "force":
        raise OcrUnavailable("ocr=force: no OCR is installed; ocr=auto reads the text layer")
    reading = read(source, options)
    wanted = _wanted(reading.page_count, options, limits)
    failures = [
        PageFailure(page=n, code=code, message=message)
        for n, (code, message) in sorted(cut_pages.items())
        if n in wanted
    ]
    run = _Run(reading, options, limits, report or _unheard, failures)
    pages = list(run.pages(wanted, cut_pages))
    if not pages:
        first = min(failures, key=lambda failure: failure.page)
        # A file none of whose pages can be read is damaged as a whole.
        code = DamagedFile.code if first.code == PageUnreadable.code else first.code
        raise error_of(code, f"no page could be read; {first.message}")
    return _document(source, run, pages, started)


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

    reading: PdfReading
    options: ParseOptions
    limits: Limits
    report: Report
    failures: list[PageFailure]
    room: int = MOST_BYTES

    def pages(self, wanted: tuple[int, ...], cut: Container[int]) -> Iterator[_Read]:
        """The pages that can be read; the others are added to the failures."""
        self._tell(0, 0, len(wanted))
        for at, number in enumerate(wanted):
            if number in cut:
                continue
            self._tell(number, at, len(wanted))
            ahead = tuple(n for n in wanted[at + 1 : at + 16] if n not in cut)
            try:
                yield self._page(number, () if cut else ahead)
            except (PageUnreadable, PageTimeout) as exc:
                self._fail(number, exc)

    def _tell(self, page: int, done: int, pages: int) -> None:
        percent = 100.0 * done / max(1, pages)
        self.report(Progress(percent=percent, stage=Stage.PARSING, page=page, pages=pages))

    def _fail(self, page: int, error: ToolkitError) -> None:
        self.failures.append(PageFailure(page=page, code=error.code, message=str(error)))

    def _page(self, number: int, ahead: tuple[int, ...]) -> _Read:
        with page_clock(number, self.limits.page_seconds) as clock:
            sheet = self.reading.sheet(number, ahead)
            clock.check()
            lines = find_lines(sheet.glyphs)
            clock.check()
            drafts, charts = _drafts_as_they_stand(sheet, lines)
            clock.check()
            picture = self.reading.picture if self.options.preserve_images else None
            figures = figure_drafts(sheet, picture, self.room, charts)
        self.room -= sum(len(figure.image_b64 or "") for figure in figures)
        self._say_unfaithful(sheet)
        if self.options.ocr == "auto":
            self._say_unread(sheet, lines)
        size = (sheet.width, sheet.height)
        text, shown = sheet.glyphs.text, shown_text(sheet.glyphs)
        return _Read(number, size, with_figures(drafts, figures), text, shown, sheet.readings)

    def _say_unfaithful(self, sheet: Sheet) -> None:
        # Where one reader leaves out what stands for nothing, another still shows it.
        for text in (sheet.glyphs.text, *sheet.readings):
            found, every = unfaithful(text), len("".join(text.split()))
            if found >= max(_FEWEST_LOST, _LOST_SHARE * every):
                what = f"{found} of {every} characters of its text layer stand for no letter"
                self._fail(sheet.number, TextLayerUnfaithful(what))
                return

    def _say_unread(self, sheet: Sheet, lines: list[Line]) -> None:
        unread = unread_images(sheet, lines)
        if not lines and sheet.painted:
            self._fail(
                sheet.number, OcrUnavailable("the page has no text layer, and no OCR is installed")
            )
        elif unread:
            what = "1 image was" if unread == 1 else f"{unread} images were"
            self._fail(sheet.number, OcrUnavailable(f"{what} not read, since no OCR is installed"))


def _drafts_as_they_stand(sheet: Sheet, lines: list[Line]) -> tuple[list[Draft], list[VectorChart]]:
    """The drafts of a page; one whose text stands on its side is turned for the reading of it."""
    angle = usual_angle(sheet)
    if angle == 0:
        return text_drafts(sheet, lines)
    upright = turned_upright(sheet, angle)
    drafts, charts = text_drafts(upright, find_lines(upright.glyphs))
    placed = [replace(c, box=box_turned_back(c.box, angle, upright)) for c in charts]
    return turned_back(drafts, angle, upright), placed


def text_drafts(sheet: Sheet, lines: list[Line]) -> tuple[list[Draft], list[VectorChart]]:
    """The text and the tables of a page as drafts, in reading order; and its vector charts."""
    grids, rest = find_grids(sheet, lines)
    charts, rest = find_charts(sheet, grids, rest)
    found = find_rows(rest, grids, sheet)
    stats = page_stats(found)
    evidence = heading_evidence(found, stats, sheet)
    drafts = drafts_of(regions_of(found, evidence, sheet, stats), sheet, stats)
    return with_callouts(drafts, sheet), charts


def with_figures(drafts: list[Draft], figures: list[Draft]) -> list[Draft]:
    """*drafts* with each figure before the first that begins below its top in its column."""
    out = list(drafts)
    for figure in figures:
        at = next(
            (
                i
                for i, draft in enumerate(out)
                if draft.box.top >= figure.box.top
                and draft.box.left < figure.box.right
                and draft.box.right > figure.box.left
            ),
            len(out),
        )
        out.insert(at, figure)
    return out


def _document(source: Source, run: _Run, pages: list[_Read], started: float) -> Document:
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
        faiths.append(page_faith(blocks, page.shown))
        made.append(Page(page=page.number, blocks=blocks))
    failures = tuple(sorted(run.failures, key=lambda failure: (failure.page, failure.code)))
    unread = any(failure.code == OcrUnavailable.code for failure in failures)
    count = run.reading.page_count
    return Document(
        source=DocumentSource(
            kind=SourceKind.PDF,
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
