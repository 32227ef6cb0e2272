"""Diagrams drawn as vectors: outlines with words in them, joined by lines and arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.connectors import Joint, joints_among
from toolkit.engine.marks import Sheet
from toolkit.engine.order import in_rows
from toolkit.engine.shapes import Shape
from toolkit.engine.words import Line

__all__ = ["Graph", "GraphEdge", "GraphNode", "graphs_in"]

Floats = NDArray[np.float64]

_LEAST_AREA = 150.0
_LEAST_SIDE = 8.0
_LARGEST_SHARE = 0.2
_MOST_WORDS = 60
_MOST_NODES = 200
_SAME = 2.0
# An edge's label: of few words, and this near to its line, in sizes of its type.
_LABEL_WORDS = 6
_LABEL_GAP = 1.1


@dataclass(frozen=True, slots=True, eq=False)
class GraphNode:
    """An outline and the lines in it, from the top."""

    shape: Shape
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GraphEdge:
    """From one node to another, by their positions in the graph; its label's lines."""

    source: int
    target: int
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Nodes that hang together, from the top, and what joins them."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    box: Box

    @property
    def lines(self) -> tuple[Line, ...]:
        named = [line for node in self.nodes for line in node.lines]
        return (*named, *(line for edge in self.edges for line in edge.lines))


def graphs_in(shapes: Sequence[Shape], lines: Sequence[Line], sheet: Sheet) -> list[Graph]:
    """The graphs that *shapes* draw, with those of *lines* that are their labels.

    A graph has two edges, or one with an arrow's head: a box beside a rule is no diagram.
    """
    nodes = _nodes(shapes, lines, sheet)
    if not 2 <= len(nodes) <= _MOST_NODES:
        return []
    outlines = [node.shape for node in nodes]
    boxes = [outline.box for outline in outlines]
    # Dividers in a box, and the second painting of an outline, join nothing.
    free = [s for s in shapes if not any(_is_of(s.box, box) for box in boxes)]
    joints = joints_among(free, outlines)
    loose = [line for line in lines if not any(line in node.lines for node in nodes)]
    graphs = []
    for part in _parts(joints):
        own = [joint for joint in joints if joint.source in part]
        if len(own) >= 2 or any(joint.pointed for joint in own):
            graphs.append(_graph(sorted(part), own, nodes, loose))
    return graphs


def _is_of(box: Box, outline: Box) -> bool:
    return (
        box.left >= outline.left - _SAME
        and box.right <= outline.right + _SAME
        and box.top >= outline.top - _SAME
        and box.bottom <= outline.bottom + _SAME
    )


def _nodes(shapes: Sequence[Shape], lines: Sequence[Line], sheet: Sheet) -> list[GraphNode]:
    """The closed outlines that have words in them and no other such outline."""
    most = _LARGEST_SHARE * sheet.width * sheet.height
    outlines: list[Shape] = []
    for shape in shapes:
        box = shape.box
        large = _LEAST_AREA <= box.area < most and min(box.width, box.height) >= _LEAST_SIDE
        if shape.closed and large and not any(_is_same(box, o.box) for o in outlines):
            outlines.append(shape)
    if len(outlines) > 4 * _MOST_NODES:
        return []
    outlines.sort(key=lambda shape: shape.box.area)
    nodes: list[GraphNode] = []
    for outline in outlines:
        inner = [line for line in lines if outline.box.holds(*_middle(line.box))]
        if any(_is_of(node.shape.box, outline.box) for node in nodes):
            continue
        fits = all(line.box.width <= outline.box.width + 2 for line in inner)
        if inner and fits and sum(len(line.words) for line in inner) <= _MOST_WORDS:
            nodes.append(GraphNode(outline, _from_the_top(inner)))
    nodes = [node for node in nodes if not _is_cell(node, nodes)]
    nodes.sort(key=lambda node: (round(node.shape.box.top / 6), node.shape.box.left))
    return nodes


def _is_cell(node: GraphNode, nodes: Sequence[GraphNode]) -> bool:
    """Whether a node shares a whole side with another, as the cells of a table do."""
    own = node.shape.box
    for other in nodes:
        box = other.shape.box
        across = min(own.right, box.right) - max(own.left, box.left)
        down = min(own.bottom, box.bottom) - max(own.top, box.top)
        stacked = abs(down) < _SAME and across > 0.8 * min(own.width, box.width)
        beside = abs(across) < _SAME and down > 0.8 * min(own.height, box.height)
        if other is not node and (stacked or beside):
            return True
    return False


def _is_same(one: Box, two: Box) -> bool:
    return _is_of(one, two) and _is_of(two, one)


def _middle(box: Box) -> tuple[float, float]:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _from_the_top(lines: Sequence[Line]) -> tuple[Line, ...]:
    rows = in_rows([line.box for line in lines], range(len(lines)))
    return tuple(lines[at] for row in rows for at in row)


def _parts(joints: Sequence[Joint]) -> list[set[int]]:
    """The nodes that hang together."""
    parts: list[set[int]] = []
    for joint in joints:
        ends = {joint.source, joint.target}
        touching = [part for part in parts if part & ends]
        parts = [part for part in parts if not part & ends]
        parts.append(ends.union(*touching))
    return sorted(parts, key=min)


def _graph(
    part: Sequence[int], joints: Sequence[Joint], nodes: Sequence[GraphNode], loose: list[Line]
) -> Graph:
    place = {at: index for index, at in enumerate(part)}
    labels = _labels(joints, loose)
    edges = []
    for joint, lines in zip(joints, labels, strict=True):
        edges.append(GraphEdge(place[joint.source], place[joint.target], lines))
    boxes = [nodes[at].shape.box for at in part]
    boxes += [joint.box for joint in joints]
    boxes += [line.box for lines in labels for line in lines]
    return Graph(tuple(nodes[at] for at in part), tuple(edges), Box.around(boxes))


def _labels(joints: Sequence[Joint], loose: list[Line]) -> list[tuple[Line, ...]]:
    """For each joint the lines that stand at it, each at the nearest alone."""
    own: list[list[Line]] = [[] for _ in joints]
    for line in loose:
        if len(line.words) > _LABEL_WORDS:
            continue
        gaps = [_apart(line.box, joint.path) for joint in joints]
        at = int(np.argmin(gaps))
        # A bus of several branches has no label that is one branch's alone.
        if gaps[at] <= _LABEL_GAP * line.size and not joints[at].shared:
            own[at].append(line)
    return [_from_the_top(lines) if len(lines) > 1 else tuple(lines) for lines in own]


def _apart(box: Box, path: Floats) -> float:
    """How far a line of words is from a connector's path, in points."""
    best = np.inf
    for start, end in pairwise(path):
        steps = max(2, int(np.abs(end - start).max() / 3) + 1)
        points = start + (end - start) * np.linspace(0, 1, steps)[:, None]
        across = np.maximum(0, np.maximum(box.left - points[:, 0], points[:, 0] - box.right))
        down = np.maximum(0, np.maximum(box.top - points[:, 1], points[:, 1] - box.bottom))
        best = min(best, float(np.hypot(across, down).min()))
    return float(best)
