"""PDFium: the second reader of a PDF, and the one that renders."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from toolkit.engine.marks import Bookmark, Frame, Glyphs, Tag
from toolkit.engine.readers.annotated import Annotated, annotated
from toolkit.engine.readers.bookmarks import Entry, bookmarks_on, entries
from toolkit.engine.readers.outlines import outlines
from toolkit.engine.readers.painted import Painted, painted
from toolkit.engine.readers.pdfium_glyphs import HYPHENS, glyphs_of
from toolkit.engine.readers.tagged import Marked, tags_on, tree_of
from toolkit.engine.readers.tangles import tangled
from toolkit.engine.readers.textless import without_text
from toolkit.engine.shapes import Shape
from toolkit.errors import DamagedFile, PageUnreadable, PasswordProtected

__all__ = ["PdfiumFile"]

# What it logs is ours to hear, and nobody else's: without this it goes to stderr.
logging.getLogger("pypdfium2").addHandler(logging.NullHandler())
logging.getLogger("pypdfium2").propagate = False

# Pages after which the file is opened again: PDFium keeps what it parsed of it, 0.6 MB a page.
_KEPT = 64
# Four million pixels: a page at 150 dpi has two, and a bitmap stays under 16 MB.
_MOST_PIXELS = 4_000_000
# Of a page that is a line, also that many pixels side by side are more than libraries bear.
_LONGEST_SIDE = 16_000


class PdfiumFile:
    """A PDF opened by PDFium. PDFium is not to be used from two threads, not even for two files."""

    def __init__(self, content: bytes, password: str | None) -> None:
        """Open *content*. Raises DamagedFile and PasswordProtected."""
        self._content, self._password = content, password
        self._has_form = False
        self._pdf = self._opened()
        self.page_count = len(self._pdf)
        self._opened_pages = 0
        self._open: tuple[int, Any] | None = None
        self._open_text: tuple[int, Any] | None = None
        self._tells_too_much = False
        self._entries: tuple[dict[int, list[Entry]], bool] | None = None
        # Fields are read, and drawn, by the form as a whole, which must be there before any page.
        if self._pdf.get_formtype() != raw.FORMTYPE_NONE and not tangled(content):
            self._has_form = True
            self._pdf.init_forms()

    def _opened(self) -> Any:
        try:
            return pypdfium2.PdfDocument(self._content, password=self._password)
        except pypdfium2.PdfiumError as exc:
            if "password" in str(exc).lower():
                raise PasswordProtected(
                    "it is encrypted, and the password is missing or wrong"
                ) from exc
            raise DamagedFile(f"not readable as a PDF: {exc}") from exc

    def frame(self, number: int) -> Frame:
        """Page *number* (from 1): its visible rectangle. Raises PageUnreadable."""
        page = self._page(number)
        left, bottom, right, top = page.get_bbox()
        if not (right - left > 1 and top - bottom > 1):
            left, bottom, right, top = 0.0, 0.0, 612.0, 792.0
        return Frame(left, bottom, right, top, page.get_rotation())

    def glyphs(self, number: int, frame: Frame) -> Glyphs:
        """The characters of page *number*, as seen in *frame*. Raises PageUnreadable."""
        return glyphs_of(self._text(number), frame)[0]

    def marked(self, number: int, frame: Frame) -> Marked:
        """The marked content that each of these characters is in, -1 for none."""
        return glyphs_of(self._text(number), frame)[1]

    def reading(self, number: int) -> str:
        """The text of page *number* as PDFium reads it. Raises PageUnreadable."""
        try:
            text: str = self._text(number).get_text_range()
        except (pypdfium2.PdfiumError, UnicodeError, ValueError) as exc:
            raise PageUnreadable(f"page {number}: {exc}") from exc
        return text.translate(dict.fromkeys(map(ord, HYPHENS), "-"))

    def _text(self, number: int) -> Any:
        # To find the characters of a page takes as long as all else that is asked of it.
        page = self._page(number)
        if self._open_text is None or self._open_text[0] != number:
            try:
                self._open_text = (number, page.get_textpage())
            except pypdfium2.PdfiumError as exc:
                raise PageUnreadable(f"page {number}: {exc}") from exc
        return self._open_text[1]

    def painted(self, number: int, frame: Frame) -> Painted:
        """What page *number* paints, as seen in *frame*. Raises PageUnreadable."""
        found = painted(self._page(number))
        curved = np.column_stack((frame.boxes_seen(found.curved[:, :4]), found.curved[:, 4]))
        seen = frame.boxes_seen
        boxes = seen(found.unseen), seen(found.drawn), seen(found.panels)
        return Painted(*boxes, curved, found.replaced)

    def shapes(self, number: int, frame: Frame) -> tuple[Shape, ...]:
        """What page *number* draws, as seen in *frame*. Raises PageUnreadable."""
        return outlines(self._page(number), frame)

    def annotated(self, number: int, frame: Frame) -> Annotated:
        """The remarks and the fields on page *number*. Raises PageUnreadable."""
        form = self._pdf.formenv
        return annotated(self._page(number), frame, form.raw if form else None)

    def outline(self, number: int, frame: Frame) -> tuple[Bookmark, ...]:
        """What the file's outline calls the places on page *number*."""
        return bookmarks_on(self._outline()[0].get(number, []), frame)

    @property
    def outline_ends(self) -> bool:
        """Whether the file's outline can be followed to its end."""
        return self._outline()[1]

    def _outline(self) -> tuple[dict[int, list[Entry]], bool]:
        if self._entries is None:
            self._entries = entries(self._pdf)
        return self._entries

    def tags(
        self, number: int, frame: Frame, glyphs: Glyphs, marked: Callable[[], Marked]
    ) -> tuple[Tag, ...]:
        """What the file's structure tree says of *glyphs*, page *number*'s; () where not sane.

        *marked* gives the marked content that each of them is in. Raises PageUnreadable.
        """
        page = self._page(number)
        tree = None if self._tells_too_much else tree_of(page)
        if tree is None:
            return ()
        try:
            tags = tags_on(page, tree, frame, glyphs, marked)
        finally:
            raw.FPDF_StructTree_Close(tree)
        # A tree that is flat is looked through as a whole for every page.
        self._tells_too_much = tags is None
        return tags or ()

    def picture(self, number: int, dots_per_inch: float) -> Image.Image:
        """Page *number* as an image of four million pixels at most. Raises PageUnreadable."""
        page = self._page(number)
        width, height = page.get_size()
        scale = dots_per_inch / 72
        scale *= min(1.0, (_MOST_PIXELS / max(1.0, width * height * scale**2)) ** 0.5)
        scale = min(scale, _LONGEST_SIDE / max(width, height, 1.0))
        try:
            bitmap = page.render(scale=scale, rev_byteorder=True)
        except (pypdfium2.PdfiumError, RuntimeError, ValueError) as exc:
            raise PageUnreadable(f"page {number} cannot be rendered: {exc}") from exc
        image: Image.Image = bitmap.to_pil()
        return image.convert("RGB")

    def picture_without_text(self, number: int, dots_per_inch: float) -> Image.Image:
        """The same, but without its text. Raises PageUnreadable."""
        with without_text(self._page(number)):
            return self.picture(number, dots_per_inch)

    def _page(self, number: int) -> Any:
        # The same page is asked for several things in a row, and is slow to open.
        if self._open is None or self._open[0] != number:
            self._opened_pages += 1
            if self._opened_pages % _KEPT == 0:
                self._open_again()
            try:
                self._open_text, self._open = None, (number, self._pdf[number - 1])
            except (pypdfium2.PdfiumError, IndexError) as exc:
                raise PageUnreadable(f"page {number}: {exc}") from exc
        return self._open[1]

    def close(self) -> None:
        """Give the memory back."""
        self._open_text = self._open = None
        self._pdf.close()

    def _open_again(self) -> None:
        self.close()
        self._pdf = self._opened()
        if self._has_form:
            self._pdf.init_forms()
