"""The Salesforce emulator as the hallway and the tests hold it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Scope

from sandbox.control import Fault, Journal
from sandbox.salesforce import actions, faults, people, snapshot
from sandbox.salesforce.asgi import UrlSpace
from sandbox.salesforce.clock import OrgClock
from sandbox.salesforce.ids import Mint
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.oauth_app import ExternalClientApp
from sandbox.salesforce.org import Listener, Org
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.soap import SoapApi


class Salesforce:
    def __init__(
        self,
        journal: Journal,
        *,
        relay_url: str,
        callout_secret: str,
        clock: Callable[[], float] = time.time,
        client_id: str | None = None,
        client_secret: str | None = None,
        base_url: str = "https://localhost",
    ) -> None:
        self.journal = journal
        self.relay_url = relay_url
        self.callout_secret = callout_secret
        mint = Mint()
        self._ids: dict[str, str] = {}
        self.org = Org(OrgClock(clock), mint, mint.new("00D"))
        people.settle(self.org, self._ids)
        self.sessions = Sessions(self.org)
        self.app_settings = ExternalClientApp(self._ids[people.INTEGRATION_USERNAME])
        self.app_settings.client_id = client_id or self.app_settings.client_id
        self.app_settings.client_secret = client_secret or self.app_settings.client_secret
        self.oauth = OAuth(self.org, self.sessions, self.app_settings)
        self.password = secrets.token_urlsafe(12)
        self.security_token = secrets.token_hex(12)
        self.integration_username = people.INTEGRATION_USERNAME
        self.base_url = base_url
        soap = SoapApi(self.org, self.sessions, self.password, self.security_token)
        self.app = UrlSpace(self.org, self.sessions, self.oauth, soap)

    @property
    def base_url(self) -> str:
        return self.oauth.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.oauth.base_url = url.rstrip("/")

    @property
    def private_key_pem(self) -> str:
        """The key whose certificate the External Client App holds, for JWT bearer."""
        return self.app_settings.private_key_pem

    def environment(self) -> dict[str, str]:
        return {
            "SALESFORCE_LOGIN_URL": self.base_url,
            "SALESFORCE_CLIENT_ID": self.app_settings.client_id,
            "SALESFORCE_CLIENT_SECRET": self.app_settings.client_secret,
            "SANDBOX_SALESFORCE_USERNAME": self.integration_username,
            "SANDBOX_SALESFORCE_PASSWORD": self.password + self.security_token,
        }

    async def start(self) -> None:
        """Nothing runs beside the requests yet."""

    async def stop(self) -> None:
        """Nothing runs beside the requests yet."""

    def on_commit(self, listener: Listener) -> None:
        """Be told of every committed change, 200 records of one operation on one object at a time."""
        self.org.listeners.append(listener)

    def state(self) -> dict[str, object]:
        return snapshot.state(self.org)

    def reset(self) -> None:
        """The org as it started: same users, queue, app and secrets; sessions live on; no id is given out again."""
        self.org.clear()
        self.sessions.forget_logins()
        people.settle(self.org, self._ids)

    def names(self, scope: Scope) -> list[str]:
        return faults.names(scope["method"], scope["path"])

    def failure(self, fault: Fault) -> Response:
        return faults.failure(fault)

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        return actions.perform(actions.Desk(self.org, self.sessions, self.oauth), action)
