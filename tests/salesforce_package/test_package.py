"""make package: zips that hold everything, name everything, and carry this org's address and user."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from apex.components import META, PackageError
from apex.package import NAMESPACE, package
from tests.salesforce_package.tools import ROOT, copy_of_the_package, spoil

ZIPS = {"salesforce.zip": "apex/main", "salesforce-omni.zip": "apex/omni"}
ENVIRONMENT = {"CHAT_RELAY_URL": "https://relay.example.com/a?b&c", "CHAT_RELAY_USER": "chat@acme.example"}


def opened(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


def manifest(files: dict[str, bytes]) -> set[tuple[str, str]]:
    root = ET.fromstring(files["package.xml"])
    return {
        (types.findtext(f"{{{NAMESPACE}}}name") or "", member.text or "")
        for types in root.iter(f"{{{NAMESPACE}}}types")
        for member in types.iter(f"{{{NAMESPACE}}}members")
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_of_the_package(tmp_path)


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_names_as_many_components_as_there_are_sources(name: str, project: Path) -> None:
    package(project, project / "build", ENVIRONMENT)
    sources = list((ROOT / ZIPS[name]).rglob(f"*{META}"))
    code = [path for kind in ("cls", "trigger") for path in (ROOT / ZIPS[name]).rglob(f"*.{kind}")]

    files = opened(project / "build" / name)

    assert len(manifest(files)) == len(sources)
    assert {path.name for path in code} <= {Path(file).name for file in files}
    for file, content in files.items():
        if not file.endswith((".cls", ".trigger")):
            ET.fromstring(content)


def test_an_object_is_one_file_with_its_fields_and_list_views(project: Path) -> None:
    package(project, project / "build", ENVIRONMENT)
    root = ET.fromstring(opened(project / "build/salesforce.zip")["objects/ChatRelayProblem__c.object"])

    names = {
        part: {entry.findtext(f"{{{NAMESPACE}}}fullName") for entry in root.findall(f"{{{NAMESPACE}}}{part}")}
        for part in ("fields", "listViews")
    }

    assert names["listViews"] == {"Open", "All"}
    assert {"Kind__c", "Message__c", "CaseIds__c", "Resolved__c"} < names["fields"]
    assert root.findtext(f"{{{NAMESPACE}}}label") == "Chat Relay Problem"


def test_address_and_user_are_filled_in(project: Path) -> None:
    package(project, project / "build", ENVIRONMENT)
    files = opened(project / "build/salesforce.zip")

    credential = ET.fromstring(files["namedCredentials/ChatRelay.namedCredential"])
    config = ET.fromstring(files["PlatformEventSubscriberConfigs/ChatCaseChanged.platformEventSubscriberConfig"])

    assert "https://relay.example.com/a?b&c" in [element.text for element in credential.iter()]
    assert "chat@acme.example" in [element.text for element in config.iter()]
    assert [name for name, content in files.items() if b".invalid" in content] == []


@pytest.mark.parametrize("missing", ENVIRONMENT)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_without_address_or_user_there_is_no_zip(missing: str, options: list[str]) -> None:
    environment = {**{k: v for k, v in os.environ.items() if k not in ENVIRONMENT}, **ENVIRONMENT}
    del environment[missing]
    command = [sys.executable, "-m", "apex.package", *options]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == f"make package: {missing} is not set; docs/salesforce.md says what it should be\n"


def test_make_looks_at_them_before_it_builds_anything() -> None:
    steps = (ROOT / "Makefile").read_text().partition("\npackage:")[2].partition("\n\n")[0]

    assert 0 < steps.index("apex.package --check") < steps.index("npm") < steps.rindex("apex.package")


@pytest.mark.parametrize(
    "wrong",
    [
        {"CHAT_RELAY_URL": url}
        for url in ("http://relay.acme.example", "relay.acme.example", "https://", "https://relay.acme.example/")
    ]
    + [{"CHAT_RELAY_USER": user} for user in ("foo", "@acme.example", "foo bar@acme.example")],
)
def test_an_address_or_a_user_that_cannot_be_one_is_named(wrong: dict[str, str], project: Path) -> None:
    with pytest.raises(PackageError, match=f"{next(iter(wrong))} must be"):
        package(project, project / "build", {**ENVIRONMENT, **wrong})
    assert not (project / "build").exists()


def test_the_same_sources_make_the_same_bytes(project: Path) -> None:
    package(project, project / "one", ENVIRONMENT)
    package(project, project / "two", ENVIRONMENT)
    for name in ZIPS:
        assert (project / "one" / name).read_bytes() == (project / "two" / name).read_bytes()


def test_a_description_without_its_class_is_named(project: Path) -> None:
    (project / "apex/main/classes/ChatCases.cls").unlink()
    with pytest.raises(PackageError, match=r"ChatCases\.cls is missing"):
        package(project, project / "build", ENVIRONMENT)


def test_a_folder_of_unknown_things_is_named(project: Path) -> None:
    (project / "apex/main/flows").mkdir()
    (project / "apex/main/flows/A.flow-meta.xml").write_text("<Flow/>")
    with pytest.raises(PackageError, match="folder flows"):
        package(project, project / "build", ENVIRONMENT)


def test_a_placeholder_that_is_gone_is_named(project: Path) -> None:
    spoil(
        project,
        "apex/main/namedCredentials/ChatRelay.namedCredential-meta.xml",
        "https://chat-relay.invalid",
        "https://a.example",
    )
    with pytest.raises(PackageError, match=r"does not contain https://chat-relay\.invalid"):
        package(project, project / "build", ENVIRONMENT)


def test_the_projects_replacements_are_those_of_sf() -> None:
    """The keys that sf knows: https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_ws_string_replace.htm"""
    for rule in json.loads((ROOT / "sfdx-project.json").read_text())["replacements"]:
        assert set(rule) == {"filename", "stringToReplace", "replaceWithEnv"}


@pytest.fixture
def widget(project: Path) -> Path:
    """A package directory with a component and what it shows, as built."""
    path = project / "sfdx-project.json"
    described = json.loads(path.read_text())
    described["packageDirectories"].append({"path": "widget"})
    path.write_text(json.dumps(described))
    for name, text in {
        "aura/bar/bar.cmp": "<aura:component/>",
        "aura/bar/bar.cmp-meta.xml": "<AuraDefinitionBundle/>",
        "aura/bar/barHelper.js": "({})",
        "staticresources/bar.resource-meta.xml": "<StaticResource/>",
        "staticresources/bar/index.html": "<!doctype html>",
        "cspTrustedSites/Chat.cspTrustedSite-meta.xml": "<CspTrustedSite/>",
    }.items():
        (project / "widget" / name).parent.mkdir(parents=True, exist_ok=True)
        (project / "widget" / name).write_text(text)
    return project


def test_a_component_brings_all_its_files_and_a_static_resource_is_an_archive(widget: Path) -> None:
    package(widget, widget / "build", ENVIRONMENT)
    files = opened(widget / "build/salesforce.zip")

    assert {("AuraDefinitionBundle", "bar"), ("StaticResource", "bar"), ("CspTrustedSite", "Chat")} < manifest(files)
    assert {"aura/bar/bar.cmp", "aura/bar/bar.cmp-meta.xml", "aura/bar/barHelper.js"} < set(files)
    with zipfile.ZipFile(io.BytesIO(files["staticresources/bar.resource"])) as resource:
        assert resource.namelist() == ["index.html"]


def test_a_static_resource_that_was_not_built_is_named(widget: Path) -> None:
    (widget / "widget/staticresources/bar/index.html").unlink()
    with pytest.raises(PackageError, match="bar is empty or not there: it is built"):
        package(widget, widget / "build", ENVIRONMENT)


def test_a_package_directory_that_is_gone_is_named(widget: Path) -> None:
    shutil.rmtree(widget / "widget")
    with pytest.raises(PackageError, match="widget, which is not there"):
        package(widget, widget / "build", ENVIRONMENT)
