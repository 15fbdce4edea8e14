"""The widget's packages and its build, fetched or built when they are not up to date, for all tests that want them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "lightning_component/web"
ZIP = WEB / "dist/tim_bar.zip"
OLDEST_NODE = (20, 19)
NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET")


def run(*command: str, folder: Path = WEB) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=180, check=False
    )


def environment() -> dict[str, str]:
    """No more than Node.js needs, so that it is the same everywhere."""
    node = shutil.which("node") or ""
    path = f"{Path(node).parent}:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "HOME": str(Path.home()), "CI": "1", "NO_COLOR": "1"}


def need_packages() -> str:
    """npm, with the packages of the lock file installed; or the test is skipped with the reason."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("Node.js and npm are not installed")
    version = run(node, "--version").stdout.strip()
    if tuple(map(int, version.lstrip("v").split(".")[:2])) < OLDEST_NODE:
        pytest.skip(f"the widget wants Node.js 20.19 or newer, this is {version}")
    installed = WEB / "node_modules/.package-lock.json"
    with _alone():
        if not installed.is_file() or installed.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
            install = run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            if any(code in install.stderr for code in NO_NETWORK):
                pytest.skip("npm cannot reach its registry")
            assert install.returncode == 0, install.stderr
            installed.touch()
    return npm


def need_zip() -> Path:
    """The zip as the sources are now: `make` builds it if one of them is newer."""
    need_packages()
    with _alone():
        build = run("make", "--no-print-directory", str(ZIP.relative_to(ROOT)), folder=ROOT)
    assert build.returncode == 0, build.stdout + build.stderr
    return ZIP


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time in the whole checkout, whatever process it is; the lock is on the folder, and ends with us."""
    folder = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
