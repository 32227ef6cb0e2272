"""What a labelled page says without its marks: one text to look things up in."""

from __future__ import annotations

import re
from functools import cached_property
from html import unescape

from rapidfuzz import fuzz

from toolkit.document.normal import folded
from toolkit.evaluation.tables import with_html_tables
from toolkit.evaluation.trees import heading_tree, table_tree

__all__ = ["Labels", "bare"]

_HYPHENS = re.compile("[-\u2010\u2011\u00ac\ufffe\x02]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_MARK = re.compile(r"^\s*(?:#{1,6}\s+|[-*+•]\s+|>\s+)", re.MULTILINE)
_QUOTES = str.maketrans("“”„‘’‚´`", "\"\"\"'''''")


def bare(text: str) -> str:
    """N(*text*) without hyphens, its quotation marks straight.

    A hyphen at the end of a line is kept by one and dropped by another, and PDFium has characters
    of its own for it.

    >>> bare("well- known “ﬁne”")
    'wellknown"fine"'
    """
    return _HYPHENS.sub("", folded(text)).translate(_QUOTES)


class Labels:
    """A labelled page, and more texts that say what stands on it (such as its text layer)."""

    def __init__(self, markdown: str, *others: str) -> None:
        self._markdown = with_html_tables(markdown)
        self._others = others

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Its headings, bare."""
        tree = heading_tree(self._markdown)
        return tuple(bare(node.text) for node in tree.children if node.tag == "heading")

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """What each of its tables says, bare."""
        tree = table_tree(self._markdown)
        return tuple(
            bare("".join(cell.text for row in table.children for cell in row.children))
            for table in (tree.children if tree else ())
        )

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """All that it says, bare: once by the labels, once by each other text."""
        return tuple(bare(text) for text in (self.words, *self._others))

    @cached_property
    def words(self) -> str:
        """All that the labels say, without their marks."""
        return unescape(_TAG.sub(" ", _MARK.sub("", self._markdown)))

    def has(self, text: str, alike: float = 1.0) -> bool:
        """Whether *text* stands there, at least *alike* of its characters being the same."""
        wanted = bare(text)
        if any(wanted in own for own in self.texts):
            return True
        # One character in fifty cannot differ in less.
        return alike < 1.0 and any(
            fuzz.partial_ratio(wanted, own, score_cutoff=100 * alike) > 0
            for own in self.texts
            if len(wanted) <= len(own)
        )
