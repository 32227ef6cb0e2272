"""Jobs, documents, pages and blocks as frames of fixed columns, tables as frames of their own."""

from toolkit.frames.blocks import blocks
from toolkit.frames.columns import (
    BLOCK_COLUMNS,
    DOCUMENT_COLUMNS,
    JOB_COLUMNS,
    PAGE_COLUMNS,
    REVIEW_COLUMNS,
)
from toolkit.frames.documents import documents
from toolkit.frames.filtering import filtered
from toolkit.frames.jobs import jobs
from toolkit.frames.pages import pages
from toolkit.frames.reviews import reviews
from toolkit.frames.tables import Tables, tables

__all__ = [
    "BLOCK_COLUMNS",
    "DOCUMENT_COLUMNS",
    "JOB_COLUMNS",
    "PAGE_COLUMNS",
    "REVIEW_COLUMNS",
    "Tables",
    "blocks",
    "documents",
    "filtered",
    "jobs",
    "pages",
    "reviews",
    "tables",
]
