"""The harness sees damage: what the vendors would hold if the relay were wrong."""

from __future__ import annotations

from typing import Any

from tests.chaos.count import Count, count_tickets
from tests.chaos.customers import Wish

Record = dict[str, Any]


def wish(*groups: str, promised: bool = True) -> Wish:
    return Wish("alice", "key", ticket_id="t1" if promised else None, groups=list(groups))


def case(case_id: str) -> Record:
    return {"Id": case_id, "Subject": "alice"}


def group(group_id: str, *members: str) -> Record:
    return {"GroupId": group_id, "Name": "alice", "members": list(members or ["alice"])}


def count(wanted: Wish, cases: list[Record], groups: list[Record], *, all_promised: bool = True) -> Count:
    counted = count_tickets([wanted], cases, groups, all_promised=all_promised)
    assert counted.good == (not counted.complaints)
    return counted


def test_one_case_and_one_group_that_the_customer_was_told_of_are_exact() -> None:
    counted = count(wish("c1", "c1"), [case("c1")], [group("c1")])

    assert (counted.exact, counted.promised, counted.good) == (1, 1, True)


def test_a_second_case_is_a_duplicate() -> None:
    counted = count(wish("c1"), [case("c1"), case("c2")], [group("c1"), group("c2")])

    assert (counted.exact, counted.duplicates, counted.half_made) == (0, 1, 0)


def test_a_case_without_its_group_is_half_made_and_its_customer_lost() -> None:
    counted = count(wish(), [case("c1")], [])

    assert (counted.half_made, counted.lost) == (1, 1)


def test_a_group_without_its_customer_is_half_made() -> None:
    assert count(wish("c1"), [case("c1")], [group("c1", "bob")]).half_made == 1


def test_an_answer_that_names_another_group_is_wrong() -> None:
    assert count(wish("c2"), [case("c1")], [group("c1")]).wrong == 1
    assert count(wish("c1", "c2"), [case("c1")], [group("c1")]).wrong == 1


def test_what_was_promised_and_is_not_there_is_lost() -> None:
    assert count(wish(), [], [], all_promised=False).lost == 1
    assert count(wish(promised=False), [], []).lost == 1


def test_what_nobody_promised_may_be_absent() -> None:
    counted = count(wish(promised=False), [], [], all_promised=False)

    assert (counted.never_begun, counted.lost, counted.good) == (1, 0, True)


def test_what_nobody_promised_may_not_be_half_made() -> None:
    assert count(wish(promised=False), [case("c1")], [], all_promised=False).half_made == 1


def test_a_ticket_that_ended_with_an_error_is_not_exact() -> None:
    refused = Wish("alice", "key", ticket_id="t1", refusal="502 Group creation failed: no reason")

    counted = count(refused, [], [])

    assert (counted.refused, counted.good) == (1, False)
