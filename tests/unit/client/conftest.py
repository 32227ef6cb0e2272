"""Retries that take no time."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr("toolkit.client.transport.FIRST_PAUSE", 0.01)
