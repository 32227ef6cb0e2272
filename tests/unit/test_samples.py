"""The samples: the same bytes each time, and their truth stands in them."""

from __future__ import annotations

import re
from collections import Counter

import pypdfium2
import pytest

from toolkit import samples
from toolkit.document.blocks import BLOCK_TYPES
from toolkit.document.normal import folded


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return samples.write(tmp_path_factory.mktemp("samples"))


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


def test_every_expected_text_stands_on_its_page(made):
    for sample in made:
        pages = [letters(text) for text in page_texts(sample.path)]
        for block in sample.truth:
            assert block.type in BLOCK_TYPES
            cells = [cell for row in block.rows for cell in row] or block.text.split("\n")
            for part in cells:
                assert letters(part) in pages[block.page - 1], (sample.path.name, part)


def test_nothing_stands_in_a_file_that_its_truth_does_not_know(made):
    """Character by character, but for what is drawn in charts."""
    for sample in made:
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
