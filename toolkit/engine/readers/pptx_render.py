"""A slide as a picture, by rpptx: from a copy of the deck that has this slide alone and no links.

The renderer is native code that reads hostile bytes: to be called in a child process only.
"""

from __future__ import annotations

import posixpath
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from lxml import etree
from PIL import Image

from toolkit.engine.readers.pptx_package import refuse_harm
from toolkit.errors import PageUnreadable

__all__ = ["Drawn", "drawn", "slide_picture"]

_MOST_PIXELS = 4_000_000
_WIDEST_PX, _NARROWEST_PX = 4_000, 16
_EMU_PER_INCH, _LARGEST_EMU = 914_400, 51_206_400
# The largest part of a real deck's slide has a few hundred kilobytes; a native call cannot be
# stopped, so that one that might take minutes is not begun.
_MOST_XML = 4 * 2**20
# An embedded image of more pixels is decoded whole by the renderer: it is drawn as nothing.
_MOST_IMAGE_PIXELS = 30_000_000
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_IDENT = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PRESENTATION = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
# What leads away from the slide and shows nothing on it.
_NOT_SHOWN = ("/slide", "/notesSlide", "/notesMaster", "/handoutMaster", "/comments", "/package")
_FOREIGN = (
    *(zipfile.BadZipFile, zlib.error, etree.LxmlError, OSError, ValueError, LookupError),
    *(RuntimeError, TypeError, ArithmeticError, AttributeError, NotImplementedError),
)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A slide's picture, and what the renderer says that it could not draw."""

    image: Image.Image
    undrawn: tuple[str, ...]


def slide_picture(content: bytes, number: int, width: int) -> Image.Image:
    """Slide *number* (from 1) of the deck *content*, *width* pixels wide, in RGB.

    At most four million pixels: a slide that would have more is drawn smaller. Links are never
    followed, and nothing outside the file is looked at. Raises PageUnreadable, and FileTooLarge,
    DamagedFile or PasswordProtected for what is no sound deck.
    """
    refuse_harm(content, f"the deck of slide {number}")
    return drawn(content, number, width).image


def drawn(content: bytes, number: int, width: int) -> Drawn:
    """The same of a deck that is known to do no harm. Raises PageUnreadable."""
    with _translated(f"slide {number} cannot be drawn"):
        import rpptx

        deck: Any = rpptx.Presentation.from_bytes(_alone(content, number))
        sides = (int(deck.slide_width or 0), int(deck.slide_height or 0))
        if not all(0 < side <= _LARGEST_EMU for side in sides):
            raise PageUnreadable(f"slide {number} cannot be drawn: it has no size")
        wide = max(_NARROWEST_PX, min(_WIDEST_PX, width))
        wide = min(wide, int((_MOST_PIXELS * sides[0] / sides[1]) ** 0.5))
        png, undrawn = deck.render_slide_to_png_with_diagnostics(
            0, max(1, wide) * _EMU_PER_INCH / sides[0]
        )
        if png is None:
            raise PageUnreadable(f"slide {number} cannot be drawn: nothing came of it")
        with Image.open(BytesIO(png), formats=("PNG",)) as image:
            return Drawn(image.convert("RGB"), tuple(undrawn))


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Turn what the renderer and the reading of the package raise into PageUnreadable."""
    try:
        yield
    except _FOREIGN as exc:
        raise PageUnreadable(f"{what}: {str(exc)[:200]}") from exc
    except BaseException as exc:
        # The renderer's own errors, and its panics, whose class cannot be imported.
        if type(exc).__module__.split(".")[0] not in ("rpptx", "pyo3_runtime"):
            raise
        raise PageUnreadable(f"{what}: {str(exc)[:200]}") from exc


def _alone(content: bytes, number: int) -> bytes:
    """The deck with slide *number* alone, and of the other parts those that it needs."""
    archive = zipfile.ZipFile(BytesIO(content))
    main = next(
        _place("", link.get("Target", ""))
        for link in _links(archive, "")
        if link.get("Type", "").endswith("/officeDocument")
    )
    root = etree.fromstring(archive.read(main), _parser())
    listed = root.findall(f"{_PRESENTATION}sldIdLst/{_PRESENTATION}sldId")
    wanted = listed[number - 1].get(_IDENT) if 0 < number <= len(listed) else None
    if wanted is None:
        raise PageUnreadable(f"there is no slide {number}")
    for at, entry in enumerate(listed, 1):
        if at != number:
            entry.getparent().remove(entry)
    root.set("firstSlideNum", str(number + _first(root) - 1))
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        out.writestr("[Content_Types].xml", archive.read("[Content_Types].xml"))
        for part, links in _needed(archive, main, wanted):
            if part:
                blob = etree.tostring(root) if part == main else archive.read(part)
                out.writestr(part, _bounded(part, blob))
            if links:
                relations = etree.Element(_RELATION + "s", nsmap={None: _RELATION[1:-13]})
                relations.extend(links)
                out.writestr(_relations_of(part), etree.tostring(relations))
    return stream.getvalue()


def _first(root: Any) -> int:
    """The number that the deck's own first slide has."""
    given = str(root.get("firstSlideNum", "1"))
    return int(given) if given.isdecimal() and len(given) < 6 else 1


def _needed(archive: zipfile.ZipFile, main: str, wanted: str) -> Iterator[tuple[str, list[Any]]]:
    """The package itself as "", then each part in it that shows, with its relationships."""
    names = set(archive.namelist())
    seen, waiting = {""}, [""]
    while waiting:
        part = waiting.pop()
        links = []
        for link in _links(archive, part):
            place = _place(part, link.get("Target", ""))
            of_slide = part == main and link.get("Id") == wanted
            if link.get("TargetMode") == "External" or place not in names:
                continue
            if link.get("Type", "").endswith(_NOT_SHOWN) and not of_slide:
                continue
            links.append(link)
            if place not in seen:
                seen.add(place)
                waiting.append(place)
        yield part, links


def _links(archive: zipfile.ZipFile, part: str) -> list[Any]:
    name = _relations_of(part)
    if name not in archive.NameToInfo:
        return []
    return list(etree.fromstring(archive.read(name), _parser()).iterfind(_RELATION))


def _relations_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _place(part: str, target: str) -> str:
    """The name in the archive of what *part* relates to."""
    joined = posixpath.join("/", posixpath.dirname(part), unquote(target))
    return posixpath.normpath(joined).lstrip("/")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def _bounded(part: str, blob: bytes) -> bytes:
    """*blob* where the renderer can bear it; an image that is too large becomes a dot."""
    if part.lower().endswith((".xml", ".vml")):
        if len(blob) > _MOST_XML:
            raise PageUnreadable(f"{part} is too large to be drawn ({len(blob) >> 20} MB)")
        return blob
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            width, height = Image.open(BytesIO(blob), formats=_FORMATS).size
    except Image.DecompressionBombError:
        return _dot()
    except (OSError, ValueError, SyntaxError, EOFError):
        return blob
    return blob if width * height <= _MOST_IMAGE_PIXELS else _dot()


def _dot() -> bytes:
    stream = BytesIO()
    Image.new("RGB", (1, 1), "white").save(stream, "PNG")
    return stream.getvalue()
