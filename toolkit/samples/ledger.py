"""What is drawn is written down: the truth of a sample comes from the drawing of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from reportlab.platypus import Flowable, Paragraph
from reportlab.platypus.tables import Table, TableStyle

from toolkit.samples.sample import Expected

__all__ = ["Author", "Ledger", "Lines", "Recorded"]


class Ledger:
    """The blocks drawn so far, in the order of drawing, which is that of reading."""

    def __init__(self) -> None:
        self.blocks: list[Expected] = []

    def add(self, page: int, kind: str, text: str, **more: Any) -> None:
        self.blocks.append(Expected(type=kind, text=text, page=page, **more))


class Recorded(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Draws another flowable whole, never over two frames, and notes it in the ledger then."""

    def __init__(self, inner: Any, ledger: Ledger, expected: Expected) -> None:
        super().__init__()
        self._inner, self._ledger, self._expected = inner, ledger, expected

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width, self.height = self._inner.wrapOn(self.canv, width, height)
        return self.width, self.height

    def split(self, _width: float, _height: float) -> list[Flowable]:
        return []

    def draw(self) -> None:
        page = self.canv.getPageNumber()
        self._ledger.blocks.append(msgspec.structs.replace(self._expected, page=page))
        self._inner.drawOn(self.canv, 0, 0)

    def getSpaceBefore(self) -> float:  # noqa: N802  # reportlab's name
        return float(self._inner.getSpaceBefore())

    def getSpaceAfter(self) -> float:  # noqa: N802  # reportlab's name
        return float(self._inner.getSpaceAfter())

    def getKeepWithNext(self) -> int:  # noqa: N802  # reportlab's name
        return int(self._inner.getKeepWithNext())


class Lines(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Paragraphs below each other as one."""

    def __init__(self, paragraphs: Sequence[Paragraph], *, before: float, after: float) -> None:
        super().__init__()
        self._paragraphs = paragraphs
        self.spaceBefore, self.spaceAfter = before, after

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self._heights = [part.wrapOn(self.canv, width, height)[1] for part in self._paragraphs]
        self.width, self.height = width, sum(self._heights)
        return self.width, self.height

    def draw(self) -> None:
        top = self.height
        for part, height in zip(self._paragraphs, self._heights, strict=True):
            top -= height
            part.drawOn(self.canv, 0, top)


class Author:
    """Makes the flowables of a story, all of which tell the same ledger."""

    def __init__(self, styles: dict[str, Any]) -> None:
        self.ledger = Ledger()
        self._styles = styles

    def text(self, kind: str, text: str, style: str, *, level: int | None = None) -> Recorded:
        """A paragraph; soft hyphens and tags in *text* are for the drawing alone."""
        drawn = Paragraph(text, self._styles[style])
        return self.drawn(drawn, kind, _seen(text), level=level)

    def bullets(self, items: Sequence[str], style: str, mark: str = "•") -> Recorded:
        parts = [
            Paragraph(item, self._styles[style], bulletText=mark.format(number))
            for number, item in enumerate(items, 1)
        ]
        text = "\n".join(f"{mark.format(n)} {_seen(item)}" for n, item in enumerate(items, 1))
        return self.drawn(Lines(parts, before=2, after=8), "list", text)

    def table(
        self,
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        look: Sequence[tuple[Any, ...]],
        *,
        truth: Sequence[Sequence[str]] | None = None,
    ) -> Recorded:
        """A table; *truth* are its rows as a reader finds them, where cells span."""
        inner = Table(rows, colWidths=widths, spaceBefore=4, spaceAfter=10)
        inner.setStyle(TableStyle(look))
        found = tuple(map(tuple, truth or rows))
        return self.drawn(inner, "table", "\n".join(map("\t".join, found)), rows=found)

    def drawn(self, inner: Any, kind: str, text: str, **more: Any) -> Recorded:
        return Recorded(inner, self.ledger, Expected(type=kind, text=text, page=0, **more))


def _seen(markup: str) -> str:
    text = re.sub(r"<[^>]*>", "", markup.replace("<br/>", "\n"))
    return text.replace("\u00ad", "").replace("&amp;", "&")
