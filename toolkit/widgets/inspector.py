"""The inspector: a page with its boxes, the blocks beside it, and what each of them holds.

It is one widget with a few traits: ``document``, ``page``, ``selected``, ``filters`` and ``scope``
can be set, observed and linked from Python, and the browser sets the same ones. Pictures of pages
are made in another process and fetched by a thread, so that turning a page never waits for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from toolkit.document import Document
from toolkit.document.blocks import Block
from toolkit.document.reviewing import reviewed
from toolkit.document.reviews import Change, Review
from toolkit.errors import InvalidInput, ToolkitError
from toolkit.widgets import inspector_filters as filtering
from toolkit.widgets.guard import guarded
from toolkit.widgets.inspector_compare import beside, picture_beside
from toolkit.widgets.inspector_html import page_of
from toolkit.widgets.inspector_leaf import Plain, block_of, detail, leaf, outline
from toolkit.widgets.inspector_review import change_of, following, looked_at, raw, said_of
from toolkit.widgets.inspector_shelf import Entry, Shelf
from toolkit.widgets.inspector_view import InspectorView
from toolkit.widgets.words import shown, shown_lines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Inspector"]

WIDTH = 1200
WIDEST = 2400
THUMB = 110


class Inspector(InspectorView):
    """The pages of *shelf* with their boxes. ``close()`` frees it, here and in the browser.

    ``selected`` is (document id, block id) or None. With *against*, the same pages as another run
    read them are beside it.
    """

    def __init__(
        self, shelf: Shelf, *, against: Shelf | None = None, title: str = "Inspector"
    ) -> None:
        super().__init__(title)
        self._source, self._against = shelf, against
        self._open: tuple[str, Document] | None = None
        self._frame: tuple[str | None, pd.DataFrame] | None = None
        self._entries: list[Entry] = []
        self._turning = self.closed = False
        self._width = WIDTH
        self.on_msg(self._hear)
        self.observe(self._moved, ["document", "page", "selected"])
        self.observe(self._narrowed, ["filters", "scope"])
        self.observe(guarded(lambda _: self._reread(), self.say), ["as_reviewed"])
        self.refresh()

    # --- what Python says ---------------------------------------------------------------------

    def refresh(self) -> Self:
        """Look again which documents there are; the one that is open is read anew."""
        self._entries = self._source.entries()
        self._open = self._frame = None
        self._count()
        self.shelf = [[one.id, shown(one.name), one.pages] for one in self._entries]
        known = [one.id for one in self._entries]
        if not known:
            self._empty()
        elif self.document in known:
            self._turn(self.document, self.page, self.selected)
        else:
            self._turn(known[0], 1, None)
        return self

    def go(self, page: int, document: str | None = None) -> Self:
        """Open *page* (from 1). Raises InvalidInput where there is none."""
        wanted = document or self.document
        self._known(wanted)
        count = self._read(wanted).source.page_count
        if not 1 <= page <= count:
            raise InvalidInput(f"page {page}: the document has {count}")
        self._turn(wanted, page, None)
        return self

    def select(self, block_id: str | None, document: str | None = None) -> Self:
        """Select a block and open its page; None selects nothing. Raises InvalidInput."""
        if block_id is None:
            self.selected = None
            return self
        wanted = document or self.document
        self._known(wanted)
        found = block_of(self._read(wanted), block_id)
        if found is None:
            raise InvalidInput(f"document {wanted} has no block {block_id!r}")
        self._turn(wanted, found.page, (wanted, block_id))
        return self

    def filter(self, *, scope: str | None = None, **asked: Any) -> Self:
        """Show what ``df.doc.filter`` lets through: type, text_source, min_confidence, text, page.

        *scope* is where it is looked for: "page", "document" or "all". Without anything, every
        block is shown. Raises InvalidOption.
        """
        self.filters = filtering.checked(asked)
        if scope is not None:
            self.scope = scope
        return self

    def frame(self) -> pd.DataFrame:
        """The rows that are listed: what ``code`` evaluates to."""
        document, page = self._where()
        return filtering.applied(self._rows(), self._asked(), document=document, page=page)

    @property
    def block(self) -> Block | None:
        """The block that is selected."""
        if self.selected is None:
            return None
        return block_of(self._read(self.selected[0]), self.selected[1])

    def review(self, change: Change, block_ids: Sequence[str] = ()) -> Review:
        """Say something of the selected block, or of *block_ids*; see ``Batch.review``.

        Raises InvalidInput where it makes no sense.
        """
        names = tuple(block_ids) or (self.selected[1:] if self.selected else ())
        if not names:
            raise InvalidInput("no block is selected")
        kept = self._source.review(self.document, Review(block_ids=tuple(names), change=change))
        self.alert = ""
        self._reread()
        return kept

    def next_to_review(self) -> Self:
        """Select the next block that nobody has looked at, of what is filtered for."""
        document = None if self.scope == "all" else self.document
        rows = self._source.blocks(document, reviewed=self._with_reviews())
        some = filtering.applied(rows, self._asked(), document=None, page=None)
        places = list(zip(some["document_id"], some["block_id"], strict=True))
        found = following(places, self.selected, looked_at(self._source.reviews(document)))
        if found is None:
            self.say("Every block of these was reviewed.")
        else:
            self.selected = found
        return self

    def to_html(
        self, path: str | Path | None = None, *, pages: range | list[int] | None = None
    ) -> str:
        """The open document as one HTML page that needs no script, no kernel and no network.

        *pages* are all by default; what is too much for one file is left out, and said. It is
        written to *path*, if that is given, and returned.
        """
        document, name = self._read(self.document), self.document
        made = page_of(document, partial(self._source.picture, name), pages=pages)
        if path is not None:
            Path(path).write_text(made, "utf-8")
        return made

    def close(self) -> None:
        """Take the view away and free what it holds; in a notebook its picture stays."""
        if self.closed:
            return
        self.closed = True
        self._courier.close()
        self._twin.renew(self._open_page(), self.picture, self.words, at_once=True)
        self._open = self._frame = None
        with self.hold_sync():
            self.picture = self.picture_beside = b""
            self.sheet, self.outline, self.hits = {}, [], {}
        self.layout.close()
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- turning pages ------------------------------------------------------------------------

    def _moved(self, change: Mapping[str, Any]) -> None:
        """Follow what was set, from Python or the browser; what cannot be is set back and said."""
        if self._turning or self.closed:
            return
        name, new, old = change["name"], change["new"], change["old"]

        def back(words: str) -> None:
            self._turning = True
            self.set_trait(name, old)
            self._turning = False
            self.say(words)

        guarded(partial(self._follow, name, new), back)()

    def _follow(self, name: str, new: Any) -> None:
        if name == "document":
            # One whose document is gone is opened all the same, and says so.
            self._known(new)
            self._turn(new, 1, None)
        elif name == "page":
            self.go(new)
        elif new is not None:
            self.select(new[1], new[0])

    def _turn(self, document: str, page: int, selected: tuple[str, str] | None) -> None:
        """Show that page of that document, whatever was shown before."""
        fresh = self._open is None or self._open[0] != document
        turned = fresh or (self.sheet.get("document"), self.sheet.get("page")) != (document, page)
        self._turning = True
        try:
            sheet, words = self._sheet(document, page) if turned else (self.sheet, self.words)
            with self.hold_sync():
                self.document, self.page, self.selected = document, page, selected
                if turned:
                    self.sheet, self.words, self.alert = sheet, words, ""
                if self.picture_of[:2] != [document, page]:
                    self.picture, self.picture_of = b"", []
                if fresh and self._open is not None:
                    self.outline = outline(self._open[1])
        finally:
            self._turning = False
        if turned:
            self._narrow()
            if not words and not self.picture_of:
                self._fetch(document, page)

    def _sheet(self, document: str, page: int) -> tuple[Plain, str]:
        """The page for the browser, and why it is empty, where its document cannot be read."""
        try:
            read = self._read(document)
        except ToolkitError as exc:
            empty = {"document": document, "page": 1, "pages": 1, "size": [8.5, 11.0], "blocks": []}
            return {**empty, "read": False, "failures": []}, _said(exc)
        made = leaf(read, document, page)
        if self._against is not None:
            made |= beside(read, page, self._against)
        return made, ""

    def _empty(self) -> None:
        self._turning = True
        with self.hold_sync():
            self.document, self.page, self.selected = "", 1, None
            self.sheet, self.outline, self.hits = {}, [], {}
            self.picture, self.picture_of, self.words = (
                b"",
                [],
                shown_lines(self._source.words(), 2_000),
            )
        self._turning = False

    def _read(self, document: str) -> Document:
        if self._open is None or self._open[0] != document:
            read, reviews = self._source.document(document), self._source.reviews(document)
            self.reviews = said_of(reviews)
            self._open = (document, reviewed(read, reviews) if self.as_reviewed else read)
        return self._open[1]

    def _reread(self) -> None:
        """Show the open page again, as it is now."""
        self._open = self._frame = None
        self._count()
        self._turn(self.document, self.page, self.selected)

    def _count(self) -> None:
        found = self._source.progress()
        self.progress = [] if found is None else [found.reviewed, found.blocks, found.wrong]

    def _known(self, document: str) -> None:
        if all(one.id != document for one in self._entries):
            raise InvalidInput(f"there is no document {document!r} here")

    # --- pictures -----------------------------------------------------------------------------

    def _fetch(self, document: str, page: int) -> None:
        draw = partial(self._draw, document, page, self._width)
        self._courier.soon("picture", guarded(draw, self.say))

    def _draw(self, document: str, page: int, width: int) -> None:
        picture, words = b"", ""
        try:
            picture = self._source.picture(document, page, width)
        except ToolkitError as exc:
            words = _said(exc)
        other = picture_beside(self.sheet, self._against, width)
        if self.closed or (self.document, self.page) != (document, page):
            return  # somebody has turned the page
        with self.hold_sync():
            self.picture, self.picture_of, self.words = picture, [document, page, width], words
            self.picture_beside = other
        self._twin.renew(self._open_page(), picture, words)

    def _thumb(self, document: str, page: int) -> None:
        words, picture = "", b""
        try:
            picture = self._source.picture(document, page, THUMB)
        except ToolkitError as exc:
            words = exc.code
        if not self.closed:
            said = {"say": "thumb", "document": document, "page": page, "words": words}
            self.send(said, buffers=[picture])

    # --- filters ------------------------------------------------------------------------------

    def _narrowed(self, _: object) -> None:
        guarded(self._narrow, self.say)()

    def _narrow(self) -> None:
        if self.closed or not self.document:
            return
        document, page = self._where()
        asked = self._asked()
        self.code = filtering.code(self._expression(), asked, document=document, page=page)
        key = [dict(self.filters), self.scope, self.document, self.page]
        if asked or self.scope != "page" or self._source.expression == "blocks":
            self._courier.soon("hits", guarded(partial(self._find, key), self.say))
        else:
            self.hits = {}

    def _find(self, key: list[Any]) -> None:
        rows = self._rows()
        document, page = self._where()
        found = filtering.applied(rows, self._asked(), document=document, page=page)
        made = filtering.hits(found, of=len(rows), document=self.document, page=self.page)
        if [self.filters, self.scope, self.document, self.page] == key and not self.closed:
            self.hits = {**made, "for": key}

    def _expression(self) -> str:
        said = self._with_reviews()
        return self._source.reviewed_expression if said else self._source.expression

    def _with_reviews(self) -> bool:
        """Whether people's corrections are shown, and there are any."""
        return self.as_reviewed and bool(self.progress and self.progress[0])

    def _asked(self) -> filtering.Filters:
        return filtering.checked(self.filters)

    def _where(self) -> tuple[str | None, int | None]:
        """The document and the page that ``scope`` means; None for every one."""
        document = self.document if self._source.told_apart and self.scope != "all" else None
        return document, self.page if self.scope == "page" else None

    def _rows(self) -> pd.DataFrame:
        wanted = None if self.scope == "all" else self.document
        if self._frame is None or self._frame[0] != wanted:
            rows = self._source.blocks(wanted, reviewed=self._with_reviews())
            self._frame = (wanted, rows)
        return self._frame[1]

    # --- what the browser asks ----------------------------------------------------------------

    def _hear(self, _: Any, said: Any, __: Any) -> None:
        answers: dict[str, Callable[[Any], object]] = {
            "detail": self._tell_detail,
            "thumbs": self._tell_thumbs,
            "sharper": self._sharpen,
            "refresh": lambda _: self.refresh(),
            "review": lambda s: self.review(change_of(s, self._read(self.document)), s["ids"]),
            "undo": self._undo,
            "next": lambda _: self.next_to_review(),
            "raw": self._tell_raw,
        }
        act = answers.get(said.get("ask", "")) if isinstance(said, dict) else None
        if act is not None and not self.closed:
            guarded(act, self.say)(said)

    def _tell_detail(self, said: Any) -> None:
        block = block_of(self._read(str(said["document"])), str(said["id"]))
        if block is not None:
            made = detail(block, whole=bool(said.get("whole")))
            self.send({"say": "detail", "id": block.id, "detail": made})

    def _tell_raw(self, said: Any) -> None:
        text = raw(self._read(self.document), str(said["id"]))
        self.send({"say": "raw", "id": said["id"], "text": text})

    def _undo(self, said: Any) -> None:
        self._source.undo(self.document, int(said["id"]))
        self._reread()

    def _tell_thumbs(self, said: Any) -> None:
        document = str(said["document"])
        for page in list(said["pages"])[:60]:
            draw = partial(self._thumb, document, int(page))
            self._courier.later(f"{document}:{page}", guarded(draw, self.say))

    def _sharpen(self, said: Any) -> None:
        self._width = max(WIDTH, min(WIDEST, int(said["width"])))
        self._fetch(self.document, self.page)


def _said(error: ToolkitError) -> str:
    return shown_lines(f"{error.code}: {error}", 1_000)
