"""The state machine of a job: one table of moves, which everything else asks.

The schema repeats it as CHECKs and triggers; a test applies random moves to the real store
and compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from toolkit.errors import IllegalMove

__all__ = ["ACTIVE", "BORN", "FINAL", "MOVES", "WAITING", "JobState", "Move", "after", "can"]


class JobState(StrEnum):
    """Where a job stands.

    ``queued`` waits for a slot; ``processing`` is held by a runner's lease; ``retrying`` failed
    and waits for another attempt; ``completed`` has its result stored; ``failed`` ended with an
    error; ``cancelled`` was stopped before an end.
    """

    QUEUED = "queued"
    PROCESSING = "processing"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    SUCCEED = "succeed"
    FAIL = "fail"
    POSTPONE = "postpone"
    LAPSE = "lapse"
    DUE = "due"
    CANCEL = "cancel"
    RETRY = "retry"


MOVES: Mapping[tuple[JobState, Move], JobState] = {
    (JobState.QUEUED, Move.CLAIM): JobState.PROCESSING,
    (JobState.QUEUED, Move.CANCEL): JobState.CANCELLED,
    (JobState.PROCESSING, Move.SUCCEED): JobState.COMPLETED,
    (JobState.PROCESSING, Move.FAIL): JobState.FAILED,
    # it failed, and another attempt was granted
    (JobState.PROCESSING, Move.POSTPONE): JobState.RETRYING,
    # its lease ran out: the runner died, not the job
    (JobState.PROCESSING, Move.LAPSE): JobState.QUEUED,
    (JobState.PROCESSING, Move.CANCEL): JobState.CANCELLED,
    (JobState.RETRYING, Move.DUE): JobState.QUEUED,
    (JobState.RETRYING, Move.CANCEL): JobState.CANCELLED,
    # a person asks for another try
    (JobState.FAILED, Move.RETRY): JobState.QUEUED,
    (JobState.CANCELLED, Move.RETRY): JobState.QUEUED,
}

BORN = frozenset({JobState.QUEUED, JobState.COMPLETED, JobState.FAILED})
"""A row is born queued, completed (the cache had the answer) or failed (the input was refused)."""

FINAL = frozenset(JobState) - {state for state, move in MOVES if move is not Move.RETRY}
WAITING = frozenset({JobState.QUEUED, JobState.RETRYING})
ACTIVE = frozenset(JobState) - FINAL


def can(state: JobState, move: Move) -> bool:
    """Whether *move* is legal from *state*."""
    return (state, move) in MOVES


def after(state: JobState, move: Move) -> JobState:
    """The state that *move* leads to from *state*.

    Raises IllegalMove, naming both and what is possible instead.

    >>> after(JobState.QUEUED, Move.CLAIM)
    <JobState.PROCESSING: 'processing'>
    """
    if (state, move) not in MOVES:
        possible = ", ".join(sorted(m for s, m in MOVES if s is state)) or "nothing (it has ended)"
        raise IllegalMove(f"a {state} job cannot {move}; possible from here: {possible}")
    return MOVES[state, move]
