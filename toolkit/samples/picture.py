"""A picture that is made, not found: hills before a sky at dawn."""

from __future__ import annotations

import math
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw
from reportlab.platypus import Image as Placed

__all__ = ["landscape", "painted"]

_SIZE = (960, 370)


def landscape(width: float, height: float) -> Any:
    """The picture as a flowable of this size in points."""
    file = BytesIO()
    painted().save(file, "PNG")
    file.seek(0)
    return Placed(file, width, height)


def painted() -> Image.Image:
    """The picture itself, the same one each time."""
    across, down = _SIZE
    picture = Image.new("RGB", _SIZE)
    pen = ImageDraw.Draw(picture)
    for y in range(down):
        share = y / down
        pen.line([(0, y), (across, y)], fill=(int(70 + 170 * share), int(105 + 80 * share), 150))
    pen.ellipse([640, 120, 720, 200], fill=(252, 226, 170))
    for ridge, (level, shade) in enumerate(((190, 110), (235, 80), (290, 50))):
        hills = [
            (x, level + 26 * math.sin(x / (90 - 14 * ridge) + ridge) + 9 * math.sin(x / 17))
            for x in range(0, across + 8, 8)
        ]
        pen.polygon([(0, down), *hills, (across, down)], fill=(shade // 2, shade, shade + 14))
    return picture
