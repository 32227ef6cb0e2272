"""The engine: the bytes of a file become a document of typed, proven blocks."""
