"""The widget, built for these tests if it is not there: it comes from npm, as axe-core does."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from sandbox.console.widget import BUILT

WEB = BUILT.parents[1]
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


def need_packages() -> None:
    """npm's packages of the widget, or the test is skipped with the reason."""
    if AXE.is_file():
        return
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Node.js and npm are not installed")
    _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def need_widget() -> None:
    need_packages()
    if not (BUILT / "index.html").is_file():
        _run("npm", "run", "build")


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-200:]}")
