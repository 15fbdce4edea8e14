"""The process in which both vendors' stand-ins run: it costs next to nothing, waits as long as told, and counts.

It takes HTTP apart by hand, because the servers being measured must be the slow part, and it shares its processor with
the load generator.
"""

import argparse
import asyncio
import functools
import json
import ssl
from typing import cast

import uvloop

from bench.load import content_length
from bench.vendors import Salesforce, TencentChat, Vendor

REASONS = {200: b"OK", 201: b"Created", 404: b"Not Found"}


class Connection(asyncio.Protocol):
    """One keep-alive connection: HTTP/1.1, bodies with Content-Length, one request at a time."""

    transport: asyncio.Transport

    def __init__(self, vendor: Vendor, everybody: tuple[Salesforce, TencentChat]) -> None:
        self.vendor = vendor
        self.everybody = everybody
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            length = content_length(head)
            if not found or len(rest) < length:
                return
            self.buffer = rest[length:]
            method, target, _ = head[: head.index(b"\r\n")].decode("latin-1").split(" ")
            self._reply(method, target, rest[:length])

    def _reply(self, method: str, target: str, body: bytes) -> None:
        if target.startswith("/__bench__/"):
            self._write(200, self._control(target, body))
            return
        status, answer, name = self.vendor.answer(method, target, body)
        self.vendor.counts[name] += 1
        if self.vendor.delay:
            asyncio.get_running_loop().call_later(self.vendor.delay, self._write, status, answer)
        else:
            self._write(status, answer)

    def _control(self, target: str, body: bytes) -> bytes:
        salesforce, tencent = self.everybody
        told = json.loads(body)
        match target.removeprefix("/__bench__/"):
            case "latency":
                salesforce.delay, tencent.delay = told["salesforce_ms"] / 1000, told["tencent_ms"] / 1000
            case "reset":
                for vendor in self.everybody:
                    vendor.counts.clear()
            case "groups":
                tencent.groups.put(told["groups"], told["name"])
            case "expect":
                tencent.groups.expect(told)
            case "members":
                return json.dumps({group: sorted(tencent.groups.members[group]) for group in told["groups"]}).encode()
            case "waiting":
                return json.dumps(tencent.groups.waiting()).encode()
            case "cases":
                salesforce.changed.rows = told["rows"]
        return json.dumps({"salesforce": salesforce.counts, "tencent": tencent.counts}).encode()

    def _write(self, status: int, body: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 %d %b\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %d\r\n\r\n"
                % (status, REASONS[status], len(body))
                + body
            )


async def serve(certificate: str) -> None:
    """Listen on two free ports, say which, and answer until ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    vendors = (Salesforce(), TencentChat())
    for vendor in vendors:
        server = await loop.create_server(
            functools.partial(Connection, vendor, vendors),
            "127.0.0.1",
            0,
            ssl=context,
            backlog=1024,
        )
        vendor.origin = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    print(f"salesforce {vendors[0].origin} tencent {vendors[1].origin}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("certificate", help="PEM file with the private key and the certificate chain")
    uvloop.run(serve(arguments.parse_args().certificate))
