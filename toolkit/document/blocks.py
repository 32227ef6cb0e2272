"""The taxonomy: every type of block that a page can hold, one frozen class a type.

``Block`` is their union, told apart by ``type``. The classes are data alone; Markdown, frames
and exports are functions on other floors that match over the union, so that the type checker
names the one who forgot a new type.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec

from toolkit.document.geometry import NormalizedBox

__all__ = [
    "BLOCK_TYPES",
    "Block",
    "Callout",
    "Caption",
    "Cell",
    "Chart",
    "ChartType",
    "Code",
    "Diagram",
    "Edge",
    "Footnote",
    "Formula",
    "Heading",
    "Image",
    "ImageType",
    "ListBlock",
    "Node",
    "PageFooter",
    "PageHeader",
    "Paragraph",
    "Proof",
    "Role",
    "Series",
    "Table",
    "TextBlock",
    "TextSource",
]


class TextSource(StrEnum):
    """How a block's text came to be, which is how far it can be trusted."""

    VERIFIED = "verified"
    """Equal to what the file itself says (its text layer, or a native shape)."""
    INFERRED = "inferred"
    """Made by a model, such as OCR."""
    DERIVED = "derived"
    """Structure without text of its own, such as an image."""


class Proof(StrEnum):
    """What a verified block was proven against."""

    TEXT_LAYER = "text_layer"
    PPTX_SHAPE = "pptx_shape"
    FAITHFULNESS_CHECK = "faithfulness_check"


class Role(StrEnum):
    """What a block does in its document; finer than its type."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    SECTION = "section"
    ABSTRACT = "abstract"
    AUTHORS = "authors"
    TOC = "toc"
    BODY = "body"
    NOTE = "note"
    REFERENCE = "reference"
    PAGE_NUMBER = "page_number"
    SPEAKER_NOTES = "speaker_notes"
    FORM_FIELD = "form_field"
    ANNOTATION = "annotation"


class ImageType(StrEnum):
    """What an image shows."""

    PHOTO = "photo"
    LOGO = "logo"
    ICON = "icon"
    SCREENSHOT = "screenshot"
    CHART = "chart"
    DIAGRAM = "diagram"
    TABLE = "table"
    SIGNATURE = "signature"
    SCAN = "scan"
    DRAWING = "drawing"
    UNKNOWN = "unknown"


class ChartType(StrEnum):
    """How a chart draws its series."""

    BAR = "bar"
    COLUMN = "column"
    LINE = "line"
    AREA = "area"
    PIE = "pie"
    DOUGHNUT = "doughnut"
    SCATTER = "scatter"
    BUBBLE = "bubble"
    RADAR = "radar"
    STOCK = "stock"
    SURFACE = "surface"
    COMBO = "combo"
    UNKNOWN = "unknown"


Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Half-open ranges of character positions in the page's source text, in the order of the block."""


class _Placed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every block has: identity, place, and where its text comes from."""

    id: str
    page: int
    bbox: NormalizedBox
    reading_order_index: int
    text_source: TextSource
    confidence: float
    role: Role | None = None
    proof: Proof | None = None
    source_spans: Spans = ()
    """Where the text stands in the page's source text: what `verified` is checked against."""
    joins: tuple[int, ...] = ()
    """Positions in the source text of the hyphens dropped where a word was joined over lines."""

    @property
    def verified(self) -> bool:
        return self.text_source is TextSource.VERIFIED


class _Text(_Placed, frozen=True, kw_only=True):
    text: str
    refers_to: tuple[str, ...] = ()
    """The ids of the figures, tables, notes and headings that its text names."""


class Heading(_Text, frozen=True, kw_only=True, tag="heading"):
    level: int = 1
    """From 1 (the highest) to 6."""


class Paragraph(_Text, frozen=True, kw_only=True, tag="paragraph"):
    pass


class ListBlock(_Text, frozen=True, kw_only=True, tag="list"):
    items: tuple[str, ...]
    """Without their markers; ``text`` has the markers, a line an item."""
    levels: tuple[int, ...] = ()
    """How deep each item is nested, from 0; empty means that all are at 0."""
    ordered: bool = False


class Caption(_Text, frozen=True, kw_only=True, tag="caption"):
    target: str | None = None
    """The id of the block that it belongs to."""


class Footnote(_Text, frozen=True, kw_only=True, tag="footnote"):
    marker: str | None = None
    target: str | None = None
    """The id of the block that its mark stands in."""


class PageHeader(_Text, frozen=True, kw_only=True, tag="page_header"):
    pass


class PageFooter(_Text, frozen=True, kw_only=True, tag="page_footer"):
    pass


class Callout(_Text, frozen=True, kw_only=True, tag="callout"):
    pass


class Code(_Text, frozen=True, kw_only=True, tag="code"):
    language: str | None = None


class Cell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One cell of a table; *row* and *column* count from 0 over headers and rows together."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1
    header: bool = False
    bbox: NormalizedBox | None = None
    text_source: TextSource = TextSource.VERIFIED
    confidence: float = 1.0
    source_spans: Spans = ()
    joins: tuple[int, ...] = ()


class Table(_Placed, frozen=True, kw_only=True, tag="table"):
    headers: tuple[str, ...]
    """One name a column, levels joined by " / "; empty where the table has no header row."""
    rows: tuple[tuple[str, ...], ...]
    """The body, each row as wide as the table; a spanned cell repeats its text."""
    cells: tuple[Cell, ...] = ()
    header_rows: int = 0
    caption: str | None = None
    continues: str | None = None
    """The id of the table on an earlier page that it goes on from; it has that table's names."""


class Image(_Placed, frozen=True, kw_only=True, tag="image"):
    url: str | None = None
    image_b64: str | None = None
    alt: str | None = None
    caption: str | None = None
    image_type: ImageType = ImageType.UNKNOWN
    embedded_text: str | None = None


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A shape of a diagram."""

    id: str
    label: str
    bbox: NormalizedBox | None = None


class Edge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A connection from the node *source* to the node *target*."""

    source: str
    target: str
    label: str | None = None


class Diagram(_Placed, frozen=True, kw_only=True, tag="diagram"):
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    image_url: str | None = None
    image_b64: str | None = None
    caption: str | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One series of a chart; a value that cannot be read is None, never a guess."""

    name: str | None
    values: tuple[float | None, ...]


class Chart(_Placed, frozen=True, kw_only=True, tag="chart"):
    chart_type: ChartType = ChartType.UNKNOWN
    title: str | None = None
    categories: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    data_table: tuple[tuple[str | float | None, ...], ...] = ()
    embedded_text: str | None = None
    """What is written on it besides: an axis' title and ticks, remarks."""
    image_url: str | None = None
    image_b64: str | None = None
    caption: str | None = None


class Formula(_Placed, frozen=True, kw_only=True, tag="formula"):
    text: str = ""
    """The formula's characters in a line, as far as the source has them."""
    latex: str | None = None
    rendered_image_b64: str | None = None


TextBlock: TypeAlias = (
    Heading | Paragraph | ListBlock | Caption | Footnote | PageHeader | PageFooter | Callout | Code
)
Block: TypeAlias = TextBlock | Table | Image | Diagram | Chart | Formula

BLOCK_TYPES: tuple[str, ...] = (
    "heading",
    "paragraph",
    "list",
    "caption",
    "footnote",
    "page_header",
    "page_footer",
    "callout",
    "code",
    "table",
    "image",
    "diagram",
    "chart",
    "formula",
)
