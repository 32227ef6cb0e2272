"""Quotations that are pulled out of a narrow column's text, in larger type and centred."""

from __future__ import annotations

import pytest
from engine_made import document
from layout_made import Column, Setter, folded, seen, words


def pulled(count: int, *, size: float, centred: bool, bold: bool, quoted: bool) -> Setter:
    """Three columns of text; *count* words stand out in the first."""
    page = Setter()
    columns = [Column(50 + 175 * number, 60, 150) for number in range(3)]
    for seed in range(3):
        page.paragraph(40, seed, columns[0])
    said = words(count, 99)
    columns[0].top += 14
    page.block(
        "paragraph",
        f"“{said}”" if quoted else said,
        columns[0],
        size=size,
        centred=centred,
        font="Helvetica-Bold" if bold else "Helvetica-Oblique",
        after=20,
    )
    for seed in range(10, 12):
        page.paragraph(40, seed, columns[0])
    for at, column in enumerate(columns[1:], start=2):
        for seed in range(6):
            page.paragraph(50, 10 * at + seed, column)
    return page


@pytest.mark.parametrize("bold", [True, False])
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("count", "size", "quoted"), [(18, 16, True), (30, 16, False), (24, 11, False), (26, 14, True)]
)
def test_a_quotation_pulled_out_is_one_paragraph(count, size, quoted, centred, bold):
    page = pulled(count, size=size, centred=centred, bold=bold, quoted=quoted)
    assert seen(document(page.done())) == folded(page.pages)
