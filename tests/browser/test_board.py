"""The board in a real JupyterLab: alive, by mouse and by keyboard, with thousands, back again."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab import NotebookPage

SLOW = """
import toolkit

@toolkit.tool(local=True, cacheable=False)
def slow(task):
    import time
    time.sleep(0.4)
    return b"done"

ws = toolkit.open("{name}.db")
"""
SUBMIT = """
notes = [(f"note{{n}}.txt", b"%d" % n) for n in range({n})]
batch = ws.submit(notes, tool="slow", name="slow")
"""
# Jobs of a paused queue, so that nothing moves but by the test's own hand.
STILL = """
import toolkit
ws = toolkit.open("{name}.db", work=False)
batch = ws.submit([(f"report-{{n:05}}.pdf", b"%%PDF-1.4 %d" % n) for n in range({n})], name="still")
"""
# A batch of very many, without files: rows are all that is looked at.
MANY = """
import time, tracemalloc, toolkit
from toolkit.workspace.offering import known_tool
from toolkit.jobs import Submission
from toolkit.store import batches, queue
ws = toolkit.open("many.db", work=False)
known_tool(ws.store, "parse")
with ws.store.write() as conn:
    made = batches.create(conn, name="many", now=time.time())
    queue.enqueue_many(conn, [
        Submission(tool="parse", filename=f"report-{{n:05}}.pdf", batch=made) for n in range({n})
    ], now=time.time())
batch = ws.batch("many")
"""
LEFT = "import ipywidgets; print(len(ipywidgets.widgets.widget._instances))"


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Return when *true* () holds; a busy machine is given time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.2)


def board_of(book: NotebookPage):
    return book.page.locator(".pq-board").first


def rows_of(book: NotebookPage):
    return board_of(book).locator(".pq-port [role=row]")


def press(book: NotebookPage, *keys: str) -> None:
    for key in keys:
        book.page.keyboard.press(key)


def test_the_board_lives_and_ends_with_the_right_value(notebook, pictures):
    book = notebook("lives.ipynb", SLOW.format(name="lives"), SUBMIT.format(n=12), "batch")
    book.run_all()
    board = board_of(book)
    board.wait_for()
    assert "of 12 jobs" in board.inner_text()
    until(lambda: "12 of 12 jobs" in board.inner_text())
    assert "finished" in board.inner_text()
    until(lambda: rows_of(book).filter(has_text="completed").count() == 12)
    assert board.get_by_role("progressbar").get_attribute("aria-valuenow") == "12"
    book.page.screenshot(path=pictures / "board-finished.png")
    # the static twin is there for readers without a kernel, and is not shown beside the live one
    twin = book.page.locator("[class^=twin-pq]")
    until(lambda: "12 of 12 jobs" in (twin.first.text_content() or ""))
    assert not twin.first.is_visible()
    assert book.cell_errors() == []


def test_a_click_cancels_what_has_not_ended(notebook, pictures):
    book = notebook("cancel.ipynb", SLOW.format(name="cancel"), SUBMIT.format(n=200), "batch")
    book.run_all()
    board = board_of(book)
    button = board.get_by_role("toolbar").get_by_role("button", name="Cancel")
    until(lambda: "completed" in board.inner_text())
    book.page.screenshot(path=pictures / "board-running.png")
    button.click()
    until(lambda: "finished" in board.inner_text())
    assert "cancelled" in board.inner_text()
    assert button.is_disabled()
    counts = book.execute("print(batch.counts())")
    assert "'queued': 0" in counts
    assert "'processing': 0" in counts
    assert "'cancelled': 0" not in counts
    # and back again, by the other button, with the tool paused by its own
    board.get_by_role("toolbar").get_by_role("button", name="Retry").click()
    until(lambda: "'cancelled': 0" in book.execute("print(batch.counts())"))
    board.get_by_role("button", name="Pause slow").click()
    board.get_by_role("button", name="Resume slow (paused)").wait_for()
    assert "paused" in book.execute("print(ws.stats().loc['slow', 'state'])")
    until(lambda: button.is_enabled() and "Cancel" in button.inner_text())
    book.execute("batch.cancel()")
    book.page.screenshot(path=pictures / "board-cancelled.png")


def test_by_mouse_rows_are_found_sorted_chosen_and_erased(notebook, pictures):
    book = notebook("mouse.ipynb", STILL.format(name="mouse", n=40), "batch")
    book.run_all()
    board, page = board_of(book), book.page
    rows_of(book).first.wait_for()
    board.get_by_role("searchbox").fill("report-0001")
    until(lambda: rows_of(book).count() == 10)
    board.get_by_role("columnheader", name="File").get_by_role("button").click()
    board.get_by_role("columnheader", name="File").get_by_role("button").click()
    until(lambda: "report-00019" in rows_of(book).first.inner_text())
    assert board.get_by_role("columnheader", name="File").get_attribute("aria-sort") == "descending"
    for n in (0, 2):
        rows_of(book).nth(n).get_by_role("checkbox").click()
    assert board.locator("[role=row][aria-selected=true]").count() == 2
    board.get_by_role("button", name="Priority …").click()
    board.get_by_role("spinbutton", name="Priority").fill("9")
    press(book, "Enter")
    until(lambda: "2 jobs now at priority 9" in board.inner_text())
    found = "print(sorted(j.filename for j in ws.find() if j.priority == 9))"
    assert "['report-00017.pdf', 'report-00019.pdf']" in book.execute(found)
    # erasing asks first, and "Keep" keeps
    board.get_by_role("button", name="Erase 2 selected").click()
    page.screenshot(path=pictures / "board-erase.png")
    board.get_by_role("alertdialog").get_by_role("button", name="Keep as it is").click()
    assert "0" in book.execute("print(sum(j.purged for j in ws.find()))")
    rows_of(book).first.get_by_role("button", name="Erase").click()
    board.get_by_role("alertdialog").get_by_role("button", name="Erase it").click()
    until(lambda: "1 job erased" in board.inner_text())
    assert book.execute("print([j.number for j in ws.find() if j.purged])").strip() == "[20]"
    # a state as a filter
    board.get_by_role("searchbox").fill("")
    board.get_by_role("button", name="1 cancelled").click()
    until(lambda: rows_of(book).count() == 1)
    assert "(erased)" in rows_of(book).first.inner_text()
    rows_of(book).first.click()
    board.get_by_role("region", name="Job", exact=True).wait_for()
    page.screenshot(path=pictures / "board-found.png")


def test_by_keyboard_alone(notebook, pictures):
    book = notebook("keys.ipynb", STILL.format(name="keys", n=40), "batch")
    book.run_all()
    board = board_of(book)
    rows_of(book).first.wait_for()
    board.get_by_role("searchbox").focus()
    press(book, "Tab")  # past the search: the heads of the columns are in the grid's own order
    grid = board.get_by_role("grid")
    until(lambda: grid.evaluate("node => node === document.activeElement"))
    press(book, "ArrowDown", "ArrowDown", "Space", "Shift+ArrowDown")
    until(lambda: board.locator("[role=row][aria-selected=true]").count() == 2)
    active = grid.get_attribute("aria-activedescendant")
    assert "report-00003" in book.page.locator(f"#{active}").inner_text()
    press(book, "Delete")
    until(lambda: "2 jobs cancelled" in board.inner_text())
    names = "print([j.filename for j in ws.find(status='cancelled')])"
    assert book.execute(names).strip() == "['report-00002.pdf', 'report-00003.pdf']"
    # the shortcuts of the notebook are not meant: its cells are still there
    press(book, "d", "d", "a", "x")
    assert book.page.locator(".jp-CodeCell").count() == 2
    press(book, "End")
    rows_of(book).filter(has_text="report-00039").wait_for()
    press(book, "Enter")
    detail = board.get_by_role("region", name="Job", exact=True)
    until(lambda: detail.is_visible() and "report-00039" in detail.inner_text())
    press(book, "Escape", "Control+a")
    until(lambda: "Cancel 40 selected" in board.inner_text())
    board.get_by_role("toolbar").get_by_role("button", name="Erase 40 selected").focus()
    press(book, "Enter")
    # the safe answer has the keyboard
    assert book.page.evaluate("document.activeElement.textContent") == "Keep as it is"
    press(book, "Escape")
    assert "0" in book.execute("print(sum(j.purged for j in ws.find()))")
    book.page.screenshot(path=pictures / "board-keyboard.png")


def test_ten_thousand_jobs_scroll(notebook, pictures):
    book = notebook("many.ipynb", MANY.format(n=10_000))
    book.run_all()
    book.execute("tracemalloc.start(); before = tracemalloc.get_traced_memory()[0]")
    began = time.perf_counter()
    book.append_and_run("board = batch.board(); board")
    rows_of(book).filter(has_text="report-00003.pdf").wait_for()
    shown = time.perf_counter() - began
    kernel = int(book.execute("print(tracemalloc.get_traced_memory()[0] - before)"))
    assert board_of(book).locator("[role=row]").count() < 60
    assert board_of(book).get_by_role("grid").get_attribute("aria-rowcount") == "10001"
    waits = []
    for row in (5000, 9999, 1234, 7777):
        began = time.perf_counter()
        book.page.evaluate(
            "row => { document.querySelector('.pq-port').scrollTop = row * 28 - 100; }", row
        )
        name = f"report-{row:05}.pdf"
        rows_of(book).filter(has_text=name).wait_for()
        waits.append(time.perf_counter() - began)
    heap = book.page.evaluate("performance.memory.usedJSHeapSize")
    print(
        f"10,000 jobs: shown in {shown * 1000:.0f} ms, rows after jumps in "
        f"{', '.join(f'{wait * 1000:.0f}' for wait in waits)} ms, "
        f"kernel +{kernel / 1e6:.1f} MB, page heap {heap / 1e6:.0f} MB in all"
    )
    assert kernel < 30e6
    book.page.screenshot(path=pictures / "board-many.png")
    # all of them are stopped by one click, and the kernel answers meanwhile
    board_of(book).get_by_role("toolbar").get_by_role("button", name="Cancel 10,000 jobs").click()
    assert book.execute("print('here')").strip() == "here"
    until(lambda: "10,000 of 10,000 jobs" in board_of(book).inner_text())
    assert "'cancelled': 10000" in book.execute("print(batch.counts())")


def test_twenty_thousand_changes_end_with_the_right_value(notebook):
    book = notebook("changes.ipynb", MANY.format(n=1).replace("many.db", "changes.db"), "batch")
    book.run_all()
    rows_of(book).first.wait_for()
    frames: list[str] = []
    book.page.evaluate(
        "() => { window.seen = 0; new MutationObserver(() => { window.seen += 1; })"
        ".observe(document.querySelector('.pq-at'), {childList: true, characterData: true, "
        "subtree: true}); }"
    )
    took = book.execute(
        """
from toolkit.jobs import Progress
from toolkit.store import queue
start = time.perf_counter()
with ws.store.write() as conn:
    [job] = queue.claim(conn, runner="test", now=time.time(), lease=3600)
for n in range(1, 20_001):
    with ws.store.write(durable=False) as conn:
        queue.progress(conn, job_id=job.id, runner="test", attempt=job.attempt, now=time.time(),
                       progress=Progress(percent=n / 200, page=n, pages=20_000))
print(round(time.perf_counter() - start, 1))
"""
    )
    until(lambda: "page 20,000 of 20,000" in rows_of(book).first.inner_text())
    seen = book.page.evaluate("window.seen")
    print(f"20,000 changes in {took.strip()} s: the page was written {seen} times")
    assert frames == []
    assert seen < 10 * float(took) + 20
    assert book.cell_errors() == []


def test_a_batch_outlives_its_kernel_and_the_board_comes_back(notebook, pictures):
    book = notebook("restart.ipynb", SLOW.format(name="restart"), SUBMIT.format(n=60), "batch")
    book.run_all()
    old = board_of(book)
    until(lambda: "completed" in old.inner_text())
    stale = old.locator(".pq-stale")
    assert not stale.is_visible()
    book.restart_kernel()
    # the batch went on, and the file knows all of it
    book.execute("import toolkit; ws = toolkit.open('restart.db')")
    assert book.execute("print(len(ws.batch('slow')))").strip() == "60"
    book.append_and_run("ws.batch('slow')")
    new = book.page.locator(".pq-board").last
    until(lambda: "60 of 60 jobs" in new.inner_text())
    assert "'completed': 60" in book.execute("print(ws.batch('slow').counts())")
    # the board of the kernel that is gone says so by itself
    until(stale.is_visible)
    book.page.screenshot(path=pictures / "board-after-restart.png")


def test_closing_the_workspace_leaves_a_picture(notebook):
    book = notebook("close.ipynb", SLOW.format(name="close"), SUBMIT.format(n=6), "batch")
    book.run_all()
    until(lambda: "6 of 6 jobs" in board_of(book).inner_text())
    book.execute("ws.close()")
    until(lambda: book.page.locator(".pq-board").count() == 0)
    twin = book.page.locator("[class^=twin-pq]").first
    until(twin.is_visible)
    assert "6 of 6 jobs" in twin.inner_text()
    assert book.execute(LEFT).strip() == "0"


def test_what_a_callback_raises_is_shown(notebook, pictures):
    book = notebook("error.ipynb", STILL.format(name="error", n=6), "batch")
    book.run_all()
    rows_of(book).first.wait_for()
    book.execute(
        "def broken(ids): raise RuntimeError('<b>the disk is full</b>')\nws.cancel = broken"
    )
    board_of(book).get_by_role("toolbar").get_by_role("button", name="Cancel").click()
    alert = board_of(book).get_by_role("alert")
    until(lambda: "the disk is full" in alert.inner_text())
    assert "<b>" in alert.inner_text()
    book.page.screenshot(path=pictures / "board-error.png")


def test_a_kernel_that_is_busy_is_said_and_the_click_is_not_lost(notebook):
    book = notebook("busy.ipynb", STILL.format(name="busy", n=6), "batch")
    book.run_all()
    rows_of(book).first.wait_for()
    book.page.evaluate(
        """() => { const k = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        k.requestExecute({code: 'import time; time.sleep(9)'}); }"""
    )
    board_of(book).get_by_role("toolbar").get_by_role("button", name="Cancel 6 jobs").click()
    until(lambda: "6 of 6 jobs" in board_of(book).inner_text())
    until(lambda: board_of(book).get_by_role("alert").inner_text() == "")


def test_hostile_names_are_text(notebook):
    code = STILL.format(name="hostile", n=0).replace(
        'for n in range(0)], name="still"',
        "for n in range(2)] + [('<img src=x onerror=alert(1)>.txt', b'1'), "
        "('a\\u202egnp.exe', b'2')], name='</style><script>alert(1)</script>'",
    )
    book = notebook("hostile.ipynb", code, "batch")
    book.page.on("dialog", lambda dialog: book.errors.append("a dialog came up"))
    book.run_all()
    rows_of(book).filter(has_text="onerror=alert(1)").wait_for()
    text = board_of(book).inner_text()
    assert "</style><script>" in text
    assert "\\u202e" in text
    assert board_of(book).locator("img, script").count() == 0
