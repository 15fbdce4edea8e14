"""The demo's caller, the end user's app; each call is shown as it happens."""

import json
import os
import sys
import time
from types import TracebackType
from typing import Any

import httpx

from sandbox.up import Sandbox

_ON, _OFF = ("\033[1m", "\033[0m") if sys.stdout.isatty() and "NO_COLOR" not in os.environ else ("", "")


class Visitor:
    """Calls the relay at `relay_url` with the credentials that the sandbox's env file holds."""

    def __init__(self, relay_url: str, sandbox: Sandbox) -> None:
        self.relay_url = relay_url
        self._sandbox = sandbox
        self._client = httpx.AsyncClient(base_url=relay_url, timeout=30)
        self._steps = 0

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    def step(self, text: str) -> None:
        """A headline."""
        self._steps += 1
        print(f"\n{_ON}{self._steps}. {text}{_OFF}", flush=True)

    def note(self, who: str, text: str) -> None:
        """What somebody has or sees."""
        print(f"   {who:<12} {text}", flush=True)

    async def app(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """As the end user's app, here a trusted back end with an API key."""
        return await self._call(path, body, headers)

    async def _call(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        headers = {**headers, "Authorization": f"Bearer {self._sandbox.environment['RELAY_APP_API_KEYS']}"}
        began = time.perf_counter()
        answer = await self._client.post(path, json=body, headers=headers)
        spent = (time.perf_counter() - began) * 1000
        self.note("app", f"POST {path} {json.dumps(body)}")
        self.note("relay", f"{answer.status_code} in {spent:.0f} ms")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _agent(self) -> str:
        users: Any = self._sandbox.salesforce.state()["users"]
        return next(str(user["Id"]) for user in users if user["IsActive"])

    def invite(self, console_url: str) -> None:
        """Say how to go on by hand."""
        environment = self._sandbox.environment
        authority, env_file = environment["SSL_CERT_FILE"], self._sandbox.env_file
        print(f"""
{_ON}Your turn.{_OFF} Everything keeps running until you press Ctrl-C.

{_ON}Open {console_url}{_OFF} and be the customer on the left and the agent on the right.

Or in another terminal:

curl {self.relay_url}/createticket \\
  -H 'Authorization: Bearer {environment["RELAY_APP_API_KEYS"].split(",")[0]}' \\
  -H 'Content-Type: application/json' -H 'Idempotency-Key: my-first-ticket' \\
  -d '{{"userId":"bob","caseInfo":{{"subject":"My lamp is dark","name":"Bob"}}}}'

What Salesforce and Tencent Chat hold, and what they were asked:

curl --cacert {authority} {self._sandbox.salesforce_url}/__sandbox__/state
curl --cacert {authority} {self._sandbox.im_url}/__sandbox__/state
curl --cacert {authority} {self._sandbox.im_url}/__sandbox__/calls

Let Tencent Chat be away for a while, open a ticket (202 after 8 s), and ask for it until it is there (200):

curl --cacert {authority} {self._sandbox.im_url}/__sandbox__/faults \\
  -d '{{"match":"create_group","times":30,"status":502}}'
curl -i {self.relay_url}/createticket \\
  -H 'Authorization: Bearer {environment["RELAY_APP_API_KEYS"].split(",")[0]}' \\
  -H 'Content-Type: application/json' -H 'Idempotency-Key: while-tencent-is-away' \\
  -d '{{"userId":"bob","caseInfo":{{"subject":"Another lamp is dark"}}}}'
curl -i {self.relay_url}/tickets/THE_TICKET_ID \\
  -H 'Authorization: Bearer {environment["RELAY_APP_API_KEYS"].split(",")[0]}'

Let an agent in, as Salesforce would (GROUP_ID: the caseId of your ticket):

curl {self.relay_url}/joingroup \\
  -H 'Authorization: Bearer {environment["RELAY_CALLOUT_SECRETS"].split(",")[0]}' \\
  -H 'Content-Type: application/json' \\
  -d '{{"groupId":"GROUP_ID","userId":"{self._agent()}"}}'

Be the relay's operator (each command has --help):

.venv/bin/relay --env-file {env_file} check
.venv/bin/relay --env-file {env_file} reconcile --dry-run
""")
