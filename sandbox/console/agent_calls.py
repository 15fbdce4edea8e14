"""What the utility bar asks Apex: the methods of the class `ChatSession`, as the user who is logged in."""

from __future__ import annotations

import json
from typing import Any, Protocol

import aiohttp

from sandbox.salesforce import Salesforce

Parameters = dict[str, Any]
Answer = dict[str, object]


class AgentCalls(Protocol):
    async def call(self, user_id: str, method: str, parameters: Parameters) -> Answer:
        """What an Aura action holds afterwards: its state with a returnValue, or with a list of errors."""


class ThroughApex:
    """The org's own Apex runs, and calls the relay."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def call(self, user_id: str, method: str, parameters: Parameters) -> Answer:
        wish = {"userId": user_id, "method": f"ChatSession.{method}", "params": parameters}
        try:
            return await self._salesforce.do({"aura": wish})
        except ValueError as error:
            return _failed(str(error), is_retryable=False)


class WithoutApex:
    """The same answers where no Apex is deployed: Cases from the org, the rest from the relay with the org's secret."""

    def __init__(self, salesforce: Salesforce, relay_url: str, http: aiohttp.ClientSession) -> None:
        self._salesforce = salesforce
        self._relay_url = relay_url
        self._http = http

    async def call(self, user_id: str, method: str, parameters: Parameters) -> Answer:
        if method == "session":
            return await self._ask("/usersig", {"userId": user_id})
        if method == "history":
            before = parameters.get("before")
            wish = {"groupId": parameters.get("caseId")} | ({} if before is None else {"before": before})
            return await self._ask("/history", wish)
        if method == "cases":
            return _given(self._cases(user_id))
        return _failed(f"ChatSession has no method {method}", is_retryable=False)

    def _cases(self, user_id: str) -> list[dict[str, object]]:
        state: Any = self._salesforce.state()
        names = {user["Id"]: user["Name"] for user in state["users"]}
        return [
            {
                "id": case["Id"],
                "caseNumber": case["CaseNumber"],
                "subject": case["Subject"],
                "status": case["Status"],
                "customer": case["SuppliedName"],
                "ownerId": user_id,
                "ownerName": names.get(user_id),
            }
            for case in reversed(state["cases"])
            if case["OwnerId"] == user_id and case["ChatTicket__c"] and not (case["IsClosed"] or case["IsDeleted"])
        ]

    async def _ask(self, path: str, wish: dict[str, object]) -> Answer:
        headers = {"Authorization": f"Bearer {self._salesforce.callout_secret}"}
        try:
            async with self._http.post(f"{self._relay_url}{path}", json=wish, headers=headers) as answer:
                content = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return _failed("The chat service cannot be reached.", is_retryable=True)
        if answer.status != 200:
            title = content.get("title") if isinstance(content, dict) else None
            return _failed(str(title or f"HTTP {answer.status}"), is_retryable=answer.status >= 429)
        return _given(content)


def _given(value: object) -> Answer:
    return {"state": "SUCCESS", "returnValue": value}


def _failed(message: str, *, is_retryable: bool) -> Answer:
    """As the class says it: JSON in the error's message."""
    return {"state": "ERROR", "error": [{"message": json.dumps({"message": message, "retryable": is_retryable})}]}
