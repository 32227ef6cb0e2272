"""Lines and arrows between outlines: what they join, and which way they point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from toolkit.document.geometry import Box
from toolkit.engine.shapes import Shape

__all__ = ["Joint", "joints_among"]

Floats = NDArray[np.float64]

# Points. A line drawn by hand ends this near to the outline that it is meant to touch.
_NEAR = 6.0
# An arrow may keep away from what it points at.
_NEAR_ARROW = 16.0
_MEETS = 1.5
_HEAD_NEAR = 3.0
_LARGEST_HEAD = 18.0
_SHORTEST = 5.0
_MOST_LINES = 600


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """A connection from one outline to another, by position; ``path`` is (n, 2)."""

    source: int
    target: int
    pointed: bool
    """Whether an arrow's head says which way."""
    path: Floats
    shared: bool
    """Whether other connections use the same lines."""

    @property
    def box(self) -> Box:
        (left, top), (right, bottom) = self.path.min(axis=0), self.path.max(axis=0)
        return Box(float(left), float(top), float(right), float(bottom))


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """An end of a line: the outline that it touches, if any, and whether a head stands there."""

    node: int | None
    pointed: bool
    point: Floats


def joints_among(shapes: Sequence[Shape], outlines: Sequence[Shape]) -> list[Joint]:
    """What the lines among *shapes* join of *outlines*.

    An edge goes to its arrow's head; without one, or with two, from where the line was begun. Of
    lines that branch, one end must be the source or the target of all others: by its head, or, as
    in a tree, by standing above them; else they say nothing.
    """
    heads = [shape for shape in shapes if _is_head(shape)]
    lines = [s for s in shapes if _is_line(s) and not any(s is head for head in heads)]
    if not lines or len(lines) > _MOST_LINES:
        return []
    paths = [_path(line) for line in lines]
    ends = [_ends(path, outlines, heads) for path in paths]
    found: list[Joint] = []
    for bundle in _bundles(paths, ends):
        found += _joined(bundle, paths, ends, outlines)
    return _once(found)


def _is_head(shape: Shape) -> bool:
    size = max(shape.box.width, shape.box.height)
    if not 2.0 <= size <= _LARGEST_HEAD:
        return False
    if shape.fill is not None and shape.closed:
        return 3 <= len(shape.corners) <= 8 and not shape.is_rectangle
    return len(shape.corners) == 3 and _turns_back(shape.points)


def _turns_back(points: Floats) -> bool:
    """Whether an open line of two strokes is a V, as an open arrow's head is."""
    one, two = points[0] - points[len(points) // 2], points[-1] - points[len(points) // 2]
    lengths = np.hypot(*one), np.hypot(*two)
    if min(lengths) < 1.0 or max(lengths) > 1.5 * min(lengths):
        return False
    return bool(one @ two > 0.2 * lengths[0] * lengths[1])


def _is_line(shape: Shape) -> bool:
    if shape.stroke is None and not (shape.is_level or shape.is_upright):
        return False
    open_ended = np.hypot(*(shape.points[0] - shape.points[-1])) > _SHORTEST
    unfilled = shape.fill is None or len(shape.points) == 2
    thin = min(shape.box.width, shape.box.height) < 2.0 and shape.is_rectangle
    return (bool(open_ended) and unfilled) or thin


def _path(line: Shape) -> Floats:
    """The points of a line from end to end; of a thin rectangle, its middle."""
    if not line.is_rectangle:
        return line.points
    box = line.box
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    if box.width > box.height:
        return np.array([[box.left, y], [box.right, y]])
    return np.array([[x, box.top], [x, box.bottom]])


def _ends(path: Floats, outlines: Sequence[Shape], heads: Sequence[Shape]) -> list[_End]:
    ways = (path[::-1], path)
    own = [_head_at(way[-1], heads) for way in ways]
    near = _NEAR if own[0] is None and own[1] is None else _NEAR_ARROW
    return [_end(way, head, outlines, near) for way, head in zip(ways, own, strict=True)]


def _head_at(point: Floats, heads: Sequence[Shape]) -> Shape | None:
    head = min(heads, key=lambda one: _distance(point, one.points), default=None)
    return head if head is not None and _distance(point, head.points) <= _HEAD_NEAR else None


def _end(path: Floats, head: Shape | None, outlines: Sequence[Shape], near: float) -> _End:
    """The last point of *path*, and what stands there."""
    point = path[-1]
    if head is None:
        node = _touched(point, outlines, near)
        if node is not None and _passes(path, outlines[node].box):
            node = None
        return _End(node, False, point)
    # The line may end at the head's foot: its tip is what is farthest on towards a node.
    corners = head.points[list(head.corners)]
    touched = [(_gap(corner, outlines), at) for at, corner in enumerate(corners)]
    tip = corners[min(touched)[1]]
    return _End(_touched(tip, outlines, near), True, tip)


def _passes(path: Floats, box: Box) -> bool:
    """Whether *path* ends in line with a side of *box* or passes it, as a table's rule does."""
    (x0, y0), (x1, y1) = path[-2], path[-1]
    upright = abs(x1 - x0) < 0.5 and not box.left + 2 < x1 < box.right - 2
    level = abs(y1 - y0) < 0.5 and not box.top + 2 < y1 < box.bottom - 2
    return upright or level


def _gap(point: Floats, outlines: Sequence[Shape]) -> float:
    return min((_distance(point, _rim(outline)) for outline in outlines), default=np.inf)


def _touched(point: Floats, outlines: Sequence[Shape], near: float) -> int | None:
    gaps = [(_distance(point, _rim(outline)), at) for at, outline in enumerate(outlines)]
    gap, at = min(gaps, default=(np.inf, -1))
    return at if gap <= near else None


def _rim(shape: Shape) -> Floats:
    return np.vstack((shape.points, shape.points[:1]))


def _distance(point: Floats, path: Floats) -> float:
    """From *point* to the nearest place on *path*, in points."""
    if len(path) == 1:
        return float(np.hypot(*(path[0] - point)))
    start, way = path[:-1], np.diff(path, axis=0)
    square = np.maximum((way**2).sum(axis=1), 1e-9)
    share = np.clip(((point - start) * way).sum(axis=1) / square, 0, 1)
    nearest = start + way * share[:, None]
    return float(np.hypot(*(nearest - point).T).min())


def _bundles(paths: Sequence[Floats], ends: Sequence[Sequence[_End]]) -> list[list[int]]:
    """Lines that go on in one another, or branch; where they meet at a node they do not."""
    bundle = list(range(len(paths)))

    def top(at: int) -> int:
        while bundle[at] != at:
            at = bundle[at]
        return at

    for one, pair in enumerate(ends):
        for end in pair:
            if end.node is not None or end.pointed:
                continue
            for two, path in enumerate(paths):
                if top(one) != top(two) and _distance(end.point, path) <= _MEETS:
                    bundle[top(one)] = top(two)
    parts: dict[int, list[int]] = {}
    for at in range(len(paths)):
        parts.setdefault(top(at), []).append(at)
    return list(parts.values())


def _joined(
    bundle: Sequence[int],
    paths: Sequence[Floats],
    ends: Sequence[Sequence[_End]],
    outlines: Sequence[Shape],
) -> list[Joint]:
    touching = [end for at in bundle for end in ends[at] if end.node is not None]
    nodes = list(dict.fromkeys(end.node for end in touching if end.node is not None))
    length = sum(_length(paths[at]) for at in bundle)
    if len(nodes) < 2 or length < _SHORTEST or _runs_along([paths[i] for i in bundle], outlines):
        return []
    path = paths[bundle[0]] if len(bundle) == 1 else np.vstack([paths[at] for at in bundle])
    pointed = {end.node for end in touching if end.pointed}
    if len(nodes) == 2:
        one, two = nodes
        backward = one in pointed and two not in pointed
        source, target = (two, one) if backward else (one, two)
        return [Joint(source, target, bool(pointed), path, False)]
    pairs = _branches(nodes, pointed, outlines)
    return [Joint(a, b, bool(pointed), path, True) for a, b in pairs]


def _runs_along(paths: Sequence[Floats], outlines: Sequence[Shape]) -> bool:
    """Whether lines never leave the outlines' rims, as the rules of a table do not."""
    farthest = 0.0
    for path in paths:
        for start, end in pairwise(path):
            for share in (0.25, 0.5, 0.75):
                farthest = max(farthest, _gap(start + share * (end - start), outlines))
    return farthest < min(4.0, 0.2 * sum(map(_length, paths)))


def _branches(
    nodes: Sequence[int], pointed: set[int | None], outlines: Sequence[Shape]
) -> list[tuple[int, int]]:
    plain = [node for node in nodes if node not in pointed]
    if pointed:
        headed = [node for node in nodes if node in pointed]
        if len(plain) == 1 or len(headed) == 1:
            return [(a, b) for a in plain for b in headed]
        return []
    for node in nodes:
        box = outlines[node].box
        if all(outlines[other].box.top >= box.bottom - 1 for other in nodes if other != node):
            return [(node, other) for other in nodes if other != node]
    return []


def _once(joints: Sequence[Joint]) -> list[Joint]:
    """*joints* without a second one from the same node to the same, and none to itself."""
    seen: dict[tuple[int, int], Joint] = {}
    for joint in joints:
        if joint.source != joint.target:
            seen.setdefault((joint.source, joint.target), joint)
    return list(seen.values())


def _length(path: Floats) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())
