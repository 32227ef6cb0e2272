"""What a child may say, and what it may not."""

from __future__ import annotations

import os
import struct
import threading
from dataclasses import asdict

import msgspec
import pytest

from toolkit.errors import ChildCrashed
from toolkit.jobs import Limits
from toolkit.runner import pipe


@pytest.fixture
def ends():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def done(**change) -> pipe.Done:
    fields = {
        "content": b"x",
        "size": 1,
        "media_type": "text/plain",
        "filename": None,
        "pages": 0,
        "cacheable": True,
        "cpu_seconds": 0.0,
        "left_processes": False,
    }
    return pipe.Done(**{**fields, **change})


def test_messages_come_through_one_by_one(ends):
    reading, writing = ends
    told = pipe.Told(percent=5, stage="parsing", page=1, pages=2)
    for message in (done(), told):
        pipe.write_message(writing, message)
    assert pipe.decode_answer(pipe.read_message(reading)) == done()
    assert pipe.decode_answer(pipe.read_message(reading)) == told


def test_a_message_larger_than_the_pipes_room_comes_through(ends):
    reading, writing = ends
    large = done(content=os.urandom(2**20))
    thread = threading.Thread(target=pipe.write_message, args=(writing, large))
    thread.start()
    assert pipe.decode_answer(pipe.read_message(reading)) == large
    thread.join()


def test_an_end_in_the_middle_of_a_message_is_an_end(ends):
    reading, writing = ends
    os.write(writing, struct.pack("!I", 100) + b"half")
    os.close(writing)
    assert pipe.read_message(reading) is None


def test_an_announcement_of_too_much_is_refused_before_it_is_read(ends):
    reading, writing = ends
    os.write(writing, struct.pack("!I", 2**32 - 1))
    with pytest.raises(ChildCrashed, match="4294967295 bytes"):
        pipe.read_message(reading)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\x80\x04\x95",  # the beginning of a pickle
        msgspec.msgpack.encode({"type": "done"}),
        msgspec.msgpack.encode({"type": "work", "target": "os:system"}),
        msgspec.msgpack.encode(
            {"type": "told", "percent": "ten", "stage": "parsing", "page": 1, "pages": 1}
        ),
        msgspec.msgpack.encode(
            {"type": "told", "percent": 1, "stage": "dancing", "page": 1, "pages": 1}
        ),
    ],
)
def test_nonsense_is_not_understood(said):
    with pytest.raises(msgspec.MsgspecError):
        pipe.decode_answer(said)


def test_a_result_is_taken_only_from_a_plain_file_of_its_size(tmp_path):
    place = tmp_path / pipe.RESULT_NAME
    place.write_bytes(b"12345")
    assert pipe.read_result(tmp_path, 5) == b"12345"
    for size in (4, 6, pipe.MOST_RESULT + 1):
        with pytest.raises(ChildCrashed):
            pipe.read_result(tmp_path, size)
    place.unlink()
    (tmp_path / "secret").write_bytes(b"12345")
    place.symlink_to(tmp_path / "secret")
    with pytest.raises(ChildCrashed):
        pipe.read_result(tmp_path, 5)
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(ChildCrashed):
        pipe.read_result(tmp_path, 5)


def test_the_limits_arrive_with_their_types():
    asked = Limits().with_changes({"memory": 1e9, "deadline": 5})
    work = pipe.Work(target="a:b", limits=asdict(asked), work_folder="x")
    bounds = pipe.decode_work(msgspec.msgpack.encode(work)).bounds
    assert bounds == asked
    assert isinstance(bounds.memory, int)


def test_only_our_own_functions_are_ours():
    def work(**fields):
        return pipe.Work(limits={}, work_folder="x", **fields)

    assert work(target="toolkit.tools.parse:run").ours
    assert not work(target="toolkit_of_mine:run").ours
    assert not work(target="toolkit.tools.parse:run", code=b"x").ours
