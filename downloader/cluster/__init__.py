"""One job spread over processes.

    parent   source ─► unfinished ─► binding ─► frames ─┐                      ┌─► manifest ─► observers
    child                                               └─► inbox ─► Here ─► outbox

Each child runs the line of ``downloader.here`` whole; the parent alone reads the list and keeps the manifest.
"""
