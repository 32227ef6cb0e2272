"""A form, filled in: ruled labels and values, a grid of check marks, and fields of the PDF's own.

The values stand in the page as text, with the fields (AcroForm) of the same values over them: who
reads the page and who reads the fields find the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate

from toolkit.samples.ledger import Author
from toolkit.samples.sample import Sample

__all__ = ["form"]

_GREY = colors.HexColor("#5b6770")
_STYLES = {
    "title": ParagraphStyle(
        "title", fontName="Helvetica-Bold", fontSize=19, leading=25, spaceAfter=4
    ),
    "hint": ParagraphStyle("hint", fontName="Helvetica", fontSize=9, leading=12, spaceAfter=10),
    "part": ParagraphStyle(
        "part", fontName="Helvetica-Bold", fontSize=12.5, leading=16, spaceBefore=14, spaceAfter=4
    ),
    "body": ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, spaceAfter=6),
}
_HINT = (
    "Please fill in every field that is framed. What you write here is kept for as long as your "
    "card is valid, and is given to nobody else."
)
_REMARKS = (
    "I would like to read the tide tables of 1890 to 1910. They are said to be in the cellar, so "
    "that I need a place near the stairs and a lamp."
)
_TICK = "Tick one box in each row. You may change your mind later at any of our desks."
_CONSENT = "Place and date of signing: Nantes, {day}"
_PEOPLE = (("Okafor", "Ada Ifeoma"), ("Lindqvist", "Per Olof"), ("Marchand", "Claire"))
_STREETS = ("9 rue du Port", "31 quai de la Fosse", "4 allée des Tanneurs")
_SERVICES = ("Lending", "Reading room", "Inter-library loan", "Newsletter")
_HIGH = 18.0


def form(path: Path, dice: Random) -> Sample:
    """An application for a library card."""
    family, given = dice.choice(_PEOPLE)
    born = dt.date(1950, 1, 1) + dt.timedelta(days=dice.randint(0, 18_000))
    values = {
        "Family name": family,
        "Given names": given,
        "Date of birth": born.strftime("%d/%m/%Y"),
        "Street": dice.choice(_STREETS),
        "Postcode and town": "44000 Nantes",
        "Card number": f"NB-{dice.randint(10_000, 99_999)}",
    }
    wanted = {name: dice.random() < 0.5 for name in _SERVICES}
    day = (dt.date(2025, 3, 3) + dt.timedelta(days=dice.randint(0, 90))).isoformat()
    author = Author(_STYLES)
    story = [
        author.text("heading", "Application for a library card", "title", level=1),
        author.text("paragraph", _HINT, "hint"),
        author.text("heading", "Person", "part", level=2),
        _labelled(author, values),
        author.text("heading", "Services", "part", level=2),
        author.text("paragraph", _TICK, "body"),
        _checked(author, wanted),
        author.text("heading", "Remarks", "part", level=2),
        author.text("paragraph", _REMARKS, "body"),
        author.text("heading", "Signature", "part", level=2),
        author.text("paragraph", _CONSENT.format(day=day), "body"),
    ]
    SimpleDocTemplate(
        str(path), pagesize=A4, invariant=1, title="Application for a library card",
        leftMargin=22 * mm, rightMargin=22 * mm, topMargin=22 * mm, bottomMargin=22 * mm,
    ).build(story)  # fmt: skip
    ticked = {name: "yes" if yes else "no" for name, yes in wanted.items()}
    return Sample(
        path=path, truth=tuple(author.ledger.blocks), fields={**values, **ticked, "Signed": day}
    )


def _labelled(author: Author, values: dict[str, str]) -> Any:
    rows = [(label, _Field(label, value, 100 * mm)) for label, value in values.items()]
    return _ruled(author, rows, (55 * mm, 104 * mm), tuple(values.items()))


def _checked(author: Author, wanted: dict[str, bool]) -> Any:
    head = ("Service", "Yes", "No")
    rows: list[Sequence[Any]] = [head]
    rows += [(name, _Box(name, yes), _Box(f"no {name}", not yes)) for name, yes in wanted.items()]
    seen = [(name, "X" if yes else "", "" if yes else "X") for name, yes in wanted.items()]
    return _ruled(author, rows, (85 * mm, 20 * mm, 20 * mm), (head, *seen), head=True)


def _ruled(
    author: Author,
    rows: Sequence[Sequence[Any]],
    widths: Sequence[float],
    truth: Sequence[Sequence[str]],
    *,
    head: bool = False,
) -> Any:
    look: list[tuple[Any, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.6, _GREY),
        ("FONT", (0, 0), (-1, -1), "Helvetica", 10),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
    if head:
        look += [("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 10)]
        look += [("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e4e9ed"))]
    return author.table(rows, widths, look, truth=truth)


class _Field(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A text field with its value, which is drawn below it as well."""

    def __init__(self, name: str, value: str, width: float) -> None:
        super().__init__()
        self._name, self._value = name, value
        self.width, self.height = width, _HIGH

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setFont("Helvetica", 10)
        self.canv.drawString(4, 5.5, self._value)
        self.canv.acroForm.textfield(
            name=self._name, tooltip=self._name, value=self._value, relative=True,
            x=0, y=0, width=self.width, height=self.height, fontSize=10, borderWidth=0,
        )  # fmt: skip


class _Box(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A box to tick, with the cross of a ticked one as text as well."""

    def __init__(self, name: str, ticked: bool) -> None:
        super().__init__()
        self._name, self._ticked = name, ticked
        self.width = self.height = 13.0

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        if self._ticked:
            self.canv.setFont("Helvetica-Bold", 10)
            self.canv.drawString(3.2, 3, "X")
        self.canv.acroForm.checkbox(
            name=self._name, tooltip=self._name, checked=self._ticked, relative=True,
            x=0, y=0, size=self.width, buttonStyle="cross", borderWidth=0.5,
        )  # fmt: skip
