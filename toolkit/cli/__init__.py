"""The command ``pagequeue``: it reads what was typed, calls a verb, and prints what came of it."""

from toolkit.cli.app import main

__all__ = ["main"]
