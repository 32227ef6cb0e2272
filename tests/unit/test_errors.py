"""The tree of errors: complete, told in its docstring, each code in one family."""

from __future__ import annotations

import re

import pytest

from toolkit import errors
from toolkit.errors import ToolkitError, error_of, family


def tree(root: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [root, *(found for child in root.__subclasses__() for found in tree(child))]


def ours() -> list[type[ToolkitError]]:
    return [kind for kind in tree(ToolkitError) if kind.__module__ == ToolkitError.__module__]


def leaves() -> list[type[ToolkitError]]:
    return [kind for kind in ours() if not any(sub in ours() for sub in kind.__subclasses__())]


GENERAL = {
    *("TIMEOUT", "OCR_ERROR", "PARSE_ERROR"),
    *("VALIDATION_ERROR", "QUOTA_EXCEEDED", "INTERNAL_ERROR"),
}


def test_the_docstring_draws_the_tree_as_it_is():
    drawn = {}
    above: list[str] = []
    for line in errors.__doc__.splitlines():
        found = re.fullmatch(r"    ([│├└─ ]*)(\w+) +([A-Z_]+) *(\(retryable\))?", line)
        if found is None:
            continue
        branches, name, code, retryable = found.groups()
        depth = len(branches) // 4
        above[depth:] = [name]
        parent = above[depth - 1] if depth else "Exception"
        drawn[name] = (parent, code, bool(retryable))
    real = {kind.__name__: (kind.__mro__[1].__name__, kind.code, kind.retryable) for kind in ours()}
    assert drawn == real


def test_all_of_them_are_offered():
    offered = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    assert offered == {kind.__name__ for kind in ours()}
    assert len(errors.__all__) == len(set(errors.__all__))


@pytest.mark.parametrize("kind", ours())
def test_every_error_says_what_it_means(kind):
    assert kind.__doc__
    assert re.fullmatch(r"[A-Z_]+", kind.code)
    assert kind("what happened").args == ("what happened",)


def test_a_code_belongs_to_one_leaf_alone():
    codes = [kind.code for kind in leaves() if kind.code not in GENERAL]
    assert len(codes) == len(set(codes))


def test_the_branches_are_the_six_general_codes():
    assert {branch.code for branch in ToolkitError.__subclasses__() if branch in ours()} == GENERAL


@pytest.mark.parametrize("kind", ours())
def test_a_family_is_the_branch_that_a_code_stands_on(kind):
    branches = [b for b in ToolkitError.__subclasses__() if issubclass(kind, b)]
    assert family(kind.code) == (branches[0].code if branches else "INTERNAL_ERROR")


def test_an_unknown_code_is_an_internal_error():
    assert family("NEVER_HEARD_OF") == "INTERNAL_ERROR"
    assert type(error_of("NEVER_HEARD_OF", "x")) is ToolkitError


@pytest.mark.parametrize("kind", leaves())
def test_a_recorded_failure_is_raised_as_what_it_was(kind):
    again = error_of(kind.code, "what happened")
    assert str(again) == "what happened"
    assert again.code == kind.code
    if kind.code not in GENERAL or kind.retryable:
        assert type(again) is kind


def test_a_wait_that_ends_early_is_a_time_out_to_everyone():
    assert issubclass(errors.StillRunning, TimeoutError)


def test_what_a_module_keeps_to_itself_is_never_raised_by_its_code():
    class _Private(errors.InternalError):
        retryable = True

    assert not isinstance(error_of("INTERNAL_ERROR", "why"), _Private)
    del _Private
