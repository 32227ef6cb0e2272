"""Options as JSON Schema: nothing is missing, nothing is wrong, user's tools may name one."""

from __future__ import annotations

from dataclasses import dataclass, fields

import msgspec
import pytest

import toolkit
from toolkit.engine.options import ParseOptions
from toolkit.errors import InvalidOption
from toolkit.tools.registry import registered
from toolkit.tools.schema import parse_options, schema_of
from toolkit.workspace.offering import schema_of as schema_of_tool

PARSE = parse_options()["properties"]


def test_every_option_of_parse_is_there_and_told():
    assert list(PARSE) == [field.name for field in fields(ParseOptions)]
    assert all(one["description"].endswith(".") for one in PARSE.values())
    msgspec.json.encode(parse_options())


@pytest.mark.parametrize("name", [name for name, one in PARSE.items() if "enum" in one])
def test_a_choice_is_what_the_check_takes(name):
    for value in PARSE[name]["enum"]:
        assert getattr(ParseOptions.from_mapping({name: value}), name) == value
    with pytest.raises(InvalidOption):
        ParseOptions.from_mapping({name: "none of these"})


@pytest.mark.parametrize("name", PARSE)
def test_a_default_is_taken(name):
    default = PARSE[name]["default"]
    made = getattr(ParseOptions.from_mapping({} if default is None else {name: default}), name)
    assert made == (tuple(default) if isinstance(default, list) else default)


def test_secrets_are_marked():
    assert [name for name, one in PARSE.items() if one.get("writeOnly")] == ["password"]


def test_kinds():
    @dataclass
    class Asked:
        many: int = 3
        share: float | None = None
        names: tuple[str, ...] = ()
        odd: dict[str, str] | None = None
        must: bool = True

    found = schema_of(Asked, {"many": "How many."})["properties"]
    assert found["many"] == {"type": "integer", "default": 3, "description": "How many."}
    assert found["share"] == {"type": "number", "default": None}
    assert found["names"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert found["odd"] == {"default": None}


def test_a_users_tool_may_name_its_own(monkeypatch):
    from toolkit.tools import registry

    monkeypatch.setattr(registry, "_OWN", {})
    schema = {"type": "object", "properties": {"level": {"type": "integer"}}}

    @toolkit.tool(local=True, schema=schema)
    def own(task):
        return b""

    @toolkit.tool(local=True)
    def silent(task):
        return b""

    assert schema_of_tool(registered()["own"]) == schema
    assert schema_of_tool(registered()["silent"]) is None
    assert schema_of_tool(registered()["parse"]) == parse_options()
