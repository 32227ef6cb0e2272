"""A glance as the words and numbers that the board in the browser shows."""

from __future__ import annotations

from typing import Any

from toolkit.desk import Failure, Glance, Offered
from toolkit.widgets.pace import Pace
from toolkit.widgets.twin import clock
from toolkit.widgets.words import headline, shown

__all__ = ["glance_words", "tool_words"]

MOST_FAILURES = 8


def glance_words(glance: Glance, *, title: str, pace: Pace) -> dict[str, Any]:
    """The batch as JSON; every text in it is safe to be shown as text."""
    line = headline(glance, pages_per_second=pace.pages_per_second, seconds_left=pace.seconds_left)
    return {
        "title": shown(title),
        "line": line,
        "at": clock(glance.taken_at),
        "counts": {str(state): number for state, number in glance.counts.items()},
        "total": glance.total,
        "ended": glance.ended,
        "active": glance.active,
        "cached": glance.cache_hits,
        "failures": [_failure(failure) for failure in glance.failures[:MOST_FAILURES]],
        "more_failures": max(0, len(glance.failures) - MOST_FAILURES),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    example = f"{shown(failure.filename)}: " if failure.filename else ""
    return {
        "count": failure.count,
        "code": shown(failure.code, 60),
        "words": f"{example}{shown(failure.message, 300)}",
    }


def tool_words(tool: Offered) -> dict[str, Any]:
    """A type of job as JSON."""
    return {
        "name": tool.name,
        "label": shown(tool.label or tool.name, 60),
        "state": tool.state,
        "waiting": tool.waiting,
    }
