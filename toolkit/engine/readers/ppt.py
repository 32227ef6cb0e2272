"""PowerPoint's old binary files: LibreOffice, where it is installed, makes a PPTX of them.

It runs as a process of its own inside the child that parses: with a folder of its own for all that
it writes, without macros and without following links, and for so long only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from toolkit.engine.source import PPTX, Source, sniffed
from toolkit.errors import DamagedFile, JobTimeout, MissingExtra, PasswordProtected

__all__ = ["as_pptx", "office"]

LONGEST: Final = 0.75
"""The share of a job's deadline that the conversion may take. Seconds: 3 cold, 1.5 warm."""
_MOST_BYTES: Final = 512 * 2**20
# What it is told of this machine: no token, no proxy, and nothing of the session's.
_TOLD: Final = (
    *("PATH", "LD_LIBRARY_PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "FONTCONFIG_FILE"),
    *("FONTCONFIG_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "NUMBER_OF_PROCESSORS"),
)
_NAMES: Final = ("soffice", "libreoffice", "soffice.exe")
_PLACES: Final = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    r"C:\Program Files\LibreOffice\program\soffice.exe",
)
# The current user's record says by this that all others are encrypted ([MS-PPT] 2.3.2).
_ENCRYPTED: Final = b"\xdf\xc4\xd1\xf3"
_NEVER_RUN: Final = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop>
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop>
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop>
</item></oor:items>
"""


def office() -> str | None:
    """LibreOffice's program, if it is installed."""
    found = (shutil.which(name) for name in _NAMES)
    places = (place for place in _PLACES if Path(place).is_file())
    return next((path for path in (*found, *places) if path), None)


def as_pptx(source: Source, seconds: float) -> Source:
    """*source*, an old PowerPoint file, as a PPTX under its own name and hash.

    Raises MissingExtra without LibreOffice, PasswordProtected, JobTimeout after *seconds*, and
    DamagedFile where LibreOffice cannot read it.
    """
    if _ENCRYPTED in source.bytes():
        raise PasswordProtected(f"{source.filename} is encrypted; save it without its password")
    program = office()
    if program is None:
        raise MissingExtra(
            f"{source.filename} is an old PowerPoint file: install LibreOffice (on Debian: apt "
            "install libreoffice-impress), which converts it, or save it as PPTX first"
        )
    with tempfile.TemporaryDirectory(prefix="ppt-", ignore_cleanup_errors=True) as place:
        content = _converted(program, source, Path(place), seconds)
    return Source(
        filename=source.filename,
        sha256=source.sha256,
        size=source.size,
        media_type=PPTX,
        _content=content,
    )


def _converted(program: str, source: Source, place: Path, seconds: float) -> bytes:
    profile = place / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_NEVER_RUN, "utf-8")
    # The name is ours: what somebody called the file is no argument of a command.
    (place / "slides.ppt").write_bytes(source.bytes())
    command = [
        *(program, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
        *(f"-env:UserInstallation={profile.as_uri()}", "--convert-to", "pptx"),
        *("--outdir", str(place), str(place / "slides.ppt")),
    ]
    said = _run(command, place, seconds)
    try:
        made = place / "slides.pptx"
        content = made.read_bytes() if made.stat().st_size <= _MOST_BYTES else b""
    except OSError:
        content = b""
    if sniffed(content) != PPTX:
        raise DamagedFile(f"{source.filename}: LibreOffice cannot read it: {said or 'no reason'}")
    return content


def _run(command: list[str], place: Path, seconds: float) -> str:
    """The last line that *command* said. Raises JobTimeout and DamagedFile."""
    with (place / "said").open("w+b") as noise:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=noise,
                stderr=noise,
                cwd=place,
                env=_environment(place),
            )
            _bounded(process)
        except OSError as exc:
            raise DamagedFile(f"LibreOffice cannot be started: {exc}") from exc
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise JobTimeout(
                f"LibreOffice took more than {seconds:g} s to convert the file"
            ) from None
        finally:
            _end(process)
        noise.seek(0)
        lines = noise.read(2**16).decode("utf-8", "replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _environment(place: Path) -> dict[str, str]:
    own = ("HOME", "TMPDIR", "TEMP", "TMP")
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    return {**told, **dict.fromkeys(own, str(place)), "SAL_USE_VCLPLUGIN": "svp"}


def _bounded(process: subprocess.Popen[bytes]) -> None:
    """No file that it writes grows beyond what is read of it, where the system can see to that."""
    import psutil

    with suppress(AttributeError, psutil.Error, OSError):
        psutil.Process(process.pid).rlimit(psutil.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End *process* with all that it started, unless it ended by itself."""
    # Its program is a script that starts another: they go together.
    import psutil

    if process.poll() is not None:
        # Its number may be another's by now.
        return
    with suppress(psutil.Error):
        for one in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.Error):
                one.kill()
    process.kill()
    process.wait()
