"""The samples: the same bytes each time, and their truth stands in them."""

from __future__ import annotations

import base64
import re
import zipfile
from collections import Counter

import made as maker
import pypdfium2
import pytest
from msgspec.structs import replace
from PIL import Image as Picture

from toolkit import samples
from toolkit.document.blocks import BLOCK_TYPES, Heading, Paragraph, Table
from toolkit.document.normal import folded


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return samples.write(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def printed(made):
    """The PDFs that have a text layer."""
    return [s for s in made if s.path.suffix == ".pdf" and not s.needs]


def by_name(made, name):
    (found,) = [sample for sample in made if sample.path.stem == name]
    return found


def letters(text: str) -> str:
    """Without hyphens, which may stand at the end of a line."""
    return re.sub(r"[-\u2010\ufffe\u0002]", "", folded(text))


def page_texts(path):
    document = pypdfium2.PdfDocument(path)
    texts = []
    for page in document:
        text = page.get_textpage()
        texts.append(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return texts


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(made, tmp_path):
    again = samples.write(tmp_path / "again")
    assert [s.path.read_bytes() for s in again] == [s.path.read_bytes() for s in made]
    assert [(s.truth, s.fields) for s in again] == [(s.truth, s.fields) for s in made]
    other = samples.write(tmp_path / "other", seed=8)
    assert {s.path.read_bytes() for s in other}.isdisjoint(s.path.read_bytes() for s in made)


def test_every_expected_text_stands_on_its_page(printed):
    for sample in printed:
        pages = [letters(text) for text in page_texts(sample.path)]
        for block in sample.truth:
            assert block.type in BLOCK_TYPES
            cells = [cell for row in block.rows for cell in row] or block.text.split("\n")
            for part in cells:
                assert letters(part) in pages[block.page - 1], (sample.path.name, part)


def test_nothing_stands_in_a_file_that_its_truth_does_not_know(printed):
    """Character by character, but for what is drawn in charts."""
    for sample in printed:
        charts = {block.page for block in sample.truth if block.type == "chart"}
        for number, text in enumerate(page_texts(sample.path), 1):
            known = Counter("".join(letters(b.text) for b in sample.truth if b.page == number))
            unknown = Counter(letters(text)) - known
            assert number in charts or not unknown, (sample.path.name, number, unknown)


def test_invoices_add_up_but_for_the_last(made):
    invoices = [sample for sample in made if "invoice_number" in sample.fields]
    assert [sample.fields["adds_up"] for sample in invoices] == ["yes", "yes", "no"]
    for sample in invoices:
        (table,) = [block for block in sample.truth if block.type == "table"]
        amounts = {row[0]: _cents(row[-1]) for row in table.rows[1:]}
        subtotal, vat, total = (amounts.pop(n) for n in ("Subtotal", "VAT 20 %", "Total EUR"))
        assert sum(amounts.values()) == subtotal
        assert (subtotal + vat == total) is (sample.fields["adds_up"] == "yes")
        assert _cents(sample.fields["total"]) == total
        for row in table.rows[1:-3]:
            assert int(row[1]) * _cents(row[2]) == _cents(row[3])


def _cents(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def test_the_report_has_every_kind_of_block_that_it_should(made):
    truth = by_name(made, "annual_report").truth
    kinds = Counter(block.type for block in truth)
    assert set(kinds) >= {
        *("heading", "paragraph", "list", "table", "image", "chart", "caption", "callout"),
        *("footnote", "page_header", "page_footer"),
    }
    assert kinds["table"] == 2
    assert {block.level for block in truth if block.type == "heading"} == {1, 2, 3}
    pages = max(block.page for block in truth)
    assert pages >= 3
    assert [b.text for b in truth if b.type == "page_footer"] == [str(n + 1) for n in range(pages)]


def test_the_totals_of_the_report_are_sums(made):
    truth = by_name(made, "annual_report").truth
    glance = next(block for block in truth if block.type == "table")
    head, *segments, group = glance.rows
    for column in range(1, len(head)):
        assert sum(_cents(row[column]) for row in segments) == _cents(group[column])


def test_the_paper_has_two_columns_and_broken_words(made):
    sample = by_name(made, "paper")
    assert [b.text for b in sample.truth if b.type == "heading"][:2] == [
        sample.fields["title"],
        "Abstract",
    ]
    assert "\u00ad" not in "".join(block.text for block in sample.truth)
    document = pypdfium2.PdfDocument(sample.path)
    page = document[0]
    text = page.get_textpage()
    lefts = Counter(round(text.get_rect(i)[0]) for i in range(text.count_rects()))
    raw = text.get_text_range()
    text.close()
    page.close()
    document.close()
    assert {54, 315} <= {left for left, _ in lefts.most_common(6)}
    assert len(re.findall(r"[a-z][-\ufffe\u0002]\s*\n?[a-z]", raw)) >= 3


def test_the_form_says_the_same_in_its_page_and_in_its_fields(made):
    sample = by_name(made, "form")
    document = pypdfium2.PdfDocument(sample.path)
    document.init_forms()
    told = {}
    page = document[0]
    raw = pypdfium2.raw
    for at in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, at)
        told[_of_field(raw.FPDFAnnot_GetFormFieldName, document, note)] = _of_field(
            raw.FPDFAnnot_GetFormFieldValue, document, note
        )
        raw.FPDFPage_CloseAnnot(note)
    page.close()
    document.close()
    [values, checks] = [block for block in sample.truth if block.type == "table"]
    assert {name: told[name] for name, _ in values.rows} == dict(values.rows)
    for name, yes, no in checks.rows[1:]:
        assert {yes, no} == {"X", ""}
        assert (told[name] != "Off", told[f"no {name}"] != "Off") == (bool(yes), bool(no))
        assert sample.fields[name] == ("yes" if yes else "no")


def _of_field(ask, document, note):
    length = ask(document.formenv, note, None, 0)
    buffer = (pypdfium2.raw.FPDF_WCHAR * (length // 2))()
    ask(document.formenv, note, buffer, length)
    return bytes(buffer).decode("utf-16-le").rstrip("\0")


def test_the_scan_is_a_picture_and_nothing_else(made):
    jpeg, pdf = (s for s in made if s.needs == "ocr")
    assert (jpeg.truth, jpeg.fields) == (pdf.truth, pdf.fields)
    with Picture.open(jpeg.path) as image:
        assert image.format == "JPEG"
        assert image.info["dpi"] == (150, 150)
        width, height = image.size
    assert abs(width / 150 * 25.4 - 210) < 1
    assert abs(height / 150 * 25.4 - 297) < 1
    assert page_texts(pdf.path) == [""]
    # The same bytes: nothing was lost by printing it, whatever else a PDF puts around them.
    content = pdf.path.read_bytes()
    streams = re.findall(rb"stream\r?\n(.+?)\r?\n?endstream", content, re.DOTALL)
    assert jpeg.path.read_bytes() in [base64.a85decode(s[:-2]) for s in streams if s[-2:] == b"~>"]
    [table] = [block for block in jpeg.truth if block.type == "table"]
    assert sum(map(len, table.rows)) == 20


def test_the_deck_holds_no_hour_of_its_making(made):
    with zipfile.ZipFile(by_name(made, "slides").path) as deck:
        assert {member.date_time[0] for member in deck.infolist()} == {1980}
        assert b"2025-03-03T09:00:00Z" in deck.read("docProps/core.xml")
        books = [name for name in deck.namelist() if name.endswith(".xlsx")]
        assert len(books) == 2


# --- agreement --------------------------------------------------------------------------------

ROWS = (("Article", "Pieces"), ("Pump", "12"), ("Valve", "7"))


def a_sample(tmp_path):
    truth = (
        samples.Expected(type="heading", text="One", page=1),
        samples.Expected(type="paragraph", text="Two words", page=1),
        samples.Expected(type="table", text="\n".join(map("\t".join, ROWS)), page=1, rows=ROWS),
    )
    return samples.Sample(path=tmp_path / "a.pdf", truth=truth)


def read_as(*texts, rows=ROWS[1:]):
    blocks = [maker.block(kind, text=text) for kind, text in texts]
    blocks.append(maker.block(Table, headers=ROWS[0], rows=rows, header_rows=1))
    return maker.document(blocks)


def test_agreement_counts_what_is_as_written(tmp_path):
    whole = samples.agreement(
        a_sample(tmp_path), read_as((Heading, "One"), (Paragraph, "Two words"))
    )
    assert whole.right == whole.written == {"heading": 1, "paragraph": 1, "table": 1}
    assert (whole.missing, whole.wrong, whole.error_rate, whole.cells) == ((), (), 0.0, (6, 6))


def test_agreement_names_what_is_not(tmp_path):
    other = read_as((Paragraph, "One"), (Paragraph, "Two worlds"), rows=(("Pump", "12"), ("", "7")))
    result = samples.agreement(a_sample(tmp_path), other)
    assert result.right == {}
    assert {said.text for said in result.missing} >= {"One", "Twowords"}
    assert {(said.kind, said.text) for said in result.wrong} >= {("paragraph", "Twoworlds")}
    assert result.cells == (5, 6)
    letters_written = len("OneTwowords") + sum(len(cell) for row in ROWS for cell in row)
    assert result.error_rate == pytest.approx((1 + len("Valve")) / letters_written)


def test_a_block_that_stands_twice_counts_once(tmp_path):
    sample = a_sample(tmp_path)
    twice = replace(sample, truth=(*sample.truth, sample.truth[0]))
    result = samples.agreement(twice, read_as((Heading, "One"), (Paragraph, "Two words")))
    assert result.right["heading"] == 1
    assert result.written["heading"] == 2
