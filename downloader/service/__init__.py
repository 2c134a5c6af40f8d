"""The service: jobs over HTTP, each in a process of its own.

    POST /api/v1/jobs ─► intake ─► store (queued) ─► supervisor ─► child: run_job ─► events ─► page, curl
                         a list     SQLite            places         a process each    SSE

The service never fetches an image nor decodes one: children do the first, a bounded worker the second.
"""
