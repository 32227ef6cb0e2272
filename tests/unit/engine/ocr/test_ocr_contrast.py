"""Faint pages, and pages that need nothing, on their way to being read."""

from __future__ import annotations

import numpy as np
import pytest
from ocr_pages import PROSE, column, errors, painted
from PIL import Image, ImageOps

from toolkit.engine.ocr import available, recognise, straightened

pytestmark = pytest.mark.skipif(not available(), reason="the extra ocr is not installed")


def tinted(image: Image.Image, ink: tuple[int, int, int], paper: tuple[int, int, int]):
    share = np.asarray(image.convert("L"), np.float32)[..., None] / 255
    shades = np.array(ink) * (1 - share) + np.array(paper) * share
    return Image.fromarray(shades.astype(np.uint8))


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((150, 150, 150), (200, 200, 200)),
        ((185, 185, 185), (215, 215, 215)),
        ((40, 40, 40), (80, 80, 80)),
        ((255, 230, 120), (30, 60, 140)),
        ((120, 20, 20), (250, 180, 150)),
    ],
)
def test_faint_and_tinted_pages_are_read_upright(ink, paper):
    page = tinted(painted(column([*PROSE, *PROSE])), ink, paper)
    straight = straightened(page)
    assert straight.turned == 0
    read = [line.text for line in recognise(straight.image).lines]
    assert errors(read, [*PROSE, *PROSE]) < 0.01


def test_white_on_black_is_read():
    straight = straightened(ImageOps.invert(painted(column(PROSE))))
    read = recognise(straight.image).lines
    assert errors([line.text for line in read], PROSE) < 0.01


def test_an_empty_page_is_not_made_to_say_anything():
    noise = np.random.default_rng(5).normal(250, 1.5, (700, 500, 3)).clip(0, 255)
    straight = straightened(Image.fromarray(noise.astype(np.uint8)))
    assert recognise(straight.image).lines == ()


def test_a_page_that_lies_straight_is_not_copied():
    page = painted(column([*PROSE, *PROSE]))
    assert straightened(page).image is page
