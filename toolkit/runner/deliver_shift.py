"""The deliveries that a runner makes while it lives, where no server does."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from toolkit.runner.deliver_presence import is_served
from toolkit.runner.shift import Shift
from toolkit.store import outbox

if TYPE_CHECKING:
    from toolkit.runner.deliver import Courier

__all__ = ["Outgoing"]


class Outgoing:
    """Starts a courier when there is something to deliver: most runners never need one."""

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.next_due: float | None = None
        """When the next delivery is due, as far as is known."""
        self._courier: Courier | None = None
        self._closing = threading.Lock()

    def read(self) -> None:
        """See when the next delivery is due."""
        self.next_due = outbox.next_due(self.shift.store.read())

    def look(self) -> None:
        """Have delivered what is due."""
        shift = self.shift
        if self.next_due is None or self.next_due > shift.now():
            return
        if self._courier is not None:
            self._courier.wake()
        elif not is_served(shift.store.files):
            self._engage()
        self.read()

    def _engage(self) -> None:
        # It brings an HTTP client along.
        from toolkit.runner.deliver import Courier

        shift = self.shift
        with self._closing:
            if not shift.ended:
                courier = Courier(shift.store, shift.settings, write=shift.write, resident=False)
                courier.start()
                self._courier = courier

    def keeps(self, conn: sqlite3.Connection, *, later: bool) -> bool:
        """Whether the runner is to stay for what is to be delivered now or, where it is asked to
        wait for more work anyway, *later*."""
        if self._courier is not None and self._courier.busy:
            return True
        due_at = outbox.next_due(conn)
        if due_at is None or not (later or due_at <= self.shift.now()):
            return False
        return not is_served(self.shift.store.files)

    def end(self) -> None:
        """Deliver what is under way, and no more; the shift has ended."""
        with self._closing:
            if self._courier is not None:
                self._courier.stop()
