"""Cases that change in the sandbox's org, the rooms that should follow, and what the relay has yet to do for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.salesforce import dml
from sandbox.salesforce.objects import CASE
from sandbox.salesforce.org import Acting
from sandbox.tencent.chat import Group
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, agents, eventually
from tests.store.outside import rows


class Org:
    """The sandbox's org, which tells nobody what it does; what it would have told is told by the test."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._org = sandbox, sandbox.salesforce.org
        self.users = agents(sandbox)
        self.queue = self._org.queue_id
        self._acting = Acting(self.users[-1], auto_assign=False)

    def row(self, case_id: str) -> Json:
        row = self._org.tables.get("Case", case_id)
        assert row is not None
        return row

    def owner(self, case_id: str) -> str | None:
        """The owner if that is an active User."""
        owner = str(self.row(case_id)["OwnerId"])
        user = self._org.tables.get("User", owner)
        return owner if user is not None and user["IsActive"] else None

    def insert(self, **fields: object) -> str:
        return dml.insert(self._org, CASE, fields, self._acting)

    def change(self, case_id: str, **fields: object) -> None:
        dml.update(self._org, CASE, case_id, fields, self._acting)

    def delete(self, case_id: str) -> None:
        dml.delete(self._org, CASE, case_id, self._acting)

    async def undelete(self, case_id: str) -> None:
        await self._sandbox.salesforce.do({"undelete": [case_id]})

    async def merge(self, master: str, loser: str) -> None:
        await self._sandbox.salesforce.do({"merge": {"master": master, "losers": [loser]}})

    def state(self, case_id: str) -> Json:
        """What Apex would post of the Case as it is now."""
        row, owner = self.row(case_id), self.owner(case_id)
        user = self._org.tables.get("User", owner) if owner else None
        return {
            "caseId": case_id,
            "agents": [{"id": owner, "name": user["Name"]}] if user else [],
            "isClosed": row["IsClosed"],
            "isDeleted": row["IsDeleted"],
            "mergedInto": row["MasterRecordId"],
            "modstamp": row["SystemModstamp"],
        }


@dataclass
class People:
    """Who comes into the groups and who goes out, in order."""

    came: list[tuple[str, str]] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    """Groups that somebody was taken out of so that no agent was left."""

    def watch(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> People:
        chat = sandbox.tencent.chat
        enter, leave = chat.enter, chat.leave

        def entering(group: Group, user_id: str, *more: Any) -> None:
            enter(group, user_id, *more)
            self.came.append((group.id, user_id))

        def leaving(group: Group, user_id: str) -> None:
            leave(group, user_id)
            if not any(member.startswith("005") for member in group.members):
                self.left_alone.append(group.id)

        monkeypatch.setattr(chat, "enter", entering)
        monkeypatch.setattr(chat, "leave", leaving)
        return self


def members(sandbox: Sandbox, group_id: str) -> set[str] | None:
    group = sandbox.tencent.chat.groups.get(group_id)
    return None if group is None else set(group.members)


def undone(relay: Relay, state: str = "open") -> list[tuple[str, str]]:
    """What the ledger still has to do, or has given up: verb and group."""
    return rows(relay.settings.relay_database_url, f"select verb, group_id from commands where state = '{state}'")


async def quiet(relay: Relay, *, hurry: bool = True) -> None:
    """Nothing is left to do; the clock runs ahead meanwhile. hurry: do not wait until the worker looks by itself."""

    async def so() -> bool:
        relay.clock.advance(20 if hurry else 1)
        if hurry:
            await relay.worker.look()
        return not undone(relay)

    await eventually(so)


async def tell(relay: Relay, *states: Json) -> list[str]:
    """The verdicts."""
    answer = await relay.org("/synccases", cases=list(states))
    assert answer.status_code == 202, answer.text
    return [result["status"] for result in answer.json()["results"]]


async def open_cases(relay: Relay, count: int) -> dict[str, str]:
    """The customer of each new Case."""
    opened = {}
    for number in range(count):
        answer = await relay.open_ticket(f"customer-{number}")
        assert answer.status_code == 200, answer.text
        opened[answer.json()["caseId"]] = f"customer-{number}"
    return opened
