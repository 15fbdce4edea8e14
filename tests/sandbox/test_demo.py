"""`python -m sandbox demo` tells its story with a real relay, and leaves nothing running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demo(folder: Path, port: int | str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", "demo", "--once", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
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
    asked = [sys.executable, "-m", "relay", "dead-letters", "list", "--env-file", ".sandbox/env"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
    told = subprocess.run(asked, cwd=tmp_path, env={**own, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert (told.stdout, told.stderr) == (b"No dead letters.\n", b""), "its settings name the demo's ledger"


def test_a_port_that_is_taken_is_named_with_its_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo(tmp_path, port)
    assert done.returncode == 1
    assert f"port {port} is not free" in done.stderr
    assert "make demo PORT=" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["99999", "0", "-1", "three"])
def test_what_is_no_port_is_told_so(tmp_path: Path, port: str) -> None:
    done = demo(tmp_path, port)
    assert done.returncode == 2
    assert f"{port!r} is no port" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_consoles_port_can_be_chosen(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo(tmp_path, free_port(), CONSOLE_PORT=str(port))
    assert done.returncode == 0
    assert f"Port {port} is taken by another program, so the console is on" in done.stdout
    assert "'three' is no port" in demo(tmp_path, free_port(), CONSOLE_PORT="three").stderr


def test_a_demo_leaves_a_sandbox_alone_whose_settings_are_where_its_own_would_be(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "up", "--no-console"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout is not None
            assert any("Settings for the relay" in line for line in first.stdout)
            settings = (tmp_path / ".sandbox" / "env").read_text()
            done = demo(tmp_path, free_port())
            assert done.returncode == 1
            assert f"another sandbox's, process {first.pid}: stop that one" in done.stderr
            assert (tmp_path / ".sandbox" / "env").read_text() == settings
        finally:
            first.terminate()


def test_a_second_demo_in_the_same_folder_leaves_the_first_one_alone(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "demo", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout is not None
            assert any("Your turn" in line for line in first.stdout)
            settings = (tmp_path / ".sandbox" / "env").read_text()
            done = demo(tmp_path, free_port())
            assert done.returncode == 1
            assert f"another demo runs in this folder, its relay is http://127.0.0.1:{port}" in done.stderr
            assert (tmp_path / ".sandbox" / "env").read_text() == settings
            assert (tmp_path / ".sandbox" / "relay.db").exists()
        finally:
            first.terminate()


def in_use(port: int) -> bool:
    time.sleep(0.1)
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
