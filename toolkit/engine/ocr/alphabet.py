"""The two recognition models, and the characters that each knows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from toolkit.engine.ocr.presence import models_folder

__all__ = ["CAREFUL", "QUICK", "Recogniser", "alphabet"]


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A model that reads one line: its file, and the list of its characters."""

    model: str
    characters: str


QUICK: Final = Recogniser("ppocrv6/tiny/rec/rec.onnx", "ppocrv6/ppocrv6_tiny_dict.txt")
"""Latin, Greek letters, Han. It makes up look-alikes for a script that it does not know."""
CAREFUL: Final = Recogniser("ppocrv6/small/rec/rec.onnx", "ppocrv6/ppocrv6_dict.txt")
"""Kana too. It takes five times as long, and leaves out what it does not know."""


@cache
def alphabet(recogniser: Recogniser) -> tuple[str, ...]:
    """One entry an output: the first is "no character here", the last the space.

    Raises MissingExtra.
    """
    known = (models_folder() / recogniser.characters).read_text("utf-8")
    return ("", *known.removesuffix("\n").split("\n"), " ")
