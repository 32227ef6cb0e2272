"""A page's text layer against its pixels: which of its characters does the page not show?

The page is rendered and read by OCR. Each row of the text layer that lies under a line which OCR
read is compared with the characters that OCR saw at its very place. A row is *agreed* where both
are much the same, *denied* where something else was read surely, and otherwise nothing is said of
it: OCR cannot read every script, size and drawing of letters.

A map from glyphs to letters that is wrong in a few letters leaves rows that are much the same. So
letters are counted, too: of each font, each letter that is read as one and the same other letter
wherever it stands is *swapped*.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from toolkit.document.geometry import Box
from toolkit.engine.marks import Glyphs
from toolkit.engine.words import Line

if TYPE_CHECKING:
    from toolkit.engine.ocr import Line as SeenLine

__all__ = ["Comparison", "compared", "is_foreign", "letters", "upright"]

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

SURE: Final = 0.9
"""What was read less surely says nothing against the text layer."""
MUCH_THE_SAME: Final = 0.5
"""Similarity (1 less the edits over the longer text) from which a row is agreed. Of the 4,264 rows
of the 100 labelled pages that were read surely, none is below 0.57: their text layers are sound."""
FEWEST: Final = 4
"""Characters of a row that can deny it: of fewer, chance makes anything."""
READ_THERE: Final = 0.5
"""Of a row's characters, how many must have been read at its place to deny it."""
CROWDED: Final = 1.2
"""Times the letters read at its place, and `FEWEST` more: that many a row of one text never has
(none of the 7,300 rows of the labelled pages, clean and worn)."""
FEWEST_SWAPPED: Final = 3
SWAPPED_SHARE: Final = 0.8
"""Of a letter's places that were compared, how many must show the same other letter."""
SLACK: Final = 1.0
"""Points by which a character may lie outside the line that OCR found."""

# Signs that recognition takes for each other, or that fonts draw alike: they are no evidence.
_ALIKE: Final = str.maketrans(
    dict.fromkeys('‘’‚‛′`´ʼ“”„″"', "'")
    | dict.fromkeys("‐‑‒–—―−﹣－_", "-")
    | dict.fromkeys("•·∙⋅●▪■◆◦○∘*,;:", ".")
    | dict.fromkeys("i1|!ı][/\\", "l")
    | dict.fromkeys("0°ºq", "o")
    | {"5": "s", "$": "s", "2": "z", "×": "x", "9": "g", "8": "b", "ß": "b"}
)
# What the models read: Latin, Han, Kana. Greek letters stand in formulas; Greek prose is not read.
_READ_SCRIPTS: Final = ((0x0030, 0x024F), (0x1E00, 0x1EFF), (0x3040, 0x30FF), (0x3400, 0x9FFF))


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the pixels say of the glyphs of a page, as flags (n,)."""

    agreed: Flags
    denied: Flags
    swapped: Flags
    strange: Flags
    """Something else was read, but what the layer says is in a script that cannot be read."""


def is_foreign(char: str) -> bool:
    """Whether *char* is a letter of a script that recognition cannot read."""
    return char.isalpha() and not any(
        first <= ord(part) <= last
        for part in unicodedata.normalize("NFKD", char)[:1]
        for first, last in _READ_SCRIPTS
    )


def letters(glyphs: Glyphs, lines: Iterable[Line]) -> list[int]:
    """Those glyphs of *lines* that are letters or digits, as indices."""
    return [at for line in lines for at in line.glyphs if glyphs.text[at].isalnum()]


def compared(
    glyphs: Glyphs, lines: Sequence[Line], seen: Iterable[SeenLine], points: float
) -> Comparison:
    """*lines* of *glyphs* against the lines *seen*, of whose pixels one is *points* points.

    What stands on its head or aslant is not read, and denies nothing; `upright` helps the first.
    """
    agreed, denied, swapped, strange = (np.zeros(len(glyphs), bool) for _ in range(4))
    pairs: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    for row in _rows(glyphs, lines, seen, points):
        if row.similarity >= MUCH_THE_SAME and not row.crowded:
            agreed[row.glyphs] = True
            if row.sure >= SURE:
                for at, char in row.paired(glyphs.text):
                    pairs[int(glyphs.fonts[at]), glyphs.text[at]].append((at, char))
        elif row.denies:
            (strange if row.foreign else denied)[row.glyphs] = True
    # The same letters may be seen twice, where two lines that OCR found overlap.
    denied &= ~agreed
    for (_, char), places in pairs.items():
        swapped[_swapped(char, places)] = True
    return Comparison(agreed, denied, swapped, strange & ~agreed)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A piece of a line of the text layer, and what was read at its place."""

    glyphs: list[int]
    said: str
    """Folded, as what was read is."""
    read: str
    sure: float
    similarity: float
    askew: bool
    foreign: bool

    @property
    def denies(self) -> bool:
        return (
            self.sure >= SURE
            and not self.askew
            and len(self.said) >= FEWEST
            and (self.crowded or len(self.read) >= READ_THERE * len(self.said))
        )

    @property
    def crowded(self) -> bool:
        """Whether the layer has more letters here than can be seen: one text beneath another."""
        said, read = (sum(map(str.isalnum, text)) for text in (self.said, self.read))
        return self.sure >= SURE and said > CROWDED * read + FEWEST and read >= FEWEST

    def paired(self, text: str) -> Iterator[tuple[int, str]]:
        """Each glyph that is one folded character, with the one that was read in its place."""
        places = [at for at in self.glyphs for _ in _folded(text[at])]
        if len(self.said) == len(self.read) == len(places):
            # Edits would set a pair of letters that are swapped askew: 37 for 73.
            yield from zip(places, self.read, strict=True)
            return
        for step in Levenshtein.opcodes(self.said, self.read):
            if step.tag == "delete":
                yield from ((places[at], "") for at in range(step.src_start, step.src_end))
            elif step.tag in ("equal", "replace"):
                span = zip(
                    places[step.src_start : step.src_end],
                    self.read[step.dest_start : step.dest_end],
                    strict=False,
                )
                yield from span


def _folded(text: str) -> str:
    """*text* in the letters that can be told apart by looking at them, and no white space."""
    bare = (
        char
        for char in unicodedata.normalize("NFKD", text)
        if not char.isspace() and not unicodedata.combining(char)
    )
    return "".join(bare).casefold().translate(_ALIKE)


def _rows(
    glyphs: Glyphs, lines: Sequence[Line], seen: Iterable[SeenLine], points: float
) -> Iterator[_Row]:
    ids = np.array([at for line in lines for at in line.glyphs], np.intp)
    owners = np.array([n for n, line in enumerate(lines) for _ in line.glyphs], np.intp)
    if not len(ids):
        return
    middles = (glyphs.boxes[ids, :2] + glyphs.boxes[ids, 2:]) / 2
    for one in seen:
        under = _inside(middles, one.box, points, SLACK)
        chars = one.char_boxes.astype(float) * points
        places = (chars[:, :2] + chars[:, 2:]) / 2
        for owner in np.unique(owners[under]):
            chosen = ids[under & (owners == owner)]
            yield _row(glyphs, lines[owner], chosen, one, places)


def _inside(points: Floats, box: Box, scale: float, slack: float) -> Flags:
    low = np.array([box.left, box.top]) * scale - slack
    high = np.array([box.right, box.bottom]) * scale + slack
    return np.asarray(((points >= low) & (points <= high)).all(axis=1))


def _row(
    glyphs: Glyphs, line: Line, chosen: NDArray[np.intp], seen: SeenLine, places: Floats
) -> _Row:
    boxes = glyphs.boxes[chosen]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    # Along the line only: how high a box of letters is depends on who drew it.
    axis = 0 if line.angle in (0, 180) else 1
    slack = 0.3 * line.size
    there = (places[:, axis] >= low[axis] - slack) & (places[:, axis] <= high[axis] + slack)
    text = "".join(glyphs.text[at] for at in chosen)
    said = _folded(text)
    read = _folded("".join(c for c, is_there in zip(seen.text, there, strict=True) if is_there))
    similarity = Levenshtein.normalized_similarity(said, read) if said or read else 1.0
    # Text on its head or aslant is not read; text on its side is.
    askew = not np.isin(glyphs.angles[chosen], (0, 90, 270)).all()
    foreign = 2 * sum(map(is_foreign, text)) > sum(map(str.isalpha, text))
    return _Row(
        chosen.tolist(),
        said,
        read,
        seen.confidence,
        similarity,
        askew,
        foreign,
    )


def upright(glyphs: Glyphs, width: float, height: float) -> tuple[Glyphs, bool]:
    """*glyphs* of a page of this size, turned by half a circle if most stand on their heads."""
    if not len(glyphs) or (glyphs.angles == 180).mean() <= 0.5:
        return glyphs, False
    sides = np.array([width, height, width, height])
    boxes = (sides - glyphs.boxes)[:, [2, 3, 0, 1]]
    return replace(glyphs, boxes=boxes, angles=(glyphs.angles + 180) % 360), True


def _swapped(char: str, places: Sequence[tuple[int, str]]) -> list[int]:
    """Where *char* stands, if something else is read there nearly always; else nowhere.

    Only Latin letters and digits tell: signs and Greek letters are read as what they resemble.
    """
    own = _folded(char)
    if len(own) != 1 or not (own.isascii() and own.isalnum()):
        return []
    [(other, count)] = Counter(read for _, read in places).most_common(1)
    telling = other != own and other.isascii() and other.isalnum()
    if not telling or count < max(FEWEST_SWAPPED, SWAPPED_SHARE * len(places)):
        return []
    return [at for at, read in places if read == other]
