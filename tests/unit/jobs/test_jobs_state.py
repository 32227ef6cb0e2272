"""The table of moves: what it allows, what it forbids, and where it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import IllegalMove
from toolkit.jobs.state import ACTIVE, BORN, FINAL, MOVES, WAITING, JobState, Move, after, can

states, moves = st.sampled_from(JobState), st.sampled_from(Move)


def reachable(start: set[JobState]) -> set[JobState]:
    found = set(start)
    while more := {to for (state, _), to in MOVES.items() if state in found} - found:
        found |= more
    return found


@given(states, moves)
def test_a_move_is_made_or_refused_with_what_is_possible_instead(state, move):
    if can(state, move):
        assert after(state, move) is MOVES[state, move]
        return
    with pytest.raises(IllegalMove) as refused:
        after(state, move)
    assert str(state) in str(refused.value)
    for other in Move:
        assert (f" {other}" in str(refused.value).split("possible")[1]) is can(state, other)


@given(st.sampled_from(sorted(BORN)), st.lists(moves))
def test_whatever_happens_a_job_is_in_one_of_six_states(state, happenings):
    for move in happenings:
        if can(state, move):
            before, state = state, after(state, move)
            assert state is not before
            assert before not in FINAL or move is Move.RETRY


def test_every_state_is_reached_and_can_end():
    assert reachable(set(BORN)) == set(JobState)
    assert reachable({JobState.QUEUED}) == set(JobState)
    for state in ACTIVE:
        assert reachable({state}) >= FINAL


def test_final_states_are_left_by_a_persons_retry_alone():
    assert {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED} == FINAL
    assert {move for (state, move) in MOVES if state in FINAL} == {Move.RETRY}
    assert not any(can(JobState.COMPLETED, move) for move in Move)


def test_the_groups_divide_the_states():
    assert set(JobState) == ACTIVE | FINAL
    assert not ACTIVE & FINAL
    assert WAITING < ACTIVE
    assert {JobState.QUEUED} == BORN - FINAL


def test_only_a_claim_begins_work_and_every_active_job_can_be_cancelled():
    assert {move for (_, move), to in MOVES.items() if to is JobState.PROCESSING} == {Move.CLAIM}
    assert all(can(state, Move.CANCEL) for state in ACTIVE)
    assert after(JobState.PROCESSING, Move.LAPSE) is JobState.QUEUED
