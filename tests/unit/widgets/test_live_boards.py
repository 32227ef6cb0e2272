"""The live board: coalesced, always right in the end, closed without a trace."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import ipywidgets
import pytest

from toolkit.desk import Glance
from toolkit.errors import InvalidInput
from toolkit.jobs import ACTIVE, JobState
from toolkit.widgets.board import Board
from toolkit.widgets.guard import guarded
from toolkit.widgets.pulse import pulse_of


class Paper:
    """A desk of one batch whose counts the test sets; it counts how often it is looked at."""

    place = "paper"

    def __init__(self, **states):
        self.changed = threading.Event()
        self.looks = 0
        self.trouble = None
        self.set(**states)

    def set(self, **states):
        self.states = {JobState(state): n for state, n in states.items()}
        self.changed.set()

    def glance(self, *, batch=None):
        self.looks += 1
        if self.trouble is not None:
            raise self.trouble
        ended = sum(n for state, n in self.states.items() if state not in ACTIVE)
        return Glance(
            taken_at=time.time(),
            counts=dict(self.states),
            work_done=ended,
            pages=ended,
            cache_hits=0,
            runners=1,
            seconds_left=None,
        )

    def ids(self, *, batch=None, status=None):
        wanted = set(status)
        return [f"{s}{n}" for s, many in self.states.items() if s in wanted for n in range(many)]

    def cancel(self, job_ids):
        ended = {s: n for s, n in self.states.items() if s not in ACTIVE}
        self.set(**{str(s): n for s, n in ended.items()} | {"cancelled": len(job_ids)})
        return len(job_ids)

    def retry(self, job_ids):
        return 0

    def attend(self):
        pass

    def watch(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def wait(self, timeout):
        seen = self.changed.wait(timeout)
        self.changed.clear()
        return seen


def until(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def board():
    made = []

    def make(desk, **how):
        made.append(Board(desk, title="march", **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def html_of(board):
    return board._view.value


def test_it_shows_the_batch_and_follows_it(board):
    desk = Paper(completed=1, queued=3)
    shown = board(desk)
    assert "1 of 4 jobs" in html_of(shown)
    desk.set(completed=4)
    until(lambda: "4 of 4 jobs" in html_of(shown))
    assert "finished" in html_of(shown)
    assert "1 of 4" not in repr(shown)


def test_twenty_thousand_changes_are_few_messages_and_end_right(board):
    desk = Paper(queued=20_000)
    shown = board(desk)
    sent = []
    shown._view.observe(lambda change: sent.append(change.new), "value")
    start = time.monotonic()
    for n in range(1, 20_001):
        desk.set(completed=n, queued=20_000 - n)
    until(lambda: "20,000 of 20,000 jobs" in html_of(shown))
    elapsed = time.monotonic() - start
    assert len(sent) <= 10 * elapsed + 2
    assert "20,000 of 20,000 jobs" in sent[-1]


def test_the_buttons_say_what_they_would_do(board):
    desk = Paper(completed=1, queued=3, failed=2)
    shown = board(desk)
    assert shown._cancel.description == "Cancel 3 jobs"
    assert shown._retry.description == "Retry 2 jobs"
    shown._cancel.click()
    assert "3 cancelled" in html_of(shown)
    assert shown._cancel.disabled


def test_what_cannot_be_retried_is_said(board):
    shown = board(Paper(failed=2))
    shown._retry.click()
    assert "2 jobs cannot be tried again" in shown._alert.value
    assert 'role="alert"' in shown._alert.value


def test_an_error_in_a_callback_is_shown_escaped(board):
    desk = Paper(queued=1)

    def broken(job_ids):
        raise RuntimeError("<script>")

    desk.cancel = broken
    shown = board(desk)
    shown._cancel.click()
    assert "RuntimeError: &lt;script&gt;" in shown._alert.value


def test_trouble_in_reading_passes_when_reading_works_again(board):
    desk = Paper(queued=1)
    shown = board(desk)
    desk.trouble = InvalidInput("the disk is busy")
    desk.changed.set()
    until(lambda: "the disk is busy" in shown._alert.value)
    desk.trouble = None
    desk.changed.set()
    until(lambda: shown._alert.value == "")


def test_a_finished_board_sends_nothing_more(board):
    desk = Paper(completed=2)
    shown = board(desk)
    sent = []
    shown._view.observe(lambda change: sent.append(change.new), "value")
    looks = desk.looks
    desk.changed.set()
    until(lambda: desk.looks > looks)
    assert sent == []


def test_closing_frees_every_widget_and_the_thread():
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)
    desk = Paper(queued=1)
    shown = Board(desk, title="march")
    assert len(set(registry) - before) > 5
    pulse = pulse_of(desk)
    shown.close()
    assert set(registry) <= before
    assert shown.closed
    desk.changed.set()
    until(lambda: pulse._thread is None)
    gone = weakref.ref(desk)
    del desk, shown
    gc.collect()
    assert gone() is None


def test_two_boards_of_a_desk_share_one_thread(board):
    desk = Paper(queued=1)
    board(desk)
    board(desk, batch="b")
    names = [t for t in threading.enumerate() if t.name == "pagequeue-pulse"]
    assert pulse_of(desk)._thread in names
    assert len([t for t in names if t is pulse_of(desk)._thread]) == 1


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
