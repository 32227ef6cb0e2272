"""From files to a corrected export in one notebook, by keyboard; each step is in the kernel."""

from __future__ import annotations

from test_board import press, until
from test_inspector import View

HAND_IN = """
import toolkit
from toolkit import samples
samples.write("way", only=["invoice"])
ws = toolkit.open("way.db")
panel = ws.submit_panel("way")
panel
"""
INSPECT = 'inspector = ws.batch("way").inspect()\ninspector'
EXPORT = 'out = ws.batch("way").export_panel()\nout'


def test_from_files_to_a_corrected_export(notebook, pictures):
    book = notebook("way.ipynb", HAND_IN, INSPECT, EXPORT)
    page = book.page

    def kernel(expression: str) -> str:
        return book.execute(f"print({expression})").strip()

    # hand in
    book.run_first(1)
    panel = page.locator(".pq-submit")
    panel.get_by_role("textbox", name="Pattern").focus()
    page.keyboard.type("*.pdf")
    press(book, "Enter")
    add = panel.get_by_role("button", name="Add 3 files")
    add.wait_for()
    add.focus()
    press(book, "Enter")
    panel.get_by_role("textbox", name="batch name").focus()
    page.keyboard.type("way")
    hand_in = panel.get_by_role("button", name="Hand in 3 files")
    hand_in.wait_for()
    hand_in.focus()
    press(book, "Enter")
    # watch
    board = page.locator(".pq-board")
    board.wait_for()
    until(lambda: "3 of 3 jobs" in board.inner_text())
    assert kernel("ws.batch('way').counts()['completed']") == "3"
    assert kernel("ws.batch('way').done") == "True"
    # inspect, and correct
    book.command("notebook:run-all-cells")
    view = View(book)
    view.drawn(1)
    view.rows.first.focus()
    press(book, "n")
    until(lambda: view.selected() == view.rows.first.get_attribute("data-i"))
    press(book, "c")
    text = view.root.get_by_label("The right text")
    text.wait_for()
    until(lambda: text.input_value() != "")
    press(book, "End")
    page.keyboard.type(" (checked)")
    press(book, "Control+Enter")
    until(lambda: "(checked)" in view.rows.first.inner_text())
    assert kernel("ws.batch('way').reviews()['verdict'].tolist()") == "['corrected']"
    page.screenshot(path=pictures / "way-corrected.png")
    # export what was corrected
    out = page.locator(".pq-export")
    reviewed = out.get_by_role("checkbox", name="as people have corrected them")
    reviewed.focus()
    press(book, "Space")
    out.get_by_role("textbox", name="Folder to write into").focus()
    press(book, "Control+a")
    page.keyboard.type("way-out")
    press(book, "Tab", "Enter")
    until(lambda: "written to way-out" in out.inner_text())
    read = "__import__('pandas').read_parquet('way-out/blocks.parquet')['text']"
    assert kernel(f"{read}.str.endswith('(checked)').sum()") == "1"
    assert kernel("ws.batch('way').blocks()['text'].str.contains('checked').sum()") == "0"
    page.screenshot(path=pictures / "way-exported.png")
