"""PDFium: the second reader of a PDF, and the one that renders."""

from __future__ import annotations

import ctypes
import math
import sys
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image
from pypdfium2 import raw

from toolkit.engine.marks import Frame, Glyphs
from toolkit.engine.readers.oxide import glyph_boxes, is_bold, quarter
from toolkit.engine.readers.painted import Painted, painted
from toolkit.errors import DamagedFile, PageUnreadable, PasswordProtected

__all__ = ["PdfiumFile"]

_INVISIBLE = raw.FPDF_TEXTRENDERMODE_INVISIBLE
# PDFium marks a hyphen at the end of a line with one of these, which are no characters.
_HYPHENS = "\ufffe\x02"
_FIXED_PITCH, _ITALIC = 1, 64
# Four million pixels: a page at 150 dpi has two, and a bitmap stays under 16 MB.
_MOST_PIXELS = 4_000_000
# Of a page that is a line, also that many pixels side by side are more than libraries bear.
_LONGEST_SIDE = 16_000


class PdfiumFile:
    """A PDF opened by PDFium. PDFium is not to be used from two threads, not even for two files."""

    def __init__(self, content: bytes, password: str | None) -> None:
        """Open *content*. Raises DamagedFile and PasswordProtected."""
        try:
            self._pdf = pypdfium2.PdfDocument(content, password=password)
        except pypdfium2.PdfiumError as exc:
            if "password" in str(exc).lower():
                raise PasswordProtected(
                    "it is encrypted, and the password is missing or wrong"
                ) from exc
            raise DamagedFile(f"not readable as a PDF: {exc}") from exc
        self.page_count = len(self._pdf)
        self._open: tuple[int, Any] | None = None

    def frame(self, number: int) -> Frame:
        """Page *number* (from 1): its visible rectangle. Raises PageUnreadable."""
        page = self._page(number)
        left, bottom, right, top = page.get_bbox()
        if not (right - left > 1 and top - bottom > 1):
            left, bottom, right, top = 0.0, 0.0, 612.0, 792.0
        return Frame(left, bottom, right, top, page.get_rotation())

    def glyphs(self, number: int, frame: Frame) -> Glyphs:
        """The characters of page *number*, as seen in *frame*. Raises PageUnreadable."""
        page = self._page(number)
        try:
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError as exc:
            raise PageUnreadable(f"page {number}: {exc}") from exc
        rows = list(_rows(text_page))
        text_page.close()
        origins = np.array([row[1] for row in rows], dtype=float).reshape(-1, 2)
        sizes = np.array([row[3] for row in rows], dtype=float)
        angles = np.array([row[4] for row in rows], dtype=np.int16)
        names: dict[str, int] = {}
        fonts = np.array(
            [names.setdefault(row[5].name, len(names)) for row in rows], dtype=np.int32
        )
        return Glyphs(
            text="".join(row[0] for row in rows),
            boxes=frame.boxes_seen(
                glyph_boxes(origins, np.array([row[2] for row in rows]), sizes, angles)
            ),
            origins=frame.seen(origins),
            sizes=sizes,
            angles=((angles - frame.turn) % 360).astype(np.int16),
            bold=np.array([row[5].bold for row in rows], bool),
            italic=np.array([row[5].italic for row in rows], bool),
            mono=np.array([row[5].mono for row in rows], bool),
            fonts=fonts,
            font_names=tuple(names),
            hidden=np.array([row[5].hidden for row in rows], bool),
            stray=np.zeros(len(rows), bool),
        )

    def reading(self, number: int) -> str:
        """The text of page *number* as PDFium reads it. Raises PageUnreadable."""
        page = self._page(number)
        try:
            text_page = page.get_textpage()
            text: str = text_page.get_text_range()
        except (pypdfium2.PdfiumError, UnicodeError, ValueError) as exc:
            raise PageUnreadable(f"page {number}: {exc}") from exc
        text_page.close()
        return text.translate(dict.fromkeys(map(ord, _HYPHENS), "-"))

    def painted(self, number: int, frame: Frame) -> Painted:
        """What page *number* paints, as seen in *frame*. Raises PageUnreadable."""
        found = painted(self._page(number))
        return Painted(*map(frame.boxes_seen, (found.unseen, found.drawn, found.panels)))

    def picture(self, number: int, dots_per_inch: float) -> Image.Image:
        """Page *number* as an image of four million pixels at most. Raises PageUnreadable."""
        page = self._page(number)
        width, height = page.get_size()
        scale = dots_per_inch / 72
        scale *= min(1.0, (_MOST_PIXELS / max(1.0, width * height * scale**2)) ** 0.5)
        scale = min(scale, _LONGEST_SIDE / max(width, height, 1.0))
        try:
            bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True)
        except (pypdfium2.PdfiumError, RuntimeError, ValueError) as exc:
            raise PageUnreadable(f"page {number} cannot be rendered: {exc}") from exc
        image: Image.Image = bitmap.to_pil()
        return image.convert("RGB")

    def _page(self, number: int) -> Any:
        # The same page is asked for several things in a row, and is slow to open.
        if self._open is None or self._open[0] != number:
            try:
                self._open = (number, self._pdf[number - 1])
            except (pypdfium2.PdfiumError, IndexError) as exc:
                raise PageUnreadable(f"page {number}: {exc}") from exc
        return self._open[1]

    def close(self) -> None:
        """Give the memory back."""
        self._open = None
        self._pdf.close()


class _Look:
    """What the characters of one text object share."""

    __slots__ = ("bold", "hidden", "italic", "mono", "name")

    def __init__(self, text_page: Any, at: int, text_object: Any) -> None:
        flags = ctypes.c_int()
        length = raw.FPDFText_GetFontInfo(text_page, at, None, 0, flags)
        buffer = ctypes.create_string_buffer(max(1, length))
        raw.FPDFText_GetFontInfo(text_page, at, buffer, length, flags)
        self.name = buffer.value.decode("utf-8", "replace")
        self.bold = is_bold(self.name) or raw.FPDFText_GetFontWeight(text_page, at) >= 600
        self.italic = bool(flags.value & _ITALIC)
        self.mono = bool(flags.value & _FIXED_PITCH)
        mode = raw.FPDFTextObj_GetTextRenderMode(text_object) if text_object else None
        self.hidden = mode == _INVISIBLE


def _rows(text_page: Any) -> Any:
    """(character, origin, advance, size, angle, look) of each character that the file has."""
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    matrix = raw.FS_MATRIX()
    looks: dict[int, _Look] = {}
    for at in range(raw.FPDFText_CountChars(text_page)):
        # Line ends and gaps that PDFium made up are no part of the file.
        if raw.FPDFText_IsGenerated(text_page, at) == 1:
            continue
        code = raw.FPDFText_GetUnicode(text_page, at)
        char = "\ufffd" if code > sys.maxunicode or 0xD800 <= code <= 0xDFFF else chr(code)
        text_object = raw.FPDFText_GetTextObject(text_page, at)
        key = ctypes.cast(text_object, ctypes.c_void_p).value or -1
        if key not in looks:
            looks[key] = _Look(text_page, at, text_object)
        angle = quarter(math.degrees(raw.FPDFText_GetCharAngle(text_page, at)))
        raw.FPDFText_GetLooseCharBox(text_page, at, box)
        raw.FPDFText_GetCharOrigin(text_page, at, x, y)
        upright = angle % 180 == 0
        advance = abs(box.right - box.left) if upright else abs(box.top - box.bottom)
        raw.FPDFText_GetMatrix(text_page, at, matrix)
        size = raw.FPDFText_GetFontSize(text_page, at) * math.hypot(matrix.c, matrix.d)
        yield (
            "-" if char in _HYPHENS else char,
            (x.value, y.value),
            advance,
            size,
            angle,
            looks[key],
        )
