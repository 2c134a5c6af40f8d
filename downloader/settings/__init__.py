"""Every setting: one field = one flag = one environment name = one TOML key = one row in the docs.

A field's name gives all of them: ``per_host`` is ``--per-host``, ``DOWNLOADER_PER_HOST`` and ``per-host = 8``.
Its metadata holds the help text and the parser that turns what people write ("64M", "0.5:30") into the value.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Self

from downloader.errors import UsageError
from downloader.settings.groups import Ending, FilterRules, Limits, Output, Pace, Process, Reach, Retry
from downloader.settings.intake import Intake
from downloader.settings.request import Request

__all__ = [
    "Ending",
    "FilterRules",
    "Intake",
    "Limits",
    "Output",
    "Pace",
    "Process",
    "Reach",
    "Request",
    "Retry",
    "Settings",
    "each_field",
    "known",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """All groups; make one with ``Settings.of(jobs=64, engine="async")``."""

    intake: Intake = field(default_factory=Intake)
    pace: Pace = field(default_factory=Pace)
    retry: Retry = field(default_factory=Retry)
    limits: Limits = field(default_factory=Limits)
    reach: Reach = field(default_factory=Reach)
    request: Request = field(default_factory=Request)
    output: Output = field(default_factory=Output)
    filters: FilterRules = field(default_factory=FilterRules)
    process: Process = field(default_factory=Process)
    ending: Ending = field(default_factory=Ending)

    @property
    def works_on_images(self) -> bool:
        """Whether anything is done to images between fetching and storing, if only that some are refused."""
        by_looks = self.process.dedupe.startswith("dhash")
        return bool(self.process.process) or by_looks or self.filters != FilterRules()

    @classmethod
    def of(cls, **flat: Any) -> Self:
        """Make settings from flat names, parsing each value.

        Raises UsageError for an unknown name (it names the nearest one) or a value that cannot be read.
        """
        return cls().replace(**flat)

    def replace(self, **flat: Any) -> Self:
        """Give the same settings with these names changed; raises UsageError as ``of`` does."""
        return self.laid(flat)

    def laid(self, flat: Mapping[str, Any], said: Callable[[str], str] | None = None) -> Self:
        """Give the same settings with these laid over; ``said`` tells how a name is written where they come from.

        Raises UsageError as ``of`` does, in the words of that place: "DOWNLOADER_JOBS cannot be ...".
        """
        changes = {known(name): value for name, value in flat.items()}
        groups = {}
        for group in fields(self):
            current = getattr(self, group.name)
            own = {f.name: _parsed(f, changes[f.name], said or _flag) for f in fields(current) if f.name in changes}
            groups[group.name] = type(current)(**{f.name: getattr(current, f.name) for f in fields(current)} | own)
        return type(self)(**groups)

    def flat(self) -> dict[str, Any]:
        """Give every setting by its flat name."""
        return {name: value for group in asdict(self).values() for name, value in group.items()}

    def without_secrets(self) -> dict[str, Any]:
        """Give every setting by its flat name, fit to be kept and shown: what may be secret is left out."""
        flat = self.flat()
        return flat | {name: shown(flat[name]) for name, shown in _guarded().items()}

    def withheld(self) -> list[str]:
        """Name the flags of which ``without_secrets`` leaves something out."""
        flat, open_ = self.flat(), self.without_secrets()
        return [f"--{name.replace('_', '-')}" for name in _guarded() if flat[name] != open_[name]]

    def veil(self, text: str) -> str:
        """Give a text, an argument of the command line perhaps, without the secrets of these settings."""
        flat, open_ = self.flat(), self.without_secrets()
        for name in _guarded():
            for said in set(flat[name] or ()) - set(open_[name] or ()):
                text = text.replace(said, "***")
        return text


def each_field() -> Iterator[tuple[type, "Field[Any]"]]:
    """Go through every setting with the group it belongs to."""
    for group in fields(Settings):
        kind = group.default_factory
        for setting in fields(kind):  # type: ignore[arg-type]  # each group is made by its own class
            yield kind, setting  # type: ignore[misc]


def _guarded() -> dict[str, Callable[[Any], Any]]:
    """Give what says how much of a value may be shown, by the names of the settings that may hold secrets."""
    found = {setting.name: setting.metadata["shown"] for _, setting in each_field()}
    return {name: shown for name, shown in found.items() if shown}


def known(name: str) -> str:
    """Give the name of a setting, written with dashes or underscores; raises UsageError that names the nearest one."""
    names = [setting.name for _, setting in each_field()]
    plain = name.replace("-", "_")
    if plain in names:
        return plain
    near = get_close_matches(plain, names, n=1)
    hint = f"did you mean {near[0].replace('_', '-')!r}?" if near else "'downloader config' lists them all"
    raise UsageError(f"unknown setting {name!r}; {hint}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _parsed(setting: "Field[Any]", value: Any, said: Callable[[str], str] = _flag) -> Any:
    try:
        return setting.metadata["parse"](value)
    except (ValueError, TypeError, OverflowError) as error:
        if setting.metadata.get("shown"):
            raise UsageError(f"{said(setting.name)} cannot be read: {error}") from error
        written = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else value
        raise UsageError(f"{said(setting.name)} cannot be {written!r}: {error}") from error
