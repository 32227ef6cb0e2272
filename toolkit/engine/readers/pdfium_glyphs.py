"""The characters of a page as PDFium has them, as columns."""

from __future__ import annotations

import ctypes
import math
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pypdfium2 import raw

from toolkit.engine.marks import Frame, Glyphs
from toolkit.engine.readers.oxide import direction, glyph_boxes, is_bold, is_mono

__all__ = ["HYPHENS", "glyphs_of"]

HYPHENS = "\ufffe\x02"
"""PDFium marks a hyphen at the end of a line with one of these, which are no characters."""
_FIXED_PITCH, _ITALIC = 1, 64
# Neither paints: of the first nothing is seen, of the second only what is painted inside it.
_UNPAINTED = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)

# The same function, but for what it returns: an address is told from others at a tenth of the
# cost of a pointer, and this is asked for each character.
_object_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(
    ctypes.cast(raw.FPDFText_GetTextObject, ctypes.c_void_p).value or 0
)


class _Face:
    """What the characters of one font share."""

    __slots__ = ("bold", "italic", "mono", "name")

    def __init__(self, text_page: Any, at: int) -> None:
        flags = ctypes.c_int()
        length = raw.FPDFText_GetFontInfo(text_page, at, None, 0, flags)
        buffer = ctypes.create_string_buffer(max(1, length))
        raw.FPDFText_GetFontInfo(text_page, at, buffer, length, flags)
        self.name = buffer.value.decode("utf-8", "replace")
        self.bold = is_bold(self.name) or raw.FPDFText_GetFontWeight(text_page, at) >= 600
        self.italic = bool(flags.value & _ITALIC)
        self.mono = is_mono(self.name) or bool(flags.value & _FIXED_PITCH)


class _Look:
    """What the characters of one text object share."""

    __slots__ = ("angle", "face", "hidden", "marked", "size")

    def __init__(self, text_page: Any, at: int, item: Any, face: _Face) -> None:
        self.face = face
        mode = raw.FPDFTextObj_GetTextRenderMode(item) if item else None
        self.hidden = mode in _UNPAINTED
        self.marked = raw.FPDFPageObj_GetMarkedContentID(item) if item else -1
        # PDFium turns clockwise.
        self.angle = -math.degrees(raw.FPDFText_GetCharAngle(text_page, at))
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(text_page, at, matrix)
        self.size = raw.FPDFText_GetFontSize(text_page, at) * math.hypot(matrix.c, matrix.d)


class _Looks:
    """The looks of a page's characters, each made once."""

    def __init__(self, text_page: Any) -> None:
        self._page = text_page
        self._handle = ctypes.cast(text_page, ctypes.c_void_p)
        self._looks: dict[int, _Look] = {}
        self._faces: dict[int, _Face] = {}

    def of(self, at: int) -> _Look:
        key = _object_of(self._handle, at) or 0
        look = self._looks.get(key) if key else None
        if look is None:
            item = raw.FPDFText_GetTextObject(self._page, at)
            look = _Look(self._page, at, item, self._face(at, item))
            if key:
                self._looks[key] = look
        return look

    def _face(self, at: int, item: Any) -> _Face:
        font = raw.FPDFTextObj_GetFont(item) if item else None
        key = ctypes.addressof(font.contents) if font else 0
        face = self._faces.get(key) if key else None
        if face is None:
            face = _Face(self._page, at)
            if key:
                self._faces[key] = face
        return face


def glyphs_of(text_page: Any, frame: Frame) -> tuple[Glyphs, NDArray[np.int32]]:
    """The characters of *text_page* as seen in *frame*, and the marked content that each is in.

    The second is -1 for none.
    """
    chars, places, looks = _rows(text_page)
    table = _spread(np.array(places, dtype=float).reshape(-1, 4), looks)
    origins = table[:, :2]
    sizes = np.array([look.size for look in looks], dtype=float)
    angles = direction(np.array([look.angle for look in looks], dtype=float))
    advance = np.where(angles % 180 == 90, table[:, 3], table[:, 2])
    names: dict[str, int] = {}
    fonts = np.array(
        [names.setdefault(look.face.name, len(names)) for look in looks], dtype=np.int32
    )
    glyphs = Glyphs(
        text="".join(chars),
        boxes=frame.boxes_seen(glyph_boxes(origins, advance, sizes, angles)),
        origins=frame.seen(origins),
        sizes=sizes,
        angles=((angles - frame.turn) % 360).astype(np.int16),
        bold=np.array([look.face.bold for look in looks], bool),
        italic=np.array([look.face.italic for look in looks], bool),
        mono=np.array([look.face.mono for look in looks], bool),
        fonts=fonts,
        font_names=tuple(names),
        hidden=np.array([look.hidden for look in looks], bool),
        stray=np.zeros(len(looks), bool),
    )
    return glyphs, np.array([look.marked for look in looks], dtype=np.int32)


def _spread(table: NDArray[np.float64], looks: list[_Look]) -> NDArray[np.float64]:
    """*table* of (x, y, width, height) with characters that share one place put side by side.

    A text that is read in the place of others has one place for all of its characters. It reaches
    to what follows on its line, if that is near.
    """
    again = np.flatnonzero((np.diff(table[:, :2], axis=0) == 0).all(axis=1)).tolist()
    first = -1
    for at in again:
        if at < first or looks[at] is not looks[at + 1]:
            continue
        first, last = at, at + 1
        while (
            last < len(looks)
            and looks[last] is looks[at]
            and (table[last, :2] == table[at, :2]).all()
        ):
            last += 1
        width, count = table[at, 2], last - at
        if last < len(looks) and table[last, 1] == table[at, 1]:
            step = table[last, 0] - table[at, 0]
            width = step if width <= step <= (count + 1) * looks[at].size else width
        table[at:last, 0] += width / count * np.arange(count)
        table[at:last, 2] = width / count
        first = last
    return table


def _rows(
    text_page: Any,
) -> tuple[list[str], list[tuple[float, float, float, float]], list[_Look]]:
    """Of each character that the file has: itself, (x, y, width, height), and its look."""
    page = text_page.raw
    is_made_up, code_at = raw.FPDFText_IsGenerated, raw.FPDFText_GetUnicode
    box_at, origin_at = raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetCharOrigin
    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    look_of = _Looks(page).of
    chars: list[str] = []
    places: list[tuple[float, float, float, float]] = []
    looks: list[_Look] = []
    for at in range(raw.FPDFText_CountChars(page)):
        # Line ends and gaps that PDFium made up are no part of the file.
        if is_made_up(page, at) == 1:
            continue
        code = code_at(page, at)
        char = "\ufffd" if code > sys.maxunicode or 0xD800 <= code <= 0xDFFF else chr(code)
        looks.append(look_of(at))
        box_at(page, at, box)
        origin_at(page, at, x, y)
        chars.append("-" if char in HYPHENS else char)
        places.append((x.value, y.value, abs(box.right - box.left), abs(box.top - box.bottom)))
    return chars, places, looks
