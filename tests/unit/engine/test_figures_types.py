"""What an image shows, by its pixels and its place; and what the file says of it."""

from __future__ import annotations

import io
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from engine_made import both, document, pdf, prose, sheet, text
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFilter
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import Image, ImageType
from toolkit.document.geometry import Box
from toolkit.engine.figures import figure_drafts
from toolkit.engine.marks import Raster, Tag
from toolkit.engine.picture_types import Place, looks_of, type_of


def photo(seed: int) -> Pictures.Image:
    """Clouds of many shades, as light makes them."""
    chance = np.random.default_rng(seed)
    layers = np.zeros((200, 300, 3))
    for cells in (3, 6, 12, 40):
        noise = chance.integers(0, 255, (cells, cells, 3), dtype=np.uint8)
        layers += np.asarray(Pictures.fromarray(noise).resize((300, 200))) / cells**0.3
    layers -= layers.min()
    return Pictures.fromarray((255 * layers / layers.max()).astype(np.uint8))


def signature(seed: int) -> Pictures.Image:
    dice = random.Random(seed)
    image = Pictures.new("RGB", (360, 120), "white")
    turns = [dice.uniform(0.5, 1.5) for _ in range(4)]
    points = [
        (
            20 + 3.2 * t + 14 * math.sin(t / (3 * turns[0])),
            60 + 28 * math.sin(t / (4 * turns[1])) + 16 * math.cos(t / (2.5 * turns[2])),
        )
        for t in range(100)
    ]
    ImageDraw.Draw(image).line(points, fill=(20, 30, 90), width=3, joint="curve")
    return image.filter(ImageFilter.GaussianBlur(0.6))


def logo() -> Pictures.Image:
    image = Pictures.new("RGB", (160, 80), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 72, 72), fill=(200, 30, 40))
    draw.rectangle((84, 20, 150, 60), fill=(20, 60, 160))
    return image


def sketch() -> Pictures.Image:
    image = Pictures.new("RGB", (300, 240), "white")
    draw = ImageDraw.Draw(image)
    for at in range(14):
        draw.arc((20 + 9 * at, 30 + 5 * at, 180 + 7 * at, 200 - 3 * at), 20 * at, 150 + 22 * at, 0)
    return image


USUAL = Place(width=300, height=200, top=0.4, bottom=0.7, page_share=0.12)


@pytest.mark.parametrize("seed", range(6))
def test_photos(seed):
    assert type_of(looks_of(photo(seed)), USUAL) is ImageType.PHOTO
    grey = photo(seed).convert("L").convert("RGB")
    assert type_of(looks_of(grey), USUAL) is ImageType.PHOTO


@pytest.mark.parametrize("seed", range(6))
def test_signatures(seed):
    place = Place(width=150, height=50, top=0.8, bottom=0.86, page_share=0.015)
    assert type_of(looks_of(signature(seed)), place) is ImageType.SIGNATURE
    # As large as half of a page nobody signs.
    assert type_of(looks_of(signature(seed)), USUAL) is not ImageType.SIGNATURE


def test_logos_and_icons_are_small_and_flat():
    place = Place(width=96, height=48, top=0.02, bottom=0.08, page_share=0.009)
    assert type_of(looks_of(logo()), place) is ImageType.LOGO
    small = Place(width=24, height=24, top=0.5, bottom=0.53, page_share=0.001)
    assert type_of(looks_of(logo().crop((0, 0, 80, 80))), small) is ImageType.ICON


def test_line_art_is_a_drawing():
    assert type_of(looks_of(sketch()), USUAL) is ImageType.DRAWING


@pytest.mark.parametrize(
    ("words", "numbers", "kind"),
    [(20, 9, ImageType.CHART), (12, 0, ImageType.DIAGRAM), (None, 0, ImageType.UNKNOWN)],
)
def test_words_tell_charts_from_diagrams(words, numbers, kind):
    image = Pictures.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(image)
    for at, height in enumerate((60, 120, 90, 150)):
        draw.rectangle((40 + 60 * at, 180 - height, 80 + 60 * at, 180), fill=(60, 110, 200))
    assert type_of(looks_of(image), replace(USUAL, words=words, numbers=numbers)) is kind


def test_a_picture_of_a_screens_size_with_words_is_a_screenshot():
    image = Pictures.new("RGB", (384, 216), "white")
    place = replace(USUAL, words=40, pixels=(1920, 1080))
    ImageDraw.Draw(image).rectangle((0, 0, 384, 24), fill=(40, 40, 60))
    assert type_of(looks_of(image), place) is ImageType.SCREENSHOT


def test_a_page_under_somebodys_ocr_is_a_scan():
    place = Place(width=595, height=842, top=0, bottom=1, page_share=1, hidden_words=200)
    assert type_of(looks_of(sketch()), place) is ImageType.SCAN


def test_a_blank_patch_is_unknown():
    assert type_of(looks_of(Pictures.new("RGB", (80, 80), "white")), USUAL) is ImageType.UNKNOWN


def paged(image: Pictures.Image, width: float, height: float, y: float) -> bytes:
    def paint(canvas):
        canvas.drawImage(ImageReader(image), 100, y, width, height)

    return pdf(both(paint, text(prose(10), y=700)))


@pytest.mark.parametrize(
    ("image", "size", "kind"),
    [
        (photo(1), (300, 200), ImageType.PHOTO),
        (signature(2), (150, 50), ImageType.SIGNATURE),
        (logo(), (80, 40), ImageType.LOGO),
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_documents_images_have_their_types(image, size, kind, kept):
    made = document(paged(image, *size, 760 if kind is ImageType.LOGO else 250), ocr="never")
    (block,) = [b for b in made.pages[0].blocks if isinstance(b, Image)]
    assert block.image_type is kind
    made = document(
        paged(image, *size, 760 if kind is ImageType.LOGO else 250),
        ocr="never",
        preserve_images=kept,
    )
    (block,) = [b for b in made.pages[0].blocks if isinstance(b, Image)]
    assert block.image_type is kind
    assert (block.image_b64 is not None) is kept


def test_the_structure_trees_alternative_text_is_the_images():
    read = sheet(paged(photo(1), 300, 200, 250))
    (raster,) = read.rasters
    tagged = replace(
        read,
        tags=(
            Tag("P", raster.box, alt="no figure"),
            Tag("Figure", Box(0, 0, 20, 20), alt="another figure"),
            Tag("Figure", raster.box, alt="Clouds over the sea"),
        ),
    )
    (draft,) = figure_drafts(tagged, None, 0)
    assert draft.alt == "Clouds over the sea"
    assert [draft.alt for draft in figure_drafts(read, None, 0)] == [None]


def test_a_picture_cut_into_strips_is_one():
    read = sheet(paged(photo(1), 300, 200, 250))
    (whole,) = read.rasters
    step = whole.box.height / 4
    strips = tuple(
        Raster(
            Box(
                whole.box.left,
                whole.box.top + at * step,
                whole.box.right,
                whole.box.top + (at + 1) * step,
            ),
            *(300, 50, at),
        )
        for at in range(4)
    )
    (draft,) = figure_drafts(replace(read, rasters=strips), None, 0)
    assert draft.box.height == pytest.approx(whole.box.height)


def test_pictures_of_two_pixels_are_borne():
    stream = io.BytesIO()
    Pictures.new("RGB", (2, 2)).save(stream, "PNG")
    assert looks_of(Pictures.open(stream)).ink == 0
