"""`python -m sandbox.apex test`, and what a sandbox does with a project."""

# ruff: noqa: E501 - Apex stands as its authors would write it

import json
import time
from pathlib import Path

import pytest

from sandbox.apex import package
from sandbox.apex.__main__ import main
from sandbox.apex.metadata import load
from tests.apex_runtime.packages import write

HALF = """public class Half {
    public static Integer of(Integer n) {
        if (n == null) {
            return null;
        }
        return n / 2;
    }
}"""
TESTS = """@IsTest
private class HalfTest {
    @IsTest static void even() { Assert.areEqual(2, Half.of(4)); }
    @IsTest static void odd() { Assert.areEqual(1.5, Half.of(3)); }
}"""
FILES = {"Half.cls": HALF, "HalfTest.cls": TESTS}


def test_it_prints_results_and_the_lines_that_did_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--coverage", str(write(tmp_path, FILES))]) == 1
    said = capsys.readouterr().out
    assert "pass  HalfTest.even" in said
    assert "fail  HalfTest.odd" in said
    assert "Expected: 1.5, Actual: 1" in said
    assert "Class.HalfTest.odd: line 4" in said
    assert " 66.7 % of    3 lines  Half  not run: 4" in said
    assert "1 of 2 tests passed" in said


def test_it_speaks_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--json", "--coverage", "--only", "halftest.even", str(write(tmp_path, FILES))]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(test["method"], test["outcome"]) for test in said["tests"]] == [("even", "pass")]
    assert said["coverage"] == [{"name": "Half", "lines": 3, "uncovered": [4], "percent": 66.7}]
    assert said["passed"] is True


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"A.cls": "public class A { Integer i = ; }"}, "A.cls:1: unexpected syntax"),
        (
            {"A.cls": "public class A { Missing m; }"},
            "A.cls:1: the type Missing is neither of the package nor modelled",
        ),
        ({"A.trigger": "trigger A on Missing (after insert) { }"}, "A.trigger:1: Invalid type: Missing"),
        ({}, "there are no such tests"),
        ({"objects/A__mdt/A__mdt.object-meta.xml": "<CustomObject></CustomObject>"}, "custom metadata types"),
    ],
)
def test_it_names_what_it_cannot_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], message: str
) -> None:
    assert main(["test", str(write(tmp_path, files))]) == 2
    assert message in capsys.readouterr().err


def test_a_directory_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(tmp_path / "missing")]) == 2
    assert "there is no such package directory" in capsys.readouterr().err


def test_a_class_without_its_meta_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, FILES)
    (tmp_path / "classes/Half.cls-meta.xml").unlink()
    assert main(["test", str(tmp_path)]) == 2
    assert "Half.cls-meta.xml is missing" in capsys.readouterr().err


def test_a_project_says_which_directories_are_its_package_and_what_a_deploy_replaces(tmp_path: Path) -> None:
    event = "PlatformEventSubscriberConfigs/A.platformEventSubscriberConfig-meta.xml"
    config = "<PlatformEventSubscriberConfig><platformEventConsumer>A</platformEventConsumer><user>WHO</user></PlatformEventSubscriberConfig>"
    write(tmp_path / "main", {event: config})
    replacement = {"filename": f"main/{event}", "stringToReplace": "WHO", "replaceWithEnv": "THE_USER"}
    project = {"packageDirectories": [{"path": "main"}, {"path": "later"}], "replacements": [replacement]}
    (tmp_path / "sfdx-project.json").write_text(json.dumps(project))
    assert package.directories(tmp_path) == [tmp_path / "main"]
    assert package.directories(tmp_path / "main") == []
    assert load([tmp_path / "main"], {"THE_USER": "me@example.com"}).subscribers["a"].user == "me@example.com"
    assert load([tmp_path / "main"]).subscribers["a"].user == "WHO"


def test_starting_is_quick(tmp_path: Path) -> None:
    many = {f"Half{number}.cls": HALF.replace("Half", f"Half{number}") for number in range(60)}
    write(tmp_path, many)
    started = time.process_time()
    load([tmp_path])
    assert time.process_time() - started < 0.5
