"""The colours and line styles of boxes, and the words that go with them.

The colours are Okabe and Ito's, darkened where white paper asks for it: types that are often seen
beside each other differ for every kind of eye. Colour never stands alone: the label of a box, the
list and the legend say the type, and the line says where the text comes from.
"""

from __future__ import annotations

from typing import Final

from toolkit.document.blocks import Proof

__all__ = ["COLOURS", "DASHES", "LABELS", "PROOFS", "SOURCES", "sureness"]

COLOURS: Final = {
    "heading": "#d55e00",
    "paragraph": "#0072b2",
    "list": "#1f8fd0",
    "table": "#008a65",
    "chart": "#8e5bb5",
    "diagram": "#6a4fb3",
    "image": "#c0568f",
    "formula": "#b8860b",
    "code": "#4d6b7a",
    "caption": "#9a6324",
    "callout": "#c98a00",
    "footnote": "#7d6b4f",
    "page_header": "#6f7780",
    "page_footer": "#6f7780",
}

LABELS: Final = {
    "page_header": "page header",
    "page_footer": "page footer",
}
"""Where the type's own name is not what a person says."""

DASHES: Final = {"verified": "", "inferred": "7 4", "derived": "1.5 3.5"}

SOURCES: Final = {
    "verified": "the same as what the file itself says",
    "inferred": "read by a model, such as OCR",
    "derived": "structure without text of its own",
}

PROOFS: Final = {
    Proof.TEXT_LAYER: "the PDF's text layer",
    Proof.PPTX_SHAPE: "the slide's own shape",
    Proof.FAITHFULNESS_CHECK: "two independent readings",
}


def sureness(confidence: float) -> str:
    """What to do about a block of this confidence.

    >>> sureness(0.93), sureness(0.8), sureness(0.5)
    ('high', 'worth a look', 'needs review')
    """
    if confidence >= 0.9:
        return "high"
    return "worth a look" if confidence >= 0.7 else "needs review"
