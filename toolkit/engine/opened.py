"""A file, opened by the reader of its kind; and one of its pages, read or given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from toolkit.engine.clock import page_clock
from toolkit.engine.ocr.presence import INSTALL, available
from toolkit.engine.options import ParseOptions
from toolkit.engine.pages import PageTask, Reading, ReadPage, read_page
from toolkit.engine.source import IMAGES, Source
from toolkit.errors import ImageTooLarge, OcrUnavailable, PageTimeout, PageUnreadable
from toolkit.jobs.tool import Limits

__all__ = ["PageReader", "Read", "opened"]

Read = ReadPage | PageUnreadable | PageTimeout | ImageTooLarge
"""A page, or why it cannot be read, which concerns no other page."""


def opened(source: Source, options: ParseOptions) -> Reading:
    """*source* opened. Raises PasswordProtected, DamagedFile, OcrUnavailable, MissingExtra."""
    if options.ocr == "force" and not available():
        raise OcrUnavailable(f"ocr=force needs an OCR, and none is installed: {INSTALL}")
    # Each reader is loaded only where it is needed.
    if source.media_type in IMAGES:
        from toolkit.engine.readers import image

        return image.read(source, options)
    from toolkit.engine.readers import pdf

    return pdf.read(source, options)


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads pages of one file, one at a time, each within its limits."""

    reading: Reading
    options: ParseOptions
    limits: Limits

    def read(
        self, number: int, ahead: tuple[int, ...], recognising: Callable[[], None], room: int
    ) -> Read:
        """Page *number*; *ahead* are those that come next, *room* is as a PageTask's."""
        try:
            with page_clock(number, self.limits.page_seconds) as clock:
                task = PageTask(
                    number=number,
                    ahead=ahead,
                    options=self.options,
                    clock=clock,
                    room=room,
                    recognising=recognising,
                )
                page = read_page(self.reading, task)
                return replace(page, inches=self.reading.inches(number))
        except (PageUnreadable, PageTimeout, ImageTooLarge) as exc:
            return exc
