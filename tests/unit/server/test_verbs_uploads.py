"""Uploads: streamed, bounded, named harmlessly; and nothing is left of one that is refused."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time

import httpx
import pytest
from verbs_room import app, opened, serving

from toolkit.server import multipart
from toolkit.server.uploads import bare_name
from toolkit.server.verbs import Verbs
from toolkit.settings import Settings

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
SMALL = Settings(upload_bytes=200_000)


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path) as store:
        yield store


@pytest.fixture
def post(store):
    """Sends a request to the uploading route, whole and over no network."""

    def send(settings=SMALL, **asked):
        async def main():
            verbs = Verbs(store, settings, work=False)
            transport = httpx.ASGITransport(app(verbs))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.post("/upload", **asked)

        return asyncio.run(main())

    yield send
    assert drafts(store) == []


def drafts(store):
    return list((store.files / "drafts").glob("*"))


def body(*parts, boundary=b"xx", end=b"--xx--\r\n"):
    """A form as bytes: parts are (header of the disposition, content)."""
    written = b"".join(
        b"--" + boundary + b"\r\nContent-Disposition: form-data; " + said + b"\r\n\r\n" + content
        + b"\r\n"
        for said, content in parts
    )  # fmt: skip
    return {
        "content": written + end,
        "headers": {"content-type": f"multipart/form-data; boundary={boundary.decode()}"},
    }


def test_a_file_and_its_fields_arrive(post):
    answer = post(files={"file": ("Größe 年.pdf", PDF)}, data={"options": '{"a": "é"}', "b": ""})
    told = answer.json()
    assert answer.status_code == 200
    assert told["form"] == {"options": '{"a": "é"}', "b": ""}
    assert told["upload"] == {
        "field": "file",
        "filename": "Größe 年.pdf",
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "size": len(PDF),
        "media_type": "application/pdf",
        "draft": PDF.hex(),
    }


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_does_not_matter_how_the_body_is_cut(post, size):
    content = PDF + b"\r\n--x\r\n--xxx\r\n-" * 50
    whole = body((b'name="file"; filename="a.pdf"', content), (b'name="t"', b"text\r\n--x"))

    async def pieces():
        for start in range(0, len(whole["content"]), size):
            yield whole["content"][start : start + size]

    told = post(content=pieces(), headers=whole["headers"]).json()
    assert told["upload"]["draft"] == content.hex()
    assert told["form"] == {"t": "text\r\n--x"}


def test_its_type_is_what_its_bytes_are(post):
    told = post(files={"file": ("report.pdf", b"\x89PNG\r\n\x1a\n123", "application/pdf")}).json()
    assert told["upload"]["media_type"] == "image/png"


def test_urlencoded_fields_are_taken(post):
    answer = post(data={"tool": "parse", "name": "a&b=c é"})
    assert answer.json() == {"form": {"tool": "parse", "name": "a&b=c é"}, "upload": None}


def test_an_empty_file_is_a_file(post):
    assert post(files={"file": ("empty.pdf", b"")}).json()["upload"]["size"] == 0


def test_a_file_that_nobody_chose_is_none(post):
    answer = post(**body((b'name="file"; filename=""', b""), (b'name="a"', b"1")))
    assert answer.json() == {"form": {"a": "1"}, "upload": None}


def test_names_written_as_old_clients_do(post):
    said = b"name=\"file\"; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf"
    assert post(**body((said, PDF))).json()["upload"]["filename"] == "Größe.pdf"
    said = 'name="file"; filename="50%25 \\"Größe\\".pdf"'.encode("latin-1")
    assert post(**body((said, PDF))).json()["upload"]["filename"] == '50%25 "Größe".pdf'


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\Windows\\system32\\a.pdf", "a.pdf"),
        ("..", "upload"),
        ("", "upload"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("nul\0l.pdf", "null.pdf"),
        ("half \ud800 pair.pdf", "half  pair.pdf"),
        ("تقرير ۱۴۰۳.pdf", "تقرير ۱۴۰۳.pdf"),
        ("👩\u200d🔬 notes.pdf", "👩\u200d🔬 notes.pdf"),
    ],
)
def test_names_are_made_harmless(name, harmless):
    assert bare_name(name) == harmless


def test_long_names_are_cut_and_keep_their_ending():
    name = bare_name("年" * 300 + ".pdf")
    assert len(name.encode()) <= 255
    assert name.endswith("年.pdf")


def raw(content, kind):
    return {"content": content, "headers": {"content-type": kind}}


GOOD = "multipart/form-data; boundary=xx"
PLAIN = (b'name="a"', b"1")
A_FILE = (b'name="file"; filename="a.pdf"', PDF)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (body(A_FILE, end=b""), "in the middle"),
        (body(A_FILE, end=b"--xx-"), "in the middle"),
        (body(PLAIN, end=b"--xx\r\nContent-Dispo"), "in the middle"),
        (body(A_FILE, (b'name="more"; filename="b.pdf"', PDF)), "more than one file"),
        (body(PLAIN, PLAIN), "twice"),
        (body((b'filename="a.pdf"', PDF)), "no name"),
        (body((b'name="a"', b"\xff\xfe")), "no text in UTF-8"),
        (body((b'name="a"; x="' + b"y" * 9000 + b'"', b"1")), "no form"),
        (body(*[(b'name="f%d"' % n, b"1") for n in range(65)]), "more than 64"),
        (body((b'name="' + b"n" * 101 + b'"', b"1")), "100 characters"),
        (body((b'name="a"', b"x" * (256 * 1024 + 1))), "too much text"),
        (body(*[(b'name="f%d"' % n, b"x" * 200_000) for n in range(6)]), "too much text"),
        (body(A_FILE, end=b"--xx--\r\n" + b"e" * 1_200_000), "around its file"),
        (raw(b"", GOOD), "middle"),
        (raw(b"rubbish" * 9, GOOD), "no form"),
        (raw(b"", "multipart/form-data"), "no boundary"),
        (raw(b"x", "multipart/form-data; boundary=" + "x" * 71), "no boundary"),
        (raw(b"x", "multipart/mixed; boundary=x"), "multipart/form-data"),
        (raw(b"a=" + b"x" * 300_000, multipart.FORM), "too much text"),
        (raw(b"a=%ff", multipart.FORM), "UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(post, asked, words):
    answer = post(**asked)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_a_part_that_is_packed_is_refused(post):
    said = b'name="file"; filename="a.pdf"\r\nContent-Transfer-Encoding: base64'
    answer = post(**body((said, b"JVBERi0=")))
    assert (answer.status_code, "base64" in answer.text) == (400, True)


def test_too_large_a_file_is_refused_by_its_length_unread(post):
    async def never():
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "multipart/form-data; boundary=xx", "content-length": "9" * 12}
    assert post(content=never(), headers=headers).status_code == 413


def test_too_large_a_file_is_refused_while_it_is_read(post):
    async def endless():
        yield b'--xx\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        for _ in range(1000):
            yield b"x" * 50_000
            assert _ < 10, "it was read on"

    answer = post(content=endless(), headers={"content-type": "multipart/form-data; boundary=xx"})
    assert (answer.status_code, answer.json()["code"]) == (413, "FILE_TOO_LARGE")


@pytest.mark.parametrize("told", [0, 3_000_000])
def test_a_client_that_leaves_half_way_leaves_nothing(store, told):
    """Over a real connection: it promises more than it sends, and goes."""
    with serving(store, Settings(upload_bytes=10_000_000)) as (address, _):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n"
                b"Content-Type: multipart/form-data; boundary=xx\r\n\r\n"
                b'--xx\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
                + b"x"
                * told
            )
            until = time.monotonic() + 10
            while told and not drafts(store):  # some of it is on the disk already
                assert time.monotonic() < until
                time.sleep(0.01)
        until = time.monotonic() + 10
        while drafts(store):
            assert time.monotonic() < until
            time.sleep(0.02)
        assert httpx.post(f"{address}/upload", files={"f": ("a", PDF)}).status_code == 200
    assert drafts(store) == []
