"""Remarks and filled-in fields become drafts, placed where they lie.

The text of either is what the file says of itself, but not in its text layer: it is inferred. What
the text layer has in the same place (a form that was flattened, a highlight that repeats what it
lies on) is not said twice. A field that is empty says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from toolkit.document.blocks import Role, TextSource
from toolkit.document.geometry import Box
from toolkit.document.normal import folded, unshaped
from toolkit.engine.confidence import likely
from toolkit.engine.drafts import Draft, Quotation
from toolkit.engine.marks import Annotation, FormField, Glyphs, Sheet

__all__ = ["remark_drafts", "with_remarks", "without_recognised"]

# Points: how far a field's text may reach over it, and how far away its label may stand.
_SLACK, _ABOVE, _BESIDE = 3.0, 20.0, 250.0
_TICK = "\u2612"
# What a box is said to be when it is ticked and no more is meant; else it is one of a choice.
_ON = re.compile(r"on|yes|true|x|checked|\d*", re.IGNORECASE)
_INDEX = re.compile(r"\[\d+\]")
_MARKER = re.compile(r"[_\s]+")


def remark_drafts(sheet: Sheet) -> list[Draft]:
    """The annotations and the filled-in fields of *sheet* as drafts, from the top."""
    glyphs = sheet.glyphs
    middles = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    drafts = [_of_field(field, glyphs, middles) for field in sheet.fields if field.value]
    drafts += [_of_remark(remark, glyphs, middles) for remark in sheet.annotations]
    found = [replace(d, box=_on_page(d.box, sheet)) for d in drafts if d is not None]
    return sorted(found, key=lambda draft: (draft.box.top, draft.box.left))


def with_remarks(drafts: Sequence[Draft], remarks: Sequence[Draft]) -> list[Draft]:
    """*drafts* with each remark after what it lies on or stands beside, else by its height."""
    out: list[list[Draft]] = [[] for _ in range(len(drafts) + 1)]
    for remark in remarks:
        out[_place(drafts, remark.box)].append(remark)
    after = [*drafts, None]
    return [one for here, draft in zip(out, after, strict=True) for one in (*here, draft) if one]


def without_recognised(remarks: Sequence[Draft], drafts: Sequence[Draft]) -> list[Draft]:
    """*remarks* without those that *drafts*, read off the page's picture, have already."""
    said = folded("".join(draft.quotation.text for draft in drafts))
    texts = [draft.box for draft in drafts if draft.quotation.text or draft.cells]
    return [
        remark
        for remark in remarks
        if folded(remark.quotation.text) not in said
        and not (
            remark.role is Role.FORM_FIELD
            and any(box.overlap(remark.box) > 0.3 * remark.box.area for box in texts)
        )
    ]


def _place(drafts: Sequence[Draft], box: Box) -> int:
    below = None
    for at, draft in enumerate(drafts):
        own = draft.box
        if own.overlap(box) > 0.5 * min(box.area, own.area) > 0:
            return at + 1
        is_level = own.top < box.bottom and own.bottom > box.top
        if is_level and own.right <= box.left + _SLACK and own.right > box.left - _BESIDE:
            return at + 1
        if below is None and own.top >= box.top and own.left < box.right and own.right > box.left:
            below = at
    if below is not None:
        return below
    above = [at for at, draft in enumerate(drafts) if draft.box.top <= box.top]
    return above[-1] + 1 if above else len(drafts)


def _of_field(field: FormField, glyphs: Glyphs, middles: NDArray[np.float64]) -> Draft | None:
    ticks = field.kind in ("checkbox", "radio")
    if _is_said("" if ticks else field.value, field.box, glyphs, middles):
        return None
    label = field.label or _INDEX.sub("", field.name).rsplit(".", 1)[-1]
    label = _MARKER.sub(" ", label).strip()
    if ticks and _ON.fullmatch(field.value):
        text = f"{_TICK} {label}".strip()
    elif label and (field.kind == "signature" or not _is_labelled(field, label, glyphs, middles)):
        text = f"{label}: {field.value}"
    else:
        text = field.value
    return _draft("paragraph", field.box, text, Role.FORM_FIELD)


def _of_remark(remark: Annotation, glyphs: Glyphs, middles: NDArray[np.float64]) -> Draft | None:
    if _is_said(remark.text, remark.box, glyphs, middles):
        return None
    # A text box is text on the page; the others are said about it.
    kind = "paragraph" if remark.kind == "free_text" else "callout"
    return _draft(kind, remark.box, remark.text, Role.ANNOTATION)


def _draft(kind: str, box: Box, text: str, role: Role) -> Draft:
    return Draft(
        kind,
        box,
        Quotation(text),
        likely("annotation" if role is Role.ANNOTATION else "form field"),
        role=role,
        text_source=TextSource.INFERRED,
    )


def _is_said(text: str, box: Box, glyphs: Glyphs, middles: NDArray[np.float64]) -> bool:
    """Whether the text layer has *text* where *box* is; of "", whether it has anything there."""
    slack = _SLACK if text else 0.0
    inside = _among(middles, (box.left, box.top, box.right, box.bottom), slack)
    there = folded(unshaped("".join(glyphs.text[at] for at in inside)))
    return folded(unshaped(text)) in there if text else bool(there)


def _is_labelled(
    field: FormField, label: str, glyphs: Glyphs, middles: NDArray[np.float64]
) -> bool:
    """Whether the page says itself, beside *field* or above it, what *label* says.

    A name that nobody is told is not worth a word beside any label that can be seen.
    """
    box = field.box
    left = _among(middles, (box.left - _BESIDE, box.top, box.left, box.bottom), _SLACK)
    above = _among(middles, (box.left, box.top - _ABOVE, box.right, box.top), _SLACK)
    seen = ["".join(glyphs.text[at] for at in found).strip() for found in (left, above)]
    if not field.label:
        return any(seen)
    return any(_words(label) in _words(text) for text in seen)


def _words(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _among(
    middles: NDArray[np.float64], sides: tuple[float, float, float, float], slack: float
) -> list[int]:
    left, top, right, bottom = sides
    x, y = middles.T
    inside = (x >= left - slack) & (x <= right + slack) & (y >= top - slack)
    found: list[int] = np.flatnonzero(inside & (y <= bottom + slack)).tolist()
    return found


def _on_page(box: Box, sheet: Sheet) -> Box:
    left, right = sorted(min(max(side, 0.0), sheet.width) for side in (box.left, box.right))
    top, bottom = sorted(min(max(side, 0.0), sheet.height) for side in (box.top, box.bottom))
    return Box(left, top, right, bottom)
