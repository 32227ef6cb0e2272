"""An invoice on one page: a letterhead, a ruled table of items, and totals."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from random import Random

import msgspec
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import SimpleDocTemplate, Spacer
from reportlab.platypus.doctemplate import BaseDocTemplate

from toolkit.samples.ledger import Author, Recorded
from toolkit.samples.sample import Sample

__all__ = ["invoice"]

_SELLERS = (
    ("Alder & Finch Instruments", "14 Quay Street", "Bristol BS1 4DJ", "VAT GB 411 2093 77"),
    ("Norrland Papir AS", "Skippergata 22", "0154 Oslo", "VAT NO 987 654 321"),
    ("Cormorant Books Ltd", "3 Harbour Row", "Cork T12 X2R4", "VAT IE 6388047V"),
)
_BUYERS = (
    ("Municipal Library of Graz", "Joanneumring 5", "8010 Graz"),
    ("Hollis Survey Partners", "201 Mill Road", "Cambridge CB1 3DF"),
    ("Atelier Marchand", "9 rue du Port", "44000 Nantes"),
)
_GOODS = (
    ("Field notebook, ruled, A5", 640),
    ("Pressure gauge, 0-10 bar", 8450),
    ("Calibration certificate", 5500),
    ("Archive box, acid free", 1290),
    ("Sample bottle, 250 ml, set of 12", 3675),
    ("Replacement seal kit", 1825),
    ("On-site maintenance, per hour", 9600),
    ("Delivery and packaging", 2450),
    ("Optical sensor head, spare", 21900),
    ("Printed operator manual", 1580),
)
_VAT = 20

_DARK = colors.HexColor("#22313f")
_STYLES = {
    "seller": ParagraphStyle("seller", fontName="Helvetica-Bold", fontSize=15, leading=19),
    "small": ParagraphStyle("small", fontName="Helvetica", fontSize=9, leading=12),
    "title": ParagraphStyle(
        "title", fontName="Helvetica-Bold", fontSize=22, leading=28, spaceBefore=22, spaceAfter=8
    ),
    "label": ParagraphStyle(
        "label",
        fontName="Helvetica-Bold",
        fontSize=9.5,
        leading=13,
        spaceBefore=10,
        textColor=_DARK,
    ),
    "body": ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, spaceAfter=8),
    "right": ParagraphStyle("right", fontName="Helvetica", fontSize=9, alignment=TA_RIGHT),
}


class _Item(msgspec.Struct, frozen=True):
    name: str
    count: int
    cents: int

    @property
    def total(self) -> int:
        return self.count * self.cents


def invoice(path: Path, dice: Random, number: int, *, adds_up: bool = True) -> Sample:
    """An invoice; where it does not add up, its total is 90.00 too high."""
    seller, buyer = _SELLERS[number % len(_SELLERS)], dice.choice(_BUYERS)
    items = [_Item(n, dice.randint(1, 12), c) for n, c in dice.sample(_GOODS, dice.randint(4, 7))]
    day = dt.date(2025, 3, 3) + dt.timedelta(days=dice.randint(0, 200))
    net = sum(item.total for item in items)
    # Cents are whole: half a cent is rounded up, as the tax office has it.
    vat = (net * _VAT + 50) // 100
    fields = {
        "invoice_number": f"INV-2025-{number + 401:04d}",
        "invoice_date": day.isoformat(),
        "due_date": (day + dt.timedelta(days=30)).isoformat(),
        "seller": seller[0],
        "buyer": buyer[0],
        "subtotal": _money(net),
        "vat": _money(vat),
        "total": _money(net + vat + (0 if adds_up else 9000)),
        "adds_up": "yes" if adds_up else "no",
    }
    author = Author(_STYLES)
    story = [
        *_head(author, seller, buyer, fields),
        _items(author, items, fields),
        *_foot(author, fields),
    ]
    _template(path, fields).build(story)
    return Sample(path=path, truth=tuple(author.ledger.blocks), fields=fields)


def _template(path: Path, fields: dict[str, str]) -> BaseDocTemplate:
    return SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=20 * mm,
        bottomMargin=20 * mm,
        invariant=1,
        title=f"Invoice {fields['invoice_number']}",
        author=fields["seller"],
    )


def _head(
    author: Author, seller: tuple[str, ...], buyer: tuple[str, ...], fields: dict[str, str]
) -> list[object]:
    return [
        author.text("paragraph", seller[0].replace("&", "&amp;"), "seller"),
        author.text("paragraph", "<br/>".join(seller[1:]), "small"),
        author.text("heading", f"Invoice {fields['invoice_number']}", "title", level=1),
        author.text(
            "paragraph",
            f"Date: {fields['invoice_date']}<br/>Payment due: {fields['due_date']}",
            "body",
        ),
        author.text("heading", "Bill to", "label", level=2),
        author.text("paragraph", "<br/>".join(buyer), "body"),
        Spacer(1, 6),
    ]


def _items(author: Author, items: list[_Item], fields: dict[str, str]) -> Recorded:
    head = ("Description", "Quantity", "Unit price", "Amount")
    body = [(i.name, str(i.count), _money(i.cents), _money(i.total)) for i in items]
    sums = [
        (label, fields[name])
        for label, name in (
            ("Subtotal", "subtotal"),
            (f"VAT {_VAT} %", "vat"),
            ("Total EUR", "total"),
        )
    ]
    last = len(body) + 1
    look = [
        ("GRID", (0, 0), (-1, -1), 0.6, _DARK),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e4e9ed")),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9.5),
        ("FONT", (0, 1), (-1, -1), "Helvetica", 9.5),
        ("FONT", (0, -1), (-1, -1), "Helvetica-Bold", 9.5),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("ALIGN", (0, last), (2, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        *(("SPAN", (0, last + n), (2, last + n)) for n in range(len(sums))),
    ]
    return author.table(
        [head, *body, *((label, "", "", value) for label, value in sums)],
        [86 * mm, 22 * mm, 28 * mm, 30 * mm],
        look,
        truth=[head, *body, *((label, label, label, value) for label, value in sums)],
    )


def _foot(author: Author, fields: dict[str, str]) -> list[object]:
    return [
        Spacer(1, 8),
        author.text(
            "paragraph",
            f"Please pay {fields['total']} EUR by {fields['due_date']} and quote "
            f"{fields['invoice_number']}. Interest of 0.5 % a month is due on late payments.",
            "body",
        ),
        author.text("paragraph", "Thank you for your order.", "body"),
    ]


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"
