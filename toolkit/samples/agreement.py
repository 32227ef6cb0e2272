"""How far what was read of a sample is what was written into it, block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import msgspec
from rapidfuzz.distance import Levenshtein

from toolkit.document.blocks import Block, Chart, Diagram, Image, ImageType, Table
from toolkit.document.document import Document
from toolkit.document.normal import folded
from toolkit.document.text import figures, text_of
from toolkit.samples.sample import Expected, Sample

__all__ = ["Agreement", "Said", "agreement", "expected", "found"]


class Said(NamedTuple):
    """What a block says, so far as two can be compared; white space and ligatures do not count."""

    page: int
    kind: str
    text: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A sample's truth beside what was read: counts by type, the differences, and two measures."""

    written: Mapping[str, int]
    right: Mapping[str, int]
    """How many blocks of each type were read as the type they are, letter by letter."""
    missing: tuple[Said, ...]
    wrong: tuple[Said, ...]
    """What was read, and is not the truth."""
    error_rate: float
    """Edits a character of all the text, in reading order: 0 is perfect."""
    cells: tuple[int, int]
    """Cells of tables that are right, of how many."""


def agreement(sample: Sample, document: Document) -> Agreement:
    """*document*, which was read from *sample*, held against the sample's truth."""
    truth = Counter(expected(block) for block in sample.truth)
    read = Counter(found(block) for block in document.blocks)
    right = truth & read
    return Agreement(
        written=_by_kind(truth),
        right=_by_kind(right),
        missing=tuple((truth - right).elements()),
        wrong=tuple((read - right).elements()),
        error_rate=_error_rate(sample.truth, document),
        cells=_cells(sample.truth, document),
    )


def found(block: Block) -> Said:
    """What *block* says; a chart drawn as lines is a chart without numbers."""
    match block:
        case Image(image_type=ImageType.CHART):
            return Said(block.page, "chart", "")
        case Image(alt=alt):
            return Said(block.page, "image", folded(alt or ""))
        case Table():
            return Said(block.page, "table", _joined(_grid(block)))
        case Chart(title=title):
            return Said(block.page, "chart", _joined([[title or ""], *figures(block)]))
        case Diagram(nodes=nodes, edges=edges):
            labels = {node.id: node.label for node in nodes}
            pairs = [(labels[edge.source], labels[edge.target]) for edge in edges]
            return Said(block.page, "diagram", _joined([*zip(labels.values()), *sorted(pairs)]))
    return Said(block.page, str(type(block).__struct_config__.tag), folded(text_of(block)))


def expected(block: Expected) -> Said:
    """What a block of the truth says, in the same way."""
    text = folded(block.text)
    if block.type == "table":
        text = _joined(block.rows)
    elif block.type == "chart":
        text = _joined([[block.text], *block.rows])
    elif block.type == "diagram":
        text = _joined([*zip(block.text.split("\n")), *sorted(block.edges)])
    elif block.type == "image":
        text = folded(block.alt or "")
    return Said(block.page, block.type, text)


def _joined(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join("\t".join(map(folded, row)) for row in rows).strip()


def _by_kind(blocks: Counter[Said]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for said, number in blocks.items():
        counts[said.kind] += number
    return dict(counts)


def _error_rate(truth: Sequence[Expected], document: Document) -> float:
    written = folded("".join(expected(block).text for block in truth))
    read = folded("".join(found(block).text for block in document.blocks))
    return float(Levenshtein.distance(written, read)) / max(1, len(written))


def _cells(truth: Sequence[Expected], document: Document) -> tuple[int, int]:
    """Of the tables in their order: the cells that say what they should, at their place."""
    tables = [block for block in document.blocks if isinstance(block, Table)]
    wanted = [block.rows for block in truth if block.type == "table"]
    right = total = 0
    for rows, table in zip_longest(wanted, tables[: len(wanted)]):
        total += sum(map(len, rows))
        for row, own in zip_longest(rows, _grid(table) if table else (), fillvalue=()):
            right += sum(folded(a) == folded(b) for a, b in zip(row, own, strict=False))
    return right, total


def _grid(table: Table) -> list[list[str]]:
    """The table as it stands on the page: its heads in their levels, spanned cells repeated."""
    rows = [list(row) for row in (table.headers, *table.rows) if row]
    if table.header_rows > 1 and table.cells:
        heads = [[""] * len(table.headers) for _ in range(table.header_rows)]
        for cell in table.cells:
            for row in range(cell.row, min(cell.row + cell.row_span, table.header_rows)):
                for column in range(cell.column, cell.column + cell.column_span):
                    heads[row][column] = cell.text
        rows[:1] = heads
    return rows
