"""The widget's own checks and tests, and the zip that Salesforce gets. They want Node.js and npm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "lightning_component/web"
STATIC_RESOURCE_LIMIT = 5_000_000
EXPECTED_SIZE = 500_000
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": _path(), "HOME": str(Path.home()), "CI": "1", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=WEB, env=environment, capture_output=True, text=True, timeout=180, check=False)


def _path() -> str:
    node = shutil.which("node") or ""
    return f"{Path(node).parent}:/usr/local/bin:/usr/bin:/bin"


@pytest.fixture(scope="module")
def npm() -> str:
    """npm, with the packages of the lock file installed."""
    found = shutil.which("npm")
    node = shutil.which("node")
    if not found or not node:
        pytest.skip("Node.js and npm are not installed")
    version = run(node, "--version").stdout.strip()
    if tuple(map(int, version.lstrip("v").split(".")[:2])) < (20, 19):
        pytest.skip(f"the widget wants Node.js 20.19 or newer, this is {version}")
    installed = WEB / "node_modules/.package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        install = run(found, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        if any(code in install.stderr for code in NO_NETWORK):
            pytest.skip("npm cannot reach its registry")
        assert install.returncode == 0, install.stderr
    return found


@pytest.fixture(scope="module")
def built(npm: str) -> Path:
    build = run(npm, "run", "build")
    assert build.returncode == 0, build.stdout + build.stderr
    return WEB / "dist/tim_bar.zip"


def test_its_types_are_right(npm: str) -> None:
    check = run(npm, "run", "check")
    assert check.returncode == 0, check.stdout


def test_its_own_tests_pass(npm: str) -> None:
    tests = run(npm, "run", "test:unit")
    assert tests.returncode == 0, tests.stdout + tests.stderr


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


def test_the_same_sources_make_the_same_zip(npm: str, built: Path) -> None:
    first = built.read_bytes()
    assert run(npm, "run", "build").returncode == 0
    assert built.read_bytes() == first


def test_the_lock_file_has_a_hash_for_everything_and_no_address() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or "integrity" in package or package.get("optional"), name
