"""The key is sent to one server, and shown nowhere."""

from __future__ import annotations

import copy
import gc
import io
import logging
import pickle
import traceback

import pytest
from odd_server import HELLO, OddServer, fault, reply

import toolkit
from toolkit.client.address import address_of
from toolkit.client.secret import Secret
from toolkit.errors import InvalidInput, ServerFailed, ServerUnreachable, ToolkitError

KEY = "pk_live_" + "secretsauce" * 4


@pytest.fixture(autouse=True)
def one_try(monkeypatch):
    monkeypatch.setattr("toolkit.client.questions.ATTEMPTS", 1)


def told(error: BaseException) -> str:
    """What tracebacks show, with the values of all variables, causes included.

    All but those of the test itself, which holds the key.
    """
    said, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename != __file__:
                said.append(f"{frame.f_code.co_name} {frame.f_locals!r}")
        said.append(repr(error) + str(error) + repr(vars(error)))
        error = error.__cause__ or error.__context__
    return "\n".join(said)


@pytest.mark.parametrize(
    "answer",
    [
        fault("JOB_NOT_FOUND", status="404 No"),
        fault("UNAUTHORIZED", status="401 No"),
        reply(b"", "503 Busy"),
        reply(b"", "302 Found", Location="https://elsewhere.example/"),
        reply(b"<html>", "200 OK", "text/html"),
        b"nonsense\r\n\r\n",
        lambda connection: None,
    ],
)
def test_no_traceback_shows_it(answer):
    with OddServer(reply(HELLO), answer) as server:
        ws = toolkit.connect(server.url, key=KEY)
        with pytest.raises(ToolkitError) as caught:
            ws.look("job_1")
        ws.close()
        assert KEY.encode() in server.requests[-1]
    assert "secretsauce" not in told(caught.value)
    assert "_asked" in told(caught.value)  # so that it is a traceback


def test_no_traceback_of_a_connection_that_failed_shows_it():
    with pytest.raises(ServerUnreachable) as caught:
        toolkit.connect("http://127.0.0.1:9", key=KEY, timeout=5)
    assert "secretsauce" not in told(caught.value)


def test_no_repr_no_pickle_no_copy_shows_it():
    with OddServer(reply(HELLO)) as server, toolkit.connect(server.url, key=KEY) as ws:
        batch = toolkit.Batch(ws, "bat_1", name="n")
        for value in (ws, batch.desk, ws._questions, ws._questions.transport, Secret(KEY)):
            assert "secretsauce" not in repr(value) + str(value) + repr(
                getattr(value, "__dict__", "")
            )
            for taken in (pickle.dumps, copy.copy, copy.deepcopy):
                if value is not batch:
                    try:
                        made = taken(value)
                    except (TypeError, AttributeError, ValueError):
                        continue
                    assert b"secretsauce" not in pickle.dumps(repr(made))
        for taken in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                taken(ws)
        assert not [name for name in dir(ws) if KEY in repr(getattr(ws, name, ""))]


def test_no_log_shows_it(monkeypatch):
    said = io.StringIO()
    for library in ("httpx", "httpcore"):
        # The runner tells them to be quiet, for the whole of a process.
        monkeypatch.setattr(logging.getLogger(library), "level", logging.NOTSET)
        logging.getLogger(library).manager._clear_cache()
    root, tap = logging.getLogger(), logging.StreamHandler(said)
    root.addHandler(tap)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        with OddServer(reply(HELLO), reply(b"[]")) as server:
            toolkit.connect(server.url, key=KEY).ids()
    finally:
        root.removeHandler(tap)
        root.setLevel(level)
    assert "POST" in said.getvalue()
    assert "secretsauce" not in said.getvalue()


def test_it_is_only_sent_where_nobody_reads_along():
    with pytest.raises(InvalidInput, match="everybody on the way could read the key"):
        toolkit.connect("http://desk.example", key=KEY)
    with pytest.raises(InvalidInput, match="insecure=True"):
        toolkit.connect("http://127.0.0.1.desk.example", key=KEY)
    # and with the word for it, it would be sent (where somebody was)
    with pytest.raises((ServerUnreachable, ServerFailed)):
        toolkit.connect("http://desk.invalid", key=KEY, insecure=True, timeout=5)


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "schlüssel", "a\x00b", "a\r\nX: y"])
def test_what_is_no_key(key):
    with pytest.raises(InvalidInput, match="no key") as caught:
        toolkit.connect("https://desk.example", key=key)
    assert not key.strip() or key not in told(caught.value)


def test_white_space_around_it_is_of_the_file_that_it_was_read_from():
    assert Secret(f" {KEY}\n").bearer() == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "url",
    [
        "desk.example",
        "ftp://desk.example",
        "https://",
        "https://ann:pw@desk.example",
        "https://desk.example/?key=pw",
        "https://desk.example/#pw",
        "https://desk.example:99999",
        "http+unix://run/x.sock",
        "https://[::1",
        "",
        None,
        5,
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(InvalidInput) as caught:
        toolkit.connect(url, key=KEY)
    assert "pw" not in str(caught.value)
    assert "secretsauce" not in told(caught.value)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://localhost:8000", True),
        ("http://LOCALHOST", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000", True),
        ("http+unix:///run/x.sock", True),
        ("http+unix://%2Frun%2Fx.sock/below", True),
        ("http://0.0.0.0", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
        ("https://desk.example/queue/", False),
    ],
)
def test_what_is_near(url, near):
    assert address_of(url).near is near


def test_a_client_that_is_forgotten_is_let_go_of():
    with OddServer(reply(HELLO)) as server:
        ws = toolkit.connect(server.url, key=KEY)
        transport = ws._questions.transport
        del ws
        gc.collect()
        assert transport.closed
