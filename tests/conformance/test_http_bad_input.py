"""What comes over the wire from somebody careless, or worse: raw bytes on a socket.

Whatever is sent, the answer is one of ours below 500 or a closed connection; nothing is left of an
upload that came to nothing, and no file is written but in the store.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from serving import Serving, until

EXAMPLES = int(os.environ.get("PAGEQUEUE_HTTP_EXAMPLES", "40"))
FORMS = ("/v1/extract", "/v1/jobs", "/api/queue/jobs", "/api/jobs", "/api/tools/v1/queue")
PDF = b"%PDF-1.4\nnot much of one\n%%EOF\n"
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Wire:
    """Says bytes to a server, and hears what it answers."""

    def __init__(self, serving: Serving, key: str) -> None:
        self.serving = serving
        self.key = key

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.serving.port), timeout=30)

    def say(self, said: bytes, *, leave: bool = False) -> list[int]:
        """The statuses of the answers, in turn, until the server closes; none where it just does.

        *leave*: nothing more will come from here, which the server is told.
        """
        with self.open() as line:
            with suppress(ConnectionError):
                line.sendall(said)
                if leave:
                    line.shutdown(socket.SHUT_WR)
            return statuses(heard(line))

    def headers(self, *more: str) -> bytes:
        lines = ("Host: 127.0.0.1", f"Authorization: Bearer {self.key}", "Connection: close", *more)
        return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")

    def get(self, target: str, *more: str, method: str = "GET") -> list[int]:
        begun = f"{method} {target} HTTP/1.1\r\n".encode("utf-8", "surrogateescape")
        return self.say(begun + self.headers(*more) + b"\r\n")

    def post(self, path: str, kind: str, body: bytes, *more: str) -> list[int]:
        sent = self.headers(f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more)
        return self.say(f"POST {path} HTTP/1.1\r\n".encode() + sent + b"\r\n" + body)

    def form(self, path: str, *parts: bytes, end: bytes = b"--b--\r\n") -> list[int]:
        body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
        return self.post(path, "multipart/form-data; boundary=b", body)


def heard(line: socket.socket) -> bytes:
    """All that is answered until the connection is closed."""
    parts = []
    with suppress(ConnectionError):
        while part := line.recv(65536):
            parts.append(part)
    return b"".join(parts)


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"^HTTP/1\.[01] (\d{3})", answer, re.M)]


def file_part(name: str, content: bytes = PDF, *, field: str = "file") -> bytes:
    return (
        f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode(
            "utf-8", "surrogateescape"
        )
        + content
    )


def text_part(name: str, value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value


@pytest.fixture(scope="module")
def wire(strict: Serving, strict_key: str) -> Wire:
    return Wire(strict, strict_key)


@pytest.fixture(autouse=True)
def nothing_left(strict: Serving) -> Iterator[None]:
    """After each test: no draft, nothing beside the store, and the server lives."""
    yield
    until(strict.drafts, lambda left: left == [], seconds=20)
    assert strict.strays() == []
    with strict.client() as client:
        assert client.get("/healthz").status_code == 200
    assert "Traceback" not in strict.log


def refused(answers: list[int]) -> bool:
    """A precise refusal, or a connection closed without a word."""
    return all(400 <= status < 500 for status in answers[:1]) and no_fault(answers)


def no_fault(answers: list[int]) -> bool:
    return all(status < 500 for status in answers)


# --- multipart --------------------------------------------------------------------------------

MALFORMED = {
    "no end": (b"--b\r\n" + file_part("a.pdf"), b""),
    "no part": (b"", b"--b--\r\n"),
    "no boundary at all": (b"just text", b""),
    "another boundary": (b"--c\r\n" + file_part("a.pdf") + b"\r\n--c--\r\n", b""),
    "no name": (b'--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n', b"--b--\r\n"),
    "no disposition": (b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n", b"--b--\r\n"),
    "attachment": (
        b'--b\r\nContent-Disposition: attachment; name="file"\r\n\r\nx\r\n',
        b"--b--\r\n",
    ),
    "header without colon": (b"--b\r\nContent-Disposition\r\n\r\nx\r\n", b"--b--\r\n"),
    "half a header": (b"--b\r\nContent-Dispos", b""),
    "headers without end": (b"--b\r\n" + b"X-A: b\r\n" * 20_000, b""),
    "a long header": (b"--b\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\nx\r\n", b"--b--\r\n"),
    "a thousand parts": (
        b"".join(b"--b\r\n" + text_part(f"f{n}", "x") + b"\r\n" for n in range(1000)),
        b"--b--\r\n",
    ),
    "two files": (
        b"--b\r\n" + file_part("a.pdf") + b"\r\n--b\r\n" + file_part("b.pdf") + b"\r\n",
        b"--b--\r\n",
    ),
    "a field twice": (
        b"--b\r\n" + text_part("options", "{}") + b"\r\n--b\r\n" + text_part("options", "{}")
        + b"\r\n--b\r\n" + file_part("a.pdf") + b"\r\n",
        b"--b--\r\n",
    ),
    "a large field": (b"--b\r\n" + text_part("options", b"x" * 250_000) + b"\r\n", b"--b--\r\n"),
    "the file as text": (b"--b\r\n" + text_part("file", PDF) + b"\r\n", b"--b--\r\n"),
    "an empty file": (b"--b\r\n" + file_part("a.pdf", b"") + b"\r\n", b"--b--\r\n"),
    "bytes that are no text": (
        b"--b\r\n" + text_part("options", b"\xff") + b"\r\n--b\r\n" + file_part("a.pdf") + b"\r\n",
        b"--b--\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_form(wire, path, kind):
    body, end = MALFORMED[kind]
    answers = wire.post(path, "multipart/form-data; boundary=b", body + end)
    if kind in {"another boundary", "attachment", "two files", "a field twice"}:
        assert no_fault(answers)
    else:
        assert refused(answers), answers
    assert len(answers) == 1


@pytest.mark.parametrize(
    "kind",
    [
        *("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary"),
        'multipart/form-data; boundary="b',
        "multipart/form-data; boundary=" + "b" * 5000,
        *("multipart/mixed; boundary=b", "text/plain", "application/octet-stream", "x", "/", ""),
        *(
            "application/json",
            "application/json; charset=utf-16",
            "application/x-www-form-urlencoded",
        ),
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=b; charset=utf-7",
        "multipart/form-data; boundary=\xe9",
    ],
)
def test_a_content_type_that_does_not_fit(wire, kind):
    body = b"--b\r\n" + file_part("a.pdf", b"no file of any kind") + b"\r\n--b--\r\n"
    for path in FORMS:
        assert refused(wire.post(path, kind, body))


line_end = st.sampled_from([b"\r\n"] * 6 + [b"\n", b"\r", b"", b"\r\n\r\n"])
mark = st.sampled_from([b"--b"] * 8 + [b"--b--", b"-b", b"--B", b"--b ", b"\x00--b", b"--b\x00"])
header = st.sampled_from([
    b'Content-Disposition: form-data; name="file"; filename="a.pdf"',
    b'Content-Disposition: form-data; name="options"',
    b'Content-Disposition: form-data; name="tool"',
    b'Content-Disposition: form-data; name="sync"',
    b"Content-Disposition: form-data; name=file; filename=a.pdf",
    b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%e2%82%ac.pdf",
    b"Content-Disposition: form-data; name=\"file\"; filename*=x'y",
    b'Content-Disposition: form-data; name="file"; filename="\xff\xfe"',
    b'Content-Disposition: form-data; name="a\r\n b"',
    b'Content-Disposition: form-data; name="\\"; filename="',
    b"content-disposition:form-data;name=file;filename=",
    b"Content-Disposition: form-data; " + b"a=b; " * 2000,
    b"Content-Type: application/pdf",
    b"Content-Type: multipart/mixed; boundary=c",
    b"Content-Transfer-Encoding: base64",
    b"Content-Length: 1",
    b": no name",
    b"\xff: \xff",
])  # fmt: skip
content = st.one_of(
    st.sampled_from([PDF, b"{}", b"[]", b"parse", b"", b"\x00", b"--b", b"\r\n--b", b"true"]),
    st.binary(max_size=60),
)
part = st.tuples(
    mark, line_end, st.lists(st.tuples(header, line_end), max_size=3), line_end, content
)
forms = st.tuples(st.lists(st.tuples(part, line_end), max_size=4), mark, line_end)


def spelled(form: Any) -> bytes:
    parts, last, end = form
    said = b""
    for (begin, after, headers, blank, body), behind in parts:
        said += begin + after + b"".join(h + e for h, e in headers) + blank + body + behind
    return said + last + end


@many
@given(path=st.sampled_from(FORMS), form=forms, cut=st.integers(0, 400))
def test_forms_of_a_small_grammar(wire, path, form, cut):
    said = spelled(form)
    answers = wire.post(path, "multipart/form-data; boundary=b", said[:cut] if cut < 40 else said)
    assert len(answers) == 1
    assert no_fault(answers), said


# --- lengths that lie, chunks that are none, clients that dawdle ------------------------------


@pytest.mark.parametrize("path", FORMS)
def test_a_body_that_ends_before_its_length(wire, path):
    body = b"--b\r\n" + file_part("a.pdf")
    head = wire.headers("Content-Type: multipart/form-data; boundary=b", "Content-Length: 9999")
    answers = wire.say(f"POST {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + body, leave=True)
    assert refused(answers)


@pytest.mark.parametrize("path", FORMS)
def test_a_body_that_goes_on_behind_its_length(wire, path):
    body = b"--b\r\n" + file_part("a.pdf") + b"\r\n--b--\r\n"
    head = wire.headers("Content-Type: multipart/form-data; boundary=b", "Content-Length: 20")
    answers = wire.say(f"POST {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + body)
    assert refused(answers)
    assert len(answers) <= 1


@pytest.mark.parametrize(
    "length", ["-1", "x", "", "1e3", "0x10", "10, 20", "99999999999999999999", "+5"]
)
def test_a_length_that_is_none(wire, length):
    head = wire.headers(
        "Content-Type: multipart/form-data; boundary=b", f"Content-Length: {length}"
    )
    assert refused(wire.say(b"POST /v1/extract HTTP/1.1\r\n" + head + b"\r\nabcde", leave=True))


def test_two_lengths_and_a_length_beside_chunks(wire):
    """No second request is smuggled in behind a body that two sides measure differently."""
    smuggled = b"0\r\n\r\nGET /v1/tools HTTP/1.1\r\n" + wire.headers() + b"\r\n"
    for lines in (
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
    ):
        kind = "Content-Type: application/json"
        head = b"POST /api/jobs HTTP/1.1\r\n" + wire.headers(kind, *lines) + b"\r\n"
        answers = wire.say(head + smuggled, leave=True)
        assert refused(answers), (lines, answers)
        assert len(answers) <= 1


CHUNKS = [
    *(
        b"zz\r\nabc\r\n0\r\n\r\n",
        b"-5\r\nabc\r\n",
        b"5\r\nabc\r\n0\r\n\r\n",
        b"\r\n\r\n",
        b"5\r\nab",
    ),
    *(
        b"ffffffffffffffffff\r\na\r\n",
        b"3;" + b"x" * 100_000 + b"\r\nabc\r\n0\r\n\r\n",
        b"5 5\r\nab",
    ),
    b"3\r\nabcdef\r\n0\r\n\r\n",
    b"0\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"1\r\na\r\n" * 2000 + b"0\r\n\r\n",
]


@pytest.mark.parametrize("chunks", CHUNKS, ids=range(len(CHUNKS)))
@pytest.mark.parametrize("path", ["/v1/extract", "/api/jobs"])
def test_chunks_that_are_none(wire, path, chunks):
    kind = "multipart/form-data; boundary=b" if path == "/v1/extract" else "application/json"
    head = wire.headers(f"Content-Type: {kind}", "Transfer-Encoding: chunked")
    answers = wire.say(f"POST {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + chunks, leave=True)
    assert refused(answers)


def test_a_file_in_chunks_is_as_good_as_any(wire):
    body = b"--b\r\n" + file_part("a.pdf") + b"\r\n--b--\r\n"
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[n : n + 1]) for n in range(len(body)))
    kind = "Content-Type: multipart/form-data; boundary=b"
    head = wire.headers(kind, "Transfer-Encoding: chunked")
    answers = wire.say(b"POST /v1/extract HTTP/1.1\r\n" + head + b"\r\n" + chunks + b"0\r\n\r\n")
    assert answers in ([202], [200])


def test_a_large_file_is_refused_whatever_its_length_says(wire):
    kind = "Content-Type: multipart/form-data; boundary=b"
    body = b"--b\r\n" + file_part("a.pdf", PDF + b"x" * 600_000) + b"\r\n--b--\r\n"
    begun = b"POST /v1/extract HTTP/1.1\r\n"
    declared = wire.headers(kind, f"Content-Length: {len(body)}")
    assert wire.say(begun + declared + b"\r\n" + body) in ([413], [])
    hidden = wire.headers(kind, "Transfer-Encoding: chunked")
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert wire.say(begun + hidden + b"\r\n" + chunks) in ([413], [])


def dawdle(wire: Wire, first: bytes, drop: bytes, pause: float) -> tuple[list[int], float]:
    """Say *first*, and then *drop* after each *pause*, until the server has enough."""
    begun = time.monotonic()
    with wire.open() as line:
        line.sendall(first)
        line.settimeout(pause)
        got = b""
        while time.monotonic() - begun < 25:
            try:
                with suppress(TimeoutError):
                    piece = line.recv(65536)
                    got += piece
                    if not piece:
                        return statuses(got), time.monotonic() - begun
                line.sendall(drop)
            except ConnectionError:
                return statuses(got), time.monotonic() - begun
    raise AssertionError("it listens for ever")


def begun(wire: Wire, path: str, method: str = "POST") -> bytes:
    """A request whose body is announced and of which a little has come."""
    form = path in FORMS
    kind = "multipart/form-data; boundary=b" if form else "application/json"
    head = wire.headers(f"Content-Type: {kind}", "Content-Length: 99999")
    body = b"--b\r\n" + file_part("a.pdf") if form else b'{"url": '
    return f"{method} {path} HTTP/1.1\r\n".encode() + head + b"\r\n" + body


def test_clients_that_dawdle(wire):
    """Each of them takes as long as the server's patience; so all come at once."""
    host = b"GET /v1/tools HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    before = {
        "a request line": (b"GET /v1/to", b"o"),
        "headers": (host, b"X-A: b\r\n"),
        "headers and silence": (host, b""),
    }
    within = {
        f"{path} and {drop!r}": (begun(wire, path), drop)
        for path in (*FORMS, "/v1/webhooks")
        for drop in (b"x", b"")
    }
    within["json"] = (begun(wire, "/v1/webhooks").replace(b"/v1/webhooks", b"/api/jobs"), b" ")
    with ThreadPoolExecutor(20) as clients:
        said = {
            kind: clients.submit(dawdle, wire, first, drop, 0.25)
            for kind, (first, drop) in {**before, **within}.items()
        }
        answers = {kind: one.result() for kind, one in said.items()}
    for kind, (answered, seconds) in answers.items():
        assert answered in ([408], []) if kind in within else refused(answered), (kind, answered)
        assert seconds < 24, kind
    assert [408] in [answered for answered, _ in answers.values()]


def test_a_crowd_of_slow_clients_holds_nobody_up(wire, strict, strict_key):
    kind = "Content-Type: multipart/form-data; boundary=b"
    head = wire.headers(kind, "Content-Length: 99999")
    first = b"POST /v1/extract HTTP/1.1\r\n" + head + b"\r\n--b\r\n" + file_part("a.pdf")
    lines = [wire.open() for _ in range(60)]
    try:
        for line in lines:
            line.sendall(first)
        time.sleep(0.3)
        with strict.client(strict_key) as client:
            begun = time.monotonic()
            assert client.get("/v1/tools").status_code == 200
            assert time.monotonic() - begun < 2
    finally:
        for line in lines:
            line.close()


# --- large and odd requests -------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("X-Large: " + "x" * 200_000,),
        tuple(f"X-{n}: y" for n in range(20_000)),
        ("Cookie: " + "a=b; " * 50_000,),
        ("Idempotency-Key: " + "k" * 70_000,),
    ],
    ids=["one header", "many headers", "cookies", "a key"],
)
def test_huge_headers(wire, lines):
    assert refused(wire.get("/v1/jobs", *lines))


@pytest.mark.parametrize("target", ["/" + "x" * 200_000, "/v1/jobs?" + "a=b&" * 50_000])
def test_huge_addresses(wire, target):
    assert refused(wire.get(target))


@pytest.mark.parametrize(
    "line",
    [
        b"GET\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-x\r\n", b"\x00" * 100,
        b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_hardly_a_request(wire, line):
    assert refused(wire.say(line, leave=True))


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "http://evil.example/v1/jobs"),
        ("GET", "//evil.example/v1/jobs"),
        ("OPTIONS", "*"),
        ("CONNECT", "evil.example:443"),
        ("GET", "/v1/../v1/jobs/../../etc/passwd"),
        ("GET", "/v1/jobs/..%2f..%2fetc%2fpasswd"),
        ("GET", "/v1/jobs/%00"),
        ("GET", "/v1/jobs/%"),
        ("GET", "/v1/jobs/%ff%fe"),
        ("GET", "/v1/jobs/\udcff"),
        ("GET", "/v1/jobs?status=%00"),
        ("GET", "/v1/jobs?cursor=%ff&limit=%00"),
        ("GET", "/docs/../../../etc/passwd"),
        ("GET", "/docs/..%2f..%2fpyproject.toml"),
        ("GET", "/static/..%5c..%5cwindows"),
        ("GET", "/openapi/..%2f..%2fx.json"),
        ("GET", "/openapi/nosuch.json"),
        ("TRACE", "/v1/jobs"),
        ("get", "/v1/jobs"),
        ("PURGE", "/v1/jobs"),
    ],
)
def test_targets_that_mean_mischief(wire, method, target):
    with wire.open() as line:
        line.sendall(
            f"{method} {target} HTTP/1.1\r\n".encode("utf-8", "surrogateescape")
            + wire.headers()
            + b"\r\n"
        )
        said = heard(line)
    assert no_fault(statuses(said))
    assert b"root:" not in said
    assert b"evil.example" not in said


def test_no_header_makes_a_look_a_cancel(wire, strict, strict_key):
    with strict.client(strict_key) as client:
        job_id = client.post("/v1/jobs", json={"type": "echo"}).json()["job_id"]
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            said = client.get(f"/v1/jobs/{job_id}?_method=DELETE", headers={name: "DELETE"})
            assert (said.status_code, said.json()["status"]) == (200, "queued")
            client.post(f"/v1/jobs/{job_id}", headers={name: "DELETE"})
        assert client.get(f"/v1/jobs/{job_id}").json()["status"] == "queued"


IDS = ["x", "job_", "job_" + "0" * 16, "job_" + "g" * 16, "JOB_0000000000000000", "-1", "1",
       "' OR 1=1 --", "%25", "_" * 20, "*", "job_0000000000000000%20", "%F0%9F%99%82", "a" * 3000,
       "null", "undefined", "[object Object]", "%22", "..", "."]  # fmt: skip


@pytest.mark.parametrize("job_id", IDS)
def test_ids_of_nothing(strict, strict_key, job_id):
    with strict.client(strict_key) as client:
        if job_id in {"..", "."}:
            return
        for method, path in (
            ("GET", "/v1/jobs/{}"), ("DELETE", "/v1/jobs/{}"), ("POST", "/v1/jobs/{}/purge"),
            ("GET", "/v1/jobs/{}/result"), ("GET", "/v1/jobs/{}/events"),
            ("GET", "/v1/jobs/{}/pages/1.png"), ("GET", "/api/jobs/{}"),
            ("DELETE", "/api/jobs/{}"), ("GET", "/api/tools/v1/queue/{}"),
            ("GET", "/api/tools/v1/queue/{}/result"),
        ):  # fmt: skip
            said = client.request(method, path.format(job_id))
            assert said.status_code == 404, (method, path, said.text)
        for path in ("/api/queue", "/api/queue/result"):
            said = client.get(f"{path}?jobId={job_id}&jobToken=x")
            assert said.status_code == 404


# --- names ------------------------------------------------------------------------------------

NAMES = ["../../out.pdf", "/etc/cron.d/x", "..\\..\\out.pdf", "C:\\out.pdf", "..", ".", "", " ",
         "a\0b.pdf", "CON", "con.pdf", "~/.bashrc", "a/b/c.pdf", "%2e%2e%2fout.pdf", "..//out.pdf",
         "a" * 5000 + ".pdf", "\u202egpj.pdf", "\ufeff.pdf", "e\u0301.pdf", "\ud83d.pdf", "🙂.pdf",
         "a\tb.pdf", "-rf", "$(touch out)", "`id`.pdf", "a;b|c&d.pdf", "desk.db", "\x7f\x1b[2J.pdf",
         "x.pdf\u2028y", "．．／out.pdf"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_a_name_leads_nowhere(wire, strict, strict_key, name):
    before = outside(strict.folder)
    sent = name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    for path in FORMS:
        fields = [text_part("tool", "parse")] if "tools" in path else []
        assert no_fault(wire.form(path, *fields, file_part(sent)))
    starred = b"Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''"
    starred += b"".join(b"%%%02x" % byte for byte in name.encode("utf-8", "surrogatepass"))
    assert no_fault(wire.form("/v1/extract", starred + b"\r\n\r\n" + PDF))
    assert outside(strict.folder) == before
    with strict.client(strict_key) as client:
        for job in client.get("/v1/jobs?limit=6").json()["jobs"]:
            shown = client.get(f"/v1/jobs/{job['job_id']}").json()["file_info"]["filename"] or ""
            assert not re.search(r"[/\\\x00-\x1f\x7f\u202e\u2028]", shown)
            assert shown not in {".", ".."}
            assert len(shown) <= 255


def outside(folder: Path) -> list[str]:
    """What there is around the server's folder, and in it beside the store."""
    own = [str(p) for p in folder.iterdir() if not p.name.startswith("desk.")]
    return sorted([*own, *(str(path) for path in folder.parent.iterdir())])


# --- values of the wrong type -----------------------------------------------------------------

odd = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from([
            *("\0", "../x", "-1", "1e400", "", " ", "NaN", "true", "\ud800", "a" * 3000, "parse"),
            *(10**30, -(10**30), 1e308, "https://example.org/a.pdf", "jobid://x", "docld://x"),
        ]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
FIELDS = ["type", "input", "config", "options", "webhook_url", "callback_url", "retain_hours",
          "result_retain_hours", "bypass_cache", "one_time", "sync", "sync_timeout_seconds",
          "filename", "strategy", "max_chunk_size", "overlap", "pages", "languages", "ocr",
          "password", "table_format", "profile", "extraction_profile", "style", "include_layout",
          "preserve_images", "tool", "mode", "nosuch"]  # fmt: skip
objects = st.dictionaries(st.sampled_from(FIELDS), odd, max_size=4)


@many
@given(path=st.sampled_from(["/v1/jobs", "/api/jobs"]), asked=st.one_of(objects, odd))
@example(path="/v1/jobs", asked={"type": "echo", "options": {"\0": "\0"}})
@example(path="/api/jobs", asked={"type": "echo", "config": {"n": 10**400}})
def test_json_of_the_wrong_types(wire, path, asked):
    body = json.dumps(asked).encode("utf-8", "surrogatepass")
    assert no_fault(wire.post(path, "application/json", body))


@many
@given(path=st.sampled_from(FORMS), options=st.one_of(objects, odd))
def test_options_of_the_wrong_types(wire, path, options):
    said = json.dumps(options).encode("utf-8", "surrogatepass")
    flat = options if isinstance(options, dict) else {}
    plain = [
        text_part(name, str(value).encode("utf-8", "surrogatepass")) for name, value in flat.items()
    ]
    name = "config" if path == "/api/jobs" else "options"
    parts = plain if "tools" in path else [text_part(name, said)]
    assert no_fault(wire.form(path, *parts, file_part("a.pdf")))


@many
@given(
    path=st.sampled_from(
        ["/v1/jobs", "/api/jobs", "/v1/usage", "/api/queue", "/v1/jobs/x/pages/1.png"]
    ),
    query=st.lists(
        st.tuples(
            st.sampled_from(
                ["limit", "offset", "status", "type", "cursor", "month", "jobId", "width"]
            ),
            st.one_of(st.text(max_size=12), st.integers().map(str)),
        ),
        max_size=4,
    ),
)
def test_queries_of_the_wrong_types(strict, strict_key, path, query):
    asked = [(k, v.encode("utf-8", "surrogatepass").decode("latin-1")) for k, v in query]
    with strict.client(strict_key) as client:
        assert client.get(path, params=asked).status_code < 500


BODIES = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep options": b'{"type": "echo", "options": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a long number": b'{"type": "echo", "options": {"n": ' + b"9" * 100_000 + b"}}",
    "not a number": b'{"type": "echo", "options": {"n": NaN}}',
    "a lone surrogate": b'{"type": "echo", "options": {"n": "\\ud800"}}',
    "no UTF-8": b'{"type": "\xff"}',
    "UTF-16": '{"type": "echo"}'.encode("utf-16"),
    "a mark in front": b"\xef\xbb\xbf" + b'{"type": "parse"}',
    "two values": b'{"type": "echo"} {"type": "echo"}',
    "nothing": b"",
    "white space": b" \n\t",
    "a comment": b'/* */ {"type": "echo"}',
    "zeros": b"\0" * 1000,
    "more than a megabyte": b'{"type": "echo", "options": "' + b"x" * 1_200_000 + b'"}',
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("path", ["/v1/jobs", "/api/jobs"])
def test_json_that_is_none(wire, path, kind):
    answers = wire.post(path, "application/json", BODIES[kind])
    if kind in {"a long number", "a lone surrogate", "deep options"}:
        assert no_fault(answers)
    else:
        assert refused(answers), answers


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_a_body_that_is_packed_is_not_unpacked(wire, coding):
    answers = wire.post(
        "/api/jobs", "application/json", b"\x1f\x8b\x08" + b"\0" * 50, f"Content-Encoding: {coding}"
    )
    assert refused(answers)


def test_nonsense_of_a_conditional_or_preference(wire, strict, strict_key):
    with strict.client(strict_key) as client:
        job_id = client.post("/v1/jobs", json={"type": "echo"}).json()["job_id"]
    for line in (
        *(
            "Prefer: wait=x",
            "Prefer: wait=-1",
            "Prefer: wait=",
            "Prefer: wait=0.001",
            "Prefer: ,,;=",
        ),
        *(
            "If-None-Match: \xff",
            "If-Modified-Since: yesterday",
            "Range: bytes=9-1",
            "Accept: nosuch/x",
        ),
        *("Last-Event-ID: \xff", "Accept-Encoding: nosuch", "Expect: 200-maybe"),
    ):
        assert no_fault(wire.get(f"/v1/jobs/{job_id}", line)), line


# --- many at once -----------------------------------------------------------------------------


def test_clients_that_leave_in_the_middle_leave_nothing(wire, strict):
    kind = "Content-Type: multipart/form-data; boundary=b"
    begun = b"POST /v1/extract HTTP/1.1\r\n" + wire.headers(kind, "Content-Length: 200000")
    first = begun + b"\r\n--b\r\n" + file_part("a.pdf", PDF * 2000)

    def leave(pause: float) -> None:
        with wire.open() as line, suppress(ConnectionError):
            line.sendall(first)
            time.sleep(pause)

    clients = [threading.Thread(target=leave, args=(n * 0.004,)) for n in range(50)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    until(strict.drafts, lambda left: left == [], seconds=20)


def test_the_descriptors_are_given_back(wire, strict):
    """After all of that and a little more, the server holds no connection and no file of ours."""
    import psutil

    assert strict.process is not None
    server = psutil.Process(strict.process.pid)
    for _ in range(30):
        wire.post("/v1/extract", "multipart/form-data; boundary=b", b"--b\r\n" + file_part("a.pdf"))
    until(server.num_fds, lambda held: held < 150, seconds=20)
