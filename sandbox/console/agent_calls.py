"""What the utility bar asks Apex: the methods of the class `ChatSession`, as the user who is logged in."""

from __future__ import annotations

from typing import Any, Protocol

import aiohttp

from sandbox.up import Sandbox

Parameters = dict[str, Any]


class AgentCallFailed(Exception):
    """As Apex says it: a text, and whether the same again may work."""

    def __init__(self, text: str, *, is_retryable: bool) -> None:
        super().__init__(text)
        self.is_retryable = is_retryable


class AgentCalls(Protocol):
    async def call(self, user_id: str, method: str, parameters: Parameters) -> object:
        """The method's value, as JSON; AgentCallFailed when it throws."""


class WithoutApex:
    """The same answers without running the Apex: Cases from the org, the rest from the relay with the org's secret."""

    def __init__(self, sandbox: Sandbox, relay_url: str, http: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._relay_url = relay_url
        self._http = http

    async def call(self, user_id: str, method: str, parameters: Parameters) -> object:
        if method == "session":
            return await self._ask("/usersig", {"userId": user_id})
        if method == "history":
            before = parameters.get("before")
            wish = {"groupId": parameters.get("caseId")} | ({} if before is None else {"before": before})
            return await self._ask("/history", wish)
        if method == "cases":
            return self._cases(user_id)
        raise AgentCallFailed(f"ChatSession has no method {method!r}", is_retryable=False)

    def _cases(self, user_id: str) -> list[dict[str, object]]:
        state: Any = self._sandbox.salesforce.state()
        names = {user["Id"]: user["Name"] for user in state["users"]}
        own = [
            case
            for case in state["cases"]
            if case["OwnerId"] == user_id
            and case.get("ChatTicket__c")
            and not case["IsClosed"]
            and not case["IsDeleted"]
        ]
        return [
            {
                "id": case["Id"],
                "caseNumber": case["CaseNumber"],
                "subject": case["Subject"],
                "status": case["Status"],
                "customer": case.get("SuppliedName"),
                "ownerId": case["OwnerId"],
                "ownerName": names.get(case["OwnerId"]),
            }
            for case in reversed(own)
        ]

    async def _ask(self, path: str, wish: dict[str, object]) -> object:
        secret = self._sandbox.environment["RELAY_CALLOUT_SECRETS"].split(",")[0]
        headers = {"Authorization": f"Bearer {secret}"}
        try:
            async with self._http.post(f"{self._relay_url}{path}", json=wish, headers=headers) as answer:
                content = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise AgentCallFailed("The chat service cannot be reached.", is_retryable=True) from None
        if answer.status != 200:
            title = content.get("title") if isinstance(content, dict) else None
            raise AgentCallFailed(str(title or f"HTTP {answer.status}"), is_retryable=answer.status >= 429)
        return content
