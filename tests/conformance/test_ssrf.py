"""A listener on the loopback that nothing may reach: neither an input's address nor a webhook's.

It stands for every service inside: what gets to it would get to the metadata of a cloud too.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from toolkit.errors import AddressRefused, ToolkitError
from toolkit.jobs import Submission, Tool
from toolkit.runner import guard
from toolkit.runner.deliver import Courier
from toolkit.runner.deliver_address import checked
from toolkit.runner.deliver_sending import Parcel, send
from toolkit.runner.fetch import Download, fetch
from toolkit.runner.guard import Guard
from toolkit.settings import Settings
from toolkit.store import outbox, queue, tools
from toolkit.store.store import Store
from toolkit.tools import sealed

PLAIN = {"webhook_plain": 1, "delivery_seconds": 3.0, "delivery_attempts": 1}


class Inside:
    """Listens on every address of this machine, and counts who comes."""

    def __init__(self) -> None:
        self.hits = 0
        self._sockets = [self._listening(socket.AF_INET, "0.0.0.0", 0)]
        self.port = self._sockets[0].getsockname()[1]
        if socket.has_ipv6:
            with suppress(OSError):  # a machine without it
                self._sockets.append(self._listening(socket.AF_INET6, "::", self.port))
        for one in self._sockets:
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _listening(self, family: int, address: str, port: int) -> socket.socket:
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(64)
        return one

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                visitor, _ = listening.accept()
            except OSError:
                return
            self.hits += 1
            with visitor:
                visitor.settimeout(1)
                with suppress(OSError):
                    visitor.recv(4096)
                    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    def close(self) -> None:
        for one in self._sockets:
            # Otherwise accept() in the other thread goes on.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def inside():
    inside = Inside()
    yield inside
    inside.close()


@contextmanager
def listening_elsewhere(answer: bytes):
    """A host that was allowed, which sends everybody on."""
    server = socket.create_server(("127.0.0.1", 0))
    asked = []

    def serve() -> None:
        while True:
            try:
                visitor, _ = server.accept()
            except OSError:
                return
            with visitor:
                visitor.settimeout(2)
                asked.append(visitor.recv(65536))
                visitor.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], asked
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


class Names:
    """A resolver: what a name means by and by, the last meaning ever after."""

    def __init__(self) -> None:
        self.known: dict[str, list[list[str]]] = {}
        self.asked = 0

    def look_up(self, host: str, port: int, *_: object, **__: object):
        self.asked += 1
        turns = self.known.get(host)
        if not turns:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [
            (
                socket.AF_INET6 if ":" in ip else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port),
            )
            for ip in found
        ]


@pytest.fixture
def names(monkeypatch):
    names = Names()
    monkeypatch.setattr(guard.socket, "getaddrinfo", names.look_up)
    return names


def fetched(url: str, tmp_path: Path, private: str = "") -> ToolkitError | None:
    """The error of fetching *url* as an input; None where it came."""
    wanted = Download(
        url=url, draft=tmp_path / "draft", largest=2**20, seconds=5, guard=Guard(private)
    )
    try:
        fetch(wanted, cancelled=lambda: False, report=lambda _: None)
    except ToolkitError as exc:
        return exc
    return None


def sent(url: str, private: str = "") -> str:
    """Why a webhook did not get to *url*; "" where it did."""
    parcel = Parcel(url=url, body=b"{}", headers={})
    settings = Settings(webhook_private=private, **PLAIN)
    return asyncio.run(send(parcel, settings)).why


# Every one of these leads inside, with one client or another.
LITERAL = [
    # loopback, as people and as systems write it
    *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "localhost", "LOCALHOST", "localhost."),
    *("app.localhost", "127.0.0.1.", "0", "0.0.0.0", "0.0.0.0.", "00000000"),
    # decimal, octal, hexadecimal, mixed, overflowing
    *("2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "0177.0.0.1", "0177.0x0.0.01"),
    *("0x7f.1", "127.0x000001", "00177.00.00.01", "4294967297", "127.0.0.257", "2130706433."),
    # in IPv6's clothes
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::1%25lo]", "[::ffff:127.0.0.1]"),
    *("[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::ffff:0:127.0.0.1]", "[::127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::1]", "[fec0::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[ff02::1]"),
    # private networks, link-local, shared, reserved
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "192.0.0.1"),
    *("169.254.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0xa000001"),
    # where clouds keep their keys
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
    *("[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "169.254.170.2"),
    *("100.100.100.200", "metadata.google.internal"),
    # signs that some clients fold into digits and dots
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "ｌｏｃａｌｈｏｓｔ", "①27.0.0.1"),
    *("%31%32%37.0.0.1", "127%2e0.0.1", "0x7f%00.1"),
]

# What stands before the port and the path, where the host is not what it seems.
TRICKS = [
    "http://public.example.test@127.0.0.1:{port}/",
    "http://public.example.test:80@127.0.0.1:{port}/",
    "http://public.example.test%40127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@public.example.test/",
    "http://public.example.test\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@public.example.test/",
    "http://127.0.0.1:{port}?@public.example.test/",
    "http:127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "http://\t127.0.0.1:{port}/",
    "ht\ntp://127.0.0.1:{port}/",
    "http://127.0.0.1\n:{port}/",
    "http://[127.0.0.1]:{port}/",
    "http://[::1:{port}/",
    "http://127.0.0.1:{port}:80/",
    "http://127.0.0.1: {port}/",
    "gopher://127.0.0.1:{port}/_GET",
    "ftp://127.0.0.1:{port}/a",
    "file:///etc/passwd",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/a",
]


@pytest.mark.parametrize("host", LITERAL)
def test_no_way_to_write_a_host_leads_inside(inside, tmp_path, host):
    url = f"http://{host}:{inside.port}/a.pdf"
    assert fetched(url, tmp_path) is not None
    assert sent(url)
    assert inside.hits == 0


@pytest.mark.parametrize("trick", TRICKS)
def test_no_way_to_write_an_address_leads_inside(inside, tmp_path, trick):
    url = trick.format(port=inside.port)
    assert fetched(url, tmp_path) is not None
    assert sent(url)
    assert inside.hits == 0


NUMBERS = [
    host
    for host in LITERAL
    if host.isascii() and not host.startswith("metadata") and "%" not in host.partition("%25")[0]
]


@pytest.mark.parametrize("host", [one for one in NUMBERS if "%" not in one])
def test_such_a_host_is_refused_when_the_webhook_is_registered(host):
    for scheme in ("https", "http"):
        with pytest.raises(AddressRefused):
            checked(f"{scheme}://{host}/hook", Settings(webhook_plain=1))


@pytest.mark.parametrize("trick", TRICKS)
def test_such_an_address_is_refused_when_the_webhook_is_registered(trick):
    with pytest.raises(AddressRefused):
        checked(trick.format(port=80), Settings(webhook_plain=1))


# -- names that lie --------------------------------------------------------------------------------

MEANINGS = [
    ["127.0.0.1"],
    ["::1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::7f00:1"],
    ["0.0.0.0"],
    ["fe80::1%1"],
    ["93.184.216.34", "127.0.0.1"],
    ["127.0.0.1", "93.184.216.34"],
]


@pytest.mark.parametrize("meaning", MEANINGS, ids=" ".join)
def test_a_public_name_of_a_private_host_leads_nowhere(inside, names, tmp_path, meaning):
    names.known["public.example.test"] = [meaning]
    url = f"http://public.example.test:{inside.port}/a.pdf"
    assert isinstance(fetched(url, tmp_path), AddressRefused)
    assert "webhooks are not sent there" in sent(url)
    assert inside.hits == 0


def test_a_name_that_changes_its_meaning_is_not_asked_twice(inside, names, tmp_path, monkeypatch):
    """DNS rebinding. 192.0.2.0/24 leads nowhere, and is allowed here to stand for a public one."""
    monkeypatch.setattr("toolkit.runner.guard.CONNECT_SECONDS", 0.3)
    url = f"http://rebind.example.test:{inside.port}/a.pdf"
    for attempt in (
        lambda: fetched(url, tmp_path, "192.0.2.0/24"),
        lambda: sent(url, "192.0.2.0/24"),
    ):
        names.known["rebind.example.test"] = [["192.0.2.1"], ["127.0.0.1"]]
        names.asked = 0
        assert attempt()
        assert names.asked == 1
    # Each time anew it is found out.
    assert isinstance(fetched(url, tmp_path, "192.0.2.0/24"), AddressRefused)
    assert "is a loopback address" in sent(url, "192.0.2.0/24")
    assert inside.hits == 0


# -- redirects -------------------------------------------------------------------------------------

REDIRECTS = [
    "http://127.0.0.2:{port}/",
    "http://[::1]:{port}/",
    "//127.0.0.2:{port}/",
    "http://2130706434:{port}/",
    "http://0x7f.2:{port}/",
    "http://public.example.test@127.0.0.2:{port}/",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "gopher://127.0.0.2:{port}/",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", REDIRECTS)
def test_no_redirect_leads_inside(inside, tmp_path, status, place):
    to = place.format(port=inside.port)
    said = f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
    with listening_elsewhere(said) as (port, asked):
        url = f"http://127.0.0.1:{port}/on"
        assert isinstance(fetched(url, tmp_path, "127.0.0.1"), AddressRefused)
        assert sent(url, "127.0.0.1")
        # A webhook follows none; an input's are looked at, and refused.
        assert len(asked) == 2
    assert inside.hits == 0


def test_not_even_one_that_leads_where_webhooks_may_go(inside):
    with listening_elsewhere(
        f"HTTP/1.1 307 On\r\nLocation: http://127.0.0.1:{inside.port}/\r\n\r\n".encode()
    ) as (port, _):
        assert "follow no redirect" in sent(f"http://127.0.0.1:{port}/on", "127.0.0.1")
    assert inside.hits == 0


# -- the whole way ---------------------------------------------------------------------------------


def test_the_courier_delivers_nothing_inside(inside, tmp_path):
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"]
    with Store.open(tmp_path / "jobs.db") as store:
        with store.write() as conn:
            tools.register(conn, sealed(Tool(name="any", target="json:dumps")))
            for host in hosts:
                queue.enqueue(
                    conn,
                    Submission(
                        tool="any",
                        owner="ann",
                        refused=("EMPTY_FILE", "empty"),
                        callback_url=f"http://{host}:{inside.port}/hook",
                    ),
                    now=time.time(),
                )
        courier = Courier(store, Settings(**PLAIN))
        courier.start()
        until = time.monotonic() + 20
        while outbox.next_due(store.read()) is not None:
            assert time.monotonic() < until
            time.sleep(0.02)
        courier.stop()
        tried = outbox.log(store.read(), owner="ann")
    assert len(tried) == len(hosts)
    assert {one.state for one in tried} == {"failed"}
    assert all("webhooks are not sent there" in one.error for one in tried)
    assert inside.hits == 0


def test_the_listener_would_have_counted_it(inside, tmp_path):
    """Where the operator allows it, the same calls get there: the tests above can fail."""
    url = f"http://127.0.0.1:{inside.port}/a.txt"
    assert sent(url, "127.0.0.1") == ""
    fetched(url, tmp_path, "127.0.0.1")
    assert inside.hits == 2
