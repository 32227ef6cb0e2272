"""Downloads from a real server: what comes whole, what is refused, and in which words."""

from __future__ import annotations

import gzip
import hashlib
import logging
import random
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from contextlib import suppress

import pytest
from webhost import PAGE, PDF, Names, hosting

from toolkit.errors import (
    AddressRefused,
    AddressUnusable,
    EmptyFile,
    FetchFailed,
    FileTooLarge,
    LeaseLost,
    ToolkitError,
    UnsupportedFileType,
)
from toolkit.jobs.job import Stage
from toolkit.runner import fetch as fetching
from toolkit.runner import guard, landing
from toolkit.runner.fetch import Download, fetch, retry_after
from toolkit.runner.guard import Guard

HERE = Guard("127.0.0.1, localhost")


@pytest.fixture
def host():
    with hosting() as host:
        yield host


@pytest.fixture
def names(monkeypatch):
    names = Names()
    monkeypatch.setattr(guard.socket, "getaddrinfo", names.look_up)
    return names


@pytest.fixture
def get(tmp_path):
    """Fetches an address; afterwards no draft of a failed download is left."""
    draft = tmp_path / "work" / "draft"

    def get(url: str, *, cancelled=lambda: False, report=lambda _: None, **asked):
        wanted = {"largest": 2**20, "seconds": 60.0, "guard": HERE, **asked}
        try:
            return fetch(
                Download(url=url, draft=draft, **wanted), cancelled=cancelled, report=report
            )
        except BaseException:
            assert not draft.exists()
            raise

    return get


# -- what comes ------------------------------------------------------------------------------------


def test_a_file_comes_whole_with_what_it_is(host, get):
    arrival = get(host.at("/a.pdf"))
    assert arrival.draft.read_bytes() == PDF
    assert arrival.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (arrival.size, arrival.media_type) == (len(PDF), "application/pdf")
    assert arrival.filename == "a.pdf"


def test_what_is_asked_tells_nothing_of_this_machine(host, get, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    get(host.at("/a.pdf?key=1#part"))
    ((path, headers),) = host.asked
    assert path == "/a.pdf?key=1"
    assert headers["User-Agent"] == "pagequeue"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Host"] == f"127.0.0.1:{host.port}"
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_a_name_is_looked_up_once_and_the_server_still_hears_it(host, get, names):
    names.known["files.example.test"] = ["127.0.0.1"]
    get(host.at("/a.pdf", name="files.example.test"), guard=Guard("*.example.test"))
    assert names.questions == ["files.example.test"]
    assert host.asked[0][1]["Host"] == f"files.example.test:{host.port}"


def test_the_next_address_of_a_host_is_tried(host, get, names):
    names.known["two.example.test"] = ["127.0.0.2", "127.0.0.1"]
    url = host.at("/a.pdf", name="two.example.test")
    assert get(url, guard=Guard("two.example.test")).size == len(PDF)


def test_a_password_in_the_address_is_sent_to_its_own_host_alone(host, get):
    with hosting() as other:
        host.answers["/on"] = lambda v: v.say(302, Location=other.at("/a.pdf"))
        get(f"http://ann:pa%40ss@127.0.0.1:{host.port}/on")
        assert host.asked[0][1]["Authorization"] == "Basic YW5uOnBhQHNz"
        assert "Authorization" not in other.asked[0][1]


def test_no_cookie_is_kept_over_a_redirect(host, get):
    host.answers["/on"] = lambda v: v.say(302, Location="/a.pdf", Set_Cookie="id=1; Path=/")
    get(host.at("/on"))
    assert "Cookie" not in host.asked[1][1]


def test_progress_is_told_by_the_bytes_that_came(host, get):
    host.answers["/slow.pdf"] = host.trickle
    told = []

    def report(progress):
        told.append(progress)
        if progress.percent:
            host.gate.set()

    assert get(host.at("/slow.pdf"), report=report).size == len(PDF)
    assert told[0].percent == 0
    assert told[-1].percent == pytest.approx(fetching.SHARE / 2, abs=0.1)
    assert {progress.stage for progress in told} == {Stage.UPLOADING}


# -- redirects -------------------------------------------------------------------------------------


def chain(host, length: int) -> str:
    for step in range(length):
        after = f"/{step + 1}" if step + 1 < length else "/a.pdf"
        host.answers[f"/{step}"] = lambda v, after=after: v.say(
            301 + v.path.count("/"), Location=after
        )
    return host.at("/0")


def test_three_redirects_are_followed(host, get):
    assert get(chain(host, 3)).filename == "a.pdf"


def test_a_fourth_is_not(host, get):
    with pytest.raises(AddressUnusable, match="redirected more than 3 times"):
        get(chain(host, 4))
    assert len(host.asked) == 4


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "//0.0.0.0/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://[half",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(host, get, location):
    host.answers["/on"] = lambda v: v.say(302, Location=location)
    with pytest.raises(AddressRefused):
        get(host.at("/on"))
    assert len(host.asked) == 1


def test_a_redirect_to_a_name_that_means_this_machine_is_refused(host, get, names):
    names.known = {name: ["127.0.0.1"] for name in ("files.example.test", "inside.example.test")}
    elsewhere = host.at("/a.pdf", name="inside.example.test")
    host.answers["/on"] = lambda v: v.say(302, Location=elsewhere)
    refused = r"inside\.example\.test \(127\.0\.0\.1\) is a loopback address"
    with pytest.raises(AddressRefused, match=refused):
        get(host.at("/on", name="files.example.test"), guard=Guard("files.example.test"))
    assert len(host.asked) == 1


def test_a_redirect_without_a_place_is_no_file(host, get):
    host.answers["/on"] = lambda v: v.say(302)
    with pytest.raises(AddressUnusable, match="answered 302"):
        get(host.at("/on"))


# -- bounds ----------------------------------------------------------------------------------------


def test_a_file_that_says_it_is_too_large_is_not_begun(host, get):
    host.answers["/big"] = lambda v: v.say(body=b"x", Content_Length=str(2**40))
    with pytest.raises(FileTooLarge, match=r"1,099,511,627,776 bytes; at most 1,000"):
        get(host.at("/big"), largest=1000)


def test_an_endless_file_ends_at_the_limit(host, get):
    def endless(visit):
        visit.say(Content_Length="")
        while True:
            visit.wfile.write(b"x" * 65536)

    host.answers["/endless"] = endless
    with pytest.raises(FileTooLarge, match="more than the 1,000,000 bytes"):
        get(host.at("/endless"), largest=1_000_000)


def test_exactly_the_limit_is_taken(host, get):
    assert get(host.at("/a.pdf"), largest=len(PDF)).size == len(PDF)
    with pytest.raises(FileTooLarge):
        get(host.at("/a.pdf"), largest=len(PDF) - 1)


def test_a_server_that_falls_silent_is_left_at_the_deadline(host, get):
    host.answers["/slow.pdf"] = host.trickle
    with pytest.raises(FetchFailed, match=r"took more than 0\.3 s"):
        get(host.at("/slow.pdf"), seconds=0.3)


def test_a_silent_connection_is_left_before_the_deadline(host, get, monkeypatch):
    monkeypatch.setattr(guard, "SILENCE_SECONDS", 0.2)
    host.answers["/slow.pdf"] = host.trickle
    with pytest.raises(FetchFailed, match="fell silent"):
        get(host.at("/slow.pdf"))


def test_a_body_shorter_than_it_said_is_no_file(host, get):
    host.answers["/short.pdf"] = lambda v: v.say(body=PDF[:100], Content_Length=str(len(PDF)))
    with pytest.raises(FetchFailed, match="broke off"):
        get(host.at("/short.pdf"))


def test_what_does_not_speak_http_is_no_file(get):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH_9\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(FetchFailed, match="no HTTP"):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/a.pdf")
        thread.join()


def test_a_port_where_nobody_listens(get):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchFailed, match="cannot be reached"):
        get(f"http://127.0.0.1:{port}/a.pdf")


def test_a_name_that_nobody_knows(get, names):
    with pytest.raises(FetchFailed, match=r"host nowhere\.example\.test is not found"):
        get("http://nowhere.example.test/a.pdf")


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n"
    b"Content-Disposition: attachment; filename*=UTF-8''a%20b.pdf\r\n\r\n" + PDF[:20],
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(PDF[:400], mtime=0),
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\xff\xfe?x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http.0.1:1/\xff\xfe?x#yent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 No\r\nRetry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
]


def spoilt(answer: bytes, dice: random.Random) -> bytes:
    made = bytearray(answer)
    for _ in range(dice.randint(0, 5)):
        place = dice.randrange(len(made) + 1)
        match dice.randrange(3):
            case 0:
                made[place : place + 1] = bytes([dice.choice([0, 10, 13, 32, 37, 58, 127, 255])])
            case 1:
                del made[place : place + dice.randint(1, 9)]
            case 2:
                made[place:place] = bytes(dice.choices(b"\r\n :;%\"'=\0\xff09aZ/[]@", k=5))
    return bytes(made)


def test_whatever_a_server_says_has_a_code(get, names):
    """Mutated answers: each comes to a file with a plain name, or to an error of ours."""
    dice = random.Random(3)
    said = [spoilt(ANSWERS[n % len(ANSWERS)], dice) for n in range(140)]
    now = [b""]

    def speak():
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                if not connection.recv(10_000):
                    return
                connection.sendall(now[0])

    ends = set()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        for now[0] in said:
            try:
                name = get(f"http://127.0.0.1:{server.getsockname()[1]}/a.pdf").filename
                assert name.isprintable()
                assert "/" not in name
                ends.add("came")
            except ToolkitError as exc:
                ends.add(exc.code)
        with socket.socket() as last:
            last.connect(server.getsockname())
        thread.join(10)
    assert ends >= {"came", "FETCH_FAILED"}


# -- packed bodies ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("identity, gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:999]) + gzip.compress(body[999:])),
    ],
)
def test_a_body_that_was_packed_all_the_same_is_unpacked(host, get, encoding, pack):
    host.answers["/a.pdf"] = lambda v: v.say(body=pack(PDF), Content_Encoding=encoding)
    arrival = get(host.at("/a.pdf"))
    assert arrival.draft.read_bytes() == PDF
    assert arrival.sha256 == hashlib.sha256(PDF).hexdigest()


@pytest.mark.parametrize("size", [landing.PIECE - 1, landing.PIECE, 3 * landing.PIECE])
def test_pieces_of_any_size_come_out_whole(host, get, size):
    host.answers["/z"] = lambda v: v.say(body=gzip.compress(bytes(size)), Content_Encoding="gzip")
    arrival = get(host.at("/z"), largest=2**23)
    assert arrival.draft.read_bytes() == bytes(size)


def test_a_bomb_is_let_lie(host, get):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    host.answers["/bomb"] = lambda v: v.say(body=bomb, Content_Encoding="gzip")
    with pytest.raises(FileTooLarge, match="more than 100 times its size"):
        get(host.at("/bomb"), largest=2**31)
    with pytest.raises(FileTooLarge, match="more than the 1,048,576 bytes"):
        get(host.at("/bomb"))


def test_packing_that_nobody_asked_for_and_nobody_knows(host, get):
    host.answers["/a.pdf"] = lambda v: v.say(body=PDF, Content_Encoding="br")
    with pytest.raises(AddressUnusable, match="packed as 'br'"):
        get(host.at("/a.pdf"))


@pytest.mark.parametrize("body", [PDF, gzip.compress(PDF)[:-9]])
def test_a_packed_body_that_is_damaged_or_cut_off(host, get, body):
    host.answers["/a.pdf"] = lambda v: v.say(body=body, Content_Encoding="gzip")
    with pytest.raises(FetchFailed, match=r"unpacked|broke off"):
        get(host.at("/a.pdf"))


# -- answers that are no file ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206, 304])
def test_an_answer_that_no_retry_will_mend(host, get, status):
    host.answers["/a.pdf"] = lambda v: v.say(status)
    with pytest.raises(AddressUnusable, match=f"answered {status}") as caught:
        get(host.at("/a.pdf"))
    assert not caught.value.retryable
    assert ("log-in" in str(caught.value)) is (status in (401, 403))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_an_answer_that_says_later(host, get, status):
    host.answers["/a.pdf"] = lambda v: v.say(status, Retry_After="7")
    with pytest.raises(FetchFailed, match=f"answered {status}") as caught:
        get(host.at("/a.pdf"))
    assert caught.value.retryable
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("0", 0.0), ("12", 12.0), ("1.5", 1.5), ("86400", 3600.0), ("inf", 3600.0)],
        *[("-5", 0.0), ("nan", 0.0), ("", 0.0), ("soon", 0.0), ("1e999", 3600.0)],
        ("Thu, 01 Jan 1970 00:05:00 GMT", 200.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Thu, 99 Jan 1970 00:05:00 GMT", 0.0),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(text, seconds):
    assert retry_after(text, now=100.0) == seconds


def test_nothing_is_no_file(host, get):
    host.answers["/a.pdf"] = lambda v: v.say()
    with pytest.raises(EmptyFile, match="no bytes"):
        get(host.at("/a.pdf"))


def test_a_page_to_log_in_is_not_the_pdf_that_was_asked_for(host, get):
    host.answers["/report.pdf"] = lambda v: v.say(body=PAGE, Content_Type="application/pdf")
    with pytest.raises(UnsupportedFileType, match=r"web page \(HTML\) and no PDF.*log-in"):
        get(host.at("/report.pdf"))
    host.answers["/report"] = lambda v: v.say(body=PAGE)
    arrival = get(host.at("/report"))
    assert (arrival.media_type, arrival.filename) == ("text/html", "report.html")


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "submitted", "path", "name"),
    [
        ('attachment; filename="report.pdf"', "x.pdf", "/y", "report.pdf"),
        ("inline; filename*=UTF-8''na%C3%AFve%20plan.pdf", "", "/y", "naïve plan.pdf"),
        ('attachment; filename="../../etc/passwd"', "", "/y", "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "", "/y", "boot.ini"),
        ('attachment; filename="a\u202efdp.exe"', "", "/y", "afdp.exe"),
        ('attachment; filename="a<b>:c|d?.pdf"', "", "/y", "a_b__c_d_.pdf"),
        ("attachment; filename*=bogus''%00%0a", "given.pdf", "/y", "given.pdf"),
        ("attachment", "given.pdf", "/y", "given.pdf"),
        ("", "", "/reports/2026%2FQ3.pdf", "Q3.pdf"),
        ("", "", "/reports/", "reports"),
        ("", "", "/", "download"),
        ("", "..", "/", "download"),
        ("", "fetch", "/b/report.pdf", "report.pdf"),
        ("", "con.pdf", "/", "_con.pdf"),
        ("", "a" * 400 + ".pdf", "/", "a" * 146 + ".pdf"),
    ],
)
def test_what_a_file_is_called(said, submitted, path, name):
    assert landing.file_name(said, submitted, path) == name


# -- who stops it ----------------------------------------------------------------------------------


def test_a_download_that_nobody_wants_any_more_is_dropped(host, get):
    host.answers["/slow.pdf"] = host.trickle
    with pytest.raises(LeaseLost):
        get(host.at("/slow.pdf"), cancelled=host.begun.is_set)


def test_a_look_up_that_hangs_holds_nobody_up(get, monkeypatch):
    asked, hold = threading.Event(), threading.Event()

    def hang(*_, **__):
        asked.set()
        hold.wait(30)
        return []

    monkeypatch.setattr(guard.socket, "getaddrinfo", hang)
    begun = time.monotonic()
    try:
        with pytest.raises(LeaseLost):
            get("http://slow.example.test/a.pdf", cancelled=asked.is_set)
        assert time.monotonic() - begun < 15
    finally:
        hold.set()


# -- secrets ---------------------------------------------------------------------------------------


def test_no_error_and_no_log_shows_a_secret(host, get, caplog, names):
    caplog.set_level(logging.DEBUG)
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.NOTSET)
    names.known["a.example.test"] = ["10.0.0.9"]
    host.answers["/gone"] = lambda v: v.say(404)
    host.answers["/on"] = lambda v: v.say(302, Location="http://10.0.0.1/x?token=SECRET")
    host.answers["/zip.pdf"] = lambda v: v.say(body=PAGE)
    host.answers["/later"] = lambda v: v.say(503)
    for place in ("/gone", "/on", "/zip.pdf", "/later"):
        with pytest.raises(ToolkitError) as caught:
            get(f"http://SECRET:SECRET@127.0.0.1:{host.port}{place}?signature=SECRET#SECRET")
        assert "SECRET" not in str(caught.value)
    for url in (
        "http://u:SECRET@a.example.test/x?SECRET",
        "http://u:SECRET/x@b.example.test/?SECRET",
        "gopher://u:SECRET@b/?SECRET",
        "http://u:SECRET@[b/?SECRET",
    ):
        with pytest.raises(AddressRefused) as caught:
            get(url)
        assert "SECRET" not in str(caught.value)
    assert not [r for r in caplog.records if "SECRET" in r.getMessage()]


# -- certificates ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=files.example.test"
        " -addext subjectAltName=DNS:files.example.test -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def test_a_certificate_is_checked_against_the_name(certificate, get, names, monkeypatch):
    names.known = {name: ["127.0.0.1"] for name in ("files.example.test", "other.example.test")}
    allowed = Guard("*.example.test")
    with hosting(certificate) as host:
        right = host.at("/a.pdf", name="files.example.test", scheme="https")
        with pytest.raises(AddressUnusable, match="certificate of the host cannot be trusted"):
            get(right, guard=allowed)
        trusting = ssl.create_default_context(cafile=certificate)
        monkeypatch.setattr(guard, "_certificates", lambda: trusting)
        assert get(right, guard=allowed).size == len(PDF)
        with pytest.raises(AddressUnusable, match="certificate"):
            get(host.at("/a.pdf", name="other.example.test", scheme="https"), guard=allowed)
        host.answers["/on"] = lambda v: v.say(302, Location="http://files.example.test/a.pdf")
        with pytest.raises(AddressRefused, match="not encrypted"):
            get(host.at("/on", name="files.example.test", scheme="https"), guard=allowed)
    assert len(host.asked) == 2
