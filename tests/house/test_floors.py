"""The import law: a module imports only from a lower floor or its own package."""

import ast
from pathlib import Path

import downloader

ROOT = Path(downloader.__file__).parent
FLOORS = [
    {"cores", "errors", "garbage", "measures", "model", "ports", "record", "settings", "surroundings"},
    {"policy", "pages", "registry"},  # the registry holds names; what they name is imported when it is chosen
    {"manifest", "resolver", "sources", "engines", "postprocess", "sinks"},
    {"feeder", "tally", "equipment", "room", "here", "job", "imageserver"},
    {"cluster", "comparison", "lessons", "rehearsal", "doctor", "recap"},
    {"programs"},
    {"service"},
    {"cli"},
]
FREE = {"__init__", "__main__"}  # the package's face


def floor(part: str) -> int:
    """Give the floor a part stands on."""
    return next(number for number, parts in enumerate(FLOORS) if part in parts)


def imports(path: Path) -> set[str]:
    """Give the parts of the package that a module imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "downloader":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("downloader."):
            names.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("downloader.")}
    return names - {"__version__"}


def test_every_module_stands_on_its_floor() -> None:
    """Nothing is imported from above, and the kinds of parts do not import each other."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if part in FREE or part == "pictures":
            continue
        wrong += [
            f"{path.relative_to(ROOT)} imports {other}"
            for other in imports(path) - {part}
            if floor(other) > floor(part) or (floor(other) == floor(part) == 2 and other != "resolver")
        ]
    assert wrong == []


def test_only_doors_read_the_environment_and_print() -> None:
    """``os.environ``, ``sys.argv`` and ``print`` stand in doors alone."""
    wrong = []
    for path in ROOT.rglob("*.py"):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        text = path.read_text("utf-8")
        words = ["os.environ", "sys.argv", "getenv(", " print("]
        wrong += [
            f"{path.relative_to(ROOT)}: {word}"
            for word in words
            if word in text and part not in FREE | {"cli", "programs"}
        ]
    assert wrong == []
