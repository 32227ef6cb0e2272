"""The live board of a batch: how far it is, what runs, why jobs failed, and a button to stop it.

It reads the queue from a background thread, so that a cell that computes does not stop it and
it never holds a cell up. What it shows is in the file: after a kernel restart a new board of the
same batch shows the same.
"""

from __future__ import annotations

import secrets
import threading
import time
from importlib.resources import files
from typing import Any

import ipywidgets
from IPython.display import HTML, DisplayHandle, display

from toolkit.desk import Desk, Glance
from toolkit.jobs import ACTIVE, JobState
from toolkit.widgets.guard import guarded
from toolkit.widgets.pace import Pace
from toolkit.widgets.pulse import pulse_of
from toolkit.widgets.twin import clock, glance_html
from toolkit.widgets.words import escaped, headline, thing

__all__ = ["Board"]

# The static twin is part of the notebook's file, so it is renewed rarely, and always at the end.
TWIN_GAP = 5.0

RETRYABLE = (JobState.FAILED, JobState.CANCELLED)


class Board:
    """A live view of one batch of *desk*, or of all its jobs. ``close()`` frees it."""

    def __init__(self, desk: Desk, *, batch: str | None = None, title: str) -> None:
        self._desk, self._batch, self._title = desk, batch, title
        self._name = "pq-" + secrets.token_hex(4)
        self._pace = Pace()
        self._glance = desk.glance(batch=batch)
        self._lock = threading.Lock()
        self._twins: list[DisplayHandle] = []
        self._twin_at = 0.0
        self._body = ""
        self._closed = False
        self._unread = False
        self._view = ipywidgets.HTML()
        self._alert = ipywidgets.HTML()
        self._cancel, self._retry = self._buttons()
        self._box = ipywidgets.VBox(
            [ipywidgets.HTML(self._style()), self._view, self._row(), self._alert]
        )
        self._show(self._glance)
        pulse_of(desk).add(self)

    @property
    def closed(self) -> bool:
        return self._closed

    # --- what it shows ------------------------------------------------------------------------

    def beat(self) -> None:
        """Refresh; what goes wrong is shown."""
        guarded(self.refresh, self._cannot_read)()

    def refresh(self) -> None:
        """Read the queue and show it."""
        with self._lock:
            if self._closed:
                return
            self._show(self._desk.glance(batch=self._batch))
            if self._unread:
                self._unread = False
                self.say("")
            if self._glance.active:
                self._desk.attend()

    def _show(self, glance: Glance) -> None:
        self._glance = glance
        self._pace.note(glance)
        body = self._html()
        if body == self._body and not glance.active:
            return  # nothing moves any more: a beat would only mark the notebook as changed
        self._body = body
        self._view.value = f'<div class="pq-board {self._name}">{body}{self._pulse_line()}</div>'
        active, gone = glance.active, self._can_retry()
        self._cancel.disabled = not active
        self._cancel.description = f"Cancel {thing(active, 'job')}" if active else "Cancel"
        self._retry.disabled = not gone
        self._retry.description = f"Retry {thing(gone, 'job')}" if gone else "Retry"
        self._renew_twins()

    def _can_retry(self) -> int:
        counts = self._glance.counts
        return counts.get(JobState.FAILED, 0) + counts.get(JobState.CANCELLED, 0)

    def _html(self) -> str:
        pace = self._pace
        return glance_html(
            self._glance,
            title=self._title,
            pages_per_second=pace.pages_per_second,
            seconds_left=pace.seconds_left,
        )

    def _pulse_line(self) -> str:
        at = clock(self._glance.taken_at)
        if not self._glance.active:
            return f'<div class="pq-note">as of {at}</div>'
        return (
            f'<div class="pq-note">as of {at} <strong class="pq-stale">'
            "out of date: nothing was heard since; run toolkit.open(…).board() again</strong></div>"
        )

    def _cannot_read(self, words: str) -> None:
        """It may pass, as a busy disk does: the next look takes it away."""
        self._unread = True
        self.say(words)

    def say(self, words: str) -> None:
        """Show *words* where an error is looked for; the empty text clears it."""
        self._alert.value = (
            f'<div role="alert" style="color:#c62828">{escaped(words, 1000)}</div>' if words else ""
        )

    # --- what can be clicked ------------------------------------------------------------------

    def _buttons(self) -> tuple[Any, Any]:
        wide = {"width": "auto"}
        stop, again = "Stop every job that has not ended", "Queue failed and cancelled jobs again"
        cancel = ipywidgets.Button(tooltip=stop, icon="stop", layout=wide)
        retry = ipywidgets.Button(tooltip=again, icon="refresh", layout=wide)
        cancel.on_click(guarded(lambda _: self._move("cancel"), self.say))
        retry.on_click(guarded(lambda _: self._move("retry"), self.say))
        return cancel, retry

    def _row(self) -> Any:
        row = ipywidgets.HBox([self._cancel, self._retry])
        row.add_class("pq-board-buttons")
        return row

    def _move(self, verb: str) -> None:
        self.say("")
        if verb == "cancel":
            self._desk.cancel(self._desk.ids(batch=self._batch, status=ACTIVE))
        else:
            asked = self._desk.ids(batch=self._batch, status=RETRYABLE)
            stuck = len(asked) - self._desk.retry(asked)
            if stuck:
                self.say(f"{thing(stuck, 'job')} cannot be tried again: hand the file in again")
        self.refresh()

    # --- how a notebook shows it --------------------------------------------------------------

    def _style(self) -> str:
        css = files("toolkit.widgets").joinpath("static/board.css").read_text("utf-8")
        # The twin is for readers without a kernel. Where the live board is, it is hidden; where
        # the live board cannot be made, this style does not exist either, and the twin is seen.
        hide = f"body:has(.{self._name}) .twin-{self._name}{{display:none}}"
        return f"<style>{css}{hide}</style>"

    def _twin(self) -> Any:
        at = clock(self._glance.taken_at)
        note = f'<div style="opacity:.7">as of {at}</div>'
        return HTML(  # type: ignore[no-untyped-call]
            f'<div class="twin-{self._name}">{self._html()}{note}</div>'
        )

    def _renew_twins(self) -> None:
        now = time.monotonic()
        if self._twins and (now - self._twin_at > TWIN_GAP or not self._glance.active):
            self._twin_at = now
            for handle in self._twins:
                handle.update(self._twin())  # type: ignore[no-untyped-call]

    def _ipython_display_(self) -> None:
        live = dict(self._box._repr_mimebundle_())
        # This line stays in the file, and is not renewed: it says nothing that changes.
        live["text/plain"] = f"<Board {self._title!r}>"
        display(live, raw=True)  # type: ignore[no-untyped-call]
        handle = display(self._twin(), display_id=True)  # type: ignore[no-untyped-call]
        if handle is not None:
            self._twins.append(handle)

    def _repr_html_(self) -> str:
        return self._html()

    def __repr__(self) -> str:
        line = headline(self._glance, pages_per_second=None, seconds_left=None)
        return f"<Board {self._title!r}: {line}>"

    def close(self) -> None:
        """Take the board away and free what it holds, here and in the browser."""
        pulse_of(self._desk).remove(self)
        with self._lock:
            if self._closed:
                return
            self._closed = True
            # In a notebook the picture now takes the place of the live board.
            for handle in self._twins:
                handle.update(self._twin())  # type: ignore[no-untyped-call]
            self._twins.clear()
            _close(self._box)


def _close(widget: Any) -> None:
    for child in getattr(widget, "children", ()):
        _close(child)
    # ipywidgets keeps every widget, and each one's layout and style, until it is told not to.
    for part in (widget.layout, getattr(widget, "style", None), widget):
        if part is not None:
            part.close()
