"""The job type ``terrain``: a landscape's heights, made of a seed and of what it is to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from toolkit.errors import InvalidInput
from toolkit.jobs.job import Progress, Stage
from toolkit.jobs.tool import Limits, Outcome, Task, Tool
from toolkit.tools.assets import fields
from toolkit.tools.assets.fields import Choice, Field, Flag, Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FIELDS", "TERRAIN", "check", "run", "schema"]

# What every reader of JSON keeps to the last digit.
_LARGEST_SEED: Final = 2**53 - 1

FIELDS: Final[Mapping[str, Field]] = {
    "resolution": Number(
        low=64, high=4096, default=512, whole=True, told="Points on each side of the square."
    ),
    "seed": Number(
        low=-_LARGEST_SEED,
        high=_LARGEST_SEED,
        default=0,
        whole=True,
        told="Which land of all that there could be; the same one is the same land.",
    ),
    "hills": Number(low=0, high=50, default=6, whole=True, told="How many hills."),
    "ridges": Number(low=0, high=20, default=1, whole=True, told="How many mountain chains."),
    "craters": Number(low=0, high=20, default=0, whole=True, told="How many craters."),
    "plateaus": Number(low=0, high=20, default=0, whole=True, told="How many table mountains."),
    "valleys": Number(low=0, high=20, default=0, whole=True, told="How many winding valleys."),
    "waterLevel": Number(
        low=0, high=1, default=0, told="Land below this share of the heights is flat: water."
    ),
    "island": Flag(default=False, told="Land that falls to the sea before every edge."),
    "format": Choice(
        words=("r16", "png"), default="r16", told="Raw 16 bits, high byte first, or a grey picture."
    ),
}

TERRAIN: Final = Tool(
    name="terrain",
    label="Terrain Generator",
    target="toolkit.tools.assets.terrain:run",
    check="toolkit.tools.assets.terrain:check",
    schema="toolkit.tools.assets.terrain:schema",
    concurrency=10,
    prior_seconds=1.0,
    takes_file=False,
    limits=Limits(deadline=180.0, memory=1024 * 2**20),
)


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """*options* checked and completed. Raises InvalidOption, naming the field and its range."""
    return fields.checked("terrain", FIELDS, options)


def schema() -> dict[str, Any]:
    """What may be asked, as a JSON Schema of an object."""
    return fields.schema(FIELDS)


def run(task: Task) -> Outcome:
    """Heights as ``terrain_<resolution>.r16``, raw 16-bit numbers with the high byte first, row by
    row, or as a PNG of 8-bit grey.

    The same seed and options give the same heights on every machine, and the square repeats: its
    edges fit each other. A finer resolution shows the same land. Raises InvalidInput for a file,
    which would count for nothing.
    """
    # numpy, which the kernel does not need to hand a job in.
    from toolkit.tools.assets.ground import elevations, levelled
    from toolkit.tools.assets.landscape import Landscape, Wish

    if task.source is not None:
        raise InvalidInput("terrain takes no file: it is made of its options")
    asked = check(task.options)

    def told(share: float, first: float, last: float) -> None:
        percent = first + (last - first) * share
        task.report(Progress(percent=percent, stage=Stage.GENERATING))

    wish = Wish(**{name: asked[name] for name in Wish.__dataclass_fields__})
    land = Landscape(wish, lambda share: told(share, 1, 40))
    side = asked["resolution"]
    found = elevations(land, wish.seed, side, lambda share: told(share, 40, 90))
    content, media_type = _written(levelled(found, asked["waterLevel"]), asked["format"])
    return Outcome(
        content=content,
        media_type=media_type,
        filename=f"terrain_{side}.{asked['format']}",
    )


def _written(found: NDArray[np.uint16], kind: str) -> tuple[bytes, str]:
    if kind == "r16":
        return found.astype(">u2").tobytes(), "application/octet-stream"
    import numpy as np

    from toolkit.tools.assets.pictures import png

    grey = ((found.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return png(grey), "image/png"
