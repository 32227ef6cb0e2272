"""The one place where a widget's own errors are caught: what a callback raises is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from toolkit.errors import ToolkitError

__all__ = ["guarded"]

P = ParamSpec("P")


def guarded(act: Callable[P, object], show: Callable[[str], None]) -> Callable[P, None]:
    """*act*, with anything that it raises given to *show* as a sentence.

    Jupyter swallows what a callback or a background thread raises, so that without this a click
    that fails looks like a click that did nothing.
    """

    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            act(*args, **kwargs)
        except ToolkitError as exc:
            show(f"{exc.code}: {exc}")
        except Exception as exc:  # noqa: BLE001  # this is the one wrapper of all callbacks
            show(f"{type(exc).__name__}: {exc}")

    return run
