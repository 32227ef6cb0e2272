"""``python -m toolkit.runner analysis.db``: work on a file until its queue is empty.

Exit codes: 0 the queue is empty, or the runner was stopped, or another works on the file already;
2 the file or an argument cannot be used; 1 anything else.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.runner.lock import RunnerLock
from toolkit.runner.loop import Runner
from toolkit.settings import Settings
from toolkit.store.store import Store


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(process)d %(message)s"
    )
    sys.path.extend(place for place in asked.import_path if place not in sys.path)
    try:
        settings = Settings.read()
        if asked.slots is not None:
            settings = replace(settings, slots=asked.slots)
        linger = settings.linger if asked.linger is None else asked.linger
        with Store.open(asked.database, create=False) as store:
            lock = _lock(store, asked.lock)
            if not asked.share and not lock.take():
                logging.info("another runner works on this file")
                return 0
            Runner(store, settings, lock=lock).run(until_idle=True, linger=linger)
    except ToolkitError as exc:
        logging.error("%s: %s", exc.code, exc)
        return 2
    return 0


def _lock(store: Store, inherited: int | None) -> RunnerLock:
    if inherited is None:
        return RunnerLock.of(store.files)
    os.set_inheritable(inherited, False)
    return RunnerLock(RunnerLock.of(store.files).place, inherited)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m toolkit.runner", description=__doc__)
    parser.add_argument("database", type=Path, help="the file that holds the queue")
    parser.add_argument("--linger", type=float, help="seconds to stay when the queue is empty")
    parser.add_argument("--slots", type=int, help="jobs that are done at once")
    parser.add_argument(
        "--share", action="store_true", help="work even where another runner works on the file"
    )
    parser.add_argument("--import-path", action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
