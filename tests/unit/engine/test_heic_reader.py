"""HEIC photographs: read where pi-heif is installed, refused with a command where it is not."""

from __future__ import annotations

import base64
import random
import sys
from contextlib import suppress

import pytest

from toolkit.engine.options import ParseOptions
from toolkit.engine.pipeline import parse
from toolkit.engine.readers import image
from toolkit.engine.source import READABLE, Source, sniffed
from toolkit.errors import DamagedFile, ImageTooLarge, MissingExtra, PageUnreadable

# 480 by 160 pixels that say "Net revenue 4711"; made for this test.
WORDS = base64.b64decode(
    """
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA
AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABegABAAAAAAAAA24AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA
AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAPPAA/P34
+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAPLoCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwA8oA8IChZbqSSm
ubgIaDAgAAADAyAAAAMAIWIAAQAHRAHBcrBiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAAHgAAAA
oAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAA3ZtZGF0AAADaigBrwhYoxqSgPkqGk7j
8c3hBl/lL5ThIzwxLcAw7qu8vjEhZj1smJX/StcJ5z+LYL2Uh96f+bcsCWnzPHjTo6qZ8pWkjgAAAwOHaAtSRE5X
fezk4FXcQrEe/sKjVxC6kdD8COj5kW+UBbpN70QN8jDfPy2G+jEHZe79KgNnUmTeYqFMuS3XkXMwJIFWCeOwseRJ
Ha9m4eVq1W/GyuT4Y0KGWmnOk8XWdO8GOeOieSUwPA48GQYEUxYzf1pK4STF7kABiMXg8EJY31saKeV6D9g1v//8
0pSppbzelzJpKkM1kKz6if1iszRtzwdYlQGeJEyEMXSE51GkXx6Q1s+9rqVclEglTgk85pyBL117MJ8HvUUkycG8
k5QXnZZfLB8muGhSccrsYOymyrjCu2UoXtwb5k/rfSi+3dwEhbxRjzqiwBwgZU8KBS+mbxqSmMlo0rNQkiVLhVZ7
8pLnbkXf5O0+UwBU0ZuKFij4VYlBLP122Zd3RgYCmUyJOiQfGKWR+0vaEBeh22bCQkwlBjTK48GZzPWr6T3Wtfmd
wXTteDDay9PVMQd5KUKp3JkJmyaZQgH1bWzzfb0XBBAh/kKtmgAVV2qzIlzwHFrFofqp0HS/xiBavTQU8QaxvNoT
1SCqYImjHqFc3JsHIrt8ndtu0vbet3ZRFvD+m/vepUdZokxcwBEhZo4wvmdTDm5hmfbL2ve+bbnk4FlSPDpsUzMK
KhL2ET+Oi76DhPq5THNeb8MsLfJ9VwUsDjMr3EwEVLEGiE7V3NZtAtbBPAc8dMQT3CMmxk1abjUUZq/RuQS4M+/R
Z+kezwKfjITQyQkT7OjYrTE3HN0Zgr74wq9DeAsZRRfnpl6Gbiu7LA9HwG5U67Zk5VOouZeuir1jn8Si2KsK/LwI
Xy75SzhflyZTf/SaF2mMUBPuzmSOoGE+SMe0z5LpGv/XDXE+Cx/x1wgvf74THpNWlJZ6Mhv9mngJnJb0Nn0eH+Z3
w8jqzh1z1Ry4uJm5P6N4KI5S7N+Pm8qlC0t5Og8cq5LxGcS8YqRQ6hmUHpS7ieTUiQ26Mi2ak96E4HKF6QX+aRvO
ZsQGFpDWL0DQforUzSe/QXHRptGux99IYWMOdKusWrPYjgMDWu5j7wokbrKovheJKTqpv6ixjZV3KAAB4b9hDWAA
Awo=
"""
)


def test_it_is_told_by_its_bytes():
    assert sniffed(WORDS) == "image/heic"
    assert "image/heic" in READABLE
    assert sniffed(b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf" + bytes(60)) == "image/avif"


def test_it_is_a_page_as_large_as_it_says():
    pytest.importorskip("pi_heif")
    picture = image.page_image(WORDS, 1)
    assert (picture.mode, picture.size) == ("RGB", (480, 160))
    # White paper with dark words on it.
    assert picture.getpixel((5, 5)) > (240, 240, 240)
    assert min(picture.convert("L").tobytes()) < 60
    document = parse(Source.from_bytes(WORDS, "a.heic"), ParseOptions(ocr="never"))
    assert document.source.kind == "image"
    assert document.source.page_count == 1


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(MissingExtra, match=r"pip install 'pagequeue\[heic\]'"):
        parse(Source.from_bytes(WORDS, "a.heic"), ParseOptions())


@pytest.mark.parametrize("kept", [60, 600, len(WORDS) - 200])
def test_a_cut_off_one_is_damaged(kept):
    pytest.importorskip("pi_heif")
    with pytest.raises(DamagedFile):
        parse(Source.from_bytes(WORDS[:kept], "a.heic"), ParseOptions(ocr="never"))


def test_one_that_says_it_is_vast_is_not_decoded():
    pytest.importorskip("pi_heif")
    place = WORDS.index(b"ispe") + 8
    vast = WORDS[:place] + (20_000).to_bytes(4, "big") * 2 + WORDS[place + 8 :]
    with pytest.raises((ImageTooLarge, DamagedFile)):
        parse(Source.from_bytes(vast, "a.heic"), ParseOptions(ocr="never"))


@pytest.mark.parametrize("side", [1, 16, 7000])
def test_one_that_says_another_size_than_it_has_is_unreadable(side):
    pytest.importorskip("pi_heif")
    at = WORDS.index(b"ispe") + 8
    lying = WORDS[:at] + 2 * side.to_bytes(4, "big") + WORDS[at + 8 :]
    with pytest.raises(PageUnreadable):
        image.page_image(lying, 1)


def test_a_spoilt_one_is_told_so():
    pytest.importorskip("pi_heif")
    chance = random.Random(5)
    for _ in range(300):
        spoilt = bytearray(WORDS)
        for _ in range(chance.choice((1, 3, 20))):
            spoilt[chance.randrange(8, len(WORDS))] = chance.randrange(256)
        with suppress(DamagedFile, PageUnreadable, ImageTooLarge):
            image.page_image(bytes(spoilt), 1)
