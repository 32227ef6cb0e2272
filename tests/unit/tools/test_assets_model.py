"""The model tool: fewer triangles of one shape, a true manifest, no guess at hostile text."""

from __future__ import annotations

import gzip
import json
import sys
from io import BytesIO

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from making_assets import sphere, task, unpacked

from toolkit.errors import (
    DamagedFile,
    EmptyFile,
    FileTooLarge,
    InvalidInput,
    MissingExtra,
    ToolkitError,
    UnsupportedFileType,
)
from toolkit.tools.assets import model, obj, thinning

TRIANGLE = b"v 0 0 0\nv 1 0 0\nv 0 1 0\n"


def files(tmp_path, content, **options):
    return unpacked(model.run(task(tmp_path, content, filename="ball.obj", **options)).content)


def loaded(content: bytes):
    """As another library reads it."""
    return trimesh.load(BytesIO(content), file_type="obj", process=False, force="mesh")


def test_half_a_sphere_keeps_its_volume(tmp_path):
    told = []
    outcome = model.run(task(tmp_path, sphere(), filename="ball.obj", told=told))
    assert (outcome.filename, outcome.media_type) == ("ball.zip", "application/zip")
    found = unpacked(outcome.content)
    assert list(found) == ["ball.obj", "manifest.json"]
    before = thinning.joined(obj.read(sphere(), "ball.obj"))
    light = loaded(found["ball.obj"])
    assert abs(len(light.faces) / len(before.triangles) - 0.5) < 0.02
    whole = trimesh.Trimesh(before.points, before.triangles, process=False)
    joined = trimesh.Trimesh(light.vertices, light.faces)
    assert abs(joined.volume / whole.volume - 1) < 0.01
    percents = [progress.percent for progress in told]
    assert percents == sorted(percents)


def test_the_manifest_is_true(tmp_path):
    options = {"lodLevels": 3, "lodFinalRatio": 0.2, "ratio": 0.8, "lodMaxThreshold": 90}
    found = files(tmp_path, sphere(), **options)
    told = json.loads(found["manifest.json"])
    source = obj.read(sphere(), "ball.obj")
    assert told["source"]["triangles"] == len(source.triangles) == 2 * 48 * 23
    assert told["source"]["vertices"] == 25 * 49
    assert told["materials"] == ["north", "south"]
    assert [level["threshold"] for level in told["levels"]] == [0, 30, 60, 90]
    assert [level["file"] for level in told["levels"]] == [f"ball_lod{n}.obj" for n in range(4)]
    assert told["levels"][0]["ratio"] == pytest.approx(0.8)
    assert told["levels"][3]["ratio"] == pytest.approx(0.16)
    counts = [level["triangles"] for level in told["levels"]]
    assert counts == sorted(counts, reverse=True)
    for level in told["levels"]:
        again = obj.read(found[level["file"]], level["file"])
        assert level["triangles"] == len(again.triangles)
        assert level["vertices"] == len(again.points)
        assert np.allclose(level["bounds"], [again.points.min(axis=0), again.points.max(axis=0)])
        assert level["triangles"] == pytest.approx(level["ratio"] * 2208, rel=0.03)
        assert level["closed"]
        assert level["volume"] == pytest.approx(4.1888, rel=0.05)


def test_materials_and_texture_go_along():
    before = thinning.joined(obj.read(sphere(48, 96), "ball"))
    light = thinning.thinned(before, len(before.triangles) // 8)
    corners = light.points[light.triangles]
    north = corners[..., 2].mean(axis=1) > 0
    assert ((light.material == 0) == north).mean() > 0.97
    uv = light.uv.values[light.uv.corners]
    down = np.arccos(np.clip(corners[..., 2], -1, 1)) / np.pi
    turn = (np.arctan2(corners[..., 1], corners[..., 0]) / (2 * np.pi)) % 1
    off = np.abs(uv[..., 0] - turn)
    off = np.minimum(off, 1 - off)[(down > 0.15) & (down < 0.85)]
    assert np.abs(uv[..., 1] - down).max() < 0.04
    assert off.max() < 0.04
    widths = np.ptp(uv[..., 0], axis=1)
    assert widths.max() < 0.5, "a triangle lies across the seam of the texture"


def test_nothing_is_thinned_where_all_is_to_be_kept(tmp_path):
    content = TRIANGLE + b"v 1 1 0\nusemtl red\nf 1 2 4 3\n"
    [name, _] = found = files(tmp_path, content, ratio=1)
    again = obj.read(found[name], name)
    assert np.array_equal(again.points, [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]])
    assert again.materials == ("red",)
    assert len(again.triangles) == 2


def test_a_box_of_many_squares_stays_a_box():
    box = trimesh.creation.box()
    for _ in range(4):
        box = box.subdivide()
    mesh = obj.Mesh(
        points=np.array(box.vertices),
        triangles=np.array(box.faces),
        material=np.zeros(len(box.faces), np.int64),
        materials=("a",),
    )
    light = thinning.thinned(thinning.joined(mesh), 100)
    after = trimesh.Trimesh(light.points, light.triangles, process=False)
    assert len(light.triangles) <= 104
    assert after.volume == pytest.approx(1)
    assert after.is_watertight


@pytest.mark.parametrize("wanted", [1, 4, 7])
def test_it_ends_where_no_further_thinning_keeps_the_shape(wanted):
    ball = thinning.joined(obj.read(sphere(6, 8), "ball"))
    light = thinning.thinned(ball, wanted)
    assert wanted <= len(light.triangles) < len(ball.triangles)


def test_plain_materials_name_their_maps(tmp_path):
    found = files(tmp_path, sphere(), generatePbr="true")
    text = found["ball.mtl"].decode()
    assert [line for line in text.splitlines() if line.startswith("newmtl")] == [
        "newmtl north",
        "newmtl south",
    ]
    assert "map_Kd ball_north_color.png" in text
    assert "norm ball_south_normal.png" in text
    assert "mtllib ball.mtl" in found["ball.obj"].decode()
    assert "mtllib" not in files(tmp_path, sphere())["ball.obj"].decode()


def test_corners_are_read_in_all_their_forms():
    text = (
        TRIANGLE
        + b"vt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\n"
        + b"f 1 2 3\nf 1/1 2/2 3/3\nf 1//1 2//1 3//1\nf 1/1/1 2/2/1 3/3/1\nf -3 -2 -1\n"
        + b"f 1 2 \\\n 3\n"
    )
    mesh = obj.read(text.replace(b"\n", b"\r\n"), "x")
    assert (mesh.triangles == [0, 1, 2]).all()
    assert mesh.uv.corners[:, 1].tolist() == [-1, 1, -1, 1, -1, -1]
    assert mesh.normals.corners[:, 2].tolist() == [-1, -1, 0, 0, -1, -1]
    again = obj.read(obj.written(mesh, "x", None), "x")
    assert np.array_equal(again.uv.corners, mesh.uv.corners)
    assert np.array_equal(again.normals.corners, mesh.normals.corners)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"f 1 2 4\n", "line 4: a corner names 4 of 3"),
        (b"f 1 2 99999999999999999999999\n", "line 4"),
        (b"f 1 2 9223372036854775807\n", "line 4"),
        (b"f 1 2 0\n", "line 4.*counted from 1"),
        (b"f -4 1 2\n", "line 4.*goes back beyond"),
        (b"f 1 2\n", "line 4.*corners"),
        (b"f 1 2 x\n", "line 4"),
        (b"f 1/2/3/4 1 1\n", "line 4.*no corner"),
        (b"f 1/1 2/1 3/1\n", "line 4: a corner names 1 of 0"),
        (b"v nan 0 0\nf 1 2 3\n", "number 4.*nan is no place|number 4.*no place"),
        (b"v 1e300 0 0\nf 1 2 3\n", "no place"),
        (b"v inf 0 0\nf 1 2 3\n", "no place"),
        (b"v 1 2\nf 1 2 3\n", "line 4.*3 numbers"),
        (b"v 1 2 a\nf 1 2 3\n", "line 4"),
        (b"v " + b"1" * 200_000 + b" 0 0\nf 1 2 3\n", "line 4 has more"),
        (b"f" + b" 1 2 3" * 30_000 + b"\n", "line 4 has more"),
        (b"f" + b" 1" * 5000 + b"\n", "line 4.*corners"),
        (b"f 1 1 2\n", "no face has three different corners"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, words):
    with pytest.raises(DamagedFile, match=words):
        model.run(task(tmp_path, TRIANGLE + text, filename="bad.obj"))


def test_faces_without_extent_are_refused(tmp_path):
    with pytest.raises(DamagedFile, match="different places"):
        model.run(task(tmp_path, b"v 1 1 1\n" * 3 + b"f 1 2 3\n"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Kaydara FBX Binary  \0\x1a\0", "FBX.*export the model as OBJ"),
        (b"; FBX 7.3.0 project file\n", "FBX"),
        (b"glTF\x02\0\0\0", "glTF"),
        (b'{"asset": {"version": "2.0"}}', "glTF"),
        (b"ply\nformat ascii 1.0\n", "PLY"),
        (b"solid cube\n", "STL"),
        (b"<?xml version='1.0'?><COLLADA/>", "Collada"),
        (b"BLENDER-v300", "Blender"),
        (gzip.compress(TRIANGLE * 9), "gzip"),
        (b"PK\x03\x04" + bytes(60), "zip"),
        (b"just words\n", "no vertices"),
        (TRIANGLE, "no faces"),
        (b"f 1 2 3\n", "line 1|no vertices"),
        (TRIANGLE + b"\0f 1 2 3\n", "plain text"),
    ],
)
def test_another_format_is_refused_with_what_it_is(tmp_path, content, words):
    with pytest.raises(UnsupportedFileType, match=words):
        model.run(task(tmp_path, content, filename="m.obj"))


@pytest.mark.parametrize(("content", "error"), [(None, InvalidInput), (b"", EmptyFile)])
def test_nothing_is_refused(tmp_path, content, error):
    with pytest.raises(error):
        model.run(task(tmp_path, content))


@pytest.mark.parametrize(
    ("limit", "most", "words"),
    [
        ("MOST_TRIANGLES", 10, "triangles"),
        ("MOST_LISTED", 10, "lines of 'v'"),
        ("MOST_MATERIALS", 1, "materials"),
    ],
)
def test_more_than_is_taken_is_refused(tmp_path, monkeypatch, limit, most, words):
    monkeypatch.setattr(obj, limit, most)
    with pytest.raises(InvalidInput, match=words):
        model.run(task(tmp_path, sphere()))


def test_no_other_file_is_opened(tmp_path, monkeypatch):
    """The sphere names a library of materials at a place of the machine."""
    import builtins
    from pathlib import Path

    given = task(tmp_path, sphere())
    opened = []
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: opened.append(self) or real(self, *a, **k)
    )
    plain = builtins.open
    monkeypatch.setattr(
        builtins, "open", lambda file, *a, **k: opened.append(file) or plain(file, *a, **k)
    )
    model.run(given)
    assert [str(path) for path in opened if "passwd" in str(path)] == []


def test_without_its_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fast_simplification", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pagequeue\[assets\]'"):
        model.run(task(tmp_path, sphere()))


WORDS = st.sampled_from(
    [
        *("v", "vt", "vn", "f", "usemtl", "o", "g", "#", "\\", "1", "-1", "2", "3", "0", "1/1"),
        *("1//1", "1/2/3", "nan", "1e9", "9" * 30, "/", "é", "\x0b", "-", "1_0"),
        "v 0 0 0\nv 1 0 0\nv 0 1 1\n",
    ]
)


@settings(deadline=None, max_examples=300)
@given(words=st.lists(st.tuples(WORDS, st.sampled_from([" ", "\n", "\t", "\r\n"])), max_size=60))
def test_any_text_is_a_mesh_or_is_refused(words):
    text = "".join(word + gap for word, gap in words).encode()
    try:
        mesh = obj.read(text, "x")
    except ToolkitError:
        return
    assert mesh.triangles.min() >= 0
    assert mesh.triangles.max() < len(mesh.points)
    assert np.isfinite(mesh.points).all()


def test_the_same_model_gives_the_same_bytes(tmp_path):
    one, other = (model.run(task(tmp_path, sphere(), filename="b.obj")).content for _ in range(2))
    assert one == other


@pytest.mark.parametrize(
    ("head", "word"),
    [(b"Kaydara FBX Binary  \x00\x1a\x00", "FBX"), (b"%PDF-1.7", "pdf"), (b"glTF\x02", "glTF")],
)
def test_the_door_tells_what_is_no_obj(head, word):
    with pytest.raises(UnsupportedFileType, match=word):
        model.admit(head, len(head), "a.obj")
    model.admit(b"# cube\nv 0 0 0\n", 15, "a.obj")
    with pytest.raises(FileTooLarge):
        model.admit(b"# cube\nv 0 0 0\n", 101 * 2**20, "a.obj")


def test_lines_that_go_on_are_joined_once_and_a_comment_does_not_go_on():
    text = b"v 0 0 0\nv 1 0 0\n# C:\\models\\\nv 0 1 0\nf 1 \\\n2 \\\n3\n"
    assert len(obj.read(text, "x").points) == 3
    long = b"f 1 " + b"\\\n" * 60_000 + b"2 3\n"
    assert len(obj.read(TRIANGLE + long, "x").triangles) == 1
    with pytest.raises(DamagedFile, match=r"line 655\d\d has more than"):
        obj.read(TRIANGLE + b"f 1 " + b"\\\n" * 70_000 + b"2 3\n", "x")


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_collapses_are_followed_as_the_library_does(share):
    simplification = pytest.importorskip("fast_simplification")
    mesh = thinning.joined(obj.read(sphere(), "ball.obj"))
    triangles = mesh.triangles.astype(np.int32)
    *_, collapses = simplification.simplify(
        mesh.points, triangles, target_count=int(share * len(triangles)), return_collapses=True
    )
    left, found, became = simplification.replay_simplification(mesh.points, triangles, collapses)
    moved, number, gone = thinning._followed(mesh.triangles, collapses, len(mesh.points))
    assert np.array_equal(moved, found)
    assert np.array_equal(number, became)
    assert (len(gone), int(number.max()) + 1) == (0, len(left))


def test_lone_triangles_keep_their_own_texture():
    corners = np.arange(3 * 3000).reshape(-1, 3)
    chance = np.random.default_rng(5)
    points = (chance.random((3000, 1, 3)) * 1000 + chance.random((3000, 3, 3))).reshape(-1, 3)
    uv = obj.Attribute(points[:, :2].copy(), corners)
    mesh = obj.Mesh(
        points=points, triangles=corners, material=corners[:, 0] * 0, materials=("m",), uv=uv
    )
    light = thinning.thinned(mesh, 300)
    assert 300 <= len(light.triangles) < 3000
    placed = light.points[light.triangles][..., :2]
    assert np.abs(light.uv.values[light.uv.corners] - placed).max() < 1e-9
