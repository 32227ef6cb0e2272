"""Samples to review, and what they say of the whole: tried on wholes whose truth is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.document.reviews import Accept, CorrectText, Note, Reject, Review
from toolkit.document.sampling import Candidate, error_rate, sample, wilson
from toolkit.errors import InvalidInput


def candidates(verified: int, sure: int = 0, fair: int = 0, doubtful: int = 0):
    kinds = [("verified", 1.0)] * verified + [("inferred", 0.95)] * sure
    kinds += [("inferred", 0.8)] * fair + [("inferred", 0.3)] * doubtful
    return [
        Candidate(job_id="job", block_id=f"b{n}", text_source=source, confidence=confidence)
        for n, (source, confidence) in enumerate(kinds)
    ]


def verdicts(drawn, wrong):
    """A review of each block that was drawn, by somebody who knows."""
    return [
        Review(
            job_id=one.job_id,
            block_ids=(one.block_id,),
            change=CorrectText("x") if one.block_id in wrong else Accept(),
        )
        for one in drawn
    ]


@given(st.tuples(*[st.integers(0, 30)] * 4), st.integers(1, 60), st.booleans(), st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_a_sample_has_so_many_different_blocks_in_their_order(sizes, n, weighted, seed):
    every = candidates(*sizes)
    drawn = sample(every, n, weighted=weighted, seed=seed)
    assert len(drawn) == min(n, len(every))
    names = [one.block_id for one in every]
    places = [names.index(one.block_id) for one in drawn]
    assert places == sorted(set(places))
    assert drawn == sample(every, n, weighted=weighted, seed=seed)
    sizes_seen = {one.stratum: one.of for one in drawn}
    assert sum(sizes_seen.values()) <= len(every)


def test_the_doubtful_are_drawn_more_often():
    every = candidates(800, 100, 60, 40)
    drawn = sample(every, 100, weighted=True, seed=1)
    count = {name: sum(one.stratum == name for one in drawn) for name in {d.stratum for d in drawn}}
    assert count["inferred, doubtful"] / 40 > count["inferred, fair"] / 60 > count["verified"] / 800
    flat = sample(every, 100, weighted=False, seed=1)
    assert {one.stratum for one in flat} == {"all"}


def test_no_sample_of_nothing():
    assert sample([], 5, weighted=True, seed=0) == ()
    with pytest.raises(InvalidInput):
        sample(candidates(3), 0, weighted=True, seed=0)


def test_before_anything_is_reviewed_nothing_is_known():
    drawn = sample(candidates(10), 5, weighted=False, seed=0)
    found = error_rate(drawn, [])
    assert (found.rate, found.low, found.high, found.left) == (None, 0.0, 1.0, 5)


def test_no_error_seen_is_no_proof_of_none():
    drawn = sample(candidates(1000), 50, weighted=False, seed=0)
    found = error_rate(drawn, verdicts(drawn, set()))
    assert (found.rate, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.0714, abs=1e-3)


def test_wilsons_interval_is_the_published_one():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0 / 20, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_when_all_was_looked_at_nothing_is_left_to_chance():
    every = candidates(8, 2)
    drawn = sample(every, 10, weighted=True, seed=0)
    found = error_rate(drawn, verdicts(drawn, {"b0", "b9"}))
    assert (found.rate, found.low, found.high) == (0.2, 0.2, 0.2)


def test_what_was_found_wrong_stays_wrong_and_notes_and_undone_reviews_say_nothing():
    drawn = sample(candidates(100), 3, weighted=False, seed=0)
    one, two, three = (d.block_id for d in drawn)
    reviews = [
        Review(job_id="job", block_ids=(one,), change=CorrectText("x")),
        Review(job_id="job", block_ids=(one,), change=Accept()),
        Review(job_id="job", block_ids=(two,), change=Note("?")),
        Review(job_id="job", block_ids=(three,), change=Accept()),
        Review(job_id="job", block_ids=(three,), change=Reject(), undone_at=1.0),
        Review(job_id="another", block_ids=(two,), change=Reject()),
    ]
    found = error_rate(drawn, reviews)
    assert (found.wrong, found.reviewed, found.left) == (1, 2, 1)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_interval_holds_the_truth_about_as_often_as_it_says(weighted):
    """300 samples of 120 of a whole where the doubtful are often wrong, the verified hardly."""
    every = candidates(1500, 300, 120, 80)
    dice = random.Random(7)
    chance = {"verified": 0.005, "sure": 0.04, "fair": 0.2, "doubtful": 0.6}
    wrong = {
        one.block_id
        for one in every
        if dice.random()
        < chance[
            "verified"
            if one.text_source == "verified"
            else "sure"
            if one.confidence > 0.9
            else "fair"
            if one.confidence > 0.7
            else "doubtful"
        ]
    }
    truth = len(wrong) / len(every)
    found = []
    for seed in range(300):
        drawn = sample(every, 120, weighted=weighted, seed=seed)
        found.append(error_rate(drawn, verdicts(drawn, wrong)))
    held = sum(one.low <= truth <= one.high for one in found) / len(found)
    assert held >= 0.93
    assert sum(one.rate for one in found) / len(found) == pytest.approx(truth, rel=0.1)


def test_a_sample_by_trust_knows_more_for_the_same_work():
    every = candidates(1500, 300, 120, 80)
    wrong = {one.block_id for n, one in enumerate(every) if one.confidence < 0.7 and n % 2}
    truth = len(wrong) / len(every)

    def spread(weighted: bool) -> float:
        rates = []
        for seed in range(100):
            drawn = sample(every, 120, weighted=weighted, seed=seed)
            rates.append(error_rate(drawn, verdicts(drawn, wrong)).rate)
        return sum((rate - truth) ** 2 for rate in rates)

    assert spread(True) < spread(False)
