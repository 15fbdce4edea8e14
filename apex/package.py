"""Builds what can be deployed without the sf command: `make package`.

Each zip is in the Metadata API's format, as `sf project deploy start --metadata-dir build/salesforce.zip` or Workbench
take it: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/file_based_zip_file.htm

Like sf, it puts the values of environment variables in place of what sfdx-project.json lists under "replacements".
"""

from __future__ import annotations

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apex.components import Member, PackageError, archive, members

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
OMNI = "apex/omni"
"""AgentWork exists only in orgs with Omni-Channel, so this package directory has a zip of its own."""


def zips(project: Mapping[str, Any]) -> dict[str, list[str]]:
    """The zips and the package directories in each."""
    directories = [directory["path"] for directory in project["packageDirectories"]]
    return {"salesforce.zip": [path for path in directories if path != OMNI], "salesforce-omni.zip": [OMNI]}


def contents(found: list[Member], version: str) -> dict[str, bytes]:
    """The files of a zip. Objects are one file each, whatever they were made of."""
    files = {path: content for member in found if not member.part_of for path, content in member.files.items()}
    objects: dict[str, ET.Element] = {}
    for member in found:
        if member.part_of:
            root = objects.setdefault(member.part_of, ET.Element(_tag("CustomObject")))
            _compose(root, member.element, ET.fromstring(member.files[""]))  # noqa: S314 - our own files
    files.update((f"objects/{name}.object", _text(root)) for name, root in objects.items())
    return {"package.xml": _manifest(found, version), **files}


def _compose(root: ET.Element, element: str, source: ET.Element) -> None:
    if element:
        source.tag = _tag(element)
        root.append(source)
    else:
        root.extend(source)
    root[:] = sorted(root, key=lambda child: child.tag)


def _manifest(found: list[Member], version: str) -> bytes:
    root = ET.Element(_tag("Package"))
    for kind in sorted({member.type for member in found}):
        types = ET.SubElement(root, _tag("types"))
        for name in sorted(member.name for member in found if member.type == kind):
            ET.SubElement(types, _tag("members")).text = name
        ET.SubElement(types, _tag("name")).text = kind
    ET.SubElement(root, _tag("version")).text = version
    return _text(root)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _text(root: ET.Element) -> bytes:
    ET.register_namespace("", NAMESPACE)
    ET.indent(root, "    ")
    text: bytes = ET.tostring(root, "UTF-8", xml_declaration=True)
    return text


def replaced(root: Path, project: Mapping[str, Any], environment: Mapping[str, str]) -> dict[Path, bytes]:
    """The files that sfdx-project.json's replacements change. Raises PackageError for a variable that is not set."""
    texts: dict[Path, bytes] = {}
    for rule in project["replacements"]:
        variable, placeholder, path = rule["replaceWithEnv"], rule["stringToReplace"], root / rule["filename"]
        if not environment.get(variable):
            raise PackageError(f"{variable} is not set; docs/salesforce.md says what it should be")
        before = texts.get(path, path.read_bytes()).decode()
        if placeholder not in before:
            raise PackageError(f"{path} does not contain {placeholder}")
        value = environment[variable].replace("&", "&amp;").replace("<", "&lt;")
        texts[path] = before.replace(placeholder, value).encode()
    return texts


def check(environment: Mapping[str, str]) -> None:
    """Raises PackageError for values that would deploy and not work."""
    url, user = environment.get("CHAT_RELAY_URL", ""), environment.get("CHAT_RELAY_USER", "")
    if url and not (url.startswith("https://") and urlsplit(url).hostname):
        raise PackageError("CHAT_RELAY_URL must be an address like https://relay.acme.example: Salesforce wants HTTPS")
    if url.endswith("/"):
        raise PackageError("CHAT_RELAY_URL must be without a slash at its end: Salesforce puts /synccases behind it")
    if user and not re.fullmatch(r"[^@\s]+@[^@\s]+", user):
        raise PackageError("CHAT_RELAY_USER must be a username, which looks like chat.relay@acme.example")


def package(root: Path, target: Path, environment: Mapping[str, str]) -> dict[str, list[Member]]:
    """Builds every zip into the target folder; returns what is in each."""
    project = json.loads((root / "sfdx-project.json").read_text())
    check(environment)
    texts = replaced(root, project, environment)
    made = {
        name: [member for directory in directories for member in members(root / directory, texts)]
        for name, directories in zips(project).items()
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, found in made.items():
        (target / name).write_bytes(archive(sorted(contents(found, project["sourceApiVersion"]).items())))
    return made


def main(arguments: list[str]) -> int:
    """--check: only whether the variables will do, so that nobody builds for a minute to hear that one is missing."""
    root = Path(__file__).parents[1]
    try:
        if "--check" in arguments:
            replaced(root, json.loads((root / "sfdx-project.json").read_text()), os.environ)
            check(os.environ)
            return 0
        made = package(root, root / "build", os.environ)
    except PackageError as error:
        print(f"make package: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for name, found in made.items():
        print(f"build/{name}: {len(found)} components")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
