"""A page as trees, of its tables and of its headings, and how alike two trees are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apted import APTED, Config
from lxml import etree
from lxml import html as lxml_html
from rapidfuzz.distance import Levenshtein

__all__ = ["Node", "folded", "heading_tree", "likeness", "table_tree"]

_HEADING = re.compile(r"#{1,6}\s+(.*)")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TABLE = re.compile(r"<table\b.*?</table>", re.IGNORECASE | re.DOTALL)


def folded(text: str) -> str:
    """*text* with each run of white space as one space, and none at its ends."""
    return re.sub(r"\s+", " ", text).strip()


@dataclass(slots=True, eq=False)
class Node:
    """A node: what it is, what it says, and of a cell the columns and rows that it spans."""

    tag: str
    text: str = ""
    span: tuple[int, int] = (1, 1)
    children: list[Node] = field(default_factory=list)

    def size(self) -> int:
        """How many nodes there are, this one among them."""
        return 1 + sum(child.size() for child in self.children)


class _Costs(Config):  # type: ignore[misc]  # apted has no types
    """A node that is another kind of thing costs 1, one that says something else a share of it."""

    def rename(self, node1: Node, node2: Node) -> float:
        if (node1.tag, node1.span) != (node2.tag, node2.span):
            return 1.0
        if node1.text == node2.text:
            return 0.0
        longest = max(len(node1.text), len(node2.text))
        return Levenshtein.distance(node1.text, node2.text) / longest


def likeness(one: Node, other: Node, nodes: int) -> float:
    """1 less the edit distance of the trees for each of *nodes*, and at least 0."""
    return max(0.0, 1.0 - float(APTED(one, other, _Costs()).compute_edit_distance()) / nodes)


def table_tree(markdown: str, *, words: bool = True) -> Node | None:
    """All the HTML tables in *markdown* as one tree; None where there are none.

    Without *words* the cells are empty, so that rows, cells and spans alone compare.
    """
    found = _TABLE.findall(markdown)
    if not found:
        return None
    tree = Node("tables", children=[_table(source) for source in found])
    if not words:
        for cell in (
            cell for table in tree.children for row in table.children for cell in row.children
        ):
            cell.text = ""
    return tree


def _table(source: str) -> Node:
    try:
        parsed: Any = lxml_html.fragment_fromstring(_BREAK.sub(" ", source))
    except etree.ParserError:
        # Tables inside each other are cut in the middle: what is there is taken.
        parsed = lxml_html.fragment_fromstring(_BREAK.sub(" ", source), create_parent="div")
    return Node("table", children=[_row(row) for row in parsed.iter("tr")])


def _row(row: Iterable[Any]) -> Node:
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    return Node("tr", children=[_cell(cell) for cell in cells])


def _cell(cell: Any) -> Node:
    text = folded(_BREAK.sub(" ", "".join(cell.itertext())))
    return Node("td", text, (_span(cell, "colspan"), _span(cell, "rowspan")))


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return int(value) if value.isdigit() else 1


def heading_tree(markdown: str) -> Node:
    """The headings of *markdown* in their order, each with the text below it as one node.

    The level of a heading does not count: it is the work of another measure.
    """
    root = Node("document")
    home, waiting = root, list[str]()
    for line in [*markdown.splitlines(), None]:
        match = None if line is None else _HEADING.fullmatch(line)
        if line is not None and match is None:
            waiting.append(line)
            continue
        if text := folded(" ".join(waiting)):
            home.children.append(Node("content", text))
        waiting.clear()
        if match is not None:
            home = Node("heading", folded(match[1]))
            root.children.append(home)
    return root
