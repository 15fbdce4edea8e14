"""The chat socket: what a Tencent SDK gives its user, as JSON over a WebSocket of our own.

The SDKs' wire protocol is not public, so no SDK can be pointed here; ids, codes and elements are the vendor's.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from sandbox.tencent import client
from sandbox.tencent.app import Tencent
from sandbox.tencent.chat import Fields
from sandbox.tencent.errors import Refusal
from sandbox.tencent.requests import REQUESTS, UNANSWERED, Asking
from sandbox.tencent.uploads import LARGEST, Uploads
from sandbox.tencent.usersig import read_user_sig

EXPIRED, ELSEWHERE, AWAY = 4401, 4409, 1013
_FRAME = LARGEST * 4 // 3 + 65_536
Tap = Callable[[str, Fields, Fields], None]


@dataclass(eq=False)
class _Connection:
    socket: web.WebSocketResponse
    user_id: str = ""
    outbox: asyncio.Queue[Fields] = field(default_factory=asyncio.Queue)
    expiry: asyncio.TimerHandle | None = None
    sending: tuple[object, object] | None = None
    """Group and Random of what this very connection says: it gets the answer, not the event."""


class ChatSocket:
    """All connections of clients to one chat app. tap hears every request with its user and its answer."""

    def __init__(self, tencent: Tencent) -> None:
        self.tencent = tencent
        self.uploads = Uploads()
        self.away = False
        self.tap: Tap | None = None
        self._connections: set[_Connection] = set()
        tencent.chat.watchers.append(self._hear)

    def routes(self) -> list[web.AbstractRouteDef]:
        return [web.get("/chat", self.serve), web.get("/chat/files/{key}/{name}", self.file)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(max_msg_size=_FRAME, heartbeat=30)
        await socket.prepare(request)
        connection = _Connection(socket)
        self._connections.add(connection)
        writer = asyncio.create_task(self._write(connection))
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    await self._take(connection, frame.data)
        finally:
            self._connections.discard(connection)
            self._sign_out(connection)
            writer.cancel()
        return socket

    async def file(self, request: web.Request) -> web.StreamResponse:
        file = self.uploads.get(request.match_info["key"])
        if file is None:
            raise web.HTTPNotFound
        is_image = file.type in ("image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp")
        headers = {"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*"}
        headers |= {} if is_image else {"Content-Disposition": "attachment"}
        kind = file.type if is_image else "application/octet-stream"
        return web.Response(body=file.content, content_type=kind, headers=headers)

    async def cut(self) -> None:
        """Every connection ends, as when the network does."""
        await asyncio.gather(*(each.socket.close(code=AWAY) for each in list(self._connections)))

    async def _write(self, connection: _Connection) -> None:
        while True:
            frame = await connection.outbox.get()
            await connection.socket.send_str(json.dumps(frame, ensure_ascii=False))
            if frame.get("event") == "kicked":
                await connection.socket.close(code=EXPIRED if frame["reason"] == "expired" else ELSEWHERE)

    async def _take(self, connection: _Connection, text: str) -> None:
        body = _parse(text)
        do = body.get("do")
        try:
            answer: Fields = {"ref": body.get("ref"), "ok": True, **await self._perform(connection, do, body)}
        except Refusal as refusal:
            info = refusal.body()["ErrorInfo"]
            answer = {"ref": body.get("ref"), "ok": False, "code": refusal.code, "info": info}
        if do not in UNANSWERED or not answer["ok"]:
            connection.outbox.put_nowait(answer)
        if self.tap is not None and do not in UNANSWERED:
            self.tap(connection.user_id or str(body.get("userId", "")), body, answer)
        self.tencent.callbacks.flush()

    async def _perform(self, connection: _Connection, do: object, body: Fields) -> Fields:
        if do in ("login", "renew"):
            return self._sign_in(connection, body)
        perform = REQUESTS.get(str(do))
        if perform is None:
            raise Refusal(10003, f"invalid request: do must be one of login, renew, {', '.join(REQUESTS)}")
        if not connection.user_id:
            raise Refusal(6014, "not signed in: login comes first")
        if do == "send":
            connection.sending = (body.get("groupId"), body.get("random"))
        try:
            return await perform(Asking(self.tencent.chat, self.uploads, connection.user_id, body))
        finally:
            connection.sending = None

    def _sign_in(self, connection: _Connection, body: Fields) -> Fields:
        user_id, user_sig = body.get("userId", connection.user_id), body.get("userSig")
        if not isinstance(user_id, str) or not isinstance(user_sig, str):
            raise Refusal(70402, "invalid parameter: userId and userSig must be strings")
        if body.get("sdkAppId", self.tencent.sdk_app_id) != self.tencent.sdk_app_id:
            raise Refusal(70020)
        if connection.user_id and user_id != connection.user_id:
            raise Refusal(70013)
        client.log_in(self.tencent.chat, self.tencent.gate, user_id, user_sig)
        if not connection.user_id:
            self._put_others_out(user_id)
            connection.user_id = user_id
            self._announce_state(connection, "Login", "Register")
        expires_at = _expires_at(user_sig)
        self._expire_at(connection, expires_at)
        return {"expiresAt": expires_at}

    def _put_others_out(self, user_id: str) -> None:
        if self.tencent.switches.single_login:
            for other in self._connections:
                if other.user_id == user_id:
                    other.outbox.put_nowait({"event": "kicked", "reason": "elsewhere"})

    def _sign_out(self, connection: _Connection) -> None:
        if connection.expiry is not None:
            connection.expiry.cancel()
        if connection.user_id:
            self._announce_state(connection, "Disconnect", "LinkClose")
            self.tencent.callbacks.flush()

    def _announce_state(self, connection: _Connection, action: str, reason: str) -> None:
        """Only the first connection of a user makes him come, only the last makes him go."""
        online = self.tencent.chat.online
        online[connection.user_id] += 1 if action == "Login" else -1
        if online[connection.user_id] == (1 if action == "Login" else 0):
            info = {"Action": action, "To_Account": connection.user_id, "Reason": reason}
            self.tencent.callbacks.announce("State.StateChange", {"Info": info}, client.PLATFORM)

    def _expire_at(self, connection: _Connection, expires_at: int) -> None:
        if connection.expiry is not None:
            connection.expiry.cancel()
        left = max(0.0, expires_at - self.tencent.chat.clock())
        kicked: Fields = {"event": "kicked", "reason": "expired"}
        connection.expiry = asyncio.get_running_loop().call_later(left, connection.outbox.put_nowait, kicked)

    def _hear(self, users: frozenset[str], event: Fields) -> None:
        for connection in self._connections:
            if connection.user_id in users and not _is_its_own(connection, event):
                connection.outbox.put_nowait(event)


def _is_its_own(connection: _Connection, event: Fields) -> bool:
    message = event.get("message")
    if connection.sending is None or not isinstance(message, dict) or message["from"] != connection.user_id:
        return False
    return connection.sending == (event["groupId"], message["random"])


def _expires_at(user_sig: str) -> int:
    fields = read_user_sig(user_sig)
    return fields.time + fields.expire


def _parse(text: str) -> Fields:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
