"""Numbers and dates from text: every form that tables print, and never a wrong one in silence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.frames.typed import style_of, typed
from toolkit.frames.typed_numbers import figure, is_missing


def read(*texts, hint=None):
    """The column's values, None where it stays text."""
    found = typed(texts, lambda: hint)
    return None if found is None else [None if pd.isna(v) else v for v in found.values]


def unit(*texts) -> str:
    found = typed(texts, lambda: ".")
    assert found is not None
    return found.unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("2021", 2021),
        ("-5", -5),
        ("−5", -5),
        ("–5", -5),
        ("+5", 5),
        ("(5)%", -5),
        ("(1,234.5)", -1234.5),
        ("1,234.5-", -1234.5),
        ("1,234.5−", -1234.5),
        ("1.234,5", 1234.5),
        ("1.234.567", 1234567),
        ("1,234,567", 1234567),
        ("1 234", 1234),
        ("1\u00a0234,5", 1234.5),
        ("1\u2009234.5", 1234.5),
        ("1\u202f234\u202f567", 1234567),
        ("1'234'567.8", 1234567.8),
        ("1’234", 1234),
        ("12,34,567", 1234567),
        (".5", 0.5),
        ("0,5", 0.5),
        ("0.123", 0.123),
        ("1.5e-3", 0.0015),
        ("12.5%", 12.5),
        ("12,5 %", 12.5),
        ("-0.5 ‰", -0.5),
        ("$1,234.50", 1234.5),
        ("$ (12.50)", -12.5),
        ("($12.50)", -12.5),
        ("-$12.50", -12.5),
        ("$-12.50", -12.5),
        ("US$ 12.50", 12.5),
        ("12,50 €", 12.5),
        ("EUR 12,50", 12.5),
        ("12.50 USD", 12.5),
        ("5 kr", 5),
        ("99 zł", 99),
        ("12.5*", 12.5),
        ("12.5 †‡", 12.5),
        ("12.5¹", 12.5),
        ("7[b]", 7),
        ("\u200e-5\u200e", -5),
    ],
)
def test_a_number_is_read_as_it_is_meant(text, value):
    assert read(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        *("1,234", "1.234", "-1.234", "(1,234)", "1,2341", "(5)"),
        *("007", "00123", "5.", "1,23,4", "12,3456,789", "1.2.3", "1,234.567,8"),
        *("10²", "10³", "-(5)", "--5", "$5 USD", "€$5", "5%%", "% %5", "~5", "<0.001", "5±1", "½"),
        *(
            "12:30",
            "3/4",
            "10-12",
            "1990–",
            "1990-",
            "1–2",
            "5m",
            "1.2bn",
            "1E5",
            "0x1F",
            "٣",
            "５",
        ),
        *("+49 171 234", "1 2", "2020 2021", "Q3", "5 apples", "1e999", "inf", "9" * 25, "1_000"),
        *("1.234567890123456789", "12345678901234567890.5", "NaN5", "1,\n234x", "=5", "5;6"),
    ],
)
def test_what_is_no_number_for_certain_stays_text(text):
    assert read(text) is None


@pytest.mark.parametrize(
    "text", ["", " ", "-", "–", "—", "−", "n/a", "N/A", "n.a.", "…", "..", "$ –"]
)
def test_what_says_that_there_is_nothing_is_missing(text):
    assert is_missing(text)
    assert read("5", text) == [5, None]
    assert read(text) is None


def test_types_and_units():
    assert str(typed(["1", "–"], lambda: None).values.dtype) == "Int64"
    assert str(typed(["1", "2.5"], lambda: None).values.dtype) == "Float64"
    assert read("9223372036854775807", "") == [2**63 - 1, None]
    assert unit("5 %", "6%") == "%"
    assert unit("$5", "$6", "–") == "$"
    assert unit("$5", "6") == ""
    assert unit("5", "6") == ""


@pytest.mark.parametrize(
    "texts",
    [
        *(
            ["5", "six"],
            ["5 %", "6"],
            ["5 %", "6 ‰"],
            ["$5", "€6"],
            ["5 USD", "6 EUR"],
            ["$5", "6 %"],
        ),
        *(["(1)", "(2)", "(13)"], ["1,234", "1.234"], ["1,234.5", "1.234,5"], ["1,5", "1.5"]),
        *(["1,234.5", "1'234.5"], ["1 234", "12345"], ["1,2341", "5,678"], ["1,2341", "17"]),
        ["9007199254740993", "0.5"],
    ],
)
def test_a_column_that_is_not_of_one_kind_stays_text(texts):
    assert read(*texts, hint=None) is None


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1,234", "1,234,567"], [1234, 1234567]),
        (["1.234", "12,5"], [1234, 12.5]),
        (["1,234", "0,5"], [1.234, 0.5]),
        (["1,234", "17", "950"], [1234, 17, 950]),
        (["1.234", "17", "950"], [1234, 17, 950]),
        (["(1)", "25"], [-1, 25]),
        (["1.0823", "1.1043"], [1.0823, 1.1043]),
        (["1 234", "5"], [1234, 5]),
    ],
)
def test_a_column_decides_for_its_values(texts, values):
    assert read(*texts) == values


def test_what_is_open_is_decided_by_the_hint_alone():
    assert read("1,234", hint=".") == [1234]
    assert read("1,234", hint=",") == [1.234]
    assert read("1.5", hint=",") is None
    assert read("17", "2021", hint=",") == [17, 2021]


# --- formatted and read again -----------------------------------------------------------------

LOCALES = {
    "en": (",", "."),
    "de": (".", ","),
    "fr": ("\u202f", ","),
    "ru": ("\u00a0", ","),
    "si": ("\u2009", "."),
    "ch": ("’", "."),
    "plain": ("", "."),
}
SIGNS = ["-{}", "−{}", "({})", "{}-", "$ ({})", "-{} €", "EUR -{}", "({}) *"]


def printed(value: Decimal, locale: str) -> str:
    group, mark = LOCALES[locale]
    return f"{value:,}".translate({ord(","): group, ord("."): mark})


@given(
    st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=8),
    st.sampled_from(sorted(LOCALES)),
    st.sampled_from(SIGNS),
)
@settings(max_examples=300, deadline=None)
def test_decimals_of_any_locale_come_back(values, locale, sign):
    style = LOCALES[locale][1]
    texts = [sign.format(printed(value, locale)) for value in values]
    assert read(*texts, hint=style) == [-float(value) for value in values]
    # Two decimals are enough to know the mark without being told.
    assert read(*texts) == [-float(value) for value in values]


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8),
    st.sampled_from(sorted(LOCALES)),
)
@settings(max_examples=300, deadline=None)
def test_whole_numbers_come_back_or_stay_text(values, locale):
    texts = [printed(Decimal(value), locale) for value in values]
    assert read(*texts, hint=LOCALES[locale][1]) == values
    assert read(*texts) in (None, values)


@given(
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=6),
    st.sampled_from(["en", "de", "fr", "ch"]),
)
@settings(max_examples=300, deadline=None)
def test_three_decimals_are_never_taken_for_thousands(values, locale):
    texts = [printed(value, locale) for value in values]
    assert read(*texts) in (None, [float(value) for value in values])


@given(st.lists(st.text(max_size=80), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken(texts):
    found = typed(texts, lambda: None)
    assert found is None or len(found.values) == len(texts)
    style_of(texts)


@given(st.text("0123456789.,'’ -−()%$€*[]a¹²\u00a0\u2009eE+–/", max_size=70))
@settings(max_examples=1000, deadline=None)
def test_text_like_numbers_is_taken_and_a_number_has_all_its_digits(text):
    found = figure(text)
    for value in found.readings.values() if found else ():
        assert abs(value) < 10**60
    typed([text, text], lambda: ".")
    style_of([text])


@pytest.mark.parametrize(
    "text", ["1" * 10**6, "(" * 10**6, "[a]" * 10**5, "1," * 10**6, "0.1," * 10**5]
)
def test_long_text_takes_no_time(text):
    assert figure(text) is None
    assert read(text) is None
    style_of([text])


# --- dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("2024-04-03", "2024/04/03", "2024.4.3", "03.04.2024", "3.4.2024", "3. 4. 2024"),
        *("3 April 2024", "3 Apr 2024", "03-Apr-2024", "April 3, 2024", "Apr. 3, 2024"),
        *("3rd April 2024", "3. April 2024", "3 avril 2024", "3 de abril de 2024", "3 APR 2024"),
    ],
)
def test_a_date_is_read_as_it_is_meant(text):
    assert read(text) == [pd.Timestamp(2024, 4, 3)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "03/04/2024",
            "3-4-2024",
            "03/04/24",
            "30.02.2024",
            "2024-13-01",
            "April 2024",
            "Q1 2024",
        ),
        *(
            "13.13.2024",
            "2024-02-30",
            "3 Foo 2024",
            "0000-01-01",
            "2024-04-03T25:00",
            "31 Apr 2024",
        ),
        *("99/99/2024", "2024-04-03Z", "9999-12-31T23:59:59-23:59"),
    ],
)
def test_what_is_no_date_for_certain_stays_text(text):
    assert read(text) is None


def test_a_column_tells_the_day_from_the_month():
    assert read("03/04/2024", "25/12/2024")[0] == pd.Timestamp(2024, 4, 3)
    assert read("03/04/2024", "12/25/2024")[0] == pd.Timestamp(2024, 3, 4)
    assert read("25/12/2024", "12/25/2024") is None
    assert read("05/05/2024") == [pd.Timestamp(2024, 5, 5)]


def test_times_of_day_and_zones():
    assert read("2024-04-03 10:20:30.5") == [pd.Timestamp("2024-04-03 10:20:30.5")]
    with_zone = ["2024-04-03T10:20Z", "2024-04-03T10:20+02:00"]
    assert read(*with_zone) == [
        datetime(2024, 4, 3, 10, 20, tzinfo=UTC),
        datetime(2024, 4, 3, 8, 20, tzinfo=UTC),
    ]
    assert read("2024-04-03T10:20Z", "2024-04-03") is None


@given(
    st.lists(st.dates(date(1000, 1, 1)), min_size=1, max_size=5),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d %B %Y", "%b %d, %Y"]),
)
@settings(max_examples=200, deadline=None)
def test_dates_come_back_or_stay_text(days, form):
    texts = [day.strftime(form) for day in days]
    found = read(*texts)
    assert found is None or [stamp.date() for stamp in found] == days
    if "/" not in form:
        assert found is not None
