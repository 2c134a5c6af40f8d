"""The same job under each engine, side by side: what was measured, judged and shown."""
