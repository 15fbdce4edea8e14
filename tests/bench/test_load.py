"""The load generator counts what it gets, against the vendors' stand-in and against a server that misbehaves."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.load import Cpu, Timing, content_length, measure
from bench.stand_in import REALISTIC, StandIn


class Ping:
    """A scenario whose right answer is "hi"."""

    def request(self) -> bytes:
        return b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"

    def accept(self, status: int, body: bytes) -> bool:
        return status == 200 and body == b"hi"


@contextlib.contextmanager
def server(answer: bytes) -> Iterator[int]:
    """Answers everything with these bytes; closes the connection where there are none."""
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answer and await reader.read(1000):
            writer.write(answer)
        writer.close()

    listening = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield listening.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(listening.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.close()


@pytest.mark.parametrize(("status", "wrong"), [(b"200 OK", False), (b"503 Service Unavailable", True)])
def test_answers_are_counted_and_judged(status: bytes, wrong: bool) -> None:
    with server(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nhi") as port:
        load = measure([port], Ping(), 3, Timing(0.3, 0.1), lambda: Cpu(0, 0, 0))
    assert load.answered >= len(load.latencies) > 10
    assert len(load.wrong) == (load.answered if wrong else 0)
    assert 0 < load.percentile_ms(0.5) <= load.percentile_ms(0.99)


def test_a_closed_connection_is_a_wrong_answer() -> None:
    with server(b"") as port:
        load = measure([port], Ping(), 2, Timing(0.1, 0), lambda: Cpu(0, 0, 0))
    assert load.wrong == ["the connection was closed instead of an answer"] * 2


def test_the_length_of_a_body_is_found_whatever_the_spelling() -> None:
    assert content_length(b"POST / HTTP/1.1\r\ncontent-LENGTH: 17\r\nA: b") == 17
    assert content_length(b"POST / HTTP/1.1\r\nA: b\r\nContent-Length:5") == 5
    assert content_length(b"GET / HTTP/1.1\r\nA: b") == 0


def test_the_stand_in_answers_waits_and_counts(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    try:
        with httpx.Client(verify=stand_in.context) as client:
            cases = f"{stand_in.salesforce}/services/data/v67.0/sobjects/Case"
            first, second = (client.post(cases, json={"Subject": "x"}).json()["id"] for _ in range(2))
            stand_in.set_latency(REALISTIC)
            group = client.post(
                f"{stand_in.tencent}/v4/group_open_http_svc/create_group?usersig=x",
                json={"GroupId": first, "Name": "x"},
            )
        assert first != second
        assert group.json() == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "GroupId": first}
        assert group.elapsed.total_seconds() >= 0.05
        assert stand_in.calls() == {"create Case": 2, "create_group": 1}
        stand_in.forget_calls()
        assert not stand_in.calls()
    finally:
        stand_in.process.end()
