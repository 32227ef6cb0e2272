"""The engine's version: a part of every cached result's identity."""

from __future__ import annotations

__all__ = ["ENGINE_VERSION", "MODEL"]

ENGINE_VERSION = "4"
"""Raised whenever the same file could come out differently."""

MODEL = f"pagequeue-rules/{ENGINE_VERSION}"
