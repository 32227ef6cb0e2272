"""Parts of other packages: found by name, loaded when asked for, harmless when broken."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from toolkit import plugins
from toolkit.errors import InvalidInput, ToolFailed


@pytest.fixture
def doors(monkeypatch):
    """The entry points that are installed, as far as this test is concerned."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [d for d in found if d.group == group]
    )
    plugins._doors.cache_clear()
    yield lambda name, value: found.append(EntryPoint(name, value, "toolkit.tools"))
    plugins._doors.cache_clear()


def test_our_own_parts_are_there():
    assert "parse" in plugins.names("toolkit.tools")
    assert callable(plugins.load("toolkit.readers", "pdf"))


def test_names_import_nothing(doors):
    doors("broken", "no.such.module:thing")
    assert plugins.names("toolkit.tools") == ("broken",)


def test_a_broken_part_is_named_and_takes_no_other_down(doors):
    doors("broken", "no.such.module:thing")
    doors("absent", "json:no_such_thing")
    doors("good", "json:dumps")
    with pytest.warns(plugins.BrokenPlugin) as said:
        parts = plugins.load_all("toolkit.tools")
    assert list(parts) == ["good"]
    assert sorted(str(w.message).split("'")[1] for w in said) == ["absent", "broken"]
    with pytest.raises(ToolFailed, match=r"'broken'.*no\.such\.module:thing"):
        plugins.load("toolkit.tools", "broken")


def test_an_unknown_name_or_group_is_said_with_what_there_is(doors):
    doors("good", "json:dumps")
    with pytest.raises(InvalidInput, match="good"):
        plugins.load("toolkit.tools", "god")
    with pytest.raises(InvalidInput, match=r"toolkit\.readers"):
        plugins.names("toolkit.reader")


def test_nobody_replaces_our_parts(doors):
    doors("parse", "evil:run")
    doors("parse", "toolkit.tools.parse:PARSE")
    doors("parse", "evil:run_again")
    assert plugins.load("toolkit.tools", "parse").name == "parse"
