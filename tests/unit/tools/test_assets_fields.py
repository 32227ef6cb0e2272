"""What an asset tool may be asked: defaults, ranges, text as numbers, words of a refusal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidOption
from toolkit.jobs import target_of
from toolkit.tools.assets import material, model, terrain
from toolkit.tools.assets.fields import Folder, Name, Number, harmless

TOOLS = {"material": material, "terrain": terrain, "model": model}
NUMBERS = [
    (room, name, field)
    for room in TOOLS.values()
    for name, field in room.FIELDS.items()
    if isinstance(field, Number)
]


@pytest.mark.parametrize("room", TOOLS.values(), ids=TOOLS)
def test_the_defaults_are_whole_and_stay_as_they_are(room):
    completed = room.check({})
    assert set(completed) == set(room.FIELDS)
    assert room.check(completed) == completed
    assert room.check({name: str(value) for name, value in completed.items()}) == completed
    json.dumps(completed)


def test_the_references_defaults():
    assert material.check({}) == {
        "materialMode": "vmat",
        "name": "texture",
        "normalStrength": 1.5,
        "roughnessBase": 180,
        "aoStrength": 0.3,
        "metalness": 0.0,
        "uvScale": 1.0,
        "transparent": False,
        "assetDir": "",
    }
    assert terrain.check({})["hills"] == 6
    assert model.check({})["lodMaxThreshold"] == 50


@pytest.mark.parametrize(("room", "name", "field"), NUMBERS, ids=[name for _, name, _ in NUMBERS])
@given(value=st.one_of(st.integers(), st.floats(allow_nan=True, allow_infinity=True)))
def test_a_number_is_taken_in_its_range_alone(room, name, field, value):
    inside = field.low <= value <= field.high and (not field.whole or value == int(value))
    if inside:
        assert room.check({name: value})[name] == value
        assert room.check({name: repr(value)})[name] == value
    else:
        with pytest.raises(InvalidOption) as caught:
            room.check({name: value})
        assert name in str(caught.value)
        assert str(int(field.high)) in str(caught.value)


@pytest.mark.parametrize(
    "value", ["", "many", "1e999", "0x10", "1_0", "²", "nan", None, [], True, "1" * 5000]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(InvalidOption, match="hills"):
        terrain.check({"hills": value})


def test_a_long_seed_keeps_its_last_digit():
    assert terrain.check({"seed": "9007199254740991"})["seed"] == 9007199254740991


@pytest.mark.parametrize(("word", "meant"), [("on", True), ("TRUE", True), ("0", False), (1, True)])
def test_a_form_says_yes_and_no_in_several_ways(word, meant):
    assert terrain.check({"island": word})["island"] is meant


@pytest.mark.parametrize("word", ["maybe", 2, None, 1.0])
def test_what_is_neither_yes_nor_no_is_refused(word):
    with pytest.raises(InvalidOption, match="island"):
        terrain.check({"island": word})


@pytest.mark.parametrize(
    ("room", "given", "nearest"),
    [
        (material, "normalstrength", "normalStrength"),
        (terrain, "hill", "hills"),
        (model, "lodLevel", "lodLevels"),
    ],
)
def test_an_unknown_option_names_the_nearest(room, given, nearest):
    with pytest.raises(InvalidOption, match=f"{given}.*did you mean '{nearest}'"):
        room.check({given: 1})


@pytest.mark.parametrize(
    "path",
    [
        "/etc",
        "..",
        "a/../b",
        "a//b",
        "C:/x",
        "\\\\host\\share",
        "a/./b",
        "a\nb",
        'a"b',
        "con",
        "x" * 201,
    ],
)
def test_no_folder_leads_out(path):
    with pytest.raises(InvalidOption, match="assetDir"):
        material.check({"assetDir": path})


@pytest.mark.parametrize(
    ("path", "meant"), [("", ""), ("materials/walls/", "materials/walls"), ("a\\b", "a/b")]
)
def test_a_folder_is_written_in_one_way(path, meant):
    assert Folder(default="", told="").read("assetDir", path) == meant


@given(text=st.text(max_size=300))
def test_any_name_becomes_harmless(text):
    name = Name(default="texture", told="").read("name", text)
    assert 0 < len(name) <= 65
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>| \n\0')
    assert not name.startswith(".")
    assert harmless(name, otherwise="texture") == name


@pytest.mark.parametrize("name", TOOLS)
def test_the_tool_is_registered_with_what_it_names(name):
    from toolkit.tools.registry import installed

    tool = installed()[name]
    assert target_of(tool.target) is TOOLS[name].run
    assert target_of(tool.check) is TOOLS[name].check
    schema = target_of(tool.schema)()
    assert set(schema["properties"]) == set(TOOLS[name].FIELDS)
    for field, told in schema["properties"].items():
        assert told["description"]
        assert TOOLS[name].check({field: told["default"]})[field] == told["default"]


def test_labels_and_limits_are_the_references():
    from toolkit.tools.registry import installed

    found = {name: (installed()[name].label, installed()[name].concurrency) for name in TOOLS}
    assert found == {
        "material": ("Material Generator", 8),
        "terrain": ("Terrain Generator", 10),
        "model": ("Model Optimizer", 3),
    }
