"""A desk of jobs that a test writes down, and ways to talk to widgets as a browser does."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

from toolkit.desk import Failure, Glance, Offered
from toolkit.errors import JobNotFound
from toolkit.jobs import ACTIVE, Job, JobState

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)//",
    "a\x1b[31mred\x1b]0;title\x07",
    "invoice\u202egnp.exe\u2066",
    "two\nlines\r\ttab\x00nul",
    "[bold red]rich[/]",
    "{{constructor}} ${7*7} %s",
    "\udcff half a character",
    "x" * 1_000_000,
]


def job(number, status="queued", *, filename="a.pdf", **more):
    """A job, with what its state requires."""
    values = {
        "id": f"job_{number:016x}",
        "number": number,
        "tool": "parse",
        "status": JobState(status),
        "filename": filename,
        "origin": filename,
        "sha256": "ab" * 32,
        "size": 10,
        "media_type": "application/pdf",
        "batch": "bat_1",
        "owner": "",
        "priority": 0,
        "created_at": 1.0,
    }
    return Job(**{**values, **more})


class Paper:
    """One batch of jobs in memory, which says when they are changed; it counts the looks."""

    place = "/somewhere/paper.db"

    def __init__(self, *jobs, **states):
        self.woken = threading.Event()
        self.looks = self.rows_read = 0
        self.trouble = None
        self.erased = []
        self.paused = set()
        self.named = [SimpleNamespace(id="bat_1", name="march")]
        self.set(*jobs, **states)

    def set(self, *jobs, **states):
        made = list(jobs)
        for state, many in states.items():
            made += [job(len(made) + n, state, filename=f"{state}{n}.pdf") for n in range(many)]
        self.jobs = {one.id: one for one in made}
        self.woken.set()

    def _seen(self):
        if self.trouble is not None:
            raise self.trouble

    def glance(self, *, batch=None):
        self.looks += 1
        self._seen()
        counts = self.counts()
        ended = sum(n for state, n in counts.items() if state not in ACTIVE)
        failed = [one for one in self.jobs.values() if one.status is JobState.FAILED]
        return Glance(
            taken_at=time.time(),
            counts=counts,
            work_done=ended,
            pages=ended,
            cache_hits=0,
            runners=1,
            seconds_left=None,
            failures=tuple(
                Failure(
                    code=one.error_code or "X",
                    message=one.error or "",
                    filename=one.filename or "",
                    count=1,
                )
                for one in failed[:3]
            ),
        )

    def counts(self, *, batch=None):
        found = dict.fromkeys(JobState, 0)
        for one in self.jobs.values():
            found[one.status] += 1
        return found

    def ids(self, *, batch=None, status=None, text=None, sort="number", descending=False):
        states = None if status is None else {status} if isinstance(status, str) else set(status)
        found = [
            one
            for one in self.jobs.values()
            if (states is None or one.status in states)
            and (not text or text in (one.filename or "") + (one.error or ""))
        ]
        keys = {
            "number": lambda j: j.number,
            "file": lambda j: j.filename,
            "state": lambda j: j.status,
        }
        found.sort(key=keys[sort], reverse=descending)
        return [one.id for one in found]

    def find(self, *, batch=None, status=None, limit=None, newest_first=False, **_):
        found = [self.jobs[one] for one in self.ids(status=status, descending=newest_first)]
        return found[:limit]

    def look_at(self, job_ids):
        self._seen()
        self.rows_read += len(job_ids)
        return [self.jobs[one] for one in job_ids if one in self.jobs]

    def look(self, job_id):
        if job_id not in self.jobs:
            raise JobNotFound(f"there is no job {job_id!r}")
        return self.jobs[job_id]

    def attempts(self, job_id):
        return []

    def batches(self):
        return self.named

    def tools(self):
        state = "paused" if "parse" in self.paused else "open"
        return [Offered(name="parse", label="Parse", state=state, waiting=1)]

    def pause(self, tool):
        self.paused.add(tool)

    def resume(self, tool):
        self.paused.discard(tool)

    def _move(self, job_ids, states, to):
        moved = [one for one in job_ids if self.jobs[one].status in states]
        for one in moved:
            self.change(one, status=JobState(to))
        return len(moved)

    def change(self, job_id, **values):
        from msgspec.structs import replace

        self.jobs[job_id] = replace(self.jobs[job_id], **values)
        self.woken.set()

    def cancel(self, job_ids):
        return self._move(job_ids, ACTIVE, "cancelled")

    def retry(self, job_ids):
        able = [one for one in job_ids if self.jobs[one].sha256]
        return self._move(able, {JobState.FAILED, JobState.CANCELLED}, "queued")

    def purge(self, job_ids):
        self.erased += job_ids
        for one in job_ids:
            self.change(one, filename=None, purged=True)
        return {"done": len(job_ids), "pending": 0}

    def reprioritise(self, job_ids, priority):
        for one in job_ids:
            self.change(one, priority=priority)
        return len(job_ids)

    def attend(self):
        pass

    def changes(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def wait(self, timeout):
        seen = self.woken.wait(timeout)
        self.woken.clear()
        return seen


class Browser:
    """The other end of a widget: what it sent, and a way to answer."""

    def __init__(self, widget, view="v1"):
        self.widget, self.name = widget._view, view
        self.heard = []
        self.widget.send = lambda content, buffers=None: self.heard.append(content)

    def ask(self, ask, *, buffers=(), **message):
        content = {"ask": ask, "view": self.name, **message}
        self.widget._handle_custom_msg(content, list(buffers))

    def told(self, what):
        """The last message of a kind to this view, or None."""
        found = [m for m in self.heard if m["tell"] == what and m.get("view") == self.name]
        return found[-1] if found else None

    def rows(self, **how):
        """Look at a window, and give it."""
        self.ask("rows", **{"start": 0, "count": 20, **how})
        return self.told("rows")


def until(true, seconds=20.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.02)


def texts(value):
    """Every text in what is sent to a browser."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from texts(key)
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
