"""The vendors' stand-in seen from the benchmark: start it, set how long it takes, read how often it was called."""

import http.client
import json
import ssl
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.certificate import Certificate, make_certificate
from bench.processes import OTHERS_CPU, ROOT, Process


class Latency(NamedTuple):
    """How long each vendor takes to answer, in milliseconds."""

    name: str
    salesforce_ms: int
    tencent_ms: int


NONE = Latency("none", 0, 0)
REALISTIC = Latency("realistic", 150, 50)


class StandIn:
    """Both vendors in a process of their own, over TLS."""

    def __init__(self, directory: Path) -> None:
        self.certificate: Certificate = make_certificate(directory)
        command = [sys.executable, "-m", "bench.serve_vendors", str(self.certificate.server)]
        self.process = Process(command, {}, OTHERS_CPU, ROOT, directory / "vendors.log")
        self.salesforce, self.tencent = self.process.says(r"salesforce (\S+) tencent (\S+)\n")
        self.context = ssl.create_default_context(cafile=str(self.certificate.authority))

    def set_latency(self, latency: Latency) -> None:
        """From now on the vendors take so long."""
        self._control("latency", {"salesforce_ms": latency.salesforce_ms, "tencent_ms": latency.tencent_ms})

    def forget_calls(self) -> None:
        """Count anew."""
        self._control("reset", {})

    def calls(self) -> Counter[str]:
        """How often each call was made since the counting began."""
        return counted(self._control("calls", {}))

    def put_groups(self, groups: Mapping[str, Sequence[str]], name: str = "Parcel") -> None:
        """These groups exist, with these members, all of this name, and no others."""
        self._control("groups", {"groups": groups, "name": name})

    def members(self, groups: Sequence[str]) -> dict[str, list[str]]:
        """Who is in these groups."""
        found: dict[str, list[str]] = self._control("members", {"groups": groups})
        return found

    def put_cases(self, rows: Sequence[Mapping[str, object]]) -> None:
        """From now on these are the Cases that may have changed, ascending by SystemModstamp."""
        self._control("cases", {"rows": rows})

    def expect(self, groups: Mapping[str, Sequence[str]]) -> None:
        """From now on wait for these groups to have exactly these members."""
        self._control("expect", groups)

    def right_at(self, patience: float) -> float:
        """When the last of the expected groups became right (time.monotonic)."""
        deadline = time.monotonic() + patience
        while (waiting := self._control("waiting", {}))["left"]:
            if time.monotonic() > deadline:
                raise SystemExit(f"{waiting['left']} groups did not become right within {patience:.0f} s")
            time.sleep(0.02)
        return float(waiting["at"])

    def _control(self, what: str, body: Mapping[str, object]) -> Any:
        return control(self.salesforce, self.context, what, body)


def control(origin: str, context: ssl.SSLContext, what: str, body: Mapping[str, object]) -> Any:
    """Tell the stand-in something, or ask it; origin: its address as Salesforce."""
    connection = http.client.HTTPSConnection(urlsplit(origin).netloc, context=context, timeout=10)
    try:
        connection.request("POST", f"/__bench__/{what}", json.dumps(body))
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def counted(counts: Mapping[str, Mapping[str, int]]) -> Counter[str]:
    """How often each call was made, of either vendor."""
    return Counter(counts["salesforce"]) + Counter(counts["tencent"])
