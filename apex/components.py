"""The components of a package directory, as the Metadata API wants each of them.

Which folder holds what: https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_types_list.htm
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

META = "-meta.xml"

TYPES = {
    "externalCredentials": "ExternalCredential",
    "namedCredentials": "NamedCredential",
    "permissionsets": "PermissionSet",
    "tabs": "CustomTab",
    "PlatformEventSubscriberConfigs": "PlatformEventSubscriberConfig",
    "cspTrustedSites": "CspTrustedSite",
    "flexipages": "FlexiPage",
}
"""Folders of components that are one description each."""
CODE = {"classes": "ApexClass", "triggers": "ApexTrigger"}
"""Folders of components that are a file and its description."""
PARTS = {"fields": "CustomField", "listViews": "ListView"}
"""Folders below an object, whose components end up in the object's file, in an element of the folder's name."""


class PackageError(Exception):
    """The sources cannot be packaged; the text says which, and what to do."""


@dataclass(frozen=True)
class Member:
    """A component: its type and name in package.xml, and its files in the zip.

    part_of: the object whose file it becomes a part of, as the given element; its own file then has no name.
    """

    type: str
    name: str
    files: Mapping[str, bytes]
    part_of: str = ""
    element: str = ""


def members(directory: Path, texts: Mapping[Path, bytes]) -> Iterator[Member]:
    """Every component of a package directory. texts: files that are read from here instead of the disk."""
    if not directory.is_dir():
        raise PackageError(f"sfdx-project.json names {directory}, which is not there")
    for meta in sorted(directory.rglob(f"*{META}")):
        yield _member(meta, meta.relative_to(directory).parts[0], texts.get(meta, meta.read_bytes()))


def _member(meta: Path, folder: str, content: bytes) -> Member:
    name, file = meta.name.partition(".")[0], meta.name.removesuffix(META)
    if folder == "objects":
        return _object_part(meta, name, content)
    if folder in CODE:
        code = _beside(meta, file)
        return Member(CODE[folder], name, {f"{folder}/{file}": code, f"{folder}/{meta.name}": content})
    if folder == "aura":
        parts = sorted(path for path in meta.parent.iterdir() if path.is_file())
        return Member("AuraDefinitionBundle", name, {f"aura/{name}/{path.name}": path.read_bytes() for path in parts})
    if folder == "staticresources":
        archive = zipped(meta.parent / name)
        return Member("StaticResource", name, {f"{folder}/{file}": archive, f"{folder}/{meta.name}": content})
    if folder in TYPES:
        return Member(TYPES[folder], name, {f"{folder}/{file}": content})
    raise PackageError(f"{meta}: nobody knows what is in a folder {folder}; name it in apex/components.py")


def _object_part(meta: Path, name: str, content: bytes) -> Member:
    """An object's own file, or one of its fields or list views."""
    folder = meta.parent.name
    if folder in PARTS:
        owner = meta.parent.parent.name
        return Member(PARTS[folder], f"{owner}.{name}", {"": content}, part_of=owner, element=folder)
    return Member("CustomObject", name, {"": content}, part_of=name)


def _beside(meta: Path, file: str) -> bytes:
    code = meta.with_name(file)
    if not code.is_file():
        raise PackageError(f"{meta} describes no file: {file} is missing")
    return code.read_bytes()


def zipped(folder: Path) -> bytes:
    """A folder as an archive, such as a static resource is; it is built, and not in the repository."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise PackageError(f"{folder} is empty or not there: it is built by make package")
    return archive((path.relative_to(folder).as_posix(), path.read_bytes()) for path in paths)


def archive(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip; the same entries make the same bytes, because no time is in it."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for name, content in entries:
            opened.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
