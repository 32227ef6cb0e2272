"""A glance as HTML that needs no kernel, no script and no style sheet."""

from __future__ import annotations

from datetime import datetime

from toolkit.desk import Glance
from toolkit.jobs import Job, JobState
from toolkit.widgets.words import count, escaped, headline, state_words, thing

__all__ = ["glance_html", "jobs_html", "table_html"]

COLOURS = {
    JobState.COMPLETED: "#2e7d32",
    JobState.FAILED: "#c62828",
    JobState.CANCELLED: "#757575",
    JobState.PROCESSING: "#1565c0",
    JobState.RETRYING: "#b26a00",
    JobState.QUEUED: "#8896a470",
}
CELL = "padding:1px 10px 1px 0;text-align:left;vertical-align:top"
MOST_FAILURES = 8


def glance_html(
    glance: Glance,
    *,
    title: str,
    pages_per_second: float | None = None,
    seconds_left: float | None = None,
) -> str:
    """The batch as a heading, a bar, counts, what runs, and why jobs failed."""
    line = headline(glance, pages_per_second=pages_per_second, seconds_left=seconds_left)
    parts = [
        f"<div><strong>{escaped(title)}</strong> &nbsp;{escaped(line)}</div>",
        _bar(glance, line),
        f"<div>{_legend(glance)}{_from_cache(glance)}</div>",
        jobs_html(glance.running) if glance.running else "",
        _failures(glance),
    ]
    return "".join(parts)


def _bar(glance: Glance, words: str) -> str:
    total = max(1, glance.total)
    widths = {state: 100 * glance.counts.get(state, 0) / total for state in COLOURS}
    pieces = "".join(
        f'<span style="background:{COLOURS[state]};width:{width:.2f}%"></span>'
        for state, width in widths.items()
        if width
    )
    return (
        f'<div role="progressbar" aria-label="jobs that have ended" aria-valuemin="0" '
        f'aria-valuemax="{glance.total}" aria-valuenow="{glance.ended}" '
        f'aria-valuetext="{escaped(words)}" style="display:flex;height:10px;max-width:640px;'
        f'margin:4px 0;border-radius:3px;overflow:hidden;background:#8884">{pieces}</div>'
    )


def _legend(glance: Glance) -> str:
    # The words carry the meaning; the squares only lead the eye to the bar.
    squares = [
        f'<span style="white-space:nowrap;margin-right:12px"><span aria-hidden="true" style="'
        f"display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:4px;"
        f'background:{COLOURS[JobState(words.rpartition(" ")[2])]}"></span>{escaped(words)}</span>'
        for words in state_words(glance)
    ]
    return "".join(squares)


def _from_cache(glance: Glance) -> str:
    return f"<span>({count(glance.cache_hits)} from the cache)</span>" if glance.cache_hits else ""


def jobs_html(jobs: tuple[Job, ...]) -> str:
    """The jobs that run, a line each: file, stage, page of pages."""
    rows = []
    for job in jobs:
        page = f"page {count(job.page)} of {count(job.pages)}" if job.pages else ""
        name = job.filename or f"({job.tool}, no file)"
        rows.append([name, job.stage or job.tool, page, f"{job.progress:.0f} %"])
    return table_html(rows)


def _failures(glance: Glance) -> str:
    if not glance.failures:
        return ""
    rows = [
        [f"{count(f.count)} ×", f.code, f"{f.filename}: {f.message}" if f.filename else f.message]
        for f in glance.failures[:MOST_FAILURES]
    ]
    rest = len(glance.failures) - MOST_FAILURES
    more = f"<div>and {escaped(thing(rest, 'other reason'))}</div>" if rest > 0 else ""
    return f'<div style="margin-top:4px">Why jobs failed:</div>{table_html(rows)}{more}'


def table_html(rows: list[list[str]], *, head: list[str] | None = None) -> str:
    """Rows of text as a table, every cell escaped."""
    top = "".join(f'<th style="{CELL}" scope="col">{escaped(cell)}</th>' for cell in head or ())
    lines = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escaped(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    thead = f"<thead><tr>{top}</tr></thead>" if top else ""
    style = "border-collapse:collapse;margin:2px 0"
    return f'<table style="{style}">{thead}<tbody>{lines}</tbody></table>'


def clock(moment: float) -> str:
    """A POSIX time as the time of day here."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S")
