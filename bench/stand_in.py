"""The vendors' stand-in seen from the benchmark: start it, set how long it takes, read how often it was called."""

import http.client
import json
import ssl
import sys
from collections import Counter
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
        counts = self._control("calls", {})
        return Counter(counts["salesforce"]) + Counter(counts["tencent"])

    def _control(self, what: str, body: dict[str, int]) -> Any:
        connection = http.client.HTTPSConnection(urlsplit(self.salesforce).netloc, context=self.context, timeout=10)
        try:
            connection.request("POST", f"/__bench__/{what}", json.dumps(body))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
