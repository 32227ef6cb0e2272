"""The material tool: normals that point outward, maps that repeat, files as they are named."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from making_assets import picture, plane, task, unpacked

from toolkit.errors import (
    DamagedFile,
    EmptyFile,
    FileTooLarge,
    ImageTooLarge,
    InvalidInput,
    UnsupportedFileType,
)
from toolkit.tools.assets import heights, material, normals


def bump(side: int = 64):
    """A round bump in the middle of the picture."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    height = 200 * np.exp(-(x * x + y * y) / (side / 6) ** 2)
    return np.repeat(height[..., None], 3, axis=2).astype(np.uint8)


def maps(tmp_path, content, **options):
    return unpacked(material.run(task(tmp_path, content, **options)).content)


def test_the_zip_holds_what_is_promised(tmp_path):
    told = []
    outcome = material.run(task(tmp_path, picture(bump()), name="wall", told=told))
    assert (outcome.filename, outcome.media_type) == ("wall.zip", "application/zip")
    files = unpacked(outcome.content)
    suffixes = ("_color.png", "_rough.png", "_normal.png", "_height.png", "_ao.png", ".vmat")
    assert list(files) == [f"wall{suffix}" for suffix in suffixes]
    assert np.array_equal(plane(files["wall_color.png"]), bump())
    assert np.array_equal(plane(files["wall_height.png"]), bump()[..., 0])
    percents = [progress.percent for progress in told]
    assert percents == sorted(percents)
    assert len(percents) > 4


def test_a_bumps_normals_point_outward(tmp_path):
    found = plane(maps(tmp_path, picture(bump()))["texture_normal.png"]).astype(int) - 128
    right, left = found[32, 48], found[32, 16]
    above, below = found[16, 32], found[48, 32]
    assert right[0] > 20 > -20 > left[0]
    assert above[1] > 20 > -20 > below[1], "green is up"
    assert (found[..., 2] > 0).all()
    lengths = np.sqrt(((found + 0.5) ** 2).sum(axis=2)) / 127.5
    assert np.abs(lengths - 1).max() < 0.02


def test_a_flat_picture_is_flat_in_every_map(tmp_path):
    files = maps(tmp_path, picture(np.full((16, 24, 3), 90)), roughnessBase=150, aoStrength=1)
    assert (plane(files["texture_normal.png"]) == (128, 128, 255)).all()
    assert (plane(files["texture_rough.png"]) == 150).all()
    assert (plane(files["texture_ao.png"]) == 255).all()


def test_a_stronger_normal_is_steeper(tmp_path):
    weak, strong = (
        plane(maps(tmp_path, picture(bump()), normalStrength=s)["texture_normal.png"])
        for s in (0.5, 4)
    )
    assert strong[..., 2].mean() < weak[..., 2].mean()


@pytest.mark.parametrize("shift", [(0, 7), (5, 0), (11, 13)])
def test_no_map_knows_where_the_tile_begins(tmp_path, shift):
    """What is made of a shifted tile is what was made of it, shifted: there is no seam."""
    chance = np.random.default_rng(4)
    pixels = chance.integers(0, 256, (40, 56, 3), dtype=np.uint8)
    one = maps(tmp_path, picture(pixels), aoStrength=1)
    other = maps(tmp_path, picture(np.roll(pixels, shift, axis=(0, 1))), aoStrength=1)
    for name in one:
        if name.endswith(".png"):
            assert np.array_equal(np.roll(plane(one[name]), shift, axis=(0, 1)), plane(other[name]))


def test_the_bands_of_a_large_map_fit_together():
    chance = np.random.default_rng(1)
    found = chance.integers(0, heights.HIGHEST, (600, 32), dtype=np.int32)
    whole = normals.normals(found, 1.5)
    assert np.array_equal(
        np.roll(whole, 100, axis=0), normals.normals(np.roll(found, 100, axis=0), 1.5)
    )


def test_a_blur_is_the_mean_of_the_neighbours():
    found = np.zeros((32, 32), np.int32)
    found[3, 30] = 49 * 1000
    once = np.zeros((32, 32))
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            once[(3 + dy) % 32, (30 + dx) % 32] = 49 * 1000 / 25
    twice = sum(np.roll(once, (dy, dx), (0, 1)) for dy in range(-2, 3) for dx in range(-2, 3)) / 25
    assert np.abs(heights.blurred(found, 2) - twice).max() <= 3


def test_hollows_are_dark_and_tops_are_not(tmp_path):
    hollow = 255 - bump()
    dark = plane(maps(tmp_path, picture(hollow), aoStrength=1)["texture_ao.png"])
    assert dark[32, 32] < 200 < dark[0, 0]
    assert plane(maps(tmp_path, picture(hollow), aoStrength=0)["texture_ao.png"]).min() == 255


def test_roughness_lies_around_its_level(tmp_path):
    pixels = np.full((64, 64, 3), 128, np.uint8)
    pixels[:, 32:] = np.random.default_rng(2).integers(0, 256, (64, 32, 1))
    rough = plane(maps(tmp_path, picture(pixels), roughnessBase=160)["texture_rough.png"]).astype(
        int
    )
    assert rough[:, 40:56].mean() > 160 > rough[:, 8:24].mean()
    assert abs(rough.mean() - 160) < 3


def test_a_vmat_names_its_maps_and_numbers(tmp_path):
    options = {"name": "wall", "assetDir": "materials/old", "metalness": 0.25, "uvScale": "2"}
    text = maps(tmp_path, picture(bump()), **options)["wall.vmat"].decode()
    for key, suffix in {"Color": "color", "Normal": "normal", "Roughness": "rough"}.items():
        assert f'Texture{key} "materials/old/wall_{suffix}.png"' in text
    assert 'TextureAmbientOcclusion "materials/old/wall_ao.png"' in text
    assert 'g_flMetalness "0.250"' in text
    assert 'g_vTexCoordScale "[2.000 2.000]"' in text
    assert text.count("{") == text.count("}") == 1
    assert "F_TRANSLUCENT" not in text


def test_a_tmat_is_the_json_of_a_terrain_material(tmp_path):
    files = maps(tmp_path, picture(bump()), materialMode="tmat", uvScale=4, assetDir="ground")
    told = json.loads(files["texture.tmat"])
    assert told["AlbedoImage"] == "ground/texture_color.png"
    assert {told[key].rsplit("/")[-1] for key in told if key.endswith("Image")} <= set(files)
    assert (told["UVScale"], told["Metalness"]) == (4.0, 0.0)


@pytest.mark.parametrize(
    ("alpha", "feature"), [([0, 255], "F_ALPHA_TEST"), ([0, 90, 255], "F_TRANSLUCENT")]
)
def test_what_is_transparent_is_kept_when_asked(tmp_path, alpha, feature):
    pixels = np.full((30, 30, 4), 77, np.uint8)
    pixels[..., 3] = np.resize(alpha, (30, 30))
    files = maps(tmp_path, picture(pixels), transparent="true")
    assert np.array_equal(plane(files["texture_trans.png"]), pixels[..., 3])
    assert f"{feature} 1" in files["texture.vmat"].decode()
    assert plane(files["texture_color.png"]).shape == (30, 30, 3)
    assert "texture_trans.png" not in maps(tmp_path, picture(pixels))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_known_by_its_bytes(tmp_path, kind):
    assert len(maps(tmp_path, picture(bump(), kind), name="x")) == 6


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "CMYK"])
def test_every_kind_of_colour_is_taken(tmp_path, mode):
    from io import BytesIO

    from PIL import Image

    image = Image.fromarray(bump()[..., 0])
    if mode == "I;16":
        image = Image.fromarray(bump()[..., 0].astype(np.uint16) * 257)
    else:
        image = image.convert("RGB").convert(mode) if mode in ("P", "CMYK") else image.convert(mode)
    file = BytesIO()
    image.save(file, "JPEG" if mode == "CMYK" else "PNG")
    height = plane(maps(tmp_path, file.getvalue())["texture_height.png"])
    assert height[28:36, 28:36].mean() > 150 > height[:8, :8].mean()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, InvalidInput),
        (b"", EmptyFile),
        (b"GIF89a" + bytes(40), UnsupportedFileType),
        (b"%PDF-1.7\n", UnsupportedFileType),
        (b"just words", UnsupportedFileType),
        (picture(bump())[:200], DamagedFile),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), DamagedFile),
        (bytes(20 * 2**20 + 1), FileTooLarge),
        (picture(np.zeros((1, 9000), np.uint8)), ImageTooLarge),
        (picture(np.zeros((4100, 4100), np.uint8)), ImageTooLarge),
    ],
    ids=["none", "empty", "gif", "pdf", "text", "cut", "hollow", "heavy", "long", "large"],
)
def test_what_is_no_picture_for_this_is_refused(tmp_path, content, error):
    with pytest.raises(error):
        material.run(task(tmp_path, content, filename="x.png"))


def test_another_process_makes_the_same_bytes(tmp_path):
    content = picture(bump())
    (tmp_path / "in.png").write_bytes(content)
    code = (
        "import sys, hashlib; from pathlib import Path; from toolkit.jobs import Limits, Task\n"
        "from toolkit.tools.assets import material\n"
        "t = Task(filename='x', source=Path(sys.argv[1]), sha256='', options={}, limits=Limits(),"
        " work_folder=Path('.'), report=lambda _: None)\n"
        "print(hashlib.sha256(material.run(t).content).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "in.png"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for _ in range(2)
    }
    assert len(hashes) == 1


def test_the_door_tells_what_is_no_picture():
    with pytest.raises(UnsupportedFileType, match="text/plain"):
        material.admit(b"not a picture", 13, "a.png")
    with pytest.raises(FileTooLarge):
        material.admit(picture(bump())[:4096], 21 * 2**20, "a.png")
    material.admit(picture(bump())[:4096], 10_000, "a.png")
