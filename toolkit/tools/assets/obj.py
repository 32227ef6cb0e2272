"""Wavefront OBJ: a mesh read strictly from text that may be anybody's, and written.

What would be a guess is refused with its line. No other file is ever opened: materials are known
by their names alone. A reader of its own, as corners keep their place, their spot on the texture
and their normal apart: a mesh that is cut up along its seams would tear there when it is thinned.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np

from toolkit.engine.source import sniffed
from toolkit.errors import DamagedFile, InvalidInput, UnsupportedFileType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Corners = NDArray[np.int64]

__all__ = ["Attribute", "Mesh", "read", "refuse_others", "written"]

MOST_TRIANGLES: Final = 4_000_000
MOST_LISTED: Final = 6_000_000
"""Of vertices, of texture coordinates, of normals."""
MOST_MATERIALS: Final = 10_000
MOST_CORNERS: Final = 4096
LONGEST_LINE: Final = 2**17
HEAD: Final = 4096
FARTHEST: Final = 1e12
"""A vertex further out than this is no place, and its square is too large to reckon with."""
_LISTED: Final = {b"v": (3, 3), b"vt": (1, 2), b"vn": (3, 3)}
"""How many numbers there must be, and how many are kept."""
_OTHERS: Final = (
    (b"Kaydara FBX Binary", "FBX, a format that only its maker's library reads in full"),
    (b"; FBX", "FBX as text, a format that only its maker's library reads in full"),
    (b"glTF", "a binary glTF model"),
    (b"ply\n", "a PLY model"),
    (b"ply\r", "a PLY model"),
    (b"solid ", "an STL model"),
    (b"#usda", "a USD model"),
    (b"PXR-USDC", "a USD model"),
    (b"BLENDER", "a Blender file"),
    (b"{", "JSON, perhaps glTF"),
    (b"<", "XML, perhaps Collada"),
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """Texture coordinates or normals: *values* a row each, *corners* (triangles, 3) of their rows.

    A corner without one has -1.
    """

    values: Points
    corners: Corners


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Triangles of *points*; *material* is of each triangle its place in *materials*."""

    points: Points
    triangles: Corners
    material: NDArray[np.int64]
    materials: tuple[str, ...]
    uv: Attribute | None = None
    normals: Attribute | None = None


def read(content: bytes, filename: str) -> Mesh:
    """The mesh in *content*, its polygons as fans of triangles, its faces without area left out.

    Raises UnsupportedFileType for what is no OBJ, saying what it looks like, DamagedFile naming the
    line, and InvalidInput for more than is taken.
    """
    refuse_others(content[:HEAD], filename)
    if b"\0" in content:
        raise _no_text("binary", filename)
    found = _Reading(filename)
    for number, line in _lines(content, filename):
        found.take(number, line)
    return found.mesh()


def refuse_others(head: bytes, filename: str) -> None:
    """Raise UnsupportedFileType where a file that begins so is no OBJ, saying what it is."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for start, what in _OTHERS:
        if text.startswith(start):
            raise UnsupportedFileType(
                f"{filename} is {what}: it cannot be read here; export the model as OBJ"
            )
    if (seems := sniffed(head)) != "text/plain":
        raise _no_text(seems, filename)


def _no_text(seems: str, filename: str) -> UnsupportedFileType:
    return UnsupportedFileType(
        f"{filename} looks like {seems}; a model is read from a Wavefront OBJ file, which is plain"
        " text"
    )


def _lines(content: bytes, filename: str) -> Iterator[tuple[int, bytes]]:
    """The lines, from 1, with those that end in a backslash joined to the next."""
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    # Joined at its end alone: each piece is copied once, however many there are.
    begun: list[bytes] = []
    length = 0
    for number, line in enumerate(BytesIO(content), start=1):
        if not begun and line.startswith(b"#"):
            continue
        length += len(line)
        if length > LONGEST_LINE:
            told = f"line {number} has more than {LONGEST_LINE:,} characters"
            raise DamagedFile(f"{filename}, {told}")
        stripped = line.rstrip()
        if stripped.endswith(b"\\"):
            begun.append(stripped[:-1])
            continue
        yield number, b" ".join((*begun, stripped))
        begun, length = [], 0
    if begun:
        yield number, b" ".join(begun)


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    filename: str
    listed: dict[bytes, array[float]] = field(
        default_factory=lambda: {key: array("d") for key in _LISTED}
    )
    corners: dict[bytes, array[int]] = field(
        default_factory=lambda: {key: array("q") for key in _LISTED}
    )
    """The corners of triangles, three in a row, from 0."""
    material: array[int] = field(default_factory=lambda: array("q"))
    line_of: array[int] = field(default_factory=lambda: array("q"))
    """The line that each triangle stands in."""
    materials: dict[str, int] = field(default_factory=dict)
    now: int = -1
    """The material that is in use; -1 before the first is named."""

    def take(self, number: int, line: bytes) -> None:
        """One line. Raises DamagedFile and InvalidInput."""
        parts = line.split()
        if not parts:
            return
        key = parts[0]
        try:
            if key in _LISTED:
                self._list(key, parts)
            elif key == b"f":
                self._face(number, parts)
            elif key == b"usemtl":
                self._use(line)
        except (ValueError, OverflowError) as exc:
            shown = line[:60].decode("utf-8", "backslashreplace")
            raise DamagedFile(f"{self.filename}, line {number}: {exc}: {shown!r}") from exc

    def _list(self, key: bytes, parts: list[bytes]) -> None:
        needed, kept = _LISTED[key]
        values = [float(part) for part in parts[1 : kept + 1]]
        if len(values) < needed:
            raise ValueError(f"{needed} numbers are needed after {key.decode()}")
        values += [0.0] * (kept - len(values))
        self.listed[key].extend(values)
        if len(self.listed[key]) > MOST_LISTED * kept:
            what = f"more than {MOST_LISTED:,} lines of {key.decode()!r}"
            raise InvalidInput(f"{self.filename} has {what}")

    def _face(self, number: int, parts: list[bytes]) -> None:
        if not 4 <= len(parts) <= MOST_CORNERS + 1:
            raise ValueError(f"a face has 3 to {MOST_CORNERS} corners, not {len(parts) - 1}")
        found = [self._corner(part) for part in parts[1:]]
        first, before = found[0], found[1]
        places, textures, normals = (self.corners[key] for key in _LISTED)
        for corner in found[2:]:
            places.extend((first[0], before[0], corner[0]))
            textures.extend((first[1], before[1], corner[1]))
            normals.extend((first[2], before[2], corner[2]))
            self.material.append(self.now)
            self.line_of.append(number)
            before = corner
        if len(self.line_of) > MOST_TRIANGLES:
            raise InvalidInput(f"{self.filename} has more than {MOST_TRIANGLES:,} triangles")

    def _corner(self, part: bytes) -> tuple[int, int, int]:
        """The places of a corner in the three lists, -1 for what it does not name."""
        named = part.split(b"/")
        if len(named) > 3 or not named[0]:
            raise ValueError(f"{part[:40]!r} is no corner of a face")
        found = [-1, -1, -1]
        for at, key in enumerate(_LISTED):
            if at < len(named) and named[at]:
                index = int(named[at])
                if index == 0:
                    raise ValueError("lists are counted from 1")
                # Below nought they are counted back from here.
                counted = len(self.listed[key]) // _LISTED[key][1]
                found[at] = index - 1 if index > 0 else counted + index
                if found[at] < 0:
                    raise ValueError(f"{index} goes back beyond the first of {counted}")
        return found[0], found[1], found[2]

    def _use(self, line: bytes) -> None:
        written = line.decode("utf-8", "replace").partition("usemtl")[2]
        name = "_".join("".join(c if c.isprintable() else "_" for c in written).split())[:120]
        self.now = self.materials.setdefault(name or "unnamed", len(self.materials))
        if len(self.materials) > MOST_MATERIALS:
            raise InvalidInput(f"{self.filename} has more than {MOST_MATERIALS:,} materials")

    def mesh(self) -> Mesh:
        """Everything, checked as a whole. Raises UnsupportedFileType and DamagedFile."""
        if not self.listed[b"v"] or not self.line_of:
            missing = "faces" if self.listed[b"v"] else "vertices"
            raise UnsupportedFileType(
                f"{self.filename} has no {missing}, so that it is no model in Wavefront OBJ"
            )
        points, triangles = self._attribute(b"v", FARTHEST)
        uv = Attribute(*self._attribute(b"vt", FARTHEST))
        normals = Attribute(*self._attribute(b"vn", FARTHEST))
        material, names = np.array(self.material), tuple(self.materials)
        if (material < 0).any():
            # What stands before the first name has a material of its own.
            material, names = material + 1, ("default", *names)
        made = Mesh(
            points=points,
            triangles=triangles,
            material=material,
            materials=names,
            uv=uv if (uv.corners >= 0).any() else None,
            normals=normals if (normals.corners >= 0).any() else None,
        )
        return _with_area(made, self.filename)

    def _attribute(self, key: bytes, farthest: float) -> tuple[Points, Corners]:
        kept = _LISTED[key][1]
        values = np.array(self.listed[key], np.float64).reshape(-1, kept)
        # Not greater than the bound is what not-a-number is, too.
        wrong = ~(np.abs(values) <= farthest).all(axis=1)
        if wrong.any():
            at = int(np.argmax(wrong))
            shown = " ".join(str(float(value)) for value in values[at])
            told = f"number {at + 1} of the lines that begin with {key.decode()!r}"
            raise DamagedFile(f"{self.filename}, {told}: {shown} is no place")
        corners = np.array(self.corners[key], np.int64).reshape(-1, 3)
        beyond = (corners >= len(values)).any(axis=1)
        if beyond.any():
            at = int(np.argmax(beyond))
            told = f"{int(corners[at].max()) + 1} of {len(values)} in its list {key.decode()!r}"
            raise DamagedFile(f"{self.filename}, line {self.line_of[at]}: a corner names {told}")
        return values, corners


def _with_area(mesh: Mesh, filename: str) -> Mesh:
    """*mesh* without triangles that have a corner twice."""
    a, b, c = mesh.triangles.T
    real = (a != b) & (b != c) & (c != a)
    if real.all():
        return mesh
    if not real.any():
        raise DamagedFile(f"{filename}: no face has three different corners")
    return picked(mesh, np.flatnonzero(real))


def picked(mesh: Mesh, which: NDArray[np.int64]) -> Mesh:
    """*mesh* with the triangles *which* alone, in that order."""

    def of(attribute: Attribute | None) -> Attribute | None:
        return attribute and Attribute(attribute.values, attribute.corners[which])

    return Mesh(
        points=mesh.points,
        triangles=mesh.triangles[which],
        material=mesh.material[which],
        materials=mesh.materials,
        uv=of(mesh.uv),
        normals=of(mesh.normals),
    )


def written(mesh: Mesh, name: str, library: str | None) -> bytes:
    """*mesh* as OBJ, called *name*, its triangles by material; *library* is its file of them."""
    mesh = picked(mesh, np.argsort(mesh.material, kind="stable"))
    lines = ["# Made by pagequeue"]
    lines += [f"mtllib {library}"] if library else []
    lines.append(f"o {name}")
    lines += [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in mesh.points.tolist()]
    lists: list[Sequence[Sequence[int]]] = [mesh.triangles.tolist()]
    for attribute, form in ((mesh.uv, "vt %.9g %.9g"), (mesh.normals, "vn %.6g %.6g %.6g")):
        used = [] if attribute is None else attribute.values.tolist()
        lines += [form % tuple(row) for row in used]
        lists.append([] if attribute is None else attribute.corners.tolist())
    now = -1
    for at, material in enumerate(mesh.material.tolist()):
        if material != now:
            now = material
            lines.append(f"usemtl {mesh.materials[now]}")
        corners = zip(*(of[at] if of else (-1, -1, -1) for of in lists), strict=True)
        lines.append("f " + " ".join(_corner(*corner) for corner in corners))
    return ("\n".join(lines) + "\n").encode()


def _corner(place: int, texture: int, normal: int) -> str:
    if normal >= 0:
        return f"{place + 1}/{texture + 1 if texture >= 0 else ''}/{normal + 1}"
    return f"{place + 1}/{texture + 1}" if texture >= 0 else f"{place + 1}"
