"""Pages of one HTML file that needs nothing else, their pictures, and how figures are written in them: pure text."""
