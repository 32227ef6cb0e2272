"""What any reader yields from a page: glyphs, rules and rasters, as columns of numbers.

The frame is the page as it is seen: rotated as the file says, points, origin top left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.shapes import Shape

__all__ = [
    "Annotation",
    "Bookmark",
    "Cell",
    "FormField",
    "Frame",
    "Glyphs",
    "Proposal",
    "Raster",
    "Sheet",
    "Tag",
]

Floats = NDArray[np.float64]


def _no_boxes() -> Floats:
    return np.empty((0, 4))


def _no_curves() -> Floats:
    return np.empty((0, 5))


@dataclass(frozen=True, slots=True, eq=False)
class Glyphs:
    """A page's characters in the reader's order, one row a character, n in all.

    ``text`` is the page's source text: n characters, white space included where the reader
    yields it. ``boxes`` is (n, 4): left, top, right, bottom. ``origins`` is (n, 2): where the
    baseline begins. ``angles`` are whole degrees counter-clockwise; what is nearly a quarter turn
    is one.
    ``fonts`` are indices into ``font_names``. ``hidden`` marks what is never painted,
    ``stray`` what nobody can see: off the page, or too small.
    """

    text: str
    boxes: Floats
    origins: Floats
    sizes: Floats
    angles: NDArray[np.int16]
    bold: NDArray[np.bool_]
    italic: NDArray[np.bool_]
    mono: NDArray[np.bool_]
    fonts: NDArray[np.int32]
    font_names: tuple[str, ...]
    hidden: NDArray[np.bool_]
    stray: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Raster:
    """An image painted on the page; its size in pixels is what the file declares."""

    box: Box
    width_px: int
    height_px: int
    index: int
    """Its place among the page's images, by which the reader gives its pixels."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell that another engine saw; ``box`` is None where it does not say its place."""

    box: Box | None
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A block that another engine saw: a kind, a place, for a table its rows of cells.

    Its text is evidence for matching only; what goes into a document is always our own glyphs.
    """

    kind: str
    box: Box
    text: str = ""
    level: int = 0
    marker: str | None = None
    rows: tuple[tuple[Cell, ...], ...] = ()
    header: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """An element of the file's structure tree that says what a piece of the page is."""

    kind: str
    """As the file has it, after its role map: H1, P, Figure, Table, TH, L, Caption, Note …"""
    box: Box | None
    """Around what it marks on this page; None where that has no place."""
    glyphs: tuple[int, ...] = ()
    """The characters that it marks, as indices into the sheet's."""
    alt: str | None = None
    actual: str | None = None
    """What it says, where its characters do not."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the file's outline that leads to this page."""

    title: str
    level: int
    """From 1 (the highest)."""
    top: float | None = None
    """How far down it leads, in points; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark that somebody laid over the page: a note, a text box, a comment on a highlight."""

    kind: str
    box: Box
    text: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form and what it is filled with; "" where it is empty."""

    kind: str
    """text, checkbox, radio, choice, button or signature."""
    box: Box
    name: str
    """As the file has it, such as "form.page[0].name"."""
    value: str
    label: str = ""
    """What a person is told that it is for, where the file says it."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One page (from 1) as read. ``rules`` is (r, 4): thin boxes that are drawn lines."""

    number: int
    width: float
    height: float
    glyphs: Glyphs
    rules: Floats
    rasters: tuple[Raster, ...]
    proposals: tuple[Proposal, ...] | None = None
    """None where no other engine was asked, or it failed."""
    readings: tuple[str, ...] = ()
    """N of the page's text as other readers have it; a line is verified where all have it."""
    drawn: Floats = field(default_factory=_no_boxes)
    """(d, 4): the box of each path that is drawn: lines, curves, fills."""
    panels: Floats = field(default_factory=_no_boxes)
    """(p, 4): those of them that are one rectangle, tinted or framed."""
    curved: Floats = field(default_factory=_no_curves)
    """(c, 5): the box of each filled path of more than a rectangle, and its number of segments."""
    tags: tuple[Tag, ...] = ()
    """In the order of the structure tree; empty where the file has none that is sane."""
    outline: tuple[Bookmark, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    fields: tuple[FormField, ...] = ()
    shapes: tuple[Shape, ...] = ()
    """What is drawn, with points and colours; looked for in the advanced profile alone."""

    @property
    def painted(self) -> bool:
        """Whether anything but text is on the page."""
        return bool(self.rasters) or len(self.rules) > 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A page's visible rectangle in the file's coordinates (origin bottom left), and its turn."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int
    """Degrees clockwise, of 0, 90, 180 and 270."""

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) as seen."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turn in (90, 270) else (width, height)

    def seen(self, points: Floats) -> Floats:
        """*points*, (n, 2) in the file's coordinates, as they are seen.

        >>> Frame(0, 0, 100, 50, 90).seen(np.array([[10.0, 20.0]]))
        array([[20., 10.]])
        """
        x, y = points[:, 0], points[:, 1]
        match self.turn:
            case 90:
                columns = (y - self.bottom, x - self.left)
            case 180:
                columns = (self.right - x, y - self.bottom)
            case 270:
                columns = (self.top - y, self.right - x)
            case _:
                columns = (x - self.left, self.top - y)
        return np.column_stack(columns)

    def boxes_seen(self, corners: Floats) -> Floats:
        """Boxes (n, 4) of two opposite corners x0 y0 x1 y1, as left, top, right, bottom."""
        first, second = self.seen(corners[:, :2]), self.seen(corners[:, 2:])
        return np.column_stack((np.minimum(first, second), np.maximum(first, second)))
