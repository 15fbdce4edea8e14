"""Files that were sent in a chat become files on the Case, if that is wanted, and nothing else is ever fetched."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from bench.certificate import make_certificate
from relay.im import Media
from relay.retry import Patience
from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Naps, Relay, StartRelay
from tests.scenarios.talking import opened, say, say_elements
from tests.scenarios.test_rooms import group_goes, members_become, state, sync
from tests.scenarios.test_transcript import transcripts

pytestmark = pytest.mark.anyio


def file_at(url: str, name: str = "notes.txt") -> Json:
    return {
        "MsgType": "TIMFileElem",
        "MsgContent": {"Url": url, "UUID": "f1", "FileSize": 9, "FileName": name, "Download_Flag": 2},
    }


def attachments(sandbox: Sandbox, case_id: str) -> list[Json]:
    held: Any = sandbox.salesforce.state()["files"]
    return [one for one in held if one["FirstPublishLocationId"] == case_id and ", message " in one["Title"]]


async def keeping(start_relay: StartRelay, sandbox: Sandbox, patience: Patience | None = None, **more: str) -> Relay:
    """A relay for which the sandbox, whose front page is a text, is where Tencent keeps files."""
    host = urlsplit(sandbox.im_url).netloc
    wanted = {"RELAY_ATTACHMENT_BYTES": "1000", "RELAY_ATTACHMENT_HOSTS": f"{host},*.myqcloud.com", **more}
    return await start_relay(patience, RELAY_CLOSE_GRACE="0", **wanted)


async def archived(relay: Relay, sandbox: Sandbox, *elements: Json) -> tuple[list[Json], str]:
    """What is on the Case of a chat in which these were sent: files, and the transcript's text."""
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "See:")
    for element in elements:
        await say_elements(sandbox, case_id, "alice", element)
    await sync(relay, state(case_id, 50, isClosed=True))
    await group_goes(relay, sandbox, case_id)
    [transcript] = transcripts(sandbox, case_id)
    return attachments(sandbox, case_id), transcript["text"]


async def test_a_file_is_kept_under_its_name(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await keeping(start_relay, sandbox)
    files, text = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/", "=cmd|' /c calc'!A1.txt"))

    [file] = files
    assert "ErrorCode" in file["text"]
    assert file["PathOnClient"] == "_=cmd_' _c calc'!A1.txt"
    assert f"[file _=cmd_' _c calc'!A1.txt] in the file {file['Title']}" in text


@pytest.mark.parametrize(
    ("settings", "path", "name"),
    [
        ({"RELAY_ATTACHMENT_BYTES": "0"}, "/", "notes.txt"),
        ({"RELAY_ATTACHMENT_BYTES": "10"}, "/", "notes.txt"),
        ({"RELAY_ATTACHMENT_TYPES": "jpg"}, "/", "notes.txt"),
        ({}, "/", "evil.html"),
        ({}, "/not-there", "notes.txt"),
        ({"RELAY_ATTACHMENT_HOSTS": "*.myqcloud.com"}, "/", "notes.txt"),
    ],
)
async def test_what_may_not_be_kept_stays_a_link(
    start_relay: StartRelay, sandbox: Sandbox, settings: dict[str, str], path: str, name: str
) -> None:
    relay = await keeping(start_relay, sandbox, None, **settings)
    files, text = await archived(relay, sandbox, file_at(f"{sandbox.im_url}{path}", name))
    assert files == []
    assert f"[file {name}] {sandbox.im_url}{path}" in text


async def test_a_file_that_the_org_refuses_does_not_keep_the_transcript_from_it(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await keeping(start_relay, sandbox)
    refusal = Fault("POST sobjects/ContentVersion", times=1, status=400, errorCode="FIELD_INTEGRITY_EXCEPTION")
    sandbox.salesforce_control.faults.add([refusal])
    files, text = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/", "notes.txt"))
    assert files == []
    assert f"[file notes.txt] {sandbox.im_url}/" in text


async def test_while_salesforce_is_away_a_file_is_waited_for(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await keeping(start_relay, sandbox)
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/ContentVersion", times=4, status=429)])
    files, _ = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/"))
    assert len(files) == 1


async def test_files_of_a_group_that_was_made_again_are_told_from_those_of_the_first(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await keeping(start_relay, sandbox)
    case_id = await opened(relay)
    for second in (50, 54):
        await say_elements(sandbox, case_id, "alice", file_at(f"{sandbox.im_url}/"))
        await sync(relay, state(case_id, second, isClosed=True))
        await group_goes(relay, sandbox, case_id)
        await sync(relay, state(case_id, second + 1))
        await members_become(relay, sandbox, case_id, "alice")

    assert sorted(file["Title"] for file in attachments(sandbox, case_id)) == [
        f"Chat {case_id} (group 2), message 1.1 notes.txt",
        f"Chat {case_id}, message 1.1 notes.txt",
    ]


def _append(bundle: Path, to: Path) -> None:
    to.write_text(to.read_text() + bundle.read_text())


@dataclass
class Host:
    """place: host and port. most_at_once: requests for slow files."""

    place: str = ""
    now: int = 0
    most_at_once: int = 0


@pytest.fixture
async def host(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """A host of files: one that has moved, one whose length it does not tell, and many that take their time."""
    host, certificate = Host(), make_certificate(tmp_path)
    _append(Path(sandbox.environment["SSL_CERT_FILE"]), certificate.authority)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    told = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    told.load_cert_chain(certificate.server)

    async def moved(request: web.Request) -> web.Response:
        raise web.HTTPFound("/there.txt")

    async def there(request: web.Request) -> web.Response:
        return web.Response(text="x" * 50)

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(10):
                await answer.write(b"x" * 10)
        return answer

    async def slow(request: web.Request) -> web.Response:
        host.now += 1
        host.most_at_once = max(host.most_at_once, host.now)
        await asyncio.sleep(0.1)
        host.now -= 1
        return web.Response(text="x")

    app = web.Application()
    app.add_routes([web.get("/moved.txt", moved), web.get("/there.txt", there), web.get("/endless.txt", endless)])
    app.add_routes([web.get("/slow-{number}.txt", slow)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0, ssl_context=told)
    await site.start()
    host.place = f"localhost:{runner.addresses[0][1]}"
    yield host
    await runner.cleanup()


@pytest.mark.parametrize(
    ("path", "most", "is_kept"),
    [("there", 50, True), ("there", 49, False), ("moved", 50, False), ("endless", 100, True), ("endless", 99, False)],
)
async def test_nobody_leads_elsewhere_or_sends_more_than_is_wanted(
    host: Host, path: str, most: int, is_kept: bool
) -> None:
    media = Media(hosts=[host.place], types=["txt"], most=most, patience=Patience(budget=0))
    assert (await media.fetch(f"https://{host.place}/{path}.txt", "") is not None) is is_kept


async def test_several_are_fetched_at_once_but_not_all(start_relay: StartRelay, host: Host, sandbox: Sandbox) -> None:
    relay = await keeping(start_relay, sandbox, RELAY_ATTACHMENT_HOSTS=host.place)
    links = [f"https://{host.place}/slow-{number}.txt" for number in range(9)]
    files, _ = await archived(relay, sandbox, *map(file_at, links))
    assert len(files) == 9
    assert 1 < host.most_at_once < 9


PASSING: dict[str, Json] = {"busy": {"status": 503}, "too many": {"status": 429}, "cut off": {"drop": True}}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_what_passes_loses_no_file(start_relay: StartRelay, sandbox: Sandbox, fault: Json) -> None:
    relay = await keeping(start_relay, sandbox, Patience(sleep=Naps()))
    sandbox.tencent_control.faults.add([Fault("/", times=2, **fault)])
    files, _ = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/"))
    assert len(files) == 1


async def test_of_a_file_whose_host_is_away_it_is_said_that_it_could_not_be_fetched(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await keeping(start_relay, sandbox, Patience(budget=0.5))
    sandbox.tencent_control.faults.add([Fault("/", times=FOREVER, status=503)])
    files, text = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/"))
    sandbox.tencent_control.faults.clear()
    assert files == []
    assert f"[file notes.txt] {sandbox.im_url}/ (could not be fetched; the link expires)" in text


@pytest.mark.parametrize(
    ("name", "kept"),
    [("🙂" * 200 + ".txt", "🙂" * 76 + ".txt"), ("n" * 600, "n" * 80), ("a" * 90 + "." + "b" * 90, "a" * 80)],
    ids=["wide", "without one", "with none that is one"],
)
async def test_a_long_name_is_cut_before_its_extension(
    start_relay: StartRelay, sandbox: Sandbox, name: str, kept: str
) -> None:
    relay = await keeping(start_relay, sandbox, RELAY_ATTACHMENT_TYPES="txt,json," + "b" * 90)
    files, _ = await archived(relay, sandbox, file_at(f"{sandbox.im_url}/", name))
    assert [file["PathOnClient"] for file in files] == [kept]


@pytest.mark.parametrize(
    "url",
    [
        "http://cos.ap-shanghai.myqcloud.com/a.txt",
        "https://cos.ap-shanghai.myqcloud.com:8443/a.txt",
        "https://user:password@cos.ap-shanghai.myqcloud.com/a.txt",
        "https://cos.ap-shanghai.myqcloud.com@169.254.169.254/a.txt",
        "https://169.254.169.254/latest/meta-data/a.txt",
        "https://[::1]/a.txt",
        "https://myqcloud.com.evil.example/a.txt",
        "https://evilmyqcloud.com/a.txt",
        "https://localhost/a.txt",
        "https://\u217balhost/a.txt",
        "file:///etc/passwd",
        "gopher://cos.ap-shanghai.myqcloud.com/a.txt",
        "//cos.ap-shanghai.myqcloud.com/a.txt",
        "https://[broken/a.txt",
        "https://cos.ap-shanghai.myqcloud.com:99999/a.txt",
        "",
    ],
)
async def test_nothing_but_tencents_hosts_is_ever_asked(url: str) -> None:
    media = Media(hosts=["*.myqcloud.com"], types=["txt"], most=100)
    assert media._allowed(url) is None
    assert await media.fetch(url, "a.txt") is None


@pytest.mark.parametrize("url", ["https://a.b.myqcloud.com/x.txt?sign=1%2F2", "https://COS.MyQcloud.com:443/x"])
def test_tencents_hosts_are_known(url: str) -> None:
    assert Media(hosts=["*.myqcloud.com"], types=["txt"], most=100)._allowed(url) is not None
