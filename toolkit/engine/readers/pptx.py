"""A PowerPoint file as slides of marks, by python-pptx. Nothing outside the file is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pptx.oxml.ns import qn

from toolkit.engine.options import ParseOptions
from toolkit.engine.readers.pptx_package import open_deck, translated
from toolkit.engine.readers.pptx_pictures import Album
from toolkit.engine.readers.pptx_shapes import Walk
from toolkit.engine.readers.pptx_text import lines_of
from toolkit.engine.slides_marks import Line, Script, SlideMarks
from toolkit.engine.source import Source
from toolkit.errors import DamagedFile, PageUnreadable

__all__ = ["PptxReading", "read"]

_EMU_PER_INCH, _EMU_PER_POINT = 914_400, 12_700
# What PowerPoint takes where a deck does not say: 10 × 7.5 inches.
_USUAL = (9_144_000, 6_858_000)
_LARGEST = 51_206_400
# On a page of notes these say nothing of their own.
_NO_NOTES = frozenset({"sldImg", "sldNum", "dt", "ftr", "hdr"})


class PptxReading:
    """An opened deck. Slides count from 1."""

    def __init__(self, source: Source, options: ParseOptions, room: int) -> None:
        """Open *source*; *room* is how many bytes of pictures the document may carry.

        Raises DamagedFile, also for a deck without slides, FileTooLarge and PasswordProtected.
        """
        self.content = source.bytes()
        deck = open_deck(self.content, source.filename)
        self._broken = deck.broken
        # Pictures are wanted for their looks, or for what they say.
        wanted = options.preserve_images or options.ocr != "never"
        self._album = Album(room) if wanted else None
        what = f"{source.filename} is not readable as a PowerPoint deck"
        with translated(DamagedFile, what):
            self._part = deck.presentation.part
            root = deck.presentation._element
            self._idents = [one.get(qn("r:id")) for one in root.iterfind(f"*/{qn('p:sldId')}")]
            self._size = _size(root.find(qn("p:sldSz")))
        self.page_count = len(self._idents)
        if not self._idents:
            raise DamagedFile(f"{source.filename}: the deck has no slides")

    @property
    def size(self) -> tuple[float, float]:
        """Every slide's width and height in points."""
        width, height = self._size
        return width / _EMU_PER_POINT, height / _EMU_PER_POINT

    def inches(self) -> tuple[float, float]:
        """Every slide's width and height in inches."""
        width, height = self._size
        return round(width / _EMU_PER_INCH, 3), round(height / _EMU_PER_INCH, 3)

    def take(self, size: int) -> bool:
        """Whether the document had room for *size* bytes more of pictures; they are taken then."""
        return self._album is not None and self._album.take(size)

    def slide(self, number: int, check: Callable[[], None]) -> SlideMarks:
        """Slide *number* with all its shapes. Raises PageUnreadable, and what *check* raises."""
        with translated(PageUnreadable, f"slide {number} cannot be read"):
            part = self._part.related_part(self._idents[number - 1])
            fault = self._broken.get(str(part.partname).lstrip("/"))
            if fault is not None:
                raise PageUnreadable(f"slide {number} cannot be read: {fault}")
            if self._album is not None:
                self._album.next_slide()
            slide = part.slide
            walk = Walk(slide, self.size, self._album, check)
            shapes = walk.shapes()
            notes = _notes(slide, walk.script, walk.faults)
            return SlideMarks(
                number,
                self.size,
                shapes,
                tuple(walk.connectors),
                notes,
                slide._element.get("show") in ("0", "false"),
                walk.script,
                tuple(walk.faults),
            )


def read(source: Source, options: ParseOptions, room: int = 0) -> PptxReading:
    """*source* opened as a deck whose pictures take up to *room* bytes.

    Raises DamagedFile, FileTooLarge and PasswordProtected.
    """
    return PptxReading(source, options, room)


def _size(given: Any) -> tuple[int, int]:
    if given is None:
        return _USUAL
    sides = tuple(str(given.get(name, "")) for name in ("cx", "cy"))
    if not all(side.isdecimal() and 0 < int(side[:12]) <= _LARGEST for side in sides):
        return _USUAL
    return int(sides[0]), int(sides[1])


def _is_number(body: Any) -> bool:
    """Whether a text is the slide's number alone: LibreOffice writes it without its holder."""
    fields = body.iter(qn("a:fld"))
    return (
        any(one.get("type") == "slidenum" for one in fields)
        and body.find(f".//{qn('a:r')}") is None
    )


def _notes(slide: Any, script: Script, faults: list[str]) -> tuple[Line, ...]:
    """What the speaker wrote below the slide."""
    if not slide.has_notes_slide:
        return ()
    lines: list[Line] = []
    try:
        with translated(PageUnreadable, "the notes cannot be read"):
            for body in slide.notes_slide._element.iter(qn("p:txBody")):
                holder = next(body.getparent().iterfind(f"*/*/{qn('p:ph')}"), None)
                kind = holder.get("type") if holder is not None else None
                if kind not in _NO_NOTES and not _is_number(body):
                    lines += lines_of(body, script)
    except PageUnreadable as exc:
        faults.append(str(exc))
    return tuple(lines)
