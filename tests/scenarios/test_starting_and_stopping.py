"""`relay serve`: what it refuses to start with, and how it stops."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import sqlite3
import sys
from pathlib import Path

import httpx
import pytest

from relay.settings_reader import EXAMPLES
from sandbox.env_file import env_text
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import cases, commands, eventually, groups, posted
from tests.scenarios.processes import Ended, as_json, environment, relay_command, serving
from tests.scenarios.wire import assert_problem

pytestmark = pytest.mark.anyio

EXAMPLE_FILE = Path(__file__).parents[2] / ".env.example"


def assert_refused(ended: Ended, *names: str) -> list[str]:
    """It did not start, for exactly these settings, in words for people. The lines, one for each problem."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert "Traceback" not in ended.err
    problems = [line for line in ended.err.splitlines() if line.startswith("  - ")]
    missing = [name for name in names if not any(name in problem for problem in problems)]
    assert missing == [], ended
    assert len(problems) == len(names), ended
    return problems


async def open_ticket(url: str, sandbox: Sandbox, key: str = "k") -> httpx.Response:
    headers = {"Authorization": f"Bearer {sandbox.environment['RELAY_APP_API_KEYS']}", "Idempotency-Key": key}
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        body = {"userId": "alice", "caseInfo": {"subject": "It broke"}}
        return await client.post(f"{url}/createticket", json=body, headers=headers)


async def test_a_second_relay_on_one_sqlite_file_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    async with serving(env, tmp_path) as first:
        async with serving(env, tmp_path) as second:
            pass
        first.process.kill()
        await first.ended()
        async with serving(env, tmp_path) as third:
            pass
    said = [[line for line in relay.lines if "Another relay serves" in line] for relay in (first, second, third)]
    assert [len(lines) for lines in said] == [0, 1, 0]
    assert "relay.db" in said[1][0]


async def test_nothing_configured_is_said_in_one_list(tmp_path: Path) -> None:
    env = {name: value for name, value in environment(None, tmp_path).items() if name not in ("PORT",)}
    ended = await relay_command("serve", env=env, directory=tmp_path)
    assert "in the environment and in .env, which is not there" in ended.err
    assert_refused(
        ended,
        "SALESFORCE_LOGIN_URL",
        "SALESFORCE_CLIENT_ID",
        "SALESFORCE_CLIENT_SECRET",
        "TENCENT_SDK_APP_ID",
        "TENCENT_SECRET_KEY",
        "RELAY_APP_JWT_SECRET",
        "RELAY_CALLOUT_SECRETS",
    )


WRONG = {
    "SALESFORCE_LOGIN_URL": "http://acme.my.salesforce.com",
    "SALESFORCE_API_VERSION": "sixty",
    "TENCENT_SDK_APP_ID": "s3cret-not-a-number",
    "TENCENT_REGION": "mars",
    "TENCENT_API_URL": "https://adminapisgp.im.qcloud.com/v4",
    "TENCENT_GROUP_TYPE": "AVChatRoom",
    "TENCENT_GROUP_OWNER": "me",
    "RELAY_APP_JWKS_URL": "ftp://keys.example.com",
    "RELAY_DATABASE_URL": "mysql://user:s3cret@host/db",
    "RELAY_ALLOWED_ORIGINS": "https://app.example.com/path",
    "RELAY_USERSIG_TTL": "0",
    "RELAY_CREATE_WAIT": "soon",
    "RELAY_CLOSE_GRACE": "-1",
    "RELAY_RECONCILE_INTERVAL": "nan",
    "RELAY_DEEP_INTERVAL": "inf",
    "RELAY_MAX_BODY": "64k",
    "PORT": "65536",
    "WEB_CONCURRENCY": "0",
}


async def test_all_that_is_wrong_is_said_at_once_and_no_secret(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path, **WRONG)
    ended = await relay_command("serve", env=env, directory=tmp_path)
    assert_refused(ended, *WRONG)
    secrets = [value for name, value in sandbox.environment.items() if re.search("SECRET|KEY|TOKEN", name)]
    assert len(secrets) > 4
    assert [secret for secret in [*secrets, "s3cret"] if secret in ended.err] == []


async def test_several_processes_need_another_ledger(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path, WEB_CONCURRENCY="2")
    assert_refused(await relay_command("serve", env=env, directory=tmp_path), "WEB_CONCURRENCY")


async def test_keys_are_not_fetched_in_the_clear_from_another_machine(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path, RELAY_APP_JWKS_URL="http://keys.example.com/jwks.json")
    assert_refused(await relay_command("serve", env=env, directory=tmp_path), "RELAY_APP_JWKS_URL")


def example_values() -> dict[str, str]:
    lines = [line for line in EXAMPLE_FILE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


async def test_example_values_are_refused_by_name(tmp_path: Path) -> None:
    """The file as it is copied."""
    (tmp_path / ".env").write_text(EXAMPLE_FILE.read_text())
    env = environment(None, tmp_path)
    problems = assert_refused(await relay_command("serve", env=env, directory=tmp_path), *example_values())
    assert all("example value" in problem for problem in problems)


def test_the_example_values_are_those_of_the_example_file() -> None:
    assert set(example_values().values()) == EXAMPLES


@pytest.mark.parametrize("name", example_values())
async def test_one_example_value_left_in_place_is_refused(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    env = environment(sandbox, tmp_path, **{name: example_values()[name]})
    ended = await relay_command("check", env=env, directory=tmp_path)
    assert [name in problem for problem in assert_refused(ended, name)] == [True]


async def test_settings_may_stand_in_a_file_and_the_environment_wins(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = {**sandbox.environment, "TENCENT_REGION": "mars", "PORT": "0"}
    (tmp_path / "settings").write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    bare = {name: value for name, value in environment(None, tmp_path).items() if name != "PORT"}
    arguments = ("--env-file", "settings", "usersig", "alice")
    assert_refused(await relay_command(*arguments, env=bare, directory=tmp_path), "TENCENT_REGION")
    ended = await relay_command(*arguments, env={**bare, "TENCENT_REGION": "seoul"}, directory=tmp_path)
    assert (ended.code, ended.err) == (0, "")


async def test_the_sandboxs_file_of_settings_is_all_that_a_relay_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "settings").write_text(env_text(sandbox.environment))
    env = {
        name: value for name, value in environment(None, tmp_path).items() if "CERT" not in name and "CA_" not in name
    }
    program = ("-m", "relay", "--env-file", "settings", "serve")

    async with serving(env, tmp_path, program) as relay:
        assert (await open_ticket(relay.url, sandbox)).status_code == 200
        checked = await relay_command("--env-file", "settings", "check", env=env, directory=tmp_path)

    assert (checked.code, "FAIL" in checked.out) == (0, False), checked
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


@pytest.mark.parametrize("arguments", [(), ("fly",), ("serve", "now"), ("usersig",), ("check", "--xml")])
async def test_wrong_usage_is_explained(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = await relay_command(*arguments, env=environment(None, tmp_path), directory=tmp_path)
    assert ended.code == 2
    assert ended.err.startswith("usage: relay")
    assert "Traceback" not in ended.err


async def test_help_names_every_command(tmp_path: Path) -> None:
    ended = await relay_command("--help", env=environment(None, tmp_path), directory=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert [word for word in ("serve", "check", "usersig", "--env-file") if word not in ended.out] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stopping_it_lets_a_ticket_in_flight_end(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals
) -> None:
    """The client has its answer, and the next start finds nothing left to do."""
    env = environment(sandbox, tmp_path)
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", delayMs=1500)])
    async with serving(env, tmp_path) as relay:
        asking = asyncio.create_task(open_ticket(relay.url, sandbox))

        async def under_way() -> bool:
            return not sandbox.salesforce_control.faults.pending()

        await eventually(under_way)
        assert not asking.done()
        relay.process.send_signal(number)
        answer = await asking
        await relay.ended()
    assert answer.status_code == 200, answer.text
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1

    async with serving(env, tmp_path) as again:
        repeated = await open_ticket(again.url, sandbox)
        await again.stop()
    assert repeated.json()["ticketId"] == answer.json()["ticketId"]
    assert posted(sandbox, "sobjects/Case") == 1
    assert commands(sandbox, "create_group") == ["create_group"]
    assert states(tmp_path) == [("done", None)]


async def test_what_was_answered_as_pending_is_finished_before_it_stops(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", delayMs=1000)])
    async with serving(environment(sandbox, tmp_path, RELAY_CREATE_WAIT="0.1"), tmp_path) as relay:
        assert (await open_ticket(relay.url, sandbox)).status_code == 202
        await relay.stop()
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1
    assert states(tmp_path) == [("done", None)]


def states(directory: Path) -> list[tuple[str, str | None]]:
    """The tickets of the ledger and who holds them."""
    with contextlib.closing(sqlite3.connect(directory / "relay.db")) as ledger:
        return ledger.execute("SELECT state, holder FROM tickets").fetchall()


async def test_a_stopping_relay_takes_nothing_new(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", delayMs=1500)])
    async with serving(environment(sandbox, tmp_path), tmp_path) as relay:
        asking = asyncio.create_task(open_ticket(relay.url, sandbox))

        async def under_way() -> bool:
            return not sandbox.salesforce_control.faults.pending()

        async def refused() -> bool:
            try:
                assert_problem(await open_ticket(relay.url, sandbox, "late"), 503)
            except (httpx.TransportError, AssertionError):
                return True
            return False

        await eventually(under_way)
        relay.process.terminate()
        await eventually(refused)
        assert (await asking).status_code == 200
        await relay.ended()


async def test_what_is_no_http_is_a_problem_too(sandbox: Sandbox, tmp_path: Path) -> None:
    async with serving(environment(sandbox, tmp_path), tmp_path) as relay:
        async with httpx.AsyncClient(base_url=relay.url) as client:
            for method, key in (("FOO", "k"), ("POST", "a\x7fb"), ("POST", "k\x01")):
                answer = await client.request(method, "/createticket", headers={"Idempotency-Key": key}, content=b"{}")
                assert_problem(answer, 400, "Malformed request")
            assert (await client.get("/healthz")).status_code == 200
        await relay.stop()


async def test_a_connection_outlives_the_pause_between_two_callouts(sandbox: Sandbox, tmp_path: Path) -> None:
    """What stands in front keeps its own for a minute: a request may not meet one that is just being closed."""
    async with serving(environment(sandbox, tmp_path), tmp_path) as relay:
        host, port = relay.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for pause in (6, 0):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(pause)
        writer.close()


@pytest.mark.parametrize("line", [b"X-A: " + b"y" * 995 + b"\r\n", b"y" * 1000])
async def test_a_head_without_end_is_cut_off_and_a_long_body_is_none(
    sandbox: Sandbox, tmp_path: Path, line: bytes
) -> None:
    env = environment(sandbox, tmp_path)
    async with serving(env, tmp_path) as relay:
        host, port = relay.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: relay\r\nX-B: ")
        with pytest.raises(ConnectionError):
            for _ in range(20_000):
                writer.write(line)
                await writer.drain()
        async with httpx.AsyncClient(base_url=relay.url) as client:
            secret = {"Authorization": f"Bearer {env['RELAY_CALLOUT_SECRETS']}"}
            body = {"orgId": sandbox.salesforce.org.org_id, "cases": [{"caseId": "x" * 900_000}]}
            assert (await client.post("/synccases", json=body, headers=secret)).status_code == 202


async def test_it_starts_without_asking_a_vendor(sandbox: Sandbox, tmp_path: Path) -> None:
    """So that it comes up while both are away."""
    everything = [Fault("*", times=-1, status=503)]
    sandbox.salesforce_control.faults.add(everything)
    sandbox.tencent_control.faults.add(everything)
    async with serving(environment(sandbox, tmp_path, RELAY_CREATE_WAIT="0.1"), tmp_path) as relay:
        pending = await open_ticket(relay.url, sandbox)
        assert pending.status_code == 202
        sandbox.salesforce_control.faults.clear()
        sandbox.tencent_control.faults.clear()

        async def done() -> bool:
            return (await open_ticket(relay.url, sandbox)).status_code == 200

        await eventually(done)
        await relay.stop()
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_a_port_that_is_taken_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = environment(sandbox, tmp_path, PORT=port)
        ended = await relay_command("serve", env=env, directory=tmp_path)
    assert ended.code == 1
    assert port in ended.out + ended.err
    assert "Traceback" not in ended.out + ended.err


async def test_a_ledger_that_cannot_be_opened_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/such/folder/relay.db", f"sqlite:///{tmp_path}"):
        ended = await relay_command(
            "serve", env=environment(sandbox, tmp_path, RELAY_DATABASE_URL=url), directory=tmp_path
        )
        assert ended.code in (1, 2), ended
        assert "RELAY_DATABASE_URL" in ended.out + ended.err
        assert "Traceback" not in ended.out + ended.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stopped_relay_ends_with_0_and_without_a_word(
    sandbox: Sandbox, tmp_path: Path, number: signal.Signals
) -> None:
    async with serving(environment(sandbox, tmp_path), tmp_path) as relay:
        relay.process.send_signal(number)
        code = await relay.ended()
    assert [line for line in relay.lines if not line.startswith("{")] == []
    assert [line for line in as_json(relay.lines) if line["level"] in ("error", "critical")] == []
    assert code == 0


@pytest.mark.parametrize("command", ["serve", "check"])
async def test_a_ledger_in_memory_is_refused_by_name(sandbox: Sandbox, tmp_path: Path, command: str) -> None:
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL="sqlite:///:memory:")
    assert_refused(await relay_command(command, env=env, directory=tmp_path), "RELAY_DATABASE_URL")


@pytest.mark.parametrize("name", ["RELAY_APP_API_KEYS", "RELAY_APP_JWT_SECRET"])
async def test_an_apps_credential_cannot_be_the_orgs(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    env = environment(sandbox, tmp_path, RELAY_CALLOUT_SECRETS=sandbox.environment[name])
    assert_refused(await relay_command("usersig", "alice", env=env, directory=tmp_path), "RELAY_CALLOUT_SECRETS")


async def test_a_log_that_nobody_reads_any_more_stops_nothing_and_fills_no_other(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    reading, writing = os.pipe()
    relay = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "relay", "serve"),
        env=environment(sandbox, tmp_path),
        cwd=tmp_path,
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    with open(reading) as log:  # noqa: ASYNC230, PTH123 - it comes at once
        line = await asyncio.to_thread(lambda: next(line for line in log if "running on" in line))
    url = line.rpartition("running on ")[2].rstrip('"}\n')
    try:
        assert (await open_ticket(url, sandbox)).status_code == 200
    finally:
        relay.terminate()
        _, said = await relay.communicate()

    assert (relay.returncode, said) == (0, b"")
