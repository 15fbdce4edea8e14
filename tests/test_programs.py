"""Whoever asks a program of the project for help gets it, and nothing is begun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.salesforce_package.mutants import MUTANTS

ROOT = Path(__file__).parents[1]
PROGRAMS = [
    "bench",
    "bench.clients",
    "bench.serve_vendors",
    "bench.throttle",
    "sandbox",
    "sandbox.apex",
    "tests.bench.cluster",
    "tests.bench.fill",
    "tests.bench.one_pass",
    "tests.chaos",
    "tests.console.make_pictures",
    "tests.salesforce_package.mutants",
]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("module", PROGRAMS)
def test_help_says_how_it_is_called(module: str) -> None:
    done = run(module, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")
    assert run(module, "--no-such-option").returncode == 2


def test_the_mutants_are_listed_and_one_can_be_chosen() -> None:
    listed = run("tests.salesforce_package.mutants", "--list")
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, len(MUTANTS))
    one = run("tests.salesforce_package.mutants", "--only", "9")
    assert one.stdout == f"killed   {MUTANTS[8]}\n1 of 1 killed\n"
    assert one.returncode == 0
    for wrong in ("0", str(len(MUTANTS) + 1), "all"):
        assert run("tests.salesforce_package.mutants", "--only", wrong).returncode == 2
