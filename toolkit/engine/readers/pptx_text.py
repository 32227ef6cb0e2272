"""Text bodies of slides: paragraphs, their levels, and the bullets that they inherit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pptx.oxml.ns import qn

from toolkit.engine.slides_marks import Bullet, Line, Script

__all__ = ["Styles", "body_text", "lines_of", "paragraph_text"]

_RUNS = frozenset({qn("a:r"), qn("a:fld")})
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_BULLETS = {
    qn("a:buNone"): Bullet.NONE,
    qn("a:buChar"): Bullet.MARK,
    qn("a:buBlip"): Bullet.MARK,
    qn("a:buAutoNum"): Bullet.NUMBER,
}
_DEEPEST = 8

Styles = tuple[Any, ...]
"""Elements with ``lvl1pPr`` … in them that a text body takes its bullets from, nearest first."""


def paragraph_text(paragraph: Any) -> str:
    """The characters of an ``a:p``, a line break in it being a vertical tab."""
    return "".join(_pieces(paragraph))


def _pieces(paragraph: Any) -> Iterator[str]:
    for child in paragraph:
        if child.tag in _RUNS:
            yield child.findtext(qn("a:t")) or ""
        elif child.tag == qn("a:br"):
            yield "\v"
        elif child.tag == _ALTERNATE:
            # A formula; what stands beside it for older programs is a picture.
            yield "".join(child.itertext(_MATH))


def body_text(body: Any) -> str:
    """The characters of a text body, a line a paragraph."""
    return "\n".join(paragraph_text(p) for p in body.iterfind(qn("a:p")))


def lines_of(body: Any, script: Script, styles: Styles = ()) -> tuple[Line, ...]:
    """The paragraphs of *body* that say something, quoted from *script*."""
    return tuple(_lines(body.iterfind(qn("a:p")), script, (body.find(qn("a:lstStyle")), *styles)))


def _lines(paragraphs: Iterable[Any], script: Script, styles: Styles) -> Iterator[Line]:
    for paragraph in paragraphs:
        raw = paragraph_text(paragraph)
        if raw.strip():
            level = _level(paragraph)
            text = raw.replace("\v", "\n").strip()
            yield Line(script.quote(raw, text), level, _bullet(paragraph, level, styles))


def _level(paragraph: Any) -> int:
    properties = paragraph.find(qn("a:pPr"))
    given = "" if properties is None else properties.get("lvl", "")
    return min(int(given), _DEEPEST) if given.isdecimal() else 0


def _bullet(paragraph: Any, level: int, styles: Styles) -> Bullet:
    own = paragraph.find(qn("a:pPr"))
    name = qn(f"a:lvl{level + 1}pPr")
    for properties in (own, *(style.find(name) for style in styles if style is not None)):
        for child in () if properties is None else properties:
            if child.tag in _BULLETS:
                return _BULLETS[child.tag]
    return Bullet.NONE
