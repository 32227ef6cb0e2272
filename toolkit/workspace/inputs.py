"""What a person may hand in: paths, patterns, folders, archives, addresses, bytes, any mix.

Each input becomes an ``Offer``, lazily and in a fixed order. One that cannot be taken is an
offer too, with the reason, so that its job is seen.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from toolkit.errors import InvalidInput, UnreadablePath
from toolkit.workspace import addresses
from toolkit.workspace.archives import Archive, kind_of, looks_like_one
from toolkit.workspace.offers import Offer, refusal
from toolkit.workspace.offers import last_part as _name_of

__all__ = ["Elsewhere", "Inputs", "Offer", "files_at", "gather"]

Test: TypeAlias = Callable[[Path], bool]

Inputs: TypeAlias = Any
"""A path, pattern, folder, address, bytes, (name, bytes), open file, pandas column, or a mix."""

Elsewhere: TypeAlias = Callable[[str], Iterator[Offer]]
"""Reads what a text such as "s3://bucket/reports/*.pdf" names."""

BYTES = bytes | bytearray | memoryview


def gather(
    inputs: Inputs,
    *,
    wanted: Test,
    hidden: Test = lambda _: False,
    largest: int = 2 * 2**30,
    elsewhere: Elsewhere | None = None,
) -> Iterator[Offer]:
    """Every single input of *inputs*, in order; an offer holds until the next is asked for.

    A folder gives the files under it that are *wanted*, and says which it left out; what begins
    with a dot or is *hidden* is passed over. An archive gives its members, of at most *largest*
    bytes each, unless archives themselves are wanted. An address is offered as it is; what other
    protocols name is for *elsewhere* to read, and refused without it. Raises InvalidInput at once
    where *inputs* as a whole is of a kind that cannot be an input.
    """
    known = isinstance(inputs, str | os.PathLike | BYTES | Iterable) or hasattr(inputs, "read")
    if not known:
        raise InvalidInput(_not_an_input(inputs))
    if why := _many_columns(inputs):
        raise InvalidInput(why)
    return _Gathering(wanted, hidden, largest, elsewhere).offers(inputs)


def files_at(text: str, *, wanted: Test, hidden: Test) -> Iterator[Path]:
    """The files that a path, a pattern or a folder on this machine names now, in no order.

    Of a folder, those that are *wanted* or are archives; folders that are *hidden* are passed over.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        walk = _Gathering(wanted, hidden, 0, None)
        for file in walk.visible(path, []):
            if wanted(file) or looks_like_one(file.name):
                yield file
    elif path.exists() or not glob.has_magic(text):
        yield path
    else:
        yield from map(Path, glob.iglob(str(path), recursive=True))  # noqa: PTH207  # as above


def _not_an_input(item: object) -> str:
    return (
        f"{type(item).__name__} is not an input; give a path, a pattern such as "
        "'reports/**/*.pdf', a folder, an address, bytes, (name, bytes), an open file, a pandas "
        "column, or a list of these"
    )


@dataclass(frozen=True, slots=True)
class _Gathering:
    """One walk over everything that was handed in."""

    wanted: Test
    hidden: Test
    largest: int
    elsewhere: Elsewhere | None

    def offers(self, item: Inputs) -> Iterator[Offer]:
        match item:
            case str() | os.PathLike():
                yield from self.of_path(os.fsdecode(os.fspath(item)))
            case bytes() | bytearray() | memoryview():
                yield from self.of_content(_of_bytes(bytes(item)))
            case (str() as name, bytes() | bytearray() | memoryview() as content):
                named = Offer(filename=_name_of(name), origin=name, content=bytes(content))
                yield from self.of_content(named)
            case _ if hasattr(item, "read"):
                yield from self.of_content(_of_open_file(item))
            case Iterable():
                yield from self.of_many(item)
            case _:
                yield refusal(repr(item)[:80], InvalidInput(_not_an_input(item)))

    def of_many(self, items: Any) -> Iterator[Offer]:
        if isinstance(items, Mapping):
            for name, value in items.items():
                for offer in self.offers(value):
                    if offer.inner:
                        yield replace(offer, origin=f"{name}!/{offer.inner}")
                    else:
                        yield replace(offer, filename=_name_of(str(name)), origin=str(name))
        elif _is_pandas(items):
            yield from self.of_column(items)
        else:
            for value in items:
                yield from self.offers(value)

    def of_path(self, text: str) -> Iterator[Offer]:
        if addresses.SCHEME.match(text):
            yield from self.of_address(text)
            return
        path = Path(text).expanduser()
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as exc:
            # A name may hold brackets, so that a file of that very name comes before the pattern.
            if glob.has_magic(text) and not isinstance(exc, ValueError):
                yield from self.of_pattern(text)
            else:
                yield refusal(text, _unreadable(text, exc), filename=_name_of(text))
            return
        if stat.S_ISDIR(mode):
            yield from self.of_folder(path)
        elif stat.S_ISREG(mode):
            yield from self.of_file(Offer(filename=path.name, origin=text, path=path))
        else:
            # Opening a pipe or a device could wait for ever.
            why = f"{text!r} is not a regular file"
            yield refusal(text, UnreadablePath(why), filename=path.name)

    def of_address(self, text: str) -> Iterator[Offer]:
        if addresses.is_address(text):
            yield addresses.offer_of(text)
        elif self.elsewhere is None:
            yield addresses.other_kind(text)
        elif (path := addresses.local_path(text)) is not None:
            yield from self.of_path(path)
        else:
            for offer in self.elsewhere(text):
                of = self.of_content if offer.draft is None else self.of_file
                yield from of(offer)

    def of_file(self, offer: Offer) -> Iterator[Offer]:
        """The file itself, or the members of the archive that it is."""
        path = offer.path or offer.draft
        if path is None or self.wanted(Path(offer.filename)) or self.hidden(path):
            yield offer
            return
        try:
            with path.open("rb") as file:
                kind = kind_of(file)
                archive = Archive(offer.origin, self.wanted, self.largest)
                size = path.stat().st_size
                members = archive.offers(file, kind, size=size) if kind else None
                yield from [offer] if members is None else members
        except OSError as exc:
            yield refusal(offer.origin, _unreadable(offer.origin, exc), filename=offer.filename)

    def of_content(self, offer: Offer) -> Iterator[Offer]:
        """The bytes themselves, or the members of the archive that they are."""
        content = offer.content
        if content is None or self.wanted(Path(offer.filename)):
            yield offer
            return
        file = BytesIO(content)
        kind = kind_of(file)
        archive = Archive(offer.origin, self.wanted, self.largest)
        members = archive.offers(file, kind, size=len(content)) if kind else None
        yield from [offer] if members is None else members

    def of_pattern(self, pattern: str) -> Iterator[Offer]:
        expanded = str(Path(pattern).expanduser())
        every = sorted(glob.glob(expanded, recursive=True))  # noqa: PTH207  # Path.glob refuses absolute patterns
        found = [name for name in every if not Path(name).is_dir()]
        if not found:
            yield refusal(pattern, UnreadablePath(f"no file matches {pattern[:200]!r}"))
        for name in found:
            yield from self.of_path(name)

    def of_folder(self, folder: Path) -> Iterator[Offer]:
        failed: list[OSError] = []
        found = 0
        for path in self.files_under(folder, failed):
            if self.wanted(path) or looks_like_one(path.name):
                found += 1
                yield from self.of_path(str(path))
            else:
                yield Offer(filename=path.name, origin=str(path), path=path, left_out=True)
        for exc in failed:
            name = str(exc.filename or folder)
            yield refusal(name, _unreadable(name, exc), filename=_name_of(name))
        if not found and not failed:
            why = f"the folder {str(folder)[:200]!r} has no file of a known type"
            yield refusal(str(folder), UnreadablePath(why), filename=folder.name or str(folder))

    def files_under(self, folder: Path, failed: list[OSError]) -> Iterator[Path]:
        for path in self.visible(folder, failed):
            if not self.hidden(path):
                yield path

    def visible(self, folder: Path, failed: list[OSError]) -> Iterator[Path]:
        for place, folders, files in os.walk(folder, onerror=failed.append):
            # What begins with a dot is the system's or another program's.
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".") and not self.hidden(Path(place) / name)
            )
            for name in sorted(files):
                if not name.startswith("."):
                    yield Path(place) / name

    def of_column(self, item: Any) -> Iterator[Offer]:
        if why := _many_columns(item):
            yield refusal("DataFrame", InvalidInput(why))
            return
        if len(item.shape) == 2:
            item = item[item.columns[0]]
        column = item.name if getattr(item, "name", None) is not None else "column"
        for label, value in item.items() if hasattr(item, "items") else enumerate(item):
            if _is_blank(value):
                origin = f"{column}[{label!r}]"
                yield refusal(origin, UnreadablePath(f"{origin} is empty"))
            else:
                yield from self.offers(value)


def _unreadable(text: str, exc: Exception) -> UnreadablePath:
    reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return UnreadablePath(f"{text[:200]!r}: {reason}")


def _of_bytes(content: bytes) -> Offer:
    # Named by content, so that the same bytes have the same name in every run.
    name = f"{sha256(content).hexdigest()[:12]}{'.pdf' if b'%PDF-' in content[:1024] else '.bin'}"
    return Offer(filename=name, origin="bytes", content=content)


def _of_open_file(item: Any) -> Offer:
    named = getattr(item, "name", None)
    origin = str(named) if isinstance(named, str | os.PathLike) else "open file"
    try:
        content = item.read()
    except (OSError, ValueError) as exc:
        return refusal(origin, _unreadable(origin, exc), filename=_name_of(origin))
    if not isinstance(content, bytes):
        why = f"{origin[:200]!r} was opened as text; open it with mode 'rb'"
        return refusal(origin, InvalidInput(why), filename=_name_of(origin))
    if origin == "open file":
        return replace(_of_bytes(content), origin=origin)
    return Offer(filename=_name_of(origin), origin=origin, content=content)


def _is_pandas(item: object) -> bool:
    # Asked by name, so that pandas is not imported for somebody who does not use it.
    return type(item).__module__.partition(".")[0] == "pandas" and hasattr(item, "shape")


def _many_columns(item: Any) -> str | None:
    """Why a DataFrame of several columns is refused, or None for anything else."""
    if not _is_pandas(item) or len(item.shape) < 2 or item.shape[1] == 1:
        return None
    names = ", ".join(map(repr, item.columns[:5]))
    return f"a DataFrame has many columns; give one of them, such as df[...] of {names}"


def _is_blank(value: object) -> bool:
    # pandas has three ways to say "nothing", and no one question suits them all.
    if isinstance(value, float):
        return value != value  # noqa: PLR0124  # only NaN is unequal to itself
    empty_text = isinstance(value, str) and not value
    return value is None or empty_text or type(value).__name__ in {"NAType", "NaTType"}
