"""Inputs on other file systems, by what fsspec reads: "s3://…", "gcs://…", "memory://…", "zip://…".

They are read in this process, with this person's own rights: only what the analyst writes comes
here, never what a server was sent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from toolkit.errors import FileTooLarge, InvalidInput, MissingExtra, ToolkitError, UnreadablePath
from toolkit.workspace import addresses
from toolkit.workspace.addresses import SCHEME, shown_address
from toolkit.workspace.archives import looks_like_one
from toolkit.workspace.offers import Offer, last_part, offered, parts_of, refusal

__all__ = ["offers_at"]

Test = Callable[[Path], bool]

CHUNK = 2**20
MOST_FILES = 100_000
# What is fetched by the runner, behind its guard, or is not worth a library.
_NOT_OURS = frozenset(("http", "https", "ftp", "ftps"))
_MAGIC = frozenset("*?[")

# What the libraries behind fsspec raise, beside what fsspec translates; looked up only where the
# library is loaded, as none of them is ours to import.
_FOREIGN = {
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "google.auth.exceptions": ("GoogleAuthError",),
    "azure.core.exceptions": ("AzureError",),
    "aiohttp": ("ClientError",),
    "paramiko": ("SSHException",),
    "zipfile": ("BadZipFile",),
    "gcsfs.retry": ("HttpError",),
}


def offers_at(text: str, *, wanted: Test, largest: int) -> Iterator[Offer]:
    """What *text* names: a file, a pattern or a folder, of at most *largest* bytes a file.

    What cannot be read is refused with the reason; a missing library, with how to install it.
    """
    scheme = SCHEME.match(text)
    if scheme is None or scheme[0].lower() in _NOT_OURS:
        yield addresses.other_kind(text)
        return
    origin = shown_address(text)

    def taken(path: Path) -> bool:
        return wanted(path) or looks_like_one(path.name)

    try:
        system, place, names = _found(text, taken)
    except ToolkitError as exc:
        yield refusal(origin, exc, filename=last_part(origin))
        return
    except _faults() as exc:
        yield refusal(origin, _unreadable(origin, exc), filename=last_part(origin))
        return
    for name in names:
        whole = origin if name == place else system.unstrip_protocol(name)
        shown = shown_address(whole)
        label = (parts_of(name) or [last_part(shown)])[-1]
        if not taken(Path(label)) and name != place:
            yield Offer(filename=label, origin=shown, left_out=True)
        else:
            yield from offered(_chunks(system, name, largest), filename=label, origin=shown)


def _found(text: str, wanted: Test) -> tuple[Any, str, list[str]]:
    """The file system, the place within it, and the files there that *text* names, sorted.

    Raises UnreadablePath, FileTooLarge, MissingExtra, and what the libraries raise.
    """
    try:
        import fsspec
    except ImportError as exc:
        raise MissingExtra("pip install fsspec") from exc
    try:
        system, place = fsspec.core.url_to_fs(text)
    except ImportError as exc:
        # fsspec's own words name the package: "Install s3fs to access S3".
        raise MissingExtra(f"{shown_address(text)[:200]!r} needs another package: {exc}") from exc
    if system.exists(place) and system.isfile(place):
        return system, place, [place]
    if not _MAGIC.isdisjoint(place):
        names = [name for name in sorted(system.glob(place)) if system.isfile(name)]
    elif system.isdir(place):
        names = sorted(name for name in system.find(place) if not _is_hidden(name, place))
    else:
        raise UnreadablePath(f"{shown_address(text)[:200]!r}: there is no such file")
    if len(names) > MOST_FILES:
        raise FileTooLarge(f"{shown_address(text)[:200]!r} names more than {MOST_FILES:,} files")
    if not any(wanted(Path(name)) for name in names):
        raise UnreadablePath(f"{shown_address(text)[:200]!r}: no file of a known type is there")
    return system, place, names


def _is_hidden(name: str, place: str) -> bool:
    inside = PurePosixPath(name.removeprefix(place)).parts
    return any(part.startswith(".") for part in inside)


def _chunks(system: Any, name: str, largest: int) -> Iterator[bytes]:
    """The content of one file. Raises FileTooLarge and UnreadablePath."""
    label, size = last_part(name), 0
    try:
        said = system.info(name).get("size")
        if isinstance(said, int):
            _refuse_larger(label, said, largest)
        with system.open(name, "rb") as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                _refuse_larger(label, size, largest)
                yield chunk
    except _faults() as exc:
        raise _unreadable(label, exc) from exc


def _refuse_larger(label: str, size: int, largest: int) -> None:
    if size > largest:
        raise FileTooLarge(f"{label} has {size:,} bytes; at most {largest:,} are taken")


def _faults() -> tuple[type[Exception], ...]:
    """What reading may raise, of the libraries that are loaded."""
    foreign = [
        getattr(sys.modules[module], name)
        for module, names in _FOREIGN.items()
        if module in sys.modules
        for name in names
        if hasattr(sys.modules[module], name)
    ]
    plain = (OSError, ValueError, RuntimeError, LookupError, TypeError, EOFError, ImportError)
    return (*plain, *foreign)


def _unreadable(origin: str, exc: Exception) -> InvalidInput:
    reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    words = shown_address(" ".join(reason.split()))[:300] or type(exc).__name__
    return UnreadablePath(f"{origin[:200]!r}: {words}")
