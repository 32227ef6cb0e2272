"""Old PowerPoint files: LibreOffice converts them where it is installed, held to time and place.

A PPT cannot be written here, so the files of most tests are only told to be some: what is tested is
how another program is run. The last test has LibreOffice write a real one, where it is installed.
"""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from pptx import Presentation

from toolkit.document.blocks import Heading
from toolkit.document.text import text_of
from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers import ppt
from toolkit.engine.source import PPT, Source, sniffed
from toolkit.errors import DamagedFile, JobTimeout, MissingExtra, PasswordProtected

OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
SLIDES = OLD + "PowerPoint Document".encode("utf-16-le") + bytes(400)
PLAIN = ParseOptions(ocr="never")


def deck(*texts: str) -> bytes:
    slides = Presentation()
    for text in texts:
        slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = text
    held = io.BytesIO()
    slides.save(held)
    return held.getvalue()


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A program in LibreOffice's place that does what a test writes."""
    program = tmp_path / "soffice"

    def write(does: str) -> None:
        body = textwrap.dedent(does)
        program.write_text(f"#!{sys.executable}\nimport os, subprocess, sys, time\n{body}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(ppt, "office", lambda: str(program))

    return write


def old(content: bytes = SLIDES, name: str = "old.ppt") -> Source:
    return Source.from_bytes(content, name)


def test_it_is_told_from_other_old_files_by_its_bytes():
    assert sniffed(SLIDES) == PPT
    assert sniffed(OLD) != PPT


def test_without_libreoffice_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(ppt, "office", lambda: None)
    with pytest.raises(MissingExtra, match=r"install LibreOffice.*or save it as PPTX"):
        parse(old(), PLAIN)


def test_an_encrypted_one_says_so():
    with pytest.raises(PasswordProtected, match=r"secret\.ppt is encrypted"):
        parse(old(SLIDES + b"\xdf\xc4\xd1\xf3", "secret.ppt"), PLAIN)


def test_what_is_converted_keeps_its_name_and_hash(stand_in, tmp_path):
    (tmp_path / "made.pptx").write_bytes(deck("First", "Second"))
    stand_in(
        f"""
        args = sys.argv[1:]
        out = args[args.index("--outdir") + 1]
        profile = next(a for a in args if a.startswith("-env:UserInstallation=file://"))
        assert profile.startswith("-env:UserInstallation=file://" + out), profile
        assert "--headless" in args and os.environ["HOME"] == out
        rules = open(out + "/profile/user/registrymodifications.xcu").read()
        assert "DisableMacrosExecution" in rules
        assert args[-1] == out + "/slides.ppt"
        assert open(args[-1], "rb").read(4) == b"\\xd0\\xcf\\x11\\xe0"
        open(out + "/slides.pptx", "wb").write(open({str(tmp_path / "made.pptx")!r}, "rb").read())
        """
    )
    source = old(name="--outdir=x; rm.ppt")
    document = parse(source, PLAIN)
    assert [text_of(page.blocks[0]) for page in document.pages] == ["First", "Second"]
    assert document.source.filename == "--outdir=x; rm.ppt"
    assert document.source.file_hash == f"sha256:{source.sha256}"


@pytest.mark.parametrize(
    "does",
    ["print('Error: source file could not be loaded')", "sys.exit(1)", "os.kill(os.getpid(), 9)"],
)
def test_one_that_cannot_be_converted_is_damaged(stand_in, does):
    stand_in(does)
    with pytest.raises(DamagedFile, match="LibreOffice cannot read it"):
        parse(old(), PLAIN)


def test_what_is_no_presentation_is_not_read_on(stand_in):
    stand_in(
        """
        out = sys.argv[sys.argv.index("--outdir") + 1]
        open(out + "/slides.pptx", "wb").write(b"%PDF-1.4")
        """
    )
    with pytest.raises(DamagedFile):
        parse(old(), PLAIN)


def test_a_program_that_does_not_end_is_ended_with_all_that_it_started(stand_in, tmp_path):
    note = tmp_path / "pid"
    stand_in(
        f"""
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open({str(note)!r}, "w").write(str(other.pid))
        time.sleep(600)
        """
    )
    with pytest.raises(JobTimeout, match="LibreOffice took more than 3 s"):
        ppt.as_pptx(old(), 3)
    pid, until = int(note.read_text()), time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_nothing_is_left_lying_about(stand_in, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    Path(tmp_path / "temporary").mkdir()
    stand_in("open('left', 'w').write('x')")
    with pytest.raises(DamagedFile):
        ppt.as_pptx(old(), 20)
    assert not list((tmp_path / "temporary").iterdir())


def test_it_is_told_nothing_of_the_session(stand_in, tmp_path, monkeypatch):
    monkeypatch.setenv("PAGEQUEUE_TOKEN", "a secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@localhost:1")
    note = tmp_path / "environment"
    stand_in(f"open({str(note)!r}, 'w').write(repr(dict(os.environ)))")
    with pytest.raises(DamagedFile):
        ppt.as_pptx(old(), 20)
    assert "HOME" in note.read_text()
    assert "secret" not in note.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds another process's files")
def test_no_file_that_it_writes_fills_the_disk(stand_in, tmp_path, monkeypatch):
    monkeypatch.setattr(ppt, "_MOST_BYTES", 2**20)
    note = tmp_path / "size"
    stand_in(
        f"""
        time.sleep(0.5)
        try:
            with open("large", "wb", buffering=0) as file:
                for _ in range(64):
                    file.write(bytes(2**18))
        finally:
            open({str(note)!r}, "w").write(str(os.path.getsize("large")))
        """
    )
    with pytest.raises(DamagedFile):
        ppt.as_pptx(old(), 20)
    assert int(note.read_text()) <= 2**20


def test_one_that_ended_by_itself_is_not_ended_again(stand_in, monkeypatch):
    # Its number may be another process's by then.
    killed = []
    monkeypatch.setattr(ppt.os, "kill", lambda pid, _: killed.append(pid))
    monkeypatch.setattr(subprocess.Popen, "kill", lambda self: killed.append(self.pid))
    stand_in("sys.exit(0)")
    with pytest.raises(DamagedFile):
        ppt.as_pptx(old(), 20)
    assert killed == []


@pytest.mark.skipif(ppt.office() is None, reason="LibreOffice is not installed")
@pytest.mark.timeout(180)
def test_a_real_one_is_read(tmp_path):
    slides = Presentation(io.BytesIO(deck("Results of the year", "Outlook")))
    slides.slides[1].notes_slide.notes_text_frame.text = "Slowly"
    slides.save(tmp_path / "a.pptx")
    command = [ppt.office(), "--headless", f"-env:UserInstallation={tmp_path.as_uri()}/profile"]
    command += ["--convert-to", "ppt", "--outdir", str(tmp_path), str(tmp_path / "a.pptx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    document = parse(Source.from_path(tmp_path / "a.ppt"), PLAIN)
    said = [text_of(block) for block in document.blocks]
    assert said == ["Results of the year", "Outlook", "Slowly"]
    assert [type(block) for block in document.pages[0].blocks] == [Heading]
