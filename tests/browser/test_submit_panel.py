"""The submit panel in a real JupyterLab, by mouse and by keyboard alone, to a board beneath."""

from __future__ import annotations

from lab import NotebookPage
from test_board import LEFT, press, until

MADE = """
import pathlib, toolkit
folder = pathlib.Path("{name}")
for place in ("march", "april/late"):
    (folder / place).mkdir(parents=True)
for n in range(3):
    (folder / "march" / f"invoice{{n}}.pdf").write_bytes(b"%%PDF-1.4 %d" % n)
(folder / "april" / "late" / "copy.pdf").write_bytes(b"%PDF-1.4 1")
(folder / "march" / "<img src=x onerror=alert(1)>.txt").write_bytes(b"note")
(folder / ".hidden.pdf").write_bytes(b"%PDF-1.4")
@toolkit.tool(local=True, schema={{"type": "object", "properties": {{
    "level": {{"type": "integer", "default": 3, "minimum": 1, "description": "How deep."}},
    "mode": {{"enum": ["fast", "fine"], "default": "fast"}}}}}})
def weigh(task):
    return b"done"
@toolkit.tool(local=True)
def plain(task):
    return b"done"
ws = toolkit.open("{name}.db", work=False)
panel = ws.submit_panel("{name}")
panel
"""


def opened(notebook, name: str) -> NotebookPage:
    book = notebook(f"{name}.ipynb", MADE.format(name=name))
    book.run_all()
    book.page.get_by_role("treeitem", name="march, folder").wait_for()
    return book


def kernel(book: NotebookPage, expression: str) -> str:
    return book.execute(f"print({expression})").strip()


def test_by_mouse(notebook, pictures):
    book = opened(notebook, "handed")
    page = book.page
    panel = page.locator(".pq-submit")
    assert page.get_by_role("treeitem").count() == 2  # nothing that is hidden
    page.get_by_role("treeitem", name="march, folder").locator(".pq-leaf").click()
    page.get_by_role("treeitem", name="invoice1.pdf").get_by_role(
        "checkbox", include_hidden=True
    ).click()
    until(
        lambda: kernel(book, "[p['name'] for p in panel._view.picks]") == "['march/invoice1.pdf']"
    )
    panel.get_by_role("textbox", name="Pattern").fill("**/*.pdf")
    panel.get_by_role("button", name="Look", exact=True).click()
    panel.get_by_role("button", name="Add 4 files").click()
    until(lambda: "5 files" in panel.inner_text())
    # what the browser has is handed in as well
    with page.expect_file_chooser() as chooser:
        panel.locator(".pq-drop").click()
    chooser.value.set_files(
        {
            "name": "mine.pdf",
            "mimeType": "application/pdf",
            "buffer": b"%PDF-1.4 " + b"x" * 5_000_000,
        }
    )
    until(lambda: "mine.pdf" in panel.locator(".pq-basket").inner_text())
    panel.get_by_role("button", name="Try (dry run)").click()
    until(lambda: "4 would be handed in" in panel.inner_text())
    assert "2 given twice" in panel.inner_text()
    assert kernel(book, "sum(ws.counts().values())") == "0"
    page.screenshot(path=pictures / "submit-tried.png")
    panel.get_by_role("textbox", name="batch name").fill("from the panel")
    panel.get_by_text("Options", exact=True).click()
    panel.get_by_role("combobox", name="ocr").select_option("never")
    panel.get_by_role("button", name="Hand in 6 files").click()
    board = page.locator(".pq-board")
    board.wait_for()
    until(lambda: "from the panel" in board.inner_text())
    assert kernel(book, "len(ws.batch('from the panel'))") == "4"
    assert kernel(book, "{j.options['ocr'] for j in ws.find()}") == "{'never'}"
    assert "nothing yet" in panel.inner_text()
    page.screenshot(path=pictures / "submit-handed-in.png")
    book.execute("panel.close()")
    until(lambda: page.locator(".pq-submit").count() == 0)
    assert book.execute(LEFT).strip() == "0"


def test_by_keyboard_alone(notebook, pictures):
    book = opened(notebook, "keyed")
    page = book.page
    panel = page.locator(".pq-submit")
    page.get_by_role("tree").focus()
    press(book, "ArrowDown", "ArrowRight")
    page.get_by_role("treeitem", name="invoice0.pdf").wait_for()
    press(book, "ArrowDown", "ArrowDown", "Space", "ArrowDown", "Space")
    until(lambda: "2 files" in panel.inner_text())
    press(book, "ArrowLeft", "ArrowLeft")
    assert (
        page.get_by_role("treeitem", name="march, folder").get_attribute("aria-expanded") == "false"
    )
    page.keyboard.press("Tab")
    page.keyboard.type("march/*")
    press(book, "Enter")
    until(lambda: "4 files" in panel.locator(".pq-found").inner_text())
    panel.get_by_role("combobox", name="tool").focus()
    page.keyboard.type("weigh")
    until(lambda: panel.get_by_text("Options", exact=True).count() == 1)
    page.get_by_text("Options", exact=True).focus()
    press(book, "Enter")
    page.get_by_role("spinbutton", name="level").fill("7")
    panel.get_by_role("button", name="Hand in 2 files").focus()
    press(book, "Enter")
    page.locator(".pq-board").wait_for()
    assert kernel(book, "[(j.tool, dict(j.options)) for j in ws.find()]") == str(
        [("weigh", {"level": 7})] * 2
    )
    assert page.locator(".jp-CodeCell").count() == 1
    page.screenshot(path=pictures / "submit-keyboard.png")


def test_what_is_wrong_is_said_and_nothing_is_lost(notebook, pictures):
    book = opened(notebook, "wrong")
    page = book.page
    panel = page.locator(".pq-submit")
    page.get_by_role("tree").focus()
    press(book, "ArrowDown", "Space")
    until(lambda: "1 folder" in panel.inner_text())
    panel.get_by_text("Options", exact=True).click()
    panel.get_by_role("textbox", name="pages").fill("seven")
    panel.get_by_role("button", name="Hand in").click()
    alert = panel.get_by_role("alert")
    until(lambda: "pages='seven'" in alert.inner_text())
    assert kernel(book, "sum(ws.counts().values())") == "0"
    # a tool without a schema takes JSON
    panel.get_by_role("combobox", name="tool").select_option("plain")
    panel.get_by_role("textbox", name="Options, as JSON").fill("{oops")
    panel.get_by_role("button", name="Hand in").click()
    until(lambda: "not JSON" in alert.inner_text())
    page.screenshot(path=pictures / "submit-wrong.png")
    panel.get_by_role("textbox", name="Options, as JSON").fill('{"a": [1]}')
    panel.get_by_role("button", name="Hand in").click()
    page.locator(".pq-board").wait_for()
    assert kernel(book, "{str(dict(j.options)) for j in ws.find()}") == "{\"{'a': [1]}\"}"


def test_a_dark_page_is_dark(browser, tmp_path_factory, pictures):
    import nbformat
    from lab import Lab
    from test_start_notebook import SHADES

    folder = tmp_path_factory.mktemp("dark")
    cells = [nbformat.v4.new_code_cell(MADE.format(name="dark"))]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "dark.ipynb")
    lab = Lab(folder, theme="JupyterLab Dark")
    try:
        page = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme="dark")
        book = NotebookPage(page, lab, "dark.ipynb")
        book.run_all()
        page.get_by_role("treeitem", name="march, folder").wait_for()
        book.append_and_run("ws.submit('dark/march', name='d').board()")
        page.locator(".pq-board .pq-port [role=row]").first.wait_for()
        book.append_and_run("ws.explore()")
        page.locator(".pq-export .pq-list label").first.wait_for()
        for shown in (".pq-submit h4", ".pq-board .pq-title", ".pq-board .pq-port .pq-file",
                      ".pq-export h4"):  # fmt: skip
            words, ground = page.evaluate(SHADES, shown)
            assert words - ground > 300, "light words on a dark ground"
        page.set_viewport_size({"width": 1200, "height": 2200})
        page.wait_for_timeout(500)
        page.screenshot(path=pictures / "panels-dark.png")
        assert book.errors == []
        assert book.outside == []
        page.close()
    finally:
        lab.close()
