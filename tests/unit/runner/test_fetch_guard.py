"""Who may be dialled: hostile ways to write this machine, names that lie, and what is allowed."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from httpx_secure import SSRFProtectionError
from hypothesis import given
from hypothesis import strategies as st
from webhost import Names, hosting

from toolkit.errors import AddressRefused, FetchFailed, ToolkitError
from toolkit.jobs.address import shown
from toolkit.runner import guard
from toolkit.runner.fetch import Download, fetch
from toolkit.runner.guard import Guard, kind_of, plain


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
    def get(url: str, private: str = ""):
        wanted = Download(
            url=url, draft=tmp_path / "draft", largest=2**20, seconds=30, guard=Guard(private)
        )
        return fetch(wanted, cancelled=lambda: False, report=lambda _: None)

    return get


def addresses(private: str, name: str) -> tuple[str, ...]:
    return asyncio.run(Guard(private).addresses(name, 80))


# Each of these reaches this machine, or its network, with one client or another.
HOSTILE = [
    *("127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"),
    *("0x7f.0.0x0.1", "0", "0.0.0.0", "127.127.127.127"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]"),
    *("[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::1]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fec0::1]", "[ff02::1]"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "169.254.1.1"),
    *("[fd00:ec2::254]", "100.100.100.200", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("①②⑦.⓪.⓪.①", "127。0。0。1", "ｌｏｃａｌｈｏｓｔ", "127.0.0.1\\@public.example.test"),
    *("public.example.test@127.0.0.1", "%31%32%37.0.0.1"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_way_to_write_it_leads_inside(host, get, name):
    with pytest.raises(ToolkitError) as caught:
        get(f"http://{name}:{host.port}/a.pdf")
    # Some are no address to a system, which then says that it knows no such host.
    assert isinstance(caught.value, AddressRefused | FetchFailed)
    if isinstance(caught.value, FetchFailed):
        assert "is not found" in str(caught.value)
    assert host.connections == 0


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001"])
def test_the_forms_that_this_system_reads_are_refused_by_what_they_mean(get, name):
    with pytest.raises(AddressRefused, match="a loopback address"):
        get(f"http://{name}/a.pdf")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[("8.8.8.8", None), ("2606:4700::1111", None), ("::ffff:8.8.8.8", None)],
        *[("64:ff9b::8.8.8.8", None), ("2002:808:808::1", None), ("172.32.0.1", None)],
        *[("127.8.8.8", "loopback"), ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback")],
        *[("10.1.2.3", "private"), ("100.64.0.1", "private"), ("fc00::1", "private")],
        *[("198.18.0.1", "private"), ("fec0::1", "private"), ("2002:a00:1::", "private")],
        *[("169.254.7.7", "link-local"), ("fe80::1", "link-local"), ("224.1.1.1", "multicast")],
        *[("ff0e::1", "multicast"), ("240.0.0.1", "reserved"), ("::127.0.0.1", "reserved")],
        *[("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("::", "unspecified")],
        *[("169.254.169.254", "metadata"), ("64:ff9b::169.254.169.254", "metadata")],
        *[("100.100.100.200", "metadata"), ("fd00:ec2::254", "metadata")],
    ],
)
def test_what_an_address_is(text, kind):
    assert kind_of(plain(text)) == kind


@given(st.ip_addresses(v=4))
def test_the_clothes_of_ipv6_hide_nothing(address):
    for written in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert kind_of(plain(written)) == kind_of(address)


@given(st.ip_addresses())
def test_whatever_is_not_global_is_not_public(address):
    if kind_of(plain(str(address))) is None:
        assert plain(str(address)).is_global
        assert not address.is_multicast


# -- names -----------------------------------------------------------------------------------------


def test_every_address_of_a_name_must_be_public(names):
    names.known["both.example.test"] = ["93.184.216.34", "10.0.0.1"]
    with pytest.raises(AddressRefused, match=r"both\.example\.test \(10\.0\.0\.1\) is a private"):
        addresses("", "both.example.test")


def test_the_addresses_of_a_name_come_in_their_order(names):
    names.known["many.example.test"] = ["2606:4700::1111", "93.184.216.34", "2606:4700::1111"]
    assert addresses("", "many.example.test") == ("2606:4700::1111", "93.184.216.34")


def test_a_name_that_changes_its_mind_is_not_asked_again(host, get, names):
    """DNS rebinding: harmless when it is checked, this machine when it is dialled."""
    names.known["rebind.example.test"] = ["127.0.0.5"]
    look_up = names.look_up

    def turning(*question, **how):
        try:
            return look_up(*question, **how)
        finally:
            names.known["rebind.example.test"] = ["127.0.0.1"]

    guard.socket.getaddrinfo = turning  # undone by the fixture
    with pytest.raises(FetchFailed, match="cannot be reached"):
        get(host.at("/a.pdf", name="rebind.example.test"), private="127.0.0.5")
    assert names.questions == ["rebind.example.test"]
    assert host.connections == 0


def test_the_client_itself_dials_nothing_but_what_was_checked(host):
    """The second lock: here the code above it is taken away."""

    async def ask(private: str, checked: str) -> None:
        async with Guard(private).client(checked) as client:
            await client.get(host.at("/a.pdf"))

    for private, checked in (("*", "127.0.0.2"), ("", "93.184.216.34"), ("", "127.0.0.1")):
        with pytest.raises(SSRFProtectionError):
            asyncio.run(ask(private, checked))
    assert host.asked == []
    asyncio.run(ask("*", "127.0.0.1"))
    assert len(host.asked) == 1


def test_the_client_follows_no_redirect(host):
    host.answers["/on"] = lambda v: v.say(302, Location="/a.pdf")

    async def ask() -> httpx.Response:
        async with Guard("*").client("127.0.0.1") as client:
            return await client.get(host.at("/on"))

    assert asyncio.run(ask()).status_code == 302


# -- what is allowed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("private", "name", "address", "allowed"),
    [
        ("", "wiki.corp.test", "10.0.0.7", False),
        ("*", "wiki.corp.test", "10.0.0.7", True),
        ("wiki.corp.test", "wiki.corp.test", "10.0.0.7", True),
        ("wiki.corp.test", "WIKI.Corp.Test.", "10.0.0.7", True),
        ("wiki.corp.test", "evil.wiki.corp.test", "10.0.0.7", False),
        ("*.corp.test", "wiki.corp.test", "10.0.0.7", True),
        ("*.corp.test", "corp.test.evil.test", "10.0.0.7", False),
        ("a.test, 10.0.0.0/8", "wiki.corp.test", "10.0.0.7", True),
        ("10.0.0.0/8", "wiki.corp.test", "192.168.0.7", False),
        ("10.0.0.7", "wiki.corp.test", "::ffff:10.0.0.7", True),
        ("fc00::/7", "wiki.corp.test", "fd12::1", True),
        ("127.0.0.1", "wiki.corp.test", "127.0.0.1", True),
        # Never, whatever is allowed.
        ("*, 169.254.0.0/16", "wiki.corp.test", "169.254.169.254", False),
        ("*, 169.254.0.0/16", "wiki.corp.test", "169.254.1.1", False),
        ("*", "wiki.corp.test", "fd00:ec2::254", False),
        ("*", "wiki.corp.test", "0.0.0.0", False),
        ("*", "wiki.corp.test", "224.0.0.1", False),
    ],
)
def test_private_hosts_that_were_allowed(names, private, name, address, allowed):
    names.known[name] = [address]
    if allowed:
        assert addresses(private, name) == (address,)
    else:
        with pytest.raises(AddressRefused):
            addresses(private, name)


def test_a_refusal_says_how_to_allow_it_where_it_can_be_allowed(names):
    names.known = {"wiki.corp.test": ["10.0.0.7"], "cloud.test": ["169.254.169.254"]}
    with pytest.raises(AddressRefused, match=r"PAGEQUEUE_FETCH_PRIVATE=wiki\.corp\.test in"):
        addresses("", "wiki.corp.test")
    with pytest.raises(AddressRefused, match="a metadata address") as caught:
        addresses("*", "cloud.test")
    assert "PAGEQUEUE" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "report.pdf", "//x.org/a", "http:", "http://", "http:///a.pdf", "https://?x"),
        *("ftp://x.org/a", "file:///etc/passwd", "data:text/html,x", "gopher://x.org"),
        *("http://x.org:99999/", "http://x.org:port/", "http://a b/", "http://x\n.org/"),
        *(
            "http://[::1",
            "http://x.org:0/",
            "http://x.org:0x50/",
            "http://x.org:-1/",
            "javascript:alert(1)",
            "http://\0/",
        ),
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_asked(get, names, url):
    with pytest.raises(AddressRefused):
        get(url)
    assert names.questions == []


# -- what is shown ---------------------------------------------------------------------------------


@given(st.text(), st.text(alphabet="abc@:/?#[]%\\"))
def test_what_is_shown_never_has_what_follows_a_question_mark(before, after):
    assert "SECRET" not in shown(f"https://{before}?{after}SECRET{after}")


@given(st.text(alphabet="abc:@%!$&'()*+,;=[]", max_size=20))
def test_nor_a_password(odd):
    assert "SECRET" not in shown(f"https://u:SECRET{odd}@x.org/a.pdf")


def test_what_is_shown():
    assert shown("https://x.org/a.pdf") == "https://x.org/a.pdf"
    assert shown("http://ann@[::1]:80/a") == "http://[::1]:80/a"
    assert shown("http://x/\u202e\n") == "http://x/??"
    assert len(shown("https://x.org/" + "a" * 1000)) == 200
