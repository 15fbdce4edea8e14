"""What the demo shows: a ticket is opened, an agent comes, another takes over, the ticket ends."""

from typing import Any

from sandbox.demo_visitor import Visitor
from sandbox.up import Sandbox


class Story:
    """Played through the visitor; what the vendors hold after each step is shown from the sandbox itself."""

    def __init__(self, visitor: Visitor, sandbox: Sandbox) -> None:
        self._visitor, self._sandbox = visitor, sandbox
        self._agents = [user for user in self._held("users") if user["IsActive"]][:2]

    async def tell(self) -> None:
        """All of it."""
        group_id = await self._open()
        await self._assign(group_id)
        await self._reassign(group_id)
        await self._end(group_id)

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
        self._visitor.step(f"Salesforce gives the Case to {agent['Name']}")
        await self._visitor.apex("/joingroup", {"groupId": group_id, "userId": agent["Id"]})
        self._show_group(group_id)

    async def _reassign(self, group_id: str) -> None:
        first, second = self._agents
        self._visitor.step(f"{first['Name']} hands over to {second['Name']}, who comes before {first['Name']} goes")
        await self._visitor.apex("/joingroup", {"groupId": group_id, "userId": second["Id"]})
        self._show_group(group_id)
        await self._visitor.apex("/leavegroup", {"groupId": group_id, "userId": first["Id"]})
        self._show_group(group_id)

    async def _end(self, group_id: str) -> None:
        self._visitor.step("The Case is done, the group is dismissed")
        await self._visitor.apex("/deletegroup", {"groupId": group_id})
        self._show_group(group_id)

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
