"""Numbers and hostile text as words for a person: used by boards, reprs and the terminal alike."""

from __future__ import annotations

from html import escape

from toolkit.desk import Glance
from toolkit.jobs import JobState

__all__ = [
    "bulk",
    "count",
    "duration",
    "escaped",
    "headline",
    "shown",
    "shown_lines",
    "state_words",
    "thing",
]


def shown(text: str, limit: int = 200) -> str:
    """*text* on one line, with every character that could steer a terminal or a page made visible.

    >>> shown("a\\x1b[31mb\\u202ec")
    'a\\\\x1b[31mb\\\\u202ec'
    """
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short)


def shown_lines(text: str, limit: int) -> str:
    """*text* with its lines and tabs, and every other steering character made visible.

    >>> shown_lines("a\\r\\n\\tb\\u202ec", 100)
    'a\\n\\tb\\\\u202ec'
    """
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    plain = short.replace("\r\n", "\n").replace("\r", "\n")
    if plain.isprintable():
        return plain
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in plain
    )


def escaped(text: str, limit: int = 200) -> str:
    """*text* for HTML: markup and steering characters are shown, never obeyed.

    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return escape(shown(text, limit))


def duration(seconds: float) -> str:
    """*seconds* the way a person says them.

    >>> duration(0.25), duration(42), duration(200), duration(7_320)
    ('0.2 s', '42 s', '3 min 20 s', '2 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count(number: int) -> str:
    """*number* with its thousands apart.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,}"


def bulk(size: int) -> str:
    """*size* in bytes the way a person says it.

    >>> bulk(812), bulk(39_400), bulk(5_250_000), bulk(71_000_000_000)
    ('812 bytes', '39 kB', '5.2 MB', '71.0 GB')
    """
    if size < 1000:
        return f"{size} bytes"
    if size < 1_000_000:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def thing(number: int, noun: str) -> str:
    """A number of things.

    >>> thing(1, "page"), thing(2000, "page")
    ('1 page', '2,000 pages')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def state_words(glance: Glance) -> list[str]:
    """How many jobs are in each state that has any, ended states first."""
    order = (
        JobState.COMPLETED,
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.PROCESSING,
        JobState.RETRYING,
        JobState.QUEUED,
    )
    return [f"{count(glance.counts[s])} {s}" for s in order if glance.counts.get(s)]


def headline(glance: Glance, *, pages_per_second: float | None, seconds_left: float | None) -> str:
    """The state of a batch in a line: how far, how fast, how long still."""
    if not glance.total:
        return "no jobs"
    parts = [f"{count(glance.ended)} of {thing(glance.total, 'job')}"]
    if failed := glance.counts.get(JobState.FAILED, 0):
        parts.append(f"{count(failed)} failed")
    if glance.pages:
        parts.append(thing(glance.pages, "page"))
    if not glance.active:
        parts.append("finished")
        return " · ".join(parts)
    if pages_per_second:
        parts.append(f"{pages_per_second:.1f} pages/s")
    if not glance.runners:
        parts.append("starting" if glance.starting else "no runner: nothing is being worked on")
    elif seconds_left is not None:
        parts.append(f"about {duration(seconds_left)} left")
    return " · ".join(parts)
