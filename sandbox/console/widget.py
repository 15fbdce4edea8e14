"""The real component of the utility bar: its Aura files around its built container, which has an origin of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from aiohttp import web

_COMPONENT = Path(__file__).parents[2] / "lightning_component"
_BUNDLE = _COMPONENT / "main" / "aura" / "tim_utilities_bar"
_HOST = _COMPONENT / "web" / "dev"
BUILT = _COMPONENT / "web" / "dist" / "tim_bar"
NAME = "container.localhost"


class Widget:
    """port: the console's own, at which the container's name is served, too. built: where the build has put it."""

    def __init__(self, port: int, built: Path) -> None:
        self.origin = f"http://{NAME}:{port}"
        self._port = port
        self._built = built

    def state(self) -> dict[str, object]:
        """Whether it is built, or why not and what to do."""
        if (self._built / "index.html").is_file() and (_HOST / "aura-host.js").is_file():
            return {"isBuilt": True}
        node = "" if shutil.which("node") else " (this machine has no Node.js)"
        how = f"npm ci && npm run build in lightning_component/web{node}, then reload"
        why = f"A plain chat stands in for the agent's component until it is built: {how}."
        return {"isBuilt": False, "why": why}

    def routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/utility", self._page),
            web.get("/aura/{name}", self._aura),
            web.get("/aura.json", self._setup),
        ]

    async def serve_container(self, request: web.Request) -> web.StreamResponse:
        """A file of the container, under a policy as strict as Salesforce's and after the platform's own script."""
        name = request.path.removeprefix("/tim_bar/")
        file = (_HOST / name if name == "lcc.js" else self._built / name).resolve()
        if not file.is_file() or not file.is_relative_to(
            _HOST.resolve() if name == "lcc.js" else self._built.resolve()
        ):
            raise web.HTTPNotFound
        headers = {"Content-Security-Policy": self._policy(), "Cache-Control": "no-cache"}
        if name != "index.html":
            return web.FileResponse(file, headers=headers)
        page = file.read_text().replace("<head>", '<head><script src="lcc.js"></script>', 1)
        return web.Response(text=page, content_type="text/html", headers=headers)

    def _policy(self) -> str:
        here = f"127.0.0.1:{self._port}"
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
            f"img-src 'self' blob: http://{here}; connect-src ws://{here}; frame-ancestors http://{here} http://localhost:*"
        )

    async def _page(self, _: web.Request) -> web.StreamResponse:
        """The page around the component; Aura evaluates its controllers, so this page alone may."""
        policy = f"default-src 'self'; script-src 'self' 'unsafe-eval'; frame-src {self.origin}; frame-ancestors 'self'"
        file = Path(__file__).parent / "static" / "utility.html"
        return web.FileResponse(file, headers={"Content-Security-Policy": policy})

    async def _aura(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["name"] != "aura-host.js":
            raise web.HTTPNotFound
        return web.FileResponse(_HOST / "aura-host.js")

    async def _setup(self, _: web.Request) -> web.StreamResponse:
        bundle = {
            name: (_BUNDLE / f"tim_utilities_bar{name.title()}.js").read_text() for name in ("controller", "helper")
        }
        socket_url = f"ws://127.0.0.1:{self._port}/chat"
        container = f"{self.origin}/tim_bar/index.html"
        return web.json_response({"bundle": bundle, "containerUrl": container, "socketUrl": socket_url})
