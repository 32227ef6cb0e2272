"""The live board of a batch: how far it is, every job of it, and what can be done with them.

It reads the queue from a background thread, so that a cell that computes does not stop it and
it never holds a cell up. What it shows is in the file: after a kernel restart a new board of the
same batch shows the same.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets
from IPython.display import HTML, DisplayHandle, display

from toolkit.desk import Desk, Glance
from toolkit.jobs import ACTIVE, JobState
from toolkit.widgets import acts, assets
from toolkit.widgets.board_rows import Listing, Look, details
from toolkit.widgets.board_words import glance_words, tool_words
from toolkit.widgets.closing import close_all
from toolkit.widgets.guard import guarded
from toolkit.widgets.pace import Pace
from toolkit.widgets.pulse import pulse_of
from toolkit.widgets.twin import clock, glance_html
from toolkit.widgets.words import headline, shown, thing

__all__ = ["Board"]

# The static twin is part of the notebook's file, so it is renewed rarely, and always at the end.
TWIN_GAP = 5.0
# Tools are paused by hand: nobody waits for less than this to see it.
TOOLS_GAP = 1.0
# Of views that went without a word, as those of a closed browser do, the oldest is forgotten.
MOST_VIEWS = 8

RETRYABLE = (JobState.FAILED, JobState.CANCELLED)
DOING = {
    "cancel": "Cancelling",
    "retry": "Queueing again",
    "priority": "Changing priority of",
    "purge": "Erasing",
}
# Which jobs each of them can be done to, of all that are shown.
WHOM = {"cancel": ACTIVE, "retry": frozenset(RETRYABLE), "priority": ACTIVE}


class BoardView(anywidget.AnyWidget):
    """What the browser is told. Rows go by messages: they are as many as it asks for."""

    _esm = assets.script("parts", "grid", "board")
    _css = assets.style("parts", "board")

    name = traitlets.Unicode().tag(sync=True)
    glance: Any = traitlets.Dict().tag(sync=True)
    tools: Any = traitlets.List().tag(sync=True)
    alert = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)


class Board:
    """A live view of one batch of *desk*, or of all its jobs. ``close()`` frees it."""

    def __init__(self, desk: Desk, *, batch: str | None = None, title: str) -> None:
        self._desk, self._batch, self._title = desk, batch, title
        self._pace = Pace()
        self._lock = threading.RLock()
        self._listings: dict[str, Listing] = {}
        self._twins: list[DisplayHandle] = []
        self._twin_at = self._tools_at = float("-inf")
        self._closed = self._unread = False
        self._inspector: Any = None
        self._name = "pq-" + secrets.token_hex(4)
        self._view = BoardView(name=self._name)
        self._box = ipywidgets.VBox([self._view])
        self._errand = acts.Errand(busy=self._be_busy, complain=self.complain)
        self._glance = desk.glance(batch=batch)
        self._show(self._glance)
        self._view.on_msg(guarded(self._hear, self.complain))
        pulse_of(desk).add(self)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def widget(self) -> Any:
        """The board as a widget, to be put beside others; it then has no static picture."""
        return self._box

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
            for view, listing in self._listings.items():
                listing.follow(self._glance)
                if (news := listing.news()) is not None:
                    self._tell("rows", view, **news)
            if self._unread:
                self._unread = False
                self._view.alert = ""
            if self._glance.active:
                self._desk.attend()

    def _show(self, glance: Glance) -> None:
        self._glance = glance
        self._pace.note(glance)
        told = glance_words(glance, title=self._title, pace=self._pace)
        if time.monotonic() - self._tools_at >= TOOLS_GAP:
            self._tools_at = time.monotonic()
            self._view.tools = [tool_words(tool) for tool in self._desk.tools()]
        # When nothing moves any more, a beat would only mark the notebook as changed.
        if glance.active or {**self._view.glance, "at": told["at"]} != told:
            self._view.glance = told
            self._renew_twins()

    def _cannot_read(self, words: str) -> None:
        """It may pass, as a busy disk does: the next look takes it away."""
        self._unread = True
        self.complain(words)

    def complain(self, words: str) -> None:
        """Show *words* where an error is looked for; the empty text clears it."""
        if not self._closed:
            self._view.alert = shown(words, 1000)

    def _be_busy(self, words: str) -> None:
        if not self._closed:
            self._view.busy = words

    def _tell(self, what: str, view: str, **told: Any) -> None:
        self._view.send({"tell": what, "view": view, **told})

    # --- what is asked of it ------------------------------------------------------------------

    def _hear(self, _view: Any, message: dict[str, Any], _buffers: Any) -> None:
        view = str(message.get("view"))
        self._tell("heard", view)
        match message.get("ask"):
            case "rows":
                self._rows(view, message)
            case "leave":
                with self._lock:
                    self._listings.pop(view, None)
            case "span":
                ids = self._listing(view).span(int(message["first"]), int(message["last"]))
                self._tell("span", view, ids=ids)
            case "detail":
                job = self._desk.look(str(message["id"]))
                pairs = details(job, self._desk.attempts(job.id))
                self._tell("detail", view, id=job.id, pairs=pairs)
            case "act":
                self._act(str(message["verb"]), self._whom(view, message), message)
            case "tool":
                self._steer(str(message["verb"]), str(message["tool"]))
            case "inspect":
                self._inspect([str(one) for one in message["ids"]])

    def _listing(self, view: str) -> Listing:
        with self._lock:
            if view not in self._listings:
                while len(self._listings) >= MOST_VIEWS:
                    del self._listings[next(iter(self._listings))]
                self._listings[view] = Listing(self._desk, self._batch)
            return self._listings[view]

    def _rows(self, view: str, message: dict[str, Any]) -> None:
        with self._lock:
            listing = self._listing(view)
            start, many = int(message.get("start", 0)), int(message.get("count", 0))
            again = bool(message.get("again"))
            listing.show(Look.asked(message), start=start, count=many, again=again)
            if (news := listing.news()) is not None:
                self._tell("rows", view, serial=message.get("serial"), **news)

    def _whom(self, view: str, message: dict[str, Any]) -> list[str]:
        """The jobs that are meant: those that are named, or all that the view shows."""
        if message.get("ids") is not None:
            return [str(one) for one in message["ids"]]
        verb, look = str(message["verb"]), self._listing(view).look
        states = set(look.status or JobState) & set(WHOM.get(verb, JobState))
        return self._desk.ids(batch=self._batch, status=states, text=look.text or None)

    def _act(self, verb: str, job_ids: list[str], message: dict[str, Any]) -> None:
        """Do it beside the kernel, and say what came of it."""
        desk, say = self._desk, self._be_busy
        doings: dict[str, Callable[[], str]] = {
            "cancel": lambda: acts.cancelled(desk, job_ids, say),
            "retry": lambda: acts.retried(desk, job_ids, say),
            "priority": lambda: acts.moved_to(desk, job_ids, int(message.get("priority", 0))),
            "purge": lambda: acts.erased(desk, job_ids, say),
        }
        does = doings[verb]

        def act() -> None:
            said = does()
            with self._lock:
                if not self._closed:
                    self._view.said = f"{said} · {clock(time.time())}"
            self.refresh()

        self._view.alert = self._view.said = ""
        words = f"{DOING[verb]} {thing(len(job_ids), 'job')} …"
        if not self._errand.start(words, act):
            self.complain("Something else is still being done: wait for it, then click again")

    def _steer(self, verb: str, tool: str) -> None:
        self._view.alert = ""
        (self._desk.pause if verb == "pause" else self._desk.resume)(tool)
        self._view.said = f"{shown(tool)} {'paused' if verb == 'pause' else 'goes on'}"
        self._tools_at = float("-inf")
        self.refresh()

    def _inspect(self, job_ids: list[str]) -> None:
        """Open the inspector beneath the board, in place of an earlier one."""
        from toolkit.widgets.inspector import Inspector
        from toolkit.widgets.inspector_shelf import DeskShelf

        self._view.alert = ""
        of = f"ws.job({job_ids[0]!r}).blocks()" if len(job_ids) == 1 else "batch.blocks()"
        made = Inspector(DeskShelf(self._desk, expression=of, job_ids=job_ids))
        if self._inspector is not None:
            self._inspector.close()
        self._inspector = made
        self._box.children = (self._view, made)

    # --- how a notebook shows it --------------------------------------------------------------

    def _html(self) -> str:
        return glance_html(
            self._glance,
            title=self._title,
            pages_per_second=self._pace.pages_per_second,
            seconds_left=self._pace.seconds_left,
        )

    def _twin(self) -> Any:
        # It is for readers without a kernel. Where the live board is, that hides it; where the
        # live board cannot be made, it is seen.
        note = f'<div style="opacity:.7">as of {clock(self._glance.taken_at)}</div>'
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
        live["text/plain"] = f"<Board {shown(self._title)!r}>"
        display(live, raw=True)  # type: ignore[no-untyped-call]
        handle = display(self._twin(), display_id=True)  # type: ignore[no-untyped-call]
        if handle is not None:
            self._twins.append(handle)

    def _repr_html_(self) -> str:
        return self._html()

    def __repr__(self) -> str:
        line = headline(self._glance, pages_per_second=None, seconds_left=None)
        return f"<Board {shown(self._title)!r}: {line}>"

    def close(self) -> None:
        """Take the board away and free what it holds, here and in the browser."""
        pulse_of(self._desk).remove(self)
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._listings.clear()
            # In a notebook the picture now takes the place of the live board.
            for handle in self._twins:
                handle.update(self._twin())  # type: ignore[no-untyped-call]
            self._twins.clear()
            if self._inspector is not None:
                self._inspector.close()
            close_all(self._box)

    def __enter__(self) -> Board:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
