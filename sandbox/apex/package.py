"""sfdx-project.json: which directories are the package, and what a deploy replaces in its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.apex.errors import DoesNotCompile

PROJECT_FILE = "sfdx-project.json"


def directories(root: Path) -> list[Path]:
    """The package directories of a project that are there; none where there is no project."""
    project = _project(root)
    listed = [root / str(each["path"]) for each in project.get("packageDirectories", ())]
    return [path for path in listed if path.is_dir()]


def replacements(given: Iterable[Path], environment: Mapping[str, str]) -> dict[Path, list[tuple[str, str]]]:
    """By file: texts that a deploy replaces, as far as the environment has something for them.

    https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_ws_string_replace.htm
    """
    found: dict[Path, list[tuple[str, str]]] = {}
    roots = {parent for path in given for parent in path.resolve().parents if (parent / PROJECT_FILE).is_file()}
    for root in roots:
        for each in _project(root).get("replacements", ()):
            value = environment.get(str(each.get("replaceWithEnv", "")))
            if value is not None:
                pair = (str(each["stringToReplace"]), value)
                found.setdefault((root / str(each["filename"])).resolve(), []).append(pair)
    return found


def _project(root: Path) -> dict[str, list[dict[str, object]]]:
    path = root / PROJECT_FILE
    if not path.is_file():
        return {}
    try:
        project: dict[str, list[dict[str, object]]] = json.loads(path.read_text())
    except ValueError as error:
        raise DoesNotCompile(f"{path}: {error}") from None
    return project
