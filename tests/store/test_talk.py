"""What is said in groups, in the ledger: each of its statements, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from relay.models import Agent, CaseInfo
from relay.store import Ledger
from relay.store.part import Row, Step
from relay.talk.models import Attended, Dismissed, Edited, Event, Known, Message, Missing, Recalled, Saying, State
from tests.store.conftest import NOW, accept
from tests.store.test_everything_else import CASE, STATE, USER

pytestmark = pytest.mark.anyio

HELLO = Message(CASE, 1, "alice", 500.0, 2**32 - 1, [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi\u0000 🙂"}}])


@pytest.fixture
async def ours(ledger: Ledger) -> Ledger:
    """A ledger with a ticket for the Case."""
    await ledger.record_case(await accept(ledger), CASE, NOW)
    return ledger


async def seqs(ledger: Ledger, life: int = 0) -> list[int]:
    return [one.seq for one in await ledger.log(CASE, life, None, 100)]


async def test_only_groups_with_a_ticket_are_kept(ledger: Ledger) -> None:
    assert await ledger.hear(HELLO)
    await ledger.hear(Attended(CASE, ("alice",), "joined", 500.0))
    await ledger.hear(Edited(CASE, 1, [], 501.0))
    await ledger.hear(Dismissed(CASE, 502.0))
    assert await ledger.known(CASE, 0) == Known(0, 0, False, 0)
    assert await ledger.is_customer(CASE, "alice") is None


async def test_a_group_ends_once_though_tencent_tells_while_the_relay_writes_it_down(ours: Ledger) -> None:
    for life in range(30):
        await ours.hear(replace(HELLO, said_at=600.0 + 10 * life))
        await asyncio.gather(ours.end_life(CASE), ours.hear(Dismissed(CASE, 601.0 + 10 * life)))
        assert await ours.current_life(CASE) == life + 1


async def test_a_message_is_kept_once_and_what_is_missing_before_it_is_noticed(ours: Ledger) -> None:
    third = replace(HELLO, seq=3)
    assert [await ours.hear(one) for one in (HELLO, HELLO, third, third, replace(HELLO, seq=2), third)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip
    assert await ours.log(CASE, 0, None, 2) == [replace(HELLO, seq=2), third]
    assert await ours.log(CASE, 0, 2, 9) == [HELLO]
    assert await ours.is_customer(CASE, "alice") is True
    assert await ours.is_customer(CASE, "bob") is False
    assert await ours.opened_at(CASE) == NOW


async def test_changes_may_come_before_what_they_change(ours: Ledger) -> None:
    await ours.hear(Recalled(CASE, (1, 2), 600.0))
    await ours.hear(Edited(CASE, 3, [{"a": 2}], 602.0))
    await ours.hear(Edited(CASE, 3, [{"a": 1}], 601.0))
    for seq in (1, 2, 3):
        await ours.hear(replace(HELLO, seq=seq))
    assert [(one.sender, one.state, one.elements) for one in await ours.log(CASE, 0, None, 9)] == [
        ("alice", "recalled", []), ("alice", "recalled", []), ("alice", "edited", [{"a": 2}]),
    ]  # fmt: skip
    await ours.hear(Edited(CASE, 1, [{"a": 3}], 700.0))
    assert (await ours.log(CASE, 0, None, 9))[0].state == "recalled"


async def test_holes_are_found_from_the_newest_down_and_filled(ours: Ledger) -> None:
    for seq in (2, 5, 9):
        await ours.hear(replace(HELLO, seq=seq))
    assert [await ours.highest_hole(CASE, 0, below) for below in (None, 8, 5, 4, 2, 1)] == [8, 4, 4, 1, 1, None]
    assert await ours.known(CASE, 0) == Known(0, 9, True, 0)

    read = [replace(HELLO, seq=8), replace(HELLO, seq=7, state="recalled"), replace(HELLO, seq=6, state="lost")]
    await ours.keep_read(CASE, 0, read, none_between=(6, 8), is_lost=False)
    await ours.keep_read(CASE, 0, [replace(HELLO, seq=5, state="recalled")], none_between=(3, 4), is_lost=False)
    await ours.keep_read(CASE, 0, [], none_between=(1, 1), is_lost=True)

    assert await ours.highest_hole(CASE, 0, None) is None
    assert await ours.known(CASE, 0) == Known(0, 9, False, 2)
    assert await ours.known(CASE, 0, 6) == Known(0, 5, False, 1)
    assert [(one.seq, one.state) for one in await ours.log(CASE, 0, None, 9)] == [
        (2, "said"), (5, "recalled"), (7, "recalled"), (8, "said"), (9, "said"),
    ]  # fmt: skip
    await ours.hear(replace(HELLO, seq=3))
    assert await seqs(ours) == [2, 3, 5, 7, 8, 9]


async def test_gaps_are_claimed_postponed_and_closed(ours: Ledger) -> None:
    await ours.note_gap(CASE, 10.0)
    await ours.note_gap(CASE, 5.0)
    assert await ours.claim_gaps(now=10.0, until=20.0, limit=5) == []
    assert await ours.claim_gaps(now=11.0, until=20.0, limit=5) == [(CASE, 1)]
    assert await ours.claim_gaps(now=19.0, until=20.0, limit=5) == []
    await ours.postpone_gap(CASE, 12.0)
    assert await ours.claim_gaps(now=13.0, until=20.0, limit=5) == [(CASE, 2)]
    await ours.close_gap(CASE)
    assert await ours.claim_gaps(now=99.0, until=100.0, limit=5) == []


async def test_a_group_has_one_life_after_the_other(ours: Ledger) -> None:
    await ours.hear(HELLO)
    for at in (499.0, 505.0, 505.0, 506.0):
        await ours.hear(Dismissed(CASE, at))
    await ours.end_life(CASE)
    assert (await ours.current_life(CASE), await ours.last_life(CASE)) == (1, 0)
    await ours.hear(replace(HELLO, said_at=510.0))
    await ours.hear(replace(HELLO, seq=2, said_at=504.0))
    assert (await seqs(ours, 0), await seqs(ours, 1)) == ([1, 2], [1])
    await ours.end_life(CASE)
    await ours.end_life(CASE)
    assert await ours.current_life(CASE) == 2
    await ours.begin_life(CASE, 600.0)
    await ours.hear(replace(HELLO, said_at=600.0))
    assert await ours.last_life(CASE) == 3


def in_short(one: Event) -> object:
    match one:
        case Message():
            return one.seq
        case Attended():
            return one.what
        case Missing():
            return (one.first, one.last)


async def test_what_nobody_told_has_its_place_in_a_story(ours: Ledger) -> None:
    for seq, state in ((3, "said"), (4, "lost"), (6, "nothing"), (8, "said"), (9, "lost"), (10, "lost"), (13, "said")):
        await ours.hear(replace(HELLO, seq=seq, said_at=500.0 + seq, state=cast("State", state)))
    await ours.hear(Attended(CASE, (USER,), "joined", 512.0))
    [span] = await ours.plan_archives(CASE, 600.0)
    assert list(map(in_short, await ours.story(span))) == [(1, 2), 3, (4, 5), (7, 7), 8, (9, 12), "joined", 13]


async def test_archives_are_planned_once_and_told_in_order(ours: Ledger) -> None:
    await ours.hear(Attended(CASE, (USER,), "joined", 501.0))
    for seq in (1, 2):
        await ours.hear(replace(HELLO, seq=seq, said_at=498.0 + 2 * seq))
    [span] = await ours.plan_archives(CASE, 510.0)
    await ours.hear(replace(HELLO, seq=3, said_at=511.0))
    await ours.hear(Attended(CASE, (USER,), "left", 512.0))
    spans = await ours.plan_archives(CASE, 520.0)
    assert [(one.first, one.last, one.since, one.until) for one in spans] == [(1, 2, 0.0, 510.0), (3, 3, 510.0, 520.0)]
    assert list(map(in_short, await ours.story(spans[0]))) == [1, "joined", 2]
    assert list(map(in_short, await ours.story(spans[1]))) == [3, "left"]
    await ours.finish_archive(span)
    assert await ours.plan_archives(CASE, 530.0) == spans[1:]
    assert await ours.customers(CASE) == {"alice"}


async def test_what_may_be_on_its_way_is_not_written_once_more_until_it_has_landed(ours: Ledger) -> None:
    await ours.hear(replace(HELLO, seq=1))
    [span] = await ours.plan_archives(CASE, NOW)

    assert await ours.begin_writing(span, NOW, landed=NOW - 5)
    assert not await ours.begin_writing(span, NOW + 4, landed=NOW - 1)
    assert await ours.begin_writing(span, NOW + 5, landed=NOW)
    assert await ours.begin_writing(span, NOW - 3600, landed=NOW - 3605), "the clock was set back"
    await ours.end_writing(span)
    assert await ours.begin_writing(span, NOW - 3600, landed=NOW - 3605)


async def test_what_is_too_much_for_one_file_is_several(ours: Ledger) -> None:
    for seq in range(1, 8):
        await ours.hear(replace(HELLO, seq=seq, elements=[{"x": "y" * (500 if seq == 3 else 10)}]))
    ours.most_bytes = 300
    assert [(one.first, one.last) for one in await ours.plan_archives(CASE, 510.0)] == [(1, 2), (3, 3), (4, 5), (6, 7)]


async def test_what_is_to_be_said_waits_in_line(ours: Ledger) -> None:
    first, second = Saying(CASE, "alice", 7, "hi\u2028"), Saying(CASE, "", 8, "{name}", USER)
    await ours.add_sayings([first, second])
    await ours.add_sayings([second])
    [one] = await ours.claim_sayings(now=1.0, until=10.0, limit=9)
    assert (one.text, one.claim, one.attempts) == ("hi\u2028", 1, 0)
    assert await ours.claim_sayings(now=2.0, until=10.0, limit=9) == []
    await ours.postpone_saying(one, 3.0)
    [again] = await ours.claim_sayings(now=4.0, until=10.0, limit=9)
    assert (again.claim, again.attempts) == (2, 1)
    await ours.finish_saying(one)
    assert await ours.claim_sayings(now=4.0, until=10.0, limit=9) == []
    await ours.finish_saying(again)
    [other] = await ours.claim_sayings(now=4.0, until=10.0, limit=9)
    assert (other.about, other.random) == (USER, 8)
    assert not await ours.was_said(first)
    await ours.hear(replace(HELLO, random=7))
    assert await ours.was_said(first)
    assert not await ours.was_said(replace(first, sender="bob"))


async def test_only_who_finishes_a_ticket_has_its_first_words_said(ledger: Ledger) -> None:
    ticket = await accept(ledger)
    words = [Saying(CASE, "alice", 7, "hi")]
    assert not await ledger.finish_ticket(replace(ticket, claim=9), CASE, NOW, words)
    assert await ledger.claim_sayings(now=1.0, until=10.0, limit=9) == []
    assert await ledger.finish_ticket(ticket, CASE, NOW, words)
    assert len(await ledger.claim_sayings(now=1.0, until=10.0, limit=9)) == 1


async def test_names_are_those_of_the_case_the_ticket_or_the_last_that_was_told(ledger: Ledger) -> None:
    ticket = await ledger.accept_ticket(
        ticket_id="t", body_hash="h", user_id="alice", case_info=CaseInfo(subject="s", name="Alice"), holder="a",
        now=NOW, until=NOW,
    )  # fmt: skip
    await ledger.record_case(ticket, CASE, NOW)
    await ledger.accept_states([STATE], NOW)
    assert await ledger.names(CASE, ["alice", USER, "bob"]) == {"alice": "Alice", USER: "Ann"}
    await ledger.accept_states([replace(STATE, modstamp=9.0, agents=(Agent("005000000000009AAA"),))], NOW)
    assert await ledger.names(CASE, [USER]) == {USER: "Ann"}
    await ledger.keep_names({USER: "Anna"})
    assert await ledger.names(CASE, [USER]) == {USER: "Anna"}


async def test_what_is_whole_is_not_counted_at_each_page(ours: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for seq in (1, 2, 3):
        await ours.hear(replace(HELLO, seq=seq))
    assert await ours.known(CASE, 0) == Known(0, newest=3, has_holes=False, lost=0)
    await ours.hear(replace(HELLO, seq=6))
    counted: list[int] = []
    together = ours._together

    async def counting(steps: Sequence[Step], **more: Any) -> list[list[Row]]:
        rows = await together(steps, **more)
        counted.extend(
            int(each[0][1]) for (statement, _), each in zip(steps, rows, strict=True) if "count(*)" in statement
        )
        return rows

    monkeypatch.setattr(ours, "_together", counting)
    assert await ours.known(CASE, 0) == Known(0, newest=6, has_holes=True, lost=0)
    assert await ours.known(CASE, 0, 3) == Known(0, newest=2, has_holes=False, lost=0)
    assert await ours.known(CASE, 0, 1) == Known(0, newest=0, has_holes=False, lost=0)
    assert counted == [1, 0, 0]
    assert await ours.highest_hole(CASE, 0, None) == 5
    assert await ours.highest_hole(CASE, 0, 5) is None


async def test_of_what_is_forgotten_nothing_is_whole(ours: Ledger) -> None:
    for seq in (1, 2, 3):
        await ours.hear(replace(HELLO, seq=seq))
    assert (await ours.known(CASE, 0)).newest == 3
    await ours.end_life(CASE)
    await ours.accept_states([STATE], NOW)
    await ours.mark_gone(CASE, NOW)
    await ours.forget_messages(10_000.0)

    assert await ours.known(CASE, 0) == Known(0, newest=0, has_holes=False, lost=0)
    assert await ours.known(CASE, 0, 3) == Known(0, newest=0, has_holes=False, lost=0)


async def test_what_ended_long_ago_is_forgotten(ours: Ledger) -> None:
    await ours.hear(HELLO)
    await ours.hear(Attended(CASE, (USER,), "joined", 400.0))
    await ours.forget_messages(10_000.0)
    assert await seqs(ours) == [1]
    await ours.end_life(CASE)
    await ours.hear(replace(HELLO, said_at=600.0))
    await ours.forget_messages(10_000.0)
    assert (await seqs(ours, 0), await seqs(ours, 1)) == ([1], [1])
    await ours.accept_states([STATE], NOW)
    await ours.mark_gone(CASE, NOW)
    await ours.forget_messages(400.0)
    assert (await seqs(ours, 0), await seqs(ours, 1)) == ([1], [1])
    await ours.forget_messages(10_000.0)
    assert (await seqs(ours, 0), await seqs(ours, 1)) == ([], [1])


async def test_a_user_is_erased(ours: Ledger) -> None:
    await ours.hear(HELLO)
    await ours.hear(replace(HELLO, seq=2, sender=USER))
    await ours.hear(Attended(CASE, ("alice",), "joined", 400.0))
    await ours.add_sayings([Saying(CASE, "alice", 7, "hi")])
    command = await ours.add_command(verb="join", group_id=CASE, user_id=USER, holder="a", now=NOW, until=NOW)
    await ours.fail_command(command, {"detail": "alice was not added", "status": 422})
    await ours.hear(Edited(CASE, 3, HELLO.elements, 501.0))
    traces = await ours.traces("alice")
    assert traces.counts == {
        "tickets": 1, "messages": 2, "attendance": 1, "outbox": 1, "names": 0, "dead_letters": 1,
    }  # fmt: skip
    assert (traces.cases, traces.still_open, traces.under_way) == ((CASE,), (CASE,), 1)

    await ours.erase("alice")

    assert set((await ours.traces("alice")).counts.values()) == {0}
    assert await seqs(ours) == [2]
    assert await ours.known(CASE, 0) == Known(0, 3, False, 0)
    await ours.hear(HELLO)
    assert await seqs(ours) == [2]
    assert [letter.problem["detail"] for letter in await ours.dead_letters()] == ["(erased) was not added"]
    await ours.compact()


async def test_what_was_erased_comes_back_with_no_late_callback(ours: Ledger) -> None:
    """In a Case that is somebody else's, too, since a merge."""
    bobs = await ours.accept_ticket(
        ticket_id="t-bob", body_hash="h", user_id="bob", case_info=CaseInfo(subject="s"), holder="a", now=NOW, until=NOW
    )
    await ours.record_case(bobs, CASE, NOW)
    await ours.hear(HELLO)
    await ours.erase("alice")
    await ours.hear(HELLO)
    await ours.hear(Edited(CASE, 1, HELLO.elements, 900.0))
    await ours.keep_read(CASE, 0, [HELLO], none_between=(1, 0), is_lost=False)
    assert await seqs(ours) == []
    assert await ours.is_customer(CASE, "bob")


@pytest.mark.parametrize(
    ("user_id", "detail"),
    [
        ("a", "{} and a.b and bab are not added"),
        ("42", "{} was not added (Result 42x)"),
        ("status", "its {}."),
        ("detail", "no {}, caf\u00e9"),
        ("a.b", "axb and {}."),
        ("422", "{} was no member ({}): {}."),
        ("x", "nothing of his"),
    ],
)
async def test_who_is_erased_spoils_no_dead_letter(ours: Ledger, user_id: str, detail: str) -> None:
    command = await ours.add_command(verb="join", group_id=CASE, user_id=USER, holder="a", now=NOW, until=NOW)
    problem = {
        "title": "Join group failed",
        "status": 422,
        "detail": detail.replace("{}", user_id),
        "code": "im_rejected",
    }
    await ours.fail_command(command, problem)
    traces = await ours.traces(user_id)
    assert traces.counts["dead_letters"] == ("{}" in detail)

    await ours.erase(user_id)

    [letter] = await ours.dead_letters()
    assert letter.problem == {**problem, "detail": detail.replace("{}", "(erased)")}


async def test_groups_that_are_there_are_told_with_their_newest_number(ours: Ledger) -> None:
    assert await ours.open_groups() == {CASE: 0}
    await ours.hear(replace(HELLO, seq=7))
    assert await ours.open_groups() == {CASE: 7}
    await ours.end_life(CASE)
    assert await ours.open_groups() == {CASE: 0}
    await ours.accept_states([STATE], NOW)
    await ours.mark_gone(CASE, NOW)
    assert await ours.open_groups() == {}
