"""Shapes joined by connectors, as graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.document.geometry import Box
from toolkit.engine.slides_marks import Connector, Kind, Place, ShapeMark

__all__ = ["Graph", "graphs_of"]

# Points. A line drawn by hand ends this near the shape that it is meant to touch.
_NEAR = 8.0
_KINDS = frozenset({Kind.TEXT, Kind.EMPTY})
# A box of more of the slide is its ground, not a node.
_LARGEST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Graph:
    """Connected shapes, from the lowest to the topmost, and their edges by position in them."""

    nodes: tuple[ShapeMark, ...]
    edges: tuple[tuple[int, int], ...]


def graphs_of(
    shapes: Sequence[ShapeMark], connectors: Sequence[Connector], size: tuple[float, float]
) -> list[Graph]:
    """What *connectors* join among *shapes* (the leaves of the tree), a graph a connected part.

    An edge goes to its arrow's head; without one, or with two, from where the line was begun.
    An end that is glued to nothing counts where it touches a shape, if the line has an arrow or
    its other end is glued: a mere rule beside a text joins nothing.
    """
    idents: dict[int, int] = {}
    for at, shape in enumerate(shapes):
        idents.setdefault(shape.ident, at)
    edges: dict[tuple[int, int], None] = {}
    for line in connectors:
        glued = line.start_ident in idents or line.end_ident in idents
        if not (glued or line.start_arrow or line.end_arrow):
            continue
        ends = [
            _end(shapes, idents, ident, point, size)
            for ident, point in ((line.start_ident, line.start), (line.end_ident, line.end))
        ]
        if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            continue
        backward = line.start_arrow and not line.end_arrow
        edges[(ends[1], ends[0]) if backward else (ends[0], ends[1])] = None
    return [_graph(shapes, part, list(edges)) for part in _parts(list(edges))]


def _end(
    shapes: Sequence[ShapeMark],
    idents: Mapping[int, int],
    ident: int | None,
    point: tuple[float, float],
    size: tuple[float, float],
) -> int | None:
    if ident is not None and ident in idents:
        return idents[ident]
    touched = [
        (shape.box.area, at)
        for at, shape in enumerate(shapes)
        if shape.kind in _KINDS
        and shape.place is Place.NONE
        and shape.box.area < _LARGEST_SHARE * size[0] * size[1]
        and _touches(shape.box, *point)
    ]
    return min(touched)[1] if touched else None


def _touches(box: Box, x: float, y: float) -> bool:
    near = Box(box.left - _NEAR, box.top - _NEAR, box.right + _NEAR, box.bottom + _NEAR)
    return near.holds(x, y)


def _parts(edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The connected parts, each as ascending positions."""
    root: dict[int, int] = {}

    def top(at: int) -> int:
        while root.setdefault(at, at) != at:
            root[at] = at = root[root[at]]
        return at

    for one, other in edges:
        low, high = sorted((top(one), top(other)))
        root[high] = low
    parts: dict[int, list[int]] = {}
    for at in sorted(root):
        parts.setdefault(top(at), []).append(at)
    return list(parts.values())


def _graph(shapes: Sequence[ShapeMark], part: list[int], edges: Sequence[tuple[int, int]]) -> Graph:
    places = {at: place for place, at in enumerate(part)}
    inside = tuple((places[a], places[b]) for a, b in edges if a in places)
    return Graph(tuple(shapes[at] for at in part), inside)
