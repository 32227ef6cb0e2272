"""The export panel: look through the results of batches, and write what is wanted to files.

Everything that reads documents is done by a thread, so that the kernel goes on answering.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anywidget
import ipywidgets
import traitlets

from toolkit import plugins
from toolkit.desk import Desk
from toolkit.document import BLOCK_TYPES, TextSource
from toolkit.document.selection import Selection
from toolkit.errors import InvalidInput, StillRunning
from toolkit.jobs import ACTIVE, JobState
from toolkit.widgets import assets
from toolkit.widgets.acts import Errand
from toolkit.widgets.closing import close_all
from toolkit.widgets.export_look import GROUP, code_of, looked, sizes
from toolkit.widgets.guard import guarded
from toolkit.widgets.twin import table_html
from toolkit.widgets.words import escaped, shown, thing

__all__ = ["ExportPanel"]

MOST_BATCHES = 200
MOST_LINKS = 40
NEWS_EVERY = 0.1


class ExportView(anywidget.AnyWidget):
    """What the browser is told."""

    _esm = assets.script("parts", "export_panel")
    _css = assets.style("parts", "export_panel")

    batches: Any = traitlets.List().tag(sync=True)
    chosen: Any = traitlets.List().tag(sync=True)
    formats: Any = traitlets.List().tag(sync=True)
    types: Any = traitlets.List().tag(sync=True)
    sources: Any = traitlets.List().tag(sync=True)
    seen: Any = traitlets.Dict().tag(sync=True)
    done: Any = traitlets.Dict().tag(sync=True)
    alert = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)


class ExportPanel:
    """The results of *batches* of *desk*, by id, or of the latest one; others can be chosen.

    ``files`` are those that were written last.
    """

    def __init__(self, desk: Desk, *, batches: Sequence[str] = ()) -> None:
        self._desk = desk
        self._stop = threading.Event()
        self._closed = False
        self._names: dict[str, str] = {}
        self.files: list[Path] = []
        kinds = [str(kind) for kind in BLOCK_TYPES]
        self._view = ExportView(
            formats=list(plugins.names(GROUP)), types=kinds, sources=[str(s) for s in TextSource]
        )
        # An output is the one place where JupyterLab makes a link to a file lead to that file.
        self._links = ipywidgets.Output()
        self._box = ipywidgets.VBox([self._view, self._links])
        self._errand = Errand(busy=self._be_busy, complain=self.complain)
        self._show_batches()
        known = [one["id"] for one in self._view.batches]
        self._view.chosen = [one for one in batches if one in known] or known[:1]
        self._view.on_msg(guarded(self._hear, self.complain))

    def _show_batches(self) -> None:
        told = []
        for batch in list(self._desk.batches())[:MOST_BATCHES]:
            counts = self._desk.counts(batch=batch.id)
            self._names[batch.id] = batch.name
            told.append(
                {
                    "id": batch.id,
                    "name": shown(batch.name or batch.id, 100),
                    "jobs": sum(counts.values()),
                    "completed": counts[JobState.COMPLETED],
                    "active": sum(counts[state] for state in ACTIVE),
                }
            )
        self._view.batches = told

    # --- what is asked of it ------------------------------------------------------------------

    def _hear(self, _view: Any, message: dict[str, Any], _buffers: Any) -> None:
        self._view.send({"tell": "heard", "view": message.get("view")})
        if message.get("ask") == "stop":
            self._stop.set()
            return
        self._view.alert = ""
        match message.get("ask"):
            case "batches":
                self._show_batches()
            case "look":
                self._look(message["form"])
            case "export":
                self._export(message["form"])

    def _look(self, form: Mapping[str, Any]) -> None:
        batches, selection = self._batches(form), _selection(form)
        formats = [name for name in form.get("formats") or () if name in self._view.formats]
        out, reviewed = _folder(form), bool(form.get("reviewed"))

        def act() -> None:
            seen = looked(self._desk, batches, selection, reviewed=reviewed)
            names = [self._names.get(one, one) for one in batches]
            code = code_of(names, out, formats, selection, reviewed=reviewed)
            seen["code"] = shown_code(code)
            self._show(seen=seen)
            seen = {**seen, "sizes": sizes(self._desk, batches, formats, selection)}
            self._show(seen=seen)

        self._start("Looking …", act)

    def _export(self, form: Mapping[str, Any]) -> None:
        batches, selection = self._batches(form), _selection(form)
        formats = [str(name) for name in form.get("formats") or ()]
        if not formats:
            raise InvalidInput("choose a format to write")
        out, reviewed = _folder(form), bool(form.get("reviewed"))

        def act() -> None:
            began = time.monotonic()
            report = self._reporter()
            self.files = self._desk.export(
                batches, out, to=formats, selection=selection, reviewed=reviewed, report=report
            )
            took = time.monotonic() - began
            self._show(said=f"{thing(len(self.files), 'file')} written to {shown(out)}")
            self._show(done={"share": 1.0, "line": f"written in {took:.1f} s"})
            self._show_links(out)

        self._show(done={"share": 0.0, "line": ""}, said="")
        self._links.outputs = ()
        self._start("Writing …", act)

    def _reporter(self) -> Callable[[int, int], None]:
        told_at = [0.0]

        def report(done: int, total: int) -> None:
            if self._stop.is_set():
                raise StillRunning("stopped: files that were whole by then are there, others not")
            now = time.monotonic()
            if now - told_at[0] >= NEWS_EVERY:
                told_at[0] = now
                self._show(done={"share": done / max(1, total), "line": f"{done:,} of {total:,}"})

        return report

    def _batches(self, form: Mapping[str, Any]) -> list[str]:
        known = {one["id"] for one in self._view.batches}
        found = [str(one) for one in form.get("batches") or () if one in known]
        if not found:
            raise InvalidInput("choose a batch first")
        return found

    def _start(self, words: str, act: Callable[[], None]) -> None:
        self._stop.clear()
        if not self._errand.start(words, act):
            self.complain("Something else is still being done: wait for it, or stop it")

    # --- what it shows ------------------------------------------------------------------------

    def _show(self, **told: Any) -> None:
        if not self._closed:
            for name, value in told.items():
                setattr(self._view, name, value)

    def _show_links(self, out: str) -> None:
        if self._closed:
            return
        items = "".join(f"<li>{_link(path)}</li>" for path in self.files[:MOST_LINKS])
        rest = len(self.files) - MOST_LINKS
        more = (
            f"<li>and {escaped(thing(rest, 'more file'))} in {escaped(out)}</li>"
            if rest > 0
            else ""
        )
        html = f'<ul style="margin:0;columns:2 260px">{items}{more}</ul>'
        bundle = {"text/html": html, "text/plain": "\n".join(shown(str(p)) for p in self.files[:9])}
        self._links.outputs = ({"output_type": "display_data", "data": bundle, "metadata": {}},)

    def complain(self, words: str) -> None:
        """Show *words* where an error is looked for; the empty text clears it."""
        self._show(alert=shown(words, 1000))

    def _be_busy(self, words: str) -> None:
        self._show(busy=words)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        made = dict(self._box._repr_mimebundle_())
        # For readers without a kernel: the batches that there were.
        made["text/html"] = self._repr_html_()
        made["text/plain"] = repr(self)
        return made

    def _repr_html_(self) -> str:
        rows = [[one["name"], f"{one['completed']} of {thing(one['jobs'], 'job')} completed"]
                for one in self._view.batches[:10]]  # fmt: skip
        return table_html(rows or [["no batch yet", ""]], head=["batch", "results"])

    def __repr__(self) -> str:
        return (
            f"<ExportPanel {thing(len(self._view.batches), 'batch').replace('batchs', 'batches')}>"
        )

    def close(self) -> None:
        """Take the panel away, and free what it holds."""
        if self._closed:
            return
        self._stop.set()
        self._closed = True
        close_all(self._box)

    def __enter__(self) -> ExportPanel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _folder(form: Mapping[str, Any]) -> str:
    out = str(form.get("out") or "").strip()
    if not out:
        raise InvalidInput("name the folder to write into")
    return out


def _selection(form: Mapping[str, Any]) -> Selection:
    try:
        sure = float(form.get("min_confidence") or 0.0)
    except (TypeError, ValueError):
        raise InvalidInput("the least confidence is a number from 0 to 1") from None
    if not 0.0 <= sure <= 1.0:
        raise InvalidInput("the least confidence is a number from 0 to 1")
    return Selection(
        types=tuple(str(one) for one in form.get("types") or ()),
        text_sources=tuple(str(one) for one in form.get("text_sources") or ()),
        min_confidence=sure,
    )


def shown_code(code: str) -> str:
    """Lines of Python, every other steering character made visible."""
    return "\n".join(shown(line, 400) for line in code.split("\n"))


def _link(path: Path) -> str:
    """A link that leads to the file where it is under the notebook's folder; else its name."""
    try:
        near = path.resolve().relative_to(Path.cwd().resolve())
    except ValueError:
        return escaped(str(path), 400)
    # A file's name may hold bytes that are no text.
    href = quote(os.fsencode(near.as_posix()))
    return f'<a href="./{href}" target="_blank">{escaped(near.as_posix(), 300)}</a>'
