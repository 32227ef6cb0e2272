"""Options are checked once, and a wrong one is answered with the nearest right one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engine.options import ParseOptions, page_numbers
from toolkit.errors import InvalidOption


def test_defaults():
    assert ParseOptions.from_mapping({}) == ParseOptions()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("pagse", "1", "'pages'"),
        ("ocr", "allways", "'always'|ocr"),
        ("ocr", "forced", "'force'"),
        ("style", "rch", "'rich'"),
        ("preserve_images", "yes", "wrong type"),
        ("languages", 3, "wrong type"),
        ("pages", True, "wrong type"),
        ("pages", "a-b", "like"),
        ("pages", "3-1", "upward"),
        ("pages", "0", "from 1"),
        ("pages", "", "like"),
    ],
)
def test_a_wrong_option_is_named(name, value, says):
    with pytest.raises(InvalidOption, match=says):
        ParseOptions.from_mapping({name: value})


def test_the_password_is_never_shown():
    options = ParseOptions.from_mapping({}, {"password": "s3cret"})
    assert options.password == "s3cret"
    assert "s3cret" not in repr(options)
    assert "password" not in options.public()
    with pytest.raises(InvalidOption) as caught:
        ParseOptions.from_mapping({}, {"password": 12345})  # type: ignore[dict-item]
    assert "12345" not in str(caught.value)


def test_languages():
    assert ParseOptions.from_mapping({"languages": "auto"}).languages == ()
    assert ParseOptions.from_mapping({"languages": ["de", "en"]}).languages == ("de", "en")


def test_pages_out_of_the_document_are_an_error():
    with pytest.raises(InvalidOption, match="none of the 3 pages"):
        page_numbers("7", 3)


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(1, 50))
def test_pages_come_out_once_in_order(chosen, count):
    spec = ",".join(map(str, chosen))
    inside = sorted(page for page in chosen if page <= count)
    if not inside:
        with pytest.raises(InvalidOption):
            page_numbers(spec, count)
    else:
        assert list(page_numbers(spec, count)) == inside


def test_a_huge_range_costs_nothing():
    assert list(page_numbers("1-999999999", 2)) == [1, 2]


def test_both_profiles_are_taken_and_no_other():
    for profile in ("standard", "advanced"):
        assert ParseOptions.from_mapping({"profile": profile}).profile == profile
    with pytest.raises(InvalidOption, match="advanced"):
        ParseOptions.from_mapping({"profile": "advance"})
