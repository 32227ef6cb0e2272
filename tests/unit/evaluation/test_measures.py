"""Headings, characters, trust, calibration and folds: what each counts and what it forgives."""

from __future__ import annotations

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfgen.canvas import Canvas

from toolkit.document.blocks import (
    Caption,
    Cell,
    Heading,
    Image,
    Paragraph,
    Proof,
    Table,
    TextSource,
)
from toolkit.errors import DamagedFile, InvalidInput
from toolkit.evaluation import (
    Characters,
    Found,
    Judged,
    Labels,
    Scores,
    calibration,
    characters,
    folds,
    headings,
    judged,
    layer_of,
    measured,
    summary,
    trust,
)
from toolkit.evaluation.calibration import BINS
from toolkit.evaluation.differences import MOST_WORDS, differences

LABELS = "# The Count\n\nFoxes were well-\nknown.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"


def test_headings_are_found_by_their_text():
    found = headings("## The  Count\n\n# Foxes\n\n# Foxes", "# The Count\n\n# Foxes\n\n# Dogs")
    assert found == Found(right=2, said=3, wanted=3)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    # A heading that is broken over two lines is two that nobody wrote.
    assert headings("# The\n\n# Count", "# The Count") == Found(right=0, said=2, wanted=1)
    nothing = headings("words", "words")
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_characters_do_not_mind_the_order_of_lines():
    truth = "the first line\nand the second\nthe third of them"
    assert characters("the third of them and the second\nthe first line", truth) == Characters(
        wanted=sum(len(line.replace(" ", "")) for line in truth.split("\n"))
    )


def test_characters_tell_what_was_missed_from_what_was_misread():
    truth = "eleven letters\nfoxes at dawn\nsomething else"
    found = characters("e1even letters\nfoxes at dawn\nlegend", truth)
    assert (found.wanted, found.errors, found.missed, found.extra) == (37, 1, 13, 6)
    assert found.found_error_rate == pytest.approx(1 / 24)
    assert found.missed_share == pytest.approx(13 / 37)
    assert found.error_rate == pytest.approx(14 / 37)
    assert Characters().error_rate is None
    assert (found + found).errors == 2


def test_a_line_that_stands_there_once_is_found_once():
    assert characters("the same line", "the same line\nthe same line").missed == 11
    assert characters("ab", "ab\nab").missed == 2


@given(st.text("ab -\n", max_size=40), st.text("ab -\n", max_size=40))
@settings(max_examples=200, deadline=None)
def test_counts_of_characters_hang_together(read, truth):
    found = characters(read, truth)
    assert 0 <= found.missed <= found.wanted
    assert found.errors >= 0
    assert found.extra >= 0
    assert characters(truth, truth).error_rate in (None, 0.0)


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(70, 700, "Foxes were counted at dawn.")
    canvas.save()
    return path


def test_what_is_verified_and_stands_in_no_file_is_an_exception(page):
    layers = layer_of(page)
    document = made.document(
        [
            made.block(Paragraph, text="Foxes were counted at dawn."),
            made.block(Paragraph, text="Foxes and wolves."),
            made.block(Paragraph, text="wolves", text_source=TextSource.INFERRED, proof=None),
            made.block(Paragraph, text="wolves", proof=Proof.FAITHFULNESS_CHECK),
            made.block(
                Table,
                headers=(),
                rows=(("dawn.", "dusk"),),
                cells=(Cell(row=0, column=0, text="dawn."), Cell(row=0, column=1, text="dusk")),
            ),
        ]
    )
    found = trust(document, layers)
    assert (found.blocks, found.verified) == (5, 4)
    assert [said.rpartition(": ")[2] for said in found.exceptions] == [
        "and",
        "read twice beside a text layer",
        "dusk",
    ]
    assert found.verified_share == pytest.approx(1 - 6 / found.characters)
    # Of a picture there is nothing to look the words up in.
    assert trust(document, None).exceptions == ()
    assert trust(document, [""]).exceptions[-1].endswith("dawn.")
    assert len((found + found).exceptions) == 6


def test_the_layer_of_what_is_no_pdf(tmp_path):
    path = tmp_path / "no.pdf"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DamagedFile):
        layer_of(path)


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        (made.block(Heading, text="The Count"), True),
        (made.block(Paragraph, text="The Count"), False),
        (made.block(Heading, text="Foxes were well-known."), False),
        (made.block(Paragraph, text="Foxes were wellknown."), True),
        (made.block(Caption, text="Foxes were well-known."), True),
        (made.block(Paragraph, text="Foxes were asleep."), False),
        (made.block(Table, headers=("a", "b"), rows=(("1", "2"),)), True),
        (made.block(Table, headers=("c", "d"), rows=(("3", "4"),)), False),
        (made.block(Image, alt="The Count"), None),
        (made.block(Paragraph, text="  "), None),
    ],
)
def test_what_is_right(block, verdict):
    found = list(judged(made.document([block]), Labels(LABELS)))
    assert [one.right for one in found] == ([] if verdict is None else [verdict])


def test_one_character_in_fifty_may_differ():
    text = "Foxes were counted at dawn in each of the nine valleys of the upper province, they say."
    labels = Labels(text)
    [near] = judged(made.document([made.block(Paragraph, text=text.replace("x", "s"))]), labels)
    [far] = judged(made.document([made.block(Paragraph, text=text.replace("e", "c"))]), labels)
    assert near.right
    assert not far.right
    # What a page says besides its labels counts, too.
    [layer] = judged(made.document([made.block(Paragraph, text="legend")]), Labels(text, "legend"))
    assert layer.right


def test_the_reliability_table():
    blocks = [Judged(0.92, right=True), Judged(0.94, right=False), Judged(1.0, right=True)]
    found = calibration([*blocks, Judged(0.3, right=False)])
    assert [one.blocks for one in found.bins] == [1, 0, 0, 0, 2, 1]
    assert found.bins[4].said == pytest.approx(0.93)
    assert found.bins[4].right == 0.5
    assert found.expected_error == pytest.approx((0.3 + 2 * 0.43) / 4)
    assert found.squared_error == pytest.approx((0.09 + 0.0064 + 0.8836) / 4)
    assert calibration([]).expected_error is None


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_every_block_is_in_one_bin(pairs):
    found = calibration([Judged(said, right=right) for said, right in pairs])
    assert sum(one.blocks for one in found.bins) == found.blocks == len(pairs)
    assert len(found.bins) == len(BINS) - 1
    assert 0.0 <= found.expected_error <= 1.0


def test_folds_keep_neighbours_together():
    pages = {f"{at:02}": Scores(overall=1.0 if at < 5 else 0.5) for at in range(10)}
    found = folds(pages, 2)
    assert [part.overall for part in found.parts] == [1.0, 0.5]
    assert (found.lowest, found.highest) == (0.5, 1.0)
    assert found.error == pytest.approx(found.spread / 2**0.5)
    for number in (1, 11):
        with pytest.raises(InvalidInput):
            folds(pages, number)


def test_a_page_and_all_pages():
    document = made.document(
        [made.block(Heading, text="The Count", level=1), made.block(Paragraph, text="Foxes.")]
    )
    page = measured(document, LABELS, spoken="The Count\nFoxes.")
    assert page.characters.error_rate == 0.0
    assert page.headings == Found(right=1, said=1, wanted=1)
    assert [one.right for one in page.blocks] == [True, True]
    whole = summary([page, measured("", LABELS)])
    assert whole.headings == Found(right=1, said=1, wanted=2)
    assert whole.trust.blocks == whole.calibration.blocks == 2
    assert whole.characters == page.characters
    plain = summary([measured("# The Count", LABELS)])
    assert (plain.trust, plain.calibration, plain.characters) == (None, None, None)


def test_the_words_of_a_spanning_cell_are_said_once():
    cells = (Cell(row=0, column=0, text="North", column_span=2),)
    table = made.block(Table, headers=("North", "North"), rows=(), header_rows=1, cells=cells)
    found = measured(made.document([table]), "", spoken="North")
    assert found.characters == Characters(wanted=5)
    written = measured("<table><tr><td>North</td></tr></table>", "", spoken="North")
    assert written.characters == Characters(wanted=5)


def test_differences_give_both_texts_back():
    wanted, read = differences("foxes at\ndawn <b>", "foxes in dawn")
    assert "".join(piece.text for piece in wanted) == "foxes at\ndawn <b>"
    assert "".join(piece.text for piece in read) == "foxes in dawn"
    assert [piece.text for piece in read if not piece.same] == ["in"]
    assert "at" in [piece.text for piece in wanted if not piece.same]
    long = "a " * MOST_WORDS
    assert [piece.same for piece in differences(long, "b")[0]] == [True]
