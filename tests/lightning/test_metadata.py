"""The component's metadata files say what Salesforce asks for, and nothing it does not know."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "lightning_component/main"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
FILES = sorted(MAIN.rglob("*-meta.xml"))

CSP_SOURCES = {f"isApplicableTo{kind}Src" for kind in ("Connect", "Font", "Frame", "Img", "Media", "Style")}
MEMBERS = {
    "AuraDefinitionBundle": {"apiVersion", "description"},
    "StaticResource": {"cacheControl", "contentType", "description"},
    "FlexiPage": {"flexiPageRegions", "masterLabel", "template", "type"},
    "CspTrustedSite": {"context", "description", "endpointUrl", "isActive", *CSP_SOURCES},
}
FOLDERS = {
    "AuraDefinitionBundle": "aura",
    "StaticResource": "staticresources",
    "FlexiPage": "flexipages",
    "CspTrustedSite": "cspTrustedSites",
}


def value(file: Path, name: str) -> str:
    return ET.parse(file).getroot().findtext(f"{NAMESPACE}{name}", "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_file_has_the_members_of_its_type_and_stands_in_its_folder(file: Path) -> None:
    root = ET.parse(file).getroot()
    kind = root.tag.removeprefix(NAMESPACE)
    assert {child.tag.removeprefix(NAMESPACE) for child in root} == MEMBERS[kind]
    assert file.relative_to(MAIN).parts[0] == FOLDERS[kind]


def test_the_component_speaks_the_api_version_of_the_project() -> None:
    project = json.loads((ROOT / "sfdx-project.json").read_text())
    meta = MAIN / "aura/tim_utilities_bar/tim_utilities_bar.cmp-meta.xml"
    assert value(meta, "apiVersion") == project["sourceApiVersion"]


def test_the_utility_bar_shows_the_component_and_starts_it_with_the_app() -> None:
    root = ET.parse(MAIN / "flexipages/Chat_UtilityBar.flexipage-meta.xml").getroot()
    assert root.findtext(f"{NAMESPACE}type") == "UtilityBar"
    component = root.find(f".//{NAMESPACE}componentInstance")
    assert component is not None
    assert component.findtext(f"{NAMESPACE}componentName") == "c:tim_utilities_bar"
    decorators = {
        item.findtext(f"{NAMESPACE}name"): item.findtext(f"{NAMESPACE}value")
        for item in component.iter(f"{NAMESPACE}componentInstanceProperties")
    }
    assert decorators["eager"] == "true"
    assert int(decorators["width"] or 0) >= 320


@pytest.mark.parametrize("file", sorted(MAIN.glob("cspTrustedSites/*")), ids=lambda file: file.name)
def test_a_trusted_site_is_one_that_salesforce_takes_and_allows_no_more_than_needed(file: Path) -> None:
    url = urlsplit(value(file, "endpointUrl"))
    assert url.scheme in {"https", "wss"}
    assert (url.path, url.port) == ("", None)
    assert re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", url.netloc), "a wildcard stands only for the first label"
    assert value(file, "isActive") == "true"
    assert value(file, "isApplicableToConnectSrc") == "true", "all false means all true"
    assert {value(file, f"isApplicableTo{kind}Src") for kind in ("Font", "Frame", "Style")} == {"false"}
    if url.scheme == "wss":
        assert value(file, "isApplicableToImgSrc") == "false"


def test_what_is_built_is_not_committed() -> None:
    ignored = (ROOT / "lightning_component/.gitignore").read_text().splitlines()
    assert "main/staticresources/tim_bar/" in ignored


def test_the_agents_chat_is_an_archive() -> None:
    assert value(MAIN / "staticresources/tim_bar.resource-meta.xml", "contentType") == "application/zip"
