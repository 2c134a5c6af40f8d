"""The same job under each engine, side by side."""
