"""A store that is closed while other threads use it takes nothing down with it."""

from __future__ import annotations

import subprocess
import sys

BUSY = """
import sys, threading, time
from toolkit.store.store import Store
store = Store.open(sys.argv[1])
ended, rounds, failed = threading.Event(), [0] * 4, []
def work(n):
    try:
        while not ended.is_set():
            with store.write(durable=False) as conn:
                conn.execute("UPDATE this_file SET identity = identity")
            rows = store.read().execute("SELECT name, sql FROM sqlite_schema").fetchall()
            assert len(rows) > 20
            rounds[n] += 1
    except BaseException as exc:
        failed.append(repr(exc))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
for _ in range(1500):
    store.read().execute("SELECT 1").fetchone()
    store.close()
ended.set()
for thread in threads:
    thread.join()
store.close()
assert not failed, failed
assert all(rounds), rounds
assert not list(store._open)
print("sound")
"""


def test_closing_waits_for_nobody_and_breaks_nobody(tmp_path):
    command = [sys.executable, "-c", BUSY, str(tmp_path / "busy.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "sound\n"), done.stderr[-2000:]
