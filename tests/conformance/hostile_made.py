"""Files made to harm whoever opens them: small ones that ask for all memory, all time, the net."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable

from PIL import Image
from pptx import Presentation
from pptx.util import Inches

SIDE = 30_000


# --- images -----------------------------------------------------------------------------------


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(side: int, *, rows: int = 0, whole: bool = False, extra: bytes = b"") -> bytes:
    """A black picture of one bit a pixel, of which only the beginning is there unless *whole*."""
    packed = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    pixels = (
        b"".join(packed.compress(row) for _ in range((rows or side) if whole else 1))
        + packed.flush()
    )
    header = struct.pack(">IIBBBBB", side, rows or side, 1, 0, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), extra, _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def swollen_text() -> bytes:
    """A chunk of words, packed, of which 64 MB come out."""
    return _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 * 2**20), 9))


def tiff(pages: int, side: int, *, loop: bool = False) -> bytes:
    """Pages of one bit a pixel that share one strip of a few bytes; the last may name the first."""
    entries = (
        *((256, 4, side), (257, 4, side), (258, 3, 1), (259, 3, 32773), (262, 3, 0)),
        *((273, 4, 8), (277, 3, 1), (278, 4, side), (279, 4, 64)),
    )
    size = 2 + 12 * len(entries) + 4
    made = [b"II*\0" + struct.pack("<I", 72) + b"\x81\xff" * 32]
    for page in range(pages):
        rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
        last = 72 if loop else 0
        following = last if page == pages - 1 else 72 + size * (page + 1)
        made.append(struct.pack("<H", len(entries)) + rows + struct.pack("<I", following))
    return b"".join(made)


def gif(frames: int) -> bytes:
    stream = io.BytesIO()
    first, *rest = (Image.new("L", (8, 8), n % 255) for n in range(frames))
    first.save(stream, "GIF", save_all=True, append_images=rest)
    return stream.getvalue()


def jpeg(side: int) -> bytes:
    """A small JPEG that says it is large."""
    stream = io.BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "JPEG")
    content = bytearray(stream.getvalue())
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", side, side)
    return bytes(content)


def jpeg_with_exif(entries: Iterable[tuple[int, int, int, int]], following: int = 8) -> bytes:
    """A picture with (tag, kind, count, value) in it, whose directory is followed by another."""
    listed = tuple(entries)
    rows = b"".join(struct.pack("<HHII", *entry) for entry in listed)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(listed)) + rows
    exif += struct.pack("<I", following)
    stream = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(stream, "JPEG", exif=exif)
    return stream.getvalue()


# --- PDF --------------------------------------------------------------------------------------


def pdf(objects: dict[int, bytes]) -> bytes:
    """A PDF of *objects*, whose first is the catalog."""
    made, places = bytearray(b"%PDF-1.7\n"), {}
    for number, content in objects.items():
        places[number] = len(made)
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, count = len(made), max(objects) + 1
    made += b"xref\n0 %d\n0000000000 65535 f \n" % count
    for number in range(1, count):
        made += b"%010d 00000 n \n" % places.get(number, 0)
    made += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(made)


def stream(content: bytes, said: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (said, len(content), content)


def one_page(
    drawn: bytes,
    *,
    box: bytes = b"0 0 612 792",
    resources: bytes = b"",
    more: dict[int, bytes] | None = None,
    pages: int = 1,
) -> bytes:
    """*pages* equal pages on which the stream *drawn* is painted."""
    kids = b" ".join(b"%d 0 R" % (100 + n) for n in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages),
        3: drawn,
        **(more or {}),
    }
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Resources<<%s>>/Contents 3 0 R>>"
    return pdf(objects | {100 + n: page % (box, resources) for n in range(pages)})


def scanned_pdf(side: int, *, height: int = 0, pages: int = 1) -> bytes:
    """Pages *side* points wide with a picture from edge to edge, and no text layer."""
    height = height or side
    held = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(held, "JPEG")
    picture = stream(
        held.getvalue(),
        b"/Type/XObject/Subtype/Image/Width 64/Height 64/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Filter/DCTDecode",
    )
    return one_page(
        stream(b"q %d 0 0 %d 0 0 cm /P Do Q" % (side, height)),
        box=b"0 0 %d %d" % (side, height),
        resources=b"/XObject<</P 4 0 R>>",
        more={4: picture},
        pages=pages,
    )


def swollen_pdf(megabytes: int) -> bytes:
    """A page whose drawing is packed twice, and is all spaces."""
    packed = zlib.compress(zlib.compress(b" " * (megabytes * 2**20), 9), 9)
    return one_page(stream(packed, b"/Filter[/FlateDecode/FlateDecode]"))


def large_picture_pdf(side: int) -> bytes:
    pixels = zlib.compress(bytes(side * side // 8), 9)
    said = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray" % (side, side)
    said += b"/BitsPerComponent 1/Filter/FlateDecode"
    return one_page(
        stream(b"q 612 0 0 792 0 0 cm /P Do Q"),
        resources=b"/XObject<</P 4 0 R>>",
        more={4: stream(pixels, said)},
    )


def forms_in_forms(levels: int, times: int) -> bytes:
    """Drawings that each paint the next one several times."""
    more = {}
    for level in range(levels):
        said = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</F %d 0 R>>>>"
        more[10 + level] = stream(b"/F Do " * times, said % (11 + level))
    more[10 + levels] = stream(b"0 0 9 9 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    return one_page(stream(b"/F Do"), resources=b"/XObject<</F 10 0 R>>", more=more)


def form_in_itself() -> bytes:
    said = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 10 0 R>>>>"
    drawn = {10: stream(b"/F Do", said)}
    return one_page(stream(b"/F Do"), resources=b"/XObject<</F 10 0 R>>", more=drawn)


def pages_in_a_circle() -> bytes:
    pages = b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2/Parent 3 0 R>>"
    return pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: pages, 3: pages})


def brackets(number: int) -> bytes:
    return one_page(stream(b"[" * number), more={5: b"[" * number})


# --- PPTX -------------------------------------------------------------------------------------


def slides(*texts: str) -> bytes:
    deck = Presentation()
    for text in texts:
        slide = deck.slides.add_slide(deck.slide_layouts[6])
        slide.shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame.text = text
    held = io.BytesIO()
    deck.save(held)
    return held.getvalue()


def deck_with(name: str, change: Callable[[bytes], bytes], *, method: int = 8) -> bytes:
    """A deck of two slides, one member of which is changed and packed by *method*."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(slides("first slide", "second slide"))) as deck,
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for one in deck.namelist():
            changes = one == name
            content = change(deck.read(one)) if changes else deck.read(one)
            out.writestr(one, content, compress_type=method if changes else zipfile.ZIP_DEFLATED)
    return held.getvalue()


FIRST_SLIDE = "ppt/slides/slide1.xml"
_HEAD = b'<?xml version="1.0"?>'


def laughing_deck() -> bytes:
    """A billion laughs."""
    told = b'<!ENTITY a0 "ha">'
    for n in range(1, 10):
        told += b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10)
    start = b"%s<!DOCTYPE x [%s]>" % (_HEAD, told)
    return deck_with(
        FIRST_SLIDE, lambda old: start + old.split(b"?>", 1)[1].replace(b"first slide", b"&a9;")
    )


def deep_deck(levels: int) -> bytes:
    group, end = b"<p:grpSp>" * levels, b"</p:grpSp>" * levels
    return deck_with(
        FIRST_SLIDE, lambda old: old.replace(b"</p:spTree>", group + end + b"</p:spTree>")
    )


def long_attribute_deck(megabytes: int) -> bytes:
    said = b'descr="' + b"x" * (megabytes * 2**20) + b'" name='
    return deck_with(FIRST_SLIDE, lambda old: old.replace(b"name=", said, 1))


def crowded_deck(megabytes: int) -> bytes:
    """Elements of four bytes each, a hundred times as large once they are read."""
    crowd = b"<a/>" * (megabytes * 2**18)
    return deck_with(FIRST_SLIDE, lambda old: old.replace(b"</p:spTree>", crowd + b"</p:spTree>"))


def linked_deck(*targets: str) -> bytes:
    """Every relationship of the first slide, and many more, lead out of the file to *targets*."""
    kinds = ("image", "oleObject", "video", "audio", "media", "chart", "hyperlink")
    kinds += ("diagramData", "tags", "package", "attachedTemplate", "theme")
    namespace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    found = [(kind, target) for kind in kinds for target in targets]
    told = "".join(
        f'<Relationship Id="x{n}" Type="{namespace}/{kind}" Target="{target}"'
        ' TargetMode="External"/>'
        for n, (kind, target) in enumerate(found)
    )
    linked = deck_with(
        "ppt/slides/_rels/slide1.xml.rels",
        lambda old: old.replace(b"</Relationships>", told.encode() + b"</Relationships>"),
    )
    pictures = "".join(
        f'<p:pic><p:nvPicPr><p:cNvPr id="{900 + n}" name="out"/><p:cNvPicPr/><p:nvPr/>'
        f'</p:nvPicPr><p:blipFill><a:blip xmlns:r="{namespace}" r:link="x{n}"/></p:blipFill>'
        '<p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="9144000" cy="4572000"/></a:xfrm>'
        "</p:spPr></p:pic>"
        for n, _ in enumerate(found)
    )
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(linked)) as deck, zipfile.ZipFile(held, "w") as out:
        for one in deck.namelist():
            content = deck.read(one)
            if one == FIRST_SLIDE:
                content = content.replace(b"</p:spTree>", pictures.encode() + b"</p:spTree>")
            out.writestr(one, content)
    return held.getvalue()
