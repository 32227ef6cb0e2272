"""The views that an analyst reads: names instead of numbers, ISO times, one row a thing."""

from __future__ import annotations

__all__ = ["VIEWS"]


def _iso(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column}, 'unixepoch')"


_JOBS = f"""
CREATE VIEW v_jobs AS
SELECT
    j.id AS job_id, j.number, j.filename AS file, t.name AS tool, j.status,
    b.id AS batch_id, b.name AS batch, j.owner, j.priority,
    {_iso("j.created_at")} AS created_at,
    {_iso("j.started_at")} AS started_at,
    {_iso("j.ended_at")} AS ended_at,
    j.started_at - j.created_at AS waited_seconds,
    j.ended_at - j.started_at AS ran_seconds,
    j.progress, j.stage, j.page, j.pages, j.attempt, j.interruptions,
    j.error_code, j.error, j.cache_hit,
    j.result IS NOT NULL AS has_result, j.purged_at IS NOT NULL AS purged,
    j.origin, j.size AS size_bytes, j.media_type, lower(hex(s.sha256)) AS file_sha256,
    j.options, j.runner, p.id AS parent_job_id
FROM jobs j
JOIN tools t ON t.number = j.tool
LEFT JOIN batches b ON b.number = j.batch
LEFT JOIN blobs s ON s.number = j.source
LEFT JOIN jobs p ON p.number = j.parent"""

_ATTEMPTS = f"""
CREATE VIEW v_attempts AS
SELECT j.id AS job_id, j.filename AS file, a.number AS attempt, a.runner,
    {_iso("a.started_at")} AS started_at, {_iso("a.ended_at")} AS ended_at,
    a.outcome, a.error_code, a.error, a.cpu_seconds, a.peak_memory AS peak_memory_bytes
FROM attempts a JOIN jobs j ON j.number = a.job
UNION ALL
SELECT id, filename, claims, runner, {_iso("started_at")}, NULL,
    NULL, NULL, NULL, NULL, NULL
FROM jobs WHERE status = 'processing'"""

_BLOCKS = """
CREATE VIEW v_blocks AS
SELECT
    j.id AS job_id, 'doc_' || substr(j.id, 5) AS document_id, j.filename AS file,
    b.name AS batch, d.file_hash, d.model AS engine, k.page, k.reading_order_index,
    k.block_id, k.type, k.role, k.level, k.text, k.text_source,
    k.text_source = 'verified' AS verified, k.proof, k.confidence,
    k.x0, k.y0, k.x1, k.y1
FROM jobs j
JOIN documents d ON d.result = j.result
JOIN blocks k ON k.result = j.result
LEFT JOIN batches b ON b.number = j.batch"""

_PAGES = """
CREATE VIEW v_pages AS
SELECT
    j.id AS job_id, 'doc_' || substr(j.id, 5) AS document_id, j.filename AS file,
    d.file_hash, d.model AS engine, p.page, p.width AS width_inches, p.height AS height_inches,
    (SELECT count(*) FROM blocks k WHERE k.result = p.result AND k.page = p.page) AS blocks,
    p.failure_code, p.failure
FROM jobs j
JOIN documents d ON d.result = j.result
JOIN pages p ON p.result = j.result"""

_USAGE = """
CREATE VIEW v_usage AS
SELECT date(u.day * 86400, 'unixepoch') AS day, u.owner, t.name AS tool,
    u.jobs, u.pages, u.cached_jobs, u.cached_pages
FROM usage u JOIN tools t ON t.number = u.tool"""

VIEWS: tuple[str, ...] = (_JOBS, _ATTEMPTS, _BLOCKS, _PAGES, _USAGE)
