"""The comparison: what it says of runs, and how it shows them."""
