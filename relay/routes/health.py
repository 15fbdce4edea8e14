"""Operators: is it alive, is it ready."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.errors import NotReady, RelayError
from relay.routes.problems import problem

_log = logging.getLogger(__name__)

Probe = Callable[[], Awaitable[None]]
"""Raises what keeps the relay from using the thing that it asks."""

_KEPT = 10.0


class HealthRoutes:
    """GET /healthz and GET /readyz.

    probes: by name. What they found is kept for 10 s, and asked for once however many want to know, so that a fleet of
    load balancers never becomes a load.
    """

    def __init__(self, probes: Mapping[str, Probe], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._probes, self._clock = probes, clock
        self._asked_at = -1e9
        self._found: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self.routes = [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
        ]

    async def healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(self, _: Request) -> Response:
        async with self._lock:
            if self._clock() - self._asked_at > _KEPT:
                answers = await asyncio.gather(*(_ask(name, probe) for name, probe in self._probes.items()))
                self._found = dict(zip(self._probes, answers, strict=True))
                self._asked_at = self._clock()
        wrong = [name for name, answer in self._found.items() if answer != "ok"]
        if wrong:
            error = NotReady(f"Not ready: {', '.join(wrong)}. `relay check` says what is wrong", retry_after=_KEPT)
            return problem({**error.problem(), "checks": self._found}, {"Retry-After": "10"})
        return JSONResponse({"status": "ready", "checks": self._found})


async def _ask(name: str, probe: Probe) -> str:
    """ "ok", or the kind of failure; the particulars are for the log, for this route is open to everybody."""
    try:
        async with asyncio.timeout(10):
            await probe()
    except RelayError as error:
        _log.warning("not ready: %s: %s", name, error.for_log)
        return error.code
    except TimeoutError:
        return "no answer within 10 s"
    return "ok"
