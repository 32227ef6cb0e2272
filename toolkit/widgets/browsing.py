"""Looking into a folder on the kernel's machine, and nowhere outside of it.

Names that begin with a dot are the system's or another program's, and are not shown. A link to a
folder is not followed: it may lead outside, or round in a circle.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from toolkit.errors import InvalidInput, UnreadablePath

__all__ = ["MOST_ENTRIES", "Entry", "Grounds"]

# More names than this in one folder nobody looks through; a pattern finds them.
MOST_ENTRIES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is in a folder: *place* is its path from the root, with slashes; sizes are in bytes."""

    name: str
    place: str
    folder: bool
    size: int = 0


class Grounds:
    """The folder *root* and what is under it; *hidden* names are passed over as well."""

    def __init__(
        self, root: str | os.PathLike[str], *, hidden: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.root = Path(root).expanduser().resolve()
        if not self.root.is_dir():
            raise UnreadablePath(f"{str(self.root)!r} is not a folder")
        self._hidden = hidden

    def path(self, place: str) -> Path:
        """The path of *place*. Raises UnreadablePath where it leads outside or is not there."""
        found = (self.root / place.lstrip("/")).resolve()
        if not found.is_relative_to(self.root):
            raise UnreadablePath(f"{place[:200]!r} is outside of the folder that is shown here")
        if not found.exists():
            raise UnreadablePath(f"{place[:200]!r} is not there any more")
        return found

    def entries(self, place: str = "") -> tuple[list[Entry], int]:
        """What is in the folder *place*, folders first, and how many more there are than shown.

        Raises UnreadablePath.
        """
        folder = self.path(place)
        try:
            with os.scandir(folder) as found:
                seen = [one for one in found if self._is_shown(one)]
        except OSError as exc:
            raise UnreadablePath(f"{place[:200]!r}: {exc.strerror or exc}") from exc
        made = [self._entry(one) for one in seen]
        made.sort(key=lambda one: (not one.folder, one.name.casefold(), one.name))
        return made[:MOST_ENTRIES], max(0, len(made) - MOST_ENTRIES)

    def find(self, pattern: str) -> Iterator[Entry | None]:
        """Every file that *pattern* (``"reports/**/*.pdf"``) names, in order.

        None comes now and then while nothing is found, so that the caller can give up. Raises
        InvalidInput for a pattern that leads outside.
        """
        parts = [part for part in pattern.strip().replace("\\", "/").split("/") if part != "."]
        if pattern.startswith(("/", "~")) or ".." in parts:
            raise InvalidInput(
                "a pattern starts in the folder that is shown here, without / and .."
            )
        parts = [part for part in parts if part]
        if not parts:
            raise InvalidInput("write a pattern such as **/*.pdf")
        yield from self._matching(self.root, parts)

    def _matching(self, folder: Path, parts: list[str]) -> Iterator[Entry | None]:
        first, rest = parts[0], parts[1:]
        yield None
        if first == "**":
            yield from self._matching(folder, rest or ["*"])
        wanted = re.compile(translate(first), re.IGNORECASE).match
        try:
            with os.scandir(folder) as found:
                seen = sorted((one for one in found if self._is_shown(one)), key=lambda o: o.name)
        except OSError:
            return  # it went away, or is not ours to read: nothing of it is found
        for one in seen:
            is_folder = one.is_dir(follow_symlinks=False)
            if first == "**":
                if is_folder:
                    yield from self._matching(Path(one.path), parts)
            elif wanted(one.name):
                if not rest and not is_folder:
                    yield self._entry(one)
                elif rest and is_folder:
                    yield from self._matching(Path(one.path), rest)

    def _is_shown(self, one: os.DirEntry[str]) -> bool:
        if one.name.startswith(".") or self._hidden(one.name):
            return False
        try:
            if one.is_symlink():
                target = Path(one.path).resolve()
                return target.is_file() and target.is_relative_to(self.root)
            return one.is_dir() or one.is_file()
        except OSError:
            return False

    def _entry(self, one: os.DirEntry[str]) -> Entry:
        folder = one.is_dir(follow_symlinks=False)
        try:
            size = 0 if folder else one.stat().st_size
        except OSError:
            size = 0
        place = Path(one.path).relative_to(self.root).as_posix()
        return Entry(name=one.name, place=place, folder=folder, size=size)
