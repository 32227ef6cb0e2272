"""Dates as tables print them. A day and a month that can be taken for each other stay both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal, TypeAlias

__all__ = ["Order", "dates", "ordered_dates"]

Order: TypeAlias = Literal["day first", "month first"]
_ORDERS: Final[tuple[Order, Order]] = ("day first", "month first")

_LONGEST = 40
_ISO = re.compile(
    r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,6}))?)?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_NUMERIC = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4})", re.ASCII)
_DOTTED = re.compile(r"\s*\d{1,2}\. ?\d{1,2}\. ?\d{4}\s*", re.ASCII)
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.|er|º)?[ -]{1,2}(?:de )?([^\W\d_]{3,10})\.?,?[ -](?:del? )?(\d{4})",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.IGNORECASE)

_MONTH_NAMES = (
    "january jan januar janvier janv enero ene gennaio gen januari janeiro",
    "february feb februar février fév févr febrero febbraio februari fevereiro fev",
    "march mar märz mär mrz mars marzo maart março",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag mei maio",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août aou agosto ago augustus",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTHS: Mapping[str, int] = {
    name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()
}


def dates(texts: Sequence[str]) -> list[datetime] | None:
    """*texts* as dates, or None where one of them is none, or none tells the day from the month.

    All have a time zone, and are in UTC then, or none has.

    >>> dates(["03/04/2024", "25/12/2024"])[0].strftime("%d %B")
    '03 April'
    >>> dates(["03/04/2024", "05/06/2024"]) is None
    True
    """
    found = ordered_dates(texts)
    return None if found is None else found[0]


def ordered_dates(texts: Sequence[str]) -> tuple[list[datetime], Order | Literal[""]] | None:
    """The same, with the order that they were read in; "" where both orders are the same.

    The values decide. Where they do not, dots are for the day first.

    >>> ordered_dates(["03.04.2024"])[1], ordered_dates(["03.04.2024", "12.25.2024"])[1]
    ('day first', 'month first')
    """
    readings = [_readings(text) for text in texts]
    if not readings or not all(readings):
        return None
    lists: dict[Order, list[datetime]] = {
        order: [reading[order] for reading in readings]
        for order in _ORDERS
        if all(order in reading for reading in readings)
    }
    if not lists:
        return None
    order, days = next(iter(lists.items()))
    undecided = len(lists) == len(_ORDERS)
    if undecided and not all(map(_settled, texts, readings)):
        return None
    if len({day.tzinfo is None for day in days}) > 1:
        return None
    same = undecided and days == lists["month first"]
    return days, "" if same else order


def _settled(text: str, reading: Mapping[Order, datetime]) -> bool:
    """Whether *text* leaves no doubt, at least not to those who know what dots are for."""
    return len({*reading.values()}) == 1 or bool(_DOTTED.fullmatch(text))


def _readings(text: str) -> Mapping[Order, datetime]:
    """What *text* says in each order; both are the same where it leaves no doubt."""
    if len(text) > _LONGEST:
        return {}
    text = " ".join(text.split())
    if found := _NUMERIC.fullmatch(text):
        first, _, second, year = found.groups()
        both = zip(_ORDERS, (_date(year, second, first), _date(year, first, second)), strict=True)
        return {order: date for order, date in both if date is not None}
    certain = _certain(text)
    return {} if certain is None else dict.fromkeys(_ORDERS, certain)


def _certain(text: str) -> datetime | None:
    if found := _ISO.fullmatch(text):
        year, _, month, day, *clock, zone = found.groups()
        return _at(_date(year, month, day), clock, zone)
    if found := _DAY_FIRST.fullmatch(text):
        day, name, year = found.groups()
    elif found := _MONTH_FIRST.fullmatch(text):
        name, day, year = found.groups()
    else:
        return None
    month = _MONTHS.get(name.casefold())
    return None if month is None else _date(year, str(month), day)


def _date(year: str, month: str, day: str) -> datetime | None:
    try:
        return datetime(int(year), int(month), int(day))  # noqa: DTZ001  # a day has no zone
    except ValueError:
        return None


def _at(date: datetime | None, clock: Sequence[str | None], zone: str | None) -> datetime | None:
    """*date* at this time of its day; None for what no clock shows."""
    hour, minute, second, fraction = clock
    if date is None or (zone and hour is None):
        return None
    microseconds = int((fraction or "0").ljust(6, "0"))
    try:
        at = date.replace(
            hour=int(hour or 0),
            minute=int(minute or 0),
            second=int(second or 0),
            microsecond=microseconds,
        )
        return at.replace(tzinfo=_zone(zone)).astimezone(UTC) if zone else at
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
