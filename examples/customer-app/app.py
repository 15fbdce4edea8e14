"""An end-user app's own server: it knows who is signed in and says so to the relay, with a JWT that only it can sign.

    RELAY_URL=http://127.0.0.1:3000 RELAY_APP_JWT_SECRET=... uvicorn app:app --port 3200

Everything else happens between the browser and the relay: see static/relay.js.
"""

import hashlib
import os
import re
import secrets
import time
from pathlib import Path

import jwt
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"
RELAY_URL = os.environ["RELAY_URL"]
JWT_SECRET = os.environ["RELAY_APP_JWT_SECRET"]
CHAT_SOCKET_URL = os.environ.get("CHAT_SOCKET_URL", "")  # the sandbox's chat; without it, Tencent's
TENCENT_SOCKETS = "wss://*.my-imcloud.com wss://*.im.qcloud.com wss://*.my-cpaas.com wss://wss.tim.qq.com"
TENCENT_FILES = "https://*.my-imcloud.com https://*.imrich.qcloud.com https://*.myqcloud.com"
TENCENT_OTHERS = "wss://wss.im.tencent.cn https://web.sdk.qcloud.com https://events.im.qcloud.com"
TENCENT_HOSTS = f"{TENCENT_SOCKETS} {TENCENT_FILES} {TENCENT_OTHERS}"
CHAT_COMPONENT = os.environ.get("CHAT_COMPONENT", "")  # folder of the built component; without it, a plain chat
CALL_REPORT_URL = os.environ.get("CALL_REPORT_URL", "")  # the sandbox's console, which shows every call
FRAME_ANCESTORS = os.environ.get("FRAME_ANCESTORS", "'none'")
TOKEN_SECONDS = 3600

_signed_in: dict[str, dict[str, str]] = {}  # session -> user; a real app has its own sign-in here


async def page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


async def sign_in(request: Request) -> Response:
    """Anybody may be anybody here, because this is an example. Yours asks for a password, or knows already."""
    name = str((await request.json()).get("name", "")).strip()[:80]
    if not name:
        return JSONResponse({"error": "Please enter your name."}, 400)
    session = secrets.token_urlsafe(24)
    _signed_in[session] = {"id": user_id_of(name), "name": name}
    response = JSONResponse({})
    over_tls = request.url.scheme == "https"
    response.set_cookie(cookie_of(request), session, httponly=True, samesite="lax", secure=over_tls)
    return response


def cookie_of(request: Request) -> str:
    """Cookies know no ports: two copies on one machine would sign each other's users out."""
    return f"customer_app_{request.url.port}" if request.url.port else "customer_app"


def user_id_of(name: str) -> str:
    """The relay takes ids of 1 to 32 of A-Za-z0-9_.@-; your users' numbers will do. Here they are made of the name."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return readable[:32] if name.isascii() and readable else f"user-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


async def sign_out(request: Request) -> Response:
    _signed_in.pop(request.cookies.get(cookie_of(request), ""), None)
    response = JSONResponse({})
    response.delete_cookie(cookie_of(request))
    return response


async def session(request: Request) -> Response:
    """What the page needs: who the user is, if anybody, and a token for the relay that says so for an hour."""
    user = _signed_in.get(request.cookies.get(cookie_of(request), ""))
    if user is None:
        return JSONResponse({"user": None}, headers={"Cache-Control": "no-store"})
    token = jwt.encode({"sub": user["id"], "exp": int(time.time()) + TOKEN_SECONDS}, JWT_SECRET, algorithm="HS256")
    component = {"componentUrl": "/component" if CHAT_COMPONENT else ""}
    urls = {"relayUrl": RELAY_URL, "chatSocketUrl": CHAT_SOCKET_URL, "callReportUrl": CALL_REPORT_URL, **component}
    return JSONResponse({"user": user, "token": token, **urls}, headers={"Cache-Control": "no-store"})


class Policy(BaseHTTPMiddleware):
    """The browser talks to this server, the relay and the chat, and to nobody else."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        files = CHAT_SOCKET_URL.replace("ws", "http", 1).removesuffix("/chat")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'self'; connect-src 'self' {RELAY_URL} {CHAT_SOCKET_URL or TENCENT_HOSTS} {CALL_REPORT_URL}; "
            "worker-src 'self' blob:; "  # Tencent's SDK makes one of a Blob, and hangs where it may not
            f"img-src 'self' data: blob: {files or TENCENT_FILES}; frame-ancestors {FRAME_ANCESTORS}"
        )
        response.headers["Cache-Control"] = response.headers.get("Cache-Control", "no-cache")
        return response


app = Starlette(
    routes=[
        Route("/", page),
        Route("/session", session),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
        *([Mount("/component", StaticFiles(directory=CHAT_COMPONENT))] if CHAT_COMPONENT else []),
    ],
    middleware=[Middleware(Policy)],
)
