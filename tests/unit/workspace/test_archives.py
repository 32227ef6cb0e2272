"""Archives as inputs: their members become jobs, and whatever is hostile becomes words."""

from __future__ import annotations

import gzip
import io
import os
import random
import stat
import struct
import tarfile
import time
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.store import zipped
from toolkit.workspace import archives
from toolkit.workspace.inputs import gather
from toolkit.workspace.offers import HELD_WHOLE


def pdf(number):
    return b"%PDF-1.4 number " + str(number).encode()


def wanted(path):
    return path.suffix.lower() in {".pdf", ".pptx"}


def offers(inputs, **how):
    return list(gather(inputs, wanted=wanted, **how))


def taken(inputs, **how):
    return [(o.origin, o.content) for o in offers(inputs, **how) if not (o.refused or o.left_out)]


def refusals(inputs, **how):
    return {
        o.filename: (o.refused.code, str(o.refused)) for o in offers(inputs, **how) if o.refused
    }


def zip_of(members, *, method=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, content) pairs."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def tar_of(members, *, mode="w"):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


THREE = [("a.pdf", pdf(1)), ("sub/b.pdf", pdf(2)), ("sub/notes.txt", b"words")]
MADE = [
    ("x.zip", zip_of(THREE)),
    ("x.tar", tar_of(THREE)),
    ("x.tar.gz", tar_of(THREE, mode="w:gz")),
]


@pytest.mark.parametrize(("name", "content"), MADE)
def test_members_become_offers_in_their_order(name, content):
    Path(name).write_bytes(content)
    expected = [(f"{name}!/a.pdf", pdf(1)), (f"{name}!/sub/b.pdf", pdf(2))]
    assert taken(name) == expected
    assert taken((name, content)) == expected
    assert [o.filename for o in offers(name) if o.left_out] == ["notes.txt"]


def test_bytes_without_a_name_and_open_files_are_opened_too():
    assert [content for _, content in taken(zip_of(THREE))] == [pdf(1), pdf(2)]
    assert [content for _, content in taken(io.BytesIO(zip_of(THREE)))] == [pdf(1), pdf(2)]
    named = taken({"march": zip_of(THREE)})
    assert [origin for origin, _ in named] == ["march!/a.pdf", "march!/sub/b.pdf"]


def test_an_archive_in_a_folder_is_opened_and_one_that_is_wanted_is_not():
    Path("in").mkdir()
    Path("in/x.ZIP").write_bytes(zip_of(THREE))
    assert [Path(origin).as_posix() for origin, _ in taken("in")] == [
        "in/x.ZIP!/a.pdf",
        "in/x.ZIP!/sub/b.pdf",
    ]
    (whole,) = gather("in", wanted=lambda _: True)
    assert whole.path is not None
    assert whole.path.name == "x.ZIP"


def test_office_files_and_books_are_one_thing():
    for mark in ("[Content_Types].xml", "mimetype"):
        content = zip_of([(mark, b"x"), ("ppt/media/inner.pdf", pdf(1))])
        (offer,) = offers(("deck.bin", content))
        assert offer.content == content


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/x.pdf",
        "/etc/x.pdf",
        "C:\\windows\\x.pdf",
        "..\\..\\x.pdf",
        "a/./../x.pdf",
        "//server/share/x.pdf",
    ],
)
def test_a_way_out_is_only_a_label(name, here):
    before = sorted(here.rglob("*"))
    content = zip_of([(zipfile.ZipInfo(name), pdf(1))])
    for made in (content, tar_of([(name, pdf(1))])):
        (offer,) = offers(("x.zip", made))
        assert offer.filename == "x.pdf"
        assert ".." not in offer.origin
        assert offer.origin.startswith("x.zip!/")
        assert offer.content == pdf(1)
    assert sorted(here.rglob("*")) == before


def test_a_nul_in_a_name():
    info = zipfile.ZipInfo("ax.pdf")
    raw = zip_of([(info, pdf(1))]).replace(b"ax.pdf", b"a\0.pdf")
    for offer in offers(("x.zip", raw)):
        assert "\0" not in offer.filename + offer.origin


def test_a_name_that_is_a_nul_costs_no_other_member():
    content = zip_of([("0.pdf", pdf(1)), ("b.pdf", pdf(2))]).replace(b"0.pdf", b"\0.pdf")
    assert taken(("x.zip", content)) == [("x.zip!/?.pdf", pdf(1)), ("x.zip!/b.pdf", pdf(2))]


@pytest.mark.parametrize(
    "fault", [IndexError, KeyError, struct.error, TypeError, AttributeError, AssertionError]
)
def test_whatever_the_standard_library_raises_is_a_refusal(fault, monkeypatch):
    def breaks(*_, **__):
        raise fault("of the library")

    monkeypatch.setattr(zipfile.ZipExtFile, "read", breaks)
    assert {code for code, _ in refusals(("x.zip", zip_of(THREE))).values()} == {"DAMAGED_FILE"}
    monkeypatch.setattr(tarfile.TarInfo, "fromtarfile", breaks)
    assert refusals(("x.tar", tar_of(THREE)))["x.tar"][0] == "DAMAGED_FILE"


def test_two_members_of_one_name_are_two_offers():
    content = zip_of([("a.pdf", pdf(1)), ("a.pdf", pdf(2))])
    assert [c for _, c in taken(("x.zip", content))] == [pdf(1), pdf(2)]


def test_a_damaged_member_loses_only_itself():
    content = zip_of([("a.pdf", pdf(1)), ("b.pdf", pdf(2) * 50), ("c.pdf", pdf(3))], method=0)
    broken = content.replace(pdf(2) * 2, b"?" * len(pdf(2) * 2), 1)
    assert [c for _, c in taken(("x.zip", broken))] == [pdf(1), pdf(3)]
    assert refusals(("x.zip", broken))["b.pdf"][0] == "DAMAGED_FILE"


def test_an_encrypted_member_says_so():
    content = bytearray(zip_of([("a.pdf", pdf(1)), ("b.pdf", pdf(2))]))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    assert refusals(("x.zip", bytes(content))) == {
        "a.pdf": (
            "PDF_PASSWORD_PROTECTED",
            "it is encrypted within the archive; unpack it and give the file",
        )
    }
    assert [c for _, c in taken(("x.zip", bytes(content)))] == [pdf(2)]


def test_links_are_not_followed(here):
    (here / "secret.pdf").write_bytes(pdf("secret"))
    link = zipfile.ZipInfo("link.pdf")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    symbolic, hard, device = (tarfile.TarInfo(f"{n}.pdf") for n in range(3))
    symbolic.type, symbolic.linkname = tarfile.SYMTYPE, str(here / "secret.pdf")
    hard.type, hard.linkname = tarfile.LNKTYPE, str(here / "secret.pdf")
    device.type = tarfile.CHRTYPE
    for content, number in (
        (zip_of([(link, b"secret.pdf"), ("a.pdf", pdf(1))]), 1),
        (tar_of([(symbolic, b""), (hard, b""), (device, b""), ("a.pdf", pdf(1))]), 3),
    ):
        assert [c for _, c in taken(("x.zip", content))] == [pdf(1)]
        found = refusals(("x.zip", content))
        assert len(found) == number
        assert {code for code, _ in found.values()} == {"VALIDATION_ERROR"}


def test_an_archive_within_an_archive_is_not_opened():
    content = zip_of([("inner.zip", zip_of(THREE)), ("a.pdf", pdf(1)), ("b.tar.gz", b"")])
    assert [c for _, c in taken(("x.zip", content))] == [pdf(1)]
    found = refusals(("x.zip", content))
    assert set(found) == {"inner.zip", "b.tar.gz"}
    assert "an archive within the archive" in found["inner.zip"][1]


def test_what_another_system_leaves_in_archives_is_passed_over():
    content = zip_of([("__MACOSX/._a.pdf", b"x"), (".hidden/b.pdf", b"x"), ("a.pdf", pdf(1))])
    (offer,) = offers(("x.zip", content))
    assert offer.content == pdf(1)


@pytest.mark.parametrize(
    "content", [zip_of([]), zip_of([("notes.txt", b"x")]), tar_of([("x", b"")])]
)
def test_nothing_of_a_known_type_is_said(content):
    assert refusals(("x.zip", content))["x.zip"] == (
        "UNREADABLE_PATH",
        "the archive 'x.zip': it has no file of a known type",
    )


@pytest.mark.parametrize("content", [zip_of(THREE)[:-30], zip_of(THREE)[:100], b"PK\x03\x04"])
def test_a_zip_that_was_cut_off(content):
    assert refusals(("x.zip", content))["x.zip"][0] == "DAMAGED_FILE"


def test_a_tar_that_was_cut_off_gives_what_came_before():
    content = tar_of([("a.pdf", pdf(1)), ("b.pdf", os.urandom(5000))])
    cut = gzip.compress(content)[:-4000]
    for made in (content[:3000], cut):
        found = [c for _, c in taken(("x.tar", made))]
        assert found == [pdf(1)]
        # the member that was cut, and the archive from there on
        assert {code for code, _ in refusals(("x.tar", made)).values()} == {"DAMAGED_FILE"}


# --- bombs ------------------------------------------------------------------------------------


def test_more_bytes_than_are_taken():
    content = zip_of([("a.pdf", pdf(1)), ("big.pdf", b"%PDF" + b" " * 5000), ("c.pdf", pdf(3))])
    found = refusals(("x.zip", content), largest=1000)
    assert found["big.pdf"][0] == "FILE_TOO_LARGE"
    assert [c for _, c in taken(("x.zip", content), largest=1000)] == [pdf(1), pdf(3)]


def test_a_gigabyte_of_zeros_is_given_up_early():
    """Of the kind of 42.zip: a thousand bytes out of each."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros.pdf", "w", force_zip64=True) as stream:
            for _ in range(256):
                stream.write(bytes(2**20))
        archive.writestr("a.pdf", pdf(1))
    start = time.process_time()
    assert refusals(("x.zip", held.getvalue()))["zeros.pdf"][0] == "FILE_TOO_LARGE"
    assert [c for _, c in taken(("x.zip", held.getvalue()))] == [pdf(1)]
    assert time.process_time() - start < 20


def test_all_members_together_are_counted(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 2500)
    members = [(f"{n}.pdf", os.urandom(1000)) for n in range(4)]
    archive = archives.Archive("x.zip", wanted, 10**6, _left=2500)
    content = zip_of(members)
    found = list(archive.offers(io.BytesIO(content), "zip", size=len(content)))
    assert [o.refused.code if o.refused else None for o in found] == [
        *(None, None),
        *("FILE_TOO_LARGE", "FILE_TOO_LARGE"),
    ]


def test_members_that_lie_over_each_other():
    """Of the kind of Fifield's bomb: every entry of the list points at the same bytes."""
    content = zip_of([("a.pdf", pdf(1) * 9), ("b.pdf", pdf(2) * 9), ("c.pdf", pdf(3))])
    start = content.index(b"PK\x01\x02")
    first = content[start : content.index(b"PK\x01\x02", start + 4)]
    second = bytearray(content)
    place = content.index(b"PK\x01\x02", start + 4)
    second[place : place + len(first)] = first
    found = offers(("x.zip", bytes(second)))
    assert [o.content for o in found if not o.refused] == [pdf(3)]
    ((code, words),) = [(o.refused.code, str(o.refused)) for o in found if o.refused]
    assert code == "DAMAGED_FILE"
    assert "2 of its members lie over each other" in words


@pytest.mark.parametrize("change", [-5, 5, 2**31])
def test_a_size_that_is_a_lie(change):
    content = bytearray(zip_of([("a.pdf", pdf(1) * 20), ("b.pdf", pdf(2))]))
    place = content.index(b"PK\x01\x02") + 24
    (size,) = struct.unpack_from("<I", content, place)
    struct.pack_into("<I", content, place, size + change)
    found = refusals(("x.zip", bytes(content)))
    assert found["a.pdf"][0] == "DAMAGED_FILE"
    assert [c for _, c in taken(("x.zip", bytes(content)))] == [pdf(2)]


def test_more_members_than_are_taken():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number in range(archives.MOST_MEMBERS + 500):
            archive.writestr(f"{number}.pdf", b"x")
    found = offers(("x.zip", held.getvalue()))
    assert sum(o.refused is None for o in found) == archives.MOST_MEMBERS
    (refused,) = [o for o in found if o.refused]
    assert refused.filename == "x.zip"
    assert refused.refused.code == "FILE_TOO_LARGE"
    assert "10,000" in str(refused.refused)


def test_a_list_of_contents_that_is_too_long(monkeypatch):
    monkeypatch.setattr(archives, "LONGEST_LISTING", 1000)
    content = zip_of([(f"{n}.pdf", b"x") for n in range(100)])
    assert refusals(("x.zip", content))["x.zip"][0] == "FILE_TOO_LARGE"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(method):
    content = zip_of([("a.pdf", pdf(1))], method=method)
    assert refusals(("x.zip", content))["a.pdf"][0] == "UNSUPPORTED_FILE_TYPE"


def test_a_tar_that_unpacks_for_ever_ends(monkeypatch):
    monkeypatch.setattr(zipped, "BLANK", 10**6)
    zeros = gzip.compress(tar_of([("zeros.bin", bytes(30 * 2**20)), ("a.pdf", pdf(1))]))
    (refused,) = [o for o in offers(("x.tar.gz", zeros)) if o.refused]
    assert refused.refused.code == "FILE_TOO_LARGE"


def test_a_large_member_is_a_passing_file_and_gone_afterwards():
    Path("x.zip").write_bytes(
        zip_of([("big.pdf", b"%PDF" + random.Random(1).randbytes(HELD_WHOLE)), ("a.pdf", pdf(1))])
    )
    seen = []
    for offer in gather("x.zip", wanted=wanted):
        if offer.draft is not None:
            seen.append(offer.draft)
            assert offer.draft.stat().st_size == HELD_WHOLE + 4
    assert len(seen) == 1
    assert not seen[0].exists()


# --- anything ---------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
@example("\0")
def test_any_name_is_a_harmless_label(name):
    try:
        content = zip_of([(zipfile.ZipInfo(f"{name}.pdf"), pdf(1))])
    except (ValueError, UnicodeError):
        return  # no zip has such a name
    for offer in offers(("x.zip", content)):
        assert 0 < len(offer.filename) <= 255
        assert "/" not in offer.filename.replace("x.zip!/", "")
        assert "\0" not in offer.filename + offer.origin
        assert not {"..", "."} & set(offer.origin.split("/"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([content for _, content in MADE]), st.data())
def test_any_damage_is_an_answer(content, data):
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(4, len(broken)))
    for offer in offers(("x.zip", bytes(broken[:end]))):
        assert offer.refused or offer.left_out or offer.content is not None


def test_jobs_of_an_archive(ws):
    content = zip_of([*THREE, ("copy.pdf", pdf(1)), ("empty.pdf", b"")])
    Path("march.zip").write_bytes(content)
    batch = ws.submit("march.zip")
    assert [(one.filename, one.job.error_code) for one in batch] == [
        ("a.pdf", None),
        ("b.pdf", None),
        ("empty.pdf", "EMPTY_FILE"),
    ]
    assert batch[1].job.origin == "march.zip!/sub/b.pdf"
    assert batch.duplicates == (("march.zip!/copy.pdf", "march.zip!/a.pdf"),)
    assert batch.left_out == 1
    assert not list(Path().rglob("b.pdf"))
