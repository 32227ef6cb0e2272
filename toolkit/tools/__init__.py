"""The types of job: one function each, which runs in a child process and knows no database."""

from toolkit.tools.registry import registered, tool
from toolkit.tools.seal import opened, sealed

__all__ = ["opened", "registered", "sealed", "tool"]
