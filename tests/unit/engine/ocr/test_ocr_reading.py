"""What recognition reads from pages whose text is known."""

from __future__ import annotations

import numpy as np
import pytest
from ocr_pages import CYRILLIC, DEJAVU, PROSE, column, errors, painted, worn
from PIL import Image, ImageDraw

from toolkit.engine import ocr
from toolkit.errors import PageTimeout

pytestmark = pytest.mark.skipif(not ocr.available(), reason="the extra ocr is not installed")

needs_dejavu = pytest.mark.skipif(not DEJAVU.exists(), reason="no font with these letters")


def texts(image, **options):
    return [line.text for line in ocr.recognise(image, **options).lines]


def test_prose_with_digits_and_punctuation_is_read_as_it_stands():
    assert errors(texts(painted(column(PROSE))), PROSE) < 0.01


def test_eight_points_at_150_dpi_are_enough():
    page = painted(column(PROSE), font="Times-Roman", size=8)
    assert errors(texts(page), PROSE) < 0.03


def test_a_tilted_noisy_scan_is_read_once_it_is_straight():
    straight = ocr.straightened(worn(painted(column(PROSE)), tilt=1.5))
    assert abs(straight.skew + 1.5) < 0.2
    assert errors(texts(straight.image), PROSE) < 0.02


def test_two_columns_do_not_run_into_one_another():
    left, right = column(PROSE[:3], left=20), column(PROSE[2:], left=230)
    read = texts(painted([*left, *right], size=8))
    assert sorted(read) == sorted([*PROSE[:3], *PROSE[2:]])


@needs_dejavu
def test_greek_letters_of_a_formula_are_read():
    lines = ("the angles α, β and γ", "where λ = 2π and μ < ω", "so that θ ≤ Ω")
    found = ocr.recognise(painted(column(lines), font=str(DEJAVU)))
    assert found.unsupported is None
    assert errors([line.text for line in found.lines], lines) < 0.1
    assert set("αβγλπμωθΩ") <= set("".join(line.text for line in found.lines))


def test_accented_latin_is_read():
    lines = ("Größe, Übermaß und Äpfel", "déjà vu, façade, naïve, cœur", "año, São, Malmö, Århus")
    assert errors(texts(painted(column(lines))), lines) < 0.02


def test_white_on_dark_is_read():
    page = painted(column(PROSE[:2]))
    inverted = Image.fromarray(255 - np.asarray(page))
    assert errors(texts(inverted), PROSE[:2]) < 0.03


@needs_dejavu
def test_a_script_that_the_models_do_not_know_is_named_and_left_out():
    known = "Reference number 1234"
    page = painted(column((*CYRILLIC, known)), font=str(DEJAVU))
    found = ocr.recognise(page)
    assert found.unsupported == "Cyrillic"
    assert [line.text for line in found.lines] == [known]


@needs_dejavu
@pytest.mark.parametrize(
    ("strange", "script"),
    [
        (CYRILLIC[0], "Cyrillic"),
        ("Η κυβέρνηση ενέκρινε τη νέα διαδικασία", "Greek"),
        ("Կառավարությունը հաստատեց նոր կարգը", "Armenian"),
    ],
)
def test_one_line_of_another_script_is_named_and_the_others_are_read(strange, script):
    said = [*PROSE[:3], strange, *PROSE[3:]]
    found = ocr.recognise(painted(column(said), font=str(DEJAVU)))
    assert found.unsupported == script
    assert [line.text for line in found.lines] == list(PROSE)


@pytest.mark.parametrize(("language", "script"), [("ru", "Cyrillic"), ("ar-EG", "Arabic")])
def test_a_language_that_cannot_be_read_is_refused_at_once(language, script):
    found = ocr.recognise(painted(column(PROSE)), languages=(language,))
    assert found.unsupported == script
    assert not found.lines


def test_a_second_language_that_can_be_read_is_read():
    found = ocr.recognise(painted(column(PROSE[:1])), languages=("ru", "en"))
    assert found.unsupported is None
    assert len(found.lines) == 1


@pytest.mark.parametrize("shade", [0, 255])
def test_a_blank_page_has_no_lines(shade):
    assert ocr.recognise(Image.new("RGB", (900, 700), (shade,) * 3)) == ocr.Recognised((), None)


def test_a_photograph_and_noise_have_no_lines():
    chance = np.random.default_rng(3)
    coarse = chance.integers(0, 255, (12, 16, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC)
    grain = np.asarray(photo, np.float32) + chance.normal(0, 10, (480, 640, 1))
    for picture in (photo, Image.fromarray(grain.clip(0, 255).astype(np.uint8))):
        found = ocr.recognise(picture)
        assert not found.lines
        assert found.unsupported is None


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000), (40, 40)])
def test_a_picture_too_small_for_text_has_no_lines(size):
    straight = ocr.straightened(Image.new("RGB", size, "white"))
    assert not ocr.recognise(straight.image).lines


def test_words_lie_where_they_were_painted():
    page = painted([(40, 80, "Total amount 1,234")], size=14)
    (line,) = ocr.recognise(page).lines
    assert [word.text for word in line.words] == ["Total", "amount", "1,234"]
    ink = np.flatnonzero((np.asarray(page.convert("L")) < 128).any(axis=0))
    gaps = np.flatnonzero(np.diff(ink) > 11)
    starts = [ink[0], *ink[gaps + 1]]
    ends = [*ink[gaps], ink[-1]]
    for word, left, right in zip(line.words, starts, ends, strict=True):
        assert word.box.left == pytest.approx(left, abs=2)
        assert word.box.right == pytest.approx(right + 1, abs=2)
        assert 0.9 < word.confidence <= 1


def test_every_character_has_a_box_in_the_order_of_the_text():
    for line in ocr.recognise(painted(column(PROSE))).lines:
        assert line.char_boxes.shape == (len(line.text), 4)
        assert (line.char_boxes[:, 2] >= line.char_boxes[:, 0]).all()
        assert (np.diff(line.char_boxes[:, 0]) >= -1).all()
        assert line.box.left == pytest.approx(line.char_boxes[:, 0].min())


def test_a_gap_as_wide_as_a_column_parts_two_words():
    page = painted([(40, 80, "Assets"), (150, 80, "98.5"), (260, 80, "97.0")], size=10)
    words = [word for line in ocr.recognise(page).lines for word in line.words]
    assert [word.text for word in sorted(words, key=lambda word: word.box.left)] == [
        "Assets",
        "98.5",
        "97.0",
    ]


def test_a_line_longer_than_the_models_take_is_read_to_its_end():
    words = " ".join(["one two three four five six seven eight nine ten"] * 6)
    picture = Image.new("RGB", (3400, 70), "white")
    ImageDraw.Draw(picture).text((20, 15), words, fill="black", font_size=24)
    read = " ".join(texts(picture))
    assert errors([read], [words]) < 0.02


def test_a_huge_scan_keeps_its_own_pixels_for_boxes():
    small = painted(column(PROSE[:2]))
    large = small.resize((small.width * 5, small.height * 5), Image.Resampling.BICUBIC)
    (first, _) = ocr.recognise(large).lines
    (truth, _) = ocr.recognise(small).lines
    assert first.text == truth.text
    assert first.box.left / 5 == pytest.approx(truth.box.left, abs=2)
    assert first.box.bottom / 5 == pytest.approx(truth.box.bottom, abs=2)


def test_the_page_clock_can_stop_it():
    looks = []

    def check():
        looks.append(None)
        if len(looks) == 3:
            raise PageTimeout("page 1 took too long")

    with pytest.raises(PageTimeout):
        ocr.recognise(painted(column(PROSE)), check=check)
    assert len(looks) == 3
