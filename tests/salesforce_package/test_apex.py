"""The Apex compiles, as far as can be told without an org, and keeps the rules of rules.xml."""

from __future__ import annotations

from pathlib import Path

from tests.salesforce_package.tools import ROOT, apex_ls, copy_of_the_package, pmd, spoil

FAULTS = {
    "apex/main/classes/ChatCases.cls": ("now.OwnerId != was.OwnerId", "now.OwnerIdd != was.OwnerId"),
    "apex/main/classes/ChatAnnouncement.cls": ("CaseIds__c =", "Cases__c ="),
    "apex/main/classes/ChatDismiss.cls": ("forChats('/deletegroup', chats)", "forChats(chats)"),
    "apex/main/classes/ChatProblems.cls": ("Integer more", "String more"),
    "apex/main/triggers/AssignAgent.trigger": ("ChatCases", "ChatCase"),
    "apex/omni/classes/ChatWork.cls": ("work.WorkItemId)", "work.WorkItem)"),
    "apex/main/classes/TIMCallouts.cls": (
        "public void execute(FinalizerContext context)",
        "public void run(FinalizerContext context)",
    ),
}
"""What a compiler would refuse: an unknown field, an unknown custom field, an unknown method, a wrong type, an unknown
class, an unknown field of AgentWork, an interface without its method."""

BAD_CLASS = """public with sharing class Bad {
    public static void run(List<Case> cases, HttpResponse response) {
        HttpRequest request = new HttpRequest();
        request.setEndpoint('http://relay.example.com/joingroup');
        request.setBody('{"groupId":"' + cases[0].Id + '"}');
        String owner = '005000000000001AAA';
        System.debug('x' + response.getBody());
        List<Case> some = [SELECT Id FROM Case];
        Database.update(some);
        insert some;
    }
}
"""
BAD_TRIGGER = """trigger Bad on Case (after update) {
    if (Trigger.isUpdate) {
        Bad.run(Trigger.new, null);
    }
}
"""


def test_the_apex_compiles() -> None:
    assert apex_ls(ROOT) == []


def test_what_does_not_compile_is_seen(tmp_path: Path) -> None:
    project = copy_of_the_package(tmp_path)
    for path, (old, new) in FAULTS.items():
        spoil(project, path, old, new)

    found = {line.partition(":")[0] for line in apex_ls(project)}

    assert {Path(path).name for path in FAULTS} - found == set()


def test_the_apex_keeps_the_rules() -> None:
    assert pmd(ROOT / "apex") == []


def test_what_breaks_a_rule_is_seen(tmp_path: Path) -> None:
    (tmp_path / "Bad.cls").write_text(BAD_CLASS)
    (tmp_path / "Bad.trigger").write_text(BAD_TRIGGER)

    found = {tuple(line.split(": ")[0].split(" ")) for line in pmd(tmp_path)}

    assert found >= {
        ("Bad.cls:4", "ApexInsecureEndpoint"),
        ("Bad.cls:4", "EndpointIsNamedCredential"),
        ("Bad.cls:4", "NoAddressInCode"),
        ("Bad.cls:5", "BodyIsSerialized"),
        ("Bad.cls:6", "AvoidHardcodingId"),
        ("Bad.cls:7", "NothingSecretIsLogged"),
        ("Bad.cls:8", "QueryNamesItsMode"),
        ("Bad.cls:9", "WriteNamesItsMode"),
        ("Bad.cls:10", "WriteNamesItsMode"),
        ("Bad.trigger:1", "TriggerIsOneStatement"),
    }
