"""What the file itself says of its lines: its structure tree and its outline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.engine.marks import Bookmark, Sheet, Tag
from toolkit.engine.words import Line

__all__ = ["Tagged", "tagged_lines"]

_HEADING = re.compile(r"H([1-6])?|Title", re.IGNORECASE)
# A line is what most of its characters are tagged as.
_MOST = 0.8
# A tree in which more of a page's text is headings names looks, and not what things are.
_MOST_HEADINGS = 0.4
# Bookmarks lead near what they name: a line farther off (in shares of the page) is another.
_NEAR = 0.25
_MOST_LINES = 3
_NUMBER = re.compile(
    r"(?:(?i:chapter|section|part|appendix)\s+(?:\d{1,3}|[IVX]{1,5}|[A-Z])\b|"
    r"\d{1,3}(?:\.\d{1,3})*|[IVX]{1,5}(?=[.:)])|[A-Z](?=[.:)]))[.:)]?\s+"
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a line is by its file's word: ``kind`` is the tag's, in lower case."""

    kind: str
    element: int
    """Lines of one element are parts of one thing."""
    level: int = 0
    """Of a heading, from 1; 0 where it does not say."""
    by_outline: bool = False


def tagged_lines(lines: Sequence[Line], sheet: Sheet) -> list[Tagged | None]:
    """For each of *lines* what the structure tree or the outline of its file says that it is.

    A heading that the outline names is one whatever its tag. Where the tree of a page names no
    heading, or too many, it tells nothing of paragraphs.
    """
    said = _by_tree(lines, sheet)
    for bookmark, found in _named(lines, sheet):
        for at in found:
            tag = said[at]
            level = tag.level if tag and tag.level else bookmark.level
            said[at] = Tagged("h", -1 - found[0], level, by_outline=True)
    return said


def _by_tree(lines: Sequence[Line], sheet: Sheet) -> list[Tagged | None]:
    if not sheet.tags:
        return [None] * len(lines)
    owner = _owners(sheet.tags, len(sheet.glyphs))
    said = [_usual(line, owner, sheet.tags) for line in lines]
    letters = [len(line.text) for line in lines]
    heads = sum(n for n, tag in zip(letters, said, strict=True) if tag and tag.kind == "h")
    if 0 < heads <= _MOST_HEADINGS * sum(letters):
        return said
    # Without headings, or with little else, a tree was made by a program that knew no better.
    return [tag if tag and tag.kind not in ("h", "p") else None for tag in said]


def _owners(tags: Sequence[Tag], count: int) -> list[int]:
    """For each of *count* characters the innermost of *tags* that marks it, or -1."""
    owner = [-1] * count
    # What marks fewer characters lies inside of what marks more.
    for at in sorted(range(len(tags)), key=lambda at: -len(tags[at].glyphs)):
        if tags[at].kind.lower() in ("span", "link", "reference"):
            continue
        for glyph in tags[at].glyphs:
            if 0 <= glyph < count:
                owner[glyph] = at
    return owner


def _usual(line: Line, owner: Sequence[int], tags: Sequence[Tag]) -> Tagged | None:
    owners = Counter(owner[glyph] for word in line.words for glyph in word.glyphs)
    at = owners.most_common(1)[0][0]
    kinds: Counter[str] = Counter()
    for index, count in owners.items():
        if index >= 0:
            kinds[tags[index].kind] += count
    if at < 0 or kinds[tags[at].kind] < _MOST * owners.total():
        return None
    heading = _HEADING.fullmatch(tags[at].kind)
    if heading:
        return Tagged("h", at, int(heading[1] or 0) if heading[0][0] in "Hh" else 1)
    return Tagged(tags[at].kind.lower(), at)


def _named(lines: Sequence[Line], sheet: Sheet) -> Iterator[tuple[Bookmark, list[int]]]:
    """Each bookmark with the line, or the lines in a row, that say its title."""
    texts = [_letters(line.text) for line in lines]
    for bookmark in sheet.outline:
        title = _letters(bookmark.title)
        bare = _letters(_NUMBER.sub("", bookmark.title, count=1))
        if len(bare) < 2:
            continue
        found = [
            list(range(at, at + count))
            for count in range(1, _MOST_LINES + 1)
            for at in range(len(lines) - count + 1)
            if _is_title(lines[at : at + count], "".join(texts[at : at + count]), title, bare)
        ]
        near = [some for some in found if _is_near(lines[some[0]], bookmark, sheet)]
        if near:
            # A running header says it too, in smaller type.
            yield bookmark, max(near, key=lambda some: (lines[some[0]].size, -some[0]))


def _is_title(lines: Sequence[Line], text: str, title: str, bare: str) -> bool:
    if len(text) not in (len(title), len(bare)) and not text.endswith(bare):
        return False
    if any(abs(line.size - lines[0].size) > 0.6 for line in lines):
        return False
    first = _letters(_NUMBER.sub("", " ".join(line.text for line in lines), count=1))
    return text == title or first == bare


def _is_near(line: Line, bookmark: Bookmark, sheet: Sheet) -> bool:
    if bookmark.top is None:
        return True
    return abs(line.box.top - bookmark.top) < _NEAR * sheet.height


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
