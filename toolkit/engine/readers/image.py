"""Images as pages: upright, on white, and never larger in memory than a page needs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from PIL import Image

from toolkit.document.geometry import Box
from toolkit.engine.marks import Glyphs, Raster, Sheet
from toolkit.engine.options import ParseOptions
from toolkit.engine.readers import heic
from toolkit.engine.readers.image_pixels import Declared, declared, on_paper, quiet
from toolkit.engine.source import HEIC, Source, sniffed
from toolkit.errors import DamagedFile, ImageTooLarge, PageUnreadable

__all__ = ["ImageReading", "page_image", "read"]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", heic.FORMAT)
_MOVING = ("GIF", "PNG", "WEBP")
# More pages are not counted: a parse takes 10,000 of them at most.
_MOST_PAGES = 20_000
_UNREAD = (
    *(OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error),
    *(IndexError, KeyError, TypeError, AttributeError, ArithmeticError, RuntimeError),
)
"""What Pillow's readers raise on broken files, and libheif's beyond its limits. Too little memory
says nothing of the file."""

_NO_GLYPHS = Glyphs(
    text="",
    boxes=np.empty((0, 4)),
    origins=np.empty((0, 2)),
    sizes=np.empty(0),
    angles=np.empty(0, np.int16),
    bold=np.empty(0, np.bool_),
    italic=np.empty(0, np.bool_),
    mono=np.empty(0, np.bool_),
    fonts=np.empty(0, np.int32),
    font_names=(),
    hidden=np.empty(0, np.bool_),
    stray=np.empty(0, np.bool_),
)


@contextmanager
def _translated(error: type[DamagedFile | PageUnreadable], what: str) -> Iterator[None]:
    """Turn what Pillow raises into *error*, and its alarm at a large picture into ImageTooLarge."""
    try:
        yield
    except Image.DecompressionBombError as exc:
        raise ImageTooLarge(f"{what}: the picture is far too large: {exc}") from exc
    except _UNREAD as exc:
        raise error(f"{what}: {str(exc) or type(exc).__name__}") from exc


class ImageReading:
    """An opened image. Pages count from 1; all but TIFF files have one."""

    def __init__(self, content: bytes, filename: str = "the image") -> None:
        """Open *content*. Raises DamagedFile and ImageTooLarge."""
        self._content = content
        self._last: tuple[int, Image.Image] | None = None
        with _translated(DamagedFile, filename), quiet():
            image = _opened(content)
            moves = image.format in _MOVING and getattr(image, "is_animated", False)
            self._pages = list(_counted(image))
        self.is_animated = bool(moves)
        # Kept open where pages are many: each is found from the one before.
        self._tiff = image if image.format == "TIFF" else None
        self.page_count = len(self._pages)

    def inches(self, number: int) -> tuple[float, float]:
        """Page *number*'s width and height in inches; of an unreadable page, those of a letter."""
        page = self._pages[number - 1]
        return page.inches if page else (8.5, 11.0)

    def page(self, number: int) -> Image.Image:
        """Page *number* as it is to be seen: RGB, its pixels square, of a bounded size.

        Raises PageUnreadable and ImageTooLarge.
        """
        what = f"page {number}"
        with _translated(PageUnreadable, what), quiet():
            if self._tiff is not None:
                self._tiff.seek(number - 1)
                return on_paper(self._tiff)
            # Opened anew, so that its pixels are not kept in their full number.
            with _opened(self._content) as image:
                return on_paper(image)

    def sheet(self, number: int, ahead: tuple[int, ...] = ()) -> Sheet:  # noqa: ARG002
        """Page *number*: a picture from edge to edge. Raises PageUnreadable and ImageTooLarge."""
        image = self._page_kept(number)
        width, height = (72 * side for side in self.inches(number))
        whole = Raster(Box(0, 0, width, height), *image.size, 0)
        return Sheet(number, width, height, _NO_GLYPHS, np.empty((0, 4)), (whole,))

    def picture(self, number: int, dots_per_inch: float) -> Image.Image | None:  # noqa: ARG002
        """Page *number* as it is; None where it cannot be had."""
        try:
            return self._page_kept(number)
        except (PageUnreadable, ImageTooLarge):
            return None

    def picture_without_text(self, number: int, dots_per_inch: float) -> Image.Image | None:
        """The same: an image has no text of its own that could be left out."""
        return self.picture(number, dots_per_inch)

    def _page_kept(self, number: int) -> Image.Image:
        # One page is asked for several times in a row.
        if self._last is None or self._last[0] != number:
            self._last = None
            self._last = (number, self.page(number))
        return self._last[1]


def _opened(content: bytes) -> Image.Image:
    if sniffed(content) == HEIC:
        heic.open_with_pillow()
    return Image.open(BytesIO(content), formats=FORMATS)


def _counted(image: Image.Image) -> Iterator[Declared | None]:
    """What the file says of each page; None for the first that cannot be found."""
    yield declared(image)
    if image.format != "TIFF":
        return
    for at in range(1, _MOST_PAGES):
        try:
            image.seek(at)
            yield declared(image)
        except EOFError:
            return
        except (*_UNREAD, Image.DecompressionBombError):
            yield None
            return


def read(source: Source, options: ParseOptions) -> ImageReading:  # noqa: ARG001  # every reader's
    """*source* opened as an image. Raises DamagedFile and ImageTooLarge."""
    return ImageReading(source.bytes(), source.filename)


def page_image(content: bytes, number: int) -> Image.Image:
    """Page *number* (from 1) of an image file: RGB, upright, on white, a few million pixels.

    Raises DamagedFile, PageUnreadable and ImageTooLarge.
    """
    reading = ImageReading(content)
    if not 1 <= number <= reading.page_count:
        raise PageUnreadable(f"there is no page {number}: the file has {reading.page_count}")
    return reading.page(number)
