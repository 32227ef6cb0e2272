"""The submit panel: choose files, see what they are, ask for a tool, try it, hand them in.

Files are walked, read and handed in by a thread, so that the kernel goes on answering.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from toolkit.desk import Desk
from toolkit.errors import FileTooLarge, InvalidInput
from toolkit.widgets import assets
from toolkit.widgets.acts import Errand
from toolkit.widgets.board import Board
from toolkit.widgets.browsing import Entry, Grounds
from toolkit.widgets.closing import close_all
from toolkit.widgets.guard import guarded
from toolkit.widgets.submit_wish import Pick, Wish, rehearsal_words
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import bulk, shown, thing

__all__ = ["SubmitPanel"]

# A pattern that matches more than this is meant as a folder.
MOST_MATCHES = 100_000
# What the browser uploads is held in this process until it is handed in.
MOST_UPLOADED = 1 * 2**30
NEWS_EVERY = 0.1


class SubmitView(anywidget.AnyWidget):
    """What the browser is told."""

    _esm = assets.script("parts", "tree", "form", "submit")
    _css = assets.style("parts", "submit")

    root = traitlets.Unicode().tag(sync=True)
    tools: Any = traitlets.List().tag(sync=True)
    picks: Any = traitlets.List().tag(sync=True)
    preview: Any = traitlets.Dict().tag(sync=True)
    rehearsal: Any = traitlets.Dict().tag(sync=True)
    alert = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)


class SubmitPanel:
    """Hands files under *root* in at *desk*; ``batch`` is the id of what was handed in last."""

    def __init__(self, desk: Desk, *, root: str | PathLike[str] = ".") -> None:
        self._desk = desk
        self._grounds = Grounds(root, hidden=_own_files(desk))
        self._picks: dict[int, Pick] = {}
        self._next = 0
        self._uploads: dict[str, bytearray] = {}
        self._stop = threading.Event()
        self._closed = False
        self._board: Board | None = None
        self._found: list[Entry] = []
        self.batch: str | None = None
        self._view = SubmitView(root=shown(self._grounds.root.name or str(self._grounds.root)))
        self._box = ipywidgets.VBox([self._view])
        self._errand = Errand(busy=self._be_busy, complain=self.complain)
        self._show_tools()
        self._view.on_msg(guarded(self._hear, self.complain))

    @property
    def board(self) -> Board | None:
        """The board of what was handed in last."""
        return self._board

    # --- what is asked of it ------------------------------------------------------------------

    def _hear(self, _view: Any, message: dict[str, Any], buffers: list[Any]) -> None:
        view = str(message.get("view"))
        self._tell("heard", view)
        ask = str(message.get("ask"))
        if ask not in ("folder", "stop", "part"):
            self._view.alert = ""
        match ask:
            case "folder":
                self._open(view, str(message.get("place") or ""))
            case "preview":
                self._preview(str(message.get("pattern") or ""))
            case "stop":
                self._stop.set()
            case "pick":
                self._pick(message)
            case "drop":
                self._picks.pop(int(message["key"]), None)
                self._show_picks()
            case "part":
                self._part(view, message, buffers)
            case "rehearse":
                self._rehearse(Wish.of(list(self._picks.values()), message["form"]))
            case "submit":
                self._submit(Wish.of(list(self._picks.values()), message["form"]))
            case "tools":
                self._show_tools()

    def _tell(self, what: str, view: str, **told: Any) -> None:
        self._view.send({"tell": what, "view": view, **told})

    def _show_tools(self) -> None:
        self._view.tools = [
            {
                "name": one.name,
                "label": shown(one.label or one.name, 60),
                "state": one.state,
                "schema": dict(one.schema) if one.schema is not None else None,
            }
            for one in self._desk.tools()
        ]

    def _open(self, view: str, place: str) -> None:
        entries, more = self._grounds.entries(place)
        told = [
            {"name": shown(one.name), "place": one.place, "folder": one.folder, "size": one.size}
            for one in entries
        ]
        self._tell("folder", view, place=place, entries=told, more=more)

    # --- choosing -----------------------------------------------------------------------------

    def _pick(self, message: dict[str, Any]) -> None:
        if message.get("kind") == "pattern":
            found, pattern = self._found, str(self._view.preview.get("pattern", ""))
            if not found:
                raise InvalidInput("the pattern matches nothing")
            paths: list[Any] = [str(self._grounds.root / one.place) for one in found]
            size = sum(one.size for one in found)
            self._add(Pick(kind="pattern", name=pattern, files=len(found), size=size, inputs=paths))
            return
        place = str(message["place"])
        for key, known in list(self._picks.items()):
            if known.name == place and known.kind in ("file", "folder"):
                del self._picks[key]  # ticked a second time: it is taken out again
                self._show_picks()
                return
        path = self._grounds.path(place)
        folder = path.is_dir()
        size = 0 if folder else path.stat().st_size
        kind = "folder" if folder else "file"
        self._add(Pick(kind=kind, name=place, files=int(not folder), size=size, inputs=str(path)))

    def _add(self, pick: Pick) -> None:
        self._next += 1
        self._picks[self._next] = pick
        self._show_picks()

    def _show_picks(self) -> None:
        self._view.picks = [pick.told(key) for key, pick in self._picks.items()]
        self._view.rehearsal = {}

    def _part(self, view: str, message: dict[str, Any], buffers: list[Any]) -> None:
        """Take a part of an uploaded file; the browser sends the next one when it is told so."""
        key, name, size = str(message["key"]), str(message["name"]), int(message["size"])
        held = self._uploads.setdefault(key, bytearray())
        waiting = sum(len(one) for one in self._uploads.values())
        if (
            waiting + sum(p.size for p in self._picks.values() if p.kind == "upload")
            > MOST_UPLOADED
        ):
            self._uploads.pop(key, None)
            raise FileTooLarge(
                f"{shown(name)}: more than {bulk(MOST_UPLOADED)} would be held; put the file into "
                "the folder, and choose it there"
            )
        for buffer in buffers:
            held += bytes(buffer)
        if len(held) >= size:
            content = bytes(self._uploads.pop(key))
            self._add(Pick(kind="upload", name=name, files=1, size=size, inputs=[(name, content)]))
        self._tell("part", view, key=key, got=len(held))

    # --- looking before it is handed in -------------------------------------------------------

    def _preview(self, pattern: str) -> None:
        walk = self._grounds.find(pattern)
        self._start("Looking …", lambda: self._walk(pattern, walk))

    def _walk(self, pattern: str, walk: Any) -> None:
        found: list[Entry] = []
        kinds: Counter[str] = Counter()
        size, told_at = 0, time.monotonic()
        complete = True
        for one in walk:
            if one is not None:
                found.append(one)
                kinds[Path(one.name).suffix.lower() or "(none)"] += 1
                size += one.size
            if self._stop.is_set() or len(found) >= MOST_MATCHES:
                complete = False
                break
            if time.monotonic() - told_at > NEWS_EVERY:
                told_at = time.monotonic()
                self._show_preview(pattern, found, kinds, size, looking=True)
        self._found = found
        self._show_preview(pattern, found, kinds, size, looking=False, complete=complete)

    def _show_preview(
        self,
        pattern: str,
        found: list[Entry],
        kinds: Counter[str],
        size: int,
        *,
        looking: bool,
        complete: bool = True,
    ) -> None:
        if self._closed:
            return
        self._view.preview = {
            "pattern": pattern,
            "files": len(found),
            "size": size,
            "kinds": [[shown(kind, 40), n] for kind, n in kinds.most_common(8)],
            "names": [shown(one.place) for one in found[:5]],
            "looking": looking,
            "complete": complete,
        }

    def _rehearse(self, wish: Wish) -> None:
        def act() -> None:
            seen = self._desk.rehearse(wish.inputs, **wish.asked(), stop=self._stop.is_set)
            if not self._closed:
                self._view.rehearsal = rehearsal_words(seen)

        self._start("Trying: every file is looked at, none is handed in …", act)

    # --- handing in ---------------------------------------------------------------------------

    def _submit(self, wish: Wish) -> None:
        self._start("Handing in …", lambda: self._handed(wish))

    def _handed(self, wish: Wish) -> None:
        handed = self._desk.submit(wish.inputs, **wish.asked(), name=wish.name)
        if self._closed:
            return
        self.batch = handed.id
        old, self._board = self._board, Board(self._desk, batch=handed.id, title=handed.name)
        self._box.children = (self._view, self._board.widget)
        if old is not None:
            old.close()
        jobs = sum(self._desk.counts(batch=handed.id).values())
        self._picks.clear()
        self._show_picks()
        self._view.said = f"{thing(jobs, 'job')} handed in as {shown(handed.name)!r}"

    def _start(self, words: str, act: Callable[[], None]) -> None:
        self._stop.clear()
        self._view.said = ""
        if not self._errand.start(words, act):
            self.complain("Something else is still being done: wait for it, or stop it")

    # --- how it shows itself ------------------------------------------------------------------

    def complain(self, words: str) -> None:
        """Show *words* where an error is looked for; the empty text clears it."""
        if not self._closed:
            self._view.alert = shown(words, 1000)

    def _be_busy(self, words: str) -> None:
        if not self._closed:
            self._view.busy = words

    @property
    def widget(self) -> Any:
        """The panel as a widget, to be put beside others."""
        return self._box

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        made = dict(self._box._repr_mimebundle_())
        # For readers without a kernel: there is nothing that they could hand in.
        made["text/html"] = self._repr_html_()
        made["text/plain"] = repr(self)
        return made

    def _repr_html_(self) -> str:
        return table_html([["Submit panel", "needs a running kernel: run this cell"]])

    def __repr__(self) -> str:
        return f"<SubmitPanel {shown(str(self._grounds.root))!r}>"

    def close(self) -> None:
        """Take the panel and its board away, and free what they hold."""
        if self._closed:
            return
        self._stop.set()
        self._closed = True
        self._picks.clear()
        self._uploads.clear()
        if self._board is not None:
            self._board.close()
        close_all(self._box)

    def __enter__(self) -> SubmitPanel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _own_files(desk: Desk) -> Callable[[str], bool]:
    """Whether a name is one of the queue's own files, which nobody hands in."""
    stem = Path(desk.place).stem
    own = {f"{stem}{end}" for end in (".files", ".db", ".db-wal", ".db-shm")}
    own.add(Path(desk.place).name)
    return own.__contains__
