"""A parallel image downloader."""

__version__ = "0.1.0"
