"""A mesh with fewer triangles that looks as much as it can like the one with more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from toolkit.errors import DamagedFile, MissingExtra
from toolkit.tools.assets.obj import Attribute, Mesh, picked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Whole = NDArray[np.int64]

__all__ = ["joined", "thinned"]

_SIZE: Final = 1000.0
"""How large a mesh is made while it is thinned: small changes come first then."""
_FIRST_STEP: Final = 0.5
_LAST_STEP: Final = 0.9
_NEARLY: Final = 1.02


def joined(mesh: Mesh) -> Mesh:
    """*mesh* with each place once, and none that no triangle has: what only looked closed is so.

    Raises DamagedFile where no triangle is left.
    """
    # Nought has two signs, and bytes are compared here.
    rows = np.ascontiguousarray(mesh.points + 0.0).view(f"V{mesh.points.itemsize * 3}").ravel()
    _, first, place = np.unique(rows, return_index=True, return_inverse=True)
    triangles = first[place][mesh.triangles]
    a, b, c = triangles.T
    real = np.flatnonzero((a != b) & (b != c) & (c != a))
    if not len(real):
        raise DamagedFile("no face of the model has three corners at different places")
    return _without_unused(_with(picked(mesh, real), mesh.points, triangles[real]))


def thinned(mesh: Mesh, triangles: int) -> Mesh:
    """*mesh* with about so many *triangles*: each is one of its own whose corners have moved.

    It keeps its material; its corners take the texture coordinates and normals that lie nearest on
    their own piece of the surface. There may be more triangles than asked for, where fewer would
    not be the same shape. Raises MissingExtra.
    """
    if triangles >= len(mesh.triangles):
        return mesh
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    # What counts as a small change must not depend on the unit of length.
    scale = _SIZE / (float((high - low).max()) or 1.0)
    places, found, became = _decimated((mesh.points - low) * scale, mesh.triangles, triangles)
    places = places / scale + low
    source, corner = _sources(became[mesh.triangles], found)
    moved = _Moved(mesh, places, became, source, corner, found)
    kept = Mesh(
        points=places,
        triangles=found,
        material=mesh.material[source],
        materials=mesh.materials,
        uv=_carried(moved, mesh.uv),
        normals=_carried(moved, mesh.normals),
    )
    return _without_unused(kept)


def _decimated(places: Points, triangles: Whole, wanted: int) -> tuple[Points, Whole, Whole]:
    """Places and triangles that are left, and of each place which of these it became.

    In steps: a step that cannot reach its aim by small changes goes on to make large ones, and is
    not taken; a shorter one may be.
    """
    became, step = np.arange(len(places)), _FIRST_STEP
    while len(triangles) > wanted and step < _LAST_STEP:
        aim = max(wanted, int(len(triangles) * step))
        tried = _collapsed(places, triangles, aim)
        left = len(tried[1])
        if not 0 < left < len(triangles) or left > aim * _NEARLY + 2:
            step = step**0.5
            continue
        places, triangles = tried[:2]
        became = tried[2][became]
    return places, triangles, became


def _collapsed(places: Points, triangles: Whole, aim: int) -> tuple[Points, Whole, Whole]:
    """As ``_decimated``, in one step. Places that no triangle has any more come last."""
    try:
        import fast_simplification
    except ImportError as exc:
        raise MissingExtra("pip install 'pagequeue[assets]'") from exc
    present = np.zeros(len(places), bool)
    present[triangles] = True
    here, corners = _used(places, triangles)
    left, _, collapses = fast_simplification.simplify(
        here, np.ascontiguousarray(corners, np.int32), target_count=max(1, aim),
        return_collapses=True,
    )  # fmt: skip
    moved, number, gone = _followed(corners, collapses, len(here))
    became = np.empty(len(places), np.int64)
    became[present] = number
    became[~present] = len(left) + len(gone) + np.arange(len(places) - len(here))
    return np.concatenate([left, here[gone], places[~present]]), _unfolded(moved), became


def _followed(triangles: Whole, collapses: Whole, count: int) -> tuple[Whole, Whole, Whole]:
    """The triangles that *collapses* leave, what each of *count* places became, and which places
    no triangle has any more.

    The library's own way to follow them takes the square of the time for the last.
    """
    root = np.arange(count)
    root[collapses[:, 1]] = collapses[:, 0]
    while not np.array_equal(further := root[root], root):
        root = further
    moved = root[triangles]
    a, b, c = moved.T
    moved = moved[(a != b) & (b != c) & (c != a)]
    used = np.zeros(count, bool)
    used[moved] = True
    gone = np.unique(root[~used[root]])
    # Those that triangles have are numbered in their order, as the library does.
    number = np.cumsum(used) - 1
    number[gone] = used.sum() + np.arange(len(gone))
    return number[moved], number[root], gone


def _unfolded(triangles: Whole) -> Whole:
    """*triangles* without those that lie back to back on another one, and without doubles."""
    rows = np.ascontiguousarray(np.sort(triangles, axis=1))
    _, first, same, count = np.unique(
        rows.view(f"V{rows.itemsize * 3}").ravel(),
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    once = np.zeros(len(triangles), bool)
    once[first] = True
    kept: Whole = triangles[once & (count[same] % 2 == 1)]
    return kept


def _sources(before: Whole, after: Whole) -> tuple[Whole, Whole]:
    """Which triangle of *before* each of *after* is, and which of its corners each corner is."""
    both = np.ascontiguousarray(np.sort(np.concatenate([before, after]), axis=1))
    _, same = np.unique(both.view(f"V{both.itemsize * 3}").ravel(), return_inverse=True)
    first = np.full(int(same.max()) + 1, -1)
    olds = same[: len(before)]
    first[olds[::-1]] = np.arange(len(before))[::-1]
    source = first[same[len(before) :]]
    corner = (before[source][:, None, :] == after[:, :, None]).argmax(axis=2)
    return source, corner


class _Moved(NamedTuple):
    """How a mesh became another one."""

    mesh: Mesh
    places: Points
    became: Whole
    """Of each old place the new one."""
    source: Whole
    """Of each new triangle the old one that it is."""
    corner: Whole
    """Of each new corner the old one, 0 to 2, of that."""
    triangles: Whole


def _carried(moved: _Moved, attribute: Attribute | None) -> Attribute | None:
    """*attribute* at the corners of what is left.

    Where several places became one, they bring several values: of those on the same side of every
    seam, the value of the place that moved least is right.
    """
    if attribute is None:
        return None
    mesh, became = moved.mesh, moved.became
    piece = _pieces(attribute, became[mesh.triangles])
    has = attribute.corners.ravel() >= 0
    at, value = mesh.triangles.ravel()[has], attribute.corners.ravel()[has]
    way = ((mesh.points[at] - moved.places[became[at]]) ** 2).sum(axis=1)
    count = len(attribute.values)
    key = became[at] * count + piece[value]
    order = np.lexsort((value, way, key))
    key, value = key[order], value[order]
    fresh = np.ones(len(key), bool)
    fresh[1:] = key[1:] != key[:-1]
    key, value = key[fresh], value[fresh]
    own = attribute.corners[moved.source[:, None], moved.corner]
    wanted = moved.triangles * count + piece[own]
    nearest = value[np.minimum(np.searchsorted(key, wanted), len(key) - 1)]
    return Attribute(attribute.values, np.where(own >= 0, nearest, -1))


def _pieces(attribute: Attribute, places: Whole) -> Whole:
    """Of each value the smallest one that it hangs together with along sides that were closed.

    *places* has the corners of the same triangles: a side whose ends are in one place is closed.
    """
    ends = [(0, 1), (1, 2), (2, 0)]
    corners = attribute.corners
    closed = [
        (places[:, a] == places[:, b]) & (corners[:, a] >= 0) & (corners[:, b] >= 0)
        for a, b in ends
    ]
    one = np.concatenate([corners[is_so, a] for is_so, (a, _) in zip(closed, ends, strict=True)])
    other = np.concatenate([corners[is_so, b] for is_so, (_, b) in zip(closed, ends, strict=True)])
    piece = np.arange(len(attribute.values))
    while True:
        roots = piece[one], piece[other]
        lower, higher = np.minimum(*roots), np.maximum(*roots)
        apart = lower != higher
        if not apart.any():
            return piece
        one, other = one[apart], other[apart]
        np.minimum.at(piece, higher[apart], lower[apart])
        while (piece[piece] != piece).any():
            piece = piece[piece]


def _without_unused(mesh: Mesh) -> Mesh:
    """*mesh* with those places, texture coordinates and normals alone that it uses, in order."""

    def of(attribute: Attribute | None) -> Attribute | None:
        return attribute and Attribute(*_used(attribute.values, attribute.corners))

    points, triangles = _used(mesh.points, mesh.triangles)
    bare = _with(mesh, points, triangles)
    return Mesh(
        points=bare.points,
        triangles=bare.triangles,
        material=bare.material,
        materials=bare.materials,
        uv=of(mesh.uv),
        normals=of(mesh.normals),
    )


def _used(values: Points, corners: Whole) -> tuple[Points, Whole]:
    used = np.zeros(len(values), bool)
    used[corners[corners >= 0]] = True
    place = np.cumsum(used) - 1
    return values[used], np.where(corners >= 0, place[corners], -1)


def _with(mesh: Mesh, points: Points, triangles: Whole) -> Mesh:
    return Mesh(
        points=points,
        triangles=triangles,
        material=mesh.material,
        materials=mesh.materials,
        uv=mesh.uv,
        normals=mesh.normals,
    )
