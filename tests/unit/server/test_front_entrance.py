"""Without keys: only this machine, under its own names, and no other site's page."""

from __future__ import annotations

import asyncio

import pytest
from front_stage import Stage, bearer

from toolkit.errors import InvalidOption
from toolkit.server.entrance import Entrance, is_loopback, root_path
from toolkit.store.store import Store

NEAR = ("127.0.0.1", 5)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


def asked(stage, method="GET", path="/v1/usage", *, peer=NEAR, host="127.0.0.1:8000", **more):
    async def ask():
        async with stage.client(peer=peer, host=host) as client:
            return await client.request(method, path, **more)

    return asyncio.run(ask())


def test_everybody_may_do_everything(store):
    stage = Stage(store, anonymous=True)
    assert asked(stage).json() == {"owner": "", "anonymous": True, "month": None}
    assert asked(stage).headers["x-usage-pages-limit"] == "unlimited"
    assert asked(stage, path="/metrics").status_code == 200


def test_a_key_that_is_known_holds_and_any_other_is_nobodys(store):
    stage = Stage(store, anonymous=True)
    assert asked(stage, headers=bearer(stage.key())).json()["owner"] == "ann"
    for foreign in (bearer("of-jupyter"), {"Authorization": "token of-jupyter"}):
        assert asked(stage, headers=foreign).json()["owner"] == ""


def test_tokens_are_asked_for_all_the_same(store):
    stage = Stage(store, anonymous=True)
    wrong = asked(stage, path="/api/queue?jobId=job_1&jobToken=wrong")
    assert wrong.status_code == 403
    assert asked(stage, path="/v1/jobs/job_1?job_token=right").json()["owner"] == "by token"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("a.localhost:1", 200),
        ("127.9.9.9", 200),
        ("[::1]:80", 200),
        ("desk.example:80", 200),
        ("rebound.example", 403),
        ("127.0.0.1.rebound.example", 403),
        ("localhost.rebound.example", 403),
        ("0.0.0.0", 403),
        ("192.168.0.7", 403),
    ],
)
def test_it_answers_to_its_own_names_alone(store, host, status):
    stage = Stage(store, anonymous=True, hosts=["desk.example"])
    answer = asked(stage, host=host)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "FORBIDDEN"


def test_behind_a_unix_socket_or_with_keys_the_name_does_not_matter(store):
    assert asked(Stage(store, anonymous=True), host="hub.example", peer=None).status_code == 200
    stage = Stage(store)
    answer = asked(stage, host="any.example", headers=bearer(stage.key()))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "get", "post"),
    [
        ({}, 200, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 200, 200),
        ({"Origin": "http://evil.example"}, 403, 403),
        ({"Origin": "null"}, 403, 403),
        ({"Origin": "http://127.0.0.1:9"}, 403, 403),
    ],
)
@pytest.mark.parametrize("peer", [NEAR, None])
def test_pages_of_other_sites_are_refused(store, headers, get, post, peer):
    stage = Stage(store, anonymous=True)
    assert asked(stage, headers=headers, peer=peer).status_code == get
    answer = asked(stage, "POST", "/v1/extract", headers=headers, content=b"{}", peer=peer)
    assert answer.status_code == post


def test_who_is_near_is_believed_and_who_is_far_is_not(store):
    def settled(peer, proxies=()):
        scope = {"client": peer, "scheme": "http", "path": "/", "method": "GET"}
        headers = {
            "x-forwarded-for": "198.51.100.1, 198.51.100.7",
            "x-forwarded-proto": "https",
            "x-forwarded-prefix": "/desk/",
        }
        Entrance(proxies=proxies).settle(scope, headers)
        return scope["client"], scope["scheme"], scope.get("root_path", "")

    believed = (("198.51.100.7", 0), "https", "/desk")
    assert settled(NEAR) == settled(None) == believed
    assert settled(("203.0.113.9", 5)) == (("203.0.113.9", 5), "http", "")
    assert settled(("203.0.113.9", 5), ["203.0.113.0/24"]) == believed


def test_names_of_this_machine():
    assert all(map(is_loopback, ("localhost", "LOCALHOST.", "::1", "[::1]", "127.0.0.53")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "", "example.com", "localhost.example.com")))


def test_a_root_path_is_a_path():
    assert [root_path(text) for text in ("", "/", "a/b/", "/a")] == ["", "", "/a/b", "/a"]
    for nonsense in ("/a b", "/a/../b", "/a?b", '/"'):
        with pytest.raises(InvalidOption):
            root_path(nonsense)
    with pytest.raises(InvalidOption):
        Entrance(proxies=["example.com"])
