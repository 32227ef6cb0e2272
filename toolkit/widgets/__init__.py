"""Faces: live boards, and the words and tables that notebooks and terminals show."""

from toolkit.widgets.pace import Pace
from toolkit.widgets.twin import glance_html, table_html
from toolkit.widgets.words import duration, escaped, headline, shown

__all__ = ["Pace", "duration", "escaped", "glance_html", "headline", "shown", "table_html"]
