"""Whether what is called verified stands in the file: asked of PDFium, block by block.

The engine proves its blocks against the glyphs that it quotes. This is the check from outside: the
file is opened anew, with one library and none of the engine's readers, and every word of a
verified block must stand in the text that the library finds on that page. What two recognisers
agree on is verified only on pages without any text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pypdfium2

from toolkit.document.blocks import Block, Proof, Table, TextSource
from toolkit.document.document import Document
from toolkit.document.text import text_of
from toolkit.errors import DamagedFile, PasswordProtected
from toolkit.evaluation.plain import bare

__all__ = ["Trust", "layer_of", "trust"]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """How many blocks have text, how many are verified, and which of these the file denies."""

    blocks: int = 0
    verified: int = 0
    characters: int = 0
    verified_characters: int = 0
    exceptions: tuple[str, ...] = ()
    """Each as ``page N, blk_…: why``, which mostly is the first word that is not on the page."""

    def __add__(self, other: Trust) -> Trust:
        return Trust(
            blocks=self.blocks + other.blocks,
            verified=self.verified + other.verified,
            characters=self.characters + other.characters,
            verified_characters=self.verified_characters + other.verified_characters,
            exceptions=self.exceptions + other.exceptions,
        )

    @property
    def verified_share(self) -> float | None:
        """Of the characters of all blocks."""
        return self.verified_characters / self.characters if self.characters else None


def layer_of(path: Path, password: str | None = None) -> Sequence[str]:
    """The text of each page of the PDF at *path*, as PDFium has it.

    Raises DamagedFile and PasswordProtected.
    """
    try:
        file = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise PasswordProtected(f"{path.name} is encrypted") from exc
        raise DamagedFile(f"{path.name}: not readable as a PDF: {exc}") from exc
    try:
        return [_page_text(file, at) for at in range(len(file))]
    finally:
        file.close()


def _page_text(file: pypdfium2.PdfDocument, at: int) -> str:
    try:
        page = file[at]
        text: str = page.get_textpage().get_text_range()
    except (pypdfium2.PdfiumError, UnicodeError, ValueError):
        return ""
    return text


def trust(document: Document, layers: Sequence[str] | None) -> Trust:
    """What *document* says of its trust, checked against *layers*, the texts of its file's pages.

    Without layers (a picture, a deck) the words are not looked up.
    """
    own = {at + 1: bare(text) for at, text in enumerate(layers or ())}
    texts = [(block, text) for block in document.blocks if (text := text_of(block).strip())]
    verified = [(block, text) for block, text in texts if block.text_source is TextSource.VERIFIED]
    return Trust(
        blocks=len(texts),
        verified=len(verified),
        characters=sum(len(bare(text)) for _, text in texts),
        verified_characters=sum(len(bare(text)) for _, text in verified),
        exceptions=tuple(_exceptions((block for block, _ in verified), own)) if own else (),
    )


def _exceptions(blocks: Iterable[Block], own: Mapping[int, str]) -> Iterator[str]:
    for block in blocks:
        text = own.get(block.page, "")
        if block.proof is Proof.FAITHFULNESS_CHECK:
            # Two readings of the pixels prove something only where nothing else could.
            if text:
                yield f"page {block.page}, {block.id}: read twice beside a text layer"
            continue
        strange = next((word for word in _words(block) if bare(word) not in text), None)
        if strange is not None:
            yield f"page {block.page}, {block.id}: {strange[:60]}"


def _words(block: Block) -> list[str]:
    if isinstance(block, Table):
        return [word for cell in block.cells for word in cell.text.split()]
    return text_of(block).split()
