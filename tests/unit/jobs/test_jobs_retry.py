"""The retry policy: bounded waits, bounded attempts, and only for what a retry can mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import ChildCrashed, DamagedFile, InvalidOption, JobTimeout, ToolkitError
from toolkit.jobs.retry import RetryPolicy

chance = st.floats(0, 1, exclude_max=True)
policies = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 10**9),
    first_wait=st.floats(0, 1e6),
    longest_wait=st.floats(0, 1e6),
)


@given(policies, st.integers(1, 10**9), chance)
def test_a_wait_is_within_its_bounds(policy, attempt, luck):
    wait = policy.wait(attempt, ChildCrashed("x"), dice=lambda: luck)
    if attempt >= policy.attempts:
        assert wait is None
    else:
        assert 0 <= wait <= policy.longest_wait
        assert wait <= policy.first_wait * 2.0 ** min(attempt - 1, 60) * 1.5


@given(policies, st.integers(1, 10**6))
def test_what_a_retry_cannot_mend_is_given_up_at_once(policy, attempt):
    assert policy.wait(attempt, DamagedFile("x"), dice=lambda: 0.5) is None


@given(chance)
def test_waits_double_until_the_longest(luck):
    policy = RetryPolicy(attempts=100)
    waits = [policy.wait(n, JobTimeout("x"), dice=lambda: luck) for n in range(1, 100)]
    assert waits == sorted(waits)
    assert waits[0] == 2.0 * (0.5 + luck)
    assert waits[1] == waits[0] * 2
    assert waits[-1] == 300.0


def test_chance_spreads_the_waits():
    policy = RetryPolicy()
    assert policy.wait(1, JobTimeout("x"), dice=lambda: 0.0) == 1.0
    assert policy.wait(1, JobTimeout("x"), dice=lambda: 0.999) == pytest.approx(2.998)


def test_three_attempts_mean_two_retries():
    policy, error = RetryPolicy(attempts=3), JobTimeout("x")
    assert [policy.wait(n, error, dice=lambda: 0.5) is None for n in (1, 2, 3)] == [
        False,
        False,
        True,
    ]


def test_an_error_says_itself_whether_a_retry_can_help():
    class Flaky(ToolkitError):
        retryable = True

    assert RetryPolicy().wait(1, Flaky("x"), dice=lambda: 0.5) is not None


@pytest.mark.parametrize("attempts", [0, -1])
def test_a_policy_without_attempts_is_refused(attempts):
    with pytest.raises(InvalidOption, match="attempts"):
        RetryPolicy(attempts=attempts)
