"""The job type ``material``: a picture becomes the maps and the file of a game's material."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits, Outcome, Task, Tool
from toolkit.tools.assets import fields
from toolkit.tools.assets.fields import Choice, Field, Flag, Folder, Name, Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FIELDS", "MATERIAL", "admit", "check", "run", "schema"]

MOST_BYTES: Final = 20 * 2**20

FIELDS: Final[Mapping[str, Field]] = {
    "materialMode": Choice(
        words=("vmat", "tmat"), default="vmat", told="A surface's material, or a terrain's."
    ),
    "name": Name(default="texture", told="What the files are called."),
    "normalStrength": Number(low=0.5, high=4, default=1.5, told="How steep the surface looks."),
    "roughnessBase": Number(
        low=100, high=240, default=180, whole=True, told="The roughness on the whole, of 255."
    ),
    "aoStrength": Number(low=0, high=1, default=0.3, told="How dark hollows are."),
    "metalness": Number(low=0, high=1, default=0, told="0: no metal, 1: bare metal."),
    "uvScale": Number(low=0.25, high=50, default=1, told="How often the picture repeats."),
    "transparent": Flag(default=False, told="Keep what the picture says is transparent."),
    "assetDir": Folder(
        default="", told="The folder below the game's content that the files will lie in."
    ),
}

MATERIAL: Final = Tool(
    name="material",
    label="Material Generator",
    target="toolkit.tools.assets.material:run",
    check="toolkit.tools.assets.material:check",
    schema="toolkit.tools.assets.material:schema",
    admits="toolkit.tools.assets.material:admit",
    concurrency=8,
    prior_seconds=1.0,
    takes_file=True,
    limits=Limits(deadline=240.0, memory=2048 * 2**20),
)
# Of a picture that is there or not, pixel by pixel, no more than this share lies between.
_BETWEEN: Final = 0.02


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """*options* checked and completed. Raises InvalidOption, naming the field and its range."""
    return fields.checked("material", FIELDS, options)


def admit(head: bytes, size: int, filename: str) -> None:
    """Raise FileTooLarge or UnsupportedFileType where such a file is not taken."""
    from toolkit.tools.assets import pictures
    from toolkit.tools.assets.files import refuse_large

    refuse_large(size, most=MOST_BYTES, filename=filename)
    pictures.refuse_others(head, filename)


def schema() -> dict[str, Any]:
    """What may be asked, as a JSON Schema of an object."""
    return fields.schema(FIELDS)


def run(task: Task) -> Outcome:
    """A ZIP of the maps ``_color _rough _normal _height _ao`` (and ``_trans``) as PNG, with the
    material file that names them.

    The same picture and options give the same bytes. Raises UnsupportedFileType, ImageTooLarge,
    FileTooLarge, EmptyFile and DamagedFile.
    """
    # numpy and Pillow, which the kernel does not need to hand a job in.
    from toolkit.tools.assets.files import content_of
    from toolkit.tools.assets.packing import MEDIA_TYPE, zipped
    from toolkit.tools.assets.pictures import colours

    asked = check(task.options)
    task.report(Progress(percent=1, stage=Stage.PARSING))
    content = content_of(task, most=MOST_BYTES, wanted="a picture (PNG, JPEG or WebP)")
    pixels, opaque = colours(content, task.filename)
    members = zipped(_members(task, asked, pixels, opaque))
    return Outcome(content=members, media_type=MEDIA_TYPE, filename=f"{asked['name']}.zip")


def _members(
    task: Task,
    asked: Mapping[str, Any],
    pixels: NDArray[np.uint8],
    opaque: NDArray[np.uint8] | None,
) -> Iterator[tuple[str, bytes]]:
    """The files of the ZIP, one after another."""
    from toolkit.tools.assets import heights, normals
    from toolkit.tools.assets.pictures import png

    def told(percent: float) -> None:
        task.report(Progress(percent=percent, stage=Stage.GENERATING))

    name = asked["name"]
    told(10)
    yield f"{name}_color.png", png(pixels)
    found = heights.heights(pixels)
    told(35)
    yield f"{name}_rough.png", png(heights.roughness(found, asked["roughnessBase"]))
    told(50)
    yield f"{name}_normal.png", png(normals.normals(found, asked["normalStrength"]))
    told(75)
    yield f"{name}_height.png", png(heights.in_bytes(found))
    told(85)
    yield f"{name}_ao.png", png(heights.occlusion(found, asked["aoStrength"]))
    if asked["transparent"]:
        told(95)
        yield f"{name}_trans.png", png(_opacity(pixels, opaque))
    yield _material(asked, opaque)


def _opacity(pixels: NDArray[np.uint8], opaque: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    import numpy as np

    return np.full(pixels.shape[:2], 255, np.uint8) if opaque is None else opaque


def _material(asked: Mapping[str, Any], opaque: NDArray[np.uint8] | None) -> tuple[str, bytes]:
    from toolkit.tools.assets import materials

    mode, folder = asked["materialMode"], asked["assetDir"]
    surface = materials.Surface(
        path=f"{folder}/{asked['name']}" if folder else asked["name"],
        metalness=asked["metalness"],
        uv_scale=asked["uvScale"],
        transparency=_transparency(opaque) if asked["transparent"] else "none",
    )
    text = materials.vmat(surface) if mode == "vmat" else materials.tmat(surface)
    return f"{asked['name']}.{mode}", text.encode("ascii")


def _transparency(opaque: NDArray[np.uint8] | None) -> str:
    if opaque is None:
        return "see-through"
    between = int(((opaque > 16) & (opaque < 239)).sum())
    return "cut out" if between <= _BETWEEN * opaque.size else "see-through"
