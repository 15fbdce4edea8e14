"""The Apex compiles, as far as can be told without an org, and keeps the rules of rules.xml.

Each checker runs once, over the package and some faulty files beside it: it must see all of these, and nothing else.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.salesforce_package.tools import META_OF_A_CLASS, META_OF_A_TRIGGER, apex_ls, copy_of_the_package, pmd

WRONG = {
    "WrongField.cls": "class WrongField { Id f(Case c) { return c.OwnerIdd; } }",
    "WrongCustomField.cls": "class WrongCustomField { String f(ChatCaseChange__e e) { return e.Cases__c; } }",
    "WrongOmniField.cls": "class WrongOmniField { Id f(AgentWork w) { return w.WorkItem; } }",
    "WrongMethod.cls": "class WrongMethod { void f(HttpRequest r) { r.setEndPointt('callout:ChatRelay/usersig'); } }",
    "WrongType.cls": "class WrongType { void f(List<String> ids) { ChatRelay.post(ids, null); } }",
    "WrongClass.cls": "class WrongClass { void f() { ChatCase.changed(null, null); } }",
    "WrongInterface.cls": "class WrongInterface implements Finalizer { void run(FinalizerContext c) { return; } }",
    "WrongWord.cls": "class WrongWord { Integer join = 1; }",
    "Wrong.trigger": "trigger Wrong on Case (after update) { ChatCases.changed(Trigger.newMap, Trigger.oldMap); }",
}
"""What a compiler refuses."""

BAD = {
    "Bad.cls": """public with sharing class Bad {
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
""",
    "Bad.trigger": """trigger Bad on Case (after update) {
    if (Trigger.isUpdate) {
        Bad.run(Trigger.new, null);
    }
}
""",
}
"""What compiles, and breaks the rules."""
BROKEN = {
    "Bad.cls:4 ApexInsecureEndpoint",
    "Bad.cls:4 EndpointIsNamedCredential",
    "Bad.cls:4 NoAddressInCode",
    "Bad.cls:5 BodyIsSerialized",
    "Bad.cls:6 AvoidHardcodingId",
    "Bad.cls:7 NothingSecretIsLogged",
    "Bad.cls:8 QueryNamesItsMode",
    "Bad.cls:9 WriteNamesItsMode",
    "Bad.cls:10 WriteNamesItsMode",
    "Bad.trigger:1 TriggerIsOneStatement",
}


def beside_the_package(folder: Path, faulty: dict[str, str]) -> Path:
    project = copy_of_the_package(folder)
    for name, source in faulty.items():
        place, meta = ("triggers", META_OF_A_TRIGGER) if name.endswith(".trigger") else ("classes", META_OF_A_CLASS)
        (project / "apex/omni" / place / name).write_text(source)
        (project / "apex/omni" / place / f"{name}-meta.xml").write_text(meta.read_text())
    return project


@pytest.fixture(scope="module")
def uncompilable(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return apex_ls(beside_the_package(tmp_path_factory.mktemp("apex-ls"), WRONG))


@pytest.fixture(scope="module")
def violations(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return pmd(beside_the_package(tmp_path_factory.mktemp("pmd"), BAD) / "apex")


def test_the_apex_compiles(uncompilable: list[str]) -> None:
    assert [issue for issue in uncompilable if issue.partition(":")[0] not in WRONG] == []


def test_what_does_not_compile_is_seen(uncompilable: list[str]) -> None:
    assert set(WRONG) - {issue.partition(":")[0] for issue in uncompilable} == set()


def test_the_apex_keeps_the_rules(violations: list[str]) -> None:
    assert [violation for violation in violations if violation.partition(":")[0] not in BAD] == []


def test_what_breaks_a_rule_is_seen(violations: list[str]) -> None:
    assert BROKEN - {violation.partition(": ")[0] for violation in violations} == set()
