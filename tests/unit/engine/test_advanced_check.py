"""The pixel check: a text layer that says what the page does not show is caught, no other is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pypdfium2
import pytest
from engine_made import both, document, pdf, picture, prose, text
from lying_made import SECRET, body, hidden, lying, shifted, swapped
from pptx_made import deck, said
from pptx_made import document as slides
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from toolkit.document.blocks import Proof, TextSource
from toolkit.engine.ocr.presence import available
from toolkit.engine.readers.pdf import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import proven

reads = pytest.mark.skipif(not available(), reason="no OCR is installed")
UNFAITHFUL = "TEXT_LAYER_UNFAITHFUL"
DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
RUSSIAN = (
    "Широкая электрификация южных губерний даст мощный",
    "толчок подъёму сельского хозяйства и промышленности",
)


def codes(found) -> list[str]:
    return [failure.code for failure in found.extraction.per_page_failures]


def caught(content: bytes) -> str:
    """What the document says whose text layer was found unfaithful: nothing of it is verified."""
    found = document(content, profile="advanced")
    assert UNFAITHFUL in codes(found)
    assert not any(block.verified for block in found.blocks)
    assert {block.proof for block in found.blocks} == {None}
    return "\n".join(getattr(block, "text", "") for block in found.blocks)


@reads
@pytest.mark.parametrize("by", [1, 13])
def test_a_map_that_gives_other_letters_is_caught_and_the_pixels_are_read(by):
    with lying(shifted(by)):
        content = pdf(body())
    assert "quick brown fox" not in "".join(t for _, t in source_texts(Source.from_bytes(content)))
    assert "quick brown fox" in caught(content)


@reads
def test_a_map_that_is_wrong_in_one_font_takes_the_whole_page_from_its_pixels():
    with lying(shifted(3), font="Bold"):
        content = pdf(both(text(["Results"], size=18, font="VeraBd"), text(prose(8), y=700)))
    assert "Results" in caught(content)


@reads
@pytest.mark.parametrize(("one", "other"), [("a", "o"), ("u", "n")])
def test_two_letters_that_are_swapped_are_caught(one, other):
    with lying(swapped(one, other)):
        content = pdf(body(14))
    assert "quick brown fox" in caught(content)


@reads
def test_figures_that_are_swapped_are_caught():
    rows = [f"Row {n}  {1337 + 37 * n:,}  {n * 7.31:.2f}" for n in range(16)]
    with lying(swapped("3", "7")):
        content = pdf(text(rows, font="Vera"))
    assert "1,337" in caught(content)


@reads
@pytest.mark.parametrize("turn", [90, 180])
def test_a_turned_page_is_checked_too(turn):
    with lying(shifted(2)):
        content = pdf(body()).replace(b"/Rotate 0", b"/Rotate %d" % turn)
    caught(content)


def white(canvas):
    canvas.setFillColorRGB(1, 1, 1)


def clipped(canvas):
    path = canvas.beginPath()
    path.rect(0, 0, 5, 5)
    canvas.clipPath(path, stroke=0)


def transparent(canvas):
    canvas.setFillAlpha(0)


def pale(canvas):
    canvas.setFillColorRGB(0.992, 0.992, 0.992)


def without_ink(canvas):
    canvas._code.append("3 Tr")


@reads
@pytest.mark.parametrize("how", [white, clipped, transparent, pale, without_ink])
def test_text_that_nobody_sees_is_caught_and_is_not_in_the_document(how):
    content = hidden(how)
    assert SECRET in "".join(t for _, t in source_texts(Source.from_bytes(content)))
    assert "Ignore" not in caught(content)


@reads
def test_text_under_an_image_is_caught():
    def paint(canvas):
        text([SECRET], y=400, font="Vera")(canvas)
        canvas.drawImage(ImageReader(picture(300, 80)), 60, 360, 400, 80)
        body()(canvas)

    assert "Ignore" not in caught(pdf(paint))


@reads
def test_text_beneath_other_text_is_caught():
    def paint(canvas):
        text([SECRET], y=400, font="Vera")(canvas)
        canvas.setFillColorRGB(0.8, 0.9, 1)
        canvas.rect(60, 380, 400, 50, fill=1, stroke=0)
        canvas.setFillColorRGB(0, 0, 0)
        text(["Figures of the branch in the north"], y=400, font="Vera")(canvas)
        body()(canvas)

    assert "Figures of the branch in the north" in caught(pdf(paint))


def scan(seen: bytes, said: list[str]) -> bytes:
    """A picture of *seen* with invisible text, as a scanner's program makes it."""
    with pypdfium2.PdfDocument(seen) as file:
        image = file[0].render(scale=150 / 72).to_pil().convert("RGB")

    def paint(canvas):
        canvas.drawImage(ImageReader(image), 0, 0, 595.28, 841.89)
        words = canvas.beginText(70, 780)
        words.setFont("Vera", 11)
        words.setTextRenderMode(3)
        words.setLeading(15)
        words.textLines(said)
        canvas.drawText(words)

    return pdf(paint)


@reads
@pytest.mark.parametrize("profile", ["standard", "advanced"])
def test_a_searchable_scan_is_inferred_in_both_profiles_and_nothing_is_wrong_with_it(profile):
    found = document(scan(pdf(body()), prose(8, 9)), profile=profile)
    assert codes(found) == []
    texts = [block for block in found.blocks if getattr(block, "text", "")]
    assert "quick brown fox" in texts[0].text
    assert {block.text_source for block in texts} == {TextSource.INFERRED}


@reads
def test_a_searchable_scan_that_says_something_else_is_caught():
    assert "quick brown fox" in caught(scan(pdf(body()), prose(8, 9, start=4)))


def sideways(canvas):
    canvas.translate(540, 80)
    canvas.rotate(90)
    text(prose(8, 8), x=0, y=300, font="Vera", size=11, leading=15)(canvas)


def shadowed(canvas):
    canvas.setFillColorRGB(0.6, 0.6, 0.6)
    text(["Shadowed Title"], x=72, y=698, size=26, font="VeraBd")(canvas)
    canvas.setFillColorRGB(0, 0, 0)
    text(["Shadowed Title"], y=700, size=26, font="VeraBd")(canvas)
    text(prose(6), y=600)(canvas)


def on_dark(canvas):
    canvas.rect(0, 0, 600, 850, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    body()(canvas)


def signs(canvas):
    text(["abcdefgh ijklm"] * 4, font="Symbol", size=14, leading=20)(canvas)
    text(["abcdefgh ijklm"] * 4, y=600, font="ZapfDingbats", size=14, leading=20)(canvas)
    text(prose(8), y=400)(canvas)


SOUND = {
    "prose": body(),
    "small type": text(prose(6, 20), font="Vera", size=6, leading=8),
    "codes": text([f"O0 Il1 S5 B8 Z2 rn m DE{n}89 {n * 7919}" for n in range(12)], font="Vera"),
    "sideways": sideways,
    "shadowed": shadowed,
    "on dark": on_dark,
    "signs": signs,
}


@reads
@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_text_layer_stays_verified(kind):
    content = pdf(SOUND[kind])
    standard, advanced = (document(content, profile=p) for p in ("standard", "advanced"))
    assert codes(advanced) == codes(standard) == []
    assert [block.id for block in advanced.blocks] == [block.id for block in standard.blocks]
    assert any(block.verified for block in advanced.blocks)
    sources = dict(source_texts(Source.from_bytes(content)))
    assert all(proven(sources[1], block) for block in advanced.blocks if block.verified)


@reads
@pytest.mark.skipif(not DEJAVU.exists(), reason="needs a font with Cyrillic letters")
def test_a_script_that_cannot_be_read_is_not_called_wrong_but_the_check_not_made():
    pdfmetrics.registerFont(TTFont("DejaVu", DEJAVU))
    content = pdf(text(RUSSIAN * 5, font="DejaVu", size=11, leading=15))
    found = document(content, profile="advanced")
    assert codes(found) == ["OCR_SCRIPT_UNSUPPORTED"]
    assert "compared" in found.extraction.per_page_failures[0].message
    assert any(block.verified for block in found.blocks)


@reads
def test_letters_that_are_said_to_be_of_a_script_that_cannot_be_read_are_caught():
    cyrillic = {ord(letter): 0x430 + n for n, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    with lying(cyrillic):
        content = pdf(body())
    assert "quick brown fox" in caught(content)


@reads
def test_type_too_small_to_be_read_is_told():
    found = document(pdf(text(prose(20, 20), size=2.5, leading=3)), profile="advanced")
    assert codes(found) == ["OCR_ERROR"]
    assert "compared with its pixels in part" in found.extraction.per_page_failures[0].message


def test_no_check_is_claimed_where_no_ocr_is_installed(monkeypatch):
    for place in ("advanced", "pages"):
        monkeypatch.setattr(f"toolkit.engine.{place}.available", lambda: False)
    found = document(pdf(body()), profile="advanced")
    [failure] = found.extraction.per_page_failures
    assert (failure.page, failure.code) == (1, "OCR_UNAVAILABLE")
    assert "not compared" in failure.message
    assert "pip install" in failure.message


@reads
def test_no_check_is_claimed_where_none_was_wanted():
    found = document(pdf(body()), profile="advanced", ocr="never")
    [failure] = found.extraction.per_page_failures
    assert failure.code == "OCR_UNAVAILABLE"
    assert "never" in failure.message


@reads
def test_a_check_that_fails_is_told_and_costs_nothing_else(monkeypatch):
    from toolkit.errors import OcrError

    def fail(*_, **__):
        raise OcrError("the model broke")

    monkeypatch.setattr("toolkit.engine.ocr.recognise", fail)
    found = document(pdf(body()), profile="advanced")
    [failure] = found.extraction.per_page_failures
    assert failure.code == "OCR_ERROR"
    assert "the model broke" in failure.message
    assert any(block.verified for block in found.blocks)


@reads
def test_a_few_letters_that_are_not_shown_make_only_their_block_inferred():
    def paint(canvas):
        body()(canvas)
        canvas.setFillColorRGB(1, 1, 1)
        text(["void"], y=400, font="Vera", size=11)(canvas)

    found = document(pdf(paint), profile="advanced")
    assert codes(found) == []
    said = {block.text: block.verified for block in found.blocks}
    assert said.pop("void") is False
    assert all(said.values())


def test_the_options_of_a_document_say_how_it_was_read(monkeypatch):
    monkeypatch.setattr("toolkit.engine.advanced.available", lambda: False)
    assert document(pdf(body()), profile="advanced").extraction.profile == "advanced"
    assert dataclasses.asdict(_options("advanced"))["profile"] == "advanced"


def _options(profile: str):
    from toolkit.engine.options import ParseOptions

    return ParseOptions.from_mapping({"profile": profile})


def test_slides_are_proven_by_their_shapes_in_both_profiles():
    content = deck(said("Native shapes are proof enough"))
    standard, advanced = (slides(content, profile=one) for one in ("standard", "advanced"))
    assert advanced.extraction.profile == "advanced"
    assert codes(advanced) == []
    assert advanced.pages == standard.pages
    assert {block.proof for block in advanced.blocks} == {Proof.PPTX_SHAPE}
