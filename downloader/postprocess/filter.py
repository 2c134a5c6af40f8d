"""Which images the user wants at all, judged by their headers before any pixel is decoded."""

from downloader.errors import Filtered
from downloader.postprocess.header import Header
from downloader.settings import FilterRules

__all__ = ["FilterRules", "check", "check_pixels"]


def check(rules: FilterRules, header: Header) -> None:
    """Raise Filtered with the reason when a rule refuses this image."""
    if rules.formats and header.format not in rules.formats:
        raise Filtered(f"its format is {header.format}, not {' or '.join(rules.formats)}")
    if rules.frames == "reject" and header.frames > 1:
        raise Filtered(f"it has {header.frames} frames, and --frames is reject")
    check_pixels(rules, header)
    if (shortest := min(header.size)) < rules.min_side:
        raise Filtered(f"its shorter side is {shortest}, less than --min-side {rules.min_side}")
    # Compared by multiplication: a picture of exactly the ratio passes, whatever a division would round to.
    if rules.max_aspect and max(header.size) > rules.max_aspect * shortest:
        raise Filtered(f"its sides are {header.width}x{header.height}, past --max-aspect {rules.max_aspect:g}")


def check_pixels(rules: FilterRules, header: Header) -> None:
    """Raise Filtered when the pixels are more than are to be decoded, in all frames that are kept."""
    frames = header.frames if rules.frames == "all" else 1
    if rules.max_pixels and header.width * header.height * frames > rules.max_pixels:
        of_each = f"{frames} frames of " if frames > 1 else ""
        raise Filtered(f"its pixels are {of_each}{header.width}x{header.height}, more than {limit(rules)}")


def limit(rules: FilterRules) -> str:
    """Name the limit as a person would set it."""
    return f"--max-pixels {rules.max_pixels}"
