"""The readers: the only files that know the libraries that open a file."""
