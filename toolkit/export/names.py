"""File names that every system takes, made from names that nobody has checked."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["Names", "safe_stem"]

# Under the 143 bytes that the tightest file systems in use (encrypted home folders) take, with
# room for a number and a suffix.
_LONGEST_STEM = 112

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Control and formatting characters (which can turn text round), half surrogate pairs, private
# and unassigned ones.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])", re.IGNORECASE)


def safe_stem(name: str) -> str:
    """The stem of the file name *name*, as one that Linux, macOS and Windows all take.

    >>> safe_stem("../../etc/Net: revenue?.pdf"), safe_stem("con.txt"), safe_stem("C:\\\\")
    ('Net_ revenue_', '_con', 'document')
    """
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, _ = last.rpartition(".")
    text = unicodedata.normalize("NFC", stem if dot and stem.strip(". ") else last)
    text = "".join(" " if char.isspace() else char for char in text)
    text = "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)
    text = _shortened(_FORBIDDEN.sub("_", " ".join(text.split())))
    # A leading dash would be an option to many a command.
    text = re.sub(r"^-", "_", text)
    if _RESERVED.fullmatch(text.split(".")[0].strip()):
        text = "_" + text
    return text or "document"


def _shortened(text: str) -> str:
    """*text* within the length, without dots and spaces at its ends, which Windows drops."""
    short = text.strip(". ").encode()[:_LONGEST_STEM].decode(errors="ignore")
    return short.strip(". ")


class Names:
    """Gives safe names, none of them twice, also where case and accents do not count."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, name: str, suffix: str) -> str:
        """A name for the file that stands for *name*; the second "a.pdf" gets "a-2" and so on."""
        stem = safe_stem(name)
        found, key = stem, _key(stem)
        number = self._last.get(key, 1)
        while _key(found) in self._taken:
            number += 1
            found = f"{stem}-{number}"
        self._last[key] = number
        self._taken.add(_key(found))
        return found + suffix


def _key(stem: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", stem).casefold())
