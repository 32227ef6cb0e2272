"""A document cut into pieces of a size that search and language models take.

Nothing is lost and nothing changes its place: the pieces one after the other, without what each
repeats of the one before, are the text of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from typing import Literal, TypeAlias, get_args

import msgspec

from toolkit.document.blocks import Block, Heading, Table
from toolkit.document.document import Document
from toolkit.document.markdown import pipe_table
from toolkit.document.text import text_of
from toolkit.errors import InvalidOption

__all__ = ["Chunk", "Strategy", "chunks"]

Strategy: TypeAlias = Literal["semantic", "fixed", "page"]

_BETWEEN = "\n\n"
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s+")
_SPACE = re.compile(r"\s+")


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document.

    ``page`` is the page of its first block; ``type`` is the type of the block that fills most
    of it; ``confidence`` is that of its least certain block.
    """

    content: str
    page: int
    block_ids: tuple[str, ...]
    type: str
    confidence: float
    repeated: int = 0
    """How many characters at its start are the end of the chunk before."""


def chunks(
    document: Document,
    strategy: Strategy = "semantic",
    *,
    max_chars: int = 1000,
    overlap: int = 100,
    table: Callable[[Table], str] = pipe_table,
) -> tuple[Chunk, ...]:
    """*document* in pieces of at most *max_chars* characters, in reading order.

    *semantic* begins a piece at every heading and cuts where a block, a sentence or a word ends;
    *page* does so at every page instead; *fixed* cuts by length alone. At most *overlap*
    characters are repeated where a piece was cut for its length. A table, written by *table*, is
    never cut, so that a long one makes a longer piece of its own. Raises InvalidOption.
    """
    if strategy not in get_args(Strategy):
        raise InvalidOption(f"strategy {strategy!r}: one of {', '.join(get_args(Strategy))}")
    if max_chars < 1:
        raise InvalidOption(f"max_chars={max_chars}: at least 1 is needed")
    if not 0 <= overlap <= max_chars // 2:
        raise InvalidOption(f"overlap={overlap}: 0 to half of max_chars ({max_chars // 2})")
    size = _Size(max_chars, overlap, gently=strategy != "fixed")
    speaking = [(block, said) for block in document.blocks if (said := _said(block, table))]
    runs = _runs(speaking, strategy)
    return tuple(chunk for run in runs for chunk in _cut(_joined(run), size))


_Spoken: TypeAlias = tuple[Block, str]
"""A block with what it says."""


@dataclass(frozen=True, slots=True)
class _Size:
    longest: int
    overlap: int
    gently: bool
    """Cut where something ends, if anything does."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks, and their text as one; the text of ``blocks[i]`` is [starts[i], ends[i]) of it."""

    blocks: list[Block]
    text: str
    starts: list[int]
    ends: list[int]

    def between(self, start: int, end: int) -> range:
        """The places in ``blocks`` of those that have text in [start, end)."""
        return range(bisect_right(self.ends, start), bisect_left(self.starts, end))


def _runs(speaking: list[_Spoken], strategy: Strategy) -> Iterator[list[_Spoken]]:
    """The blocks that say something, in groups that no piece may reach over."""
    match strategy:
        case "fixed":
            yield from [speaking] if speaking else []
        case "page":
            yield from (list(group) for _, group in groupby(speaking, lambda one: one[0].page))
        case "semantic":
            headings = [isinstance(block, Heading) for block, _ in speaking]
            # A heading right below another belongs to it: neither says much alone.
            begins = [now and not before for before, now in pairwise([False, *headings])]
            section = accumulate(map(int, begins))
            numbered = groupby(zip(section, speaking, strict=True), lambda pair: pair[0])
            yield from ([one for _, one in group] for _, group in numbered)


def _said(block: Block, table: Callable[[Table], str]) -> str:
    return (table(block) if isinstance(block, Table) else text_of(block)).strip()


def _joined(spoken: list[_Spoken]) -> _Run:
    blocks = [block for block, _ in spoken]
    texts = [text for _, text in spoken]
    starts = list(accumulate((len(text) + len(_BETWEEN) for text in texts), initial=0))[:-1]
    ends = [start + len(text) for start, text in zip(starts, texts, strict=True)]
    return _Run(blocks, _BETWEEN.join(texts), starts, ends)


def _cut(run: _Run, size: _Size) -> Iterator[Chunk]:
    begin = done = 0
    while done < len(run.text):
        end = _end(run, begin, done, size)
        yield _chunk(run, begin, done, end)
        last, done = done, _after_space(run.text, end)
        begin = _begin(run, last, done, size)


def _end(run: _Run, begin: int, done: int, size: _Size) -> int:
    """Where the piece ends that repeats [begin, done) and has something new from *done* on."""
    limit = begin + size.longest
    loose = done  # the end of the last table that comes into the piece whole
    for place in run.between(done, limit):
        if isinstance(run.blocks[place], Table):
            start, end = run.starts[place], run.ends[place]
            if end > limit:
                return end if start <= done else start
            loose = end
    if limit >= len(run.text):
        return len(run.text)
    return _gentle_end(run, done, loose, limit) if size.gently else limit


def _gentle_end(run: _Run, done: int, loose: int, limit: int) -> int:
    """The last place up to *limit* where a block ends, or else a sentence, or else a word."""
    # A piece of less than a third would waste more than the cut through a block costs.
    least = done + (limit - done) // 3
    block = run.starts[bisect_right(run.starts, limit) - 1]
    if block > least:
        return block
    for pattern, lowest in ((_SENTENCE_END, max(least, loose)), (_SPACE, loose)):
        found = [match.end() for match in pattern.finditer(run.text, lowest, limit)]
        if found:
            return found[-1]
    return limit


def _begin(run: _Run, last: int, done: int, size: _Size) -> int:
    """Where the piece begins whose new text begins at *done*; the one before had its at *last*."""
    begin = max(last, done - size.overlap)
    for place in run.between(begin, done + 1):
        if isinstance(run.blocks[place], Table):
            begin = done if run.ends[place] > done else run.ends[place]
    if size.gently and begin > 0 and not run.text[begin - 1].isspace():
        word = _SPACE.search(run.text, begin, done)
        begin = word.end() if word else begin
    return min(done, _after_space(run.text, begin))


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _chunk(run: _Run, begin: int, done: int, end: int) -> Chunk:
    content = run.text[begin:end].rstrip()
    places = run.between(begin, begin + len(content))
    fullest = max(places, key=lambda i: min(end, run.ends[i]) - max(begin, run.starts[i]))
    return Chunk(
        content=content,
        page=run.blocks[run.between(done, end)[0]].page,
        block_ids=tuple(run.blocks[place].id for place in places),
        type=str(type(run.blocks[fullest]).__struct_config__.tag),
        confidence=min(run.blocks[place].confidence for place in places),
        repeated=done - begin,
    )
