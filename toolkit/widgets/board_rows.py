"""The jobs of a board as rows: which ones, in which order, and what each says.

A browser shows a few dozen rows of thousands, so it is sent those, and asks for others. The order
is kept from look to look: a row does not jump because its state changed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.desk import Desk, Glance
from toolkit.jobs import Attempt, Job, JobState, Move, can
from toolkit.widgets.words import bulk, count, duration, shown, thing

__all__ = ["MOST_ROWS", "Listing", "Look", "details", "row_of"]

# What one answer may hold, whatever is asked: a window of a very tall screen.
MOST_ROWS = 400
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which jobs one view of a board wants to see: *status* () means every state."""

    status: tuple[str, ...] = ()
    text: str = ""
    sort: str = "number"
    descending: bool = False

    @property
    def everything(self) -> bool:
        return not self.status and not self.text

    @classmethod
    def asked(cls, message: dict[str, Any]) -> Look:
        """The look that a view asks for; what is none of ours is left out."""
        states = [s for s in message.get("status") or () if s in set(JobState)]
        return cls(
            status=tuple(states),
            text=str(message.get("text") or "")[:200],
            sort=str(message.get("sort") or "number"),
            descending=bool(message.get("descending")),
        )


@dataclass(slots=True)
class Listing:
    """The order that one view of a board shows, and the window of it that is on the screen."""

    desk: Desk
    batch: str | None
    look: Look = field(default_factory=Look)
    start: int = 0
    count: int = 0
    ids: list[str] = field(default_factory=list)
    version: int = 0
    """Goes up whenever a row has another place than before."""
    moved: bool = False
    """Whether a fresh sort would give another order than the one that is kept."""
    _counts: Any = None
    _sent: Any = None

    def show(self, look: Look, *, start: int, count: int, again: bool) -> None:
        """Look at another window, or at other jobs; *again* sorts them afresh."""
        self.start, self.count = max(0, start), max(0, min(count, MOST_ROWS))
        self._sent = None
        if again or look != self.look or not self.version:
            self.look, self._counts = look, None
            self._take(self._fresh())

    def follow(self, glance: Glance) -> None:
        """Take in what may have changed since: jobs that came, or that match no more."""
        counts = glance.total if self.look.everything else dict(glance.counts)
        sorted_by_change = self.look.sort != "number"
        if counts == self._counts and not (sorted_by_change and glance.active):
            return
        self._counts = counts
        fresh = self._fresh()
        self.moved = False
        if fresh == self.ids:
            return
        known, wanted = set(self.ids), set(fresh)
        if self.look.sort == "number":
            self._take(fresh)  # by number, whoever stays keeps its place among the others
            return
        kept = [one for one in self.ids if one in wanted]
        kept += [one for one in fresh if one not in known]
        self.moved = kept != fresh
        if kept != self.ids:
            self._take(kept, moved=self.moved)

    def _fresh(self) -> list[str]:
        look = self.look
        return self.desk.ids(
            batch=self.batch,
            status=look.status or None,
            text=look.text or None,
            sort=look.sort,
            descending=look.descending,
        )

    def _take(self, ids: list[str], *, moved: bool = False) -> None:
        self.ids, self.moved = ids, moved
        self.version += 1

    def window(self) -> dict[str, Any]:
        """The rows of the window, and what is true of the whole list."""
        wanted = self.ids[self.start : self.start + self.count]
        found = {job.id: row_of(job) for job in self.desk.look_at(wanted)}
        return {
            "version": self.version,
            "total": len(self.ids),
            "moved": self.moved,
            "start": self.start,
            "rows": [found.get(one) or {"id": one} for one in wanted],
        }

    def news(self) -> dict[str, Any] | None:
        """The window, if it says something else than it did when it was last sent."""
        now = self.window()
        if now == self._sent:
            return None
        self._sent = now
        return now

    def span(self, first: int, last: int) -> list[str]:
        """The ids from place *first* to *last*, both counted in."""
        low, high = sorted((max(0, first), max(0, last)))
        return self.ids[low : high + 1]


def row_of(job: Job) -> dict[str, Any]:
    """What a row says of *job*, all of it safe to be shown as text."""
    return {
        "id": job.id,
        "file": _name(job),
        "state": str(job.status),
        "how": _how(job),
        "share": round(job.progress) if job.status is JobState.PROCESSING else None,
        "tries": job.attempt or "",
        "priority": job.priority,
        "took": _took(job),
        "why": _why(job, LONGEST_REASON),
        "can": moves_of(job),
    }


def moves_of(job: Job) -> list[str]:
    """What can be done with *job* now."""
    found = [str(move) for move in (Move.CANCEL, Move.RETRY) if can(job.status, move)]
    if "retry" in found and (job.purged or (job.sha256 is None and not job.claims)):
        found.remove("retry")  # there is nothing (any more) that could be tried again
    found += ["priority"] if not job.ended else []
    found += ["inspect"] if job.has_result and job.tool == "parse" else []
    return found if job.purged else [*found, "purge"]


def details(job: Job, tries: Sequence[Attempt]) -> list[tuple[str, str]]:
    """Names and values of all that is known of *job*, for a person."""
    pairs = [
        ("File", _name(job)),
        ("State", f"{job.status}{' (from the cache)' if job.cache_hit else ''}"),
        ("Error", _why(job, 2000)),
        ("Progress", _how(job)),
        ("Tool", job.tool),
        ("Size", bulk(job.size) if job.size else ""),
        ("From", shown(job.origin or "", 400)),
        ("Handed in", _moment(job.created_at)),
        ("Started", _moment(job.started_at)),
        ("Ended", _moment(job.ended_at)),
        ("Priority", str(job.priority)),
        ("Job", job.id),
    ]
    pairs += [(f"Attempt {one.number}", _attempt(one)) for one in tries[-8:]]
    return [(name, value) for name, value in pairs if value]


def _name(job: Job) -> str:
    if job.purged:
        return "(erased)"
    return shown(job.filename, 200) if job.filename else f"({job.tool}, no file)"


def _how(job: Job) -> str:
    pages = f"page {count(job.page)} of {count(job.pages)}" if job.pages else ""
    match job.status:
        case JobState.PROCESSING:
            return " · ".join(part for part in (shown(job.stage or "", 40), pages) if part)
        case JobState.COMPLETED:
            done = thing(job.pages, "page") if job.pages else "done"
            return f"{done}, from the cache" if job.cache_hit else done
        case JobState.RETRYING if job.run_at is not None:
            return f"again in {duration(max(0.0, job.run_at - time.time()))}"
    return ""


def _took(job: Job) -> str:
    if job.started_at is None or job.ended_at is None or job.cache_hit:
        return ""
    return duration(max(0.0, job.ended_at - job.started_at))


def _why(job: Job, limit: int) -> str:
    if not job.error_code:
        return ""
    code = shown(job.error_code, 60)
    return f"{code}: {shown(job.error, limit)}" if job.error else code


def _attempt(one: Attempt) -> str:
    took = duration(one.ended_at - one.started_at) if one.ended_at else ""
    memory = f"{bulk(one.peak_memory)} at most" if one.peak_memory else ""
    code = shown(one.error_code or "", 60)
    why = f"{code}: {shown(one.error or '', 400)}" if code else ""
    parts = (one.outcome or "running", took, memory, why)
    return " · ".join(part for part in parts if part)


def _moment(posix: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(posix)) if posix else ""
