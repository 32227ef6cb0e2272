"""From a code to its error, and to the general code that it is a case of."""

from __future__ import annotations

from toolkit.errors.tree import ToolkitError

__all__ = ["error_of", "family"]


def _tree(root: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [root, *(found for child in root.__subclasses__() for found in _tree(child))]


def _is_offered(kind: type[ToolkitError]) -> bool:
    # One that a module keeps to itself is nothing that anybody could catch.
    return not kind.__name__.startswith("_")


def error_of(code: str, message: str) -> ToolkitError:
    """The error that *code* stands for, with *message*: how a recorded failure is raised again.

    An unknown code (a user's tool, a newer version) becomes a plain ``ToolkitError``.
    """
    kinds = [kind for kind in _tree(ToolkitError) if kind.code == code and _is_offered(kind)]
    # Where a code stands for a branch and for a leaf, the one that a retry can mend is meant.
    kinds.sort(key=lambda kind: not kind.retryable)
    return kinds[0](message) if kinds else ToolkitError(message)


def family(code: str) -> str:
    """The general code that *code* is a case of, one of the six that every HTTP dialect knows.

    >>> family("PDF_PASSWORD_PROTECTED")
    'PARSE_ERROR'
    """
    for branch in ToolkitError.__subclasses__():
        if any(kind.code == code for kind in _tree(branch)):
            return branch.code
    return ToolkitError.code
