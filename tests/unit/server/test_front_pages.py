"""The OpenAPI documents and the pages that show them, at any root and with no other host."""

from __future__ import annotations

import asyncio
import re

import pytest
from front_stage import Stage

from toolkit.store.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        yield store


def asked(stage, path, *, peer=("203.0.113.9", 5), **more):
    async def ask():
        async with stage.client(peer=peer) as client:
            return await client.get(path, **more)

    return asyncio.run(ask())


def test_a_document_a_dialect_and_one_of_all(store):
    stage = Stage(store)
    whole = asked(stage, "/openapi.json").json()
    native = asked(stage, "/openapi/v1.json").json()
    assert whole["openapi"] == "3.1.0"
    assert set(native["paths"]) < set(whole["paths"])
    assert set(whole["paths"]["/api/queue"]) == {"get", "delete"}
    assert set(whole["components"]["schemas"]) == {"Native", "Other"}
    assert set(native["components"]["schemas"]) == {"Native"}
    assert asked(stage, "/openapi/none.json").status_code == 404


@pytest.mark.parametrize(
    ("path", "document"), [("/docs", "openapi.json"), ("/docs/v1", "openapi/v1.json")]
)
def test_a_page_loads_our_own_files_alone(store, path, document):
    stage = Stage(store, root_path="/tools/pages")
    page = asked(stage, path)
    assert page.headers["content-type"].startswith("text/html")
    assert f'data-document="/tools/pages/{document}"' in page.text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(one.startswith("/tools/pages/docs") for one in loaded)
    for one in loaded:
        answer = asked(stage, one)
        assert answer.status_code == 200, one
        assert answer.content
    assert "<script>" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", ["/docs/none", "/docs/assets/none", "/docs/assets/..%2fapp.py"])
def test_there_is_nothing_else(store, path):
    assert asked(Stage(store), path).status_code == 404


def test_the_root_is_where_the_caller_sees_us(store):
    stage = Stage(store, root_path="/tools/pages")
    for path in ("/openapi.json", "/tools/pages/openapi.json"):
        assert asked(stage, path).json()["servers"] == [{"url": "/tools/pages"}]
    assert asked(Stage(store), "/openapi.json").json()["servers"] == [{"url": "/"}]


@pytest.mark.parametrize(
    ("peer", "prefix", "root"),
    [
        (("127.0.0.1", 5), "/proxy/8000", "/proxy/8000"),
        (None, "/user/ann/pagequeue/", "/user/ann/pagequeue"),
        (("203.0.113.9", 5), "/proxy/8000", "/"),
        (("127.0.0.1", 5), "//evil.example", "/"),
        (("127.0.0.1", 5), "/a/../b", "/"),
        (("127.0.0.1", 5), '/"><script>', "/"),
    ],
)
def test_a_prefix_is_believed_of_this_machine_where_it_is_one(store, peer, prefix, root):
    headers = {"X-Forwarded-Prefix": prefix}
    answer = asked(Stage(store), "/openapi.json", peer=peer, headers=headers)
    assert answer.json()["servers"] == [{"url": root}]
