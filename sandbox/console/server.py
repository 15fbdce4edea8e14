"""The console's own server: plain HTTP on this machine, so that a browser needs no certificate."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.console.agent_calls import AgentCalls, ThroughApex, WithoutApex
from sandbox.console.callout_line import CalloutLine
from sandbox.console.customer_app import FOLDER, CustomerApp, free_port
from sandbox.console.guard import guard
from sandbox.console.health import Health
from sandbox.console.masking import Masking
from sandbox.console.org import OrgDesk
from sandbox.console.routes import Routes
from sandbox.console.stream import Stream
from sandbox.console.timeline import Timeline
from sandbox.console.trouble import TITLES, Trouble
from sandbox.console.view import view
from sandbox.console.widget import BUILT, NAME, Widget
from sandbox.relay_process import RelayProcess
from sandbox.tencent.chat import Fields
from sandbox.tencent.socket import ChatSocket
from sandbox.up import Sandbox

STATIC = Path(__file__).parent / "static"


class Console:
    """While the context lasts.

    relay: the relay to kill and start again, if it is ours. widget: where the agent's component is, if it is built.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        relay_url: str,
        customer_app: CustomerApp,
        *,
        relay: RelayProcess | None = None,
        port: int = 0,
        widget: Path = BUILT,
    ) -> None:
        self._sandbox = sandbox
        self._relay_url = relay_url
        self._customer_app = customer_app
        self.port = free_port(port)
        self.url = f"http://127.0.0.1:{self.port}"
        self.chat_url = f"ws://127.0.0.1:{self.port}/chat"
        self.chat = ChatSocket(sandbox.tencent)
        self.chat.uploads.base_url = f"{self.url}/chat/files"
        self.timeline = Timeline(Masking(_secrets(sandbox)))
        self._run = secrets.token_hex(4)  # one of this console's lives, for what a page remembers of it
        self._relay = relay
        self._widget = Widget(self.port, widget)
        self._stream = Stream(self.timeline, self.state)

    async def __aenter__(self) -> Console:
        async with contextlib.AsyncExitStack() as starting:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
            starting.push_async_callback(self._http.close)
            self._health = Health(self._relay_url, self._http, lambda: self._stream.is_looked_at)
            self._listen()
            await self._serve(starting)
            starting.push_async_callback(self._customer_app.stop)
            secret = self._sandbox.environment["RELAY_APP_JWT_SECRET"]
            await self._customer_app.start(
                relay_url=self._relay_url, jwt_secret=secret, chat_url=self.chat_url, console_url=self.url
            )
            for part in (self._stream, self._health):
                part.start()
                starting.push_async_callback(part.stop)
            self._running = starting.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    def state(self) -> dict[str, object]:
        return {
            "run": self._run,
            "relay": self._health.state,
            "customerUrl": self._customer_app.url,
            "socketUrl": self.chat_url,
            "widget": self._widget.state(),
            "trouble": [{"name": name, "title": TITLES[name], "isOn": on} for name, on in self.trouble.state().items()],
            **view(self._sandbox),
        }

    async def _serve(self, starting: contextlib.AsyncExitStack) -> None:
        desk = OrgDesk(self._sandbox.salesforce)
        starting.push_async_callback(desk.close)
        callouts = await self._lay_callout_line(starting)
        self.trouble = Trouble(self._sandbox, self.chat, self._relay, callouts)
        routes = Routes(self.timeline, desk, self.trouble, self._agent_calls())
        runner = web.AppRunner(self._app(routes), access_log=None, shutdown_timeout=0.5)
        starting.push_async_callback(runner.cleanup)
        starting.push_async_callback(self.chat.cut)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()

    async def _lay_callout_line(self, starting: contextlib.AsyncExitStack) -> CalloutLine | None:
        """What the org's Apex calls passes here, so that it is seen with its content."""
        apex = self._sandbox.salesforce.apex
        if apex is None:
            return None
        line = CalloutLine(self._relay_url, self.timeline, self._http)
        await line.start()
        starting.push_async_callback(line.stop)
        apex.relay_url = line.url
        return line

    def _agent_calls(self) -> AgentCalls:
        salesforce = self._sandbox.salesforce
        if salesforce.apex is not None:
            return ThroughApex(salesforce)
        return WithoutApex(salesforce, self._relay_url, self._http)

    def _listen(self) -> None:
        self.timeline.watch(self._sandbox.salesforce.journal, "salesforce")
        self.timeline.watch(self._sandbox.tencent_control.journal, "tencent")
        self.chat.tap = self._heard_in_chat

    def _heard_in_chat(self, user_id: str, body: Fields, answer: Fields) -> None:
        who = "agent" if user_id.startswith("005") else "app"
        status: object = "ok" if answer["ok"] else answer["code"]
        what = f"SDK {body.get('do')}"
        self.timeline.add(who, "tencent", what, user=user_id, status=status, sent=body, got=answer)

    def _app(self, routes: Routes) -> web.Application:
        app = web.Application(middlewares=[guard(friends=lambda: [self._customer_app.url]), self._by_name])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/stream", self._stream.serve),
                web.static("/static", STATIC),
                web.static("/example", FOLDER / "static"),
                *routes.routes(),
                *self.chat.routes(),
                *self._widget.routes(),
            ]
        )
        app.on_response_prepare.append(self._protect)
        return app

    @web.middleware
    async def _by_name(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The container's name leads to the container and nowhere else."""
        if request.host.partition(":")[0] == NAME:
            return await self._widget.serve_container(request)
        return await handler(request)

    async def _protect(self, request: web.Request, response: web.StreamResponse) -> None:
        policy = f"default-src 'self'; connect-src 'self' ws://{request.host}; img-src 'self' data:; "
        frames = f"frame-src 'self' {self._customer_app.url}; "
        response.headers.setdefault("Content-Security-Policy", policy + frames + "frame-ancestors 'none'")
        response.headers.setdefault("Cache-Control", "no-cache")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        """By its number alone: a frame of another site gets no cookies, and the customer's page has that number."""
        if request.host.startswith("localhost"):
            raise web.HTTPFound(self.url)
        return web.FileResponse(STATIC / "index.html")


def _secrets(sandbox: Sandbox) -> list[str]:
    names = ("SECRET", "KEY", "TOKEN", "PASSWORD")
    values = [value for name, value in sandbox.environment.items() if any(word in name for word in names)]
    return [each for value in values for each in value.split(",")]
