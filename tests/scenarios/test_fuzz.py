"""The relay against what its own OpenAPI document invites, and against what it does not."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, cases

pytestmark = pytest.mark.anyio

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,ignored_auth"
)
CONFIG = """
warnings = false
[auth.openapi.app]
bearer = "${APP}"
[auth.openapi.org]
bearer = "${ORG}"
[phases.stateful]
enabled = false
[generation]
database = "none"
"""


@pytest.mark.parametrize("app", ["a trusted back end", "an end user's app"])
async def test_every_answer_is_one_that_the_document_names(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path, app: str
) -> None:
    """schemathesis sends what fits the schema and what does not, with good credentials and without."""
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Type")
    trusted = app == "a trusted back end"

    status, report = await fuzzed(relay, tmp_path, relay.api_key if trusted else relay.token("alice"))

    assert status == 0, report
    assert "11 passed" in report
    assert cases(sandbox) or not trusted


async def fuzzed(relay: Relay, directory: Path, app: str) -> tuple[int | None, str]:
    """schemathesis's exit code and what it printed."""
    config = directory / "schemathesis.toml"
    config.write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{relay.url}/openapi.json"),
        *("--checks", CHECKS, "--max-examples", "40", "--generation-deterministic"),
        *("--request-timeout", "10", "--continue-on-failure", "--no-color"),
        env={**os.environ, "APP": app, "ORG": relay.callout_secret, "NO_PROXY": "127.0.0.1"},
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        output, _ = await process.communicate()
    return process.returncode, output.decode()
