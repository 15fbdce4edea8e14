"""The org as its people use it: each with a session of his own over its REST API, and what only a browser can do."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from sandbox.salesforce import people
from sandbox.up import Sandbox
from tests.end_to_end.line import Line
from tests.scenarios.conftest import Json, eventually, groups

DATA = "/services/data/v67.0"
ADMIN = people.ADMIN_USERNAME
"""May save everything, and has no permission set that lets him call the relay."""
RELAY_USER = people.INTEGRATION_USERNAME
_PROBLEM = "Kind__c, HttpStatus__c, Message__c, CaseIds__c, CaseCount__c, Attempts__c, Times__c, Resolved__c"


class Office:
    """Acts as the administrator unless `by` names another user. The line leads from the org to the relay."""

    def __init__(self, sandbox: Sandbox, line: Line) -> None:
        self.sandbox, self.line = sandbox, line
        tls = ssl.create_default_context(cafile=sandbox.environment["SSL_CERT_FILE"])
        self.http = httpx.AsyncClient(base_url=sandbox.salesforce_url, verify=tls, timeout=30)
        self.tencent = httpx.AsyncClient(base_url=sandbox.im_url, verify=tls, timeout=30)
        self._sessions: dict[str, str] = {}

    @property
    def queue(self) -> str:
        return self.sandbox.salesforce.org.queue_id

    @property
    def agents(self) -> list[str]:
        """The ids of three agents, all with the package's permission set for agents."""
        held: Any = self.sandbox.salesforce.state()["users"]
        ids = {user["Username"].partition(".")[0]: str(user["Id"]) for user in held}
        return [ids[name] for name in ("maria", "wei", "priya")]

    @property
    def admin(self) -> str:
        user = people.by_username(self.sandbox.salesforce.org, ADMIN)
        assert user is not None
        return str(user["Id"])

    def username(self, user_id: str) -> str:
        held: Any = self.sandbox.salesforce.state()["users"]
        return next(str(user["Username"]) for user in held if user["Id"] == user_id)

    async def close(self) -> None:
        await self.http.aclose()
        await self.tencent.aclose()

    async def ask(
        self, method: str, path: str, body: object = None, *, by: str = ADMIN, with_rules: bool = False
    ) -> httpx.Response:
        """As Salesforce's own pages do: the assignment rules run only for who wishes it."""
        headers = {"Authorization": f"Bearer {await self._session(by)}", "Sforce-Auto-Assign": str(with_rules).upper()}
        return await self.http.request(method, f"{DATA}/{path}", json=body, headers=headers)

    async def insert(self, *, by: str = ADMIN, **fields: object) -> str:
        answer = await self.ask("POST", "sobjects/Case", fields, by=by)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def change(self, case_id: str, *, by: str = ADMIN, with_rules: bool = False, **fields: object) -> None:
        answer = await self.ask("PATCH", f"sobjects/Case/{case_id}", fields, by=by, with_rules=with_rules)
        assert answer.status_code == 204, answer.text

    async def change_all(self, case_ids: Iterable[str], **fields: object) -> list[Json]:
        """Up to 200 at once; what became of each."""
        records = [{"attributes": {"type": "Case"}, "Id": case_id, **fields} for case_id in case_ids]
        return await self.change_records(records)

    async def change_records(self, records: list[dict[str, object]]) -> list[Json]:
        answer = await self.ask("PATCH", "composite/sobjects", {"allOrNone": False, "records": records})
        assert answer.status_code == 200, answer.text
        results: list[Json] = answer.json()
        return results

    async def remove(self, path: str) -> None:
        answer = await self.ask("DELETE", f"sobjects/{path}")
        assert answer.status_code == 204, answer.text

    async def query(self, soql: str) -> list[Json]:
        answer = await self.ask("GET", f"query?{urlencode({'q': soql})}")
        assert answer.status_code == 200, answer.text
        records: list[Json] = answer.json()["records"]
        return records

    async def problems(self) -> list[Json]:
        """What the tab Chat Relay Problems shows, once the org has nothing to do."""
        await self.idle()
        return await self.query(f"SELECT {_PROBLEM} FROM ChatRelayProblem__c")

    async def do(self, **action: object) -> Json:
        answer = await self.http.post("/__sandbox__/do", json=action)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def aura(self, user_id: str, method: str, **params: object) -> Json:
        return await self.do(aura={"userId": user_id, "method": method, "params": params})

    async def flow(self, user_id: str, action: str, *inputs: Json) -> list[Json]:
        outputs: list[Json] = (await self.do(flow={"userId": user_id, "action": action, "inputs": inputs}))["outputs"]
        return outputs

    async def idle(self) -> None:
        """Nothing of the org's Apex runs or is due."""
        apex = self.sandbox.salesforce.apex
        assert apex is not None
        assert await asyncio.to_thread(apex.jobs.wait_until_idle, 20)

    async def later(self, minutes: float) -> None:
        """That much time passes for the jobs that wait."""
        await self.idle()
        await self.do(advance=minutes * 60)
        await self.idle()

    def jobs(self, name: str = "TIMCallouts") -> list[Json]:
        """Queueables of this class so far, oldest first."""
        held: Any = self.sandbox.salesforce.state()["jobs"]
        return [job for job in held if job["name"] == name and job["kind"] == "Queueable"]

    def room(self, case_id: str) -> set[str] | None:
        """Who is in the Case's group at Tencent; None if there is none."""
        found = [set(group["members"]) for group in groups(self.sandbox) if group["GroupId"] == case_id]
        return found[0] if found else None

    async def room_has(self, case_id: str, *members: str) -> None:
        """In the end the room has these members and no others."""
        await self._becomes(case_id, set(members))

    async def rooms_have(self, customers: Mapping[str, str], *members: str) -> None:
        """The same of many rooms; each has its own customer, too."""
        wanted = {case_id: {customer, *members} for case_id, customer in customers.items()}

        async def so() -> bool:
            held = {group["GroupId"]: set(group["members"]) for group in groups(self.sandbox)}
            found.update({case_id: held.get(case_id) for case_id in wanted})
            return all(found[case_id] == wanted[case_id] for case_id in wanted)

        found: dict[str, set[str] | None] = {}
        try:
            await eventually(so)
        except TimeoutError:
            raise AssertionError(f"{sum(found[each] != wanted[each] for each in wanted)} rooms are wrong") from None

    async def room_is_gone(self, case_id: str) -> None:
        await self._becomes(case_id, None)

    async def _becomes(self, case_id: str, wanted: set[str] | None) -> None:
        async def so() -> bool:
            return self.room(case_id) == wanted

        try:
            await eventually(so, 10)
        except TimeoutError:
            raise AssertionError(f"the room has {self.room(case_id)}, not {wanted}") from None

    async def _session(self, username: str) -> str:
        if username not in self._sessions:
            app = self.sandbox.salesforce.app_settings
            claims = {
                "iss": app.client_id,
                "sub": username,
                "aud": self.sandbox.salesforce_url,
                "exp": int(time.time()) + 120,
            }
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": jwt.encode(claims, app.private_key_pem, algorithm="RS256"),
            }
            answer = await self.http.post("/services/oauth2/token", data=form)
            assert answer.status_code == 200, answer.text
            self._sessions[username] = answer.json()["access_token"]
        return self._sessions[username]
