"""What widgets bring to the browser: plain modules and style sheets, read from this package."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["script", "style"]


def script(*names: str) -> str:
    """The scripts of these names as one module, the first one first."""
    return "\n".join(_text(f"{name}.js") for name in names)


def style(*names: str) -> str:
    """The style sheets of these names as one."""
    return "\n".join(_text(f"{name}.css") for name in names)


def _text(name: str) -> str:
    return files("toolkit.widgets").joinpath("static", name).read_text("utf-8")
