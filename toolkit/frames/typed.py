"""A column of text as numbers or dates, where every value of it is one, and without a guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from toolkit.frames.typed_dates import Order, ordered_dates
from toolkit.frames.typed_numbers import STYLES, Figure, Number, Style, figure, is_missing

__all__ = ["Typed", "style_of", "typed"]

# A float holds whole numbers up to here, each of them.
_MOST_IN_FLOAT = 10**15


@dataclass(frozen=True, slots=True)
class Typed:
    """A column's values, and the unit that stood beside each of them: "%", "€", "USD" or "".

    Of dates, *order* is how days and months were told apart, "" where they need not be.
    """

    values: Any
    unit: str = ""
    order: Order | Literal[""] = ""


def typed(texts: Sequence[str | None], hint: Callable[[], Style | None]) -> Typed | None:
    """*texts* as Int64, Float64 or datetimes; None where they stay text.

    None among *texts*, and what says "no value", is missing. *hint* gives the decimal mark of the
    surroundings; it is asked only where the column itself does not tell.
    """
    present = [text for text in texts if text is not None and not is_missing(text)]
    if not present:
        return None
    figures = [found for text in present if (found := figure(text)) is not None]
    if len(figures) == len(present):
        read = _numbers(figures, hint)
        return read and Typed(_spread(read.values, texts, _dtype(read.values)), read.unit)
    dated = ordered_dates(present)
    if dated is None:
        return None
    days, order = dated
    zone = ", UTC" if days[0].tzinfo else ""
    return Typed(_spread(days, texts, f"datetime64[us{zone}]"), order=order)


def _spread(values: Sequence[Any], texts: Sequence[str | None], dtype: str) -> Any:
    """*values* in the places of *texts* that have one, as an array."""
    left = iter(values)
    spread = [None if text is None or is_missing(text) else next(left) for text in texts]
    return pd.Series(spread, dtype=dtype).array


def _dtype(values: Iterable[Number]) -> str:
    return "Int64" if all(isinstance(value, int) for value in values) else "Float64"


def _numbers(figures: Sequence[Figure], hint: Callable[[], Style | None]) -> Typed | None:
    """The values of *figures*, if they are of one kind and there is one way to read them."""
    currencies = {found.currency for found in figures}
    shares = {found.share for found in figures}
    if len(shares) > 1 or len(currencies - {""}) > 1 or _only_notes(figures):
        return None
    style = _style(figures, hint)
    if style is None:
        return None
    values = [found.readings[style] for found in figures]
    if _dtype(values) == "Float64" and any(abs(value) > _MOST_IN_FLOAT for value in values):
        return None
    [share] = shares
    # A currency in the first row alone may or may not be meant for the others.
    return Typed(values, share or ("" if len(currencies) > 1 else currencies.pop()))


def _only_notes(figures: Sequence[Figure]) -> bool:
    """Whether all is like "(1)", "(2)", "(13)": numbers of notes more likely than of losses."""
    return all(
        found.bracketed
        and not (found.currency or found.share)
        and all(isinstance(value, int) and value > -100 for value in found.readings.values())
        for found in figures
    )


def _style(figures: Sequence[Figure], hint: Callable[[], Style | None]) -> Style | None:
    """The decimal mark of the column, or None where it is not certain."""
    possible = [style for style in STYLES if _fits(figures, style)]
    if not possible or not any(found.ambiguous or _one_way(found) for found in figures):
        return possible[0] if possible else None
    around = hint()
    if around is not None:
        return around if around in possible else None
    if len(possible) == 1:
        return possible[0] if _decided(figures) else None
    return _style_by_looks(figures)


def _one_way(found: Figure) -> bool:
    return len(found.readings) == 1


def _decided(figures: Sequence[Figure]) -> bool:
    """Whether what leaves one style is more than a single "1,2341", or one beside "5,678"."""
    if any(_one_way(found) and not found.glued for found in figures):
        return True
    glued = sum(found.glued for found in figures)
    return glued > 1 and not any(found.ambiguous for found in figures)


def _fits(figures: Sequence[Figure], style: Style) -> bool:
    """Whether all of *figures* are numbers in *style*, their digits grouped in one way."""
    if not all(style in found.readings for found in figures):
        return False
    marks = {found.marks[style] for found in figures} - {""}
    if " " in marks:
        # Beside an ungrouped 12345, "12 345" is rather two numbers.
        bare = (abs(f.readings[style]) for f in figures if not f.marks[style])
        return len(marks) == 1 and all(value < 10_000 for value in bare)
    return len(marks) <= 1


def _style_by_looks(figures: Sequence[Figure]) -> Style | None:
    """The style in which "1,234" is whole, if whole numbers below 1,000 stand beside it.

    A column of decimals would have three of them there as well: "5,000".
    """
    plain = [value for found in figures for value in {*found.readings.values()}
             if not found.ambiguous and value]  # fmt: skip
    if len(plain) < 2 or not all(isinstance(v, int) and abs(v) < 1_000 for v in plain):
        return None
    whole = {
        style
        for found in figures
        if found.ambiguous
        for style, value in found.readings.items()
        if isinstance(value, int)
    }
    return whole.pop() if len(whole) == 1 else None


_AFTER = r" ?(?:[%‰€£]|per ?cent\b|Prozent\b|million|billion|bn\b|Mio|Mrd|EUR\b|USD\b)"


def _strong(mark: str, group: str) -> re.Pattern[str]:
    """What leaves no doubt of the decimal mark: no section's number or date looks like it."""
    start, end = r"(?<![\d.,])", r"(?![\d.,]*\d)"
    return re.compile(
        rf"{start}(?:\d{{1,3}}(?:{group}\d{{3}})+{mark}\d{{1,2}}{end}"
        rf"|\d{{1,3}}(?:{group}\d{{3}}){{2,4}}{end}"
        rf"|\d{{1,6}}{mark}\d{{1,2}}{_AFTER}"
        rf"|0{mark}\d{{1,2}}{end})"
        rf"|[€$£¥] ?\d{{1,6}}{mark}\d{{1,2}}{end}",
        re.ASCII,
    )


_STRONG: Mapping[Style, re.Pattern[str]] = {".": _strong(r"\.", ","), ",": _strong(",", r"\.")}


def style_of(texts: Iterable[str]) -> Style | None:
    """The decimal mark of *texts*, if some of them show one beyond doubt and none another.

    >>> style_of(["rose by 6.3 per cent", "18,400"])
    '.'
    >>> style_of(["5,5 %", "1.5 %"]), style_of(["Section 1.1"])
    (None, None)
    """
    found: set[Style] = set()
    for text in texts:
        found |= {style for style in STYLES if style not in found and _STRONG[style].search(text)}
        if len(found) > 1:
            return None
    return found.pop() if found else None
