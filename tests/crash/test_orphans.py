"""Children whose runner is gone are gone soon, even where the system cannot tell by the socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest
from patience import alive, eventually

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(sys.platform != "linux", reason="the forkserver is Linux's"),
]

# Its end of the socket stays open in another process, so that the forkserver reads no end of it;
# and the thread that started the forkserver has ended long ago.
SCRIPT = textwrap.dedent(
    """
    import subprocess, sys, threading, time
    from toolkit.runner.nursery import Nursery
    nursery, children = Nursery(), []
    thread = threading.Thread(target=lambda: children.append(nursery.bear(isolated=False)))
    thread.start()
    thread.join()
    end = nursery._control.fileno()
    keeper = subprocess.Popen(["sleep", "120"], pass_fds=[end], start_new_session=True)
    print(keeper.pid, nursery._server.pid, children[0].pid, flush=True)
    time.sleep(120)
    """
)


def test_a_forkserver_whose_socket_somebody_else_holds_notices_its_runners_death():
    runner = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    keeper, server, child = map(int, runner.stdout.readline().split())
    try:
        # Started by a thread that has ended: that alone is no reason to leave.
        time.sleep(1.0)
        assert alive(server)
        assert alive(child)
        runner.kill()
        runner.wait()
        begun = time.monotonic()
        eventually(lambda: not alive(server) and not alive(child), "both are gone")
        took = time.monotonic() - begun
        assert psutil.pid_exists(keeper), "the socket was open all the while"
        # By the system's word, and not by the look every two seconds.
        assert took < 1.5, took
    finally:
        for pid in (keeper, server, child):
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)
        runner.stdout.close()
