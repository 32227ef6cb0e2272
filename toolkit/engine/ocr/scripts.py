"""Scripts that the models cannot read: named when asked for, recognised when met, never made up.

The quick model turns such a script into look-alikes (Cyrillic into ``HOBbIé ∏opAAoK``), each script
into look-alikes of its own; the careful one leaves out most of it. Together they tell that a line
cannot be read, and in which script it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from toolkit.engine.ocr.twice import Twice

__all__ = ["is_in", "script_of", "unreadable"]

LANGUAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "Arabic": ("ar", "fa", "ps", "ur"),
    "Armenian": ("hy",),
    "Bengali": ("as", "bn"),
    "Cyrillic": ("be", "bg", "ky", "mk", "ru", "tg", "uk"),
    "Devanagari": ("hi", "mr", "ne", "sa"),
    "Ethiopic": ("am", "ti"),
    "Georgian": ("ka",),
    "Hangul": ("ko",),
    "Hebrew": ("he", "iw", "yi"),
    "Tamil": ("ta",),
    "Thai": ("th",),
}
"""Languages, as ISO 639 has them, that are written in a script the models cannot read. Those that
are written in two (Serbian, Uzbek) are left to the page."""

FEWEST: Final = 12
"""Characters that name a script: with fewer a stain could."""
LINES: Final = 2
WORD: Final = 5
"""Characters below which a line says nothing about its script."""
MARGIN: Final = 0.3
"""Nats a character by which a script must be likelier than bad Latin print."""
FEWEST_ALONE: Final = 20
MARGIN_ALONE: Final = 0.8
"""The same for a single line among others: such lines of Arabic, Armenian, Cyrillic and Greek have
1.0 to 1.2 nats."""
READ_WELL: Final = 0.95
"""On a page with another script a line must be read better than this to be no look-alike."""


def unreadable(languages: Sequence[str]) -> str | None:
    """The script of the first of *languages* if none of them can be read; None for none."""
    scripts = [_script(tag.replace("_", "-").split("-")[0].lower()) for tag in languages]
    return scripts[0] if scripts and all(scripts) else None


def _script(language: str) -> str | None:
    return next((script for script, known in LANGUAGES.items() if language in known), None)


def script_of(lines: Sequence[Twice]) -> str | None:
    """The script in which those of *lines* are that cannot be read; None if they can."""
    strange = [line.quick.text for line in lines if line.foreign and line.quick.visible >= WORD]
    text = "".join("".join(strange).split())
    if len(strange) >= LINES:
        return _likeliest(text) if len(text) >= FEWEST else None
    return _likeliest(text, MARGIN_ALONE) if len(text) >= FEWEST_ALONE else None


def is_in(script: str | None, line: Twice) -> bool:
    """Whether *line* is a look-alike of something written in *script*."""
    if script is None or line.careful is None:
        return False
    if line.foreign:
        return True
    text = "".join(line.quick.text.split())
    return line.legible < READ_WELL and _likeliest(text) == script


def _likeliest(text: str, margin: float = MARGIN) -> str | None:
    likely = {
        script: sum(weights.get(char, weights[""]) for char in text) / max(1, len(text))
        for script, weights in _weights().items()
    }
    best = max(likely, key=likely.__getitem__)
    return best if likely[best] > margin else None


@cache
def _weights() -> Mapping[str, Mapping[str, float]]:
    """For each script, how many nats a character of the quick model speaks for it rather than for
    Latin print; the empty string stands for every character that is not listed.

    Made by ``tests/eval/make_lookalikes.py``, from names in CLDR; it names the fonts.
    """
    text = files("toolkit.engine.ocr").joinpath("lookalikes.json").read_text("utf-8")
    found: Mapping[str, Mapping[str, float]] = json.loads(text)
    return found
