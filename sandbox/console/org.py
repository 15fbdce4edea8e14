"""What people do in Salesforce's own pages: through the REST API as that user; what has no REST, as an action."""

from __future__ import annotations

from typing import Any

import httpx

from sandbox.salesforce import Salesforce

_REST = "/services/data/v67.0"


class OrgRefused(Exception):
    """Salesforce did not do it; the text is its own."""


class OrgDesk:
    """Users at work. Their requests do not pass the hallway: faults are for the relay, not for these pages."""

    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce
        transport = httpx.ASGITransport(salesforce.app)
        self._http = httpx.AsyncClient(transport=transport, base_url=salesforce.base_url)
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        await self._http.aclose()

    async def insert(self, user_id: str, values: dict[str, object]) -> str:
        """A Case that an agent makes."""
        return await self._as(user_id, "POST", f"{_REST}/sobjects/Case", values)

    async def update(self, user_id: str, case_ids: list[str], values: dict[str, object]) -> str:
        """One save, however many Cases: the triggers see them together."""
        records = [{"attributes": {"type": "Case"}, "id": case_id, **values} for case_id in case_ids]
        path = f"{_REST}/composite/sobjects"
        return await self._as(user_id, "PATCH", path, {"allOrNone": True, "records": records})

    async def delete(self, user_id: str, case_ids: list[str]) -> str:
        path = f"{_REST}/composite/sobjects?ids={','.join(case_ids)}&allOrNone=true"
        return await self._as(user_id, "DELETE", path, None)

    async def do(self, action: dict[str, object]) -> str:
        try:
            await self._salesforce.do(action)
        except ValueError as error:
            raise OrgRefused(str(error)) from None
        return next(iter(action))

    async def _as(self, user_id: str, method: str, path: str, body: object) -> str:
        answer = await self._request(user_id, method, path, body)
        if answer.status_code == 401:
            self._tokens.pop(user_id, None)
            answer = await self._request(user_id, method, path, body)
        results: Any = answer.json() if answer.content else []
        rows = results if isinstance(results, list) else [results]
        errors = [error for each in rows for error in each.get("errors", [])] if answer.is_success else rows
        if errors or not answer.is_success:
            raise OrgRefused("; ".join(str(error.get("message", error)) for error in errors))
        return f"{method} {path.partition('?')[0]}"

    async def _request(self, user_id: str, method: str, path: str, body: object) -> httpx.Response:
        token = self._tokens.get(user_id) or await self._log_in(user_id)
        headers = {"Authorization": f"Bearer {token}", "Sforce-Auto-Assign": "FALSE"}
        return await self._http.request(method, path, headers=headers, json=body)

    async def _log_in(self, user_id: str) -> str:
        try:
            consent = await self._salesforce.do({"consent": user_id})
        except ValueError as error:
            raise OrgRefused(str(error)) from None
        settings = self._salesforce.environment()
        form = {
            "grant_type": "refresh_token",
            "refresh_token": str(consent["refresh_token"]),
            "client_id": settings["SALESFORCE_CLIENT_ID"],
            "client_secret": settings["SALESFORCE_CLIENT_SECRET"],
        }
        answer = await self._http.post("/services/oauth2/token", data=form)
        if not answer.is_success:
            raise OrgRefused(answer.text)
        self._tokens[user_id] = str(answer.json()["access_token"])
        return self._tokens[user_id]
