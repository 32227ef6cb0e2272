"""What later migrations changed in the tables and triggers of the first one.

A released migration is never edited, so what it made stays as it was written, in ``tables`` and
``laws``, and what became of it stands here.
"""

from __future__ import annotations

from toolkit.store.laws import BIRTH

__all__ = ["BIRTHS_COUNTED_AT_ONCE"]

_WHEN = "AFTER INSERT ON jobs"

BIRTHS_COUNTED_AT_ONCE: tuple[str, ...] = (
    # Three counters a row were a quarter of what a row of many took. ``bulk`` counts its births
    # itself, and says so here, within its own transaction: no other ever sees a 1.
    "ALTER TABLE this_file ADD COLUMN births_counted_at_once INTEGER NOT NULL DEFAULT 0"
    " CHECK (births_counted_at_once IN (0, 1))",
    "DROP TRIGGER jobs_are_born",
    BIRTH.replace(_WHEN, f"{_WHEN} WHEN NOT (SELECT births_counted_at_once FROM this_file)"),
)
