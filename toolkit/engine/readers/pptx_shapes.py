"""A slide's tree of shapes, walked: every shape with its place on the slide and its own text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pptx.oxml.ns import qn
from pptx.shapes.shapetree import SlideShapeFactory

from toolkit.document.geometry import Box
from toolkit.engine.readers.pptx_frame import IDENTITY, Frame, frame_of, inside_group
from toolkit.engine.readers.pptx_frames import FrameReader, alternatives
from toolkit.engine.readers.pptx_package import translated
from toolkit.engine.readers.pptx_pictures import Album
from toolkit.engine.readers.pptx_text import Styles, lines_of
from toolkit.engine.slides_marks import Connector, Kind, Place, Script, ShapeMark
from toolkit.errors import PageUnreadable

__all__ = ["Walk"]

_PLACES = {
    "title": Place.TITLE,
    "ctrTitle": Place.TITLE,
    "subTitle": Place.SUBTITLE,
    "dt": Place.FOOTER,
    "ftr": Place.FOOTER,
    "hdr": Place.HEADER,
    "sldNum": Place.NUMBER,
}
_FURNITURE = frozenset({Place.HEADER, Place.FOOTER, Place.NUMBER})
_DEEPEST_GROUP = 60
# A slide that people look at has a few hundred.
_MOST_SHAPES = 20_000


class Walk:
    """One walk over one slide."""

    def __init__(
        self, slide: Any, size: tuple[float, float], album: Album | None, check: Callable[[], None]
    ) -> None:
        """*slide* is python-pptx's; *check* raises once the time is up."""
        self.script = Script()
        self.connectors: list[Connector] = []
        self.faults: list[str] = []
        self._slide = slide
        self._whole = Box(0, 0, *size)
        self._album = album
        self._check = check
        self._left = _MOST_SHAPES
        self._frames = FrameReader(slide.part, self.script, album)

    def shapes(self) -> tuple[ShapeMark, ...]:
        """Every shape, from the lowest to the topmost, the groups as trees."""
        return self._tree(self._slide.shapes._spTree, IDENTITY, 0)

    def _tree(self, tree: Any, outer: Frame, depth: int) -> tuple[ShapeMark, ...]:
        found = []
        for element in alternatives(tree):
            self._check()
            if self._left <= 0:
                self.faults.append(f"more than {_MOST_SHAPES} shapes; the others were left out")
                break
            self._left -= 1
            mark = self._noted(element, outer, depth)
            if mark is not None:
                found.append(mark)
        return tuple(found)

    def _noted(self, element: Any, outer: Frame, depth: int) -> ShapeMark | None:
        """The shape that *element* is; a broken one is noted, and the others come through."""
        try:
            with translated(PageUnreadable, f"shape {_name(element)!r} cannot be read"):
                return self._shape(element, outer, depth)
        except PageUnreadable as exc:
            self.faults.append(str(exc))
            return None

    def _shape(self, element: Any, outer: Frame, depth: int) -> ShapeMark | None:
        kind = element.tag
        if kind == qn("p:grpSp"):
            return self._group(element, outer, depth)
        frame, place = self._frame(element, outer)
        if kind == qn("p:cxnSp"):
            if frame is not IDENTITY:
                self.connectors.append(_connector(element, frame))
            return None
        box = frame.box() if frame is not IDENTITY else self._whole
        named: dict[str, Any] = {
            "ident": _ident(element),
            "alt": _alt(element),
            "place": _place(element),
        }
        if kind == qn("p:sp"):
            return self._text(element, box, named)
        if kind == qn("p:pic"):
            image = self._picture(element.find(qn("p:blipFill")), box)
            return ShapeMark(Kind.PICTURE, box=box, image_b64=image, picture=True, **named)
        return self._frames.mark(element, box, place, outer, named)

    def _group(self, element: Any, outer: Frame, depth: int) -> ShapeMark | None:
        if depth >= _DEEPEST_GROUP:
            self.faults.append(f"groups are nested more than {_DEEPEST_GROUP} deep")
            return None
        children = self._tree(element, inside_group(outer, element), depth + 1)
        if not children:
            return None
        box = Box.around(child.box for child in children)
        return ShapeMark(Kind.GROUP, _ident(element), box, _alt(element), children=children)

    def _text(self, element: Any, box: Box, named: dict[str, Any]) -> ShapeMark:
        body = element.find(qn("p:txBody"))
        lines = () if body is None else lines_of(body, self.script, self._styles(element))
        fill = element.find(f"{qn('p:spPr')}/{qn('a:blipFill')}")
        if lines:
            return ShapeMark(Kind.TEXT, box=box, lines=lines, **named)
        if fill is not None and fill.find(qn("a:tile")) is None:
            image = self._picture(fill, box)
            return ShapeMark(Kind.PICTURE, box=box, image_b64=image, picture=True, **named)
        return ShapeMark(Kind.EMPTY, box=box, **named)

    def _picture(self, fill: Any, box: Box) -> str | None:
        if fill is None or self._album is None:
            return None
        return self._album.picture(self._slide.part, fill, box)

    def _frame(self, element: Any, outer: Frame) -> tuple[Frame, tuple[float, float]]:
        """Its place, and its corner in EMU in its surroundings; IDENTITY where it has none."""
        try:
            with translated(PageUnreadable, "no place"):
                shape = SlideShapeFactory(element, self._slide.shapes)
                place = (shape.left, shape.top, shape.width, shape.height)
                if None in place:
                    return IDENTITY, (0.0, 0.0)
                left, top, width, height = map(float, place)
                turned = element.find(f"{qn('p:spPr')}/{qn('a:xfrm')}")
                return frame_of(outer, (left, top, width, height), turned), (left, top)
        except PageUnreadable:
            return IDENTITY, (0.0, 0.0)

    def _styles(self, element: Any) -> Styles:
        """Where the bullets of a placeholder come from: its layout, its master."""
        place = _place(element)
        if element.find(f"{qn('p:nvSpPr')}/{qn('p:nvPr')}/{qn('p:ph')}") is None:
            return ()
        if place in _FURNITURE or place is Place.TITLE:
            return ()
        styles: list[Any] = []
        try:
            with translated(PageUnreadable, "no styles"):
                above: Any = SlideShapeFactory(element, self._slide.shapes)
                above = above._base_placeholder
                while above is not None and len(styles) < 3:
                    styles.append(above._element.find(f"{qn('p:txBody')}/{qn('a:lstStyle')}"))
                    above = getattr(above, "_base_placeholder", None)
                master = self._slide.slide_layout.slide_master._element
                styles.append(master.find(f"{qn('p:txStyles')}/{qn('p:bodyStyle')}"))
        except PageUnreadable:
            pass
        return tuple(styles)


def _properties(element: Any) -> Any:
    """The ``cNvPr`` of a shape: its number, its name, its alternative text."""
    return next(element.iterfind(f"*/{qn('p:cNvPr')}"), None)


def _name(element: Any) -> str:
    found = _properties(element)
    return str(element.tag).rpartition("}")[2] if found is None else str(found.get("name", ""))[:80]


def _ident(element: Any) -> int:
    found = _properties(element)
    given = "" if found is None else found.get("id", "")
    return int(given) if given.isdecimal() and len(given) < 12 else 0


def _alt(element: Any) -> str | None:
    found = _properties(element)
    if found is None:
        return None
    return (found.get("descr") or found.get("title") or "").strip() or None


def _place(element: Any) -> Place:
    found = next(element.iterfind(f"*/{qn('p:nvPr')}/{qn('p:ph')}"), None)
    return Place.NONE if found is None else _PLACES.get(found.get("type", "obj"), Place.BODY)


def _connector(element: Any, frame: Frame) -> Connector:
    properties = element.find(f"{qn('p:nvCxnSpPr')}/{qn('p:cNvCxnSpPr')}")
    line = element.find(f"{qn('p:spPr')}/{qn('a:ln')}")
    start, end = (_glued(properties, tag) for tag in ("a:stCxn", "a:endCxn"))
    return Connector(
        *(frame.at(0, 0), frame.at(1, 1), start, end),
        *(_arrow(line, tag) for tag in ("a:headEnd", "a:tailEnd")),
    )


def _glued(properties: Any, tag: str) -> int | None:
    found = None if properties is None else properties.find(qn(tag))
    given = "" if found is None else found.get("id", "")
    return int(given) if given.isdecimal() and len(given) < 12 else None


def _arrow(line: Any, tag: str) -> bool:
    found = None if line is None else line.find(qn(tag))
    return found is not None and found.get("type", "none") != "none"
