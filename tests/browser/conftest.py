"""One JupyterLab and one Chromium for all browser tests, in a process of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab import CHROMIUM, CHROMIUM_ARGS, Lab, NotebookPage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.browser)
        if not Path(CHROMIUM).exists():
            item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go: PICTURES, or a temporary folder."""
    place = Path(os.environ.get("PICTURES") or tempfile.mkdtemp(prefix="pagequeue-pictures-"))
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = Lab(tmp_path_factory.mktemp("notebooks"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@pytest.fixture
def notebook(lab: Lab, browser: Any) -> Iterator[Callable[..., NotebookPage]]:
    """Opens a notebook of these cells; fails the test on any console error or outside request."""
    opened: list[NotebookPage] = []

    def open_cells(name: str, *cells: str, dark: bool = False) -> NotebookPage:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(made, lab.root / name)
        return open_file(name, dark=dark)

    def open_file(name: str, *, dark: bool = False) -> NotebookPage:
        scheme = "dark" if dark else "light"
        page = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme=scheme)
        found = NotebookPage(page, lab, name)
        opened.append(found)
        return found

    open_cells.file = open_file  # type: ignore[attr-defined]
    yield open_cells
    for one in opened:
        errors, outside = one.errors, one.outside
        one.page.close()
        lab.stop_kernels()
        assert not errors, errors
        assert not outside, outside
