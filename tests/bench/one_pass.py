"""One of the relay's looks or comparisons, in a process of its own: what it takes, as JSON.

It takes the relay's settings from the environment. See bench.passes.
"""

import argparse
import json
import os
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench.processes import memory_kb
from bench.stand_in import control, counted
from relay.app import create_app

TIMES = 20
"""What takes but a moment is repeated, for the clock of processor time is coarse."""


async def measure(name: str, is_new: bool) -> dict[str, Any]:
    """Seconds, processor seconds, peak memory, what was found, and the vendors' calls, of one pass."""
    app = create_app()
    async with app.router.lifespan_context(app):
        reconciler, worker = app.state.reconciler, app.state.worker
        passes: dict[str, Callable[[], Awaitable[Any]]] = {
            "look": worker.look,
            "catch up": reconciler.catch_up,
            "repair": reconciler.repair,
        }
        await reconciler._crm.changed_cases(time.time())  # logs in, loads simple-salesforce
        await reconciler._store.remember("reconcile cursor", "0.0" if is_new else repr(time.time()))
        _vendors("reset")
        times = TIMES if name == "look" else 1
        began, cpu = time.perf_counter(), time.process_time()
        for _ in range(times):
            found = await passes[name]()
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        return {
            "seconds": seconds / times,
            "cpuSeconds": cpu_seconds / times,
            "found": len(found) if isinstance(found, list) else found,
            "calls": sum(counted(_vendors("calls")).values()) / times,
            "peakMb": memory_kb(os.getpid(), "VmHWM") / 1024,
        }


def _vendors(what: str) -> Any:
    return control(os.environ["SALESFORCE_LOGIN_URL"], ssl.create_default_context(), what, {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.one_pass", description=__doc__)
    parser.add_argument("name", choices=["look", "catch up", "repair"])
    parser.add_argument("new", nargs="?", choices=["new"], help="Salesforce is asked for the first time")
    named = parser.parse_args()
    sys.stdout.write(json.dumps(uvloop.run(measure(named.name, named.new is not None))))
