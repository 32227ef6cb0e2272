"""Figures for Prometheus: what was served, how long it took, and how the queue stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from toolkit.jobs import JobState
from toolkit.server.calls import Visit
from toolkit.store import outbox, outlook, runners
from toolkit.store.store import Store

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

# From a poll in the memory to a long poll.
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Metrics:
    """What one server tells of itself, and of the file it serves."""

    def __init__(self, store: Store, *, streams: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "pagequeue_requests",
            "Requests that were answered.",
            ("dialect", "route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "pagequeue_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("dialect", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._counters: dict[tuple[str, ...], Counter] = {}
        self._histograms: dict[tuple[str, ...], Histogram] = {}
        self._registry.register(_Queue(store, streams))

    def served(self, visit: Visit, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        dialect, route = visit.dialect or "none", visit.route or "none"
        # A method may be any word; a row for each would let anyone fill the memory.
        row = (dialect, route, method if method in _METHODS else "other", str(status))
        counter = self._counters.get(row)
        if counter is None:
            counter = self._counters[row] = self._requests.labels(*row)
        counter.inc()
        histogram = self._histograms.get((dialect, route))
        if histogram is None:
            histogram = self._histograms[dialect, route] = self._seconds.labels(dialect, route)
        histogram.observe(seconds)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it. It reads the database: call it in a thread."""
        return generate_latest(self._registry)


class _Queue(Collector):
    """How the queue stands at the moment it is asked."""

    def __init__(self, store: Store, streams: Callable[[], int]) -> None:
        self._store = store
        self._streams = streams

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        conn = self._store.read()
        jobs = GaugeMetricFamily("pagequeue_jobs", "Jobs by state.", labels=("tool", "state"))
        depth = GaugeMetricFamily("pagequeue_queue_depth", "Jobs that wait.", labels=("tool",))
        for row in outlook.stats(conn):
            for state in JobState:
                jobs.add_metric((row.tool, str(state)), getattr(row, str(state)))
            depth.add_metric((row.tool,), row.queued + row.retrying)
        yield jobs
        yield depth
        live = runners.live(conn, now=time.time())
        yield GaugeMetricFamily("pagequeue_runners", "Runners at work.", value=len(live))
        slots = sum(runner.slots for runner in live)
        yield GaugeMetricFamily("pagequeue_slots", "Jobs that the runners take.", value=slots)
        waiting = outbox.backlog(conn)
        yield GaugeMetricFamily(
            "pagequeue_webhooks_waiting", "Deliveries to be made.", value=waiting
        )
        yield GaugeMetricFamily(
            "pagequeue_event_streams", "Event streams that are open.", value=self._streams()
        )
