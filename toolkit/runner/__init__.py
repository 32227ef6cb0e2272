"""The process that does the jobs: it claims them, runs each in a child of its own, and records."""

__all__ = []
