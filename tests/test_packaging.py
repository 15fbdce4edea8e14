"""What is shipped: the wheel holds the relay alone, the locks pin by hash, and no dependency is dead weight."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [path] = directory.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_relay_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = [name for name in wheel.namelist() if ".dist-info/" not in name]
    tracked = _tracked("relay")
    assert sorted(names) == tracked
    assert {name.split("/")[0] for name in names} == {"relay"}


def _tracked(folder: str) -> list[str]:
    """What git has in this folder, or will have."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(name for name in listed if (ROOT / name).is_file())


def test_the_wheel_holds_the_migrations(wheel: zipfile.ZipFile) -> None:
    migrations = [path.relative_to(ROOT).as_posix() for path in (ROOT / "relay/store/migrations").rglob("*.sql")]
    assert migrations
    assert [name for name in migrations if name not in wheel.namelist()] == []


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    [metadata] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = Parser().parsestr(wheel.read(metadata).decode())
    assert said["Name"] == PROJECT["name"]
    assert said["License-Expression"] == "MIT"
    assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
    [entry_points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "relay = relay.__main__:main" in wheel.read(entry_points).decode()


LOCKS = ["runtime.lock", "dev.lock"]


def _pinned(lock: str) -> dict[str, str]:
    """What a lock pins: the requirement -> its hashes and all."""
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {re.split(r"[\s;]", line, maxsplit=1)[0]: line for line in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(lock: str) -> None:
    pinned = _pinned(lock)
    assert len(pinned) > 20
    for name, line in pinned.items():
        assert re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==[\w.+!]+", name), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), name
    text = (ROOT / "requirements" / lock).read_text()
    assert re.findall(r"https?://|--index-url|--extra-index-url|--find-links|--trusted-host|file:|@ ", text) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_the_project_asks_for(lock: str) -> None:
    wanted = list(PROJECT["dependencies"])
    if lock == "dev.lock":
        wanted += [name for extra in PROJECT["optional-dependencies"].values() for name in extra]
    names = {_normal(name) for name in _pinned(lock)}
    assert [name for name in wanted if _normal(name) not in names] == []


def test_both_locks_pin_the_same_versions() -> None:
    assert {*_pinned("runtime.lock")} <= {*_pinned("dev.lock")}


def _normal(requirement: str) -> str:
    """httpx-aiohttp of "httpx_aiohttp[x]>=0.2; python_version"."""
    return re.split(r"[\[<>=!~;\s]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


BY_NAME = {"uvloop": "uvloop", "httptools": "uvicorn.protocols.http.httptools_impl"}
"""What is not imported by us, but by the part of uvicorn that we name or import."""


def test_every_runtime_dependency_is_used() -> None:
    imported, words = set(), ""
    for path in (ROOT / "relay").rglob("*.py"):
        tree = ast.parse(path.read_text())
        words += "".join(
            f" {node.value} "
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
                words += f" {node.module} "
    providers = packages_distributions()
    used = {_normal(one) for name in imported for one in providers.get(name, [])}
    used |= {name for name, word in BY_NAME.items() if f" {word} " in words}
    assert [name for name in PROJECT["dependencies"] if _normal(name) not in used] == []


def test_nothing_is_imported_that_is_not_asked_for() -> None:
    """Only what stands in pyproject.toml, not what happens to come along with it."""
    asked = {_normal(name) for name in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgresql"]]}
    providers, foreign = packages_distributions(), set()
    for path in (ROOT / "relay").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.split(".")[0]
                if top != "relay" and top not in sys.stdlib_module_names:
                    foreign |= {_normal(one) for one in providers.get(top, [top])}
    assert foreign - asked == {"pydantic-core"}  # a part of pydantic, which pins it


def test_what_is_committed_names_no_machine_and_no_registry() -> None:
    readable = [
        name for name in _tracked(".") if Path(name).suffix in {".py", ".md", ".toml", ".lock", ".sql", ".yml", ""}
    ]
    private = re.compile(r"/(?:home|Users|root|work)/\w|index-url\s*=|pypi\.[a-z]+\.(?:internal|corp)")
    wrong = [
        name
        for name in readable
        if name != "tests/test_packaging.py" and private.search((ROOT / name).read_text(errors="replace"))
    ]
    assert wrong == []
