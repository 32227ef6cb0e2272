"""A paper in two columns: title, authors, abstract, sections, a figure, references."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, NextPageTemplate, PageTemplate
from reportlab.platypus.doctemplate import FrameBreak

from toolkit.samples.ledger import Author
from toolkit.samples.sample import Sample

__all__ = ["paper"]

_MARGIN, _GAP, _HEAD = 54.0, 18.0, 190.0
_COLUMN = (letter[0] - 2 * _MARGIN - _GAP) / 2
_BODY = letter[1] - 2 * _MARGIN


def _style(name: str, size: float, font: str = "Times-Roman", **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=size * 1.2, **more)


_STYLES = {
    "title": _style("title", 19, "Times-Bold", alignment=TA_CENTER, spaceAfter=10),
    "authors": _style("authors", 11.5, alignment=TA_CENTER, spaceAfter=2),
    "place": _style("place", 10, "Times-Italic", alignment=TA_CENTER, spaceAfter=12),
    "abstract": _style(
        "abstract", 9.5, alignment=TA_JUSTIFY, leftIndent=40, rightIndent=40, spaceAfter=8
    ),
    "label": _style("label", 10.5, "Times-Bold", alignment=TA_CENTER, spaceAfter=3, keepWithNext=1),
    "h1": _style("h1", 12, "Times-Bold", spaceBefore=9, spaceAfter=4, keepWithNext=1),
    "h2": _style("h2", 10.5, "Times-BoldItalic", spaceBefore=6, spaceAfter=3, keepWithNext=1),
    "body": _style("body", 10, alignment=TA_JUSTIFY, spaceAfter=5),
    "caption": _style("caption", 9, alignment=TA_JUSTIFY, spaceBefore=2, spaceAfter=9),
    "reference": _style("reference", 9, leftIndent=16, bulletIndent=0, bulletFontSize=9),
}


def paper(path: Path, dice: Random) -> Sample:
    """A paper on the gauging of rivers; long words break over lines with a hyphen."""
    author = Author(_STYLES)
    story = [
        author.text("heading", _TITLE, "title", level=1),
        author.text("paragraph", _AUTHORS, "authors"),
        author.text("paragraph", _PLACE, "place"),
        author.text("heading", "Abstract", "label", level=2),
        author.text("paragraph", _broken(_ABSTRACT), "abstract"),
        NextPageTemplate("later"),
        FrameBreak(),
    ]
    for heading, level, texts in _SECTIONS:
        story.append(author.text("heading", heading, f"h{level}", level=level + 1))
        story += [author.text("paragraph", _broken(text), "body") for text in texts]
        if heading.startswith("3"):
            story.append(author.drawn(_figure(dice), "chart", ""))
            story.append(author.text("caption", _broken(_CAPTION), "caption"))
    story.append(author.text("heading", "References", "h1", level=2))
    story.append(author.bullets(_REFERENCES, "reference", "[{}]"))
    _template(path, author).build(story)
    return Sample(path=path, truth=tuple(author.ledger.blocks), fields={"title": _TITLE})


def _template(path: Path, author: Author) -> BaseDocTemplate:
    def frame(column: int, height: float) -> Frame:
        left = _MARGIN + column * (_COLUMN + _GAP)
        return Frame(left, _MARGIN, _COLUMN, height, 0, 0, 0, 0)

    def below(canvas: Canvas, _: BaseDocTemplate) -> None:
        page = str(canvas.getPageNumber())
        canvas.setFont("Times-Roman", 9)
        canvas.drawCentredString(letter[0] / 2, 30, page)
        author.ledger.add(int(page), "page_footer", page)

    head = Frame(_MARGIN, letter[1] - _MARGIN - _HEAD, letter[0] - 2 * _MARGIN, _HEAD, 0, 0, 0, 0)
    short = _BODY - _HEAD - 10
    template = BaseDocTemplate(
        str(path), pagesize=letter, invariant=1, title=_TITLE, author=_AUTHORS
    )
    template.addPageTemplates(
        [
            PageTemplate("first", [head, frame(0, short), frame(1, short)], onPageEnd=below),
            PageTemplate("later", [frame(0, _BODY), frame(1, _BODY)], onPageEnd=below),
        ]
    )
    return template


def _figure(dice: Random) -> Drawing:
    """Two curves drawn as vectors: the water's level, and its estimate with some noise."""
    drawing = Drawing(_COLUMN, 130)
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 28, 24, _COLUMN - 40, 92
    hours = range(0, 49, 2)
    level = [(float(h), 2.0 + 0.9 * math.exp(-(((h - 20) / 9) ** 2))) for h in hours]
    plot.data = [level, [(h, v + dice.uniform(-0.08, 0.08)) for h, v in level]]
    plot.lines[0].strokeColor = colors.HexColor("#1d3557")
    plot.lines[1].strokeColor = colors.HexColor("#e76f51")
    plot.xValueAxis.valueStep = 12
    plot.yValueAxis.valueMin, plot.yValueAxis.valueStep = 1.5, 0.5
    drawing.add(plot)
    drawing.add(String(_COLUMN / 2, 2, "Hours since the storm", fontSize=8, textAnchor="middle"))
    return drawing


def _broken(text: str) -> str:
    """*text* with soft hyphens in its long words, where a line may break."""
    for word in _BREAKS:
        text = text.replace(word.replace("-", ""), word.replace("-", "\u00ad"))
    return text


_BREAKS = (
    "meas-ure-ments",
    "measure-ment",
    "dis-charge",
    "uncer-tainty",
    "esti-mates",
    "esti-mate",
    "cali-bration",
    "hydro-graph",
    "sur-face",
    "veloc-ity",
    "obser-vations",
    "cross-section",
    "sedi-ment",
    "authori-ties",
    "pres-sure",
    "repeat-edly",
    "inde-pendent",
    "con-sidered",
    "simulta-neously",
    "simul-taneous",
    "insuffi-cient",
    "tempera-ture",
    "perma-nent",
    "instru-ments",
    "corre-sponding",
)
_TITLE = "Gauging Small Rivers Through a Storm with Two Cheap Sensors"
_AUTHORS = "Ingrid Halvorsen, Tomas Lindqvist, Maeve O'Connell"
_PLACE = "Institute of Applied Hydrology, Trondheim"
_ABSTRACT = (
    "The discharge of small rivers is known worst when it matters most. Permanent stations are "
    "built for the ordinary year, and during a storm the surface rises above the range for which "
    "they were calibrated. We pair a pressure sensor on the bed with a radar that looks at the "
    "surface, and let each correct the other. Over nineteen storms at four sites the combined "
    "estimates stay within seven per cent of measurements taken from a boat, at a cost of less "
    "than six hundred euros a site."
)
_CAPTION = (
    "Figure 1: Water level in metres at the lower site, observed (dark) and as combined from both "
    "instruments (light), over two days in November."
)
_SECTIONS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    (
        "1 Introduction",
        1,
        (
            (
                "Most rivers are small, and most of them have no gauge. Where there is one, a "
                "rating curve turns the level of the water into a discharge. The curve rests on "
                "measurements that were made by hand, repeatedly and in calm weather, so that it "
                "must be extended far beyond the observations as soon as a flood comes."
            ),
            (
                "The uncertainty of such an extension is seldom stated. Authorities that plan for "
                "floods take the hydrograph as it is, although independent studies found errors "
                "of a third and more at the peak [1]."
            ),
            (
                "This paper asks how far one comes with two cheap instruments that fail in "
                "different ways. A pressure sensor drifts with temperature and is buried by "
                "sediment; a radar is disturbed by rain and wind, but is never under water."
            ),
        ),
    ),
    (
        "2 Method",
        1,
        (
            (
                "Both instruments report every five minutes. Neither is considered the truth. A "
                "filter keeps an estimate of the level and of the bias of each sensor, and weighs "
                "every new measurement by how well it agreed over the last hours."
            ),
        ),
    ),
    (
        "2.1 Sites",
        2,
        (
            (
                "Four sites were chosen with a stable cross section and a bridge from which a "
                "boat can be held. Their catchments cover 12 to 140 square kilometres. At each of "
                "them the velocity of the surface was measured simultaneously with the level."
            ),
            (
                "Each site was visited within six hours of the peak. The visits gave 57 "
                "measurements of discharge, of which 11 lie above the range of the existing curve."
            ),
        ),
    ),
    (
        "2.2 Calibration",
        2,
        (
            (
                "The bias of the pressure sensor was found from dry weeks, when level and "
                "temperature change slowly. Ten days are enough; three proved insufficient. The "
                "radar needs no calibration other than its height above a fixed mark."
            ),
        ),
    ),
    (
        "3 Results",
        1,
        (
            (
                "Figure 1 shows one of the storms. The combined level follows the observations "
                "within eight centimetres, also in the six hours in which sediment covered the "
                "pressure sensor and its own estimate was half a metre too high."
            ),
        ),
    ),
    (
        "4 Discussion",
        1,
        (
            (
                "What limits the method is not the instruments but the bed. After two of the "
                "storms the cross section had changed, and the corresponding discharge was wrong "
                "by more than a tenth although the level was right. A simultaneous measurement of "
                "surface velocity reveals such changes, and we recommend it wherever a bridge "
                "allows for it."
            ),
            (
                "Costs are dominated by travel. A site that reports its own uncertainty is visited "
                "when it is worth it, which has cut our visits by half."
            ),
            (
                "The filter knows nothing of hydraulics. A model of the reach would tell a rising "
                "river from a blocked bridge, but it would need a survey of each site, and it "
                "would fail where the survey is out of date. We prefer a method whose faults are "
                "seen in its own data."
            ),
            (
                "Ice was left out. Two of the sites freeze in most winters, and neither of the "
                "instruments then measures what moves below. The winter records are kept, marked, "
                "and excluded from every figure given here."
            ),
        ),
    ),
    (
        "5 Conclusion",
        1,
        (
            (
                "Two sensors that fail in different ways are better than one that seldom fails. "
                "The data of all storms and the filter are available from the authors."
            ),
        ),
    ),
)
_REFERENCES = (
    "A. Berg and J. Moen. Floods beyond the rating curve. Journal of River Studies, 12(3), 2019.",
    "S. Carver. Radar levels in rain. Proceedings of the Gauging Workshop, 44-51, 2021.",
    "L. Duarte, P. Esposito and K. Holm. Cheap sensors for small catchments. Water Notes, 8, 2023.",
)
