"""A picture of a page as a sheet of marks: recognised, measured, and fit for the rules of layout.

The sheet is the page upright and straight, in points; what is made of it is laid back on the
page as it was scanned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from toolkit.document.geometry import Box
from toolkit.document.normal import folded, quoted
from toolkit.engine.drafts import CellDraft, Draft, Quotation
from toolkit.engine.marks import Glyphs, Sheet
from toolkit.engine.scans_type import Setting, settings_of
from toolkit.engine.words import Line as SetLine

if TYPE_CHECKING:
    from PIL import Image

    from toolkit.engine.ocr import Line, Straight

__all__ = ["Scan", "scanned"]

Floats = NDArray[np.float64]

# As the readers of PDFs have it: what stands above and below the baseline, in shares of the size.
_ASCENT, _DESCENT = 0.78, 0.22
# White inside a word that is no more than letters leave, in shares of the size.
_TIGHT = 0.45
# White that parts pieces of a line, in shares of the size; points by which their left edges differ
# for the shapes of letters alone, and how many pieces make an edge.
_WIDE = 0.75
_FLUSH = 1.6
_FEWEST_FLUSH = 3
# Taller than this against its width, a line of several letters stands on its side.
_ON_ITS_SIDE = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """A page that was recognised. ``sure`` is (n,): how sure of each character, 0 to 1."""

    sheet: Sheet
    sure: Floats
    pictures: tuple[Box, ...]
    """In points of the sheet."""
    straight: Straight
    points: float
    """How many points of the sheet are a pixel."""
    unsupported: str | None
    alike: NDArray[np.bool_] | None = None
    """(n,): characters that two recognisers read alike and surely; None where one alone read."""
    again: tuple[int, int] | None = None
    """Characters that both read, and of the longer of both readings."""

    def box_back(self, box: Box) -> Box:
        """*box* of the sheet as it lies on the page as it was scanned, in points."""
        corners = np.array(
            [
                (box.left, box.top),
                (box.right, box.top),
                (box.right, box.bottom),
                (box.left, box.bottom),
            ]
        )
        placed = self.straight.to_original(corners / self.points) * self.points
        left, top = placed.min(axis=0)
        right, bottom = placed.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))

    def drafts_back(self, drafts: Sequence[Draft]) -> list[Draft]:
        """*drafts* of the sheet on the page as it was scanned, quoting nothing.

        There is no text layer that they could quote: their text is inferred.
        """
        return [
            replace(
                draft,
                box=self.box_back(draft.box),
                quotation=_bare(draft.quotation),
                sure=self._sure_of(draft.quotation, *(cell.quotation for cell in draft.cells)),
                alike=self._is_alike(draft.quotation),
                cells=tuple(self._cell_back(cell) for cell in draft.cells),
            )
            for draft in drafts
        ]

    def sure_of(self, lines: Sequence[SetLine]) -> float:
        """How sure the recognition is of *lines* of the sheet."""
        found = [self.sure[list(line.glyphs)] for line in lines]
        return float(np.concatenate(found).mean()) if found else 1.0

    def _cell_back(self, cell: CellDraft) -> CellDraft:
        return replace(
            cell,
            box=self.box_back(cell.box),
            quotation=_bare(cell.quotation),
            sure=self._sure_of(cell.quotation),
            alike=self._is_alike(cell.quotation),
        )

    def _is_alike(self, quotation: Quotation) -> bool | None:
        """Whether *quotation* says what two recognisers read alike, and nothing else."""
        if self.alike is None:
            return None
        text, spans = self.sheet.glyphs.text, quotation.spans
        return all(self.alike[first:last].all() for first, last in spans) and (
            folded(quotation.text) == folded(quoted(text, spans, quotation.joins))
        )

    def _sure_of(self, *quotations: Quotation) -> float:
        found = [
            self.sure[first:last] for quotation in quotations for first, last in quotation.spans
        ]
        return float(np.concatenate(found).mean()) if found else 1.0


def _bare(quotation: Quotation) -> Quotation:
    return Quotation(quotation.text)


def scanned(
    image: Image.Image,
    dots: float,
    *,
    languages: tuple[str, ...] = (),
    check: Callable[[], None] = lambda: None,
    again: bool = False,
) -> Scan:
    """What *image* shows, at *dots* pixels an inch, as page 1.

    *check* is called between steps and may raise. *again*: two recognisers read. Raises OcrError,
    MemoryExceeded, MissingExtra.
    """
    from toolkit.engine.ocr import recognise, straightened
    from toolkit.engine.ocr.failures import translated
    from toolkit.engine.scans_marks import find_pictures, find_rules

    straight = straightened(image)
    check()
    seen = recognise(straight.image, languages=languages, check=check, again=again)
    check()
    grey = np.asarray(straight.image.convert("L"))
    with translated("looking for rules, pictures and bullets"):
        rules = find_rules(grey, dots, [word.box for line in seen.lines for word in line.words])
        pictures, panels = find_pictures(
            np.asarray(straight.image), dots, _counted(seen.lines), rules
        )
        read, settings = _set(grey, seen.lines)
    points = 72 / dots
    glyphs, sure = _glyphs(read, settings, points)
    return Scan(
        _sheet(straight.image.size, glyphs, rules, panels, points),
        sure,
        tuple(Box(*map(float, row)) for row in _table(pictures) * points),
        straight,
        points,
        seen.unsupported,
        _alike(read) if again else None,
        _again(read) if again else None,
    )


def _sheet(
    size: tuple[int, int], glyphs: Glyphs, rules: Floats, panels: Sequence[Box], points: float
) -> Sheet:
    width, height = (side * points for side in size)
    return Sheet(1, width, height, glyphs, rules * points, (), panels=_table(panels) * points)


def _counted(lines: Sequence[Line]) -> list[tuple[Box, int]]:
    return [(line.box, len(line.words)) for line in lines]


def _set(grey: NDArray[np.uint8], lines: Sequence[Line]) -> tuple[list[Line], list[Setting]]:
    """*lines* of the picture *grey* with what recognition passes over, and how each is set."""
    from toolkit.engine.scans_bullets import with_bullets
    from toolkit.engine.scans_leaders import with_leaders
    from toolkit.engine.scans_rivers import without_rivers

    settings = settings_of(grey.astype(np.float32), lines)
    marked = with_bullets(grey, without_rivers(lines, settings), settings)
    led = with_leaders(grey, [line for line, _ in marked], [how for _, how in marked])
    return [line for line, _ in led], [how for _, how in led]


def _alike(lines: Sequence[Line]) -> NDArray[np.bool_]:
    # White space is no evidence either way.
    return np.array([line.alike or c.isspace() for line in lines for c in line.text + "\n"], bool)


def _again(lines: Sequence[Line]) -> tuple[int, int]:
    pairs = [(folded(line.text), folded(line.second or "")) for line in lines]
    same = sum(LCSseq.similarity(first, second) for first, second in pairs)
    return same, sum(max(map(len, pair)) for pair in pairs)


def _table(boxes: Sequence[Box]) -> Floats:
    rows = [(box.left, box.top, box.right, box.bottom) for box in boxes]
    return np.array(rows, dtype=float).reshape(-1, 4)


def _glyphs(
    lines: Sequence[Line], settings: Sequence[Setting], points: float
) -> tuple[Glyphs, Floats]:
    """The characters of *lines* as a reader of a text layer would give them, and how sure each."""
    text: list[str] = []
    rows: list[NDArray[np.float64]] = []
    for line, setting in zip(lines, settings, strict=True):
        # White space after each line, so that no two ever run into one word.
        text.append(line.text + "\n")
        rows += [_rows(line, setting, points), np.zeros((1, 10))]
    table = np.vstack(rows) if rows else np.empty((0, 10))
    said = "".join(text)
    _flush(table, said)
    count = len(said)
    plain = np.zeros(count, bool)
    glyphs = Glyphs(
        text=said,
        boxes=table[:, :4],
        origins=table[:, 4:6],
        sizes=table[:, 6],
        angles=table[:, 7].astype(np.int16),
        bold=table[:, 8] > 0,
        italic=plain,
        mono=plain,
        fonts=np.zeros(count, np.int32),
        font_names=("",),
        hidden=plain,
        # The white space between lines has no place on the page.
        stray=np.array([char == "\n" for char in said], bool),
    )
    return glyphs, table[:, 9]


def _rows(line: Line, setting: Setting, points: float) -> Floats:
    """A row a character: its box, origin, size, angle, weight, and how sure it is."""
    boxes = line.char_boxes.astype(float) * points
    out = np.zeros((len(line.text), 10))
    angle = _angle(line)
    size = setting.size * points
    if angle:
        size = line.box.width * points
        out[:, :4] = boxes
        out[:, 4] = boxes[:, 2] - _DESCENT * size if angle == 90 else boxes[:, 0] + _DESCENT * size
        out[:, 5] = boxes[:, 3] if angle == 90 else boxes[:, 1]
    else:
        base = setting.baseline * points
        _close_up(boxes, line.text, size)
        out[:, 0], out[:, 2] = boxes[:, 0], boxes[:, 2]
        out[:, 1], out[:, 3] = base - _ASCENT * size, base + _DESCENT * size
        out[:, 4], out[:, 5] = boxes[:, 0], base
    out[:, 6], out[:, 7] = size, angle
    out[:, 8], out[:, 9] = _by_word(line, setting)
    return out


def _flush(table: Floats, text: str) -> None:
    """Let pieces that begin under each other do so exactly, as letters of other shapes do not."""
    starts = [
        at
        for at, char in enumerate(text)
        if not char.isspace() and table[at, 7] == 0 and _begins(table, text, at)
    ]
    starts.sort(key=lambda at: table[at, 0])
    first = 0
    for last in range(1, len(starts) + 1):
        edge = table[starts[first], 0]
        if last < len(starts) and table[starts[last], 0] - edge <= _FLUSH:
            continue
        if last - first >= _FEWEST_FLUSH:
            table[starts[first:last], 0] = edge
        first = last


def _begins(table: Floats, text: str, at: int) -> bool:
    """Whether a piece of a line begins with the character *at*: after much white, or nothing."""
    before = at - 1
    while before >= 0 and text[before] == " ":
        before -= 1
    if before < 0 or text[before] == "\n":
        return True
    return bool(table[at, 0] - table[before, 2] > _WIDE * table[at, 6])


def _angle(line: Line) -> int:
    """0, or 90 and 270 for a line that is read upward or downward."""
    upright = line.box.height <= _ON_ITS_SIDE * line.box.width
    if upright or len(line.text) < 2:
        return 0
    first, last = line.char_boxes[0], line.char_boxes[-1]
    return 90 if first[1] > last[1] else 270


def _close_up(boxes: Floats, text: str, size: float) -> None:
    """Let each character reach to the next one of its word, as far as letters stand apart."""
    for at in range(len(text) - 1):
        white = boxes[at + 1, 0] - boxes[at, 2]
        if text[at] != " " and text[at + 1] != " " and white <= _TIGHT * size:
            boxes[at, 2] = max(boxes[at, 2], boxes[at + 1, 0])


def _by_word(line: Line, setting: Setting) -> tuple[list[float], list[float]]:
    """(weight, how sure) of each character of *line*, from the word that it is in."""
    words = iter(zip(line.words, setting.bold, strict=True))
    bold, sure = [], []
    weight, certain, left = 0.0, line.confidence, 0
    for char in line.text:
        if char == " ":
            left = 0
        elif left == 0:
            word, heavy = next(words)
            weight, certain, left = float(heavy), word.confidence, len(word.text)
        bold.append(weight)
        sure.append(certain)
    return bold, sure
