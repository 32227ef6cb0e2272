"""Freeing widgets: what is displayed is held by a registry until it is told to let go."""

from __future__ import annotations

from typing import Any

__all__ = ["close_all"]


def close_all(widget: Any) -> None:
    """Close *widget*, what is in it, and the layout and style of each."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    # ipywidgets keeps every widget, and each one's layout and style, until it is told not to.
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None), widget):
        if part is not None:
            part.close()
