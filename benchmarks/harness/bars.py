"""The bars, and whether they are met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """What ``ours`` must reach against ``other``: at least so much, or at most; None where nothing is asked."""

    ours: str
    other: str
    value: float | None = None
    at_most: bool = False

    def text(self) -> str:
        """Write it for a table."""
        if self.value is None:
            return "-"
        return f"{'≤' if self.at_most else '≥'} {self.value:g}"

    def verdict(self, value: float, low: float | None = None, high: float | None = None) -> str:
        """Say whether a value meets it, and by how much not; and where its interval lies on both sides of the bar."""
        if self.value is None:
            return "-"
        met = value <= self.value if self.at_most else value >= self.value
        short = abs(value - self.value) / self.value
        word = "met" if met else f"missed by {short:.0%}"
        if low is not None and high is not None and low < self.value < high:
            return f"{word}, within the noise"
        return word
