"""Addresses and other file systems as inputs."""

from __future__ import annotations

import io
import socket
import zipfile
from functools import partial
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st

from toolkit.workspace.addresses import offer_of
from toolkit.workspace.elsewhere import offers_at
from toolkit.workspace.inputs import gather


def pdf(number):
    return b"%PDF-1.4 number " + str(number).encode()


def wanted(path):
    return path.suffix == ".pdf"


def offers(inputs, *, largest=10**6):
    away = partial(offers_at, wanted=wanted, largest=largest)
    return list(gather(inputs, wanted=wanted, largest=largest, elsewhere=away))


@pytest.fixture
def memory():
    system = fsspec.filesystem("memory")
    for name in ("a.pdf", "sub/b.pdf", "notes.txt", ".hidden/c.pdf"):
        system.pipe(f"/docs/{name}", pdf(name))
    yield system
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


# --- http -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("https://example.org/reports/a.pdf", "a.pdf"),
        ("HTTPS://Example.org/a.pdf?sig=1#page=2", "a.pdf"),
        ("http://example.org:8080", "example.org:8080"),
        ("http://example.org/", "example.org"),
        ("https://example.org/x/..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("https://example.org/x%5C..%5Cy.pdf", "y.pdf"),
        ("https://example.org/a%00%0Ab.pdf", "a??b.pdf"),
        ("https://example.org/" + "n" * 900 + ".pdf", "n" * 251 + ".pdf"),
        ("https://example.org/%E2%82%AC.pdf", "€.pdf"),
        ("https://[::1]/a.pdf", "a.pdf"),
    ],
)
def test_an_address_is_offered_and_not_fetched(text, filename, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", None)
    (offer,) = gather(text, wanted=wanted)
    assert offer.refused is None
    assert offer.filename == filename
    assert offer.url == text.partition("#")[0].replace("HTTPS", "https")


def test_what_may_be_secret_is_not_shown():
    (offer,) = offers("https://example.org/a.pdf?signature=abc#x")
    assert offer.origin == "https://example.org/a.pdf"
    assert "signature=abc" in offer.url


@pytest.mark.parametrize(
    "text",
    [
        "https://me:sesame@example.org/a.pdf",
        "https://sesame@example.org/a.pdf",
        "https://me:sesame/sesame@example.org/a.pdf",
        "https://me:sesame?sesame@example.org/a.pdf",
        "http:///a.pdf",
        "http://example.org:99999/sesame.pdf?sesame",
        "http://example.org:0/",
        "https://[::1/a.pdf",
        "https://example.org/a b.pdf",
        "https://example.org/a.pdf\r\nHost: evil",
        "https://" + "a" * 9000,
    ],
)
def test_addresses_that_are_refused_at_once(text):
    (offer,) = offers(text)
    assert offer.refused.code == "VALIDATION_ERROR"
    assert offer.url is None
    if "sesame@" in text:
        assert "sesame" not in str(offer.refused) + offer.origin + offer.filename


@pytest.mark.parametrize("text", ["ftp://example.org/a.pdf", "gopher://x/y", "nope://a/b"])
def test_other_kinds_of_address_are_refused_with_words(text):
    for offer in [*offers(text), *gather(text, wanted=wanted)]:
        assert offer.refused.code == "UNREADABLE_PATH"


def test_without_elsewhere_nothing_is_read_from_this_machine(tmp_path, memory):
    (tmp_path / "a.pdf").write_bytes(pdf(1))
    for text in (f"file://{tmp_path}/a.pdf", "memory://docs/a.pdf", f"zip://a::{tmp_path}/a.pdf"):
        (offer,) = gather(text, wanted=wanted)
        assert offer.refused.code == "UNREADABLE_PATH"


@given(st.text())
def test_any_address_is_an_offer_or_a_refusal(text):
    offer = offer_of("https://" + text)
    assert (offer.url is None) != (offer.refused is None)
    assert 0 < len(offer.filename) <= 255
    assert not {"/", "\\", "\0"} & set(offer.filename)


def test_an_address_becomes_a_job_that_has_no_bytes_yet(ws):
    batch = ws.submit(["https://example.org/a.pdf?s=1", "https://example.org/a.pdf?s=1"])
    (handle,) = batch
    assert (handle.job.filename, handle.job.sha256) == ("a.pdf", None)
    assert handle.job.url == "https://example.org/a.pdf?s=1"
    assert batch.duplicates == (("https://example.org/a.pdf",) * 2,)
    again = ws.submit("https://example.org/a.pdf?s=1", changed_only=True)
    assert len(again) == 1  # only to fetch it tells whether it has changed


# --- fsspec -----------------------------------------------------------------------------------


def test_a_file_a_pattern_and_a_folder(memory):
    (one,) = offers("memory://docs/a.pdf")
    assert (one.filename, one.content) == ("a.pdf", pdf("a.pdf"))
    assert [o.filename for o in offers("memory://docs/*.pdf")] == ["a.pdf"]
    found = offers("memory://docs")
    assert [(o.filename, o.left_out) for o in found] == [
        ("a.pdf", False),
        ("notes.txt", True),
        ("b.pdf", False),
    ]


def test_nothing_there_is_said(memory):
    for text in ("memory://docs/none.pdf", "memory://docs/*.png", "memory://nowhere"):
        (offer,) = offers(text)
        assert offer.refused.code == "UNREADABLE_PATH"


def test_a_file_that_is_too_large_is_not_read(memory, monkeypatch):
    memory.pipe("/docs/big.pdf", bytes(5000))
    (offer,) = offers("memory://docs/big.pdf", largest=100)
    assert offer.refused.code == "FILE_TOO_LARGE"
    # and where the size is not said, reading stops
    unsaid = {"size": None, "type": "file"}
    monkeypatch.setattr(MemoryFileSystem, "info", lambda self, path, **_: unsaid | {"name": path})
    (offer,) = offers("memory://docs/big.pdf", largest=100)
    assert offer.refused.code == "FILE_TOO_LARGE"


def test_a_missing_library_says_what_to_install():
    (offer,) = offers("adl://bucket/a.pdf")
    assert offer.refused.code == "MISSING_EXTRA"
    assert "nstall" in str(offer.refused)


def test_a_fault_of_the_library_is_a_refusal_and_the_rest_goes_on(memory, monkeypatch):
    memory.pipe("/docs/b.pdf", pdf(2))
    read = MemoryFileSystem.open

    def broken(self, path, *args, **how):
        if path.endswith("a.pdf"):
            raise PermissionError(13, "not with user:sesame@host")
        return read(self, path, *args, **how)

    monkeypatch.setattr(MemoryFileSystem, "open", broken)
    first, second = offers("memory://docs/*.pdf")
    assert first.refused.code == "UNREADABLE_PATH"
    assert second.content == pdf(2)


def test_an_archive_elsewhere_is_opened_too(memory):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("inner.pdf", pdf(9))
    memory.pipe("/docs/x.zip", held.getvalue())
    (offer,) = offers("memory://docs/x.zip")
    assert (offer.origin, offer.content) == ("memory://docs/x.zip!/inner.pdf", pdf(9))
    assert "inner.pdf" in [o.filename for o in offers("memory://docs")]


def test_a_member_of_a_zip_by_fsspec(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/a.pdf", pdf(1))
    (offer,) = offers(f"zip://in/a.pdf::{tmp_path}/x.zip")
    assert (offer.filename, offer.content) == ("a.pdf", pdf(1))


def test_file_addresses_are_paths(tmp_path):
    (tmp_path / "a b.pdf").write_bytes(pdf(1))
    for text in (f"file://{tmp_path}/a%20b.pdf", f"file://{tmp_path}/a b.pdf"):
        (offer,) = offers(text)
        assert offer.path == tmp_path / "a b.pdf"
    (offer,) = offers(f"file://localhost{tmp_path}/a%20b.pdf")
    assert offer.path is not None
    (offer,) = offers("file:///no/such/file.pdf")
    assert offer.refused.code == "UNREADABLE_PATH"


def test_jobs_of_another_file_system(ws, memory):
    Path("a.pdf").write_bytes(pdf(1))
    batch = ws.submit(["a.pdf", "memory://docs/sub/b.pdf"])
    assert [handle.job.origin for handle in batch] == ["a.pdf", "memory://docs/sub/b.pdf"]
    assert ws.submit("memory://docs/sub/b.pdf", changed_only=True).unchanged == (
        ("memory://docs/sub/b.pdf", batch[1].id),
    )
