"""Words, numbers and tables for a person; hostile text is shown, never obeyed."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from toolkit.desk import Failure, Glance
from toolkit.jobs import Job, JobState
from toolkit.widgets.pace import Pace
from toolkit.widgets.twin import glance_html, table_html
from toolkit.widgets.words import duration, escaped, headline, shown, thing

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "a\x1b[31mred\x07",
    "invoice\u202egnp.exe",
    "two\nlines\r\ttab",
    "[bold red]rich[/]",
    "\udcff half a character",
    "x" * 1_000_000,
]


def glance(*, taken_at=100.0, work_done=None, pages=0, runners=1, seconds_left=None, **states):
    counts = {JobState(state): n for state, n in states.items()}
    ended = sum(counts.get(s, 0) for s in (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED))
    return Glance(
        taken_at=taken_at,
        counts=counts,
        work_done=ended if work_done is None else work_done,
        pages=pages,
        cache_hits=0,
        runners=runners,
        seconds_left=seconds_left,
    )


class Elements(HTMLParser):
    """What a browser would build: the names of the elements and of their attributes."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_one_short_line_of_printable_characters(text):
    assert shown(text).isprintable()
    assert len(shown(text)) < 2000
    assert "\n" not in shown(text)
    shown(text).encode()
    assert "<" not in escaped(text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_builds_no_element_in_any_html(text):
    job = Job(
        id="job_1",
        number=1,
        tool="parse",
        status=JobState.PROCESSING,
        filename=text,
        origin=text,
        sha256=None,
        size=1,
        media_type="x",
        batch=None,
        owner="",
        priority=0,
        created_at=0.0,
        stage=text,
        error=text,
        error_code=text,
    )
    seen = glance(processing=1, failed=1)
    failure = Failure(code=text, message=text, filename=text, count=3)
    hostile = Glance(
        **{f: getattr(seen, f) for f in seen.__struct_fields__}
        | {"running": (job,), "failures": (failure,)}
    )
    plain = Elements(glance_html(hostile, title="t") + job._repr_html_())
    found = Elements(
        glance_html(hostile, title=text) + job._repr_html_() + table_html([[text]], head=[text])
    )
    assert found.tags <= plain.tags | {"th", "thead"}
    assert found.attributes <= plain.attributes | {"scope"}
    assert not {"script", "img", "svg"} & found.tags


def test_html_has_no_script_and_no_style_sheet():
    made = glance_html(glance(completed=3, failed=1, queued=2), title="march")
    assert not {"script", "style", "link"} & Elements(made).tags
    assert 'aria-valuenow="4"' in made
    assert 'aria-valuemax="6"' in made
    assert "3 completed" in made


def test_every_reason_of_failure_is_counted_and_the_many_are_cut():
    many = tuple(Failure(code=f"C{n}", message="m", filename="f", count=1) for n in range(12))
    seen = glance(failed=12)
    made = glance_html(
        Glance(**{f: getattr(seen, f) for f in seen.__struct_fields__} | {"failures": many}),
        title="t",
    )
    assert "C7" in made
    assert "C8" not in made
    assert "and 4 other reasons" in made


def test_durations_and_numbers():
    assert [duration(s) for s in (0, 9.94, 10, 59.6, 3599, 3600)] == [
        "0.0 s",
        "9.9 s",
        "10 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
    ]
    assert thing(0, "job") == "0 jobs"


def test_the_headline_says_what_stands_in_the_way():
    def line(seen, left=None):
        return headline(seen, pages_per_second=None, seconds_left=left)

    assert line(glance()) == "no jobs"
    assert line(glance(queued=2, runners=0)) == (
        "0 of 2 jobs · no runner: nothing is being worked on"
    )
    assert line(glance(completed=1, queued=1), 65) == "1 of 2 jobs · about 1 min 5 s left"
    assert line(glance(completed=1, failed=1)) == "2 of 2 jobs · 1 failed · finished"


def test_pace_is_what_was_done_over_the_window():
    pace = Pace()
    assert pace.seconds_left is None
    pace.note(glance(taken_at=0, queued=100, seconds_left=42.0))
    assert pace.seconds_left == 42.0  # the queue's own estimate, until something was seen
    pace.note(glance(taken_at=10, completed=20, queued=80, pages=40))
    assert pace.pages_per_second == 4.0
    assert pace.seconds_left == 40.0
    # of long ago nothing is remembered
    pace.note(glance(taken_at=35, completed=70, queued=30, pages=140))
    assert pace.seconds_left == pytest.approx(30 / (50 / 25))
    pace.note(glance(taken_at=50, completed=100, pages=200))
    assert pace.seconds_left == 0.0


def test_pace_counts_a_running_job_by_its_share():
    pace = Pace()
    pace.note(glance(taken_at=0, processing=1, work_done=0.0))
    pace.note(glance(taken_at=10, processing=1, work_done=0.25))
    assert pace.seconds_left == pytest.approx(30)


def test_pace_forgets_when_jobs_are_queued_again():
    pace = Pace()
    pace.note(glance(taken_at=0, completed=50, queued=50))
    pace.note(glance(taken_at=10, completed=90, queued=10))
    pace.note(glance(taken_at=11, completed=10, queued=90, seconds_left=7.0))
    assert pace.seconds_left == 7.0


def test_without_a_runner_no_time_is_promised():
    pace = Pace()
    pace.note(glance(taken_at=0, queued=10))
    pace.note(glance(taken_at=10, completed=5, queued=5, runners=0))
    assert pace.seconds_left is None
