"""`python -m sandbox demo` tells its story with a real relay, and leaves nothing running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demo(folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", "demo", "--once", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_case_goes_from_agent_to_agent_by_the_orgs_own_apex(tmp_path: Path) -> None:
    port = free_port()
    done = demo(tmp_path, port)
    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        "members: alice, Maria Santos",
        "members: alice, Wei Chen",
        "'My lamp is dark', Closed, owner Wei Chen",
        "has 1 Case of hers",
    ):
        assert line in done.stdout, line
    assert not in_use(port), "the relay was stopped"


def test_a_port_that_is_taken_is_named_with_its_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo(tmp_path, port)
    assert done.returncode == 1
    assert f"port {port} is not free" in done.stderr
    assert "make demo PORT=" in done.stderr
    assert list(tmp_path.iterdir()) == []


def in_use(port: int) -> bool:
    time.sleep(0.1)
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
