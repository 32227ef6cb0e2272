"""The export panel in a real JupyterLab: looked through, filtered, written, and linked."""

from __future__ import annotations

import pytest
from lab import Lab, NotebookPage
from test_board import LEFT, press, until

MADE = """
import toolkit
from toolkit import samples
samples.write("{name}-documents")
ws = toolkit.open("{name}.db")
batch = ws.submit("{name}-documents/invoice_40*.pdf", name="march").wait()
panel = batch.export_panel()
panel
"""


@pytest.fixture
def opened(notebook):
    def open_it(name: str) -> NotebookPage:
        book = notebook(f"{name}.ipynb", MADE.format(name=name))
        book.run_all()
        until(lambda: "3 documents" in book.page.locator(".pq-export").inner_text())
        return book

    return open_it


def matching(book: NotebookPage) -> int:
    return int(book.execute("print(panel._view.seen['matching'])"))


def test_by_mouse(opened, lab: Lab, pictures):
    book = opened("exported")
    page = book.page
    panel = page.locator(".pq-export")
    whole = matching(book)
    panel.get_by_role("checkbox", name="table").check()
    until(lambda: 0 < matching(book) < whole)
    tables = matching(book)
    assert panel.locator(".pq-table tbody tr").count() == tables
    until(lambda: "about" in panel.locator(".pq-out").inner_text())
    panel.get_by_role("checkbox", name="csv").check()
    panel.get_by_role("checkbox", name="markdown").uncheck()
    panel.get_by_role("checkbox", name="parquet").uncheck()
    panel.get_by_role("textbox", name="Folder to write into").fill("taken")
    page.screenshot(path=pictures / "export-chosen.png")
    until(lambda: panel.get_by_role("button", name="Write files").is_enabled())
    panel.get_by_role("button", name="Write files").click()
    until(lambda: "written to taken" in panel.inner_text())
    assert book.execute(
        "print(len(__import__('pandas').read_csv('taken/blocks.csv')))"
    ).strip() == str(tables)
    link = book.outputs.get_by_role("link", name="taken/blocks.csv")
    link.wait_for()
    address = link.get_attribute("href") or ""
    assert "file:" not in address
    path = address.replace(lab.address, "").split("?")[0]
    assert lab.ask(path).startswith(b"job_id,")
    page.screenshot(path=pictures / "export-written.png")
    book.execute("panel.close()")
    until(lambda: page.locator(".pq-export").count() == 0)
    assert book.execute(LEFT).strip() == "0"


def test_by_keyboard_alone(opened, pictures):
    book = opened("typed")
    page = book.page
    panel = page.locator(".pq-export")
    whole = matching(book)
    panel.get_by_role("slider", name="Least confidence").focus()
    press(book, *["ArrowRight"] * 19)
    until(lambda: matching(book) < whole)
    panel.get_by_role("checkbox", name="jsonl").focus()
    press(book, "Space")
    panel.get_by_role("textbox", name="Folder to write into").focus()
    press(book, "Control+a")
    page.keyboard.type("keys")
    press(book, "Tab", "Enter")
    until(lambda: "written to keys" in panel.inner_text())
    lines = book.execute("print(len(open('keys/blocks.jsonl').readlines()))").strip()
    assert lines == str(matching(book))
    panel.get_by_text("The same in Python").focus()
    press(book, "Enter")
    assert "min_confidence=0.95" in panel.locator(".pq-code").inner_text()
    assert page.locator(".jp-CodeCell").count() == 1
    page.screenshot(path=pictures / "export-keyboard.png")


def test_what_is_wrong_is_said(opened):
    book = opened("astray")
    panel = book.page.locator(".pq-export")
    panel.get_by_role("textbox", name="Folder to write into").fill("astray.db/under")
    panel.get_by_role("button", name="Write files").click()
    until(lambda: "UNREADABLE_PATH" in panel.get_by_role("alert").inner_text())
    panel.get_by_role("textbox", name="Folder to write into").fill("fine")
    panel.get_by_role("checkbox", name="march").uncheck()
    until(lambda: "Choose a batch" in panel.inner_text())
    panel.get_by_role("button", name="Write files").click()
    until(lambda: "choose a batch first" in panel.get_by_role("alert").inner_text())
