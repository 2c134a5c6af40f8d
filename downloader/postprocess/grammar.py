"""What people write after ``--process``, read into steps.

    resize=256,center-crop,quality=good,convert=webp,80,orient

Words are parted by commas; a flag given twice goes on where the first ended. A word that names a step begins that
step, ``name=VALUE`` where it takes one. Every other word is an option of the step before it: ``name=VALUE``, or the
bare value where only one option can mean it (``center-crop``, ``80``), or the bare name of one that is on or off.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from typing import Any

from downloader.errors import UsageError
from downloader.measures import truth
from downloader.postprocess.step import Step
from downloader.registry import STEPS, part


def parse(texts: Sequence[str]) -> Iterator[tuple[str, Step]]:
    """Give the steps with their names, in the order written; raises UsageError that names the nearest word."""
    for name, value, options in _grouped(texts):
        yield name, _step(name, value, options)


def _grouped(texts: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    name, value, options = "", "", list[str]()
    for word in (word.strip() for text in texts for word in text.split(",")):
        head, _, rest = word.partition("=")
        if head not in STEPS:
            options.append(word)
            continue
        if name or options:
            yield name, value, options
        name, value, options = head, rest, []
    if name or options:
        yield name, value, options


def _step(name: str, value: str, options: Sequence[str]) -> Step:
    if not name:
        part("step", STEPS, options[0].partition("=")[0])  # raises: it names none
    kind = part("step", STEPS, name)
    known = {field.name.replace("_", "-"): field for field in fields(kind)}
    given = dict([_valued(name, known, value)] if value else [])
    for word in options:
        field, parsed = _option(name, known, word)
        if field in given:
            raise UsageError(
                f"the {field.replace('_', '-')} of {name!r} is given twice, the second time as {word!r}: leave one out"
            )
        given[field] = parsed
    _check_complete(name, known, given)
    return kind(**given)  # type: ignore[no-any-return]


def _valued(name: str, known: Mapping[str, "Field[Any]"], value: str) -> tuple[str, Any]:
    if not known:
        raise UsageError(f"step {name!r} takes no value, but got {value!r}: write {name} alone")
    return _parsed(name, next(iter(known.values())), value)


def _option(name: str, known: Mapping[str, "Field[Any]"], word: str) -> tuple[str, Any]:
    option, equals, _ = word.replace("_", "-").partition("=")
    if option in known and equals:
        return _parsed(name, known[option], word.partition("=")[2])
    if option in known and known[option].metadata["parse"] is truth:
        return known[option].name, True
    for field in known.values():
        if field.metadata["parse"] is not truth:
            try:
                return field.name, field.metadata["parse"](option)
            except ValueError:
                continue
    raise UsageError(_unknown(name, known, option))


def _unknown(name: str, known: Mapping[str, "Field[Any]"], option: str) -> str:
    choices = [word for field in known.values() for word in getattr(field.metadata["parse"], "allowed", ())]
    near = get_close_matches(option, [*STEPS, *known, *choices], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known) or 'none'}"
    return f"{option!r} is no step, and no option of {name!r}; {hint}"


def _parsed(name: str, field: "Field[Any]", value: str) -> tuple[str, Any]:
    try:
        return field.name, field.metadata["parse"](value)
    except ValueError as error:
        raise UsageError(f"the {field.name.replace('_', '-')} of {name!r} cannot be {value!r}: {error}") from error


def _check_complete(name: str, known: Mapping[str, "Field[Any]"], given: Mapping[str, Any]) -> None:
    for field in known.values():
        if field.name not in given and field.default is MISSING:
            raise UsageError(f"step {name!r} needs its {field.name}: write {name}={field.name.upper()}")
