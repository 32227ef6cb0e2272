"""What an inspector and its view in the browser share, and how a notebook shows both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets as t
from IPython.display import DisplayHandle, display

from toolkit.widgets.inspector_courier import Courier
from toolkit.widgets.inspector_leaf import Plain
from toolkit.widgets.inspector_twin import Twin
from toolkit.widgets.words import shown_lines

__all__ = ["InspectorView"]

STATIC = Path(__file__).with_name("static")
# While a picture is made, the first showing waits for it this long: the still one needs it too.
FIRST_PICTURE = 3.0


class InspectorView(anywidget.AnyWidget):
    """The traits of an inspector; the first ones are for people, the others for its view."""

    # As text: of a path anywidget watches the file, and every widget stays alive by that.
    _esm = (STATIC / "inspector.js").read_text("utf-8")
    _css = (STATIC / "inspector.css").read_text("utf-8")

    document = t.Unicode(help="The id of the document that is open.").tag(sync=True)
    page = t.Int(1, help="The page that is open, from 1.").tag(sync=True)
    selected: Any = t.Tuple(
        t.Unicode(), t.Unicode(), default_value=None, allow_none=True, help="Document and block."
    ).tag(sync=True)
    filters: Any = t.Dict(help="What is looked for, as df.doc.filter takes it.").tag(sync=True)
    scope = t.Enum(["page", "document", "all"], "page", help="Where.").tag(sync=True)
    as_reviewed = t.Bool(True, help="Whether people's corrections are shown.").tag(sync=True)
    code = t.Unicode(help="Python for the frame of what is listed.").tag(sync=True)
    shelf: Any = t.List(help="[id, name, pages] of each document.").tag(sync=True)
    sheet: Any = t.Dict(help="The open page.").tag(sync=True)
    outline: Any = t.List(help="Headings and figures of the open document.").tag(sync=True)
    hits: Any = t.Dict(help="The rows that the filters let through.").tag(sync=True)
    picture = t.Bytes(help="The open page as WEBP.").tag(sync=True)
    picture_beside = t.Bytes(help="The other run's, of another file.").tag(sync=True)
    picture_of: Any = t.List(help="[document, page, width] of the picture.").tag(sync=True)
    words = t.Unicode(help="Why there is no picture.").tag(sync=True)
    alert = t.Unicode(help="What went wrong.").tag(sync=True)
    live = t.Unicode(help="A name that hides the still while this is alive.").tag(sync=True)
    reviews: Any = t.List(help="What was said of the open document.").tag(sync=True)
    progress: Any = t.List(help="[reviewed, blocks, wrong]; empty without a queue.").tag(sync=True)

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._courier = Courier()
        self._twin = Twin(self.model_id or "still")
        self.live = self._twin.live

    def say(self, words: str) -> None:
        """Show *words* where an error is looked for; the empty text clears it."""
        self.alert = shown_lines(words, 2_000)

    def _open_page(self) -> Plain:
        return {**self.sheet, "title": self._title}

    def _ipython_display_(self) -> None:
        self._courier.settle(FIRST_PICTURE)
        bundle = self._repr_mimebundle_()
        live = dict(bundle[0]) if bundle else {}
        live["text/plain"] = repr(self)
        display(live, raw=True)  # type: ignore[no-untyped-call]
        still = self._twin.html(self._open_page(), self.picture, self.words)
        handle: DisplayHandle | None = display(still, display_id=True)  # type: ignore[no-untyped-call]
        if handle is not None:
            self._twin.handles.append(handle)

    def __repr__(self) -> str:
        return f"<Inspector {self._title!r}>"
