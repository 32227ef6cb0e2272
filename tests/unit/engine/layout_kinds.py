"""Kinds of page, each set by a function of its measures; the truth is kept as it is set."""

from __future__ import annotations

from layout_made import CODE, Column, Setter, words, wrapped
from reportlab.pdfbase.pdfmetrics import stringWidth

SERIF = ("Times-Roman", "Times-Bold")
SANS = ("Helvetica", "Helvetica-Bold")


def paper(
    *,
    columns: int = 2,
    gutter: float = 20,
    body: float = 9.5,
    bold: bool = True,
    numbered: bool = True,
) -> Setter:
    """A first page: title, authors, abstract, columns of sections, a figure, references."""
    page = Setter(body=body)
    at = Column(55, 50, 485)
    title = "On the Quick Movement of Foxes over Lazy Dogs"
    page.block("heading", title, at, size=body * 1.8, bold=True, centred=True, after=8)
    names = "Anna Fox, Bernard Dog and Carla Wizard"
    page.block("paragraph", names, at, size=body * 1.15, centred=True, after=2)
    page.block("paragraph", "University of Quartz", at, centred=True, after=12)
    large = body if bold else body * 1.3
    page.heading("Abstract", at, size=large, bold=bold)
    page.paragraph(80, 1, at)
    width = (485 - gutter * (columns - 1)) / columns
    for number in range(columns):
        inner = Column(55 + number * (width + gutter), at.top + 10, width)
        name = ("Introduction", "Method", "Results")[number]
        page.heading(f"{number + 1} {name}" if numbered else name, inner, size=large, bold=bold)
        seed = 100 + 20 * number
        while inner.top < 400:
            seed += 1
            page.paragraph(45, seed, inner)
        if number == columns - 1:
            page.figure(inner, height=80, caption="Figure 1: The fox jumps over the dog.")
            page.heading("References", inner, size=large, bold=bold)
            page.body = 0.9 * body
            references = [(f"[{i}]", "A. Fox. " + words(9, 500 + i)) for i in range(1, 5)]
            page.items(references, inner, step=18)
    page.foot("12", 300)
    return page


def slide(
    *, title: float = 32, body: float = 18, columns: int = 1, nested: bool = True, marker: str = "•"
) -> Setter:
    """A title over one or more columns of items, and a number in the corner."""
    page = Setter(width=960, height=540, body=body, leading=1.25)
    at = Column(60, 50, 840)
    page.heading("Why Foxes Jump over Dogs", at, size=title, bold=False)
    width = (840 - (columns - 1) * 40) / columns
    for number in range(columns):
        inner = Column(60 + number * (width + 40), at.top + 24, width)
        entries = []
        for item in range(4):
            entries.append((marker, words(5, 30 + item + 10 * number).rstrip("."), 0))
            if nested and item in (1, 2):
                entries.append(("–", words(4, 60 + item + 10 * number).rstrip("."), 1))
        page.nested(entries, inner, step=22)
    page.foot("7", 900, size=10)
    return page


def side_bar(*, left: bool = True, panel: bool = True, share: float = 0.27) -> Setter:
    """A narrow column of facts beside the story."""
    page = Setter()
    narrow, gap = share * 485, 20
    aside = Column(55 if left else 540 - narrow, 100, narrow)
    story = Column(55 + narrow + gap if left else 55, 100, 485 - narrow - gap)

    def facts() -> None:
        if panel:
            page.panel(aside.left - 8, 92, narrow + 16, 420)
        page.block("heading", "Key facts", aside, size=11, bold=True, after=4)
        for number in range(3):
            kind = "callout" if panel else "paragraph"
            page.block(kind, words(28, 40 + number), aside, size=9)

    if left:
        facts()
    page.heading("The Story of the Fox", story, size=15)
    for number in range(4):
        page.paragraph(70, 80 + number, story)
    page.heading("What Came Next", story, size=12)
    page.paragraph(70, 90, story)
    if not left:
        facts()
    return page


def boxed() -> Setter:
    """Running text with a tinted box in it."""
    page = Setter()
    at = Column(70, 80, 455)
    page.heading("Chapter of the Box", at, size=16)
    page.paragraph(90, 1, at)
    page.paragraph(60, 2, at)
    page.panel(70, at.top + 10, 455, 70)
    page.block("callout", "Note: " + words(40, 3), Column(82, at.top + 16, 431))
    at.top += 92
    page.paragraph(90, 4, at)
    page.paragraph(90, 5, at)
    return page


def wrapped_figure(*, left: bool = False, body: float = 10) -> Setter:
    """A figure with its caption that text flows beside."""
    page = Setter(body=body)
    at = Column(70, 80, 455)
    page.heading("Foxes in Pictures", at, size=16)
    page.paragraph(60, 1, at)
    figure = Column(70 if left else 345, at.top, 180)
    beside = Column(265 if left else 70, at.top, 260)
    caption = "Figure 2. A fox at rest near the box."
    if left:
        page.figure(figure, height=110, caption=caption)
    page.paragraph(100, 2, beside)
    if not left:
        page.figure(figure, height=110, caption=caption)
    at.top = max(beside.top, figure.top) + 4
    page.paragraph(80, 3, at)
    return page


def footnoted(
    *, marks: tuple[str, ...] = ("1", "2"), rule: bool = True, body: float = 11
) -> Setter:
    """Text over notes in small type, with a Roman page number."""
    page = Setter(body=body)
    at = Column(70, 80, 455)
    page.heading("Notes on Foxes", at, size=1.4 * body)
    for number in range(4):
        page.paragraph(80, number, at)
    at.top = 700
    if rule:
        page.canvas.line(70, page.height - 700, 220, page.height - 700)
    for number, mark in enumerate(marks):
        page.block("footnote", f"{mark} {words(22, 70 + number)}", at, size=body * 0.8, after=2)
    page.foot("iv", 300)
    return page


def contents(*, leaders: bool = True, deep: bool = True, bold: bool = True) -> Setter:
    """A table of contents, with dots or without, of one level or two."""
    page = Setter(body=11)
    at = Column(70, 80, 455)
    page.heading("Contents", at, size=18)
    entries = []
    for chapter in range(1, 6):
        for section in range(3 if deep else 1):
            number = f"{chapter}.{section}" if section else str(chapter)
            title = f"{number} " + words(3, chapter * 10 + section).rstrip(".").title()
            font = SANS[bold and not section]
            last = str(3 * len(entries) + 3)
            at.top += 16.5
            left = 88.0 if section else 70.0
            page.line(title, left, at.top, font)
            end = 525 - stringWidth(last, font, 11)
            page.line(last, end, at.top, font)
            dots = ""
            if leaders:
                begin = left + stringWidth(title, font, 11) + 3
                dots = "." * (int((end - 5 - begin) / stringWidth(".", font, 11)) - 1)
                page.line(dots, begin, at.top, font)
            entries.append(" ".join(filter(None, (title, dots, last))))
    page.says("list", "\n".join(entries))
    return page


MARKERS = {
    "bullets": ("•",) * 5,
    "dashes": ("–",) * 5,
    "figures": ("1.", "2.", "3.", "4.", "5."),
    "two figures": ("8.", "9.", "10.", "11.", "12."),
    "brackets": ("(a)", "(b)", "(c)", "(d)", "(e)"),
    "roman": ("i.", "ii.", "iii.", "iv.", "v."),
    "letters": ("a)", "b)", "c)", "d)", "e)"),
}


def listed(*, markers: str = "bullets", long: bool = True, goes_on: bool = False) -> Setter:
    """A nested list between paragraphs; an item of it may have a second paragraph."""
    page = Setter()
    at = Column(70, 80, 455)
    page.heading("A List of Things", at, size=15)
    page.paragraph(50, 1, at)
    inner = "•" if markers == "dashes" else "–"
    entries = []
    for number, marker in enumerate(MARKERS[markers]):
        text = words(30 if long and number % 2 else 6, 20 + number)
        entries.append((marker, text, 0))
        if number in (1, 3):
            entries += [(inner, words(16 if long else 5, 200 + number * 3 + k), 1) for k in (0, 1)]
    page.nested(entries, at, step=20, second={4: words(25, 333)} if goes_on else {})
    at.top += 4
    page.paragraph(50, 9, at)
    page.paragraph(50, 10, at)
    return page


def coded(*, share: float = 0.9, panel: bool = False) -> Setter:
    """Lines of code between paragraphs, one of them empty."""
    page = Setter()
    at = Column(70, 80, 455)
    page.heading("How to Jump", at, size=15)
    page.paragraph(50, 1, at)
    size = share * page.body
    if panel:
        page.panel(66, at.top, 463, len(CODE) * size * 1.2 + 8)
    for line in CODE:
        at.top += size * 1.2
        page.line(line, 70, at.top, "Courier", size)
    page.says("code", "\n".join(CODE))
    at.top += 12
    page.paragraph(50, 2, at)
    return page


def book(*, pages: int = 6, roman: bool = False) -> Setter:
    """Pages whose heads alternate, with headings of three levels."""
    made = Setter()
    figures = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii")
    for number in range(pages):
        if number:
            made.page()
        said = figures[number] if roman else str(41 + number)
        left, right = ("Foxes and Dogs", said) if number % 2 == 0 else (said, "The Art of Jumping")
        made.line(left, 70, 40, size=9)
        made.line(right, 525 - stringWidth(right, "Helvetica", 9), 40, size=9)
        made.says("page_header", f"{left} {right}")
        at = Column(70, 60, 455)
        chapter, section = number // 3 + 3, number % 3 + 1
        if section == 1:
            made.heading(f"{chapter} The Art of Jumping", at, size=16)
        made.heading(f"{chapter}.{section} On Boxes", at, size=12.5)
        made.paragraph(80, number, at)
        if number % 2:
            made.heading(f"Small Remarks on {words(2, number).rstrip('.')}", at, size=10)
        while at.top < 700:
            made.paragraph(60, int(at.top) + number, at)
        made.foot("© 2024 Liquor House", 70, size=8)
    return made


def brochure(*, columns: int = 3, gutter: float = 24, bold: bool = True) -> Setter:
    """Columns that each begin elsewhere, with pictures and a list."""
    page = Setter(width=842, height=595, body=9)
    width = (762 - gutter * (columns - 1)) / columns
    names = ("Opening hours", "How to get here", "Our collection", "Tickets")
    others = ("Guided tours", "Cafe and shop", "For children", "Groups")
    for number in range(columns):
        at = Column(40 + number * (width + gutter), 40 + 13 * number, width)
        if number == 0:
            page.block("heading", "Visit the Fox Museum", at, size=21.6, bold=True)
        page.heading(names[number], at, size=10.8, bold=bold)
        page.paragraph(50, number, at)
        page.figure(at, height=90)
        page.heading(others[number], at, size=10.8, bold=bold)
        page.paragraph(60, number + 20, at)
        if number == 1:
            page.items([("•", words(5, 70 + i).rstrip(".")) for i in range(4)], at, step=10)
        page.paragraph(50, number + 30, at)
    return page


def references(*, columns: int = 1) -> Setter:
    """Entries without numbers whose second lines stand in."""
    page = Setter()
    width = (455 - 20 * (columns - 1)) / columns
    at = Column(70, 80, width)
    page.paragraph(60, 3, at)
    page.heading("References", at, size=12)
    for number in range(8):
        entry = f"Fox, A., & Dog, B. ({2001 + number}). {words(26, 300 + number)}"
        page.block("paragraph", entry, at, indent=18, after=3)
    return page


def cards(*, panels: bool = True) -> Setter:
    """A slide of four cards beside each other."""
    page = Setter(width=960, height=540, body=14)
    at = Column(50, 40, 860)
    page.heading("Four Ways to Jump", at, size=30)
    for number, name in enumerate(("Look ahead", "Run fast", "Leap high", "Land soft")):
        if panels:
            page.panel(50 + number * 220, 120, 200, 330)
        inner = Column(60 + number * 220, 130, 180)
        page.heading(name, inner, size=18)
        page.paragraph(28, number, inner)
        page.paragraph(20, number + 9, inner)
    page.foot("8", 900, size=10)
    return page


LOOKS = {
    "italics": ("Times-Italic", 10.0, False),
    "larger italics": ("Times-Italic", 11.0, False),
    "bold italics": ("Times-BoldItalic", 10.0, False),
    "capitals": ("Times-Roman", 10.0, False),
    "capitals in the middle": ("Times-Roman", 10.0, True),
    "numbered capitals": ("Times-Roman", 10.0, False),
    "roman capitals": ("Times-Roman", 10.0, True),
}


def plain_headings(*, look: str) -> Setter:
    """Headings that differ from the text by little."""
    page = Setter(family=SERIF)
    at = Column(70, 80, 455)
    title = "On the Jumping of Foxes"
    page.block("heading", title, at, size=18, bold=True, centred=True, after=16)
    font, size, centred = LOOKS[look]
    for number, name in enumerate(("Introduction", "Earlier Work", "The Present Method")):
        text = name.upper() if "capitals" in look else name
        before = {
            "numbered capitals": f"{number + 1}. ",
            "roman capitals": "I" * (number + 1) + ". ",
        }
        text = before.get(look, "") + text
        page.block("heading", text, at, font=font, size=size, centred=centred, before=10, after=5)
        page.paragraph(70, number * 10, at)
        page.paragraph(70, number * 10 + 1, at)
    return page


def letter() -> Setter:
    """An address, a date, a salutation, and no heading at all."""
    page = Setter(body=11)
    address = ("Liquor House", "12 Quartz Street", "Boxing Town")
    for number, line in enumerate(address):
        page.line(line, 70, 70 + number * 13.2)
    page.says("paragraph", " ".join(address))
    page.line("12 March 2024", 70, 140)
    page.says("paragraph", "12 March 2024")
    at = Column(70, 170, 455)
    page.block("paragraph", "Dear Wizard,", at, after=12)
    for number in range(3):
        page.paragraph(70, number, at, after=10)
    page.block("paragraph", "Yours sincerely,", at, after=40)
    page.block("paragraph", "Anna Fox", at)
    return page


def questions() -> Setter:
    """Bold questions of the text's size, each with its answer."""
    page = Setter()
    at = Column(70, 80, 455)
    page.heading("Frequently Asked Questions", at, size=18)
    for number, asked in enumerate(("Why", "How", "When", "Where")):
        page.heading(f"{asked} does the fox jump over the lazy dog?", at, size=10)
        page.paragraph(50, number, at)
    return page


def glossary() -> Setter:
    """Entries whose first word is bold, which makes no heading of it."""
    page = Setter()
    at = Column(70, 80, 455)
    page.heading("Glossary", at, size=16)
    for number, name in enumerate(("Box", "Dog", "Fox", "Jug")):
        begin = stringWidth(name + " ", "Helvetica-Bold", 10)
        text = words(40, number)
        first = wrapped(text, 455 - begin, "Helvetica", 10)[0]
        at.top += 12
        page.line(name, 70, at.top, "Helvetica-Bold")
        page.line(first, 70 + begin, at.top)
        page.block(None, text[len(first) :].strip(), at)
        page.says("paragraph", f"{name} {text}")
    return page


def magazine() -> Setter:
    """Three columns under a headline and a standfirst, with a pull quote and a running foot."""
    page = Setter(body=9)
    at = Column(40, 40, 515)
    page.block("heading", "The Fox Who Would Not Jump", at, size=30, bold=True, after=6)
    page.block("paragraph", words(24, 5), at, size=13, after=14)
    for number in range(3):
        inner = Column(40 + number * 177, at.top, 161)
        count = 0
        while inner.top < 700:
            count += 1
            if number == 1 and count == 3:
                quote = "“" + words(9, 66).rstrip(".") + "”"
                page.block("paragraph", quote, inner, size=15, before=8, after=12)
            page.paragraph(40, number * 50 + count, inner)
            if count == 4 and number != 1:
                page.heading(("A Second Life", "", "In the Box")[number], inner, size=10.5)
    page.line("24", 40, 818, size=8)
    page.line("FOX MONTHLY", 490, 818, size=8)
    page.says("page_footer", "24 FOX MONTHLY")
    return page
