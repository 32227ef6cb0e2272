"""SmartArt: its points and how they hang together, from the diagram's own part of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree
from pptx.oxml.ns import qn

from toolkit.document.geometry import Box
from toolkit.engine.drafts import Quotation
from toolkit.engine.readers.pptx_frame import Frame, frame_of
from toolkit.engine.readers.pptx_text import body_text
from toolkit.engine.slides_marks import GraphMark, Script

__all__ = ["graph_of"]

_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DSP = "{http://schemas.microsoft.com/office/drawing/2008/diagram}"
# What PowerPoint adds for its layout; "doc" is the root.
_NO_NODES = frozenset({"pres", "parTrans", "sibTrans", "doc"})
_MOST_NODES = 5_000


def graph_of(
    model: bytes, drawing: bytes | None, place: tuple[float, float], outer: Frame, script: Script
) -> GraphMark:
    """The SmartArt whose points stand in *model*; *drawing* is how PowerPoint last drew them.

    *place* is the frame's left and top in EMU, inside *outer*.
    """
    root = _parsed(model)
    points = {point.get("modelId", ""): point for point in root.iter(f"{_DGM}pt")}
    links = sorted(
        (link for link in root.iter(f"{_DGM}cxn") if link.get("type", "parOf") == "parOf"),
        key=lambda link: _number(link.get("srcOrd")),
    )
    children: dict[str, list[Any]] = {}
    for link in links:
        children.setdefault(link.get("srcId", ""), []).append(link)
    drawn = _boxes(_parsed(drawing), place, outer) if drawing else {}
    boxes = {
        link.get("srcId", ""): drawn[link.get("destId", "")]
        for link in root.iter(f"{_DGM}cxn")
        if link.get("type") == "presOf" and link.get("destId", "") in drawn
    }
    nodes: list[tuple[str, Quotation, Box | None]] = []
    for ident in _in_order(points, children):
        raw = _text(points[ident])
        if raw.strip():
            quotation = script.quote(raw, raw.replace("\v", "\n").strip())
            nodes.append((ident, quotation, boxes.get(ident)))
    known = {ident for ident, _, _ in nodes}
    edges: list[tuple[str, str, Quotation | None]] = []
    for link in links:
        ends = link.get("srcId", ""), link.get("destId", "")
        if known.issuperset(ends):
            label = _text(points.get(link.get("parTransId", "")))
            edges.append((*ends, script.quote(label, label.strip()) if label.strip() else None))
    return GraphMark(tuple(nodes), tuple(edges))


def _parsed(blob: bytes) -> Any:
    return etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _text(point: Any) -> str:
    body = None if point is None else point.find(f"{_DGM}t")
    return "" if body is None else body_text(body)


def _in_order(points: dict[str, Any], children: dict[str, list[Any]]) -> Iterator[str]:
    """The nodes, each parent before its children; then those that hang nowhere."""
    seen: set[str] = set()
    roots = [ident for ident, point in points.items() if point.get("type") == "doc"]
    stack = [*reversed(points), *reversed(roots)]
    while stack and len(seen) < _MOST_NODES:
        ident = stack.pop()
        if ident in seen or ident not in points:
            continue
        seen.add(ident)
        if points[ident].get("type", "node") not in _NO_NODES:
            yield ident
        stack.extend(link.get("destId", "") for link in reversed(children.get(ident, [])))


def _boxes(drawing: Any, place: tuple[float, float], outer: Frame) -> dict[str, Box]:
    """Where shapes with text were drawn, by their point; the drawing begins at the frame."""
    found: dict[str, Box] = {}
    for shape in drawing.iter(f"{_DSP}sp"):
        properties = shape.find(f"{_DSP}spPr/{qn('a:xfrm')}")
        body = shape.find(f"{_DSP}txBody")
        if properties is None or body is None or not body_text(body).strip():
            continue
        off, ext = properties.find(qn("a:off")), properties.find(qn("a:ext"))
        if off is None or ext is None:
            continue
        left, top = place[0] + float(off.get("x", 0)), place[1] + float(off.get("y", 0))
        size = float(ext.get("cx", 0)), float(ext.get("cy", 0))
        box = frame_of(outer, (left, top, *size), properties).box()
        found[shape.get("modelId", "")] = box
    return found
