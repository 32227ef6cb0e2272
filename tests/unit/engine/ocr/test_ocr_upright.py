"""Which way up a page lies, and how level its lines are."""

from __future__ import annotations

import numpy as np
import pytest
from ocr_pages import PROSE, column, errors, painted
from PIL import Image

from toolkit.engine import ocr

pytestmark = pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_page_is_set_upright(turned):
    page = painted(column([*PROSE, *PROSE]))
    straight = ocr.straightened(page.rotate(turned, expand=True))
    assert straight.turned == turned
    assert straight.image.size == page.size
    assert straight.skew == 0


@pytest.mark.parametrize("tilt", [-10, -3.3, -0.5, 0.7, 6])
def test_a_tilt_of_up_to_ten_degrees_is_undone(tilt):
    page = painted(column([*PROSE, *PROSE]))
    tilted = page.rotate(tilt, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    straight = ocr.straightened(tilted)
    assert straight.turned == 0
    assert straight.skew == pytest.approx(-tilt, abs=0.2)


def test_a_turned_and_tilted_page_is_read():
    page = painted(column([*PROSE, *PROSE[:3]]))
    tilted = page.rotate(182.5, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    read = [line.text for line in ocr.recognise(ocr.straightened(tilted).image).lines]
    assert errors(read, [*PROSE, *PROSE[:3]]) < 0.02


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("tilt", [0, 4])
def test_points_find_their_way_back(turned, tilt):
    page = painted(column([*PROSE, *PROSE[:2]]))
    page.paste((255, 0, 0), (300, 600, 320, 620))
    given = page.rotate(turned + tilt, expand=True, fillcolor="white")
    straight = ocr.straightened(given)
    assert straight.turned == turned
    found = straight.to_original(np.array([_red(straight.image)]))[0]
    assert found == pytest.approx(_red(given), abs=2)


def _red(image):
    """The middle of the red mark on *image*, in its pixels."""
    pixels = np.asarray(image, np.int16)
    rows, columns = np.nonzero((pixels[..., 0] > 180) & (pixels[..., 1] < 80))
    return columns.mean() + 0.5, rows.mean() + 0.5


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK"])
def test_every_mode_of_pixels_is_taken(mode):
    straight = ocr.straightened(Image.new(mode, (300, 200)))
    assert straight.image.mode == "RGB"
    assert (straight.turned, straight.skew) == (0, 0)


def test_a_blank_page_and_a_photograph_stay_as_they_are():
    coarse = np.random.default_rng(3).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((800, 600), Image.Resampling.BICUBIC)
    for picture in (Image.new("RGB", (800, 600), "white"), photo):
        straight = ocr.straightened(picture)
        assert (straight.turned, straight.skew) == (0, 0)
        assert straight.image.size == picture.size
