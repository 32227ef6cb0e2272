"""Rate windows: what several servers counted, kept together and over a restart."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.store import windows


def keep(shelf, counted: windows.Windows) -> None:
    with shelf.store.write(durable=False) as conn:
        windows.keep(conn, counted)


def test_what_was_counted_is_there_until_the_window_ends(shelf):
    keep(shelf, {("key_a", 60): (1000.0, 3), ("key_a", 3600): (900.0, 9), ("", 60): (990.0, 1)})
    assert windows.load(shelf.conn, now=1010.0) == {
        ("key_a", 60): (1000.0, 3),
        ("key_a", 3600): (900.0, 9),
        ("", 60): (990.0, 1),
    }
    assert windows.load(shelf.conn, now=1060.0) == {("key_a", 3600): (900.0, 9)}
    assert windows.load(shelf.conn, now=9000.0) == {}


def test_no_server_lets_a_key_begin_anew(shelf):
    key = ("key_a", 60)
    keep(shelf, {key: (1000.0, 30)})
    keep(shelf, {key: (1000.0, 2)})
    assert windows.load(shelf.conn, now=1001.0) == {key: (1000.0, 30)}
    keep(shelf, {key: (940.0, 99)})
    assert windows.load(shelf.conn, now=1001.0) == {key: (1000.0, 30)}
    keep(shelf, {key: (1060.0, 1)})
    assert windows.load(shelf.conn, now=1061.0) == {key: (1060.0, 1)}


KEPT = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.sampled_from([60, 3600])),
    st.tuples(st.integers(0, 5).map(lambda n: n * 60.0), st.integers(0, 50)),
    max_size=4,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(KEPT, max_size=6), st.integers(0, 400))
def test_in_any_order_the_latest_window_holds_with_its_largest_count(shelf, told, now):
    with shelf.store.write(durable=False) as conn:
        conn.execute("DELETE FROM windows")
    for counted in told:
        keep(shelf, counted)
    latest: dict[tuple[str, int], tuple[float, int]] = {}
    for counted in told:
        for key, window in counted.items():
            latest[key] = max(latest.get(key, window), window)
    running = {key: (at, n) for key, (at, n) in latest.items() if at + key[1] > now}
    assert windows.load(shelf.conn, now=now) == running
