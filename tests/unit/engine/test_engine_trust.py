"""Verified means proven, and the same bytes give the same document."""

from __future__ import annotations

import subprocess
import sys

import msgspec
from engine_made import both, document, pdf, picture, prose, text
from reportlab.lib.utils import ImageReader

from toolkit.document.blocks import Paragraph, Proof, Table, TextSource
from toolkit.document.normal import folded
from toolkit.document.wire import encode
from toolkit.engine.clock import page_clock
from toolkit.engine.drafts import Quotation
from toolkit.engine.readers.pdf import source_texts
from toolkit.engine.source import Source
from toolkit.engine.trust import faithfulness, page_faith, proven, text_source_of
from toolkit.errors import PageTimeout

CONTENT = pdf(
    both(text(["Title of all"], size=20), text(prose(20), y=740)), text(prose(5, start=9))
)


def texts(content: bytes) -> dict[int, str]:
    return dict(source_texts(Source.from_bytes(content, "made.pdf")))


def test_every_verified_block_is_proven_by_its_page():
    sources = texts(CONTENT)
    blocks = list(document(CONTENT).blocks)
    assert blocks
    assert all(block.verified and proven(sources[block.page], block) for block in blocks)
    assert {block.proof for block in blocks} == {Proof.TEXT_LAYER}


def test_a_block_that_says_more_than_its_glyphs_is_not_proven():
    [first, *_] = document(CONTENT).blocks
    source = texts(CONTENT)[1]
    changed = msgspec.structs.replace(first, text=first.text + "s")
    assert not proven(source, changed)
    assert text_source_of(Quotation("changed", first.source_spans), source) is TextSource.INFERRED


def test_a_table_is_as_good_as_its_weakest_cell():
    from toolkit.document.blocks import Cell

    table = Table(
        id="blk_0",
        page=1,
        bbox=(0, 0, 1, 1),
        reading_order_index=0,
        text_source=TextSource.VERIFIED,
        confidence=1,
        headers=(),
        rows=(("ab", "cd"),),
        cells=(
            Cell(row=0, column=0, text="ab", source_spans=((0, 2),)),
            Cell(row=0, column=1, text="cd", source_spans=((2, 4),)),
        ),
    )
    assert proven("abcd", table)
    assert not proven("abce", table)


def test_invisible_text_over_an_image_is_somebodys_ocr():
    def scan(canvas):
        canvas.drawImage(ImageReader(picture(400, 500)), 0, 0, 595, 842)
        words = canvas.beginText(70, 700)
        words.setFont("Helvetica", 11)
        words.setTextRenderMode(3)
        words.textLine("What a machine once read here")
        canvas.drawText(words)

    found = document(pdf(scan))
    [block] = [block for block in found.blocks if isinstance(block, Paragraph)]
    assert block.text == "What a machine once read here"
    assert block.text_source is TextSource.INFERRED
    assert block.proof is None


def test_visible_text_over_an_image_is_verified():
    def slide(canvas):
        canvas.drawImage(ImageReader(picture(400, 500)), 0, 0, 595, 842)
        text(["Words on a picture"])(canvas)

    [block] = [block for block in document(pdf(slide)).blocks if isinstance(block, Paragraph)]
    assert block.verified


def test_faithfulness_counts_what_is_missing_and_what_is_too_much():
    page = ("abcdefghij",)
    whole = Paragraph(
        id="blk_1",
        page=1,
        bbox=(0, 0, 1, 1),
        reading_order_index=0,
        confidence=1,
        text_source=TextSource.VERIFIED,
        text="abcdefghij",
        source_spans=((0, 10),),
    )
    half = msgspec.structs.replace(whole, text="abcde", source_spans=((0, 5),))
    more = msgspec.structs.replace(whole, text="abcdefghijklmno")
    assert page_faith([whole], *page) == (10, 10)
    assert page_faith([half], *page) == (5, 10)
    assert page_faith([more], *page) == (10, 15)
    assert page_faith([whole, whole], *page) == (10, 20)


def test_faithfulness_counts_order():
    one, two = (
        Paragraph(
            id=f"blk_{n}",
            page=1,
            bbox=(0, 0, 1, 1),
            reading_order_index=n,
            confidence=1,
            text_source=TextSource.VERIFIED,
            text=text,
        )
        for n, text in enumerate(("abcdef", "ghij"))
    )
    assert page_faith([one, two], "abcdef ghij") == (10, 10)
    assert page_faith([two, one], "abcdef ghij") == (6, 10)
    joined = msgspec.structs.replace(one, joins=(3,))
    assert page_faith([joined, two], "abc-def ghij") == (10, 10)


def test_faithfulness_of_pages():
    assert faithfulness([(10, 10), (5, 10)], unread=False) == 0.75
    assert faithfulness([], unread=False) == 1.0
    assert faithfulness([], unread=True) == 0.0


def test_text_is_verified_only_where_another_reader_has_each_of_its_rows():
    quotation = Quotation("one two", ((0, 7),), rows=("one", "two"))
    assert text_source_of(quotation, "one two", ("two#one",)) is TextSource.VERIFIED
    assert text_source_of(quotation, "one two", ("onetwo", "onetow")) is TextSource.INFERRED
    assert text_source_of(quotation, "one two", ()) is TextSource.INFERRED


def test_where_the_readers_differ_nothing_is_verified(monkeypatch):
    from toolkit.engine.readers.pdfium import PdfiumFile

    monkeypatch.setattr(PdfiumFile, "reading", lambda self, number: "Title of nothing")
    found = document(CONTENT, pages="1")
    assert {block.text_source for block in found.blocks} == {TextSource.INFERRED}
    assert {block.proof for block in found.blocks} == {None}


def test_characters_that_stand_for_nothing_are_no_proof():
    for said in ("a\ufffdb", "\uf0b7 a", "a\x02"):
        quotation = Quotation(said, ((0, len(said)),), rows=(said,))
        assert text_source_of(quotation, said, (folded(said),)) is TextSource.INFERRED


def test_a_page_whose_text_layer_stands_for_nothing_is_reported(monkeypatch):
    from toolkit.engine.readers.pdfium import PdfiumFile

    monkeypatch.setattr(PdfiumFile, "reading", lambda self, number: "Title" + "\x01" * 50)
    monkeypatch.setattr("toolkit.engine.pages.available", lambda: False)
    [failure] = document(CONTENT, pages="1").extraction.per_page_failures
    assert (failure.page, failure.code) == (1, "TEXT_LAYER_UNFAITHFUL")


def unseen_words(canvas):
    canvas.saveState()
    words = canvas.beginText(70, 700)
    words.setFont("Helvetica", 11)
    words.setTextRenderMode(3)
    words.textLine("Written without ink")
    canvas.drawText(words)
    canvas.restoreState()
    canvas.setFont("Helvetica", 11)
    canvas.drawString(70, 650, "Written with ink")
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(70, 600, "Written in white on white")
    canvas.setFillColorRGB(0, 0, 0)
    canvas.rect(60, 490, 200, 30, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(70, 500, "Written in white on black")
    canvas.setFillColorRGB(0, 0, 0)
    canvas.drawString(70, 400, "Written under a patch")
    canvas.rect(60, 390, 200, 30, fill=1)


def test_what_nobody_sees_is_said_but_never_verified():
    for turn in (0, 90):
        content = pdf(unseen_words).replace(b"/Rotate 0", b"/Rotate %d" % turn)
        found = {block.text: block.verified for block in document(content).blocks}
        assert found == {
            "Written without ink": False,
            "Written with ink": True,
            "Written in white on white": False,
            "Written in white on black": True,
            "Written under a patch": False,
        }


def test_covered_text_inside_a_form_is_found():
    def paint(canvas):
        canvas.beginForm("shifted")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(0, 0, "Hidden in a form")
        canvas.endForm()
        canvas.translate(70, 700)
        canvas.doForm("shifted")
        canvas.rect(-10, -10, 200, 30, fill=1)

    [block] = document(pdf(both(paint))).blocks
    assert (block.text, block.verified) == ("Hidden in a form", False)


def test_the_same_bytes_give_the_same_document():
    one, two = (
        encode(
            msgspec.structs.replace(
                d, extraction=msgspec.structs.replace(d.extraction, duration_ms=0)
            )
        )
        for d in (document(CONTENT), document(CONTENT))
    )
    assert one == two


def test_ids_differ_within_a_document_and_do_not_depend_on_which_pages_are_asked_for():
    every = list(document(CONTENT).blocks)
    assert len({block.id for block in every}) == len(every)
    second = list(document(CONTENT, pages="2").blocks)
    assert [b.id for b in second] == [b.id for b in every if b.page == 2]


def test_confidence_and_boxes_are_in_range():
    for block in document(CONTENT).blocks:
        assert 0 < block.confidence <= 1
        x0, y0, x1, y1 = block.bbox
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1


RINGING = """
import signal
from toolkit.engine.clock import page_clock
from toolkit.errors import PageTimeout
before = signal.getsignal(signal.SIGALRM)
try:
    with page_clock(7, 0.05):
        while True:
            pass
except PageTimeout as error:
    assert "page 7" in str(error)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    print("rang")
"""


def test_the_clock_rings_within_python_and_is_put_back():
    # In a process of its own: the test runner may use the same timer.
    done = subprocess.run(
        [sys.executable, "-c", RINGING], capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"rang\n"


def test_the_clock_can_be_asked_where_no_signal_can_be_had():
    import threading

    raised = []

    def work():
        with page_clock(3, 0.0) as clock:
            try:
                clock.check()
            except PageTimeout as error:
                raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(raised) == 1
