"""`python -m sandbox up` brings the console along, and leaves nothing running when it is stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx


def test_the_console_is_named_and_there_until_it_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "up", "--env-file", str(tmp_path / "env")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if "Stop with Ctrl-C" in line:
                break
        found = re.search(r"Console\s+(\S+), the customer's page (\S+)", told)
        assert found is not None, told
        console, customer = found.groups()
        assert "sandbox console" in httpx.get(console).text
        assert "Lumen" in httpx.get(customer).text
        assert f"RELAY_ALLOWED_ORIGINS={customer}," in (tmp_path / "env").read_text()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")
    for url in (console, customer):
        assert is_gone(url), url


def is_gone(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.ConnectError:
        return True
    return False
