"""A picture of a page into lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.engine.ocr.lines import Recognised
from toolkit.engine.ocr.memory import give_back
from toolkit.engine.ocr.presence import models_folder

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["recognise"]


def recognise(
    image: Image,
    *,
    languages: tuple[str, ...] = (),
    check: Callable[[], None] = lambda: None,
    again: bool = False,
) -> Recognised:
    """What *image*, upright and straight (see `straightened`), says.

    *languages* are tags such as ``"de"``; empty: found out. *check* is called between two steps
    and may raise to stop. *again*: a second recogniser reads each line, too. Raises MissingExtra,
    OcrError, MemoryExceeded.
    """
    models_folder()
    from toolkit.engine.ocr import page

    try:
        return page.recognised(image, languages, check, again=again)
    finally:
        give_back()
