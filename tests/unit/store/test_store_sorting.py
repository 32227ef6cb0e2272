"""Lists of jobs by what a board can be sorted by, and several jobs at once."""

from __future__ import annotations

import time

import pytest

import toolkit
from toolkit.errors import InvalidOption
from toolkit.store import jobs, queue


@pytest.fixture
def ws(tmp_path):
    with toolkit.open(tmp_path / "queue.db", work=False) as workspace:
        names = ["b.pdf", "A.pdf", "c.pdf", "a.pdf"]
        workspace.submit([(name, b"%PDF-1.4 " + name.encode()) for name in names], name="m")
        workspace.submit([("bad.txt", b"text")], name="n")
        yield workspace


def names(ws, **how):
    return [job.filename for job in ws.look_at(ws.ids(**how))]


def test_by_number_unless_asked_otherwise(ws):
    assert names(ws) == ["b.pdf", "A.pdf", "c.pdf", "a.pdf", "bad.txt"]
    assert names(ws, descending=True) == ["bad.txt", "a.pdf", "c.pdf", "A.pdf", "b.pdf"]


def test_by_name_in_any_case_and_the_earlier_of_equals_first(ws):
    assert names(ws, sort="file") == ["A.pdf", "a.pdf", "b.pdf", "bad.txt", "c.pdf"]
    assert names(ws, sort="file", descending=True)[-2:] == ["A.pdf", "a.pdf"]


def test_what_has_no_value_comes_last_both_ways(ws):
    assert names(ws, sort="error")[0] == "bad.txt"
    assert names(ws, sort="error", descending=True)[0] == "bad.txt"


def test_by_priority_and_by_how_far_it_is(ws):
    ws.reprioritise([ws.ids()[2]], 5)
    assert names(ws, sort="priority", descending=True)[0] == "c.pdf"
    with ws.store.write() as conn:
        queue.claim(conn, runner="r", now=time.time(), lease=60)
    assert names(ws, sort="progress")[0] == "c.pdf"


@pytest.mark.parametrize("sort", list(jobs.SORTS))
def test_every_sort_keeps_every_job(ws, sort):
    assert sorted(ws.ids(sort=sort)) == sorted(ws.ids())
    assert sorted(ws.ids(sort=sort, descending=True)) == sorted(ws.ids())


def test_another_sort_is_refused(ws):
    with pytest.raises(InvalidOption, match="there is: number, file"):
        ws.ids(sort="number; DROP TABLE jobs")


def test_filters_and_sorts_go_together(ws):
    assert names(ws, text="A", sort="file", status="queued") == ["A.pdf", "a.pdf"]


def test_several_come_in_the_order_that_was_asked_for(ws):
    found = ws.ids()
    asked = [found[3], "job_that_never_was", found[0]]
    assert [job.id for job in ws.look_at(asked)] == [found[3], found[0]]
    assert ws.look_at([]) == []
