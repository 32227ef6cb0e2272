"""What is sound and what is not: of this machine, and of a database file. Repairs what is safe."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from html import escape
from pathlib import Path

import msgspec

from toolkit.errors import UnsuitableFile
from toolkit.runner import machine
from toolkit.store import blobs, erasures, invariants, outlook, places, queue, runners
from toolkit.store.store import Store

__all__ = ["Finding", "Report", "Verdict", "examine"]

# What a queue of ordinary documents needs at least; below it, jobs fail in ways hard to explain.
LEAST_MEMORY = 2 * 2**30
LEAST_DISK = 2**30
# RETURNING, which claiming a job is made of.
LEAST_SQLITE = (3, 35, 0)

EXTRAS = {
    "jupyterlab": "the notebook",
    "ipywidgets": "live boards",
    "pdf_oxide": "reading PDF",
    "pypdfium2": "rendering pages",
    "pyarrow": "Parquet",
}


class Verdict(StrEnum):
    """How a finding stands."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"
    REPAIRED = "repaired"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at, and what to do about it where it is not sound."""

    subject: str
    verdict: Verdict
    words: str
    remedy: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was looked at."""

    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is left that is a problem."""
        return all(finding.verdict is not Verdict.PROBLEM for finding in self.findings)

    def __repr__(self) -> str:
        wrong = [f"{f.subject}: {f.words}" for f in self.findings if f.verdict is Verdict.PROBLEM]
        return f"<Report: {'; '.join(wrong) if wrong else 'sound'}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(f.subject)}</td><td>{f.verdict}</td><td>{escape(f.words)}</td>"
            f"<td>{escape(f.remedy)}</td></tr>"
            for f in self.findings
        )
        return f"<table><tbody>{rows}</tbody></table>"


def examine(
    store: Store | None = None, *, folder: Path | None = None, repair: bool = False
) -> Report:
    """Look at this machine and, where one is given, at *store*.

    *folder* is where a file would be put (default: here). With *repair*, what is safe is done:
    jobs of dead runners go back to the queue, due ones too, and unused bytes are swept.
    """
    place = store.path.parent if store is not None else (folder or Path.cwd())
    findings = [*_machine(place)]
    if store is not None:
        findings += _file(store, repair=repair)
    return Report(findings=tuple(findings))


# --- the machine ------------------------------------------------------------------------------


def _machine(place: Path) -> Iterator[Finding]:
    yield _judged(
        "python", sys.version_info >= (3, 11), platform.python_version(), "use 3.11 or later"
    )
    yield _judged(
        "sqlite",
        sqlite3.sqlite_version_info >= LEAST_SQLITE,
        sqlite3.sqlite_version,
        "a Python with SQLite 3.35 or later is needed",
    )
    for module, what in EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        yield _judged(
            what, there, module if there else f"{module} is missing", "pip install pagequeue"
        )
    memory, free = machine.total_memory(), shutil.disk_usage(place).free
    yield _judged(
        "memory",
        memory >= LEAST_MEMORY,
        f"{memory / 2**30:.1f} GB",
        "large files may fail",
        note=True,
    )
    yield Finding(
        subject="processors",
        verdict=Verdict.OK,
        words=f"{machine.processors()}, so {machine.slots()} jobs at once",
    )
    yield _judged("disk", free >= LEAST_DISK, f"{free / 2**30:.1f} GB free in {place}", "make room")
    yield _place(place)


def _judged(subject: str, good: bool, words: str, remedy: str, *, note: bool = False) -> Finding:
    if good:
        return Finding(subject=subject, verdict=Verdict.OK, words=words)
    bad = Verdict.NOTE if note else Verdict.PROBLEM
    return Finding(subject=subject, verdict=bad, words=words, remedy=remedy)


def _place(place: Path) -> Finding:
    try:
        places.refuse_unsuitable((place / "pagequeue.db").absolute())
    except UnsuitableFile as exc:
        return Finding(subject="place", verdict=Verdict.PROBLEM, words=str(exc))
    return Finding(subject="place", verdict=Verdict.OK, words=f"{place} is a local folder")


# --- the file ---------------------------------------------------------------------------------


def _file(store: Store, *, repair: bool) -> Iterator[Finding]:
    conn, now = store.read(), time.time()
    (said,) = conn.execute("PRAGMA quick_check").fetchone()
    yield _judged("database", said == "ok", said, "restore a copy; export what can still be read")
    broken = invariants.violations(store)
    yield _judged(
        "laws", not broken, "; ".join(broken) or "all hold", "keep the file and report it"
    )
    yield from _runners(store, now)
    yield _mendable(
        "leases",
        _stuck(conn, now),
        "jobs held by a dead runner",
        repair=(lambda: _rescue(store)) if repair else None,
    )
    (open_erasures,) = conn.execute(
        "SELECT count(*) FROM erasures WHERE done_at IS NULL"
    ).fetchone()
    yield _mendable(
        "erasures",
        open_erasures,
        "purges not finished: another program reads the file",
        repair=(lambda: erasures.sweep(store, now=time.time())) if repair else None,
    )
    if repair:
        blobs.sweep(store, now=time.time())


def _runners(store: Store, now: float) -> Iterator[Finding]:
    alive = runners.live(store.read(), now=now)
    waiting = sum(row.queued + row.retrying for row in outlook.stats(store.read()))
    words = ", ".join(f"{row.id} (pid {row.pid}, {row.slots} slots)" for row in alive) or "none"
    if waiting and not alive:
        yield Finding(
            subject="runners",
            verdict=Verdict.NOTE,
            words=f"none, and {waiting:,} jobs wait",
            remedy=f"pagequeue work --db {store.path}",
        )
    else:
        yield Finding(subject="runners", verdict=Verdict.OK, words=words)


def _dead(conn: sqlite3.Connection) -> list[str]:
    here = runners.this_host()
    return [
        row.id
        for row in runners.enlisted(conn)
        if row.host == here and not machine.is_alive(row.pid, row.pid_started)
    ]


def _stuck(conn: sqlite3.Connection, now: float) -> int:
    held = conn.execute(
        "SELECT runner, lease_until FROM jobs WHERE status = 'processing'"
    ).fetchall()
    dead = set(_dead(conn))
    return sum(lease_until < now or runner in dead for runner, lease_until in held)


def _rescue(store: Store) -> None:
    with store.write() as conn:
        queue.rescue(conn, now=time.time(), dead_runners=_dead(conn))
        queue.promote(conn, now=time.time())


def _mendable(
    subject: str, found: int, what: str, *, repair: Callable[[], object] | None
) -> Finding:
    if not found:
        return Finding(subject=subject, verdict=Verdict.OK, words="none open")
    if repair is None:
        remedy = "pagequeue doctor --repair, or just: pagequeue work"
        return Finding(
            subject=subject, verdict=Verdict.NOTE, words=f"{found:,} {what}", remedy=remedy
        )
    repair()
    return Finding(subject=subject, verdict=Verdict.REPAIRED, words=f"{found:,} {what}")
