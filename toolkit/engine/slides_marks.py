"""What a reader of slides yields: shapes with their place and their own text, still unordered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.document.blocks import ChartType
from toolkit.document.geometry import Box
from toolkit.engine.drafts import Quotation

__all__ = [
    "Bullet",
    "CellMark",
    "ChartMark",
    "Connector",
    "GraphMark",
    "Kind",
    "Line",
    "Place",
    "Script",
    "ShapeMark",
    "SlideMarks",
    "TableMark",
]


class Script:
    """A slide's source text while it is read: the text of each shape, as the shapes are stacked."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def quote(self, raw: str, text: str | None = None) -> Quotation:
        """Add *raw*, the file's own characters; the answer quotes them as *text*."""
        start, end = self._length, self._length + len(raw)
        # Nothing is quoted over a line's end, so that no two pieces ever run into one.
        self._parts.append(raw + "\n")
        self._length = end + 1
        return Quotation(raw if text is None else text, ((start, end),) if raw else ())

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self._parts)


class Bullet(StrEnum):
    """What stands before a paragraph."""

    NONE = "none"
    MARK = "mark"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph of a shape; *level* counts from 0."""

    quotation: Quotation
    level: int = 0
    bullet: Bullet = Bullet.NONE


class Kind(StrEnum):
    """What a shape holds."""

    TEXT = "text"
    TABLE = "table"
    CHART = "chart"
    PICTURE = "picture"
    GRAPH = "graph"
    GROUP = "group"
    EMPTY = "empty"


class Place(StrEnum):
    """What a placeholder is for."""

    NONE = "none"
    TITLE = "title"
    SUBTITLE = "subtitle"
    BODY = "body"
    HEADER = "header"
    FOOTER = "footer"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class CellMark:
    """A table's cell; *row* and *column* count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box
    quotation: Quotation


@dataclass(frozen=True, slots=True)
class TableMark:
    """A native table."""

    rows: int
    columns: int
    cells: tuple[CellMark, ...]
    header_rows: int


@dataclass(frozen=True, slots=True)
class ChartMark:
    """A native chart; *quotation* covers the title and the numbers, *axes* are the axes' titles."""

    chart_type: ChartType
    title: str | None
    categories: tuple[str, ...]
    series: tuple[tuple[str | None, tuple[float | None, ...]], ...]
    data_table: tuple[tuple[str | float | None, ...], ...]
    quotation: Quotation = field(default_factory=lambda: Quotation(""))
    axes: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphMark:
    """SmartArt: points with their text and box (None: nowhere of their own), and their edges."""

    nodes: tuple[tuple[str, Quotation, Box | None], ...]
    edges: tuple[tuple[str, str, Quotation | None], ...]


@dataclass(frozen=True, slots=True)
class ShapeMark:
    """A shape, in slide coordinates (points); *ident* is the number that connectors know it by."""

    kind: Kind
    ident: int
    box: Box
    alt: str | None = None
    place: Place = Place.NONE
    lines: tuple[Line, ...] = ()
    table: TableMark | None = None
    chart: ChartMark | None = None
    graph: GraphMark | None = None
    image_b64: str | None = None
    picture: bool = False
    """Whether there is a picture whose text, if it has any, nobody read."""
    children: tuple[ShapeMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Connector:
    """A line that joins shapes: its ends, the shapes glued to them, and where it has arrows."""

    start: tuple[float, float]
    end: tuple[float, float]
    start_ident: int | None = None
    end_ident: int | None = None
    start_arrow: bool = False
    end_arrow: bool = False


@dataclass(frozen=True, slots=True)
class SlideMarks:
    """A slide: its shapes from the lowest to the topmost, and its notes."""

    number: int
    size: tuple[float, float]
    shapes: tuple[ShapeMark, ...]
    connectors: tuple[Connector, ...]
    notes: tuple[Line, ...]
    hidden: bool
    script: Script
    faults: tuple[str, ...] = ()
    """What of it could not be read."""
