"""Jobs, documents, pages and blocks as pandas frames of fixed columns."""

from toolkit.frames.blocks import blocks
from toolkit.frames.columns import (
    BLOCK_COLUMNS,
    DOCUMENT_COLUMNS,
    JOB_COLUMNS,
    PAGE_COLUMNS,
)
from toolkit.frames.documents import documents
from toolkit.frames.filtering import filtered
from toolkit.frames.jobs import jobs
from toolkit.frames.pages import pages

__all__ = [
    "BLOCK_COLUMNS",
    "DOCUMENT_COLUMNS",
    "JOB_COLUMNS",
    "PAGE_COLUMNS",
    "blocks",
    "documents",
    "filtered",
    "jobs",
    "pages",
]
