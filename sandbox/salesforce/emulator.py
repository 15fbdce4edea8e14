"""The Salesforce emulator as the hallway and the tests hold it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from sandbox.apex import Runtime


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
        self.apex: Runtime | None = None
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

    def deploy(self, directories: Sequence[Path], *, assignments: Mapping[str, Sequence[str]] | None = None) -> Runtime:
        """Load sfdx package directories: from now on their triggers and jobs run, and call the relay.

        `assignments` says who (usernames) has which permission set; by default as the sets' names mean it.
        """
        from sandbox.apex import Runtime, load  # noqa: PLC0415 - an org without Apex does without its parser

        environment = {"CHAT_RELAY_URL": self.relay_url, "CHAT_RELAY_USER": people.INTEGRATION_USERNAME}
        self.apex = Runtime(
            self.org,
            load(directories, environment),
            relay_url=self.relay_url,
            secret=self.callout_secret,
            assignments=assignments,
            journal=self.journal.record,
        )
        return self.apex

    async def start(self) -> None:
        if self.apex is not None:
            self.apex.jobs.start()

    async def stop(self) -> None:
        if self.apex is not None:
            await asyncio.to_thread(self.apex.jobs.stop)

    def on_commit(self, listener: Listener) -> None:
        """Be told of every committed change, 200 records of one operation on one object at a time."""
        self.org.listeners.append(listener)

    def state(self) -> dict[str, object]:
        with self.org.lock:
            return {**snapshot.state(self.org), "jobs": self.apex.state() if self.apex is not None else []}

    def reset(self) -> None:
        """The org as it started: same users, queue, app and secrets; sessions live on; no id is given out again."""
        with self.org.lock:
            self.org.clear()
            self.sessions.forget_logins()
            people.settle(self.org, self._ids)
            if self.apex is not None:
                self.apex.reset()

    def names(self, scope: Scope) -> list[str]:
        return faults.names(scope["method"], scope["path"])

    def failure(self, fault: Fault) -> Response:
        return faults.failure(fault)

    async def do(self, action: dict[str, object]) -> dict[str, object]:
        if {"aura", "flow"} & action.keys():
            if self.apex is None:
                raise ValueError("aura, flow: no Apex is deployed to this org")
            return await asyncio.to_thread(actions.call_apex, self.apex, action)
        with self.org.lock:
            return actions.perform(actions.Desk(self.org, self.sessions, self.oauth, self.apex), action)
