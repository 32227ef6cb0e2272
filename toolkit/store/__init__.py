"""Remembering: jobs, results and blobs in one SQLite file with a folder of files beside it."""

from toolkit.store.store import Store

__all__ = ["Store"]
