"""How a batch went, in numbers."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from toolkit.desk import Glance
from toolkit.jobs import Job
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import bulk, count, duration, thing

__all__ = ["Stats", "stats_of"]


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """*size* is in bytes; *seconds* go from the first start to the last end."""

    counts: dict[str, int]
    pages: int
    cache_hits: int
    size: int
    seconds: float
    mean_seconds: float
    """What a job took that was worked on (not answered from the cache)."""
    failures: dict[str, int]
    """How many jobs failed, by code."""

    @property
    def jobs(self) -> int:
        return sum(self.counts.values())

    @property
    def pages_per_second(self) -> float:
        """0 where everything came from the cache."""
        return self.pages / self.seconds if self.seconds else 0.0

    def rows(self) -> list[list[str]]:
        """Names and values as text."""
        states = [[state, count(n)] for state, n in self.counts.items() if n]
        codes = [[f"failed: {code}", count(n)] for code, n in self.failures.items()]
        return [
            ["jobs", count(self.jobs)],
            *states,
            *codes,
            ["from the cache", count(self.cache_hits)],
            ["pages", count(self.pages)],
            ["input", bulk(self.size)],
            ["elapsed", duration(self.seconds)],
            ["pages a second", f"{self.pages_per_second:,.1f}"],
            ["a job took", duration(self.mean_seconds)],
        ]

    def __repr__(self) -> str:
        states = ", ".join(f"{count(n)} {state}" for state, n in self.counts.items() if n)
        took = f"{thing(self.pages, 'page')} in {duration(self.seconds)}"
        return f"<Stats {states or 'no jobs'}; {took}>"

    def _repr_html_(self) -> str:
        return table_html(self.rows())


def stats_of(jobs: Iterable[Job], glance: Glance) -> Stats:
    """The numbers of *jobs*, of which *glance* is a view."""
    jobs = list(jobs)
    worked_on = [(j.started_at, j.ended_at) for j in jobs if j.started_at and not j.cache_hit]
    started = [start for start, _ in worked_on if start]
    ended = [end for _, end in worked_on if end]
    took = [end - start for start, end in worked_on if start and end]
    return Stats(
        counts={str(state): n for state, n in glance.counts.items()},
        pages=glance.pages,
        cache_hits=glance.cache_hits,
        size=sum(job.size for job in jobs),
        seconds=max(0.0, max(ended) - min(started)) if started and ended else 0.0,
        mean_seconds=sum(took) / len(took) if took else 0.0,
        failures={failure.code: failure.count for failure in glance.failures},
    )
