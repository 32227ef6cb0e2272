"""Graphic frames: tables, charts, SmartArt, and objects of other programs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from lxml import etree
from pptx.oxml.ns import qn

from toolkit.document.geometry import Box
from toolkit.engine.readers.pptx_charts import chart_of, newer_chart_of
from toolkit.engine.readers.pptx_frame import Frame
from toolkit.engine.readers.pptx_pictures import Album
from toolkit.engine.readers.pptx_smartart import graph_of
from toolkit.engine.readers.pptx_text import body_text
from toolkit.engine.slides_marks import CellMark, Kind, Script, ShapeMark, TableMark

__all__ = ["FrameReader", "alternatives"]

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SHAPES = frozenset(map(qn, ("p:sp", "p:pic", "p:grpSp", "p:cxnSp", "p:graphicFrame")))
_MAIN = "http://schemas.openxmlformats.org/drawingml/2006"
_NEWER_CHART = "http://schemas.microsoft.com/office/drawing/2014/chartex"
_CHART, _GRAPH, _TABLE = f"{_MAIN}/chart", f"{_MAIN}/diagram", f"{_MAIN}/table"
_OBJECT = "http://schemas.openxmlformats.org/presentationml/2006/ole"
_KNOWN = frozenset({_CHART, _GRAPH, _TABLE, _OBJECT, _NEWER_CHART})
_DRAWN = "{http://schemas.microsoft.com/office/drawing/2008/diagram}dataModelExt"
_MOST_CELLS = 200_000


def alternatives(tree: Any) -> Iterator[Any]:
    """The shapes directly in *tree*; of alternatives, the first that we can read."""
    for child in tree:
        if child.tag in _SHAPES:
            yield child
        elif child.tag == f"{_MC}AlternateContent":
            for choice in child:
                shapes = [one for one in choice if one.tag in _SHAPES]
                if any(map(_readable, shapes)) or choice.tag == f"{_MC}Fallback":
                    yield from shapes
                    break


def _readable(element: Any) -> bool:
    return element.tag != qn("p:graphicFrame") or _uri(element) in _KNOWN


def _uri(frame: Any) -> str:
    found = frame.find(f"{qn('a:graphic')}/{qn('a:graphicData')}")
    return "" if found is None else str(found.get("uri", ""))


class FrameReader:
    """Reads the frames of one slide, whose *part* knows the charts and diagrams."""

    def __init__(self, part: Any, script: Script, album: Album | None) -> None:
        self._part = part
        self._script = script
        self._album = album

    def mark(
        self,
        element: Any,
        box: Box,
        place: tuple[float, float],
        outer: Frame,
        named: dict[str, Any],
    ) -> ShapeMark:
        """The frame *element* at *box*; *place* is its corner in EMU inside *outer*."""
        match _uri(element):
            case uri if uri == _TABLE:
                table = self._table(next(element.iter(qn("a:tbl"))), box)
                return ShapeMark(Kind.TABLE, box=box, table=table, **named)
            case uri if uri in (_CHART, _NEWER_CHART):
                read = chart_of if uri == _CHART else newer_chart_of
                space = _root(self._related(_reference(element, "id")))
                return ShapeMark(Kind.CHART, box=box, chart=read(space, self._script), **named)
            case uri if uri == _GRAPH:
                model = self._related(_reference(element, "dm"))
                graph = graph_of(model.blob, self._drawing(model), place, outer, self._script)
                return ShapeMark(Kind.GRAPH, box=box, graph=graph, **named)
            case uri if uri == _OBJECT:
                return self._object(element, box, named)
        return ShapeMark(Kind.EMPTY, box=box, **named)

    def _related(self, ident: str) -> Any:
        rel = self._part.rels[ident]
        if rel.is_external:
            raise ValueError(f"{ident} is outside the file")
        return rel.target_part

    def _drawing(self, model: Any) -> bytes | None:
        for found in _root(model).iter(_DRAWN):
            rel = self._part.rels.get(found.get("relId", ""))
            if rel is not None and not rel.is_external:
                return bytes(rel.target_part.blob)
        return None

    def _object(self, element: Any, box: Box, named: dict[str, Any]) -> ShapeMark:
        """An object of another program: the picture that stands for it, its own bytes closed."""
        fill = next(element.iter(qn("p:blipFill")), None)
        image = None
        if fill is not None and self._album is not None:
            image = self._album.picture(self._part, fill, box)
        known = next(element.iter(qn("p:oleObj")), None)
        kind = "" if known is None else known.get("name") or known.get("progId") or ""
        named = named | {"alt": named["alt"] or kind or None}
        return ShapeMark(Kind.PICTURE, box=box, image_b64=image, picture=True, **named)

    def _table(self, table: Any, box: Box) -> TableMark:
        rows = table.findall(qn("a:tr"))
        widths = [_length(column, "w") for column in table.iterfind(f"*/{qn('a:gridCol')}")]
        most = max((len(row.findall(qn("a:tc"))) for row in rows), default=0)
        widths += [0.0] * (most - len(widths))
        if not rows or not widths or len(rows) * len(widths) > _MOST_CELLS:
            raise ValueError(f"a table of {len(rows)} rows and {len(widths)} columns")
        across = _shares(widths, box.left, box.right)
        down = _shares([_length(row, "h") for row in rows], box.top, box.bottom)
        cells = tuple(self._cells(rows, across, down))
        flags = table.find(qn("a:tblPr"))
        headed = flags is not None and flags.get("firstRow") in ("1", "true")
        tall = max((c.row_span for c in cells if c.row == 0), default=1)
        header_rows = tall if headed and tall < len(rows) else 0
        return TableMark(len(rows), len(widths), cells, header_rows)

    def _cells(self, rows: list[Any], across: list[float], down: list[float]) -> Iterator[CellMark]:
        taken: set[tuple[int, int]] = set()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row.findall(qn("a:tc"))):
                body = cell.find(qn("a:txBody"))
                raw = "" if body is None else body_text(body)
                # What stands under a merged cell is shown by nobody.
                if (at, column) in taken:
                    continue
                tall = _span(cell, "rowSpan", len(down) - 1 - at)
                wide = _span(cell, "gridSpan", len(across) - 1 - column)
                covered = {(at + i, column + j) for i in range(tall) for j in range(wide)}
                if covered & taken:
                    tall, wide, covered = 1, 1, {(at, column)}
                taken |= covered
                box = Box(across[column], down[at], across[column + wide], down[at + tall])
                text = raw.replace("\v", "\n").strip()
                quotation = self._script.quote(raw, text)
                yield CellMark(at, column, tall, wide, box, quotation)


def _root(part: Any) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(part.blob, parser)


def _reference(frame: Any, name: str) -> str:
    """The relationship that a frame's content names as ``r:name``."""
    wanted = qn(f"r:{name}")
    for element in frame.iter():
        if wanted in element.attrib and element.tag != qn("a:hlinkClick"):
            return str(element.get(wanted))
    raise ValueError(f"it names no r:{name}")


def _length(element: Any, name: str) -> float:
    given = element.get(name, "0")
    return float(given) if given.isdecimal() and len(given) < 12 else 0.0


def _shares(sizes: list[float], first: float, last: float) -> list[float]:
    """The edges of strips of these *sizes*, scaled to fill the way from *first* to *last*."""
    whole = sum(sizes)
    if whole <= 0:
        sizes, whole = [1.0] * len(sizes), float(len(sizes))
    return [first + (last - first) * edge / whole for edge in accumulate(sizes, initial=0.0)]


def _span(cell: Any, name: str, most: int) -> int:
    given = cell.get(name, "1")
    return max(1, min(int(given), most)) if given.isdecimal() and len(given) < 9 else 1
