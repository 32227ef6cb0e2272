"""The steps from a page's picture to its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
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
from toolkit.engine.ocr.second import alike, read_again
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


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What stands in a rectangle, but for its pixels: the strips of a long page take 100 MB."""

    quad: NDArray[np.float32]
    both: Twice
    line: Line | None
    """None where it is too doubtful to be one."""


def recognised(
    image: Image, languages: tuple[str, ...], check: Callable[[], None], *, again: bool = False
) -> Recognised:
    """See `toolkit.engine.ocr.recognise`."""
    unknown = unreadable(languages)
    if unknown is not None:
        return Recognised((), unknown)
    picture, scale = picture_of(image)
    check()
    quads = _from_the_top(text_quads(picture, check))
    found = list(_checked(_read_all(picture, quads, scale), check))
    script = script_of([one.both for one in found])
    clear = [one for one in found if not is_in(script, one.both)]
    if again:
        clear = [_read_again(picture, one) for one in _checked(clear, check)]
    return Recognised(tuple(one.line for one in clear if one.line is not None), script)


def _read_again(picture: Rgb, found: _Found) -> _Found:
    if found.line is None:
        return found
    other = read_again(strip(picture, found.quad).pixels)
    same = alike(found.line.text, found.both.best, other)
    return replace(found, line=replace(found.line, second=other.text, alike=same))


def _checked(found: Iterable[_Found], check: Callable[[], None]) -> Iterator[_Found]:
    for number, one in enumerate(found):
        if number % CHECKED == 0:
            check()
        yield one


def _from_the_top(quads: Quads) -> Quads:
    return quads[np.lexsort((quads[:, 0, 0], np.round(quads[:, 0, 1])))] if len(quads) else quads


def _read_all(picture: Rgb, quads: Quads, scale: float) -> Iterator[_Found]:
    for quad in quads:
        cut, both = _as_it_stands(picture, strip(picture, quad))
        yield _Found(cut.quad, both, None if _doubtful(both) else _line(cut, both, scale))


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
