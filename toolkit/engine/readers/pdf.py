"""A PDF as sheets of marks: two readers, and another engine's proposals.

pdf-oxide reads first. PDFium reads every page too, to confirm its text and for what it paints; its
characters are taken where pdf-oxide fails on a page, loses text that is there, reads other text,
mixes what stands aslant with the rest, shifts what follows a replaced text, or cannot say whether
text that lies on an image is painted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.document.normal import folded, unshaped
from toolkit.engine.marks import Frame, Glyphs, Proposal, Raster, Sheet, Tag
from toolkit.engine.options import ParseOptions
from toolkit.engine.readers.oxide import OxideFile
from toolkit.engine.readers.painted import Painted, nothing_painted
from toolkit.engine.readers.pdfium import PdfiumFile
from toolkit.engine.readers.proposals import Seen, proposals
from toolkit.engine.readers.tangles import knotted, loops
from toolkit.engine.readers.vertical import with_columns
from toolkit.engine.shapes import Shape
from toolkit.engine.source import Source
from toolkit.engine.trust import unfaithful
from toolkit.engine.words import line_texts
from toolkit.errors import DamagedFile, PageUnreadable, PasswordProtected

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["PdfReading", "read", "source_texts"]

# Opening a file again costs 10 ms on 1,000 pages: up to here each page is asked for alone, so
# that a page that hangs is known; beyond, a few at a time.
_ALONE_UP_TO = 200
_BATCH = 8
# Pages after which pdf-oxide opens the file again: it keeps what it parsed, 0.3 MB a page. To open
# a file of 138 MB takes it 0.2 s.
_KEPT = 256
# The readers differ by a few characters on many pages (ligatures, hyphens); this is a loss.
_LOST_SHARE, _LOST_COUNT = 1.01, 12
# An image this large under text may be a scan whose text is somebody's OCR.
_SCAN_SHARE = 0.25
_HEAVY = 60_000
# Points of a side: what PDF itself allows. The other engine takes memory by the size of a page, and
# ends the process where that is not to be had.
_VAST = 14_400
_KEPT_SHARE = 0.97
# Points: below this nobody reads it.
_SMALLEST = 1.0


class PdfReading:
    """An opened PDF. Pages count from 1."""

    def __init__(self, source: Source, options: ParseOptions) -> None:
        """Open *source*. Raises PasswordProtected, and DamagedFile where both readers give up."""
        self._content = source.bytes()
        self._password = options.password
        self._looks_closer = options.profile == "advanced"
        self._knotted = knotted(self._content)
        self._second: PdfiumFile | None = None
        self._second_failed = False
        self._first = self._opened()
        self._seen: Seen = {}
        self._asked = 0
        self._frames: dict[int, Frame] = {}
        self.page_count = self._first.page_count if self._first else self._pdfium().page_count
        if self.page_count < 1:
            raise DamagedFile(f"{source.filename}: no page was found")
        self.batch = 1 if self.page_count <= _ALONE_UP_TO else _BATCH

    def _opened(self) -> OxideFile | None:
        # pdf-oxide follows a page tree that holds itself until its stack is gone.
        if loops(self._content):
            return None
        try:
            first = OxideFile(self._content, self._password)
        except DamagedFile:
            return None
        return first if first.page_count else None

    def _pdfium(self) -> PdfiumFile:
        if self._second is None:
            if self._second_failed:
                raise PageUnreadable("the second reader cannot open the file")
            # Failed until shown otherwise, so that it is not tried for every page.
            self._second_failed = True
            self._second = PdfiumFile(self._content, self._password)
        return self._second

    def frame(self, number: int) -> Frame:
        """Page *number*'s visible rectangle. Raises PageUnreadable."""
        if number not in self._frames:
            self._frames[number] = self._frame(number)
        return self._frames[number]

    def _frame(self, number: int) -> Frame:
        # pdf-oxide looks a page up from the first one on: 12 ms a page among 1,000, PDFium 1 ms.
        if self._first is None or self.page_count > _ALONE_UP_TO:
            try:
                return self._pdfium().frame(number)
            except (PageUnreadable, DamagedFile, PasswordProtected):
                if self._first is None:
                    raise
        try:
            return self._first.frame(number)
        except PageUnreadable:
            return self._asked_again(number)

    def _asked_again(self, number: int) -> Frame:
        try:
            return self._pdfium().frame(number)
        except (DamagedFile, PasswordProtected) as exc:
            raise PageUnreadable(f"page {number}: neither reader can open it") from exc

    def inches(self, number: int) -> tuple[float, float]:
        """Page *number*'s width and height in inches; of an unreadable page, those of a letter."""
        try:
            width, height = self.frame(number).size
        except PageUnreadable:
            return 8.5, 11.0
        return round(width / 72, 3), round(height / 72, 3)

    def sheet(self, number: int, ahead: tuple[int, ...] = ()) -> Sheet:
        """Page *number* with all its marks. Raises PageUnreadable.

        *ahead* are the pages that will be asked for next, of which some may be looked at now.
        """
        self._renew()
        frame = self.frame(number)
        first = self._first.glyphs(number, frame) if self._first else None
        # A page of so many characters is drawn rather than written; the other engine takes long.
        heavy = first is not None and len(first) > _HEAVY
        alone = self._never_ends() or heavy or max(frame.size) > _VAST
        proposed, seen = (None, 0) if alone else self._proposed(number, ahead)
        rasters = self._rasters(number, frame)
        reading, painted = self._read_again(number, frame)
        doubtful = first is None or (
            seen > visible(first) * _LOST_SHARE + _LOST_COUNT
            or _may_be_scan(first, rasters, frame)
            or _misses_markers(first, proposed)
            or _is_misplaced(first, painted)
            or (reading is not None and _differs(first.text, reading))
        )
        glyphs = self._better(number, frame, first) if doubtful or first is None else first
        rules = self._first.rules(number, frame) if self._first else np.empty((0, 4))
        sheet = Sheet(
            number,
            *frame.size,
            with_columns(_marked(glyphs, *frame.size, painted.unseen)),
            rules,
            rasters,
            proposed,
            _other_readings(reading, first, glyphs),
            painted.drawn,
            painted.panels,
            curved=painted.curved,
            shapes=self._shapes(number, frame),
            **self._told(number, frame, glyphs, is_first=glyphs is first),
        )
        self._raise_if_lost(sheet)
        return sheet

    def _raise_if_lost(self, sheet: Sheet) -> None:
        if self._first and not (len(sheet.glyphs) or sheet.painted):
            why = self._first.lost(sheet.number)
            if why:
                raise PageUnreadable(f"page {sheet.number}: {why}")

    def _renew(self) -> None:
        """Have the first reader open the file again now and then."""
        self._asked += 1
        if self._first is not None and self._asked % _KEPT == 0:
            # The old one first: a large file is not to be there twice.
            self._first.close()
            self._first = self._opened()

    def _read_again(self, number: int, frame: Frame) -> tuple[str | None, Painted]:
        """The second reader's text of a page, and what it sees painted."""
        try:
            second = self._pdfium()
            return second.reading(number), second.painted(number, frame)
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return None, nothing_painted()

    def _told(self, number: int, frame: Frame, glyphs: Glyphs, *, is_first: bool) -> dict[str, Any]:
        """What the file itself tells of a page, and what is laid over it, as a sheet's fields."""
        try:
            second = self._pdfium()
            reader = self._first if is_first and self._first else second
            remarks, fields = second.annotated(number, frame)
            tags: tuple[Tag, ...] = ()
            if not self._knotted:
                tags = second.tags(number, frame, glyphs, lambda: reader.marked(number, frame))
            return {
                "tags": tags,
                "outline": second.outline(number, frame),
                "annotations": remarks,
                "fields": fields,
            }
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return {}

    def _shapes(self, number: int, frame: Frame) -> tuple[Shape, ...]:
        """What a page draws; () where it is not looked at so closely."""
        try:
            return self._pdfium().shapes(number, frame) if self._looks_closer else ()
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return ()

    def _never_ends(self) -> bool:
        """Whether the file has a tree that the other engine would follow until it breaks."""
        try:
            return self._knotted or not self._pdfium().outline_ends
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return self._knotted

    def _proposed(
        self, number: int, ahead: tuple[int, ...]
    ) -> tuple[tuple[Proposal, ...] | None, int]:
        if number not in self._seen:
            # What is seen depends on what is looked at together: it goes by the numbers alone.
            batch = [n for n in ahead if (n - 1) // self.batch == (number - 1) // self.batch]
            wanted = (number, *filter(self._is_usual, batch))
            self._seen = proposals(self._content, wanted, self._password)
        return self._seen.pop(number, (None, 0))

    def _is_usual(self, number: int) -> bool:
        try:
            return max(self.frame(number).size) <= _VAST
        except PageUnreadable:
            return False

    def _rasters(self, number: int, frame: Frame) -> tuple[Raster, ...]:
        try:
            return self._first.rasters(number, frame) if self._first else ()
        except PageUnreadable:
            return ()

    def _better(self, number: int, frame: Frame, first: Glyphs | None) -> Glyphs:
        """*first*, or the second reader's glyphs where they say more."""
        try:
            second = self._pdfium().glyphs(number, frame)
        except (PageUnreadable, DamagedFile, PasswordProtected):
            if first is None:
                raise
            return first
        if first is None or second.hidden.any():
            return second
        # Where they differ, PDFium is right more often (of 25 labelled pages, on 24); but not
        # where it lost something, or has no letters for what the other can read.
        worse = unfaithful(second.text) > unfaithful(first.text)
        fewer = visible(second) < visible(first) * _KEPT_SHARE
        return first if worse or fewer else second

    def picture(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """Page *number* as an image; None where it cannot be rendered."""
        try:
            return self._pdfium().picture(number, dots_per_inch)
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return None

    def picture_without_text(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """The same without its text; None where it cannot be rendered."""
        try:
            return self._pdfium().picture_without_text(number, dots_per_inch)
        except (PageUnreadable, DamagedFile, PasswordProtected):
            return None


def read(source: Source, options: ParseOptions) -> PdfReading:
    """*source* opened as a PDF. Raises PasswordProtected and DamagedFile."""
    return PdfReading(source, options)


def source_texts(source: Source, options: ParseOptions | None = None) -> Iterator[tuple[int, str]]:
    """(page number, the page's source text) of every page that can be read.

    These are the texts that the spans of blocks are positions in.
    """
    reading = PdfReading(source, options or ParseOptions())
    for number in range(1, reading.page_count + 1):
        try:
            yield number, reading.sheet(number).glyphs.text
        except PageUnreadable:
            continue


def visible(glyphs: Glyphs) -> int:
    """How many characters are not white space."""
    return len("".join(glyphs.text.split()))


def _misses_markers(glyphs: Glyphs, proposed: tuple[Proposal, ...] | None) -> bool:
    """Whether the other engine saw list markers that are not among *glyphs* at all."""
    return any(p.marker and p.marker not in glyphs.text for p in proposed or ())


def _is_misplaced(glyphs: Glyphs, painted: Painted) -> bool:
    """Whether there is text that pdf-oxide puts where it is not, or in no order."""
    return painted.replaced or bool((glyphs.angles % 90).any())


def _may_be_scan(glyphs: Glyphs, rasters: tuple[Raster, ...], frame: Frame) -> bool:
    width, height = frame.size
    for raster in rasters:
        if raster.box.area >= _SCAN_SHARE * width * height:
            x, y = glyphs.origins[:, 0], glyphs.origins[:, 1]
            box = raster.box
            inside = (x >= box.left) & (x <= box.right) & (y >= box.top) & (y <= box.bottom)
            if inside.any():
                return True
    return False


def _other_readings(reading: str | None, first: Glyphs | None, chosen: Glyphs) -> tuple[str, ...]:
    """N of what PDFium and the first reader have of a page, as far as they may confirm *chosen*.

    Where PDFium alone could read it, nobody does.
    """
    if first is None or reading is None:
        return ()
    second = folded(unshaped(reading))
    return (second,) if chosen is first else (second, _in_lines(first))


def _in_lines(glyphs: Glyphs) -> str:
    """N of the text of *glyphs*, line by line: a file may paint the letters in any order."""
    return folded("".join(line_texts(with_columns(glyphs))))


def _differs(one: str, two: str) -> bool:
    """Whether two readings of a page do not have the same characters, in any order."""
    return Counter(folded(unshaped(one))) != Counter(folded(unshaped(two)))


def _marked(glyphs: Glyphs, width: float, height: float, unseen: NDArray[np.float64]) -> Glyphs:
    """*glyphs* with those marked that are hidden, lie off the page, or are too small for any eye.

    *unseen* are boxes (n, 4) of text that is there, but that nobody can see.
    """
    middle = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    off = (middle < 0).any(axis=1) | (middle[:, 0] > width) | (middle[:, 1] > height)
    hidden = glyphs.hidden.copy()
    for left, top, right, bottom in unseen:
        x, y = middle[:, 0], glyphs.origins[:, 1]
        hidden |= (x >= left) & (x <= right) & (y >= top - 1) & (y <= bottom + 1)
    return replace(glyphs, hidden=hidden, stray=off | (glyphs.sizes < _SMALLEST))
