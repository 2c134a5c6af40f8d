"""Imported by the server that forks the workers, and by nobody else: what it dies of the parent tells, in one line."""

import sys

sys.excepthook = lambda *_: None
