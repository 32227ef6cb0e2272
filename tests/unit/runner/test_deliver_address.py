"""Where a webhook may be sent, as far as its address tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import AddressRefused
from toolkit.runner.deliver_address import checked
from toolkit.runner.guard import kind_of, plain
from toolkit.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://x.org",
            "https://x.org/hook?token=1#part",
            "https://x.org:8443/",
            "HTTPS://X.ORG",
        ),
        *("https://bücher.example/hook", "https://8.8.8.8/hook", "https://[2606:4700::1111]/hook"),
        *("https://1e100.example/", "https://0x.example/", "https://127.0.0.1.example/"),
        "https://localhost.example/",
    ],
)
def test_what_may_be_told(url):
    assert checked(url, Settings()) == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://x.org/", "is not encrypted"),
        ("ftp://x.org/", "webhooks are sent to https"),
        ("https://ann@x.org/", "leave user and password out"),
        ("https://ann:SECRET@x.org/?SECRET", "leave user and password out"),
        ("https://x.org/?" + "SECRET" * 500, "more than 2,000"),
        ("https://127.0.0.1/?SECRET", "is a loopback address"),
        ("https://0300.0250.1/?SECRET", r"\(192.168.0.1\) is a private address"),
        ("https://0x999999999/?SECRET", "neither a name nor the number"),
        ("https://x.org:0/?SECRET", "not written as an address"),
        ("https:///?SECRET", "not written as an address"),
        ("", "webhooks are sent to https"),
    ],
)
def test_refusals_say_why_and_tell_no_secret(url, words):
    with pytest.raises(AddressRefused, match=words) as caught:
        checked(url, Settings())
    assert "SECRET" not in str(caught.value)


def test_a_refusal_names_the_setting_that_allows_it():
    with pytest.raises(AddressRefused, match=r"PAGEQUEUE_WEBHOOK_PRIVATE=10\.0\.0\.7 in the"):
        checked("https://10.0.0.7/", Settings())
    with pytest.raises(AddressRefused, match="PAGEQUEUE_WEBHOOK_PLAIN=1"):
        checked("http://x.org/", Settings())


def test_what_is_allowed_is_allowed():
    settings = Settings(webhook_private="10.0.0.0/8, localhost", webhook_plain=1)
    for url in ("http://10.1.2.3/", "https://localhost:8000/hook", "http://167772161/"):
        assert checked(url, settings) == url
    for url in ("http://192.168.0.1/", "http://127.0.0.1/", "http://169.254.169.254/"):
        with pytest.raises(AddressRefused):
            checked(url, settings)


@given(st.ip_addresses(v=4), st.sampled_from(["{}", "{:#x}", "0{:o}", "{:d}"]))
def test_however_a_number_is_written_it_is_the_same_host(address, form):
    host = str(address) if form == "{}" else form.format(int(address))
    private = kind_of(plain(str(address))) is not None
    try:
        checked(f"https://{host}/", Settings())
    except AddressRefused:
        assert private
    else:
        assert not private


@given(st.text(max_size=60))
def test_whatever_is_written_it_is_refused_or_taken(text):
    for url in (text, f"https://{text}", f"https://x.org{text}"):
        try:
            assert checked(url, Settings()) == url
        except AddressRefused:
            continue
