"""Real runners as real processes, to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from toolkit.jobs import Job, Submission, Tool
from toolkit.store import jobs, queue, tools
from toolkit.store.store import Store
from toolkit.tools import sealed

TOOLS = Path(__file__).parents[1] / "unit" / "runner"
"""Where ``workshop`` lives, whose tools the jobs here use, and ``patience``."""

sys.path.insert(0, str(TOOLS))


class Work:
    """A store with jobs, and the runners that are started on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store.open(path)
        self.log = path.with_suffix(".done")
        self.runners: list[subprocess.Popen[bytes]] = []

    def tool(self, name: str, **settings: object) -> None:
        with self.store.write() as conn:
            made = Tool(name=name, target=f"workshop:{name}", **settings)
            tools.register(conn, sealed(made))

    def submit(self, tool: str, count: int = 1, **options: object) -> list[str]:
        asked = [
            Submission(tool=tool, filename=f"{tool}-{n}", options={"log": str(self.log), **options})
            for n in range(count)
        ]
        with self.store.write() as conn:
            return [taken.job_id for taken in queue.enqueue_many(conn, asked, now=time.time())]

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """A runner of its own, beside any other."""
        command = [sys.executable, "-P", "-m", "toolkit.runner", str(self.path)]
        command += ["--linger=0", "--slots=2", f"--import-path={TOOLS}", "--share", *arguments]
        with self.path.with_suffix(".log").open("ab") as log:
            runner = subprocess.Popen(
                command, env={**os.environ, **environment}, stderr=log, start_new_session=True
            )
        self.runners.append(runner)
        return runner

    def job(self, job_id: str) -> Job:
        return jobs.job(self.store.read(), job_id)

    def counts(self) -> dict[str, int]:
        return {k: v for k, v in jobs.counts(self.store.read()).items() if v}

    def close(self) -> None:
        for runner in self.runners:
            if runner.poll() is None:
                runner.kill()
            runner.wait()
        self.store.close()


def offspring(pid: int) -> list[psutil.Process]:
    """All that the process has started, and they in turn."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
