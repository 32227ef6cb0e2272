"""What blocks refer to over a whole document: figures, tables, sections, references, notes.

Of the advanced profile. A mention is linked only where exactly one block can be meant, or, among
several, where the one nearest before or after it on the pages is the nearer by its place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from toolkit.document.blocks import (
    Block,
    Callout,
    Caption,
    Footnote,
    Heading,
    ListBlock,
    Paragraph,
    Role,
    Table,
)

__all__ = ["linked"]

Label = tuple[str, str]
"""What is named and its number: ("figure", "3"), ("section", "4.1"), ("reference", "12")."""

_KINDS = {
    "figure": "figure",
    "fig": "figure",
    "abbildung": "figure",
    "abb": "figure",
    "chart": "figure",
    "graph": "figure",
    "table": "table",
    "tab": "table",
    "tabelle": "table",
    "exhibit": "exhibit",
    "box": "box",
    "map": "map",
    "plate": "plate",
    "scheme": "scheme",
    "section": "section",
    "sect": "section",
    "sec": "section",
    "§": "section",
    "chapter": "chapter",
    "kapitel": "chapter",
    "abschnitt": "section",
    "part": "part",
    "appendix": "appendix",
    "annex": "appendix",
    "anhang": "appendix",
}
_NAMES = "|".join(sorted((name for name in _KINDS if name != "§"), key=len, reverse=True))
_NUMBER = r"(?:[A-Z]?\.?-?\d{1,3}(?:[.-]\d{1,3})*|[IVX]{1,5}|[A-Z])"
# "Figures 2 and 3", "Tables 1-3" (the first and the last), "Sect. 4.1", "§ 7".
_MENTION = re.compile(
    rf"(?:\b({_NAMES})s?\b\.?|(§))\s*({_NUMBER}(?:[a-z](?![a-z]))?"
    rf"(?:\s*(?:,|and|und|&|to|or|–|-)\s*{_NUMBER}(?![\w]))*)(?![a-z])",
    re.IGNORECASE,
)
_PART = re.compile(
    r"\d{1,3}(?:[.-]\d{1,3})*|[IVX]{1,5}(?![a-z])|[A-Z]\.?-?\d{1,3}(?:\.\d{1,3})*|[A-Z](?![a-z])"
)
_LABEL = re.compile(rf"\s*({_NAMES})s?\b\.?\s*({_NUMBER})", re.IGNORECASE)
_SECTION = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2}){0,4}|[IVX]{1,5}|[A-Z])[.:)]?\s+\S")
_CITED = re.compile(r"\[(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\]")
_RANGE = re.compile(r"(\d{1,3})(?:\s*[–-]\s*(\d{1,3}))?")
_REFERENCE = re.compile(r"\s*(?:\[(\d{1,3})\]|(\d{1,3})\.)\s")
_WIDEST_RANGE = 30
# "(Fox, 2001)", "Fox et al. (2001b)", "Fox & Dog 2001": by the first author and the year.
_AUTHOR = re.compile(r"[A-Z][^\W\d_][\w’'-]{0,60}")
_YEAR = re.compile(r"\b(?:1[6-9]|20)\d\d[a-z]?\b")
_AUTHOR_YEAR = re.compile(
    # A run of letters without end is looked through once for each of them, were it not bounded.
    r"([A-Z][^\W\d_][\w’'-]{0,60})(?:,?\s(?:et\sal\.?|(?:and|&)\s[A-Z][\w’'-]{1,60}))?,?\s\(?"
    r"((?:1[6-9]|20)\d\d[a-z]?)\b"
)
# A mark is raised, and so comes out glued to a word or its full stop: "shown.3 The", "shown3".
_GLUED = r"(?<=[^\W\d_][.,;:!?)”\"’]|[^\W\d_][^\W\d_]|[^\W\d_]\))"
_MOST = 200

Marked = Paragraph | ListBlock | Callout | Heading | Caption
Pages = Sequence[tuple[Block, ...]]


@dataclass(slots=True)
class _Named:
    """Where each label stands: the ids of the first two blocks that bear it."""

    places: dict[Label, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, label: Label, block_id: str) -> None:
        # A second one is enough to know that it is not the only one.
        found = self.places[label]
        if len(found) < 2 and block_id not in found:
            found.append(block_id)

    def one(self, label: Label) -> str | None:
        """The only block of *label*; None where there is none, or another one too."""
        found = self.places.get(label, [])
        return found[0] if len(found) == 1 else None


def linked(pages: Pages) -> list[tuple[Block, ...]]:
    """The blocks of all *pages* with what their text refers to, and notes with where their mark is.

    Captions that were tied to no figure on their page stay so.
    """
    named = _named(pages)
    marked, notes = _marked(pages)
    return [tuple(_linked(block, named, marked, notes) for block in blocks) for blocks in pages]


def _linked(
    block: Block, named: _Named, marked: dict[str, list[str]], notes: dict[str, str]
) -> Block:
    if isinstance(block, Footnote):
        return replace(block, target=notes.get(block.id, block.target))
    if isinstance(block, Marked):
        return replace(block, refers_to=_refers_to(block, named, marked))
    return block


def _refers_to(block: Marked, named: _Named, marked: dict[str, list[str]]) -> tuple[str, ...]:
    own = _own_labels(block)
    found = [
        target
        for label in _mentions(block, own)
        if (target := named.one(label)) is not None and target != block.id
    ]
    return tuple(dict.fromkeys([*block.refers_to, *found, *marked.get(block.id, ())]))[:_MOST]


def _named(pages: Pages) -> _Named:
    """What bears a name and a number: captions (for what they are captions of), headings, and the
    entries of lists of references."""
    named = _Named()
    for blocks in pages:
        for block in blocks:
            target = block.id
            if isinstance(block, Caption):
                target = block.target or block.id
            elif isinstance(block, Table) and block.continues is not None:
                continue
            for label in _own_labels(block):
                named.add(label, target)
    return named


def _own_labels(block: Block) -> list[Label]:
    """The labels that *block* itself bears."""
    match block:
        case Caption(text=text):
            found = _LABEL.match(text)
            return [_label(found[1], found[2])] if found else []
        case Heading(text=text):
            return _section_labels(text)
        case ListBlock(role=Role.REFERENCE, text=text) | Paragraph(role=Role.REFERENCE, text=text):
            lines = text.splitlines() if isinstance(block, ListBlock) else [text]
            return [label for line in lines for label in _reference_labels(line)]
    return []


def _section_labels(text: str) -> list[Label]:
    found = _LABEL.match(text)
    if found:
        return [_label(found[1], found[2])]
    number = _SECTION.match(text)
    if number is None:
        return []
    # "Section 4", "Chapter 4" and "Appendix A" may all be said of a heading "4 Results".
    kinds = ("section", "chapter") if not number[1].isalpha() else ("section", "appendix")
    return [(kind, number[1].upper()) for kind in kinds]


def _reference_labels(entry: str) -> Iterator[Label]:
    """By what an entry of a list of references is cited: its number, or its author and year."""
    number = _REFERENCE.match(entry)
    if number:
        yield "reference", number[1] or number[2]
    author, year = _AUTHOR.search(entry), _YEAR.search(entry)
    if author and year:
        yield "reference", f"{author[0].upper()} {year[0]}"


def _label(name: str, number: str) -> Label:
    return _KINDS[name.lower()], number.rstrip(".").upper()


def _mentions(block: Block, own: Sequence[Label]) -> Iterator[Label]:
    """The labels that the text of *block* names, but for its *own*."""
    text = getattr(block, "text", "")
    for found in _MENTION.finditer(text):
        kind = _KINDS[(found[1] or found[2]).lower()]
        if found[1] and found[1].islower() and kind not in _SAID_SMALL:
            continue
        for number in _PART.findall(found[3]):
            label = (kind, number.rstrip(".").upper())
            if label not in own:
                yield label
    if getattr(block, "role", None) is not Role.REFERENCE:
        yield from _cited(text)


# What is also written without a capital: "see table 2"; but "part 2" and "box 3" are words.
_SAID_SMALL = frozenset({"figure", "table", "section", "chapter", "appendix"})


def _cited(text: str) -> Iterator[Label]:
    for author, year in _AUTHOR_YEAR.findall(text):
        yield "reference", f"{author.upper()} {year}"
    for found in _CITED.finditer(text):
        for first, last in _RANGE.findall(found[1]):
            end = int(last or first)
            if 0 <= end - int(first) <= _WIDEST_RANGE:
                for number in range(int(first), end + 1):
                    yield "reference", str(number)


def _marked(pages: Pages) -> tuple[dict[str, list[str]], dict[str, str]]:
    """By block, the notes whose marks its text has; by note, the block that its mark stands in.

    A mark is looked for on the note's page alone, and counts where one block has it.
    """
    marked: dict[str, list[str]] = defaultdict(list)
    notes: dict[str, str] = {}
    for blocks in pages:
        said = [
            b for b in blocks if isinstance(b, Paragraph | ListBlock | Callout | Heading | Caption)
        ]
        for note in blocks:
            if not isinstance(note, Footnote) or not note.marker:
                continue
            mark = re.compile(_mark_pattern(note.marker))
            having = [block for block in said if mark.search(block.text)]
            if len(having) == 1:
                notes[note.id] = having[0].id
                marked[having[0].id].append(note.id)
    return marked, notes


def _mark_pattern(marker: str) -> str:
    if marker.isalnum():
        return rf"[(\[]{marker}[)\]]|{_GLUED}\s?{marker}(?!\w|[.,]\d)"
    return rf"(?<![*†‡§¶]){re.escape(marker)}(?![*†‡§¶])"
