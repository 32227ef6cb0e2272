"""How a function becomes a tool."""

from __future__ import annotations

import base64
import pickle

import pytest

from toolkit import plugins
from toolkit.errors import InvalidInput, InvalidOption
from toolkit.jobs import Limits, Tool, target_of
from toolkit.tools import registered, tool
from toolkit.tools.registry import installed, tool_of
from toolkit.tools.seal import PICKLED, opened


def shout(task):
    return task.filename.upper()


def test_our_own_tools_come_in_by_the_door_of_plugins():
    assert registered()["parse"] == installed()["parse"]
    assert registered()["parse"].target == "toolkit.tools.parse:run"


def test_a_function_is_found_again_by_its_import_path():
    assert tool(label="Loud", concurrency=2, limits=Limits(deadline=5))(shout) is shout
    made = opened(registered()["shout"], installed())
    assert (made.name, made.label, made.concurrency) == ("shout", "Loud", 2)
    assert made.limits.deadline == 5
    assert made.target == f"{__name__}:shout"
    assert target_of(made.target) is shout


def test_the_name_and_the_label_have_good_defaults():
    tool("very-loud")(shout)
    assert registered()["very-loud"].label == "very loud"


def test_a_tool_is_found_by_its_function():
    tool()(shout)
    assert tool_of(shout) == registered()["shout"]
    with pytest.raises(InvalidInput, match="not a tool yet"):
        tool_of(print)


def test_a_function_that_cannot_be_imported_is_refused_with_the_way_out():
    with pytest.raises(InvalidInput, match="local=True"):

        @tool()
        def inner(task):
            return task

    shout.__module__, was = "__main__", shout.__module__
    try:
        with pytest.raises(InvalidInput, match="notebook cell"):
            tool()(shout)
    finally:
        shout.__module__ = was


def test_our_own_tools_cannot_be_replaced():
    with pytest.raises(InvalidOption, match="'parse' exists already"):
        tool("parse")(shout)


def test_a_local_function_travels_as_its_code_and_its_version_follows_the_code():
    factor = 2

    @tool(local=True)
    def times(number):
        return factor * number

    first = registered()["times"]
    code = opened(first, installed()).target.removeprefix(PICKLED)
    assert pickle.loads(base64.b64decode(code))(21) == 42
    factor = 3
    assert registered()["times"].version != first.version


def test_the_last_definition_of_a_cell_counts():
    for answer in ("first", "second"):

        @tool(local=True)
        def cell(_task, answer=answer):
            return answer

    code = opened(registered()["cell"], installed()).target.removeprefix(PICKLED)
    assert pickle.loads(base64.b64decode(code))(None) == "second"


def test_a_plugin_that_is_no_tool_is_named_and_left_out(monkeypatch):
    own = Tool(name="own", target="a.b:c")
    monkeypatch.setattr(plugins, "load_all", lambda group: {"own": own, "odd": "not a tool"})
    installed.cache_clear()
    try:
        with pytest.warns(plugins.BrokenPlugin, match="'odd'.*str"):
            assert installed() == {"own": own}
    finally:
        installed.cache_clear()
