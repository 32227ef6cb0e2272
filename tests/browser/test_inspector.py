"""The inspector in a real JupyterLab: by mouse, by keyboard alone, with thousands of boxes."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from typing import Any

import pytest
from lab import NotebookPage

OPEN = """
import toolkit
from toolkit import samples
samples.write("{name}-documents")
ws = toolkit.open("{name}.db")
batch = ws.submit("{name}-documents/*report*.pdf", name="reports").wait(progress=False)
"""
INSPECT = "inspector = batch.inspect()\ninspector"
MADE = """
import toolkit
from toolkit.document.blocks import *
from toolkit.document.document import *
def placed(n, text, box, kind=Paragraph, **own):
    return kind(id=f"blk_{{n:012x}}", page=1, bbox=box, reading_order_index=n, text=text,
                text_source=TextSource.VERIFIED, proof=Proof.TEXT_LAYER, confidence=0.97, **own)
def made(blocks, filename="made.pdf"):
    return Document(
        source=Source(kind=SourceKind.PDF, filename=filename, file_hash="sha256:" + "ab" * 32,
                      page_count=1, page_sizes=((8.5, 11.0),)),
        extraction=Extraction(model="made", profile="standard", duration_ms=1,
                              faithfulness_score=1.0),
        pages=(Page(page=1, blocks=tuple(blocks)),))
{body}
inspector = toolkit.inspect(document)
inspector
"""
MANY = """
document = made(placed(n, f"block number {n}",
                       (n % 40 / 40, n // 40 / 50, n % 40 / 40 + .02, n // 40 / 50 + .015))
                for n in range(2000))
"""
HOSTILE = r"""
NASTY = ("<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
         "\u202egpj.exe\x1b[31m</style>" + "a" * 50)
table = Table(id="blk_00000000000a", page=1, bbox=(.1, .3, .9, .5), reading_order_index=9,
              text_source=TextSource.VERIFIED, confidence=.9, headers=(NASTY,), rows=((NASTY,),))
document = made([placed(0, NASTY, (.1, .1, .9, .15), Heading), table,
                 placed(1, "long " * 60000, (.1, .6, .9, .9))], filename=NASTY)
"""


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Return when *true* () holds; a busy machine is given time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.1)


class View:
    """The inspector in the page, and what its kernel says of it."""

    def __init__(self, book: NotebookPage) -> None:
        self.book, self.page = book, book.page
        self.root = book.page.locator(".pq-inspector").first
        self.root.wait_for()
        self.boxes = self.root.locator(".pq-boxes").first.locator("[data-i]")
        self.rows = self.root.locator(".pq-list[role=listbox] [data-i]")
        self.detail = self.root.get_by_role("region", name="Selected block")

    def kernel(self, expression: str) -> Any:
        return ast.literal_eval(self.book.execute(f"print(repr({expression}))").strip())

    def drawn(self, page: int) -> None:
        until(lambda: self.root.get_attribute("data-picture") == str(page))

    def selected(self) -> str | None:
        chosen = self.kernel("inspector.selected")
        return chosen and chosen[1]

    def chosen_box(self) -> str | None:
        found = self.root.locator(".pq-box.pq-selected")
        return found.first.get_attribute("data-i") if found.count() else None

    def button(self, name: str) -> Any:
        return self.root.get_by_role("button", name=name, exact=True)

    def shown_boxes(self) -> int:
        return self.root.locator(".pq-box:not(.pq-gone)").count()


def test_by_mouse(notebook, pictures):
    book = notebook("mouse.ipynb", OPEN.format(name="mouse"), INSPECT)
    book.run_all()
    view = View(book)
    view.drawn(1)
    book.page.screenshot(path=pictures / "inspector-light.png")
    # a box, its row, and the kernel are one selection
    view.boxes.nth(0).click()
    until(lambda: view.selected() == view.chosen_box())
    row = view.root.locator(".pq-list[role=listbox] .pq-selected")
    assert row.get_attribute("data-i") == view.chosen_box()
    # a row, on the next page
    view.button("Next page").click()
    view.drawn(2)
    assert view.kernel("inspector.page") == 2
    table = view.root.locator(".pq-row.pq-t-table").first
    table.click()
    until(lambda: view.selected() == table.get_attribute("data-i"))
    assert view.chosen_box() == table.get_attribute("data-i")
    cells = view.detail.locator("table.pq-grid tr").all_inner_texts()
    assert cells[1].split("\t") == list(view.kernel("inspector.block.rows[0]"))
    book.page.screenshot(path=pictures / "inspector-table.png")
    # the kernel selects
    other = view.kernel("inspector.sheet['blocks'][1]['i']")
    book.execute(f"inspector.selected = (inspector.document, {other!r})")
    until(lambda: view.chosen_box() == other)
    # the legend filters; the code is what pandas makes of it
    everything = view.shown_boxes()
    view.root.locator(".pq-chip[data-value=table]").click()
    until(lambda: view.shown_boxes() == 1)
    assert view.kernel("inspector.filters") == {"type": ["table"]}
    code = view.root.locator(".pq-code").inner_text()
    assert "type='table'" in code
    assert view.kernel(f"{code}.equals(inspector.frame())") is True
    view.root.get_by_label("Where to look").select_option("document")
    until(lambda: " of " in view.root.locator(".pq-counted").inner_text())
    listed = view.kernel("inspector.frame().block_id.tolist()")
    until(lambda: [r.get_attribute("data-i") for r in view.rows.all()] == listed)
    view.rows.last.click()
    until(lambda: view.selected() == listed[-1])
    until(lambda: view.root.get_attribute("data-picture") == str(view.kernel("inspector.page")))
    book.page.screenshot(path=pictures / "inspector-hits.png")
    view.button("Clear").click()
    until(lambda: view.kernel("(inspector.filters, inspector.scope)") == ({}, "page"))
    # the strip of pages, the outline, the zoom
    view.button("Pages").click()
    until(lambda: view.root.locator(".pq-thumb img[src^=blob]").count() >= 2)
    view.root.locator(".pq-thumb").nth(1).click()
    view.drawn(2)
    until(lambda: view.shown_boxes() == everything)
    view.root.get_by_role("tab", name="Outline").click()
    view.root.get_by_role("treeitem").last.click()
    until(lambda: view.kernel("inspector.selected[1]") == view.chosen_box())
    before = view.root.locator(".pq-paper").first.bounding_box()["width"]
    view.button("Zoom in").click()
    assert view.root.locator(".pq-paper").first.bounding_box()["width"] > before * 1.2
    view.button("Zoom to the block").click()
    book.page.screenshot(path=pictures / "inspector-zoomed.png")
    assert book.cell_errors() == []


def test_by_keyboard_alone(notebook, pictures):
    book = notebook("keys.ipynb", OPEN.format(name="keys"), INSPECT)
    book.run_all()
    view = View(book)
    view.drawn(1)
    press = book.page.keyboard.press
    cells = "window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = book.page.evaluate(cells)

    def focused() -> dict[str, str]:
        return book.page.evaluate(
            "() => ({...document.activeElement.dataset, role: document.activeElement"
            ".getAttribute('role') ?? document.activeElement.tagName, "
            "box: document.activeElement.tagName})"
        )

    view.root.get_by_label("Page", exact=True).focus()
    for _ in range(60):
        if focused()["box"] == "rect":
            break
        press("Tab")
    assert focused()["box"] == "rect", "the boxes are one stop of the tab key"
    first = focused()["i"]
    press("ArrowDown")
    until(lambda: view.selected() == first)
    press("ArrowDown")
    until(lambda: view.selected() not in (None, first))
    assert focused()["i"] == view.selected()
    # to the details and back, with the focus where it was
    press("Enter")
    assert focused()["role"] == "region"
    press("Escape")
    assert focused()["i"] == view.selected()
    # the page turns under the focus
    press("PageDown")
    view.drawn(2)
    until(lambda: focused().get("box") == "rect")
    press("ArrowDown")
    until(lambda: view.selected() == view.kernel("inspector.sheet['blocks'][0]['i']"))
    press("End")
    until(lambda: view.selected() == view.kernel("inspector.sheet['blocks'][-1]['i']"))
    # keys that delete, add and copy cells outside do nothing here
    for key in ("d", "d", "b", "v", "x", "m", "y"):
        assert focused()["box"] == "rect", key
        press(key)
    assert book.page.evaluate(cells) == before
    press("+")
    press("0")
    # find by text
    press("/")
    book.page.keyboard.type("segment")
    until(lambda: view.kernel("inspector.filters") == {"text": "segment"})
    until(lambda: view.shown_boxes() == view.kernel("len(inspector.frame())"))
    press("Escape")
    until(lambda: view.kernel("inspector.filters") == {})
    press("Escape")
    assert focused()["role"] == "option", "from the search to the list"
    press("ArrowDown")
    until(lambda: focused()["i"] == view.selected())
    press("?")
    assert view.root.get_by_role("dialog", name="Keys").is_visible()
    book.page.screenshot(path=pictures / "inspector-keys.png")
    press("Escape")
    press("Escape")
    until(lambda: view.selected() is None)


def test_two_thousand_boxes(notebook, pictures):
    book = notebook("many.ipynb", MADE.format(body=MANY))
    book.run_all()
    view = View(book)
    assert view.boxes.count() == 2000
    drawn = float(view.root.get_attribute("data-draw-ms"))
    timed = book.page.evaluate(
        """async () => { const root = document.querySelector('.pq-inspector');
        const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
        const rows = [...root.querySelectorAll('.pq-list [data-i]')], times = [];
        for (const at of [3, 700, 1999, 1200, 20]) { await frame(); const t = performance.now();
          rows[at].click(); await frame(); times.push(performance.now() - t); }
        const t = performance.now(); root.querySelector('.pq-chip[data-value=verified]').click();
        await frame(); return {select: times, filter: performance.now() - t}; }"""
    )
    memory = book.page.evaluate("performance.memory?.usedJSHeapSize ?? 0")
    print(f"\n2,000 boxes: drawn {drawn:.0f} ms, selected and painted {timed['select']} ms,")
    print(f"filtered {timed['filter']:.0f} ms, JS heap {memory / 1e6:.0f} MB")
    book.page.screenshot(path=pictures / "inspector-many.png")
    assert view.root.locator(".pq-box.pq-selected").count() == 1


def test_hostile_text_is_text(notebook, pictures):
    book = notebook("hostile.ipynb", MADE.format(body=HOSTILE))
    book.run_all()
    view = View(book)
    for at in range(3):
        view.rows.nth(at).click()
        until(lambda at=at: view.rows.nth(at).get_attribute("aria-selected") == "true")
        assert view.detail.inner_text()
    book.page.screenshot(path=pictures / "inspector-hostile.png")
    view.button("Show all (280,000 more)").click()
    until(lambda: len(view.detail.inner_text()) >= 299_000)
    assert book.page.evaluate("window.pwned") is None
    whole = view.root.inner_text() + view.root.evaluate("node => node.outerHTML")
    assert "\u202e" not in whole
    assert "\x1b" not in whole
    assert view.root.locator("script, img[src=x]").count() == 0


def test_the_still_stays_when_it_is_closed(notebook, browser, pictures):
    book = notebook("still.ipynb", OPEN.format(name="still"), INSPECT)
    book.run_all()
    view = View(book)
    view.drawn(1)
    still = book.page.locator("[class^=twin-pq-inspector]").first
    assert not still.is_visible()
    assert still.locator("img[src^='data:image/jpeg']").count() == 1
    view.kernel("inspector.to_html('still.html') and None")
    book.execute("inspector.close()")
    until(lambda: book.page.locator(".pq-inspector").count() == 0)
    until(still.is_visible)
    assert "Annual Report 2025" in still.inner_text()
    book.page.screenshot(path=pictures / "inspector-still.png")
    left = "import ipywidgets; print(len(ipywidgets.widgets.widget._instances))"
    assert book.execute(left).strip() == "0"
    bare = browser.new_context(java_script_enabled=False).new_page()
    asked = []
    bare.on("request", lambda request: asked.append(request.url))
    bare.goto((book.lab.root / "still.html").as_uri())
    assert bare.locator("svg rect").count() == bare.locator(".block").count() > 20
    assert bare.locator("table").count() >= 2
    bare.screenshot(path=pictures / "inspector-html.png")
    assert all(url.startswith(("file:", "data:")) for url in asked)
    bare.context.close()


RUNS = """
from pathlib import Path
first, second = (Path(f"{name}-documents/invoice_{n}.pdf").read_bytes() for n in (401, 403))
batch = ws.submit(("invoice.pdf", first), name="a").wait(progress=False)
other = ws.submit(("invoice.pdf", second), name="b").wait(progress=False)
inspector = batch.compare(other)
inspector
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_two_runs_beside_each_other(notebook, pictures, dark):
    name = "dark" if dark else "light"
    cells = OPEN.format(name=name), RUNS.replace("{name}", name)
    book = notebook(f"runs-{name}.ipynb", *cells, dark=dark)
    if dark:
        theme = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: %r})"
        book.page.evaluate(theme % "JupyterLab Dark")
    book.run_all()
    view = View(book)
    view.drawn(1)
    papers = view.root.locator(".pq-paper-frame:visible")
    assert papers.count() == 2
    sources = [paper.locator("img").get_attribute("src") for paper in papers.all()]
    assert len(set(sources)) == 2, "two files, two pictures"
    differing = view.kernel("[pair[:3] for pair in inspector.sheet['pairs'] if pair[2] != 'same']")
    assert differing
    change = view.root.get_by_role("button", name="difference")
    assert f"{len(differing)} difference" in change.inner_text()
    change.click()
    until(lambda: view.selected() == differing[0][0])
    assert view.detail.locator(".pq-difference").count() == 1
    book.page.screenshot(path=pictures / f"inspector-runs-{name}.png")
    view.root.get_by_label("Compare").select_option("over")
    assert papers.count() == 1
    book.page.screenshot(path=pictures / f"inspector-over-{name}.png")
    view.root.get_by_label("Compare").select_option("side")
    assert papers.count() == 2


def test_reviewing_by_keyboard(notebook, pictures):
    book = notebook("review.ipynb", OPEN.format(name="review"), INSPECT)
    book.run_all()
    view = View(book)
    view.drawn(1)
    press = book.page.keyboard.press
    view.rows.first.focus()
    # the next that nobody has looked at, accepted; the next one, corrected
    press("n")
    until(lambda: view.selected() == view.rows.first.get_attribute("data-i"))
    press("a")
    until(lambda: view.kernel("len(inspector.reviews)") == 1)
    press("n")
    until(lambda: view.selected() == view.rows.nth(1).get_attribute("data-i"))
    press("c")
    area = view.root.get_by_label("The right text")
    area.wait_for()
    until(lambda: area.input_value() != "")
    press("End")
    book.page.keyboard.type(", and Bergen")
    press("Control+Enter")
    until(lambda: "and Bergen" in view.rows.nth(1).inner_text())
    chosen = view.selected()
    assert chosen == view.rows.nth(1).get_attribute("data-i")
    kept = view.kernel("[(r.verdict.value, r.block_ids[0]) for r in ws.reviews([batch[0].id])]")
    assert kept == [("accepted", view.rows.first.get_attribute("data-i")), ("corrected", chosen)]
    rows = "batch.blocks({}).query('block_id == @inspector.selected[1]').text.item()"
    assert view.kernel(rows.format("reviewed=True")).endswith(", and Bergen")
    assert "Bergen" not in view.kernel(rows.format(""))
    assert "2 of " in view.root.get_by_role("status").inner_text()
    book.page.screenshot(path=pictures / "inspector-review.png")
    # a cell of a table
    view.button("Next page").click()
    view.drawn(2)
    view.root.locator(".pq-row.pq-t-table").first.click()
    view.detail.get_by_role("button", name="Correct", exact=True).click()
    press("Enter")
    book.page.keyboard.type("Business")
    press("Enter")
    until(lambda: view.kernel("inspector.block.headers[0]") == "Business")
    until(lambda: "Business" in view.detail.inner_text())
    book.page.screenshot(path=pictures / "inspector-review-cell.png")
    # as the engine read it, and undone
    view.root.get_by_label("as reviewed").uncheck()
    until(lambda: view.kernel("inspector.block.headers[0]") == "Segment")
    view.root.get_by_label("as reviewed").check()
    until(lambda: view.kernel("inspector.block.headers[0]") == "Business")
    view.root.get_by_role("button", name="undo").click()
    until(lambda: view.kernel("inspector.block.headers[0]") == "Segment")
    assert book.cell_errors() == []
