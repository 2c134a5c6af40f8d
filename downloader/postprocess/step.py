"""What a step is, and how its options are declared."""

from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Protocol

from downloader.postprocess.header import Header, Size
from downloader.postprocess.picture import Picture


class Step(Protocol):
    """One thing done to a picture. A frozen dataclass: its first field is the step's value, the others its options.

    The answers that stand here are those of a step which takes the pixels as they come and hands none on.
    """

    __slots__ = ()
    writes: ClassVar[bool] = False  # whether it may hand on pixels, which must then be whole at the end of the chain

    def needs(self, header: Header) -> Size | None:  # noqa: ARG002
        """Say the least size at which it must see the pixels; None when any will do."""
        return None

    def shrinks(self, header: Header) -> bool:  # noqa: ARG002
        """Tell whether the steps behind it see pixels that it has made smaller."""
        return False

    def __call__(self, picture: Picture) -> None:
        """Work on the picture; raises Filtered or ProcessError."""


def argument(parse: Callable[[Any], Any], **default: Any) -> Any:
    """Declare a step's value or option: a field whose text ``parse`` reads, raising ValueError on what is wrong."""
    return field(metadata={"parse": parse}, **default)
