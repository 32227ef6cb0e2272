"""What counts against a page: the wall's clock, the processor's while a picture is read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from toolkit.engine import clock as clocks
from toolkit.engine.clock import PageClock
from toolkit.errors import PageTimeout
from toolkit.jobs.tool import OCR_PATIENCE


class Times:
    """Both clocks, set by hand."""

    def __init__(self, monkeypatch) -> None:
        self.wall = self.worked = 100.0
        monkeypatch.setattr(clocks.time, "monotonic", lambda: self.wall)
        monkeypatch.setattr(clocks.time, "thread_time", lambda: self.worked)


@pytest.fixture
def times(monkeypatch):
    # The module's own name for the clocks alone, so that nobody else's stand still.
    class Own:
        monotonic = staticmethod(lambda: 0.0)
        thread_time = staticmethod(lambda: 0.0)

    monkeypatch.setattr(clocks, "time", Own)
    return Times(monkeypatch)


def test_a_page_that_is_only_parsed_has_its_seconds_on_the_wall(times):
    clock = PageClock(4, 20.0)
    times.wall += 19
    clock.check()
    times.wall += 2
    with pytest.raises(PageTimeout, match="page 4 took more than 20 s and was cut off"):
        clock.check()


def test_a_busy_machine_costs_no_page_whose_picture_is_read(times):
    clock = PageClock(4, 20.0)
    clock.recognising()
    times.wall += 50
    times.worked += 5
    clock.check()
    times.worked += 16
    with pytest.raises(PageTimeout, match="20 s of the processor"):
        clock.check()


def test_but_there_is_an_end_to_it(times):
    clock = PageClock(4, 20.0)
    clock.recognising()
    times.wall += 20 * OCR_PATIENCE + 1
    times.worked += 6.25
    with pytest.raises(PageTimeout, match=r"60 s, in which it had the processor for 6\.2 s only"):
        clock.check()


def test_a_part_of_the_time_is_counted_the_same_way(times):
    whole = PageClock(4, 20.0)
    times.wall += 5
    part = whole.within(0.6)
    times.wall += 8
    with pytest.raises(PageTimeout):
        part.check()
    whole.check()
    part.recognising()
    times.wall += 20
    part.check()
    whole.check()
    times.worked += 13
    with pytest.raises(PageTimeout):
        part.check()
    whole.check()


RINGING = """
import signal, time
from toolkit.engine.clock import page_clock
from toolkit.errors import PageTimeout
try:
    with page_clock(7, 0.2) as clock:
        clock.recognising()
        time.sleep(0.3)
        print("slept")
        while True:
            pass
except PageTimeout as error:
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    print("rang")
"""


def test_the_bell_waits_for_a_page_whose_picture_is_read():
    # In a process of its own: the test runner may use the same timer.
    done = subprocess.run(
        [sys.executable, "-c", RINGING], capture_output=True, timeout=60, check=True
    )
    assert done.stdout == b"slept\nrang\n"
