"""The metadata is right: the components that members.txt names and no other, well-formed, of one version."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from apex.components import META, members
from apex.package import NAMESPACE
from relay.crm.fields import PATHS
from tests.salesforce_package.tools import HERE, PACKAGE_DIRECTORIES, ROOT

VERSION = "67.0"
PROJECT = json.loads((ROOT / "sfdx-project.json").read_text())
DIRECTORIES = [directory["path"] for directory in PROJECT["packageDirectories"]]
FILES = sorted(path for directory in DIRECTORIES for path in (ROOT / directory).rglob(f"*{META}"))
MAIN = ROOT / "apex/main"


def read(path: str) -> ET.Element:
    return ET.parse(MAIN / path).getroot()


def texts(root: ET.Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(f"{{{NAMESPACE}}}{name}")]


def table(root: ET.Element, name: str, key: str) -> dict[str, dict[str, str]]:
    """The entries of a kind, by what they name: {key: {element: text}}."""
    rows = [
        {child.tag.partition("}")[2]: child.text or "" for child in entry}
        for entry in root.iter(f"{{{NAMESPACE}}}{name}")
    ]
    return {row.pop(key): row for row in rows}


def test_the_package_holds_what_members_txt_names(tmp_path: Path) -> None:
    found = []
    for directory in DIRECTORIES:
        shutil.copytree(ROOT / directory, tmp_path / directory)
        for resource in (tmp_path / directory).glob("staticresources/*.resource-meta.xml"):
            built = resource.with_name(resource.name.partition(".")[0])
            built.mkdir(exist_ok=True)
            (built / "index.html").touch()
        found += [f"{directory} {member.type} {member.name}" for member in members(tmp_path / directory, {})]
    assert sorted(found) == (HERE / "members.txt").read_text().splitlines()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_description_is_read_and_of_its_own_type(path: Path) -> None:
    root = ET.parse(path).getroot()
    suffix = path.name.removesuffix(META).rpartition(".")[2]
    special = {
        "cls": "ApexClass",
        "trigger": "ApexTrigger",
        "object": "CustomObject",
        "field": "CustomField",
        "tab": "CustomTab",
        "cmp": "AuraDefinitionBundle",
        "resource": "StaticResource",
    }

    assert root.tag.lower() == f"{{{NAMESPACE}}}{special.get(suffix, suffix)}".lower()
    for name in texts(root, "fullName")[:1]:
        assert name == path.name.partition(".")[0]
    if suffix in ("cls", "trigger"):
        assert texts(root, "status") == ["Active"]
    if suffix in ("cls", "trigger", "cmp"):
        assert texts(root, "apiVersion") == [VERSION]


def test_every_class_and_trigger_has_its_description() -> None:
    code = {
        path
        for directory in PACKAGE_DIRECTORIES
        for kind in ("cls", "trigger")
        for path in (ROOT / directory).rglob(f"*.{kind}")
    }
    assert {path for path in code if not path.with_name(path.name + META).is_file()} == set()


def test_the_project_names_every_package_directory_and_one_version() -> None:
    assert [*PACKAGE_DIRECTORIES, "lightning_component/main"] == DIRECTORIES
    assert PROJECT["sourceApiVersion"] == VERSION


def test_what_differs_from_org_to_org_is_replaced_or_the_deployment_stops() -> None:
    for rule in PROJECT["replacements"]:
        assert (ROOT / rule["filename"]).read_text().count(rule["stringToReplace"]) == 1
        assert not rule.get("allowUnsetEnvVariable", False)
    assert {rule["replaceWithEnv"] for rule in PROJECT["replacements"]} == {"CHAT_RELAY_URL", "CHAT_RELAY_USER"}


def test_a_ticket_is_unique_and_its_letters_are_told_apart() -> None:
    field = read("objects/Case/fields/ChatTicket__c.field-meta.xml")
    for name, value in {
        "type": "Text",
        "length": "64",
        "unique": "true",
        "caseSensitive": "true",
        "externalId": "true",
        "required": "false",
    }.items():
        assert texts(field, name) == [value], name


def test_the_secret_is_a_formula_and_stands_nowhere() -> None:
    credential = read("externalCredentials/ChatRelay.externalCredential-meta.xml")
    parameters = table(credential, "externalCredentialParameters", "parameterType")

    assert texts(credential, "authenticationProtocol") == ["Custom"]
    assert parameters["NamedPrincipal"]["parameterName"] == "Relay"
    assert parameters["AuthHeader"]["parameterName"] == "Authorization"
    assert parameters["AuthHeader"]["parameterValue"] == "{!'Bearer ' & $Credential.ChatRelay.Secret}"


def test_the_named_credential_adds_no_header_of_its_own() -> None:
    credential = read("namedCredentials/ChatRelay.namedCredential-meta.xml")
    parameters = table(credential, "namedCredentialParameters", "parameterType")

    assert texts(credential, "namedCredentialType") == ["SecuredEndpoint"]
    assert texts(credential, "calloutStatus") == ["Enabled"]
    assert texts(credential, "generateAuthorizationHeader") == ["false"]
    assert texts(credential, "allowMergeFieldsInHeader") == ["true"]
    assert parameters["Url"]["parameterValue"].startswith("https://")
    assert parameters["Authentication"]["externalCredential"] == "ChatRelay"


def test_the_event_waits_for_the_commit() -> None:
    event = read("objects/ChatCaseChange__e/ChatCaseChange__e.object-meta.xml")
    assert texts(event, "publishBehavior") == ["PublishAfterCommit"]
    assert texts(event, "eventType") == ["HighVolume"]


def test_all_that_is_written_fits_into_its_field() -> None:
    def size(path: str, name: str) -> int:
        return int(texts(read(f"objects/{path}.field-meta.xml"), name)[0])

    problems = (MAIN / "classes/ChatProblems.cls").read_text()
    most_cases = int(problems.partition("MOST_CASES = ")[2].partition(";")[0])
    longest_message = int(problems.partition("answer.trouble.abbreviate(")[2].partition(")")[0])

    assert size("ChatCaseChange__e/fields/CaseIds__c", "length") >= 200 * len("500000000000001AAA,"), (
        "A trigger's Cases"
    )
    assert size("ChatRelayProblem__c/fields/CaseIds__c", "length") >= most_cases * len("500000000000001AAA ")
    assert size("ChatRelayProblem__c/fields/Message__c", "length") >= longest_message
    assert size("ChatRelayProblem__c/fields/Kind__c", "length") >= len("Unreachable")
    assert size("ChatRelayProblem__c/fields/CaseCount__c", "precision") >= len(str(most_cases))
    assert size("ChatRelayProblem__c/fields/HttpStatus__c", "precision") == 3


def test_problems_are_seen_by_all_who_may_and_the_open_ones_are_listed() -> None:
    problem = read("objects/ChatRelayProblem__c/ChatRelayProblem__c.object-meta.xml")
    listed = read("objects/ChatRelayProblem__c/listViews/Open.listView-meta.xml")

    assert (texts(problem, "sharingModel"), texts(problem, "deploymentStatus")) == (["ReadWrite"], ["Deployed"])
    assert texts(read("tabs/ChatRelayProblem__c.tab-meta.xml"), "customObject") == ["true"]
    assert table(listed, "filters", "field") == {"Resolved__c": {"operation": "equals"}}


@pytest.mark.parametrize(
    ("trigger", "events"),
    [
        ("apex/main/triggers/AssignAgent", "after insert, after update, after delete, after undelete"),
        ("apex/main/triggers/ChatCaseChanged", "after insert"),
        ("apex/omni/triggers/AgentOmniChannel", "after insert, after update"),
    ],
)
def test_each_trigger_follows_all_that_may_change_who_is_in_the_chat(trigger: str, events: str) -> None:
    """An Apex test cannot update AgentWork."""
    assert f"({events})" in (ROOT / f"{trigger}.trigger").read_text()


def test_the_events_trigger_runs_as_a_user_of_its_own() -> None:
    config = read("PlatformEventSubscriberConfigs/ChatCaseChanged.platformEventSubscriberConfig-meta.xml")
    assert texts(config, "platformEventConsumer") == ["ChatCaseChanged"]
    assert texts(config, "user") == ["chat-relay@user.invalid"]
    assert int(texts(config, "batchSize")[0]) * 200 <= 6000, "All Cases of a job must fit into one Chat Relay Problem"


PERMISSION_SETS = {
    name: ET.parse(MAIN / f"permissionsets/{name}.permissionset-meta.xml").getroot()
    for name in ("ChatRelayAgent", "ChatRelayIntegration", "ChatRelayAdmin")
}


@pytest.mark.parametrize("name", ["ChatRelayAgent", "ChatRelayIntegration"])
def test_who_calls_out_may_use_the_credential(name: str) -> None:
    permissions = PERMISSION_SETS[name]
    assert table(permissions, "externalCredentialPrincipalAccesses", "externalCredentialPrincipal") == {
        "ChatRelay-Relay": {"enabled": "true"}
    }
    assert table(permissions, "objectPermissions", "object")["UserExternalCredential"]["allowRead"] == "true"


@pytest.mark.parametrize("name", PERMISSION_SETS)
def test_everybody_who_has_a_permission_set_may_announce_and_sees_the_ticket(name: str) -> None:
    permissions = PERMISSION_SETS[name]
    event = table(permissions, "objectPermissions", "object")["ChatCaseChange__e"]
    ticket = table(permissions, "fieldPermissions", "field")["Case.ChatTicket__c"]

    assert (event["allowCreate"], event["allowRead"], event["allowEdit"], event["allowDelete"]) == (
        "true",
        "true",
        "false",
        "false",
    )
    assert ticket == {"readable": "true", "editable": "true" if name == "ChatRelayIntegration" else "false"}


def test_the_relays_user_sees_all_cases_and_deletes_none() -> None:
    case = table(PERMISSION_SETS["ChatRelayIntegration"], "objectPermissions", "object")["Case"]
    assert {name for name, value in case.items() if value == "true"} == {
        "allowCreate",
        "allowRead",
        "allowEdit",
        "viewAllRecords",
    }


def test_the_relays_user_may_write_every_field_that_the_relay_sets() -> None:
    """Its profile, Minimum Access, shows no field that need not be filled in."""
    granted = table(PERMISSION_SETS["ChatRelayIntegration"], "fieldPermissions", "field")
    assert granted == {f"Case.{name}": {"readable": "true", "editable": "true"} for name in (*PATHS, "ChatTicket__c")}


def test_agents_may_call_what_the_utility_bar_and_flows_call() -> None:
    classes = table(PERMISSION_SETS["ChatRelayAgent"], "classAccesses", "apexClass")
    entries = {
        path.stem
        for path in (MAIN / "classes").glob("*.cls")
        if "@AuraEnabled" in path.read_text() or "@InvocableMethod" in path.read_text()
    }
    assert classes == {entry: {"enabled": "true"} for entry in entries}


@pytest.mark.parametrize("name", PERMISSION_SETS)
def test_a_permission_set_is_good_as_soon_as_it_is_assigned(name: str) -> None:
    assert texts(PERMISSION_SETS[name], "hasActivationRequired") == ["false"]


def test_the_admin_has_the_tab_of_the_problems() -> None:
    tabs = table(PERMISSION_SETS["ChatRelayAdmin"], "tabSettings", "tab")
    assert tabs == {"ChatRelayProblem__c": {"visibility": "Visible"}}


def test_the_admin_sees_every_field_of_a_problem() -> None:
    fields = {path.name.partition(".")[0] for path in (MAIN / "objects/ChatRelayProblem__c/fields").iterdir()}
    granted = set(table(PERMISSION_SETS["ChatRelayAdmin"], "fieldPermissions", "field"))
    assert granted == {f"ChatRelayProblem__c.{name}" for name in fields} | {"Case.ChatTicket__c"}
