"""apex-ls and PMD, run by Java. Both come in one npm package, which is installed into build/ when it is first needed.

apex-ls is the compiler's stand-in: types, methods, fields. It knows nothing of Omni-Channel's objects, so a stub is
compiled into its library of types. https://github.com/apex-dev-tools/apex-ls https://pmd.github.io
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PACKAGE_DIRECTORIES = ("apex/main", "apex/omni")
META_OF_A_CLASS = ROOT / "apex/main/classes/ChatCases.cls-meta.xml"
META_OF_A_TRIGGER = ROOT / "apex/main/triggers/AssignAgent.trigger-meta.xml"

_INSTALLED = ROOT / "build" / "salesforce_package"
_JARS = "node_modules/@salesforce/code-analyzer-pmd-engine/dist/java-lib"
_SOBJECTS, _STANDARD = "sobject-types-65.0.0.jar", "standard-types-65.0.0.jar"


def jars() -> Path:
    """The folder of Java archives. Skips the test where they cannot be had."""
    for tool, package in {"java": "Java 17", "javac": "Java 17", "npm": "Node.js"}.items():
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, so the Apex is not checked; install {package}")
    stamp = _INSTALLED / "lock.sha256"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes() + (HERE / "tools.py").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        _install()
        _add_omni_channel(_INSTALLED / _JARS)
        stamp.write_text(wanted)
    return _INSTALLED / _JARS


def _install() -> None:
    shutil.rmtree(_INSTALLED, ignore_errors=True)
    _INSTALLED.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, _INSTALLED)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=_INSTALLED, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()
        pytest.skip(
            f"npm could not install PMD, so the Apex is not checked: {reason[0] if reason else done.returncode}"
        )


def _add_omni_channel(folder: Path) -> None:
    """Into the archive itself: apex-ls reads the names of all objects from the first archive that has any."""
    classes = _INSTALLED / "classes"
    known = f"{folder / _SOBJECTS}:{folder / _STANDARD}"
    run(
        [
            "javac",
            "-nowarn",
            "--release",
            "8",
            "-Xlint:-options",
            "-cp",
            known,
            "-d",
            str(classes),
            str(HERE / "java/AgentWork.java"),
        ]
    )
    with zipfile.ZipFile(folder / _SOBJECTS, "a") as archive:
        for file in sorted(classes.rglob("*.class")):
            archive.write(file, file.relative_to(classes).as_posix())


def run(command: list[str], *, good: tuple[int, ...] = (0,)) -> list[str]:
    """The lines that a program prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in good, f"{command[0]} failed: {done.stdout}{done.stderr}"
    return done.stdout.splitlines()


def apex_ls(project: Path) -> list[str]:
    """What does not compile, as "File.cls: what".

    Once a project adds a field to Case, apex-ls takes any name for a field of Case. So it is shown the package without
    our field, and what it then says of that one name is left out.
    """
    with tempfile.TemporaryDirectory() as folder:
        shown = copy_of_the_package(Path(folder), project)
        case = shown / "apex/main/objects/Case"
        ours = {file.name.partition(".")[0] for file in case.rglob("*.field-meta.xml")}
        shutil.rmtree(case)
        checker = "io.github.apexdevtools.apexls.CheckForIssues"
        lines = run(["java", "-cp", f"{jars()}/*", checker, "--nocache", "--workspace", str(shown)], good=(0, 4))
    unknown = {f"Unknown field '{name}' on SObject 'Schema.Case'" for name in ours}
    return [issue for issue in _issues(lines) if issue.partition(": ")[2] not in unknown]


def _issues(lines: list[str]) -> list[str]:
    """apex-ls prints a file's path, and below it a line for each issue: "Missing: line 1 at 2-3: what"."""
    found, file = [], ""
    for line in lines:
        if line.startswith("/"):
            file = Path(line).name
        elif line.strip():
            found.append(f"{file}: {line.partition(' at ')[2].partition(': ')[2] or line}")
    return found


def pmd(folder: Path) -> list[str]:
    """What breaks a rule, as "File.cls:line Rule: why"."""
    return run(["java", "-cp", f"{jars()}/*", str(HERE / "java/Pmd.java"), str(folder), str(HERE / "rules.xml")])


def copy_of_the_package(folder: Path, project: Path = ROOT) -> Path:
    """The Apex and its metadata somewhere else, to be spoiled."""
    described = json.loads((project / "sfdx-project.json").read_text())
    described["packageDirectories"] = [{"path": path} for path in PACKAGE_DIRECTORIES]
    (folder / "sfdx-project.json").write_text(json.dumps(described))
    for directory in PACKAGE_DIRECTORIES:
        shutil.copytree(project / directory, folder / directory)
    return folder


def spoil(project: Path, path: str, old: str, new: str) -> None:
    """Puts a fault into a copy of the package."""
    file = project / path
    text = file.read_text()
    assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
    file.write_text(text.replace(old, new))
