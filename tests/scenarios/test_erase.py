"""An end user who wants to be forgotten is, wherever the relay holds something of him."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from relay.cli.erase import erase
from relay.store.sqlite import SqliteDatabase
from sandbox.up import Sandbox
from tests import postgres
from tests.scenarios.conftest import Relay, StartRelay, agents, cases, groups
from tests.scenarios.processes import environment, relay_command
from tests.scenarios.talking import called_back, heard, history, opened, say
from tests.scenarios.test_rooms import group_goes, members_become, state, sync

pytestmark = pytest.mark.anyio

WHO = "mallory.unique@example.com"[:32]


async def ended_chat(relay: Relay, sandbox: Sandbox) -> str:
    """A chat of his that is over, in which an agent answered."""
    case_id, agent = await opened(relay, WHO, name="Mallory Unique", email=WHO), agents(sandbox)[0]
    with called_back(sandbox, relay):
        await sync(relay, state(case_id, 1, agent))
        await members_become(relay, sandbox, case_id, WHO, agent)
        await say(sandbox, case_id, WHO, "my very own words")
        await say(sandbox, case_id, agent, "an answer")
        await heard(sandbox)
    await history(relay, case_id)
    await relay.org("/deletegroup", groupId=case_id)
    await sync(relay, state(case_id, 2, isClosed=True))
    await group_goes(relay, sandbox, case_id)
    return case_id


def ledger(relay: Relay) -> bytes:
    """All that is in it, on SQLite whatever its files hold."""
    url = relay.settings.relay_database_url
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        return b"".join(path.read_bytes() for path in path.parent.glob("relay.db*"))
    tables = postgres.execute(url, "select tablename from pg_tables where schemaname = 'public'")
    return str([postgres.execute(url, f'select t::text from "{name}" as t') for (name,) in tables]).encode()


@pytest.mark.parametrize("while_it_runs", [True, False])
async def test_who_is_erased_is_gone_everywhere(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path, while_it_runs: bool
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0", RELAY_FIRST_MESSAGE="on", RELAY_JOINED_LINE="{name} is here")
    case_id = await ended_chat(relay, sandbox)
    directory = tmp_path
    held = ledger(relay)
    assert all(text in held for text in (WHO.encode(), b"Mallory Unique", b"my very own words"))
    env = environment(sandbox, directory, RELAY_DATABASE_URL=relay.settings.relay_database_url)
    if not while_it_runs:
        await relay.stop()

    ended = await relay_command("erase", "--user", WHO, "--json", env=env, directory=directory)

    assert ended.code == 0, ended
    report = json.loads(ended.out)
    assert (report["erased"], report["cases"], report["stillOpen"]) == (True, [case_id], [])
    assert report["counts"]["messages"] == 2
    assert not [name for name in (*report, *report["counts"]) if not re.fullmatch("[a-z]+([A-Z][a-z]+)*", name)]
    assert any(case_id in line and "Salesforce" in line for line in report["elsewhere"])
    held = ledger(relay)
    assert [text for text in (WHO.encode(), b"Mallory Unique", b"my very own words") if text in held] == []
    assert b"an answer" in held
    again = await relay_command("erase", "--user", WHO, "--json", env=env, directory=directory)
    assert sum(json.loads(again.out)["counts"].values()) == 0


async def test_the_command_leaves_nothing_in_the_files_however_sqlite_was_built(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, connect = await start_relay(RELAY_CLOSE_GRACE="0"), SqliteDatabase._connect

    def connect_without_care(database: SqliteDatabase) -> None:
        connect(database)
        assert database._connection is not None
        database._connection.execute("pragma secure_delete = off")

    await ended_chat(relay, sandbox)
    monkeypatch.setattr(SqliteDatabase, "_connect", connect_without_care)

    assert await erase(relay.settings, WHO, dry_run=False, delete_account=False, as_json=True) == 0
    held = ledger(relay)
    assert [text for text in (WHO.encode(), b"Mallory Unique", b"my very own words") if text in held] == []


async def test_a_dry_run_only_says_what_there_is(start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    await ended_chat(relay, sandbox)
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=relay.settings.relay_database_url)

    ended = await relay_command("erase", "--user", WHO, "--dry-run", env=env, directory=tmp_path)

    assert ended.code == 0
    assert f"Held of {WHO}: 1 ticket, 1 message." in ended.out
    assert WHO in {account["UserID"] for account in sandbox.tencent.state()["accounts"]}  # type: ignore[attr-defined]
    assert b"my very own words" in ledger(relay)


async def test_who_is_still_talking_is_not_erased(start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path) -> None:
    relay = await start_relay()
    case_id = await opened(relay, WHO)
    await say(sandbox, case_id, WHO, "hello")
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=relay.settings.relay_database_url)

    ended = await relay_command("erase", "--user", WHO, env=env, directory=tmp_path)

    assert (ended.code, case_id in ended.out) == (1, True)
    assert (await relay.post("/history", {"groupId": case_id}, relay.token(WHO))).status_code == 200
    assert len(groups(sandbox)) == 1


async def test_the_account_goes_too_if_wanted_and_his_ticket_is_nobodys(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    answer = await relay.open_ticket("bob", key="k")
    ticket_id, case_id = answer.json()["ticketId"], answer.json()["caseId"]
    await relay.org("/deletegroup", groupId=case_id)
    await sync(relay, state(case_id, 2, isDeleted=True))
    await group_goes(relay, sandbox, case_id)
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=relay.settings.relay_database_url)

    ended = await relay_command("erase", "--user", "bob", "--delete-account", "--json", env=env, directory=tmp_path)

    assert (ended.code, json.loads(ended.out)["accountDeleted"]) == (0, True), ended
    assert "bob" not in {account["UserID"] for account in sandbox.tencent.state()["accounts"]}  # type: ignore[attr-defined]
    assert (await relay.ticket(ticket_id)).status_code == 404
    assert (await relay.ticket(ticket_id, relay.token("bob"))).status_code == 404
    assert (await relay.open_ticket("bob", key="k")).status_code == 409
    assert len(cases(sandbox)) == 1


async def test_an_id_that_nobody_can_have_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = await relay_command("erase", "--user", "a b", env=environment(sandbox, tmp_path), directory=tmp_path)
    assert ended.code == 2
    assert "userId" in ended.err
