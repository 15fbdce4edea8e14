"""The widget's own checks and tests, and the zip that Salesforce gets. They want Node.js and npm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lightning.built import WEB, environment, need_packages, need_zip, run

STATIC_RESOURCE_LIMIT = 5_000_000
EXPECTED_SIZE = 500_000


@pytest.fixture(scope="module")
def npm() -> str:
    return need_packages()


@pytest.fixture(scope="module")
def built(npm: str) -> Path:
    return need_zip()


class Side:
    """Commands of npm that run side by side, each with its own log."""

    def __init__(self, stack: ExitStack, npm: str, folder: Path) -> None:
        self.stack, self.npm, self.folder = stack, npm, folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *more: str) -> None:
        log = self.stack.enter_context((self.folder / name).open("wb"))
        command = [self.npm, "run", name, *more]
        process = subprocess.Popen(command, cwd=WEB, env=environment(), stdout=log, stderr=log)
        self.running[name] = self.stack.enter_context(process)
        self.stack.callback(process.kill)

    def passes(self, name: str) -> None:
        assert self.running[name].wait(180) == 0, (self.folder / name).read_text()


@pytest.fixture(scope="module")
def side(npm: str, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    """Types and unit tests: each keeps one processor busy, and neither wants anything of the other."""
    with ExitStack() as stack:
        side = Side(stack, npm, tmp_path_factory.mktemp("side"))
        side.start("check")
        side.start("test:unit")
        yield side


def test_it_runs_in_a_browser_under_a_strict_csp_and_has_no_serious_finding_of_axe(npm: str, built: Path) -> None:
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed")
    tests = run(npm, "run", "test:browser", "--", "-t", "both talk|axe, dark")
    assert tests.returncode == 0, tests.stdout + tests.stderr


def test_the_zip_is_what_lightning_container_takes(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sorted(files) == ["app.js", "index.html", "style.css"]
    assert built.stat().st_size < EXPECTED_SIZE < STATIC_RESOURCE_LIMIT
    page = files["index.html"]
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["./app.js", "./style.css"], "nothing from elsewhere"
    assert re.findall(r"<script[^>]*>", page) == ['<script defer src="./app.js">'], "one classic script, nothing inline"
    assert not re.search(r"\beval\(|new Function\(", files["app.js"])
    assert not re.search(r"@import|url\(", files["style.css"])


def test_the_same_sources_make_the_same_zip(built: Path, tmp_path: Path) -> None:
    again = run("node_modules/.bin/vite", "build", "--outDir", str(tmp_path / "tim_bar"))
    assert again.returncode == 0, again.stdout + again.stderr
    assert (tmp_path / "tim_bar.zip").read_bytes() == built.read_bytes()


def test_its_types_are_right(side: Side) -> None:
    side.passes("check")


def test_its_own_tests_pass(side: Side) -> None:
    side.passes("test:unit")


def test_the_lock_file_has_a_hash_for_everything_and_no_address() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or "integrity" in package or package.get("optional"), name
