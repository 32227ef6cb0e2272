"""A page's objects without its text: where a picture stays the same, nobody sees the text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pypdfium2 import raw

from toolkit.engine.readers.painted import objects_on

__all__ = ["without_text"]


@contextmanager
def without_text(page: Any) -> Iterator[None]:
    """Within this no text of *page* is rendered, inside its forms neither."""
    texts = [
        item
        for item, _ in objects_on(page)
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_TEXT
    ]
    for item in texts:
        raw.FPDFPageObj_SetIsActive(item, False)
    try:
        yield
    finally:
        for item in texts:
            raw.FPDFPageObj_SetIsActive(item, True)
