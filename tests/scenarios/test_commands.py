"""`relay check` names what is wrong and what to do; `relay usersig` prints a login that works."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from functools import partial
from pathlib import Path

import pytest

from relay.store import open_ledger
from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, agents, cases, groups
from tests.scenarios.processes import Ended, environment, relay_command

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def ledger(tmp_path: Path) -> Path:
    """As a relay has made it."""
    await (await open_ledger(f"sqlite:///{tmp_path / 'relay.db'}")).close()
    return tmp_path / "relay.db"


async def checked(sandbox: Sandbox, directory: Path, **settings: str) -> tuple[int, list[Json]]:
    """The exit code and the findings; the sandbox is as it was, and no secret was printed."""
    env = environment(sandbox, directory, **settings)
    ended = await relay_command("check", "--json", env=env, directory=directory)
    assert ended.code in (0, 1), ended
    assert "Traceback" not in ended.out + ended.err
    assert_silent(ended, env)
    assert cases(sandbox) == groups(sandbox) == []
    findings: list[Json] = json.loads(ended.out)
    assert all(finding.keys() == {"name", "ok", "text"} for finding in findings)
    return ended.code, findings


def assert_silent(ended: Ended, env: dict[str, str]) -> None:
    for name in ("SALESFORCE_CLIENT_SECRET", "TENCENT_SECRET_KEY", "RELAY_APP_JWT_SECRET", "RELAY_CALLOUT_SECRETS"):
        assert env[name] not in ended.out + ended.err, name


def failures(findings: list[Json]) -> str:
    """What is wrong, as text."""
    return "\n".join(f"{finding['name']}: {finding['text']}" for finding in findings if finding["ok"] is False)


async def test_all_is_well(sandbox: Sandbox, tmp_path: Path) -> None:
    code, findings = await checked(sandbox, tmp_path)
    assert (code, failures(findings)) == (0, "")
    names = " ".join(finding["name"] for finding in findings).lower()
    assert [word for word in ("database", "salesforce", "tencent", "clock", "chatticket__c") if word not in names] == []


async def test_people_read_one_line_for_each_finding(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    good = await relay_command("check", env=env, directory=tmp_path)
    assert (good.code, good.err) == (0, "")
    assert {line.split()[0] for line in good.out.splitlines()} == {"ok"}
    bad = await relay_command("check", env={**env, "TENCENT_SECRET_KEY": "f" * 64}, directory=tmp_path)
    assert (bad.code, bad.err) == (1, "")
    assert [line.split()[1] for line in bad.out.splitlines() if line.startswith("FAIL")] == ["Tencent"]


NOWHERE = "https://localhost:1"
WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({"SALESFORCE_CLIENT_SECRET": "f" * 64}, ["Salesforce login", "invalid_client"]),
    ({"SALESFORCE_CLIENT_ID": "f" * 64}, ["Salesforce login", "invalid_client"]),
    ({"SALESFORCE_LOGIN_URL": NOWHERE}, ["Salesforce login", "cannot be reached", NOWHERE]),
    ({"SALESFORCE_LOGIN_URL": "https://no-such-host.invalid"}, ["Salesforce login", "cannot be reached", "DNS"]),
    ({"SALESFORCE_API_VERSION": "999.0"}, ["Salesforce API version", "SALESFORCE_API_VERSION"]),
    ({"SALESFORCE_CASE_FIELDS": "Nothing__c"}, ["Nothing__c", "SALESFORCE_CASE_FIELDS"]),
    ({"TENCENT_SECRET_KEY": "f" * 64}, ["Tencent Chat", "TENCENT_SECRET_KEY"]),
    ({"TENCENT_SDK_APP_ID": "1400000001"}, ["Tencent Chat", "SDKAppID", "TENCENT_REGION"]),
    ({"TENCENT_ADMIN_ID": "somebody"}, ["Tencent Chat", "TENCENT_ADMIN_ID"]),
    ({"TENCENT_API_URL": NOWHERE}, ["Tencent Chat", "cannot be reached", NOWHERE]),
    ({"TENCENT_API_URL": "https://no-such-host.invalid"}, ["Tencent Chat", "cannot be reached"]),
    ({"RELAY_DATABASE_URL": "sqlite:////no/such/folder/relay.db"}, ["Database", "/no/such/folder/relay.db"]),
    ({"RELAY_DATABASE_URL": f"sqlite:///{__file__}/relay.db"}, ["Database", "Not a directory"]),
    (
        {"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": ""},
        ["Salesforce login: Salesforce cannot be reached: its certificate is not trusted here", "REQUESTS_CA_BUNDLE"],
    ),
    ({"SSL_CERT_FILE": "", "REQUESTS_CA_BUNDLE": ""}, ["Tencent Chat's certificate"]),
]


async def test_a_wrong_setting_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    at_once = asyncio.Semaphore(6)

    async def unnamed(settings: dict[str, str], words: list[str]) -> list[str]:
        async with at_once:
            code, findings = await checked(sandbox, tmp_path, **settings)
        assert code == 1
        said = failures(findings)
        return [f"{settings}: {word} is not in: {said}" for word in words if word not in said]

    found = await asyncio.gather(*(unnamed(settings, words) for settings, words in WRONG))
    assert [one for some in found for one in some] == []


async def test_everything_that_is_wrong_is_found_in_one_go(sandbox: Sandbox, tmp_path: Path) -> None:
    code, findings = await checked(
        sandbox,
        tmp_path,
        SALESFORCE_CLIENT_SECRET="f" * 64,
        TENCENT_SECRET_KEY="f" * 64,
        RELAY_DATABASE_URL=f"sqlite:///{tmp_path}",
    )
    assert code == 1
    assert failures(findings).count("\n") == 2


async def test_what_fails_because_of_the_api_version_is_not_said_to_be_wrong(sandbox: Sandbox, tmp_path: Path) -> None:
    _, findings = await checked(sandbox, tmp_path, SALESFORCE_API_VERSION="99.0")
    assert [finding["name"] for finding in findings if finding["ok"] is False] == ["Salesforce API version"]


@pytest.mark.parametrize("how", ["missing", "hidden"])
async def test_a_case_without_the_tickets_field_is_named_with_the_cure(
    sandbox: Sandbox, tmp_path: Path, how: str
) -> None:
    await sandbox.salesforce.do({"field": {"ChatTicket__c": how}})
    code, findings = await checked(sandbox, tmp_path)
    assert code == 1
    assert "ChatTicket__c" in failures(findings)
    assert "permission set" in failures(findings)


@pytest.mark.parametrize("seconds", [900, -900])
async def test_clocks_that_differ_are_named(sandbox: Sandbox, tmp_path: Path, seconds: int) -> None:
    await sandbox.salesforce.do({"clockSkew": seconds})
    code, findings = await checked(sandbox, tmp_path)
    assert code == 1
    assert "Clock" in failures(findings)
    assert "NTP" in failures(findings)
    assert any(str(abs(seconds) + wrong) in failures(findings) for wrong in (-2, -1, 0, 1, 2))


async def test_a_vendor_that_is_away_is_told_from_one_that_refuses(sandbox: Sandbox, tmp_path: Path) -> None:
    for control in (sandbox.salesforce_control, sandbox.tencent_control):
        control.faults.add([Fault("*", times=FOREVER, status=503)])
    code, findings = await checked(sandbox, tmp_path)
    assert code == 1
    assert {finding["name"] for finding in findings if finding["ok"] is False} == {"Salesforce login", "Tencent Chat"}
    assert "TENCENT_SECRET_KEY" not in failures(findings)
    assert "CLIENT_SECRET" not in failures(findings)


async def test_a_short_secret_is_a_warning(sandbox: Sandbox, tmp_path: Path) -> None:
    code, findings = await checked(sandbox, tmp_path, RELAY_CALLOUT_SECRETS="opensesame-17")
    assert code == 0
    [warning] = [finding["text"] for finding in findings if finding["ok"] is None]
    assert "RELAY_CALLOUT_SECRETS" in warning


async def test_a_login_from_the_command_lets_its_user_in(sandbox: Sandbox, tmp_path: Path) -> None:
    for user_id in ("alice", agents(sandbox)[0]):
        env = environment(sandbox, tmp_path, RELAY_USERSIG_TTL="600")
        plain = await relay_command("usersig", user_id, env=env, directory=tmp_path)
        whole = await relay_command("usersig", user_id, "--json", env=env, directory=tmp_path)
        assert (plain.code, plain.err, whole.code, whole.err) == (0, "", 0, "")
        login = json.loads(whole.out)
        assert login.keys() == {"sdkAppId", "userId", "userSig", "expiresAt"}
        for user_sig in (plain.out.strip(), login["userSig"]):
            await sandbox.tencent.do({"login": {"userId": user_id, "userSig": user_sig}})


async def test_no_login_is_printed_for_who_may_not_have_one(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    names = ("administrator", "Administrator", "a" * 33, "al ice", "", "Zoë")
    commands = (relay_command("usersig", name, env=env, directory=tmp_path) for name in names)
    for ended in await asyncio.gather(*commands):
        assert (ended.code, ended.out) == (2, ""), ended
        assert ended.err
        assert "Traceback" not in ended.err
        assert_silent(ended, env)


async def test_dead_letters_that_are_not_there_are_said_in_words(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)

    async def told(*arguments: str) -> tuple[int, str, str]:
        ended = await relay_command("dead-letters", *arguments, env=env, directory=tmp_path)
        return ended.code, ended.out, ended.err

    assert await told("list") == (0, "No dead letters.\n", "")
    assert await told("list", "--json") == (0, "[]\n", "")
    assert await told("show", "nix") == (1, "", "nix: not there\n")
    assert await told("show", "nix", "--json") == (1, "[]\n", "nix: not there\n")
    assert await told("drop", "nix") == (1, "", "nix: not there\n")
    for wrong in (["list", "extra"], ["show"], ["replay"], ["drop"]):
        code, out, err = await told(*wrong)
        assert (code, out, f"relay dead-letters {wrong[0]}" in err) == (2, "", True)


COMMANDS = (["dead-letters", "list"], ["erase", "--user", "bob", "--dry-run"], ["reconcile", "--dry-run"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_no_command_answers_from_a_ledger_that_is_not_there(
    sandbox: Sandbox, tmp_path: Path, command: list[str]
) -> None:
    for path in (tmp_path / "typo.db", tmp_path / "no" / "such" / "folder.db"):
        env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=f"sqlite:///{path}")
        ended = await relay_command(*command, env=env, directory=tmp_path)

        assert (ended.code, ended.out) == (2, ""), ended
        assert f"There is no ledger at sqlite:///{path}: is RELAY_DATABASE_URL right?" in ended.err
        assert not path.exists()


@pytest.mark.parametrize("command", [("serve",), ("dead-letters", "list"), ("transcript", "5005g00000000AbAAI")])
async def test_a_ledger_that_cannot_be_opened_is_named_by_every_command(
    sandbox: Sandbox, tmp_path: Path, command: tuple[str, ...]
) -> None:
    env, name = environment(sandbox, tmp_path), "n" * 300
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / name, "File name too long")):
        ended = await relay_command(
            *command, env={**env, "RELAY_DATABASE_URL": f"sqlite:///{path}"}, directory=tmp_path
        )
        assert (ended.code, ended.out) == (1, "")
        assert f"The ledger {path} (RELAY_DATABASE_URL) cannot be opened: {reason}" in ended.err


async def test_check_says_that_there_is_no_ledger_yet_and_makes_none(
    sandbox: Sandbox, tmp_path: Path, ledger: Path
) -> None:
    ledger.unlink()  # noqa: ASYNC240 - nobody waits
    code, findings = await checked(sandbox, tmp_path)

    assert code == 0
    [warning] = [finding["text"] for finding in findings if finding["ok"] is None]
    assert "there is no ledger yet" in warning
    assert str(ledger) in warning
    assert not ledger.exists()  # noqa: ASYNC240 - nobody waits


async def test_the_ledger_is_readable_by_its_owner_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    await checked(sandbox, tmp_path)
    modes = {path.stat().st_mode & 0o077 for path in tmp_path.glob("relay.db*")}  # noqa: ASYNC240 - nobody waits
    assert modes == {0}


async def test_the_env_file_may_be_named_before_and_behind_the_command(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    del env["TENCENT_SECRET_KEY"]
    (tmp_path / "settings").write_text(f"TENCENT_SECRET_KEY={sandbox.environment['TENCENT_SECRET_KEY']}\n")

    for arguments in (["--env-file", "settings", "usersig", "bob"], ["usersig", "bob", "--env-file", "settings"]):
        ended = await relay_command(*arguments, env=env, directory=tmp_path)
        assert (ended.code, ended.err) == (0, ""), ended
    ended = await relay_command("usersig", "bob", "--env-file", "typo", env=env, directory=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "typo is not there" in ended.err


async def test_check_as_json_names_wrong_settings_as_json(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path, TENCENT_REGION="us", PORT="http")
    ended = await relay_command("check", "--json", env=env, directory=tmp_path)

    assert ended.code == 2
    findings = json.loads(ended.out)
    assert [(finding["name"], finding["ok"]) for finding in findings] == [("Settings", False)] * 2
    assert [finding["text"].partition(" ")[0] for finding in findings] == ["TENCENT_REGION", "PORT"]
    assert_silent(ended, env)


async def test_a_command_whose_output_goes_nowhere_ends_without_a_traceback(sandbox: Sandbox, tmp_path: Path) -> None:
    env = environment(sandbox, tmp_path)
    with open("/dev/full", "w") as full:  # noqa: ASYNC230, PTH123 - nobody waits
        command = [sys.executable, "-m", "relay", "usersig", "bob"]
        ended = await asyncio.create_subprocess_exec(
            *command, env=env, cwd=tmp_path, stdout=full, stderr=asyncio.subprocess.PIPE
        )
        _, said = await ended.communicate()

    assert (ended.returncode, said.decode()) == (1, "The command cannot go on:\n  - No space left on device\n")


async def test_a_command_that_is_interrupted_ends_without_a_traceback(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        ended = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "relay", "check"],
            env=environment(sandbox, tmp_path, SALESFORCE_LOGIN_URL=url),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
        )
        asking, _ = await asyncio.to_thread(silent.accept)
        with asking:
            ended.send_signal(signal.SIGINT)
            out, err = await ended.communicate()

    assert (ended.returncode, out, err) == (130, b"", b"")
