"""A workspace far away: the same verbs, over HTTP."""

from toolkit.client.client import Client, connect

__all__ = ["Client", "connect"]
