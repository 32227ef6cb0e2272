"""A database file may come from somebody else: what it names is not run unasked."""

from __future__ import annotations

import base64
import stat
import sys
from dataclasses import replace

import pytest

from toolkit.errors import ToolFailed, UnreadablePath
from toolkit.jobs import Tool
from toolkit.tools import opened, sealed
from toolkit.tools.registry import installed
from toolkit.tools.seal import PICKLED, key, state_folder

MINE = Tool(name="mine", target="my_tools:run", check="my_tools:check")


def test_what_was_sealed_here_opens_here():
    shut = sealed(MINE)
    assert shut.target.startswith("my_tools:run#")
    assert opened(shut, {}) == MINE


def test_sealing_twice_changes_nothing():
    assert sealed(sealed(MINE)) == sealed(MINE)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"check": "os:system"},
        {"check": None},
        {"target": "os:system#" + "0" * 64},
        {"target": "os:system"},
    ],
)
def test_anything_else_under_the_seal_is_refused(change):
    with pytest.raises(ToolFailed, match="nobody on this machine has vouched"):
        opened(replace(sealed(MINE), **change), {})


def test_a_seal_does_not_move_to_another_function():
    seal = sealed(MINE).target.partition("#")[2]
    with pytest.raises(ToolFailed):
        opened(replace(MINE, target=f"os:system#{seal}"), {})


def test_another_persons_seal_is_none(monkeypatch, tmp_path):
    shut = sealed(MINE)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ToolFailed):
        opened(shut, {})
    assert key(create=False) is None, "looking makes no key"
    sealed(MINE)
    with pytest.raises(ToolFailed):
        opened(shut, {})


def test_our_own_tools_need_no_seal_but_only_as_they_are():
    parse = installed()["parse"]
    assert opened(parse, installed()) == parse
    assert opened(replace(parse, concurrency=1), installed()).concurrency == 1
    for change in ({"target": "os:system"}, {"check": "os:system"}, {"name": "evil"}):
        with pytest.raises(ToolFailed):
            opened(replace(parse, **change), installed())


def test_a_pickle_of_a_strangers_is_never_loaded():
    class Boom:
        def __reduce__(self):
            return (pytest.fail, ("it was unpickled",))

    import pickle

    code = base64.b64encode(pickle.dumps(Boom())).decode()
    with pytest.raises(ToolFailed, match="a function stored in the file"):
        opened(Tool(name="boom", target=PICKLED + code), installed())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_its_owner_can_read_the_key():
    sealed(MINE)
    place = state_folder() / "seal.key"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    assert [p.name for p in place.parent.iterdir()] == ["seal.key"]


def test_a_damaged_key_is_said_so():
    sealed(MINE)
    (state_folder() / "seal.key").write_bytes(b"short")
    with pytest.raises(UnreadablePath, match="damaged"):
        sealed(MINE)
