"""The import law: who may know whom, read from the sources and not from what happens to be loaded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAMS = ("relay", "sandbox", "bench", "tests")

CORE = {"tickets", "commands", "membership", "case_states", "drift", "reconcile", "worker", "org", "talk", "turns"}
SHAPES = {"ports", "models", "talk.ports", "talk.models"}
ADAPTER = {"models", "talk.models", "errors", "retry", "ids", "transport"}
EVERYTHING = {"app", "app_talk", "__main__", "cli"}
"""The composition root and the commands know everybody; nobody but each other knows them."""

LAW: dict[str, set[str]] = {
    "routes": {"errors", "auth", "ids", "logs", *SHAPES, *CORE},
    **{name: {"errors", "retry", "ids", *SHAPES, *CORE} for name in CORE},
    **dict.fromkeys(("im", "crm", "store"), ADAPTER),
    "ports": {"models", "talk.models", "errors"},
    "talk.ports": {"talk.models"},
    "auth": {"errors", "jwks"},
    "jwks": {"errors", "transport"},
    "retry": {"errors"},
    "settings": {"errors", "settings_reader", "im"},
    "settings_reader": {"env_file"},
    "env_file": set(),
    "models": set(),
    "talk.models": set(),
    "errors": set(),
    "ids": set(),
    "logs": set(),
    "transport": set(),
}
"""Whom each part of relay/ may import, itself aside. settings takes from im which regions there are, nothing else."""


def imports(source: str, package: str) -> Iterator[str]:
    """The dotted names that a module in this package imports, wherever in it and whatever for."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from (f"{base}.{alias.name}" for alias in node.names)
            case ast.Call(
                func=ast.Name(id="__import__") | ast.Attribute(attr="import_module"), args=[ast.Constant(), *_]
            ):
                yield str(node.args[0].value)  # type: ignore[attr-defined]


def part(module: str) -> str:
    """relay.routes.tickets -> routes, relay.ids -> ids, relay.talk.models -> talk.models."""
    names = module.split(".")[1:3]
    return ".".join(names) if ".".join(names) in LAW else names[0] if names else "relay"


def breaches(modules: Mapping[str, str]) -> list[str]:
    """What in these modules (dotted name -> source) breaks the law."""
    found = []
    known = {part(name) for name in modules if name.startswith("relay.")}
    for module, source in modules.items():
        program, here = module.split(".")[0], part(module)
        for name in imports(source, module.rpartition(".")[0]):
            other = name.split(".")[0]
            if other not in PROGRAMS or program == "tests":
                continue
            if other != program:
                found.append(f"{module} imports {name}: {program} stands alone")
            elif program == "relay" and here not in EVERYTHING:
                there = part(name)
                if there in known and there not in {here, *LAW.get(here, set())}:
                    found.append(f"{module} imports {name}: {here} may not know {there}")
    return found


def sources() -> dict[str, str]:
    """Every module of the project."""
    files = [path for program in PROGRAMS for path in sorted((ROOT / program).rglob("*.py"))]
    return {name_of(path): path.read_text() for path in files}


def name_of(path: Path) -> str:
    names = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" and len(names) > 2 else names)


def test_everybody_keeps_the_import_law() -> None:
    assert breaches(sources()) == []


def test_every_part_of_the_relay_stands_in_the_law() -> None:
    parts = {part(name) for name in sources() if name.startswith("relay.")} - {"__init__"}
    assert parts == LAW.keys() | EVERYTHING


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("relay.routes.tickets", "from relay.store import open_ledger"),
        ("relay.routes.tickets", "import relay.crm.client"),
        ("relay.routes.tickets", "def f():\n    from relay import im"),
        ("relay.routes.tickets", "from relay.settings import Settings"),
        ("relay.routes.tickets", "from ..app import create_app"),
        ("relay.tickets", "from relay.routes.bodies import end_user"),
        ("relay.tickets", "from relay.im.client import TencentIm"),
        ("relay.worker", "from relay.transport import Http"),
        ("relay.im.client", "from relay.crm import Records"),
        ("relay.im.client", "if True:\n    import relay.tickets as t"),
        ("relay.crm.client", "from relay.ports import Crm"),
        ("relay.store.ledger", "from ..settings import Settings"),
        ("relay.models", "from relay import ids"),
        ("relay.auth", "import importlib\nimportlib.import_module('relay.settings')"),
        ("relay.errors", "__import__('relay.models')"),
        ("relay.cli.check", "import tests.scenarios"),
        ("relay.app", "from sandbox.up import Sandbox"),
        ("sandbox.up", "from relay.ids import to_18"),
        ("sandbox.up", "import tests"),
        ("bench.load", "from sandbox import up"),
        ("bench.load", "from relay.transport import Http"),
    ],
)
def test_a_breach_is_seen(module: str, source: str) -> None:
    assert len(breaches({**dict.fromkeys(sources(), ""), module: source})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("relay.routes.tickets", "from relay.tickets import Tickets\nfrom relay.routes.bodies import end_user"),
        ("relay.worker", "from relay import errors\nfrom relay.ports import Store"),
        ("relay.im.client", "from relay.im import codes\nfrom . import rest\nimport httpx"),
        ("relay.app", "from relay.store import open_ledger"),
        ("tests.test_architecture", "import relay, sandbox, bench"),
    ],
)
def test_what_is_lawful_is_let_through(module: str, source: str) -> None:
    assert breaches({**dict.fromkeys(sources(), ""), module: source}) == []


def test_the_map_of_the_apex_interpreter_is_right() -> None:
    """It names every module, and at run time none imports from a line below its own."""
    everything = sources()
    modules = {name: source for name, source in everything.items() if name.startswith("sandbox.apex.")}
    layers = apex_map(everything["sandbox.apex"])
    assert {name.split(".")[2] for name in modules} - {"__main__"} == layers.keys()
    upward = []
    for module, source in modules.items():
        for name in imports(at_run_time(source), module.rpartition(".")[0]):
            here, there = module.split(".")[2], (name.split(".") + [""] * 3)[2]
            if name.startswith("sandbox.apex.") and layers.get(there, 0) > layers.get(here, len(layers)):
                upward.append(f"{module} imports {name}")
    assert upward == []


def apex_map(docstring: str) -> dict[str, int]:
    """Each module with the number of its line in the map."""
    lines = [line for line in docstring.splitlines() if re.match(r" {4}\w+( \w+)? {2,}\w", line)]
    names = [re.split(r" {2,}", line.strip(), maxsplit=1)[1].split(", ") for line in lines]
    return {name: number for number, line in enumerate(names) for name in line}


def at_run_time(source: str) -> str:
    """The source without what is imported only to name types."""
    tree = ast.parse(source)
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
    ]
    return ast.unparse(tree)


def test_no_file_of_the_programs_is_longer_than_400_lines() -> None:
    lengths = {name: source.count("\n") for name, source in sources().items() if not name.startswith("tests")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_module_of_the_programs_says_what_it_is() -> None:
    programs = {name: source for name, source in sources().items() if not name.startswith("tests")}
    assert [name for name, source in programs.items() if not ast.get_docstring(ast.parse(source))] == []
