"""The board in a real JupyterLab: it lives, it stops a batch by a click, it comes back."""

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


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Return when *true* () holds; a busy machine is given time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.2)


def board_of(book: NotebookPage):
    return book.page.locator(".pq-board").first


def test_the_board_lives_and_ends_with_the_right_value(notebook, pictures):
    book = notebook("lives.ipynb", SLOW.format(name="lives"), SUBMIT.format(n=12), "batch")
    book.run_all()
    board = board_of(book)
    board.wait_for()
    seen = board.inner_text()
    assert "of 12 jobs" in seen
    until(lambda: "12 of 12 jobs" in board.inner_text())
    assert "finished" in board.inner_text()
    book.page.screenshot(path=pictures / "board-finished.png")
    # the static twin is there for readers without a kernel, and is not shown beside the live one
    twin = book.page.locator("[class^=twin-pq]")
    until(lambda: "12 of 12 jobs" in (twin.first.text_content() or ""))
    assert not twin.first.is_visible()
    assert book.cell_errors() == []


def test_a_click_cancels_what_has_not_ended(notebook, pictures):
    book = notebook("cancel.ipynb", SLOW.format(name="cancel"), SUBMIT.format(n=200), "batch")
    book.run_all()
    button = book.page.get_by_role("button", name="Cancel")
    until(lambda: "completed" in board_of(book).inner_text())
    book.page.screenshot(path=pictures / "board-running.png")
    button.click()
    until(lambda: "finished" in board_of(book).inner_text())
    assert "cancelled" in board_of(book).inner_text()
    assert button.is_disabled()
    counts = book.execute("print(batch.counts())")
    assert "'queued': 0" in counts
    assert "'processing': 0" in counts
    assert "'cancelled': 0" not in counts
    # and back again, by the other button
    book.execute("ws.pause('slow')")
    book.page.get_by_role("button", name="Retry").click()
    until(lambda: "'cancelled': 0" in book.execute("print(batch.counts())"))
    until(lambda: "Cancel" in button.inner_text() and button.is_enabled())
    book.execute("batch.cancel()")
    book.page.screenshot(path=pictures / "board-cancelled.png")


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


def test_closing_the_workspace_leaves_a_picture(notebook, pictures):
    book = notebook("close.ipynb", SLOW.format(name="close"), SUBMIT.format(n=6), "batch")
    book.run_all()
    until(lambda: "6 of 6 jobs" in board_of(book).inner_text())
    book.execute("ws.close()")
    until(lambda: book.page.locator(".pq-board").count() == 0)
    twin = book.page.locator("[class^=twin-pq]").first
    until(twin.is_visible)
    assert "6 of 6 jobs" in twin.inner_text()
    left = "import ipywidgets; print(len(ipywidgets.widgets.widget._instances))"
    assert book.execute(left).strip() == "0"


def test_what_a_callback_raises_is_shown(notebook, pictures):
    book = notebook("error.ipynb", SLOW.format(name="error"), SUBMIT.format(n=60), "batch")
    book.run_all()
    until(lambda: "completed" in board_of(book).inner_text())
    book.execute(
        "def broken(ids): raise RuntimeError('<b>the disk is full</b>')\nws.cancel = broken"
    )
    book.page.get_by_role("button", name="Cancel").click()
    alert = book.page.get_by_role("alert")
    until(lambda: "the disk is full" in alert.inner_text())
    assert "<b>" in alert.inner_text()
    book.page.screenshot(path=pictures / "board-error.png")
    book.execute("del ws.cancel; batch.cancel()")
