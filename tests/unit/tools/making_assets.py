"""Inputs of the asset tools that carry their truth, and tasks that hold them."""

from __future__ import annotations

import math
from io import BytesIO
from zipfile import ZipFile

import numpy as np
from PIL import Image

from toolkit.jobs import Limits, Task


def task(folder, content: bytes | None, *, filename: str = "input", told=None, **options) -> Task:
    source = None
    if content is not None:
        source = folder / "0a1b2c"
        source.write_bytes(content)
    return Task(
        filename=filename,
        source=source,
        sha256="",
        options=options,
        limits=Limits(),
        work_folder=folder,
        report=(lambda _: None) if told is None else told.append,
    )


def picture(pixels, kind: str = "PNG") -> bytes:
    file = BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, kind)
    return file.getvalue()


def unpacked(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def plane(content: bytes):
    return np.asarray(Image.open(BytesIO(content)))


def sphere(rings: int = 24, around: int = 48) -> bytes:
    """A closed sphere of radius 1 in two materials, with texture coordinates and a seam."""
    lines = ["# a sphere", "mtllib /etc/passwd"]
    for i in range(rings + 1):
        for j in range(around + 1):
            down, turn = math.pi * i / rings, 2 * math.pi * (j % around) / around
            x, y, z = (
                math.sin(down) * math.cos(turn),
                math.sin(down) * math.sin(turn),
                math.cos(down),
            )
            lines += [f"v {x:.9f} {y:.9f} {z:.9f}", f"vt {j / around:.9f} {i / rings:.9f}"]
    for i in range(rings):
        lines.append(f"usemtl {'north' if i < rings // 2 else 'south'}")
        for j in range(around):
            a = i * (around + 1) + j + 1
            corners = [a, a + around + 1, a + around + 2, a + 1]
            if i == 0:
                corners = corners[:3]
            if i == rings - 1:
                corners = [corners[0], corners[1], corners[3]]
            lines.append("f " + " ".join(f"{c}/{c}" for c in corners))
    return "\n".join(lines).encode()
