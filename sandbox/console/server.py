"""The console's own server: plain HTTP on this machine, so that a browser needs no certificate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.console.agent_calls import AgentCalls, ThroughApex, WithoutApex
from sandbox.console.callout_line import CalloutLine
from sandbox.console.customer_app import FOLDER, CustomerApp, free_port
from sandbox.console.guard import guard
from sandbox.console.health import Health
from sandbox.console.masking import Masking
from sandbox.console.org import OrgDesk, OrgRefused
from sandbox.console.stream import Stream
from sandbox.console.timeline import Timeline
from sandbox.console.trouble import TITLES, Trouble
from sandbox.console.view import view
from sandbox.console.widget import BUILT, NAME, Widget
from sandbox.relay_process import RelayFailed, RelayProcess
from sandbox.tencent.chat import Fields
from sandbox.tencent.socket import ChatSocket
from sandbox.up import Sandbox

STATIC = Path(__file__).parent / "static"
_MOST_REPORTED = 100_000


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
        self.chat = ChatSocket(sandbox.tencent)
        self.chat.uploads.base_url = f"{self.url}/chat/files"
        self.timeline = Timeline(Masking(_secrets(sandbox)))
        self._relay = relay
        self._widget = Widget(self.port, widget)
        self._stream = Stream(self.timeline, self.state)

    async def __aenter__(self) -> Console:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._desk = OrgDesk(self._sandbox.salesforce)
        self._callouts = await self._lay_callout_line()
        self.trouble = Trouble(self._sandbox, self.chat, self._relay, self._callouts)
        salesforce = self._sandbox.salesforce
        self._agent_calls: AgentCalls = (
            ThroughApex(salesforce) if self._callouts else WithoutApex(salesforce, self._relay_url, self._http)
        )
        self._health = Health(self._relay_url, self._http, lambda: self._stream.is_looked_at)
        self._listen()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        secret = self._sandbox.environment["RELAY_APP_JWT_SECRET"]
        await self._customer_app.start(relay_url=self._relay_url, jwt_secret=secret, console_url=self.url)
        self._stream.start()
        self._health.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._customer_app.stop()
        await self._health.stop()
        await self._stream.stop()
        await self.chat.cut()
        await self._runner.cleanup()
        if self._callouts is not None:
            await self._callouts.stop()
        await self._desk.close()
        await self._http.close()

    def state(self) -> dict[str, object]:
        return {
            "relay": self._health.state,
            "customerUrl": self._customer_app.url,
            "socketUrl": f"ws://127.0.0.1:{self.port}/chat",
            "widget": self._widget.state(),
            "trouble": [{"name": name, "title": TITLES[name], "isOn": on} for name, on in self.trouble.state().items()],
            **view(self._sandbox),
        }

    async def _lay_callout_line(self) -> CalloutLine | None:
        """What the org's Apex calls passes here, so that it is seen with its content."""
        apex = self._sandbox.salesforce.apex
        if apex is None:
            return None
        line = CalloutLine(self._relay_url, self.timeline, self._http)
        await line.start()
        apex.relay_url = line.url
        return line

    def _listen(self) -> None:
        self.timeline.watch(self._sandbox.salesforce.journal, "salesforce")
        self.timeline.watch(self._sandbox.tencent_control.journal, "tencent")
        self.chat.tap = self._heard_in_chat

    def _heard_in_chat(self, user_id: str, body: Fields, answer: Fields) -> None:
        who = "agent" if user_id.startswith("005") else "app"
        status: object = "ok" if answer["ok"] else answer["code"]
        what = f"SDK {body.get('do')}"
        self.timeline.add(who, "tencent", what, user=user_id, status=status, sent=body, got=answer)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[guard(friends=lambda: [self._customer_app.url]), self._by_name])
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/stream", self._stream.serve),
                web.post("/org", self._org),
                web.post("/trouble", self._trouble),
                web.post("/aura", self._aura),
                web.post("/report", self._report),
                web.static("/static", STATIC),
                web.static("/example", FOLDER / "static"),
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

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(STATIC / "index.html")

    async def _org(self, request: web.Request) -> web.StreamResponse:
        """{"as": user id, "update": {"caseIds", "values"}} or delete, undelete, merge, omni, expireSessions."""
        body = await _json(request)
        user_id = str(body.pop("as", ""))
        began = time.time()
        try:
            what = await self._change(user_id, body)
        except (OrgRefused, KeyError, TypeError) as refused:
            what = next(iter(body), "")
            self.timeline.add("agent", "salesforce", what, user=user_id, status="refused", sent=body, got=str(refused))
            return web.json_response({"error": str(refused)}, status=400)
        spent = time.time() - began
        self.timeline.add("agent", "salesforce", what, user=user_id, at=began, status="saved", seconds=spent, sent=body)
        return web.json_response({})

    async def _change(self, user_id: str, body: dict[str, Any]) -> str:
        if "update" in body:
            return await self._desk.update(user_id, body["update"]["caseIds"], body["update"]["values"])
        if "delete" in body:
            return await self._desk.delete(user_id, body["delete"])
        if len(body) != 1 or next(iter(body)) not in ("undelete", "merge", "omni", "expireSessions"):
            raise OrgRefused("give one of update, delete, undelete, merge, omni, expireSessions")
        return await self._desk.do(body)

    async def _trouble(self, request: web.Request) -> web.StreamResponse:
        """{"name", "on"}, or {} to mend everything."""
        body = await _json(request)
        try:
            if body:
                await self.trouble.turn(str(body.get("name")), on=body.get("on") is True)
                over = "" if body.get("on") is True else ": over"
                self.timeline.add("you", "", TITLES[str(body.get("name"))] + over)
            else:
                await self.trouble.mend()
                self.timeline.add("you", "", "Everything is mended: over")
        except (ValueError, RelayFailed) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def _aura(self, request: web.Request) -> web.StreamResponse:
        """What an Aura action answers: {"as", "method", "params"} of the class ChatSession."""
        body = await _json(request)
        answer = await self._agent_calls.call(str(body.get("as")), str(body.get("method")), body.get("params") or {})
        return web.json_response(answer)

    async def _report(self, request: web.Request) -> web.StreamResponse:
        """A call that the customer's page made, as the page tells it."""
        if (request.content_length or 0) > _MOST_REPORTED:
            raise web.HTTPRequestEntityTooLarge(_MOST_REPORTED, request.content_length or 0)
        call = await _json(request)
        status, seconds = call.get("status"), call.get("seconds")
        self.timeline.add(
            "app",
            "relay",
            f"{str(call.get('method'))[:10]} {str(call.get('path'))[:200]}",
            at=time.time() - (seconds if isinstance(seconds, int | float) else 0),
            status=status if isinstance(status, int) else 0,
            seconds=seconds if isinstance(seconds, int | float) else None,
            sent=call.get("sent"),
            got=call.get("got"),
        )
        return web.Response(status=204)


def _secrets(sandbox: Sandbox) -> list[str]:
    names = ("SECRET", "KEY", "TOKEN", "PASSWORD")
    values = [value for name, value in sandbox.environment.items() if any(word in name for word in names)]
    return [each for value in values for each in value.split(",")]


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body must be a JSON object")
    return body
