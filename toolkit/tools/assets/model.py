"""The job type ``model``: a mesh becomes lighter ones, for near and for far."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from toolkit.errors import MissingExtra
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits, Outcome, Task, Tool
from toolkit.tools.assets import fields
from toolkit.tools.assets.fields import Field, Flag, Number

if TYPE_CHECKING:
    from toolkit.tools.assets.obj import Mesh

__all__ = ["FIELDS", "MODEL", "admit", "check", "run", "schema"]

MOST_BYTES: Final = 100 * 2**20

FIELDS: Final[Mapping[str, Field]] = {
    "ratio": Number(low=0.01, high=1, default=0.5, told="The share of triangles that is kept."),
    "lodLevels": Number(
        low=0, high=5, default=0, whole=True, told="How many lighter levels there are beside it."
    ),
    "lodFinalRatio": Number(
        low=0.001, high=1, default=0.15, told="The share of the first level that the last keeps."
    ),
    "lodMaxThreshold": Number(
        low=1, high=500, default=50, told="From which distance on the last level is shown."
    ),
    "generatePbr": Flag(default=False, told="Add a file of plain materials that name their maps."),
}

MODEL: Final = Tool(
    name="model",
    label="Model Optimizer",
    target="toolkit.tools.assets.model:run",
    check="toolkit.tools.assets.model:check",
    schema="toolkit.tools.assets.model:schema",
    admits="toolkit.tools.assets.model:admit",
    concurrency=3,
    prior_seconds=5.0,
    takes_file=True,
    # What it makes has the name of its file in it, and the same bytes may come by another one.
    cacheable=False,
    limits=Limits(deadline=600.0, memory=2048 * 2**20),
)


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """*options* checked and completed. Raises InvalidOption, naming the field and its range."""
    return fields.checked("model", FIELDS, options)


def admit(head: bytes, size: int, filename: str) -> None:
    """Raise FileTooLarge or UnsupportedFileType where such a file is not taken."""
    from toolkit.tools.assets import obj
    from toolkit.tools.assets.files import refuse_large

    refuse_large(size, most=MOST_BYTES, filename=filename)
    obj.refuse_others(head, filename)


def schema() -> dict[str, Any]:
    """What may be asked, as a JSON Schema of an object."""
    return fields.schema(FIELDS)


def run(task: Task) -> Outcome:
    """A ZIP of OBJ files, the first with *ratio* of the triangles and each level with fewer, and
    ``manifest.json`` with what each has and from where on it is to be shown.

    Materials keep their triangles, and texture coordinates and normals go along; groups and the
    colours of vertices are left out. Raises MissingExtra, UnsupportedFileType, FileTooLarge,
    EmptyFile, DamagedFile and InvalidInput.
    """
    _need_extra()
    # numpy, which the kernel does not need to hand a job in.
    from toolkit.tools.assets import obj
    from toolkit.tools.assets.files import content_of
    from toolkit.tools.assets.packing import MEDIA_TYPE, zipped

    asked = check(task.options)
    task.report(Progress(percent=1, stage=Stage.PARSING))
    content = content_of(task, most=MOST_BYTES, wanted="a model (Wavefront OBJ)")
    mesh = obj.read(content, task.filename)
    name = fields.harmless(PurePosixPath(task.filename).stem, otherwise="model")
    packed = zipped(_members(task, asked, mesh, name))
    return Outcome(content=packed, media_type=MEDIA_TYPE, filename=f"{name}.zip")


def _need_extra() -> None:
    try:
        import fast_simplification  # noqa: F401
        import trimesh  # noqa: F401
    except ImportError as exc:
        raise MissingExtra("pip install 'pagequeue[assets]'") from exc


def _members(
    task: Task, asked: Mapping[str, Any], mesh: Mesh, name: str
) -> Iterator[tuple[str, bytes]]:
    """The files of the ZIP, one after another."""
    from toolkit.tools.assets import obj, thinning

    library = f"{name}.mtl" if asked["generatePbr"] else None
    whole = thinning.joined(mesh)
    levels, listed = asked["lodLevels"], []
    for level in range(levels + 1):
        percent = 30 + 65 * level / (levels + 1)
        task.report(Progress(percent=percent, stage=Stage.GENERATING))
        share = asked["ratio"] * asked["lodFinalRatio"] ** (level / max(1, levels))
        light = thinning.thinned(whole, max(4, round(share * len(whole.triangles))))
        called = f"{name}_lod{level}.obj" if levels else f"{name}.obj"
        yield called, obj.written(light, name, library)
        threshold = asked["lodMaxThreshold"] * level / max(1, levels)
        asks = {"level": level, "file": called, "ratio": share, "threshold": threshold}
        listed.append({**asks, **_measured(light)})
    if library:
        yield library, _plain_materials(mesh.materials, name).encode()
    told = {
        "source": {"file": task.filename, **_measured(mesh)},
        "materials": list(mesh.materials),
        "materialFile": library,
        "options": asked,
        "levels": listed,
    }
    yield "manifest.json", (json.dumps(told, indent=2) + "\n").encode()


def _measured(mesh: Mesh) -> dict[str, Any]:
    """What the mesh has; its volume only where its surface is closed."""
    import trimesh

    solid = trimesh.Trimesh(mesh.points, mesh.triangles, process=False, validate=False)
    closed = bool(solid.is_watertight and solid.is_winding_consistent)
    return {
        "triangles": len(mesh.triangles),
        "vertices": len(mesh.points),
        "bounds": solid.bounds.tolist(),
        "area": float(solid.area),
        "closed": closed,
        "volume": float(solid.volume) if closed else None,
    }


def _plain_materials(materials: tuple[str, ...], name: str) -> str:
    """Each of *materials* as dull and bare of metal, with the maps that ``material`` makes."""
    lines = ["# Made by pagequeue"]
    for material in materials:
        stem = name if len(materials) == 1 else f"{name}_{fields.harmless(material, otherwise='x')}"
        lines += [
            *("", f"newmtl {material}", "Ka 0 0 0", "Kd 1 1 1", "Ks 0 0 0", "d 1", "illum 2"),
            *("Pr 0.7", "Pm 0", f"map_Kd {stem}_color.png", f"map_Pr {stem}_rough.png"),
            *(f"norm {stem}_normal.png", f"map_Ka {stem}_ao.png"),
        ]
    return "\n".join(lines) + "\n"
