"""A ledger that outgrew its file moves to PostgreSQL with all that is in it, or not at all."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests import postgres
from tests.scenarios.conftest import Relay, StartRelay, agents
from tests.scenarios.org import quiet
from tests.scenarios.processes import Ended, environment, relay_command
from tests.scenarios.talking import called_back, heard, history, opened, say
from tests.scenarios.test_rooms import members_become, state, sync
from tests.store.outside import content, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "old" / "relay.db"


@pytest.fixture
async def old(start_relay: StartRelay, file: Path) -> Relay:
    """A relay on that file, whatever the other tests of this run are on."""
    file.parent.mkdir()
    return await start_relay(RELAY_DATABASE_URL=f"sqlite:///{file}", RELAY_JOINED_LINE="{name} is here")


async def move(sandbox: Sandbox, file: Path, target: str, *more: str) -> Ended:
    env = environment(sandbox, file.parent, RELAY_DATABASE_URL=f"sqlite:///{file}")
    return await relay_command("move-ledger", "--to", target, *more, env=env, directory=file.parent)


async def test_a_relay_on_postgresql_goes_on_where_the_one_on_sqlite_was_stopped(
    start_relay: StartRelay, old: Relay, file: Path, sandbox: Sandbox, postgresql: str
) -> None:
    first, second = agents(sandbox)[:2]
    with called_back(sandbox, old):
        case_id = await opened(old)
        await sync(old, state(case_id, 1, first))
        await members_become(old, sandbox, case_id, "alice", first)
        await say(sandbox, case_id, "alice", "hello")
        await heard(sandbox)
    said = await history(old, case_id)
    sandbox.tencent_control.faults.add([Fault("*", times=FOREVER, status=502)])
    pending = await old.open_ticket("bob", key="k")
    await sync(old, state(case_id, 2, second))
    await old.stop()
    sandbox.tencent_control.faults.clear()
    with contextlib.closing(sqlite3.connect(file)) as ledger, ledger:
        ledger.execute("insert into notes (name, value) values ('odd', 'zero' || char(0))")

    moved = await move(sandbox, file, postgresql)

    assert (moved.code, moved.err) == (0, ""), moved
    printed = dict(line.split() for line in moved.out.splitlines() if len(line.split()) == 2)
    tables = {name: rows(f"sqlite:///{file}", f"select count(*) from {name}")[0][0] for name in printed}
    assert {name: int(count) for name, count in printed.items()} == tables
    assert all(tables[name] for name in ("tickets", "commands", "rooms", "members", "messages", "notes"))
    assert rows(postgresql, "select value from notes where name = 'odd'") == [("zero\N{REPLACEMENT CHARACTER}",)]
    new = await start_relay(RELAY_DATABASE_URL=postgresql)
    new.clock.advance(60)
    await quiet(new)
    assert (await new.open_ticket("bob", key="k")).json()["ticketId"] == pending.json()["ticketId"]
    await members_become(new, sandbox, case_id, "alice", second)
    again = await history(new, case_id)
    assert [one["seq"] for one in again["messages"]][: len(said["messages"])] == [
        one["seq"] for one in said["messages"]
    ]
    numbers = [number for (number,) in rows(postgresql, "select command_id from commands")]
    assert len(numbers) == len(set(numbers))


async def test_what_was_copied_is_said_as_json_without_the_password(
    old: Relay, file: Path, sandbox: Sandbox, postgresql: str
) -> None:
    await opened(old)
    await old.stop()
    target = postgresql.replace("@", ":s3cret@") if "@" in postgresql else postgresql

    moved = await move(sandbox, file, target, "--json")

    report = json.loads(moved.out)
    assert (moved.code, report["from"], report["rows"]["tickets"]) == (0, f"sqlite:///{file}", 1)
    assert "s3cret" not in moved.out + moved.err


async def test_nothing_is_moved_while_a_relay_works_on_either(
    start_relay: StartRelay, old: Relay, file: Path, sandbox: Sandbox, postgresql: str
) -> None:
    await opened(old)

    busy = await move(sandbox, file, postgresql)

    assert (busy.code, busy.out, "is in use: stop the relay" in busy.err) == (1, "", True), busy
    assert (await old.open_ticket("bob")).status_code == 200
    await old.stop()
    new = await start_relay(RELAY_DATABASE_URL=postgresql)
    busy = await move(sandbox, file, postgresql)
    assert (busy.code, busy.out, "at work on the new database" in busy.err) == (1, "", True), busy
    await new.stop()
    assert (await move(sandbox, file, postgresql)).code == 0


async def test_a_database_that_holds_something_is_left_as_it_is(
    old: Relay, file: Path, sandbox: Sandbox, postgresql: str
) -> None:
    await opened(old)
    await old.stop()
    assert (await move(sandbox, file, postgresql)).code == 0
    before = content(postgresql)

    again = await move(sandbox, file, postgresql)

    assert (again.code, again.out, "not empty" in again.err) == (1, "", True), again
    assert content(postgresql) == before


async def test_what_breaks_half_way_leaves_nothing(old: Relay, file: Path, sandbox: Sandbox, postgresql: str) -> None:
    await opened(old)
    await old.stop()
    with a_row_that_postgresql_refuses(file):
        refused = await move(sandbox, file, postgresql)
    assert refused.code == 1, refused
    assert {count for (count,) in every_count(postgresql)} == {0}
    assert (await move(sandbox, file, postgresql)).code == 0


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("sqlite:///other.db", "--to must be postgresql://"),
        ("nonsense", "--to must be"),
        ("postgresql://relay:s3@cret@db/relay", "--to: in the password, write %25"),
    ],
)
async def test_a_target_that_is_none_is_a_wrong_command(
    old: Relay, file: Path, sandbox: Sandbox, target: str, word: str
) -> None:
    await old.stop()
    ended = await move(sandbox, file, target)
    assert (ended.code, ended.out, word in ended.err) == (2, "", True), ended
    assert "cret" not in ended.err


async def test_a_source_that_is_none_is_a_wrong_setting(sandbox: Sandbox, tmp_path: Path, postgresql: str) -> None:
    missing = await move(sandbox, tmp_path / "typo.db", postgresql)
    assert (missing.code, "There is no ledger at" in missing.err) == (2, True), missing
    assert not (tmp_path / "typo.db").exists()
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=postgresql)
    there = await relay_command("move-ledger", "--to", postgresql, env=env, directory=tmp_path)
    assert (there.code, "on PostgreSQL already" in there.err) == (2, True), there


async def test_a_server_that_is_away_is_said(old: Relay, file: Path, sandbox: Sandbox) -> None:
    await old.stop()
    away = await move(sandbox, file, "postgresql://127.0.0.1:1/relay")
    assert (away.code, away.out, "not moved" in away.err) == (1, "", True), away
    assert "Traceback" not in away.err


@contextlib.contextmanager
def a_row_that_postgresql_refuses(file: Path) -> Iterator[None]:
    """In a table that is copied late."""
    with contextlib.closing(sqlite3.connect(file)) as ledger:
        ledger.execute("update tickets set attempts = 'many'")
        ledger.commit()
        yield
        ledger.execute("update tickets set attempts = 0")
        ledger.commit()


def every_count(url: str) -> list[tuple[object, ...]]:
    names = postgres.execute(
        url, "select tablename from pg_tables where schemaname = 'public' and tablename not like '%yoyo%'"
    )
    return [postgres.execute(url, f'select count(*) from "{name}"')[0] for (name,) in names]
