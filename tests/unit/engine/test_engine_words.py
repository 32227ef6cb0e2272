"""Glyphs become words and lines: nothing is lost, and nothing is invented."""

from __future__ import annotations

from engine_made import WIDTH, both, glyphs, pdf, prose, text

from toolkit.engine.words import find_lines


def lines_of(content: bytes) -> list[str]:
    return [line.text for line in find_lines(glyphs(content))]


def test_lines_and_words():
    assert lines_of(pdf(text(["One two three", "Four, five"]))) == ["One two three", "Four, five"]


def test_words_without_space_glyphs_are_parted_by_their_gaps():
    def paint(canvas):
        x = 70.0
        for word in ("Words", "set", "apart", "alone"):
            canvas.setFont("Helvetica", 11)
            canvas.drawString(x, 700, word)
            x += canvas.stringWidth(word, "Helvetica", 11) + 3.2

    assert lines_of(pdf(paint)) == ["Words set apart alone"]


def test_columns_are_lines_of_their_own():
    found = lines_of(pdf(both(text(prose(3, 5)), text(prose(3, 5, 20), x=330))))
    assert sorted(found) == sorted(prose(3, 5) + prose(3, 5, 20))


def test_raised_signs_stay_in_their_line():
    def paint(canvas):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(70, 700, "as was shown")
        x = 70 + canvas.stringWidth("as was shown", "Helvetica", 11)
        canvas.setFont("Helvetica", 6)
        canvas.drawString(x, 704, "12")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(x + 10, 700, "before")

    assert lines_of(pdf(paint)) == ["as was shown12 before"]


def test_text_painted_twice_to_look_bold_is_said_once():
    def paint(canvas):
        canvas.setFont("Helvetica", 12)
        for shift in (0, 0.3):
            canvas.drawString(70 + shift, 700, "Balloon")

    assert lines_of(pdf(paint)) == ["Balloon"]


def test_text_on_its_side():
    def paint(canvas):
        canvas.setFont("Helvetica", 12)
        for angle, word in ((90, "Upward goes"), (270, "Downward goes"), (180, "Overhead goes")):
            canvas.saveState()
            canvas.translate(300, 400)
            canvas.rotate(angle)
            canvas.drawString(20, 0, word)
            canvas.restoreState()

    found = {line.text: line.angle for line in find_lines(glyphs(pdf(paint)))}
    assert found == {"Upward goes": 90, "Downward goes": 270, "Overhead goes": 180}


def test_nothing_is_lost_and_every_glyph_is_used_once():
    found = glyphs(pdf(both(text(prose(30)), text(prose(10, 4), x=500, size=7))))
    used = [index for line in find_lines(found) for index in line.glyphs]
    assert len(used) == len(set(used))
    assert sorted(used) == [i for i, char in enumerate(found.text) if not char.isspace()]


def test_what_lies_off_the_page_or_is_too_small_is_left_out():
    found = lines_of(
        pdf(both(text(["Seen"]), text(["Off"], x=WIDTH + 50), text(["Dust"], y=400, size=0.4)))
    )
    assert found == ["Seen"]


def test_lines_from_right_to_left_are_read_so_with_their_numbers():
    from dataclasses import replace

    # "agaf: 12 (Shalom)" as it is painted, from left to right.
    painted = "mols 12 :fga"
    letters = dict(zip("molsfga", "\u05dd\u05d5\u05dc\u05e9\u05e3\u05d2\u05d0", strict=True))
    found = glyphs(pdf(text([painted], size=12)))
    hebrew = replace(found, text="".join(letters.get(char, char) for char in found.text))
    [line] = find_lines(hebrew)
    back = {value: key for key, value in letters.items()}
    assert "".join(back.get(char, char) for char in line.text) == "agf: 12 slom"
