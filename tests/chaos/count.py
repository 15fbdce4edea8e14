"""Counting: what the vendors hold in the end against what was asked for and what was promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.customers import Wish

Record = dict[str, Any]


@dataclass(slots=True)
class Count:
    """How it stands with the tickets, or with the commands, of one mode.

    promised: acknowledged by the relay. exact: done once and answered rightly. never_begun: nothing was made, and
    nothing had been promised.
    half_made: a Case without its group, a group without its Case or its customer. wrong: an answer that names another
    group, or a command out of turn. refused: ended with an error. lost: promised, and not there.
    complaints: a line for each one that is not as it should be.
    """

    wanted: int
    promised: int = 0
    exact: int = 0
    never_begun: int = 0
    duplicates: int = 0
    half_made: int = 0
    wrong: int = 0
    refused: int = 0
    lost: int = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.complaints and self.exact + self.never_begun == self.wanted


def count_tickets(
    wishes: Sequence[Wish], cases: Iterable[Record], groups: Iterable[Record], *, all_promised: bool
) -> Count:
    """all_promised: the customers came back until they had an answer, so that even an unacknowledged one must exist."""
    count = Count(len(wishes))
    cases_of, groups_of = _by(cases, "Subject"), _by(groups, "Name")
    for wish in wishes:
        _count_one(count, wish, cases_of.get(wish.mark, []), groups_of.get(wish.mark, []), all_promised)
    return count


def _count_one(count: Count, wish: Wish, cases: list[Record], groups: list[Record], promised: bool) -> None:
    count.promised += int(wish.ticket_id is not None)
    promised = promised or wish.ticket_id is not None
    case_ids, group_ids = [case["Id"] for case in cases], [group["GroupId"] for group in groups]
    unpaired = set(case_ids) ^ set(group_ids)
    without_customer = [group["GroupId"] for group in groups if wish.mark not in group["members"]]
    strange = [group_id for group_id in wish.groups if group_id not in group_ids or group_id != wish.groups[0]]
    faults = {
        "duplicates": max(len(cases), len(groups), 1) - 1,
        "half_made": len(unpaired.union(without_customer)),
        "wrong": len(strange) + len(wish.strangers),
        "refused": int(wish.refusal is not None),
        "lost": int(promised and wish.refusal is None and (not wish.groups or not cases)),
    }
    for name, number in faults.items():
        setattr(count, name, getattr(count, name) + number)
    if any(faults.values()):
        what = ", ".join(f"{name} {number}" for name, number in faults.items() if number)
        told = wish.refusal or sorted(set(wish.groups))
        count.complaints.append(f"{wish.mark}: {what}; Cases {case_ids}, groups {group_ids}, told {told}")
    elif cases:
        count.exact += 1
    else:
        count.never_begun += 1


def _by(records: Iterable[Record], name: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record[name], []).append(record)
    return found
