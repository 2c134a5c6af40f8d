"""How lists are read: their format and columns, and which of their lines are taken."""

from dataclasses import dataclass

from downloader.measures import optional_text, text, truth, whole, word
from downloader.settings.groups import option


@dataclass(frozen=True, slots=True)
class Intake:
    """What is read out of the lists a person names."""

    input_format: str = option(
        "auto",
        word("auto", "txt", "csv", "tsv", "json", "jsonl"),
        "Format of every list, whatever its name ends in; 'auto' goes by that.",
    )
    url_col: str = option(
        "url",
        text,
        "Column with the URLs; its number in a table that has no header.",
        metavar="NAME",
    )
    hash_col: str | None = option(
        None, optional_text, "Column with the sha256 or md5 that each body must have; '' for none.", metavar="NAME"
    )
    expand: bool = option(False, truth, "Read img_[001:100].jpg as a hundred URLs.")  # noqa: FBT003
    skip: int = option(0, whole(0), "Lines passed over at the beginning.", metavar="N")
    limit: int = option(0, whole(0), "Most lines taken, after --skip; 0 for all.", metavar="N")

    @classmethod
    def once(cls) -> frozenset[str]:
        """Name the settings that act while a list is read, and so hold for no later look at what came of it."""
        return frozenset(("input_format", "url_col", "expand", "skip", "limit"))
