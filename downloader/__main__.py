"""``python -m downloader``."""

from downloader.cli import main

if __name__ == "__main__":
    main()
