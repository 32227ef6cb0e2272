"""Settings: read from the environment alone, refused by the variable's name."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidOption
from toolkit.settings import Settings

NAMES = {field.name: field.type for field in fields(Settings) if field.type != "str"}
TEXTS = sorted(field.name for field in fields(Settings) if field.type == "str")
WHOLE = sorted(name for name, kind in NAMES.items() if kind == "int")
names = st.sampled_from(sorted(NAMES))


def variable(name: str) -> str:
    return f"PAGEQUEUE_{name.upper()}"


@given(st.dictionaries(names, st.integers(0, 2**40)))
def test_each_variable_sets_its_field_and_no_other(asked):
    found = Settings.read({variable(name): str(value) for name, value in asked.items()})
    for name, kind in NAMES.items():
        expected = asked.get(name, getattr(Settings(), name))
        assert getattr(found, name) == expected
        assert isinstance(getattr(found, name), int if kind == "int" else float)


@given(names, st.text() | st.sampled_from(["-1", "nan", "inf", "-inf", "1e999", "", "1,5"]))
def test_what_is_no_number_from_0_upward_is_refused_by_name(name, text):
    try:
        value = int(text) if name in WHOLE else float(text)
    except ValueError:
        value = math.nan
    if 0 <= value < math.inf:
        assert getattr(Settings.read({variable(name): text}), name) == value
        return
    with pytest.raises(InvalidOption, match=variable(name)):
        Settings.read({variable(name): text})


@pytest.mark.parametrize("name", WHOLE)
def test_a_count_is_whole(name):
    with pytest.raises(InvalidOption, match="whole number"):
        Settings.read({variable(name): "1.5"})


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_taken_as_it_is(name):
    assert getattr(Settings.read({variable(name): "a, 10.0.0.0/8"}), name) == "a, 10.0.0.0/8"


def test_the_process_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_SLOTS", "4")
    assert Settings.read().slots == 4
    assert Settings.read({}) == Settings()


def test_other_variables_do_not_matter():
    assert Settings.read({"SLOTS": "9", "PAGEQUEUE_": "x", "pagequeue_slots": "9"}) == Settings()


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Settings().slots = 3  # type: ignore[misc]
