"""The lessons hold what they claim, and their pages what they show."""
