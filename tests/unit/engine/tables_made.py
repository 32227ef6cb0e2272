"""Pages with a table made for the tests: how its cells lie is drawn, and is the truth as well."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from engine_made import WIDTH, both, pdf, prose, text
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

__all__ = ["KINDS", "LOOKS", "Cell", "Made", "made", "page_of"]

LOOKS = ("ruled", "booktabs", "rows", "columns", "banded", "bare")
KINDS = ("plain", "groups", "stubs", "wrapped", "indented", "sections", "wordy")


def words_of(text: str) -> list[str]:
    return text.split()


_NAMES = words_of(
    "Cambodia Indonesia Malaysia Myanmar Philippines Thailand Singapore Brunei Vietnam Laos Japan "
    "Norway Sweden Finland Denmark Iceland Estonia Latvia Poland Austria"
)
_THINGS = words_of(
    "Growth Share Total Rate Volume Price Income Output Imports Exports Labour Capital Yield Cost "
    "Margin Weight Length Score Error Count"
)
_GROUPS = ("First survey", "Second survey", "Urban areas", "Rural areas", "All regions")
_LONG = (
    "Ministry of Public Works and Transport",
    "Cash and cash equivalents at the end of the period",
    "Households with access to safely managed drinking water",
    "Share of the population that lives in urban areas",
    "Expenditure on research and development by industry",
    "Workers who were employed in the informal sector",
)
_SECTION = "as they were found and reported by the statistical office in"
_WORDS = words_of(
    "select the type of the document to run the project with the recommended set of models and "
    "deploy the endpoint that serves the customers in charge of the whole process from creation "
    "to deployment improving the efficiency of labelled data management in every region"
)


@dataclass(frozen=True)
class Cell:
    """What a cell says and how many rows and columns it spans."""

    text: str = ""
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Made:
    """A page, and its table as HTML."""

    content: bytes
    html: str
    headers: int


def figure(dice: random.Random, form: str) -> str:
    match form:
        case "percent":
            return f"{dice.uniform(-20, 60):.1f}%"
        case "money":
            return f"{dice.randint(1000, 99_999):,}"
        case "signed":
            return f"{dice.randint(-99, 99):+d}"
        case _:
            return f"{dice.uniform(0, 99):.2f}"


def made(seed: int, look: str, kind: str, *, size: float = 9.0) -> Made:
    """The table of *kind* with the *look* that *seed* throws, between lines of running text."""
    dice = random.Random(f"{seed} {look} {kind}")
    count = dice.randint(3, 6) if kind != "wordy" else dice.randint(3, 4)
    body_rows = dice.randint(4, 9)
    head, body = _head(dice, kind, count), _body(dice, kind, count, body_rows)
    return page_of([*head, *body], look, len(head), seed=seed, size=size)


def _head(dice: random.Random, kind: str, count: int) -> list[list[Cell | None]]:
    names = dice.sample(_THINGS, count)
    if kind == "wrapped":
        names = [f"{name} of all {dice.choice(_THINGS).lower()} in 2020" for name in names]
    if kind != "groups":
        return [[Cell(name) for name in names]]
    count_left = dice.choice([1, 1, 2]) if count > 4 else 1
    upper: list[Cell | None] = [Cell(names[at], rows=2) for at in range(count_left)]
    lower: list[Cell | None] = [None] * count_left
    at = count_left
    groups = dice.sample(_GROUPS, 3)
    while at < count:
        wide = 2 if count - at >= 2 else 1
        if count - at == 3 or (count - at == 5 and dice.random() < 0.5):
            wide = 3
        if wide == 1:
            upper.append(Cell(names[at], rows=2))
            lower.append(None)
        else:
            upper += [Cell(groups.pop(), columns=wide), *[None] * (wide - 1)]
            lower += [Cell(names[at + i]) for i in range(wide)]
        at += wide
    return [upper, lower]


def _body(dice: random.Random, kind: str, count: int, rows: int) -> list[list[Cell | None]]:
    forms = [dice.choice(["plain", "percent", "money", "signed"]) for _ in range(count)]
    names = dice.sample(_NAMES, rows)
    out: list[list[Cell | None]] = []
    for at in range(rows):
        row: list[Cell | None] = [Cell(names[at])]
        row += [Cell(figure(dice, forms[column])) for column in range(1, count)]
        out.append(row)
    match kind:
        case "wrapped":
            for row in dice.sample(out, 2):
                row[0] = Cell(dice.choice(_LONG))
        case "indented":
            for at, row in enumerate(out):
                row[0] = Cell(f"\t{names[at]}" if at % 3 else names[at])
        case "stubs":
            for at in range(0, rows - 1, 2):
                out[at][0] = Cell(names[at], rows=2)
                out[at + 1][0] = None
            for at, row in enumerate(out):
                row[1] = Cell("Women" if at % 2 else "Men")
        case "sections":
            for at in (rows // 2, 0):
                empty: list[Cell | None] = [None] * (count - 1)
                out.insert(
                    at,
                    [Cell(f"{dice.choice(_GROUPS)} {_SECTION} {2015 + at}", columns=count), *empty],
                )
        case "wordy":
            for row in out:
                for column in range(1, count):
                    start = dice.randrange(len(_WORDS) - 16)
                    said = _WORDS[start : start + dice.randint(4, 16)]
                    row[column] = Cell(" ".join(said).capitalize())
    return out


def page_of(
    cells: Sequence[Sequence[Cell | None]],
    look: str,
    head: int,
    *,
    seed: int = 0,
    size: float = 9.0,
) -> Made:
    """A page with *cells*, of which the first *head* rows are the head, looking as *look* says."""
    dice = random.Random(f"{seed} {look}")
    wide = len(cells[0])
    left, right = 72.0, WIDTH - 72.0
    if wide < 4 and dice.random() < 0.5:
        right = 400.0
    first = dice.uniform(0.2, 0.35) if wide < 6 else 0.2
    edges = [
        left,
        *(left + (right - left) * (first + (1 - first) * i / (wide - 1)) for i in range(wide)),
    ]
    aligned = dice.choice(["left", "centre", "right"])
    padding = 4.0 if look in ("ruled", "columns", "banded", "rows") else dice.choice([1.0, 3.0])
    lines, tops = _laid(cells, edges, size, padding)
    top = 640.0
    ys = [top - down for down in tops]

    def paint(canvas: Canvas) -> None:
        _decorate(canvas, look, head, cells, edges, ys)
        for (row, column), said in lines.items():
            cell = cells[row][column]
            assert cell is not None
            font = "Helvetica-Bold" if row < head and look != "bare" else "Helvetica"
            _write(
                canvas,
                said,
                (edges[column], edges[column + cell.columns]),
                (ys[row], ys[row + cell.rows]),
                size,
                font,
                "centre" if cell.columns > 1 and row < head else "left" if column == 0 else aligned,
                middle=row < head or cell.rows > 1,
            )

    before = text(prose(5, start=seed), y=780, size=10)
    after = text(prose(5, start=seed + 7), y=ys[-1] - 34, size=10)
    return Made(pdf(both(before, paint, after)), _html(cells), head)


def _laid(
    cells: Sequence[Sequence[Cell | None]], edges: Sequence[float], size: float, padding: float
) -> tuple[dict[tuple[int, int], list[str]], list[float]]:
    """The lines of each cell, and how far down each row begins."""
    lines = {
        (r, c): _wrapped(cell.text, edges[c + cell.columns] - edges[c] - 10, size)
        for r, row in enumerate(cells)
        for c, cell in enumerate(row)
        if cell is not None
    }
    tops = [0.0]
    for r, row in enumerate(cells):
        most = max(
            (len(lines[r, c]) / cell.rows for c, cell in enumerate(row) if cell is not None),
            default=1,
        )
        tops.append(tops[-1] + max(1.0, most) * size * 1.2 + padding)
    return lines, tops


def _wrapped(said: str, width: float, size: float) -> list[str]:
    lines = [""]
    for word in said.split(" "):
        longer = f"{lines[-1]} {word}".lstrip(" ")
        if lines[-1] and stringWidth(longer, "Helvetica-Bold", size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _write(canvas, lines, across, down, size, font, aligned, *, middle) -> None:
    canvas.setFont(font, size)
    canvas.setFillGray(0)
    leading = size * 1.2
    room = down[0] - down[1] - leading * len(lines)
    base = down[0] - (room / 2 if middle else min(room / 2, 2)) - size
    for at, line in enumerate(lines):
        y = base - at * leading
        indent = 10 if line.startswith("\t") else 0
        said = line.lstrip("\t")
        if aligned == "left":
            canvas.drawString(across[0] + 5 + indent, y, said)
        elif aligned == "right":
            canvas.drawRightString(across[1] - 5, y, said)
        else:
            canvas.drawCentredString((across[0] + across[1]) / 2, y, said)


def _decorate(canvas, look, head, cells, edges, ys) -> None:
    left, right = edges[0], edges[-1]
    canvas.setLineWidth(0.5)
    below = {
        (r + cell.rows, c + i)
        for r, row in enumerate(cells)
        for c, cell in enumerate(row)
        if cell is not None
        for i in range(cell.columns)
    }
    if look in ("booktabs", "columns", "banded"):
        for y in (ys[0], ys[head], ys[-1]):
            canvas.line(left, y, right, y)
    if look == "booktabs":
        for r, row in enumerate(cells[: head - 1]):
            for c, cell in enumerate(row):
                if cell is not None and cell.columns > 1:
                    canvas.line(edges[c] + 3, ys[r + 1], edges[c + cell.columns] - 3, ys[r + 1])
    if look == "banded":
        for r in range(head, len(ys) - 1, 2):
            canvas.setFillColor(Color(0.88, 0.92, 0.97))
            canvas.rect(left, ys[r + 1], right - left, ys[r] - ys[r + 1], stroke=0, fill=1)
    if look in ("ruled", "rows"):
        canvas.line(left, ys[0], right, ys[0])
        for r, c in below:
            canvas.line(edges[c], ys[r], edges[c + 1], ys[r])
    if look in ("ruled", "columns"):
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                if cell is not None:
                    x = edges[c + cell.columns]
                    if look == "ruled" or x < right:
                        canvas.line(x, ys[r], x, ys[r + cell.rows])
        if look == "ruled":
            canvas.line(left, ys[0], left, ys[-1])


def _html(cells: Sequence[Sequence[Cell | None]]) -> str:
    rows = []
    for row in cells:
        said = []
        for cell in row:
            if cell is None:
                continue
            spans = "".join(
                f' {name}="{count}"'
                for name, count in (("rowspan", cell.rows), ("colspan", cell.columns))
                if count > 1
            )
            said.append(f"<td{spans}>{escape(cell.text.strip())}</td>")
        rows.append(f"<tr>{''.join(said)}</tr>")
    return f"<table>{''.join(rows)}</table>"
