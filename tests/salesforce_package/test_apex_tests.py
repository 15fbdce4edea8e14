"""The Apex tests of the package, run by the sandbox. An org wants 75 % of the lines covered; this wants 90."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.salesforce_package.mutants import MUTANTS, fate_of
from tests.salesforce_package.tools import PACKAGE_DIRECTORIES, ROOT


def test_the_apex_tests_pass_and_cover_the_package() -> None:
    command = [sys.executable, "-m", "sandbox.apex", "test", "--coverage", "--json", *PACKAGE_DIRECTORIES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)

    failed = [
        f"{test['cls']}.{test['method']}: {test['message']}" for test in report["tests"] if test["outcome"] != "pass"
    ]
    assert failed == []
    assert done.returncode == 0
    assert len(report["tests"]) > 60
    assert [part["name"] for part in report["coverage"] if part["percent"] < 90] == []


def test_they_find_a_fault() -> None:
    """One of many; `python -m tests.salesforce_package.mutants` tries them all."""
    assert fate_of(MUTANTS[0]) == "killed"
