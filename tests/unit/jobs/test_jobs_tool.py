"""Tools: their limits, what their functions give back, and how they are found."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidOption, ToolFailed
from toolkit.jobs.tool import OCR_PATIENCE, Limits, Outcome, Tool, outcome_of, target_of

NAMES = [field.name for field in fields(Limits)]

numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 10**9)))
def test_limits_change_as_asked_and_nothing_else_does(changes):
    changed = Limits().with_changes(changes)
    for name in NAMES:
        assert getattr(changed, name) == changes.get(name, getattr(Limits(), name))


@given(
    st.sampled_from(NAMES),
    st.integers(max_value=0) | st.booleans() | st.text() | st.none() | st.just(math.nan),
)
def test_a_limit_is_a_positive_number(name, value):
    with pytest.raises(InvalidOption, match=name):
        Limits().with_changes({name: value})


def test_an_unknown_limit_is_named_with_those_there_are():
    with pytest.raises(InvalidOption, match=r"'memmory'.*deadline.*memory"):
        Limits().with_changes({"memmory": 1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"name": ""},
        {"name": "a/b"},
        {"target": "toolkit.tools.parse"},
        {"target": "a:b:c"},
        {"concurrency": -1},
    ],
    ids=str,
)
def test_a_tool_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidOption):
        Tool(**{"name": "parse", "target": "toolkit.tools.parse:run", **wrong})


@given(json_values)
def test_what_json_can_say_is_a_result(answer):
    outcome = outcome_of(answer)
    if isinstance(answer, str):
        assert outcome.content.decode() == answer
        assert outcome.media_type.startswith("text/plain")
    else:
        assert msgspec.json.decode(outcome.content) == answer
        assert outcome.media_type == "application/json"


@given(st.binary())
def test_bytes_are_a_result_as_they_are(answer):
    assert outcome_of(answer) == Outcome(content=answer)


def test_an_outcome_is_itself():
    outcome = Outcome(content=b"x", media_type="image/png", pages=3, cacheable=False)
    assert outcome_of(outcome) is outcome


class Custom:
    pass


@pytest.mark.parametrize("answer", [Custom(), lambda: None, 2j, {1: Custom()}])
def test_what_json_cannot_say_fails_the_tool(answer):
    with pytest.raises(ToolFailed, match="JSON cannot say"):
        outcome_of(answer)


def test_a_target_is_found_by_its_path():
    assert target_of("pathlib:Path") is Path
    assert target_of("pathlib:Path.exists") is Path.exists


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("no_such_module:run", "cannot be imported"),
        ("pathlib:no_such_function", "cannot be imported"),
        ("math:pi", "is not a function"),
    ],
)
def test_a_target_that_is_not_there_says_so(path, reason):
    with pytest.raises(ToolFailed, match=reason):
        target_of(path)


def test_pages_whose_picture_is_read_may_take_longer_on_the_clock():
    limits = Limits(deadline=60, deadline_per_page=5, page_seconds=20)
    assert limits.page_ends(recognised=False) == 20
    assert limits.page_ends(recognised=True) == 20 * OCR_PATIENCE
    assert limits.job_ends(10, recognised=0) == 60 + 10 * 5
    assert limits.job_ends(10, recognised=4) == 60 + 6 * 5 + 4 * 5 * OCR_PATIENCE
    # Nobody has more recognised pages than pages.
    assert limits.job_ends(10, recognised=99) == 60 + 10 * 5 * OCR_PATIENCE
