"""The live board: coalesced, always right in the end, thousands of rows, closed without a trace."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import ipywidgets
import pytest
from widget_paper import Browser, Paper, job, until

from toolkit.errors import InvalidInput
from toolkit.widgets.board import MOST_VIEWS, Board
from toolkit.widgets.guard import guarded
from toolkit.widgets.pulse import pulse_of


@pytest.fixture
def board():
    made = []

    def make(desk, **how):
        made.append(Board(desk, title="march", **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def line_of(board):
    return board._view.glance["line"]


def done(board):
    """Wait for what a click started, and for the words it ends with."""
    board._errand.join()
    assert board._view.busy == ""
    return board._view.said or board._view.alert


def test_it_shows_the_batch_and_follows_it(board):
    desk = Paper(completed=1, queued=3)
    shown = board(desk)
    assert line_of(shown).startswith("1 of 4 jobs")
    desk.set(completed=4)
    until(lambda: line_of(shown).startswith("4 of 4 jobs"))
    assert "finished" in line_of(shown)
    assert shown._view.glance["counts"]["completed"] == 4


def test_twenty_thousand_changes_are_few_messages_and_end_right(board):
    desk = Paper(job(1, "processing", pages=20_000))
    shown = board(desk)
    browser = Browser(shown)
    browser.rows()
    sent = []
    shown._view.observe(lambda change: sent.append(change.new), "glance")
    start = time.monotonic()
    for page in range(1, 20_001):
        desk.change(job(1).id, page=page)
    until(lambda: browser.told("rows")["rows"][0]["how"] == "page 20,000 of 20,000")
    elapsed = time.monotonic() - start
    assert len(sent) <= 10 * elapsed + 2
    assert len([m for m in browser.heard if m["tell"] == "rows"]) <= 10 * elapsed + 3


def test_a_view_is_sent_its_window_and_no_more(board):
    desk = Paper(queued=3000)
    shown = board(desk)
    browser = Browser(shown)
    told = browser.rows(start=1000, count=30)
    assert told["total"] == 3000
    assert [row["file"] for row in told["rows"]] == [f"queued{n}.pdf" for n in range(1000, 1030)]
    desk.rows_read = 0
    desk.change(desk.ids()[1005], priority=7)
    until(lambda: browser.told("rows")["rows"][5]["priority"] == 7)
    assert desk.rows_read % 30 == 0
    # a browser that asks for everything is not given it
    assert len(browser.rows(start=0, count=10**6)["rows"]) == 400
    assert browser.rows(start=-5, count=-5)["rows"] == []
    assert browser.rows(start=2990, count=60)["rows"][-1]["file"] == "queued2999.pdf"
    assert browser.rows(start=9999, count=60)["rows"] == []


def test_rows_keep_their_places_until_they_are_sorted_again(board):
    desk = Paper(queued=4)
    shown = board(desk)
    browser = Browser(shown)
    first = browser.rows(sort="state")
    names = [row["file"] for row in first["rows"]]
    desk.change(desk.ids()[3], status="cancelled")
    shown.refresh()
    told = browser.told("rows")
    assert [row["file"] for row in told["rows"]] == names
    assert told["rows"][3]["state"] == "cancelled"
    assert told["moved"]
    again = browser.rows(sort="state", again=True)
    assert again["rows"][0]["state"] == "cancelled"
    assert not again["moved"]
    assert again["version"] > told["version"]


def test_a_filter_lets_through_what_matches_now(board):
    desk = Paper(queued=5, failed=2)
    shown = board(desk)
    browser = Browser(shown)
    assert browser.rows(status=["failed"])["total"] == 2
    desk.change(desk.ids()[0], status="failed")
    shown.refresh()
    assert browser.told("rows")["total"] == 3
    assert browser.rows(text="queued3")["total"] == 1
    assert browser.rows(text="nothing like it")["rows"] == []
    # what is no state is not asked of the queue
    assert browser.rows(status=["failed' OR 1"])["total"] == 7


def test_new_jobs_of_a_sorted_list_come_at_its_end(board):
    desk = Paper(queued=2)
    shown = board(desk)
    browser = Browser(shown)
    browser.rows(sort="file", descending=True)
    desk.jobs["job_z"] = job(9, filename="zzz.pdf", id="job_z")
    shown.refresh()
    assert browser.told("rows")["rows"][-1]["file"] == "zzz.pdf"
    assert browser.told("rows")["moved"]


def test_what_is_selected_is_moved_and_what_is_not_stays(board):
    desk = Paper(completed=1, queued=3, failed=2)
    shown = board(desk)
    browser = Browser(shown)
    rows = browser.rows()["rows"]
    browser.ask("act", verb="cancel", ids=[rows[1]["id"]])
    assert done(shown).startswith("1 job cancelled")
    assert desk.counts()["queued"] == 2
    browser.ask("act", verb="retry", ids=None)
    assert done(shown).startswith("3 jobs queued again")
    browser.ask("act", verb="priority", ids=[rows[2]["id"]], priority=5)
    assert done(shown).startswith("1 job now at priority 5")
    browser.ask("act", verb="purge", ids=[rows[0]["id"]])
    assert done(shown).startswith("1 job erased")
    assert desk.erased == [rows[0]["id"]]
    assert browser.rows()["rows"][0]["file"] == "(erased)"


def test_all_that_are_shown_are_those_that_the_filter_lets_through(board):
    desk = Paper(queued=4, failed=1)
    shown = board(desk)
    browser = Browser(shown)
    browser.rows(text="queued1")
    browser.ask("act", verb="cancel", ids=None)
    assert done(shown).startswith("1 job cancelled")
    assert desk.counts()["queued"] == 3


def test_what_cannot_be_retried_is_said(board):
    desk = Paper(job(1, "failed", sha256=None))
    shown = board(desk)
    browser = Browser(shown)
    assert "retry" not in browser.rows()["rows"][0]["can"]
    browser.ask("act", verb="retry", ids=[job(1).id])
    assert "cannot be tried again: hand the file in again" in done(shown)


def test_one_thing_at_a_time(board):
    desk = Paper(queued=2)
    shown = board(desk)
    browser = Browser(shown)
    held = threading.Event()
    desk.cancel = lambda ids: held.wait(20) and len(ids)
    browser.ask("act", verb="cancel", ids=None)
    assert shown._view.busy.startswith("Cancelling 2 jobs")
    browser.ask("act", verb="purge", ids=None)
    assert "still being done" in shown._view.alert
    held.set()
    done(shown)
    assert desk.erased == []


def test_a_long_act_says_how_far_it_is(board):
    desk = Paper(completed=50)
    shown = board(desk)
    browser = Browser(shown)
    said = []
    shown._view.observe(lambda change: said.append(change.new), "busy")
    browser.ask("act", verb="purge", ids=None)
    assert done(shown).startswith("50 jobs erased")
    assert "Erasing … 40 of 50" in said


def test_a_tool_is_paused_and_goes_on(board):
    desk = Paper(queued=1)
    shown = board(desk)
    browser = Browser(shown)
    browser.ask("tool", verb="pause", tool="parse")
    assert desk.paused == {"parse"}
    assert shown._view.tools[0]["state"] == "paused"
    browser.ask("tool", verb="resume", tool="parse")
    assert shown._view.tools[0]["state"] == "open"


def test_an_error_in_a_callback_is_shown(board):
    desk = Paper(queued=1)

    def broken(job_ids):
        raise RuntimeError("<script>")

    desk.cancel = broken
    shown = board(desk)
    Browser(shown).ask("act", verb="cancel", ids=None)
    done(shown)
    assert shown._view.alert == "RuntimeError: <script>"


@pytest.mark.parametrize(
    "message",
    [
        {"ask": "detail", "id": "job_gone"},
        {"ask": "inspect", "ids": ["job_gone"]},
        {"ask": "act", "verb": "explode", "ids": None},
        {"ask": "span", "first": "x", "last": 3},
        {"ask": "rows", "start": "x"},
        {"ask": "tool", "verb": "pause"},
    ],
)
def test_a_job_that_is_gone_and_nonsense_are_words(board, message):
    shown = board(Paper(queued=1))
    browser = Browser(shown)
    browser.ask(message.pop("ask"), **message)
    # the inspector itself says that its documents are gone
    assert shown._view.alert or len(shown._box.children) == 2
    assert "Traceback" not in shown._view.alert


def test_details_are_all_that_is_known(board):
    desk = Paper(job(1, "failed", error="no text", error_code="DAMAGED_FILE", started_at=2.0))
    shown = board(desk)
    browser = Browser(shown)
    browser.ask("detail", id=job(1).id)
    pairs = dict(browser.told("detail")["pairs"])
    assert pairs["Error"] == "DAMAGED_FILE: no text"
    assert pairs["Job"] == job(1).id


def test_trouble_in_reading_passes_when_reading_works_again(board):
    desk = Paper(queued=1)
    shown = board(desk)
    desk.trouble = InvalidInput("the disk is busy")
    desk.woken.set()
    until(lambda: "the disk is busy" in shown._view.alert)
    desk.trouble = None
    desk.woken.set()
    until(lambda: shown._view.alert == "")


def test_a_locked_database_is_said(board):
    import sqlite3

    desk = Paper(queued=1)
    shown = board(desk)
    desk.trouble = sqlite3.OperationalError("database is locked")
    shown.beat()
    assert shown._view.alert == "OperationalError: database is locked"


def test_a_finished_board_sends_nothing_more(board):
    desk = Paper(completed=2)
    shown = board(desk)
    browser = Browser(shown)
    browser.rows()
    sent = []
    shown._view.observe(lambda change: sent.append(change.new), "glance")
    looks, heard = desk.looks, len(browser.heard)
    desk.woken.set()
    until(lambda: desk.looks > looks)
    assert sent == []
    assert len(browser.heard) == heard


def test_views_that_left_are_forgotten_and_there_are_never_many(board):
    shown = board(Paper(queued=1))
    for n in range(3 * MOST_VIEWS):
        Browser(shown, view=f"v{n}").rows()
    assert len(shown._listings) == MOST_VIEWS
    Browser(shown, view=f"v{3 * MOST_VIEWS - 1}").ask("leave")
    assert len(shown._listings) == MOST_VIEWS - 1


def test_closing_frees_every_widget_and_the_thread():
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    desk = Paper(queued=1)
    shown = Board(desk, title="march")
    assert len(set(registry) - before) >= 4
    pulse = pulse_of(desk)
    shown.close()
    shown.close()
    assert set(registry) <= before
    assert shown.closed
    desk.woken.set()
    until(lambda: pulse._thread is None)
    gone = weakref.ref(desk)
    del desk, shown
    gc.collect()
    assert gone() is None


def test_a_click_that_comes_after_closing_harms_nothing():
    shown = Board(Paper(queued=1), title="march")
    shown.close()
    shown.refresh()
    shown.complain("too late")


def test_two_boards_of_a_desk_share_one_thread(board):
    desk = Paper(queued=1)
    board(desk)
    board(desk, batch="b")
    alive = [t for t in threading.enumerate() if t is pulse_of(desk)._thread]
    assert len(alive) == 1


def test_the_static_picture_is_there_without_a_kernel(board):
    shown = board(Paper(completed=1, failed=1))
    assert "1 failed" in shown._repr_html_()
    assert "<script" not in shown._repr_html_()
    assert repr(shown) == "<Board 'march': 2 of 2 jobs · 1 failed · 2 pages · finished>"


def test_guarded_passes_arguments_and_hides_nothing():
    said = []
    guarded(lambda a, *, b: said.append(a + b), said.append)(1, b=2)
    guarded(lambda: 1 / 0, said.append)()
    assert said == [3, "ZeroDivisionError: division by zero"]
