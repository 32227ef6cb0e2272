"""Noticing far away that something has changed: a question that is answered when it has."""

from __future__ import annotations

import time
from typing import Self

from toolkit.client.questions import Questions
from toolkit.dialects.desk_wire import Changed
from toolkit.errors import ToolkitError

__all__ = ["RemoteWatch"]

LONGEST = 20.0
"""Seconds that one question may be held back for; proxies give up after a minute."""
RECOVERY = 1.0
"""Seconds after which a server that does not answer is asked again."""


class RemoteWatch:
    """Asks with what it has seen last. The first wait is over at once: so nothing is missed."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._seen: str | None = None

    def wait(self, timeout: float) -> bool:
        """Return True as soon as anything may have changed, or False after *timeout* seconds."""
        end = time.monotonic() + timeout
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                answer = self._asked(min(left, LONGEST))
            except ToolkitError:
                # Whoever reads next meets the same, and says it.
                time.sleep(min(left, RECOVERY))
                return True
            self._seen = answer.seen
            if answer.changed:
                return True
            if time.monotonic() >= end:
                return False

    def _asked(self, wait: float) -> Changed:
        answer: Changed = self._questions.ask(
            "changes", pause=wait, attempts=1, seen=self._seen, wait=wait
        )
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
