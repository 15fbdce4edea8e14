"""Two relays on one PostgreSQL: each takes what the other does not hold, and a lost connection loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterator

import pytest

from relay.errors import StoreUnavailable
from relay.models import CaseState, Command
from relay.store import Ledger, open_ledger
from relay.store.postgresql import PostgresDatabase
from tests import postgres
from tests.store.conftest import LEASE_END, NOW, OpenLedger, accept, missing, start_python
from tests.store.outside import rows

pytestmark = pytest.mark.anyio

CASE, GROUP, USER = "500000000000001AAA", "500000000000002AAA", "005000000000001AAA"
LATER = LEASE_END + 1


@pytest.fixture
def url(postgresql: str) -> str:
    """A file is nothing to share."""
    return postgresql


@pytest.fixture
async def other(ledger: Ledger, reopen: OpenLedger) -> Ledger:
    """The ledger as another process has it."""
    return await reopen()


async def add(ledger: Ledger, group_id: str = GROUP, holder: str = "a") -> Command:
    return await ledger.add_command(verb="join", group_id=group_id, user_id=USER, holder=holder, now=NOW, until=NOW + 1)


async def test_a_start_leaves_alone_what_a_living_process_holds(ledger: Ledger, reopen: OpenLedger) -> None:
    await accept(ledger, holder="a")

    after_it = await reopen()

    assert await after_it.claim_tickets(holder="b", now=NOW + 1, until=LEASE_END, limit=9) == []


async def test_nobody_may_say_that_he_is_alone(url: str) -> None:
    with pytest.raises(ValueError, match="alone"):
        await open_ledger(url, alone=True)


async def test_two_never_claim_the_same_tickets(ledger: Ledger, other: Ledger) -> None:
    ticket_ids = [f"t{number}" for number in range(300)]
    await asyncio.gather(*(accept(ledger, ticket_id) for ticket_id in ticket_ids))

    async def claim(whose: Ledger, holder: str) -> list[str]:
        taken: list[str] = []
        while claimed := await whose.claim_tickets(holder=holder, now=LATER, until=LATER + 99, limit=7):
            assert len(claimed) <= 7
            taken += [ticket.ticket_id for ticket in claimed]
        return taken

    shares = await asyncio.gather(*(claim(whose, str(n)) for n in range(4) for whose in (ledger, other)))

    assert sorted(itertools.chain(*shares)) == sorted(ticket_ids)
    assert sum(1 for share in shares if share) > 1


async def test_what_another_is_just_claiming_is_passed_over(ledger: Ledger, url: str) -> None:
    await accept(ledger, "t1")
    await accept(ledger, "t2")
    with postgres.holding(url, "select 1 from tickets where ticket_id = 't1' for update"):
        async with asyncio.timeout(2):
            claimed = await ledger.claim_tickets(holder="b", now=LATER, until=LATER + 9, limit=9)

    assert [ticket.ticket_id for ticket in claimed] == ["t2"]


async def test_two_never_claim_commands_to_the_same_group(ledger: Ledger, other: Ledger) -> None:
    groups = [f"{number:018d}" for number in range(20)]
    added = [await add(ledger, group) for group in groups for _ in range(5)]
    done: list[int] = []

    async def work(whose: Ledger, holder: str) -> None:
        while len(done) < len(added):
            for command in await whose.claim_commands(holder=holder, now=LATER, until=LATER + 99, limit=3):
                done.append(command.command_id)
                await asyncio.sleep(0)
                assert await whose.finish_command(command)

    async with asyncio.timeout(20):
        await asyncio.gather(*(work(whose, str(n)) for n in range(3) for whose in (ledger, other)))

    assert sorted(done) == sorted(command.command_id for command in added)
    of_group = {command.command_id: command.group_id for command in added}
    for group in groups:
        order = [command_id for command_id in done if of_group[command_id] == group]
        assert order == sorted(order)


async def test_of_commands_to_a_group_that_come_at_once_one_goes_first(ledger: Ledger, other: Ledger) -> None:
    for round_ in range(10):
        group = f"{round_:018d}"
        commands = await asyncio.gather(*(add(whose, group) for _ in range(8) for whose in (ledger, other)))

        first = min(commands, key=lambda command: command.command_id)
        assert [command for command in commands if command.holder is not None] == [first]


async def test_a_ticket_and_the_first_state_of_its_case_that_come_at_once_meet(ledger: Ledger, other: Ledger) -> None:
    for number in range(40):
        case_id = f"{number:018d}"
        ticket = await accept(ledger, f"t{number}")
        state = CaseState(case_id=case_id, agents=(), is_closed=False, is_deleted=False, merged_into=None, modstamp=5.0)
        await asyncio.gather(ledger.record_case(ticket, case_id, NOW), other.accept_states([state], NOW))

    claimed = await ledger.claim_commands(holder="a", now=LATER, until=LATER + 9, limit=99)
    assert len({command.group_id for command in claimed}) == len(claimed) == 40


async def test_states_of_the_same_cases_in_any_order_do_not_block_each_other(ledger: Ledger, other: Ledger) -> None:
    def states(modstamp: float) -> list[CaseState]:
        return [
            CaseState(
                case_id=f"{number:018d}",
                agents=(),
                is_closed=False,
                is_deleted=False,
                merged_into=None,
                modstamp=modstamp,
            )
            for number in range(50)
        ]

    forwards = (ledger.accept_states(states(float(n)), NOW) for n in range(5))
    backwards = (other.accept_states(states(float(n))[::-1], NOW) for n in range(5))
    async with asyncio.timeout(20):
        verdicts = await asyncio.gather(*forwards, *backwards)

    assert {verdict for some in verdicts for verdict in some} <= {"unknown", "stale"}
    room = await ledger.find_room("0" * 18)
    assert room is not None
    assert room.state.modstamp == 4.0


async def test_a_statement_that_fails_does_not_take_its_neighbours_with_it(ledger: Ledger) -> None:
    tickets = [accept(ledger, f"t{number}") for number in range(10)]

    *_, refusal = await asyncio.gather(*tickets, ledger.remember("name", None), return_exceptions=True)  # type: ignore[arg-type]

    assert isinstance(refusal, StoreUnavailable)
    assert await missing(ledger, [f"t{number}" for number in range(10)]) == []


async def test_statements_are_done_together_or_not_at_all(ledger: Ledger, url: str) -> None:
    database = PostgresDatabase(url)
    await database.open()
    note = "insert into notes (name, value) values ($1, $2)"
    with pytest.raises(StoreUnavailable, match="null value"):
        await database.run_together([(note, ("one", "1")), (note, ("two", None))])
    await database.close()

    assert await ledger.recall("one") is None


async def test_a_deadlock_is_nobodys_failure(url: str) -> None:
    database = PostgresDatabase(url)
    await database.open()
    for name in ("one", "two"):
        await database.run("insert into notes (name, value) values ($1, '')", name)
    add_to = "update notes set value = value || $2 where name = $1 and pg_sleep(0.2) is not null"

    await asyncio.gather(
        database.run_together([(add_to, ("one", "a")), (add_to, ("two", "a"))]),
        database.run_together([(add_to, ("two", "b")), (add_to, ("one", "b"))]),
    )

    rows = await database.run("select value from notes")
    await database.close()
    assert [sorted(value) for (value,) in rows] == [["a", "b"]] * 2


@contextlib.contextmanager
def refusing(url: str, code: str, times: int) -> Iterator[None]:
    """The server refuses so many times to write a note, with this SQLSTATE."""
    postgres.execute(url, "create sequence refusals")
    postgres.execute(
        url,
        f"""create function refuse() returns trigger language plpgsql as $$ begin
            if nextval('refusals') <= {times} then raise exception 'not now' using errcode = '{code}'; end if;
            return new; end $$""",
    )
    postgres.execute(url, "create trigger refuse before insert on notes for each row execute function refuse()")
    try:
        yield
    finally:
        postgres.execute(url, "drop function refuse cascade")
        postgres.execute(url, "drop sequence refusals")


@pytest.mark.parametrize("code", ["40001", "40P01", "25006", "53300", "57P01", "08006"])
async def test_what_the_server_refuses_for_the_moment_is_asked_again(ledger: Ledger, url: str, code: str) -> None:
    """A serialization failure, a deadlock, a standby, too many connections, a server that ends, one that is lost."""
    with refusing(url, code, times=3):
        assert await ledger.take_turn("repair", now=NOW, until=LATER)

    assert rows(url, "select name from notes where name = 'repair'") == [("repair",)]


async def test_what_the_server_refuses_for_good_is_not_asked_again(ledger: Ledger, url: str) -> None:
    with refusing(url, "P0001", times=1), pytest.raises(StoreUnavailable, match="not now"):
        await ledger.take_turn("repair", now=NOW, until=LATER)


async def test_a_server_that_takes_no_writes_is_left_for_one_that_does(ledger: Ledger, url: str) -> None:
    """As after a failover: who stays connected to the standby would be refused for ever."""
    await ledger.ping()
    name = postgres.execute(url, "select current_database()")[0][0]
    writable = f"{url}?options=-c%20default_transaction_read_only%3Doff"
    postgres.execute(url, f'alter database "{name}" set default_transaction_read_only = on')
    try:
        postgres.cut_connections(writable)
        writing = asyncio.ensure_future(accept(ledger))
        await asyncio.wait([writing], timeout=0.5)
        assert not writing.done()
    finally:
        postgres.execute(writable, f'alter database "{name}" reset default_transaction_read_only')

    assert (await writing).ticket_id == "t1"


async def test_a_row_that_is_locked_for_long_is_refused(ledger: Ledger, url: str) -> None:
    ticket = await accept(ledger)
    with (
        postgres.holding(url, "select 1 from tickets for update"),
        pytest.raises(StoreUnavailable, match="timeout"),
    ):
        await ledger.finish_ticket(ticket, CASE, NOW)

    assert await ledger.finish_ticket(ticket, CASE, NOW)


async def test_connections_that_are_cut_lose_nothing(ledger: Ledger, url: str) -> None:
    """What was refused may be there all the same; what was acknowledged must be."""
    acknowledged: list[str] = []
    refused: list[str] = []
    numbers, end = itertools.count(), time.monotonic() + 15

    def goes_on() -> bool:
        return len(acknowledged) < 200 and time.monotonic() < end

    async def write() -> None:
        while goes_on():
            ticket_id = f"t{next(numbers)}"
            try:
                ticket = await accept(ledger, ticket_id)
                await ledger.finish_ticket(ticket, CASE, NOW)
                command = await add(ledger, ticket_id)
                await ledger.find_ticket(ticket_id)
            except StoreUnavailable:
                refused.append(ticket_id)
            else:
                assert command.holder == "a"
                acknowledged.append(ticket_id)

    async def cut() -> None:
        while goes_on():
            await asyncio.sleep(0.1)
            await asyncio.to_thread(postgres.cut_connections, url)

    await asyncio.gather(cut(), *(write() for _ in range(12)))

    assert len(acknowledged) > 100
    assert len(refused) < len(acknowledged)
    assert await missing(ledger, acknowledged) == []
    rows = postgres.execute(url, "select group_id, count(*) from commands group by group_id")
    assert {count for _, count in rows} == {1}
    assert {group for group, _ in rows} >= set(acknowledged)


async def test_four_processes_can_make_the_tables_at_once(postgresql_server: str) -> None:
    with postgres.database(postgresql_server) as url:
        program = "import asyncio, sys; from relay.store import prove_ledger; asyncio.run(prove_ledger(sys.argv[1]))"
        processes = [await start_python("-c", program, url) for _ in range(4)]

        assert [await process.wait() for process in processes] == [0, 0, 0, 0]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.cluster() as cluster:
        yield cluster


@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_a_server_that_is_restarted_under_load_loses_nothing(cluster: postgres.Cluster, how: str) -> None:
    ledger = await open_ledger(cluster.url)
    acknowledged: list[str] = []
    numbers, stopping = itertools.count(), asyncio.Event()

    async def write() -> None:
        while not stopping.is_set():
            try:
                acknowledged.append((await accept(ledger, f"{how}{next(numbers)}")).ticket_id)
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    writers = [asyncio.create_task(write()) for _ in range(12)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(cluster.stop, how)
    before = len(acknowledged)
    await asyncio.to_thread(cluster.start)
    await asyncio.sleep(1.5)
    stopping.set()
    await asyncio.gather(*writers)

    assert len(acknowledged) > before > 50
    assert await missing(ledger, acknowledged) == []
    await ledger.close()


async def test_a_server_that_stays_away_is_refused_and_served_when_it_is_back(cluster: postgres.Cluster) -> None:
    ledger = await open_ledger(cluster.url)
    await asyncio.to_thread(cluster.stop)
    with pytest.raises(StoreUnavailable) as refused:
        await accept(ledger, "away")
    await asyncio.to_thread(cluster.start)

    assert (refused.value.status, refused.value.retryable) == (503, True)
    assert (await accept(ledger, "back")).ticket_id == "back"
    assert await ledger.find_ticket("away") is None
    await ledger.close()


async def test_a_server_that_is_not_there_is_named_at_the_start_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/relay.* cannot be opened") as refused:
        await open_ledger("postgresql://relay:s3cret-word@127.0.0.1:1/relay?connect_timeout=2")

    assert "s3cret" not in refused.value.detail
