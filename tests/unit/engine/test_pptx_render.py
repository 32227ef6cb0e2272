"""Slides as pictures: what is drawn, what is refused, and that nothing outside is looked at."""

from __future__ import annotations

import base64
import io
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pptx_made
import pytest
from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from toolkit.document.blocks import Chart, Diagram
from toolkit.engine import slides_pictures
from toolkit.engine.readers import pptx_render
from toolkit.engine.readers.pptx_render import Drawn, drawn, slide_picture
from toolkit.errors import DamagedFile, FileTooLarge, PageUnreadable

RELATIONS = "ppt/slides/_rels/slide1.xml.rels"


def coloured(*colours: str) -> bytes:
    """A deck with a slide a colour, all over."""

    def paint(colour):
        def on(slide):
            ground = slide.background.fill
            ground.solid()
            ground.fore_color.rgb = RGBColor.from_string(colour)

        return on

    return pptx_made.deck(*map(paint, colours))


def pictured(slide) -> None:
    slide.shapes.add_picture(pptx_made.png(), *map(Inches, (1, 1, 4, 4)))


def charted(slide) -> None:
    numbers = CategoryChartData()
    numbers.categories = ("a", "b")
    numbers.add_series("s", (3, 7))
    place = map(Inches, (1, 1, 5, 4))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, numbers)


def joined_boxes(slide) -> None:
    boxes = [slide.shapes.add_shape(1, *map(Inches, (1 + 4 * n, 2, 2, 1))) for n in range(2)]
    for box, text in zip(boxes, ("one", "two"), strict=True):
        box.text_frame.text = text
    line = slide.shapes.add_connector(1, 0, 0, 0, 0)
    line.begin_connect(boxes[0], 3)
    line.end_connect(boxes[1], 1)


def with_member(content: bytes, name: str, change) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(stream, "w") as out:
        for member in given.namelist():
            blob = given.read(member)
            out.writestr(member, change(blob) if member == name else blob)
    return stream.getvalue()


# --- what is drawn ----------------------------------------------------------------------------


def test_the_slide_that_was_asked_for_is_drawn_as_wide_as_asked():
    deck = coloured("FF0000", "00FF00", "0000FF")
    for number, colour in enumerate(((255, 0, 0), (0, 255, 0), (0, 0, 255)), 1):
        image = slide_picture(deck, number, 400)
        assert (image.size, image.mode) == ((400, 300), "RGB")
        assert image.getpixel((200, 150)) == colour


def test_the_same_slide_gives_the_same_picture():
    deck = pptx_made.deck(pictured, charted)
    one, two = (slide_picture(deck, 2, 500).tobytes() for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("width", "least", "most"), [(1, 16, 16), (10**9, 1500, 4000)])
def test_pixels_are_bounded(width, least, most):
    image = slide_picture(coloured("FFFFFF"), 1, width)
    assert least <= image.width <= most
    assert image.width * image.height <= 4_010_000


def test_a_long_and_narrow_slide_is_bounded_too():
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(1), Inches(56)
    deck.slides.add_slide(deck.slide_layouts[6])
    image = slide_picture(pptx_made.saved(deck), 1, 4000)
    assert image.width * image.height <= 4_100_000


def test_a_slide_keeps_its_number_when_it_is_drawn_alone():
    deck = Presentation()
    for _ in range(3):
        deck.slides.add_slide(deck.slide_layouts[6])
    with zipfile.ZipFile(io.BytesIO(pptx_render._alone(pptx_made.saved(deck), 3))) as alone:
        root = alone.read("ppt/presentation.xml")
        slides = [name for name in alone.namelist() if name.startswith("ppt/slides/slide")]
    assert b'firstSlideNum="3"' in root
    assert slides == ["ppt/slides/slide3.xml"]


@pytest.mark.parametrize("number", [0, -1, 3])
def test_there_is_no_such_slide(number):
    with pytest.raises(PageUnreadable, match=f"no slide {number}"):
        slide_picture(coloured("FF0000", "00FF00"), number, 100)


# --- what is refused --------------------------------------------------------------------------


def test_what_is_no_deck_is_said_so():
    with pytest.raises(DamagedFile):
        slide_picture(b"words", 1, 100)
    with pytest.raises(PageUnreadable, match="cannot be drawn"):
        drawn(with_member(coloured("FF0000"), "ppt/slides/slide1.xml", lambda b: b[:99]), 1, 100)


def test_a_bomb_is_not_unpacked():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("ppt/slides/slide1.xml", b" " * (100 * 2**20))
    with pytest.raises(FileTooLarge):
        slide_picture(stream.getvalue(), 1, 100)


def test_a_slide_that_might_take_minutes_is_not_begun():
    def longer(blob):
        return blob.replace(b"</p:sld>", b"<!--" + b"x" * (5 * 2**20) + b"--></p:sld>")

    deck = with_member(coloured("FF0000"), "ppt/slides/slide1.xml", longer)
    with pytest.raises(PageUnreadable, match="too large to be drawn"):
        slide_picture(deck, 1, 100)


def test_an_image_of_too_many_pixels_is_a_dot():
    stream = io.BytesIO()
    Image.new("1", (8000, 8000)).save(stream, "PNG")
    huge = stream.getvalue()
    with zipfile.ZipFile(io.BytesIO(pptx_made.deck(pictured))) as given:
        [name] = [n for n in given.namelist() if n.startswith("ppt/media/")]
    deck = with_member(pptx_made.deck(pictured), name, lambda _: huge)
    with zipfile.ZipFile(io.BytesIO(pptx_render._alone(deck, 1))) as alone:
        assert len(alone.read(name)) < 200
    assert slide_picture(deck, 1, 200).size == (200, 150)


# --- links ------------------------------------------------------------------------------------

ALONE = """
import sys
from toolkit.engine.readers.pptx_render import slide_picture
image = slide_picture(open(sys.argv[1], "rb").read(), 1, 200)
print(sorted({colour for _, colour in image.getcolors(1_000_000)}))
"""


def linked(target: str, *, attribute: str) -> bytes:
    deck = pptx_made.deck(pictured)
    deck = with_member(
        deck, RELATIONS,
        lambda b: re.sub(rb'Target="\.\./media/[^"]*"',
                         b'Target="%s" TargetMode="External"' % target.encode(), b),
    )  # fmt: skip
    return with_member(
        deck,
        "ppt/slides/slide1.xml",
        lambda b: b.replace(b"<a:blip r:embed=", f"<a:blip r:{attribute}=".encode()),
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a pipe with a name")
@pytest.mark.parametrize("attribute", ["embed", "link"])
@pytest.mark.parametrize("kind", ["http", "file", "password file", "path", "pipe", "pipe address"])
def test_links_are_never_followed(tmp_path, kind, attribute):
    pipe, red = tmp_path / "pipe.png", tmp_path / "red.png"
    os.mkfifo(pipe)  # opening it to read would wait for ever
    Image.new("RGB", (50, 50), "red").save(red)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = {
            "http": f"http://127.0.0.1:{listener.getsockname()[1]}/red.png",
            "file": red.as_uri(),
            "password file": "file:///etc/passwd",
            "path": str(red),
            "pipe": str(pipe),
            "pipe address": pipe.as_uri(),
        }[kind]
        content = linked(target, attribute=attribute)
        assert target.encode() in zipfile.ZipFile(io.BytesIO(content)).read(RELATIONS)
        deck = tmp_path / "deck.pptx"
        deck.write_bytes(content)
        done = subprocess.run(
            [sys.executable, "-c", ALONE, deck], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert "(255, 0, 0)" not in done.stdout
        listener.settimeout(0.05)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_no_link_reaches_the_renderer():
    deck = linked("https://example.com/x.png", attribute="link")
    with zipfile.ZipFile(io.BytesIO(pptx_render._alone(deck, 1))) as alone:
        for name in alone.namelist():
            assert b"External" not in alone.read(name)
            assert b"example.com" not in alone.read(name)


# --- in documents -----------------------------------------------------------------------------


def of_kind(document, *kinds):
    return [block for block in document.blocks if isinstance(block, kinds)]


def test_charts_and_diagrams_have_their_looks():
    content = pptx_made.deck(charted, joined_boxes)
    [chart, diagram] = of_kind(pptx_made.document(content), Chart, Diagram)
    for block in (chart, diagram):
        image = Image.open(io.BytesIO(base64.b64decode(block.image_b64)))
        assert image.format == "JPEG"
        x0, y0, x1, y1 = block.bbox
        assert image.width / image.height == pytest.approx((x1 - x0) / (y1 - y0) * 4 / 3, rel=0.1)
        assert len(image.getcolors(1_000_000)) > 10


def test_no_looks_where_none_are_wanted(monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing was to be drawn")

    monkeypatch.setattr(slides_pictures, "drawn", refuse)
    content = pptx_made.deck(charted, joined_boxes)
    found = of_kind(pptx_made.document(content, preserve_images=False), Chart, Diagram)
    assert [block.image_b64 for block in found] == [None, None]
    # and a slide with neither is not drawn at all
    pptx_made.document(pptx_made.deck(pictured))


@pytest.mark.parametrize(
    ("undrawn", "chart", "diagram"),
    [
        ((), True, True),
        (("unsupported chart rendered as labelled placeholder: …",), False, True),
        (("unsupported SmartArt rendered as labelled placeholder: …",), True, False),
        (("missing slide hyperlink relationship `rId2`",), True, True),
    ],
)
def test_a_stand_in_is_no_picture(monkeypatch, undrawn, chart, diagram):
    def both(slide):
        charted(slide)
        joined_boxes(slide)

    def renderer(*asked):
        return Drawn(drawn(*asked).image, undrawn)

    monkeypatch.setattr(slides_pictures, "drawn", renderer)
    found = of_kind(pptx_made.document(pptx_made.deck(both)), Chart, Diagram)
    has = {type(block): block.image_b64 is not None for block in found}
    assert has == {Chart: chart, Diagram: diagram}


def test_a_slide_that_cannot_be_drawn_is_read_all_the_same(monkeypatch):
    def renderer(*_):
        raise PageUnreadable("slide 1 cannot be drawn: no")

    monkeypatch.setattr(slides_pictures, "drawn", renderer)
    document = pptx_made.document(pptx_made.deck(charted))
    [chart] = of_kind(document, Chart)
    assert chart.image_b64 is None
    assert chart.series[0].values == (3.0, 7.0)
    assert document.extraction.per_page_failures == ()


def test_looks_take_of_the_room_for_pictures():
    content = pptx_made.deck(charted)
    [chart] = of_kind(pptx_made.document(content), Chart)
    size = len(chart.image_b64)
    bare = pptx_made.document(content, preserve_images=False).pages[0].blocks
    for room, has in ((size, True), (size - 1, False)):
        left = [room]

        def take(wanted, left=left):
            return wanted <= left[0]

        [block] = slides_pictures.with_pictures(bare, content, 1, take)
        assert (block.image_b64 is not None) is has


CORPUS = sorted((Path(__file__).parents[3].parent / "shared" / "corpus" / "pptx").glob("*.pptx"))
EVERY = """
import sys
from toolkit.engine.readers.pptx_render import slide_picture
from toolkit.errors import ToolkitError
drawn = 0
for path in sys.argv[1:]:
    content = open(path, "rb").read()
    for number in (1, 2):
        for cut in (len(content), len(content) * 3 // 4, len(content) - 40):
            try:
                drawn += slide_picture(content[:cut], number, 200).width == 200
            except ToolkitError:
                pass
print(drawn)
"""


@pytest.mark.skipif(not CORPUS, reason="the corpus is not here")
def test_every_deck_is_drawn_or_refused():
    done = subprocess.run(
        [sys.executable, "-c", EVERY, *CORPUS], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) >= 40
