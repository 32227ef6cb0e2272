"""One page of any file: read from its text layer, or recognised from its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from toolkit.engine.advanced import checked, doubted
from toolkit.engine.charts import VectorChart
from toolkit.engine.clock import FOR_PICTURES, PageClock
from toolkit.engine.drafts import Draft
from toolkit.engine.figures import figure_drafts, unread_images
from toolkit.engine.layout import drafts_as_they_stand, with_figures
from toolkit.engine.marks import Sheet
from toolkit.engine.ocr.presence import INSTALL, available
from toolkit.engine.options import ParseOptions
from toolkit.engine.remarks import remark_drafts, with_remarks, without_recognised
from toolkit.engine.scans import scanned
from toolkit.engine.scans_layout import written
from toolkit.engine.scans_pictures import PicturesRead, read_pictures
from toolkit.engine.scans_unread import outlined_text
from toolkit.engine.trust import Faith, shown_text, unfaithful
from toolkit.engine.words import Line, find_lines
from toolkit.errors import (
    OcrError,
    OcrScriptUnsupported,
    OcrUnavailable,
    TextLayerUnfaithful,
    ToolkitError,
)

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PageTask", "ReadPage", "Reading", "read_page"]

# From here on a page's text layer is called unfaithful: a bullet of private use here and there is
# usual (the labelled pages have up to 3 % of such characters), a tenth is a broken encoding.
_LOST_SHARE = 0.1
_FEWEST_LOST = 4
# Measured: at 200 dpi the recognition is no better by more than it costs.
_DOTS_PER_INCH = 150.0


class Reading(Protocol):
    """An opened file of pages, which count from 1."""

    page_count: int

    def inches(self, number: int) -> tuple[float, float]:
        """Page *number*'s width and height in inches."""

    def sheet(self, number: int, ahead: tuple[int, ...] = ()) -> Sheet:
        """Page *number* with all its marks. Raises PageUnreadable."""

    def picture(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """Page *number* as an image; None where it cannot be rendered."""

    def picture_without_text(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """The same, but without its text."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageTask:
    """A page to be read: its number, those that come next, and what it may take."""

    number: int
    ahead: tuple[int, ...]
    options: ParseOptions
    clock: PageClock
    room: int
    """Bytes of images that the document may still take."""
    recognising: Callable[[], None]
    """Called before text is recognised, which takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadPage:
    """A page that was read: what is kept of it until all pages are."""

    number: int
    size: tuple[float, float]
    drafts: list[Draft]
    text: str = ""
    """The page's source text; recognised text is none."""
    shown: str = ""
    """The same, without what cannot be seen on the page."""
    readings: tuple[str, ...] = ()
    faith: Faith = (0, 0)
    """Of what was recognised: characters that are right as far as is known, and characters."""
    faults: tuple[ToolkitError, ...] = ()
    inches: tuple[float, float] | None = None
    """Its width and height, as the reader says them."""


def read_page(reading: Reading, task: PageTask) -> ReadPage:
    """The page of *reading* that *task* names. Raises PageUnreadable, PageTimeout."""
    sheet = reading.sheet(task.number, task.ahead)
    task.clock.check()
    lines = find_lines(sheet.glyphs)
    task.clock.check()
    broken = _unfaithful(sheet)
    faults: list[ToolkitError] = [broken] if broken else []
    if _is_for_ocr(sheet, lines, task.options, is_broken=broken is not None):
        if available():
            page = _recognised(reading, sheet, task, faults)
            if page is not None:
                return page
        elif not lines:
            what = f"the page has no text layer, and no OCR is installed: {INSTALL}"
            faults.append(OcrUnavailable(what))
    if lines and task.options.profile == "advanced":
        return _borne_out(reading, sheet, lines, task, faults)
    return _native(reading, sheet, lines, task, faults)


def _borne_out(
    reading: Reading,
    sheet: Sheet,
    lines: list[Line],
    task: PageTask,
    faults: list[ToolkitError],
) -> ReadPage:
    """The page as its text layer has it, where its pixels do not show another text."""
    if available() and task.options.ocr != "never":
        task.clock.recognising()
        task.recognising()
    check = checked(reading, sheet, lines, task.options, task.clock)
    faults += check.faults
    everything = check.doubted
    if check.unfaithful is not None:
        faults.append(check.unfaithful)
        page = _recognised(reading, sheet, task, faults)
        if page is not None:
            return page
        everything = np.ones_like(check.doubted)
    page = _native(reading, sheet, lines, task, faults)
    return replace(page, drafts=doubted(page.drafts, everything))


def _unfaithful(sheet: Sheet) -> TextLayerUnfaithful | None:
    # Where one reader leaves out what stands for nothing, another still shows it.
    for text in (sheet.glyphs.text, *sheet.readings):
        found, every = unfaithful(text), len("".join(text.split()))
        if found >= max(_FEWEST_LOST, _LOST_SHARE * every):
            what = f"{found} of {every} characters of its text layer stand for no letter"
            return TextLayerUnfaithful(what)
    return None


def _is_for_ocr(
    sheet: Sheet, lines: Sequence[Line], options: ParseOptions, *, is_broken: bool
) -> bool:
    """Whether a page is to be read from its picture rather than from its text layer."""
    if options.ocr != "auto":
        return options.ocr == "force"
    return is_broken or (not lines and (sheet.painted or len(sheet.drawn) > 0))


def _recognised(
    reading: Reading, sheet: Sheet, task: PageTask, faults: list[ToolkitError]
) -> ReadPage | None:
    """The page as its picture shows it; None where that says nothing, for which *faults* tell."""
    task.clock.recognising()
    task.recognising()
    image = reading.picture(task.number, _DOTS_PER_INCH)
    if image is None:
        faults.append(OcrError("the page cannot be rendered, so that nothing can be recognised"))
        return None
    dots = image.width * 72 / sheet.width
    try:
        scan = scanned(
            image,
            dots,
            languages=task.options.languages,
            check=task.clock.check,
            again=_is_read_twice(sheet, task.options),
        )
    except OcrError as exc:
        faults.append(exc)
        return None
    faults += _unsupported(scan.unsupported)
    said = written(scan)
    task.clock.check()
    if not said.drafts and not said.pictures:
        return None
    blank = replace(sheet, rasters=())
    picture = reading.picture if task.options.preserve_images else None
    figures = figure_drafts(blank, picture, task.room, said.pictures)
    return ReadPage(
        number=task.number,
        size=(sheet.width, sheet.height),
        drafts=with_remarks(
            with_figures(said.drafts, figures),
            without_recognised(remark_drafts(sheet), said.drafts),
        ),
        faith=said.faith,
        faults=tuple(faults),
    )


def _is_read_twice(sheet: Sheet, options: ParseOptions) -> bool:
    """Whether two recognisers read the page: one that has text of its own is never proven so."""
    return options.profile == "advanced" and not sheet.glyphs.text.strip()


def _unsupported(script: str | None) -> list[ToolkitError]:
    if script is None:
        return []
    return [OcrScriptUnsupported(f"it has {script} writing, which cannot be recognised; left out")]


def _native(
    reading: Reading,
    sheet: Sheet,
    lines: list[Line],
    task: PageTask,
    faults: list[ToolkitError],
) -> ReadPage:
    """The page as its text layer has it, with what its pictures say."""
    drafts, charts = drafts_as_they_stand(sheet, lines)
    task.clock.check()
    said = _of_pictures(reading, sheet, lines, task, charts)
    drafts, charts = with_figures(drafts, said.drafts), [*charts, *said.pictures]
    picture = reading.picture if task.options.preserve_images else None
    figures = figure_drafts(sheet, picture, task.room, charts, reading.picture)
    return ReadPage(
        number=task.number,
        size=(sheet.width, sheet.height),
        drafts=with_remarks(with_figures(drafts, figures), remark_drafts(sheet)),
        text=sheet.glyphs.text,
        shown=shown_text(sheet.glyphs),
        readings=sheet.readings,
        faith=said.faith,
        faults=(*faults, *said.faults, *_unsupported(said.unsupported)),
    )


def _of_pictures(
    reading: Reading,
    sheet: Sheet,
    lines: list[Line],
    task: PageTask,
    charts: Sequence[VectorChart],
) -> PicturesRead:
    """What the pictures on a page with a text layer say."""
    if not lines or task.options.ocr != "auto":
        return PicturesRead()
    unread = [
        box
        for box in unread_images(sheet, lines)
        if not any(chart.box.overlap(box) > 0.5 * box.area for chart in charts)
    ]
    drawn = [
        box
        for box in outlined_text(sheet, lines)
        if not any(other.overlap(box) > 0.5 * box.area for other in unread)
    ]
    count = len(unread) + len(drawn)
    if count and not available():
        what = "1 image was" if count == 1 else f"{count} images were"
        missing = OcrUnavailable(f"{what} not read, since no OCR is installed: {INSTALL}")
        return PicturesRead(faults=[missing])
    if not count:
        return PicturesRead()
    task.clock.recognising()
    task.recognising()
    image = reading.picture(task.number, _DOTS_PER_INCH)
    if image is None:
        return PicturesRead(faults=[OcrError("the page cannot be rendered to read its images")])
    clock = task.clock.within(FOR_PICTURES)
    languages = task.options.languages
    return read_pictures(
        image, sheet, unread, lines, outlined=drawn, languages=languages, clock=clock
    )
