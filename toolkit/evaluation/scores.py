"""Scores of a reading: reading order, tables, headings. Each is a share; 1 is perfect.

The measures are those of the public opendataloader-bench, so that figures compare with its.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

import msgspec
from rapidfuzz import fuzz

from toolkit.document.document import Document
from toolkit.document.markdown import markdown
from toolkit.evaluation.tables import with_html_tables
from toolkit.evaluation.trees import Node, folded, heading_tree, likeness, table_tree

__all__ = ["Scores", "means", "score"]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """How good a page's reading is; None where its truth has nothing to compare."""

    overall: float | None
    """The mean of those that are there."""
    nid: float | None = None
    """Reading order: how alike all the text is, white space folded."""
    teds: float | None = None
    """Tables: how alike they are as trees of rows and cells."""
    mhs: float | None = None
    """Headings: how alike they are, each with the text below it."""
    teds_s: float | None = None
    """Tables without their text: rows, cells and spans alone. No part of *overall*."""


def score(predicted: str | Document, truth: str) -> Scores:
    """*predicted*, Markdown or a document, against the Markdown of the labelled *truth*.

    Tables may be written with pipes or as HTML on either side.

    >>> score("# Net\\nfive", "# Net\\nfive")
    Scores(overall=1.0, nid=1.0, teds=None, mhs=1.0, teds_s=None)
    """
    said = predicted if isinstance(predicted, str) else markdown(predicted, style="plain")
    wanted, found = with_html_tables(truth), with_html_tables(said)
    parts = {
        "nid": _reading_order(wanted, found),
        "teds": _tables(table_tree(wanted), table_tree(found)),
        "mhs": _headings(wanted, found),
    }
    known = [value for value in parts.values() if value is not None]
    # A page with nothing on it cannot be read wrongly.
    return Scores(
        overall=fmean(known) if known else 1.0,
        **parts,
        teds_s=_tables(table_tree(wanted, words=False), table_tree(found, words=False)),
    )


def means(scores: Iterable[Scores]) -> Scores:
    """The mean of each score over the pages that have it; None where none has."""
    listed = list(scores)
    columns = {
        name: [value for one in listed if (value := getattr(one, name)) is not None]
        for name in Scores.__struct_fields__
    }
    return Scores(**{name: fmean(values) if values else None for name, values in columns.items()})


def _reading_order(wanted: str, found: str) -> float | None:
    return fuzz.ratio(folded(wanted), folded(found)) / 100 if folded(wanted) else None


def _tables(truth: Node | None, guess: Node | None) -> float | None:
    if truth is None:
        return None
    # The node that holds all the tables is no table.
    return likeness(guess, truth, max(guess.size(), truth.size()) - 1) if guess else 0.0


def _headings(wanted: str, found: str) -> float | None:
    truth, guess = heading_tree(wanted), heading_tree(found)
    if not any(child.tag == "heading" for child in truth.children):
        return None
    if not any(child.tag == "heading" for child in guess.children):
        return 0.0
    return likeness(truth, guess, max(truth.size(), guess.size()))
