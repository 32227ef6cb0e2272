"""A draft is a block before it has its identity: a kind, a place, and the glyphs it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toolkit.document.blocks import ChartType, ImageType, Role, Series, TextSource
from toolkit.document.geometry import Box
from toolkit.engine.grids import Grid
from toolkit.engine.marks import Glyphs
from toolkit.engine.words import Word

__all__ = [
    "CellDraft",
    "Draft",
    "EdgeDraft",
    "NodeDraft",
    "Quotation",
    "in_one",
    "quote_lines",
    "table_cells",
]

_HYPHENS = "-\u2010\u00ad\u00ac"


@dataclass(frozen=True, slots=True)
class Quotation:
    """Text and where it stands in the page's source text; ``joins`` are dropped hyphens."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()
    joins: tuple[int, ...] = ()
    hidden: bool = False
    rows: tuple[str, ...] = ()
    """Its rows as they stand on the page, but for the hyphens that the text drops."""


@dataclass(frozen=True, slots=True)
class CellDraft:
    """A table cell, quoted."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: Box
    quotation: Quotation
    header: bool
    sure: float | None = None
    """As a draft's."""
    alike: bool | None = None
    """As a draft's."""


@dataclass(frozen=True, slots=True)
class NodeDraft:
    """A node of a diagram."""

    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class EdgeDraft:
    """An edge of a diagram, from a node to a node by their positions."""

    source: int
    target: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A block to be. ``kind`` is the type's tag; the fields of other types are left alone."""

    kind: str
    box: Box
    quotation: Quotation
    confidence: float
    role: Role | None = None
    level: int = 1
    told: int = 0
    """The level that the file itself gives a heading; 0 where it does not."""
    size: float = 0.0
    bold: bool = False
    items: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    ordered: bool = False
    marker: str | None = None
    cells: tuple[CellDraft, ...] = ()
    rows: int = 0
    columns: int = 0
    header_rows: int = 0
    image_b64: str | None = None
    image_type: ImageType = ImageType.UNKNOWN
    embedded_text: str | None = None
    alt: str | None = None
    nodes: tuple[NodeDraft, ...] = ()
    edges: tuple[EdgeDraft, ...] = ()
    chart_type: ChartType = ChartType.UNKNOWN
    title: str | None = None
    categories: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    data_table: tuple[tuple[str | float | None, ...], ...] = ()
    latex: str | None = None
    text_source: TextSource | None = None
    """None: found out from the quotation."""
    sure: float | None = None
    """How sure the recognition is of its text, 0 to 1; None where nothing was recognised."""
    alike: bool | None = None
    """Whether two recognisers read the same, and surely; None where one alone read."""


def quote_lines(
    lines: Sequence[Sequence[Word]], glyphs: Glyphs, compounds: frozenset[str], between: str = " "
) -> Quotation:
    """*lines* of words as one text, words broken at a line's end put together.

    *compounds* are the page's words with a hyphen inside: such a one keeps it. *between* parts
    lines that no word runs over.
    """
    parts: list[str] = []
    order: list[int] = []
    joins: list[int] = []
    rows: list[str] = []
    for at, line in enumerate(lines):
        text = " ".join(word.text for word in line)
        after = lines[at + 1] if at + 1 < len(lines) else None
        if after and _runs_over(text, after[0].text, compounds):
            joins.append(line[-1].glyphs[-1])
            text = text[:-1]
            parts.append(text)
        else:
            parts += [text, between]
        rows.append(text)
        order += [index for word in line for index in word.glyphs]
    return Quotation(
        "".join(parts).strip(),
        _spans(order, glyphs.text),
        tuple(joins),
        bool(order) and bool(glyphs.hidden[order].any()),
        tuple(rows),
    )


def in_one(quotations: Iterable[Quotation]) -> Quotation:
    """*quotations* below each other as one; those without text say nothing."""
    said = [one for one in quotations if one.text]
    return Quotation(
        "\n".join(one.text for one in said),
        tuple(span for one in said for span in one.spans),
        tuple(join for one in said for join in one.joins),
        any(one.hidden for one in said),
        tuple(row for one in said for row in one.rows),
    )


def _runs_over(text: str, after: str, compounds: frozenset[str]) -> bool:
    """Whether the last word of *text* goes on in *after*, the hyphen being of the line's end."""
    if (
        len(text) < 3
        or text[-1] not in _HYPHENS
        or not text[-2].isalpha()
        or not after[0].islower()
    ):
        return False
    if text[-1] == "\u00ad":
        return True
    start = text[:-1].rsplit(maxsplit=1)[-1]
    end = "".join(char for char in after if char.isalpha() or char == "-")
    # A word of capitals, or one that already has a hyphen, is a compound more often than not.
    return not start[-1].isupper() and f"{start}-{end}".lower() not in compounds


def _spans(order: Iterable[int], source: str) -> tuple[tuple[int, int], ...]:
    """*order* as half-open ranges; white space between two of them is taken along."""
    spans: list[list[int]] = []
    for index in order:
        if spans and spans[-1][1] <= index and not source[spans[-1][1] : index].strip():
            spans[-1][1] = index + 1
        else:
            spans.append([index, index + 1])
    return tuple((first, last) for first, last in spans)


def table_cells(grid: Grid, glyphs: Glyphs, compounds: frozenset[str]) -> tuple[CellDraft, ...]:
    """The cells of *grid*, quoted."""
    return tuple(
        CellDraft(
            cell.row,
            cell.column,
            cell.row_span,
            cell.column_span,
            cell.box,
            quote_lines(cell.lines, glyphs, compounds),
            cell.row < grid.header_rows,
        )
        for cell in grid.cells
    )
