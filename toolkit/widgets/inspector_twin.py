"""The still of an inspector: the open page with its boxes, for readers without a kernel.

The boxes are drawn into the picture, since some readers of notebooks take every style away.
"""

from __future__ import annotations

import base64
import time
from io import BytesIO
from typing import Any

from IPython.display import HTML, DisplayHandle

from toolkit.widgets.inspector_leaf import Plain
from toolkit.widgets.inspector_palette import COLOURS, LABELS, SOURCES
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import escaped, thing

__all__ = ["Twin", "burnt", "still_html"]

# The still is part of the notebook's file, so it is renewed rarely, and always at the end.
GAP = 5.0
WIDTH = 760
ROWS = 12
_QUALITY = 74


class Twin:
    """The outputs that stand for an inspector where it is not alive."""

    def __init__(self, name: str) -> None:
        self.live = f"pq-inspector-{name[:12]}"
        self.handles: list[DisplayHandle] = []
        self._at = float("-inf")

    def html(self, sheet: Plain, picture: bytes, words: str) -> Any:
        """The page as it is now, for ``display``."""
        self._at = time.monotonic()
        inside = still_html(sheet, picture, words)
        return HTML(f'<div class="twin-{self.live}">{inside}</div>')  # type: ignore[no-untyped-call]

    def renew(self, sheet: Plain, picture: bytes, words: str, *, at_once: bool = False) -> None:
        """Show the page in every output, if the last time is long enough ago."""
        if not self.handles or not (at_once or time.monotonic() - self._at > GAP):
            return
        made = self.html(sheet, picture, words)
        for handle in self.handles:
            handle.update(made)  # type: ignore[no-untyped-call]


def still_html(sheet: Plain, picture: bytes, words: str) -> str:
    """*sheet* as HTML that needs no kernel, no script and no style sheet."""
    title = escaped(sheet.get("title", ""))
    if not sheet.get("document"):
        return f"<div><strong>{title}</strong></div><div>{escaped(words, 600)}</div>"
    blocks = sheet["blocks"]
    line = f"page {sheet['page']} of {sheet['pages']} · {thing(len(blocks), 'block')}"
    verified = sum(block["s"] == "verified" for block in blocks)
    parts = [
        f"<div><strong>{escaped(sheet.get('name', '') or title)}</strong> &nbsp;{line}, "
        f"{verified} verified</div>",
        *(f"<div>{escaped(said, 400)}</div>" for said in sheet["failures"]),
        f"<div>{escaped(words, 600)}</div>" if words else "",
        _picture(sheet, picture),
        f"<div>{_legend(blocks)}</div>",
        _rows(blocks),
    ]
    return "".join(parts)


def _picture(sheet: Plain, picture: bytes) -> str:
    drawn = burnt(picture, sheet["blocks"], WIDTH)
    if not drawn:
        return ""
    content = base64.b64encode(drawn).decode("ascii")
    alt = f"page {sheet['page']} with a box around each block"
    return (
        f'<img alt="{alt}" src="data:image/jpeg;base64,{content}" '
        'style="max-width:100%;border:1px solid #8886;margin:4px 0">'
    )


def _legend(blocks: list[Plain]) -> str:
    types = dict.fromkeys(block["t"] for block in blocks)
    squares = "".join(
        f'<span style="white-space:nowrap;margin-right:12px"><span aria-hidden="true" style="'
        f"display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:4px;"
        f'background:{COLOURS[kind]}"></span>{LABELS.get(kind, kind)}</span>'
        for kind in types
    )
    lines = {"verified": "solid", "inferred": "dashed", "derived": "dotted"}
    found = dict.fromkeys(block["s"] for block in blocks)
    words = " · ".join(f"{lines[source]} line: {source}, {SOURCES[source]}" for source in found)
    return f'{squares}<div style="opacity:.75">{words}</div>'


def _rows(blocks: list[Plain]) -> str:
    rows = [
        [
            str(block["n"] + 1),
            LABELS.get(block["t"], block["t"]),
            block["x"],
            block["s"],
            f"{block['c']:.2f}",
        ]
        for block in blocks[:ROWS]
    ]
    rest = len(blocks) - ROWS
    more = f"<div>and {thing(rest, 'more block')}</div>" if rest > 0 else ""
    return table_html(rows, head=["", "type", "text", "source", "confidence"]) + more


def burnt(picture: bytes, blocks: list[Plain], width: int) -> bytes:
    """*picture* as JPEG, *width* wide at most, with a box drawn around each block; b"" for none."""
    if not picture:
        return b""
    from PIL import Image, ImageDraw

    image = Image.open(BytesIO(picture)).convert("RGB")
    if image.width > width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image, "RGBA")
    for block in blocks:
        colour = COLOURS[block["t"]]
        x0, y0, x1, y1 = block["b"]
        box = (x0 * image.width, y0 * image.height, x1 * image.width, y1 * image.height)
        draw.rectangle(box, fill=colour + "14")
        _outline(draw, box, colour, block["s"])
    written = BytesIO()
    image.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _outline(draw: Any, box: tuple[float, float, float, float], colour: str, source: str) -> None:
    x0, y0, x1, y1 = box
    on, off = {"verified": (1e9, 0.0), "inferred": (7.0, 4.0)}.get(source, (2.0, 3.0))
    for (ax, ay), (bx, by) in (
        ((x0, y0), (x1, y0)),
        ((x1, y0), (x1, y1)),
        ((x0, y1), (x1, y1)),
        ((x0, y0), (x0, y1)),
    ):
        length = max(abs(bx - ax), abs(by - ay))
        at = 0.0
        while at < length:
            end = min(length, at + on)
            sx, sy = (bx - ax) / length, (by - ay) / length
            draw.line((ax + sx * at, ay + sy * at, ax + sx * end, ay + sy * end), colour, 2)
            at = end + off
