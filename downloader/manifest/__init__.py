"""The ledger: one row a task, committed before anybody hears of it."""

from downloader.manifest.ledger import Manifest, Row
from downloader.manifest.seen import Seen, Sight

__all__ = ["Manifest", "Row", "Seen", "Sight"]
