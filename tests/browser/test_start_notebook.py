"""The first notebook, as a person meets it: opened, read, run, in light and in dark."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lab import Lab, NotebookPage

ROOT = Path(__file__).parents[2]


# How light an element's words are, and the ground they stand on: 0 to 765.
SHADES = """shown => {
    const light = rgb => rgb.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
    const words = document.querySelector(shown);
    let ground = words;
    while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)')
        ground = ground.parentElement;
    return [light(getComputedStyle(words).color), light(getComputedStyle(ground).backgroundColor)];
}"""


@pytest.fixture(scope="module")
def start(lab: Lab) -> str:
    shutil.copy(ROOT / "notebooks" / "00_start.ipynb", lab.root / "00_start.ipynb")
    return "00_start.ipynb"


def scroll_through(book: NotebookPage, place: Path) -> None:
    """The whole notebook in one picture: the page is made as tall as it is."""
    book.page.set_viewport_size({"width": 1200, "height": 4600})
    book.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
    book.page.wait_for_timeout(500)
    book.page.screenshot(path=place)


def test_it_reads_well_before_anything_was_run(notebook, start, pictures):
    # A notebook from somebody else is not trusted, and no widget is made of it: the picture stands.
    book = notebook.file(start)
    twin = book.page.locator("[class^=twin-pq]").first
    twin.wait_for()
    assert "5 of 5 jobs" in twin.inner_text()
    assert "finished" in twin.inner_text()
    assert book.page.locator(".pq-board").count() == 0
    scroll_through(book, pictures / "start-as-saved.png")


def test_it_runs_from_top_to_bottom(notebook, start, pictures):
    book = notebook.file(start)
    book.run_all()
    assert book.cell_errors() == []
    outputs = book.outputs.all_inner_texts()
    assert any("invoice_403.pdf" in text and "90.0" in text for text in outputs)
    # ws.close() stands at the end: the picture has taken the board's place
    twin = book.page.locator("[class^=twin-pq]").first
    assert twin.is_visible()
    assert "5 of 5 jobs" in twin.inner_text()
    scroll_through(book, pictures / "start-after-run.png")


def test_it_reads_well_in_the_dark(browser, start, pictures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dark")
    shutil.copy(ROOT / "notebooks" / "00_start.ipynb", folder / "00_start.ipynb")
    lab = Lab(folder, theme="JupyterLab Dark")
    try:
        page = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme="dark")
        book = NotebookPage(page, lab, "00_start.ipynb")
        for shown, name in (("[class^=twin-pq]", "saved"), (".pq-board", "live")):
            if name == "live":
                book.run_first(2)
            page.locator(shown).first.wait_for()
            words, ground = page.evaluate(SHADES, shown)
            assert words - ground > 300, "light words on a dark ground"
            page.screenshot(path=pictures / f"start-dark-{name}.png")
        assert book.errors == []
        assert book.outside == []
        page.close()
    finally:
        lab.close()
