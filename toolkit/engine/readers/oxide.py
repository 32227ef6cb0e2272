"""pdf-oxide: the first reader of a PDF."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import numpy as np
import pdf_oxide
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.marks import Frame, Glyphs, Raster
from toolkit.engine.readers.strokes import ruled
from toolkit.errors import DamagedFile, PageUnreadable, PasswordProtected, ToolkitError

__all__ = ["OxideFile", "direction", "glyph_boxes", "is_bold", "is_mono", "mended", "translated"]

pdf_oxide.disable_logging()
# What the reader logs is ours to hear, and nobody else's: without this it goes to stderr.
for _name in ("pdf_oxide", "pdf_oxide.document"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
logging.getLogger("pdf_oxide").propagate = False
logging.getLogger("pdf_oxide.document").propagate = True

# Ascent and descent in shares of the size; the reader gives none, and most text fonts are near.
ASCENT, DESCENT = 0.78, 0.22
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|[-,]bd\b|extrabd", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|consol|menlo|typewriter|cmtt|inconsolata", re.IGNORECASE)
_LIGHT = frozenset({"Normal", "Medium", "Light", "Thin", "ExtraLight"})
# The densest newspaper page has some 30 000.
_MOST_GLYPHS = 250_000
# A PDF ends with its end mark; a little rubbish after it is usual.
_TAIL = 2048
# More lines than any table has: a drawing, of which no table is made.
_MOST_RULES = 4000
_NO_RULES = np.empty((0, 4))
# What is asked of each character; what is wrong in another alphabet begins with one of these.
_ASKED = attrgetter(
    *("char", "origin_x", "origin_y", "advance_width", "font_size", "rotation_degrees"),
    *("font_name", "font_weight", "is_italic", "is_monospace"),
)
_SUSPECT = "Ââ¬"
# Degrees: a scan lies this askew at most, and its text is read as if it were straight.
_SLANT = 5.0

Floats = NDArray[np.float64]


@contextmanager
def translated(error: type[ToolkitError], what: str) -> Iterator[None]:
    """Turn what the library raises into *error*."""
    try:
        yield
    except (RuntimeError, OSError, ValueError, LookupError, TypeError, ArithmeticError) as exc:
        raise error(f"{what}: {exc}") from exc
    except BaseException as exc:
        # A panic in Rust comes as a BaseException of a class that cannot be imported.
        if type(exc).__name__ != "PanicException":
            raise
        raise error(f"{what}: the reader broke down on it") from exc


class _Heard(logging.Handler):
    """Notes whether the reader failed to decode a content stream."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.failed = False

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        self.failed |= "content stream" in message or "cannot be decompressed" in message


class OxideFile:
    """A PDF opened by pdf-oxide. Not to be used from two threads."""

    def __init__(self, content: bytes, password: str | None) -> None:
        """Open *content*. Raises DamagedFile and PasswordProtected."""
        with translated(DamagedFile, "not readable as a PDF"):
            self._pdf = pdf_oxide.PdfDocument.from_bytes(content)
            # A file without encryption says yes to any password; an unopened one would read empty.
            self._tried = ("",) if password is None else (password, "")
            opened = any(self._pdf.authenticate(attempt) for attempt in self._tried)
        self._content = content
        self._chars: tuple[int, list[Any]] = (0, [])
        if not opened:
            why = (
                "it is encrypted, and no password was given"
                if password is None
                else ("it is encrypted, and the password is wrong")
            )
            raise PasswordProtected(why)
        with translated(DamagedFile, "its pages cannot be counted"):
            self.page_count = int(self._pdf.page_count)

    def frame(self, number: int) -> Frame:
        """Page *number* (from 1): its visible rectangle. Raises PageUnreadable."""
        with translated(PageUnreadable, f"page {number}"):
            media = _ordered(self._pdf.page_media_box(number - 1))
            crop = self._pdf.page_crop_box(number - 1)
            turn = int(self._pdf.page_rotation(number - 1)) % 360
        left, bottom, right, top = media
        if crop is not None:
            c = _ordered(crop)
            shown = (max(left, c[0]), max(bottom, c[1]), min(right, c[2]), min(top, c[3]))
            if shown[2] - shown[0] > 1 and shown[3] - shown[1] > 1:
                left, bottom, right, top = shown
        if not (right - left > 1 and top - bottom > 1):
            # A page without a usable box is taken for the most usual one.
            left, bottom, right, top = 0.0, 0.0, 612.0, 792.0
        return Frame(left, bottom, right, top, turn if turn in (90, 180, 270) else 0)

    def glyphs(self, number: int, frame: Frame) -> Glyphs:
        """The characters of page *number*, as seen in *frame*. Raises PageUnreadable."""
        with translated(PageUnreadable, f"page {number}"):
            chars = self._pdf.extract_chars(number - 1)
        if len(chars) > _MOST_GLYPHS:
            raise PageUnreadable(
                f"page {number} says it has {len(chars)} characters, which no page can show"
            )
        with translated(PageUnreadable, f"page {number}"):
            rows = _one_each(mended(list(map(_ASKED, chars))))
        self._chars = number, chars
        return _columns(rows, frame)

    def marked(self, number: int, frame: Frame) -> NDArray[np.int32]:
        """The marked content that each character of page *number* is in, -1 for none."""
        if self._chars[0] != number:
            self.glyphs(number, frame)
        rows = _one_each(mended([(char.char, char.mcid) for char in self._chars[1]]))
        return np.array([-1 if number is None else number for _, number in rows], np.int32)

    def close(self) -> None:
        """Give the memory back; nothing can be asked after it."""
        del self._pdf

    def lost(self, number: int) -> str | None:
        """Why page *number*, on which nothing was found, is not simply blank; None if it may be.

        The reader takes a stream that cannot be decoded for an empty one, and says so in its log.
        """
        if b"%%EOF" not in self._content[-_TAIL:]:
            return "nothing was found on it, and the file breaks off"
        heard = _Heard()
        log = logging.getLogger("pdf_oxide")
        log.addHandler(heard)
        pdf_oxide.set_log_level("warn")
        try:
            with translated(PageUnreadable, f"page {number}"):
                again = pdf_oxide.PdfDocument.from_bytes(self._content)
                any(again.authenticate(attempt) for attempt in self._tried)
                again.extract_chars(number - 1)
        finally:
            pdf_oxide.disable_logging()
            log.removeHandler(heard)
        return "its content cannot be decoded" if heard.failed else None

    def rules(self, number: int, frame: Frame) -> NDArray[np.float64]:
        """The straight lines drawn on page *number*, as thin boxes (r, 4) seen in *frame*."""
        with translated(PageUnreadable, f"page {number}"):
            lines = [path["bbox"] for path in self._pdf.extract_lines(number - 1)]
            rects = [
                (path["bbox"], path["stroke_color"] is not None)
                for path in self._pdf.extract_rects(number - 1)
            ]
            pieces = list(ruled(self._pdf.extract_paths(number - 1)))
        if len(lines) + len(rects) + len(pieces) > _MOST_RULES:
            return _NO_RULES
        corners = [(x, y, x + w, y + h) for x, y, w, h in lines if min(abs(w), abs(h)) < 3]
        corners += pieces
        for (x, y, w, h), stroked in rects:
            if min(abs(w), abs(h)) < 3:
                corners.append((x, y, x + w, y + h))
            elif stroked:
                corners += [(x, y, x + w, y), (x, y + h, x + w, y + h)]
                corners += [(x, y, x, y + h), (x + w, y, x + w, y + h)]
        return frame.boxes_seen(np.array(corners)) if corners else _NO_RULES

    def rasters(self, number: int, frame: Frame) -> tuple[Raster, ...]:
        """The images painted on page *number*; their pixels are not decoded."""
        with translated(PageUnreadable, f"page {number}"):
            found = list(self._pdf.extract_images(number - 1))
        rasters = []
        for index, image in enumerate(found):
            x, y, w, h = image["bbox"]
            box = Box(*(float(v) for v in frame.boxes_seen(np.array([[x, y, x + w, y + h]]))[0]))
            rasters.append(Raster(box, int(image["width"]), int(image["height"]), index))
        return tuple(rasters)


def _ordered(box: Sequence[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(v) for v in box)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def mended(rows: list[Any]) -> list[Any]:
    """*rows* with white space put right that the reader decoded in the wrong alphabet.

    Some producers write an invisible character as UTF-8 where the format wants UTF-16; it comes
    out as two or three letters such as "Â\\xa0". Only what decodes to white space or to a soft
    hyphen is put right, so that no letter that a person could see is ever changed.
    """
    text = "".join([row[0] for row in rows])
    if not any(char in text for char in _SUSPECT):
        return rows
    out: list[Any] = []
    at = 0
    while at < len(rows):
        char = rows[at][0]
        length = 1
        if char in _SUSPECT:
            for size in (3, 2):
                plain = _decoded("".join(str(row[0]) for row in rows[at : at + size]))
                if plain is not None:
                    char, length = plain, size
                    break
        out.append((char, *rows[at][1:]))
        at += length
    return out


def _decoded(text: str) -> str | None:
    for alphabet in ("cp1252", "mac_roman", "latin-1"):
        try:
            plain = text.encode(alphabet).decode("utf-8")
        except UnicodeError:
            continue
        if len(plain) == 1 and len(text) > 1 and (plain.isspace() or plain == "\xad"):
            return plain
    return None


def direction(degrees: Floats) -> NDArray[np.int16]:
    """*degrees*, (n,), as whole ones from 0 to 359; those near a quarter turn as just that.

    >>> direction(np.array([-89.0, 2.6, 45.4])).tolist()
    [270, 0, 45]
    """
    quarters = np.round(degrees / 90) * 90
    near = np.abs(degrees - quarters) <= _SLANT
    return (np.where(near, quarters, np.round(degrees)) % 360).astype(np.int16)


def is_bold(name: str) -> bool:
    """Whether a font's name says that it is bold."""
    return _BOLD.search(name) is not None


def is_mono(name: str) -> bool:
    """Whether a font's name says that its letters are all of one width."""
    return _MONO.search(name) is not None


def _one_each(rows: list[Any]) -> list[Any]:
    """One row a character: a ligature that comes as letters keeps its box for each of them."""
    if set(map(len, [row[0] for row in rows])) <= {1}:
        return rows
    return [(one, *row[1:]) for row in rows for one in (row[0] or "\ufffd")]


def _columns(rows: list[Any], frame: Frame) -> Glyphs:
    chars, xs, ys, widths, heights, turns, faces, weights, slanted, fixed = (
        zip(*rows, strict=True) if rows else ((),) * 10
    )
    origins = np.column_stack((np.array(xs, dtype=float), np.array(ys, dtype=float)))
    advance = np.array(widths, dtype=float)
    sizes = np.abs(np.array(heights, dtype=float))
    angles = direction(np.array(turns, dtype=float))
    names = {str(name): at for at, name in enumerate(dict.fromkeys(faces))}
    fonts = np.array([names[name] for name in faces], dtype=np.int32)
    heavy = np.array([is_bold(name) for name in names] or [False])
    even = np.array([is_mono(name) for name in names] or [False])
    advance = np.where(angles % 180 == 0, np.abs(advance), _advances(origins, sizes, angles))
    return Glyphs(
        text="".join(chars),
        boxes=frame.boxes_seen(glyph_boxes(origins, advance, sizes, angles)),
        origins=frame.seen(origins),
        sizes=sizes,
        angles=((angles - frame.turn) % 360).astype(np.int16),
        bold=heavy[fonts] | np.array([weight not in _LIGHT for weight in weights], bool),
        italic=np.array(slanted, bool),
        mono=even[fonts] | np.array(fixed, bool),
        fonts=fonts,
        font_names=tuple(names),
        hidden=np.zeros(len(rows), bool),
        stray=np.zeros(len(rows), bool),
    )


def _advances(
    origins: NDArray[np.float64], sizes: NDArray[np.float64], angles: NDArray[np.int16]
) -> NDArray[np.float64]:
    """Advances of upright glyphs, given as 0: the way to the next one, or half an em."""
    out = sizes * 0.5
    if len(out) < 2 or not (angles % 180 == 90).any():
        return out
    along = np.where(angles == 270, -origins[:, 1], origins[:, 1])
    across = np.round(origins[:, 0], 1)
    order = np.lexsort((along, across, angles))
    step = np.diff(along[order])
    same = (np.diff(across[order]) == 0) & (np.diff(angles[order]) == 0)
    near = same & (step > 0.1) & (step < sizes[order][:-1])
    out[order[:-1]] = np.where(near, step, out[order[:-1]])
    return out


def glyph_boxes(
    origins: NDArray[np.float64],
    advance: NDArray[np.float64],
    sizes: NDArray[np.float64],
    angles: NDArray[np.int16],
) -> NDArray[np.float64]:
    """Corner pairs (n, 4), in the file's own coordinates, of glyphs at *origins*."""
    turn = np.deg2rad(angles.astype(float))
    along = np.column_stack((np.cos(turn), np.sin(turn)))
    up = np.column_stack((-np.sin(turn), np.cos(turn)))
    first = origins - up * (sizes * DESCENT)[:, None]
    second = origins + along * advance[:, None] + up * (sizes * ASCENT)[:, None]
    return np.hstack((first, second))
