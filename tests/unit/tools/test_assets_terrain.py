"""The terrain tool: the same seed is the same land, its edges meet, and it has what was asked."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_assets import plane, task

from toolkit.errors import InvalidInput
from toolkit.tools.assets import terrain
from toolkit.tools.assets.chance import Chance
from toolkit.tools.assets.noise import Noise


def heights(tmp_path, **options):
    outcome = terrain.run(task(tmp_path, None, **options))
    side = options.get("resolution", 512)
    return np.frombuffer(outcome.content, ">u2").reshape(side, side).astype(int)


def test_a_land_is_raw_numbers_high_byte_first(tmp_path):
    told = []
    outcome = terrain.run(task(tmp_path, None, told=told, resolution=128))
    assert (outcome.filename, outcome.media_type) == ("terrain_128.r16", "application/octet-stream")
    assert len(outcome.content) == 128 * 128 * 2
    found = np.frombuffer(outcome.content, ">u2")
    assert (found.min(), found.max()) == (0, 65535)
    # In the wrong order of bytes, neighbours would have nothing to do with each other.
    assert np.abs(np.diff(found.reshape(128, 128).astype(int))).mean() < 2000
    percents = [progress.percent for progress in told]
    assert percents == sorted(percents)


def test_the_picture_shows_the_same_land(tmp_path):
    outcome = terrain.run(task(tmp_path, None, resolution=100, format="png"))
    assert (outcome.filename, outcome.media_type) == ("terrain_100.png", "image/png")
    grey = plane(outcome.content)
    assert (grey.dtype, grey.shape) == (np.uint8, (100, 100))
    assert np.abs(grey - heights(tmp_path, resolution=100) / 257).max() <= 0.5


def test_this_seed_is_this_land_on_every_machine(tmp_path):
    content = terrain.run(
        task(
            tmp_path,
            None,
            resolution=256,
            seed=7,
            hills=3,
            ridges=2,
            craters=2,
            plateaus=1,
            valleys=1,
            island=True,
            waterLevel=0.05,
        )
    ).content
    assert hashlib.sha256(content).hexdigest() == KNOWN


KNOWN = "a22f1d62833b63fd66c36874825cac5ad117e97c26967d24f6d1b5218c5ecec4"


def test_another_process_makes_the_same_bytes(tmp_path):
    code = (
        "import hashlib; from pathlib import Path; from toolkit.jobs import Limits, Task\n"
        "from toolkit.tools.assets import terrain\n"
        "t = Task(filename='', source=None, sha256='', options={'seed': 5, 'resolution': 200},"
        " limits=Limits(), work_folder=Path('.'), report=lambda _: None)\n"
        "print(hashlib.sha256(terrain.run(t).content).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    here = terrain.run(task(tmp_path, None, seed=5, resolution=200)).content
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_another_seed_is_another_land(tmp_path):
    one, other, negative = (heights(tmp_path, seed=s, resolution=64) for s in (1, 2, -1))
    assert np.abs(one - other).mean() > 1000
    assert np.abs(one - negative).mean() > 1000


@pytest.mark.parametrize("island", [False, True])
def test_the_edges_meet(tmp_path, island):
    """From the last row to the first it is no further than from any row to the next."""
    found = heights(tmp_path, seed=3, ridges=4, hills=12, craters=3, valleys=2, island=island)
    for axis in (0, 1):
        steps = np.abs(np.diff(found, axis=axis)).mean(axis=1 - axis)
        seam = np.abs(np.take(found, 0, axis) - np.take(found, -1, axis)).mean()
        assert seam <= steps.max()


def test_a_finer_land_is_the_same_land(tmp_path):
    coarse = heights(tmp_path, seed=4, resolution=128)
    fine = heights(tmp_path, seed=4, resolution=1024)
    means = fine.reshape(128, 8, 128, 8).mean(axis=(1, 3))
    assert np.corrcoef(coarse.ravel(), means.ravel())[0, 1] > 0.98


@pytest.mark.parametrize("side", [64, 65, 100, 511, 512, 513, 777])
def test_any_resolution_has_no_seam_between_its_bands(tmp_path, side):
    found = heights(tmp_path, seed=6, resolution=side, hills=2, ridges=0)
    bends = np.abs(np.diff(found, n=2, axis=0)).mean(axis=1)
    across = np.abs(np.diff(found, n=2, axis=1)).mean()
    assert bends.max() < 6 * across + 50


def test_an_island_has_the_sea_around_it(tmp_path):
    for seed in range(4):
        found = heights(tmp_path, seed=seed, island=True, resolution=128, hills=10)
        edge = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
        assert edge.max() < 0.02 * 65535
        assert found.max() == 65535
        assert (found > 0.05 * 65535).mean() > 0.1


def test_water_is_flat_and_lies_at_its_level(tmp_path):
    dry, wet = heights(tmp_path, seed=2), heights(tmp_path, seed=2, waterLevel=0.25)
    level = round(0.25 * 65535)
    assert wet.min() == level
    assert np.array_equal(wet, np.maximum(dry, level))
    assert (heights(tmp_path, waterLevel=1, resolution=64) == 65535).all()


def test_a_plain_stays_flat(tmp_path):
    plain = heights(tmp_path, hills=0, ridges=0, resolution=128)
    assert plain.max() < 0.8 * 65535


@pytest.mark.parametrize("thing", ["hills", "ridges", "craters", "plateaus", "valleys"])
def test_every_thing_changes_the_land(tmp_path, thing):
    nothing = {"hills": 1, "ridges": 0, "resolution": 64, "seed": 8}
    assert not np.array_equal(
        heights(tmp_path, **nothing), heights(tmp_path, **{**nothing, thing: 5})
    )


def test_the_most_of_everything_is_a_land(tmp_path):
    most = {name: field.high for name, field in terrain.FIELDS.items() if hasattr(field, "high")}
    found = heights(tmp_path, **{**most, "resolution": 64, "waterLevel": 0, "seed": 1})
    assert (found.min(), found.max()) == (0, 65535)


def test_a_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no file"):
        terrain.run(task(tmp_path, b"x"))


def test_chance_is_the_same_in_every_version():
    chance = Chance(42, 1)
    assert [chance.between(0, 1) for _ in range(2)] == CHANCES
    assert Chance(42, 2).between(0, 1) != CHANCES[0]


CHANCES = [0.7935026873922878, 0.24595865734140498]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**53), cells=st.integers(2, 40))
def test_noise_is_bounded_and_repeats(seed, cells):
    noise = Noise(Chance(seed, 1), cells)
    places = np.arange(64) / 64
    found = noise.over(places, places)
    assert np.abs(found).max() < 1.6
    assert np.array_equal(found[10:12], noise.over(places[10:12], places))
    edges = np.array([0.0, 1.0 - 2.0**-40])
    assert np.abs(np.diff(noise.over(edges, places), axis=0)).max() < 1e-6
