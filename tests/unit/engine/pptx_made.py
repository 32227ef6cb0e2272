"""Decks made for the tests, which carry their truth in how they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw
from pptx import Presentation

from toolkit.document.document import Document
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.source import Source

TITLE, TITLE_AND_BODY, TWO_BODIES, COMPARISON, BLANK = 0, 1, 3, 4, 6


def saved(deck: Any) -> bytes:
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def deck(*painters: Callable[[Any], None], layout: int = BLANK) -> bytes:
    """A deck with a slide a painter."""
    made = Presentation()
    for paint in painters:
        paint(made.slides.add_slide(made.slide_layouts[layout]))
    return saved(made)


def said(text: str) -> Callable[[Any], None]:
    def paint(slide: Any) -> None:
        box = slide.shapes.add_textbox(914400, 914400, 3000000, 500000)
        box.text_frame.text = text

    return paint


def source(content: bytes) -> Source:
    return Source.from_bytes(content, "made.pptx")


def document(content: bytes, **options: object) -> Document:
    return parse(source(content), ParseOptions.from_mapping(options))


def png(width: int = 200, height: int = 100) -> io.BytesIO:
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).ellipse((10, 10, width - 10, height - 10), fill="red")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    stream.seek(0)
    return stream


def changed(content: bytes, **members: Callable[[bytes], bytes | None]) -> bytes:
    """*content* with the members that end in a name (``_`` for ``.``) changed, or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            blob: bytes | None = old.read(name)
            for ending, change in members.items():
                if name.endswith("/" + ending.replace("_xml", ".xml")) or name == ending:
                    blob = change(old.read(name))
            if blob is not None:
                new.writestr(name, blob, zipfile.ZIP_DEFLATED)
    return out.getvalue()
