"""Numbers as tables print them: signs, grouped digits, decimal marks, per cent, currencies.

Nothing is guessed. Text that can be read in two ways keeps both readings, and who has the whole
column decides; text that is no number is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["STYLES", "Figure", "Number", "Style", "figure", "is_missing"]

Style: TypeAlias = Literal[".", ","]
"""The decimal mark that numbers are written with."""
Number: TypeAlias = int | float

STYLES: Final[tuple[Style, Style]] = (".", ",")

# No printed number is longer; it also keeps hostile text away from the expressions below.
_LONGEST = 60
# A float holds 15 digits of any decimal number.
_MOST_DIGITS = 15
_MOST_INT64 = 2**63 - 1

_SPACES = dict.fromkeys(
    map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"), " "
)
_SPACES |= dict.fromkeys(map(ord, "\u2009\u200a\u202f\u205f\u3000"), " ")
# Marks of direction, which right-to-left text puts around numbers, and what is not seen at all.
_UNSEEN: dict[int, None] = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\ufeff\u00ad"))
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ´`′"), "'")
_FOLDS = {**_SPACES, **_UNSEEN, **_APOSTROPHES}

_MINUS = "-−–‐‑‒﹣－"
# Not the dash of "1990–", which is a year and what comes after it.
_MINUS_AFTER = "-−－"
_MISSING = frozenset(
    (
        *("", "-", "--", "---", "–", "—", "−", "‐", "‑", "―", "– –", "- -", ".", "..", "...", "…"),
        *("n/a", "n.a.", "n.a", "na", "n/m", "n.m.", "nm", "n/d", "n.d.", "nan", "null", "none"),
        *("k.a.", "k. a.", "s.o.", ":"),
    )
)
_SYMBOL = (
    r"(?:US|CA|AU|NZ|HK|NT|C|A|S|R|Z|MX|CN|RMB)?[$]|(?:CN|JP)?[¥]|[€£¢₤₦₨₩₪₫₭₮₱₲₴₵₸₹₺₽₾₿]|"
    r"Rs\.?|kr\.?|Kč|zł|Ft|Fr\.|SFr\.?|лв\.?"
)
_CODE = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|"
    "KRW|KZT|MAD|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|QAR|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|"
    "USD|VND|ZAR"
)
_CURRENCY_BEFORE = re.compile(rf"({_SYMBOL}|(?:{_CODE})(?![A-Za-z])) ?")
_CURRENCY_AFTER = re.compile(rf" ?({_SYMBOL}|(?<![A-Za-z])(?:{_CODE}))$")
_SHARE_AFTER = re.compile(r" ?([%‰])$")
# "1,234*", "5.1†", "12ᵃ", "7[b]". What is one character at a time cannot take long.
_NOTES = re.compile(r"(?: ?[*†‡§¹²³⁰⁴-⁹ᵃ-ᶻ]|\[[0-9a-z]{1,2}\])+$")
_SUPERSCRIPT = re.compile(r"[¹²³⁰⁴-⁹]")
_EXPONENT = re.compile(r"(\d+[.,]\d+)[eE]([+-]?\d{1,3})")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d", re.ASCII)
_POWER = re.compile(r"(?<![\d.,])10$")

_GROUPED: Mapping[Style, re.Pattern[str]] = {
    # In India the thousands are the last group of three; those before are of two.
    ".": re.compile(r"[1-9]\d{0,2}([,' ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3}", re.ASCII),
    ",": re.compile(r"[1-9]\d{0,2}([.' ])\d{3}(?:\1\d{3})*", re.ASCII),
}
_GLUED = re.compile(r"[1-9]\d{0,2}[.,]\d{4,5}", re.ASCII)
_DIGITS = re.compile(r"0|[1-9]\d*", re.ASCII)
_FRACTION = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed: what it is in each style, what is around it, and how it looks.

    *readings* has a value for each style in which the text is a number; *mark* is what groups its
    digits in each of these. *currency* and *share* ("%" or "‰") are as printed, "" without one.
    """

    readings: Mapping[Style, Number]
    marks: Mapping[Style, str]
    currency: str = ""
    share: str = ""
    bracketed: bool = False
    glued: bool = False
    """It may end with the raised number of a footnote: "1,2341" is perhaps 1,234 and note 1."""

    @property
    def ambiguous(self) -> bool:
        """Whether the two styles read it differently."""
        return len(set(self.readings.values())) > 1


def is_missing(text: str) -> bool:
    """Whether *text* says that there is no value.

    >>> [is_missing(text) for text in ("", "–", "n/a", "$ —", "0", "-5")]
    [True, True, True, True, False, False]
    """
    if len(text) > _LONGEST:
        return not text.strip()
    bare = _folded(text).casefold()
    return bare in _MISSING or _without_units(_folded(text))[0] in ("-", "–", "—", "−")


def figure(text: str) -> Figure | None:
    """The number that *text* prints, or None.

    >>> figure("(1,234.50)").readings, figure("1,234").readings
    ({'.': -1234.5}, {'.': 1234, ',': 1.234})
    >>> figure("12 %").share, figure("€ 5").currency, figure("Q3")
    ('%', '€', None)
    """
    if len(text) > _LONGEST or not any(char.isdigit() for char in text):
        return None
    bare = _without_notes(_folded(text))
    peeled = _peeled(bare) if bare else None
    if peeled is None:
        return None
    core, sign, currency, share, bracketed = peeled
    readings: dict[Style, Number] = {}
    marks: dict[Style, str] = {}
    for style in STYLES:
        read = _read(core, style)
        if read is not None:
            readings[style], marks[style] = (-read[0] if sign == "-" else read[0]), read[1]
    # "+49 171 234" is a telephone.
    if not readings or (sign == "+" and " " in core):
        return None
    glued = _GLUED.fullmatch(core) is not None
    return Figure(readings, marks, currency, share, bracketed, glued)


def _folded(text: str) -> str:
    return " ".join(text.translate(_FOLDS).split())


def _without_notes(text: str) -> str | None:
    """*text* without the marks of its footnotes; None where they may be an exponent."""
    notes = _NOTES.search(text)
    if notes is None:
        return text
    bare = text[: notes.start()]
    if _SUPERSCRIPT.search(notes[0]) and _POWER.search(bare):
        return None
    return bare


def _without_units(text: str) -> tuple[str, str, str]:
    """*text* without a currency and a per cent sign at its ends, and these."""
    currency = share = ""
    if found := _SHARE_AFTER.search(text):
        text, share = text[: found.start()], found[1]
    if found := _CURRENCY_BEFORE.match(text):
        text, currency = text[found.end() :], found[1]
    elif found := _CURRENCY_AFTER.search(text):
        text, currency = text[: found.start()], found[1]
    return text.strip(), currency, share


def _peeled(text: str) -> tuple[str, str, str, str, bool] | None:
    """The digits and their marks; sign, currency, share; whether brackets say "negative".

    None where something is said twice: "-(5)", "$5 USD".
    """
    signs, currencies, shares, brackets = [], [], [], 0
    while True:
        before = text
        text, currency, share = _without_units(text)
        currencies += [currency] if currency else []
        shares += [share] if share else []
        if text[:1] == "(" and text[-1:] == ")":
            brackets += 1
            text = text[1:-1].strip()
        elif text[:1] and text[0] in _MINUS + "+":
            signs.append("+" if text[0] == "+" else "-")
            text = text[1:].lstrip()
        elif text[-1:] and text[-1] in _MINUS_AFTER and not _YEAR.fullmatch(text[:-1]):
            signs.append("-")
            text = text[:-1].rstrip()
        if text == before:
            break
    if len(signs) + brackets > 1 or len(currencies) > 1 or len(shares) > 1:
        return None
    if currencies and shares:
        return None
    sign = "-" if brackets else "".join(signs)
    return text, sign, "".join(currencies), "".join(shares), bool(brackets)


def _read(core: str, style: Style) -> tuple[Number, str] | None:
    """The value of *core* if *style* is its decimal mark, and what groups its digits."""
    if found := _EXPONENT.fullmatch(core):
        return _scientific(found[1], found[2], style)
    whole, mark, fraction = core.partition(style)
    if mark and not _FRACTION.fullmatch(fraction):
        return None
    group = ""
    if not (_DIGITS.fullmatch(whole) or (mark and not whole)):
        grouped = _GROUPED[style].fullmatch(whole)
        if grouped is None:
            return None
        group = grouped[1] or ","
        whole = whole.replace(group, "")
    if not mark:
        value = int(whole)
        return (value, group) if value <= _MOST_INT64 else None
    if len((whole + fraction).lstrip("0")) > _MOST_DIGITS:
        return None
    return float(f"{whole or '0'}.{fraction}"), group


def _scientific(mantissa: str, exponent: str, style: Style) -> tuple[Number, str] | None:
    if style not in mantissa:
        return None
    value = float(f"{mantissa.replace(style, '.')}e{exponent}")
    return (value, "") if value - value == 0 else None
