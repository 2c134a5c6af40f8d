"""Records of which an image makes a dozen: frozen for the type checker, and as quick to make as any other object.

A frozen dataclass sets each field past its own guard by a call of ``object.__setattr__``: for all records of an image
together a tenth of what it costs. So the checker guards these, as it does types, and nothing does at run time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    Class = TypeVar("Class", bound=type)

    def record(*, frozen: bool, slots: bool) -> Callable[[Class], Class]:
        """Make a dataclass that can be hashed where it is ``frozen``, and that nobody should change."""
        return dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["record"]
