"""How a group differs from what its Case asks for, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from relay.models import Group, Room
from relay.ports import Im

CURES: dict[str, str | None] = {
    "newer state": "what Salesforce says now is applied",
    "no state": "Salesforce is asked and the group follows",
    "no group": "the group is made again",
    "missing": "is put into the group",
    "leftover": "is taken out of the group",
    "wrong name": "the group gets this name",
    "ended": "the group is dismissed",
    "merged": "the customers move into this Case's group, theirs is dismissed",
    "stranger": None,
    "foreign owner": None,
    "unknown Case": None,
    "orphan": None,
    "unreadable": None,
}
"""What can be wrong, and what the relay does about it; None: it is reported only.

newer state: Salesforce has one that did not reach the relay. no state: of a ticket's Case none ever did,
and a look at Salesforce is overdue.
missing: who belongs into the group and is not there. leftover: an agent the relay put in who no longer belongs,
or who was told to leave.
stranger: a member whom the relay neither put in nor was told of. foreign owner: somebody who may dismiss the group.
ended: the Case is closed or deleted, and its group is still there. unknown Case: Salesforce does not show it.
orphan: a group with a Case's id that belongs to no ticket.
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """what: one of CURES. who: the User, name, Case or reason that it is about."""

    case_id: str
    what: str
    who: str | None = None

    @property
    def cure(self) -> str | None:
        return CURES[self.what]

    @property
    def for_log(self) -> str:
        """Without the name, which is what an end user wrote."""
        return str(replace(self, who=None) if self.what == "wrong name" else self)

    def __str__(self) -> str:
        return f"{self.what}{f' {self.who}' if self.who else ''}: {self.cure or 'only reported'}"


def compare(room: Room, group: Group | None, im: Im) -> Iterator[Drift]:
    """How the group of an open Case differs from what the room asks for, in the order in which that is mended."""
    case_id = room.state.case_id
    members = group.members if group else frozenset()
    if group is None and not room.customers:
        return
    belonging = room.customers | room.joined | {agent.user_id for agent in room.state.agents} - room.left
    if group is None:
        yield Drift(case_id, "no group")
    for user_id in sorted(belonging - members):
        yield Drift(case_id, "missing", user_id)
    for user_id in sorted(members - belonging - room.refused):
        if user_id in room.synced | room.left:
            yield Drift(case_id, "leftover", user_id)
        elif not im.is_admin(user_id):
            yield Drift(case_id, "stranger", user_id)
    if group is not None:
        names = [im.group_name(case_id, subject) for subject in room.subjects]
        if names and group.name not in names:
            yield Drift(case_id, "wrong name", names[0])
        if group.owner and group.owner not in room.customers | room.refused and not im.is_admin(group.owner):
            yield Drift(case_id, "foreign owner", group.owner)
