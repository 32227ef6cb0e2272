"""Take it away: documents as files, one module a format, reached as ``toolkit.exporters``.

An exporter's ``write`` takes pairs of a job and its document (None where there is none), a
folder, and options of its own; it returns the files that it wrote.
"""
