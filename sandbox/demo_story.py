"""What the demo shows: a ticket is opened, an agent comes, another takes over, the ticket ends."""

import asyncio
from typing import Any

from sandbox.console.org import OrgDesk
from sandbox.console.view import view
from sandbox.demo_visitor import Visitor
from sandbox.up import Sandbox


class TooLong(Exception):
    """What should have happened has not."""


class Story:
    """Played through the visitor; what the vendors hold after each step is shown from the sandbox itself."""

    def __init__(self, visitor: Visitor, sandbox: Sandbox) -> None:
        self._visitor, self._sandbox = visitor, sandbox
        self._desk = OrgDesk(sandbox.salesforce)
        found: Any = view(sandbox)["agents"]
        self._agents = [agent for agent in found if agent["isActive"]][:2]

    async def tell(self) -> None:
        """All of it."""
        group_id = await self._open()
        await self._assign(group_id)
        await self._reassign(group_id)
        await self._end(group_id)
        await self._desk.close()

    async def _open(self) -> str:
        self._visitor.step("Alice opens a ticket")
        info = {"subject": "My lamp is dark", "desc": "Since yesterday.", "name": "Alice"}
        body = {"userId": "alice", "caseInfo": info}
        ticket = await self._visitor.app("/createticket", body, **{"Idempotency-Key": "lamp-1"})
        group_id = str(ticket["caseId"])
        self._show_case(group_id)
        self._show_group(group_id)
        self._visitor.note("app", f"may sign in to the chat as {ticket['chat']['userId']} with a UserSig")

        self._visitor.step("Her connection was bad, so her app sends it again: same key, same ticket")
        await self._visitor.app("/createticket", body, **{"Idempotency-Key": "lamp-1"})
        cases = [case for case in self._held("cases") if case["ChatTicket__c"]]
        self._visitor.note("Salesforce", f"has {len(cases)} Case of hers")
        return group_id

    async def _assign(self, group_id: str) -> None:
        agent = self._agents[0]
        self._visitor.step(f"Salesforce gives the Case to {agent['name']}")
        await self._give(group_id, agent)

    async def _reassign(self, group_id: str) -> None:
        first, second = self._agents
        self._visitor.step(f"{first['name']} hands over to {second['name']}, who comes before {first['name']} goes")
        await self._give(group_id, second)

    async def _end(self, group_id: str) -> None:
        closer = self._agents[1]
        self._visitor.step(f"{closer['name']} closes the Case")
        await self._desk.update(closer["id"], [group_id], {"Status": "Closed"})
        self._show_case(group_id)
        text = (
            "saves what was said on the Case, then dismisses the group, RELAY_CLOSE_GRACE (here 10 s) after the close"
        )
        self._visitor.note("relay", text)

    async def _give(self, group_id: str, agent: dict[str, Any]) -> None:
        """Only the owner is changed: the org's Apex tells the relay, and the relay changes who is in the group."""
        await self._desk.update(agent["id"], [group_id], {"OwnerId": agent["id"]})
        self._show_case(group_id)
        self._visitor.note("Apex", "POST /synccases")
        await self._until_agents_are(group_id, agent["id"])
        self._show_group(group_id)

    async def _until_agents_are(self, group_id: str, agent_id: str) -> None:
        for _ in range(300):
            held: Any = self._sandbox.tencent.state()["groups"]
            members: list[str] = next((group["members"] for group in held if group["GroupId"] == group_id), [])
            if {member for member in members if member.startswith("005")} == {agent_id}:
                return
            await asyncio.sleep(0.05)
        raise TooLong(f"{agent_id} did not become the only agent in {group_id} within 15 s")

    def _held(self, what: str) -> list[dict[str, Any]]:
        found: Any = self._sandbox.salesforce.state()[what]
        return list(found)

    def _show_case(self, case_id: str) -> None:
        case = next(case for case in self._held("cases") if case["Id"] == case_id)
        owners = {owner["Id"]: owner["Name"] for owner in (*self._held("users"), *self._held("queues"))}
        text = f"Case {case['CaseNumber']} {case['Subject']!r}, {case['Status']}, owner {owners[case['OwnerId']]}"
        self._visitor.note("Salesforce", text)

    def _show_group(self, group_id: str) -> None:
        names = {user["Id"]: user["Name"] for user in self._held("users")}
        held: Any = self._sandbox.tencent.state()["groups"]
        for group in held:
            if group["GroupId"] == group_id:
                members = ", ".join(names.get(member, member) for member in group["members"])
                self._visitor.note("Tencent", f"group {group_id}, members: {members}")
                return
        self._visitor.note("Tencent", f"group {group_id} is gone")
