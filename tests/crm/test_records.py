"""simple-salesforce behind its fence: it neither hangs nor repeats nor tells, and files are written once."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from relay.crm import Records, SalesforceCrm, quoted
from relay.crm.fence import limited_session
from relay.errors import (
    CrmAuthFailed,
    CrmError,
    CrmMisconfigured,
    CrmNonsense,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmUnavailable,
)
from relay.models import CaseInfo
from relay.retry import Patience
from tests.crm.conftest import CASE, LOGIN_URL, TOKEN, Naps, SalesforceSandbox, Script, login, scripted_connection

pytestmark = pytest.mark.anyio

MakeCrm = Callable[..., SalesforceCrm]
INFO = CaseInfo(subject="Printer on fire", desc="smoke " * 8000)


class Stand(HTTPAdapter):
    """Answers requests' requests with what it is told, as (status, body, headers), or raises it."""

    def __init__(self, *entries: Any) -> None:
        super().__init__()
        self.entries = list(entries)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        entry = self.entries.pop(0)
        if isinstance(entry, requests.RequestException):
            entry.request = request  # as requests itself does: with the token in it
        if isinstance(entry, Exception):
            raise entry
        if callable(entry):
            entry = entry(request)
        answer = requests.Response()
        answer.status_code, answer._content = entry[0], entry[1].encode()
        answer.headers.update(entry[2] if len(entry) > 2 else {})
        answer.url, answer.request = str(request.url), request
        return answer


MakeRecords = Callable[..., tuple[Records, Stand, Script]]


@pytest.fixture
async def make_records(anyio_backend: str, naps: Naps) -> AsyncIterator[MakeRecords]:
    made: list[Records] = []

    def make(*entries: Any, budget: float = 0.0, **how: Any) -> tuple[Records, Stand, Script]:
        stand, script, session = Stand(*entries), Script(), limited_session()
        session.mount("https://", stand)
        patience = Patience(budget=budget, sleep=naps)
        connection = scripted_connection(script, naps)
        made.append(Records(connection, api_version="67.0", patience=patience, session=session, **how))
        return made[-1], stand, script

    yield make
    for records in made:
        records.close()


EXPIRED = (401, '[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]')
EMPTY = (200, '{"totalSize":0,"done":true,"records":[]}')


async def test_what_was_cut_is_attached_to_the_case_once(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    case_id = await crm.create_case("T1", INFO)
    for _ in range(2):
        await crm.save_overflow(case_id, "T1", INFO)
    [file] = sandbox.files()
    assert file["FirstPublishLocationId"] == case_id
    assert "T1" in file["Title"]
    assert file["text"] == f"Subject: Printer on fire\n\n{INFO.desc}"
    assert await crm.records.attach_file_once(case_id, file["Title"], b"another text") == file["Id"]


async def test_where_all_fitted_nothing_is_attached_nor_asked(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    await crm.save_overflow(CASE, "T1", CaseInfo(subject="Short"))
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    "trouble", [{"after": True, "drop": True}, {"delayMs": 1200}], ids=["written before", "on its way"]
)
async def test_a_file_whose_connection_broke_is_not_written_again(
    sandbox: SalesforceSandbox, make_crm: MakeCrm, trouble: dict[str, object]
) -> None:
    """One second passes here in a fifth of one."""
    patience = Patience(budget=20, sleep=lambda seconds: asyncio.sleep(seconds / 5))
    crm = make_crm(patience=patience, session=limited_session((5.0, 0.5)))
    case_id = await crm.create_case("T1", INFO)
    sandbox.fail("POST sobjects/ContentVersion", times=1, **trouble)
    await crm.save_overflow(case_id, "T1", INFO)
    await asyncio.sleep(1.2)
    assert len(sandbox.files()) == 1


@pytest.mark.parametrize("title", ["it's", 'say "hi"', "back\\slash", "' OR Title != '", "两行\n"])
async def test_any_title_is_found_again(sandbox: SalesforceSandbox, crm: SalesforceCrm, title: str) -> None:
    case_id = await crm.create_case("T1", CaseInfo(subject="Short"))
    made = await crm.records.attach_file_once(case_id, title, b"text")
    await crm.records.attach_file_once(case_id, "another", b"text")
    assert await crm.records.attach_file_once(case_id, title, b"text") == made
    assert len(sandbox.files()) == 2


async def test_describe_says_what_the_relay_may_write(crm: SalesforceCrm) -> None:
    description = await crm.records.describe_case()
    [field] = [field for field in description["fields"] if field["name"] == "ChatTicket__c"]
    assert (field["unique"], field["externalId"]) == (True, True)


async def test_all_pages_of_a_query_are_read_and_no_more_than_wanted(make_records: MakeRecords) -> None:
    def page(number: int, more: str) -> tuple[int, str]:
        return (
            200,
            f'{{"done":{"false" if more else "true"},"nextRecordsUrl":"{more}","records":[{{"Id":"{number}"}}]}}',
        )

    following = "/services/data/v67.0/query/01gRO0000016PIAYA2-500"
    records, stand, _ = make_records(page(1, following), page(2, ""), page(1, following), page(2, following))
    assert [row["Id"] for row in await records.query("SELECT Id FROM Case")] == ["1", "2"]
    assert str(stand.requests[1].url) == LOGIN_URL + following
    assert [row["Id"] for row in await records.query("SELECT Id FROM Case", most=2)] == ["1", "2"]
    assert len(stand.requests) == 4


@pytest.mark.parametrize("following", ["@evil.example/", ".evil.example/x", "/services/data/v67.0/query/../../x"])
async def test_a_next_page_elsewhere_gets_no_token(make_records: MakeRecords, following: str) -> None:
    records, stand, _ = make_records((200, f'{{"done":false,"nextRecordsUrl":"{following}","records":[]}}'))
    with pytest.raises(CrmNonsense):
        await records.query("SELECT Id FROM Case")
    assert len(stand.requests) == 1


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ((401, "<html>log in</html>"), CrmNonsense),
        ((401, '{"error":"Bad_OAuth_Token"}'), CrmNonsense),
        ((503, "<html>maintenance</html>"), CrmUnavailable),
        ((200, "<html>"), CrmNonsense),
        ((200, "[]"), CrmNonsense),
        ((200, "{}"), CrmNonsense),
        ((200, '{"done":false,"records":[]}'), CrmNonsense),
        ((302, "", {"Location": "https://elsewhere.example/"}), CrmMisconfigured),
        ((400, '[{"errorCode":"MALFORMED_QUERY","message":"unexpected token"}]'), CrmMisconfigured),
        ((400, '[{"errorCode":"SOMETHING_NEW","message":"x"}]'), CrmRejected),
        (requests.ConnectTimeout("x"), CrmUnavailable),
        (requests.exceptions.SSLError("x"), CrmUnavailable),
        (requests.ReadTimeout("x"), CrmOutcomeUnknown),
        (requests.ConnectionError("x"), CrmOutcomeUnknown),
        (requests.exceptions.ChunkedEncodingError("x"), CrmOutcomeUnknown),
        (RecursionError("x"), RecursionError),
    ],
)
async def test_whatever_the_library_makes_of_an_answer_is_an_error_of_ours(
    make_records: MakeRecords, entry: tuple[int, str] | Exception, kind: type[Exception]
) -> None:
    records, stand, _ = make_records(entry)
    with pytest.raises(kind):
        await records.query("SELECT Id FROM Case")
    assert len(stand.requests) == 1


async def test_an_ended_session_is_renewed_and_the_request_sent_once_more(make_records: MakeRecords) -> None:
    records, stand, script = make_records(EXPIRED, EMPTY)
    assert await records.query("SELECT Id FROM Case") == []
    assert [request.headers["Authorization"] for request in stand.requests] == [
        f"Bearer {TOKEN}-1",
        f"Bearer {TOKEN}-2",
    ]
    assert script.logins == 2


async def test_a_session_refused_for_good_neither_recurses_nor_logs_in_again(
    make_records: MakeRecords, naps: Naps
) -> None:
    records, stand, script = make_records(EXPIRED, EXPIRED, budget=5.0)
    with pytest.raises(CrmAuthFailed):
        await records.attach_file_once(CASE, "title", b"text")
    assert (len(stand.requests), script.logins, naps.seconds) == (2, 2, [])


async def test_many_callers_with_an_ended_session_make_one_renewal(make_records: MakeRecords) -> None:
    def by_token(request: requests.PreparedRequest) -> tuple[int, str]:
        return EXPIRED if request.headers["Authorization"].endswith("-1") else EMPTY

    records, _, script = make_records(*[by_token] * 8)
    await asyncio.gather(*(records.query("SELECT Id FROM Case") for _ in range(4)))
    assert script.logins == 2


async def test_the_limits_seen_by_the_library_are_ours_too(make_records: MakeRecords) -> None:
    limit = {"Sforce-Limit-Info": "api-usage=15000/15000"}
    refused = (403, '[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]', limit)
    records, _, _ = make_records(refused)
    with pytest.raises(CrmUnavailable) as caught:
        await records.query("SELECT Id FROM Case")
    assert caught.value.retry_after == 300


@pytest.mark.parametrize(
    "entry",
    [(401, TOKEN), EXPIRED, (400, TOKEN), (200, TOKEN), requests.ReadTimeout("x"), requests.ConnectionError("x")],
)
async def test_no_token_is_in_an_error_or_the_log(
    make_records: MakeRecords, caplog: pytest.LogCaptureFixture, entry: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    records, _, _ = make_records(entry, entry)
    with pytest.raises(CrmError) as caught:
        await records.query("SELECT Id FROM Case")
    said = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert TOKEN not in said
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


async def test_a_password_in_netrc_does_not_take_the_tokens_place(
    make_records: MakeRecords, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine acme.my.salesforce.com login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    records, stand, _ = make_records(EMPTY)
    await records.query("SELECT Id FROM Case")
    assert stand.requests[0].headers["Authorization"] == f"Bearer {TOKEN}-1"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections, never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


async def test_a_server_that_never_answers_is_given_up_after_the_timeout(silent_server: str, naps: Naps) -> None:
    connection = scripted_connection(
        Script(login(instance_url=silent_server), logins=False), naps, login_url=silent_server
    )
    session = limited_session((0.2, 0.2))
    records = Records(connection, api_version="67.0", patience=Patience(budget=0.0), session=session)
    with pytest.raises((CrmUnavailable, CrmOutcomeUnknown)):
        await asyncio.wait_for(records.query("SELECT Id FROM Case"), 5)
    records.close()


async def test_an_answer_that_does_not_come_is_given_up_after_the_timeout(
    sandbox: SalesforceSandbox, make_crm: MakeCrm, naps: Naps
) -> None:
    crm = make_crm(session=limited_session((5.0, 0.1)), patience=Patience(budget=0.0))
    sandbox.fail("/services/data/v67.0/query/", times=9, delayMs=700)
    with pytest.raises(CrmOutcomeUnknown):
        await asyncio.wait_for(crm.records.query("SELECT Id FROM Case"), 5)


async def test_a_method_ends_even_if_its_thread_does_not(make_records: MakeRecords) -> None:
    go_on = threading.Event()
    records, stand, _ = make_records(longest=0.05)
    stand.send = lambda *_, **__: go_on.wait(5)  # type: ignore[method-assign,assignment]
    with pytest.raises(CrmOutcomeUnknown):
        await records.query("SELECT Id FROM Case")
    go_on.set()


async def test_few_threads_are_used_and_none_is_left(make_records: MakeRecords) -> None:
    before = set(threading.enumerate())
    records, _, _ = make_records(*[EMPTY] * 40)
    await asyncio.gather(*(records.query("SELECT Id FROM Case") for _ in range(40)))
    ours = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("salesforce")]
    assert 1 <= len(ours) <= 4
    records.close()
    for thread in ours:
        thread.join(5)
    assert not any(thread.is_alive() for thread in ours)


async def test_a_wrong_ca_bundle_is_named(make_crm: MakeCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    with pytest.raises(CrmMisconfigured, match="REQUESTS_CA_BUNDLE"):
        await make_crm().records.query("SELECT Id FROM Case")


def test_quoted_is_one_string_of_soql() -> None:
    assert quoted("a'b\\c\"d\ne") == r"'a\'b\\c\"d\ne'"
