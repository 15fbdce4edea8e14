"""Builds what can be deployed without the sf command: `make package`.

Each zip is in the Metadata API's format, as `sf project deploy start --metadata-dir build/salesforce.zip` or Workbench
take it: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/file_based_zip_file.htm

Like sf, it puts the values of environment variables in place of what sfdx-project.json lists under "replacements".
"""

from __future__ import annotations

import json
import os
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
META = "-meta.xml"
ZIPS = {"salesforce.zip": ("apex/main",), "salesforce-omni.zip": ("apex/omni",)}
"""Which package directories go together; AgentWork exists only in orgs with Omni-Channel, so its part goes alone."""

TYPES = {
    "classes": "ApexClass",
    "triggers": "ApexTrigger",
    "externalCredentials": "ExternalCredential",
    "namedCredentials": "NamedCredential",
    "permissionsets": "PermissionSet",
    "tabs": "CustomTab",
    "PlatformEventSubscriberConfigs": "PlatformEventSubscriberConfig",
}
"""The metadata type of what a folder holds."""
CODE = ("classes", "triggers")
"""Folders whose metadata stands beside a file that is deployed, too."""
PARTS = {"fields": ("CustomField", "fields"), "listViews": ("ListView", "listViews")}
"""What an object's folder holds: its type, and its element in the object's one file in the zip."""


class PackageError(Exception):
    """The sources cannot be packaged; the text says which, and what to do."""


@dataclass(frozen=True)
class Member:
    """One component: its type and name in package.xml, and what of it goes into the zip."""

    type: str
    name: str
    files: Mapping[str, bytes]


def members(directory: Path, texts: Mapping[Path, bytes]) -> Iterator[Member]:
    """Every component of a package directory. texts: files that are read from here instead of the disk."""
    for meta in sorted(directory.rglob(f"*{META}")):
        folder = meta.relative_to(directory).parts[0]
        content = texts.get(meta, meta.read_bytes())
        if folder == "objects":
            yield _object_part(meta, content)
        elif folder in CODE:
            code = meta.with_name(meta.name.removesuffix(META))
            if not code.is_file():
                raise PackageError(f"{meta} describes no file: {code.name} is missing")
            yield Member(
                TYPES[folder], code.stem, {f"{folder}/{code.name}": code.read_bytes(), f"{folder}/{meta.name}": content}
            )
        elif folder in TYPES:
            file = meta.name.removesuffix(META)
            yield Member(TYPES[folder], file.partition(".")[0], {f"{folder}/{file}": content})
        else:
            raise PackageError(f"{meta}: nobody knows what is in a folder {folder}; name it in apex/package.py")


def _object_part(meta: Path, content: bytes) -> Member:
    """An object's own file, or one of its fields and list views, which end up in one file together."""
    name = meta.name.partition(".")[0]
    if meta.parent.name in PARTS:
        kind, element = PARTS[meta.parent.name]
        owner = meta.parent.parent.name
        return Member(kind, f"{owner}.{name}", {f"objects/{owner}.object#{element}": content})
    return Member("CustomObject", name, {f"objects/{name}.object#": content})


def build(target: Path, found: list[Member], version: str) -> None:
    """Writes the zip; the same sources make the same bytes."""
    entries: dict[str, bytes] = {"package.xml": _manifest(found, version)}
    objects: dict[str, ET.Element] = {}
    for member in found:
        for path, content in member.files.items():
            file, is_part, element = path.partition("#")
            if is_part:
                _compose(objects.setdefault(file, ET.Element(f"{{{NAMESPACE}}}CustomObject")), element, content)
            else:
                entries[file] = content
    entries.update((file, _text(root)) for file, root in objects.items())
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in sorted(entries.items()):
            archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED)


def _compose(root: ET.Element, element: str, content: bytes) -> None:
    source = ET.fromstring(content)  # noqa: S314 - our own files
    if element:
        source.tag = f"{{{NAMESPACE}}}{element}"
        root.append(source)
    else:
        root.extend(source)
    root[:] = sorted(root, key=lambda child: child.tag)


def _manifest(found: list[Member], version: str) -> bytes:
    root = ET.Element(f"{{{NAMESPACE}}}Package")
    for kind in sorted({member.type for member in found}):
        types = ET.SubElement(root, f"{{{NAMESPACE}}}types")
        for name in sorted(member.name for member in found if member.type == kind):
            ET.SubElement(types, f"{{{NAMESPACE}}}members").text = name
        ET.SubElement(types, f"{{{NAMESPACE}}}name").text = kind
    ET.SubElement(root, f"{{{NAMESPACE}}}version").text = version
    return _text(root)


def _text(root: ET.Element) -> bytes:
    ET.register_namespace("", NAMESPACE)
    ET.indent(root, "    ")
    text: bytes = ET.tostring(root, "UTF-8", xml_declaration=True)
    return text


def replaced(root: Path, project: Mapping[str, object], environment: Mapping[str, str]) -> dict[Path, bytes]:
    """The files that sfdx-project.json's replacements change. Raises PackageError for a variable that is not set."""
    texts: dict[Path, bytes] = {}
    for rule in project["replacements"]:  # type: ignore[attr-defined]
        variable, path = rule["replaceWithEnv"], root / rule["filename"]
        if not environment.get(variable):
            raise PackageError(f"{variable} is not set; docs/salesforce.md says what it should be")
        before = texts.get(path, path.read_bytes()).decode()
        if rule["stringToReplace"] not in before:
            raise PackageError(f"{path} does not contain {rule['stringToReplace']}")
        texts[path] = before.replace(rule["stringToReplace"], _escaped(environment[variable])).encode()
    return texts


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def package(root: Path, target: Path, environment: Mapping[str, str]) -> dict[str, list[Member]]:
    """Builds every zip into the target folder; returns what is in each."""
    project = json.loads((root / "sfdx-project.json").read_text())
    texts = replaced(root, project, environment)
    made = {}
    for name, directories in ZIPS.items():
        found = [member for directory in directories for member in members(root / directory, texts)]
        build(target / name, found, project["sourceApiVersion"])
        made[name] = found
    return made


def main() -> int:
    root = Path(__file__).parents[1]
    try:
        made = package(root, root / "build", os.environ)
    except PackageError as error:
        print(f"make package: {error}", file=sys.stderr)  # noqa: T201
        return 1
    for name, found in made.items():
        print(f"build/{name}: {len(found)} components")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
