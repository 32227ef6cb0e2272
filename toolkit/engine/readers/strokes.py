"""Paths of several pieces, such as a whole grid drawn at one stroke, as the lines they draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["ruled"]

Corners = tuple[float, float, float, float]
Point = tuple[float, float]

# Points: what is thinner is a line.
_THIN = 3.0
# A path of more operations is a drawing.
_MOST_OPERATIONS = 4000


def ruled(paths: Sequence[Mapping[str, Any]]) -> Iterator[Corners]:
    """The level and upright lines of those of *paths* that have more pieces than one.

    The reader tells lines and rectangles only where each is a path of its own.
    """
    for path in paths:
        steps = path["operations"]
        pieces = sum(step["op"] in ("move_to", "rectangle") for step in steps)
        if pieces > 1 and len(steps) <= _MOST_OPERATIONS:
            stroked = path["stroke_color"] is not None
            yield from (line for piece in _pieces(steps) for line in _lines(piece, stroked=stroked))


def _pieces(steps: Sequence[Mapping[str, Any]]) -> Iterator[list[Point]]:
    """The corners of each piece of straight lines, in turn; those with curves are left out."""
    piece: list[Point] = []
    straight = True
    for step in steps:
        match step["op"]:
            case "move_to":
                if straight:
                    yield piece
                piece, straight = [(step["x"], step["y"])], True
            case "line_to":
                piece.append((step["x"], step["y"]))
            case "close_path":
                piece += piece[:1]
            case "rectangle":
                x, y, w, h = (step[key] for key in ("x", "y", "width", "height"))
                yield [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
            case _:
                straight = False
    if straight:
        yield piece


def _lines(corners: list[Point], *, stroked: bool) -> Iterator[Corners]:
    if len(corners) < 2:
        return
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    whole = min(xs), min(ys), max(xs), max(ys)
    if min(whole[2] - whole[0], whole[3] - whole[1]) < _THIN:
        yield whole
    elif stroked:
        for (x0, y0), (x1, y1) in pairwise(corners):
            if min(abs(x1 - x0), abs(y1 - y0)) < _THIN < max(abs(x1 - x0), abs(y1 - y0)):
                yield x0, y0, x1, y1
