"""The steps from a page's picture to its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.ocr.bands import text_quads
from toolkit.engine.ocr.detection import Quads, Rgb
from toolkit.engine.ocr.lines import Line, Recognised, Word
from toolkit.engine.ocr.pictures import picture_of
from toolkit.engine.ocr.places import spans
from toolkit.engine.ocr.scripts import is_in, script_of, unreadable
from toolkit.engine.ocr.spacing import Placed, spaced
from toolkit.engine.ocr.strips import Strip, strip, turned
from toolkit.engine.ocr.twice import Twice, read_twice

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["recognised"]

DOUBTFUL: Final = 0.5
"""A line below this confidence is left out: texture, a logo, a stain."""
SHORT: Final = 2
DOUBTFUL_SHORT: Final = 0.75
"""The same for one or two characters, which a stain resembles more easily."""
CHECKED: Final = 4
"""Lines between two looks at the clock: a twentieth of a second."""
TALL: Final = 1.5
"""Height over width from which a rectangle may be a line that runs up or down the page."""


def recognised(image: Image, languages: tuple[str, ...], check: Callable[[], None]) -> Recognised:
    """See `toolkit.engine.ocr.recognise`."""
    unknown = unreadable(languages)
    if unknown is not None:
        return Recognised((), unknown)
    picture, scale = picture_of(image)
    check()
    quads = _from_the_top(text_quads(picture, check))
    found = list(_checked(_read_all(picture, quads), check))
    script = script_of([line for _, line in found])
    kept = [pair for pair in found if not is_in(script, pair[1])]
    lines = (_line(cut, both, scale) for cut, both in kept if not _doubtful(both))
    return Recognised(tuple(lines), script)


def _checked(
    found: Iterable[tuple[Strip, Twice]], check: Callable[[], None]
) -> Iterator[tuple[Strip, Twice]]:
    for number, pair in enumerate(found):
        if number % CHECKED == 0:
            check()
        yield pair


def _from_the_top(quads: Quads) -> Quads:
    return quads[np.lexsort((quads[:, 0, 0], np.round(quads[:, 0, 1])))] if len(quads) else quads


def _read_all(picture: Rgb, quads: Quads) -> Iterator[tuple[Strip, Twice]]:
    for quad in quads:
        yield _as_it_stands(picture, strip(picture, quad))


def _as_it_stands(picture: Rgb, cut: Strip) -> tuple[Strip, Twice]:
    """*cut* read; a tall one also as a line that runs up or down, if that makes more sense."""
    both = read_twice(cut.pixels)
    across, down = cut.quad[1] - cut.quad[0], cut.quad[3] - cut.quad[0]
    if np.linalg.norm(down) < TALL * np.linalg.norm(across):
        return cut, both
    ways = [strip(picture, way) for way in turned(cut.quad)]
    found = [(cut, both), *((way, read_twice(way.pixels)) for way in ways)]
    return max(found, key=lambda pair: pair[1].likely * min(3, pair[1].best.visible))


def _doubtful(both: Twice) -> bool:
    """Whether *both* is no line at all; one without characters has no confidence either."""
    return both.likely < (DOUBTFUL if both.best.visible > SHORT else DOUBTFUL_SHORT)


def _line(cut: Strip, both: Twice, scale: float) -> Line:
    placed = spaced(Placed.of(both.best, spans(cut.pixels, both.best)))
    boxes = cut.boxes(placed.spans) / np.float32(scale)
    words = tuple(_words(placed, boxes))
    sure = float(placed.chances.mean())
    return Line(placed.text, Box.around(word.box for word in words), sure, words, boxes)


def _words(placed: Placed, boxes: NDArray[np.float32]) -> Iterator[Word]:
    start = 0
    for word in placed.text.split(" "):
        end = start + len(word)
        if word:
            sure = float(placed.chances[start:end].mean())
            yield Word(word, _around(boxes[start:end]), sure)
        start = end + 1


def _around(boxes: NDArray[np.float32]) -> Box:
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
