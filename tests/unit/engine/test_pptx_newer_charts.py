"""Waterfalls, treemaps and their like: charts of the newer kind, as Office writes them."""

from __future__ import annotations

from lxml import etree

from toolkit.engine.readers.pptx_charts import newer_chart_of
from toolkit.engine.slides_marks import ChartMark, Script


def titled(*runs: str, value: str = "") -> str:
    """A title as Office writes it: in one piece, and again in the runs in which it is set."""
    text = "".join(f"<a:r><a:t>{run}</a:t></a:r>" for run in runs)
    value = f"<cx:tx><cx:txData><cx:v>{value}</cx:v></cx:txData></cx:tx>" if value else ""
    return f"<cx:title>{value}<cx:txPr><a:bodyPr/><a:p>{text}</a:p></cx:txPr></cx:title>"


def chart(title: str = "", axis: str = "") -> tuple[ChartMark, Script]:
    script = Script()
    space = etree.fromstring(
        f"""<cx:chartSpace
          xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"
          xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">
        <cx:chartData><cx:data id="0">
          <cx:strDim type="cat"><cx:lvl><cx:pt idx="0">Start</cx:pt><cx:pt idx="1">Rain</cx:pt>
          </cx:lvl></cx:strDim>
          <cx:numDim type="val"><cx:lvl><cx:pt idx="0">40</cx:pt><cx:pt idx="1">-2.5</cx:pt>
          </cx:lvl></cx:numDim>
        </cx:data></cx:chartData>
        <cx:chart>{title}<cx:plotArea><cx:plotAreaRegion>
          <cx:series layoutId="waterfall"><cx:tx><cx:txData><cx:v>Level</cx:v></cx:txData></cx:tx>
          <cx:dataId val="0"/></cx:series></cx:plotAreaRegion>
          <cx:axis id="0">{axis}</cx:axis></cx:plotArea></cx:chart>
        </cx:chartSpace>"""
    )
    return newer_chart_of(space, script), script


def test_the_numbers_are_read():
    read, _ = chart()
    assert read.title is None
    assert read.categories == ("Start", "Rain")
    assert read.series == (("Level", (40.0, -2.5)),)
    assert read.data_table == (("", "Level"), ("Start", 40.0), ("Rain", -2.5))


def test_the_titles_of_axes_are_not_the_charts():
    read, script = chart(titled("Water ", "lev", "el", value="Water level"), titled("in metres"))
    assert read.title == "Water level"
    assert [axis.text for axis in read.axes] == ["in metres"]
    [(start, end)] = read.axes[0].spans
    assert script.text[start:end] == "in metres"
    alone, _ = chart(axis=titled("in metres"))
    assert alone.title is None


def test_a_title_that_is_written_once_alone_is_read():
    read, _ = chart(titled(value="Water level"))
    assert read.title == "Water level"
