"""The utility bar component: its markup, and that the check would see what is wrong with one."""

import shutil
from pathlib import Path

import pytest

from tests.lightning.aura import problems

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "lightning_component/main"
APEX = ROOT / "apex/main"
NAME = "tim_utilities_bar"
RESOURCES = {file.name.partition(".")[0] for file in MAIN.glob("staticresources/*.resource-meta.xml")}


def test_the_component_can_be_saved_and_is_wired() -> None:
    assert problems(MAIN / "aura" / NAME, RESOURCES, APEX) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (".cmp", '"utilitybar"/>', "'utilitybar'\" />", "not well-formed"),
        (".cmp", '"TIM_Bar"', "\"'TIM_Bar'\"", "bad aura:id \"'TIM_Bar'\""),
        (".cmp", "lightning:container", "lightning:containers", "unknown component <lightning:containers>"),
        (".cmp", "onerror=", "onfault=", "<lightning:container> has no attribute onfault"),
        (".cmp", "c.handleError", "c.handleErrors", "the controller has no handleErrors"),
        (".cmp", "$Resource.tim_bar", "$Resource.tim_bars", "no static resource tim_bars"),
        (".cmp", 'controller="ChatSession"', 'controller="ChatSessions"', "no Apex class ChatSessions"),
        (".cmp", '"workspace"', '"navService"', "aura:id navService is there twice"),
        ("Controller.js", "helper.receive", "helper.receives", "the helper has no receives"),
        ("Helper.js", "find('workspace')", "find('workspaces')", "no aura:id workspaces"),
        ("Helper.js", "'cases', {}", "'openCases', {}", "ChatSession has no @AuraEnabled openCases"),
        ("Helper.js", "v.chatLabel", "v.label", "no attribute v.label"),
    ],
)
def test_a_broken_one_is_seen(tmp_path: Path, file: str, old: str, new: str, problem: str) -> None:
    bundle = tmp_path / NAME
    shutil.copytree(MAIN / "aura" / NAME, bundle)
    broken = bundle / f"{NAME}{file}"
    text = broken.read_text()
    assert old in text
    broken.write_text(text.replace(old, new))
    assert any(found.startswith(problem) for found in problems(bundle, RESOURCES, APEX))
