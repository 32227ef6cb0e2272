"""A store with two tools and two runners, for every test of the room."""

from __future__ import annotations

import pytest
from shelf import Shelf

collect_ignore = ["conftest.py"]  # holds no doctests, and there are several of its name


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path / "jobs.db")
    yield shelf
    shelf.store.close()
