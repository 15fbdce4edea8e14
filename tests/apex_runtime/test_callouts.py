"""Jobs of a living org, and the callouts they make over real HTTP."""

# ruff: noqa: E501 - Apex stands as its authors would write it

import asyncio
import hashlib
import hmac
import time
from pathlib import Path

import pytest

from sandbox.apex.errors import DoesNotCompile
from tests.apex_runtime.conftest import SECRET, LivingOrg, living
from tests.apex_runtime.listener import Listener
from tests.apex_runtime.packages import CREDENTIALS, EVENT, passes, throws
from tests.sandbox.salesforce_client import CASES, new_case

pytestmark = pytest.mark.anyio

CALLER = """public class Caller implements Queueable, Database.AllowsCallouts {
    public static Integer timeout = 2000;
    String body; String endpoint = 'callout:ChatRelay/synccases?x=1';
    public Caller(String body) { this.body = body; }
    public static HttpResponse post(String endpoint, String body) {
        HttpRequest r = new HttpRequest(); r.setEndpoint(endpoint); r.setMethod('POST'); r.setBody(body);
        r.setHeader('Content-Type', 'application/json'); r.setTimeout(timeout);
        return new Http().send(r);
    }
    public void execute(QueueableContext c) {
        if (body == 'slow') { timeout = 100; }
        if (body == 'dirty') { insert new Account(Name = 'x'); }
        HttpResponse r = post(endpoint, body);
        insert new Account(Name = r.getStatusCode() + ' ' + r.getBody());
    } }"""
PACKAGE = {
    **CREDENTIALS,
    "Caller.cls": CALLER,
    "Tell.trigger": "trigger Tell on Case (after update) { System.enqueueJob(new Caller(Trigger.new[0].Subject)); }",
}


async def told(org: LivingOrg, subject: str) -> object:
    """A Case is edited; what became of the job."""
    case_id = await new_case(org.http)
    answer = await org.http.patch(f"{CASES}/{case_id}", json={"Subject": subject})
    assert answer.status_code == 204, answer.text
    await org.idle()
    return org.apex.state()[-1]["error"]


async def test_a_job_calls_out_with_the_headers_of_the_credential(tmp_path: Path, relay: Listener) -> None:
    relay.answer = "héllo"
    async with living(tmp_path, PACKAGE, relay.url) as org:
        assert await told(org, '{"a":1}') is None
        [heard] = relay.heard
        assert (heard.path, heard.body) == ("/synccases?x=1", '{"a":1}')
        assert heard.headers["authorization"] == f"Bearer {SECRET}"
        assert heard.headers["x-signature"] == hmac.digest(b"key", b'{"a":1}', hashlib.sha256).hex()
        assert [row["Name"] for row in org.salesforce.org.tables.all("Account")] == ["202 héllo"]
        journal = [(entry["direction"], entry["method"], entry["path"]) for entry in org.salesforce.journal.entries()]
        assert journal == [("out", "POST", "/synccases")]


async def test_who_lacks_the_permission_set_is_told_so(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, PACKAGE, relay.url) as org:
        [assignment] = [
            row["Id"]
            for row in org.salesforce.org.tables.all("PermissionSetAssignment")
            if row["AssigneeId"] == org.integration
        ]
        gone = await org.http.delete(f"/services/data/v67.0/sobjects/PermissionSetAssignment/{assignment}")
        assert gone.status_code == 204
        error = await told(org, "x")
        assert error == (
            "System.CalloutException: We couldn't access the credential(s). You might not have the required "
            'permissions, or the external credential "ChatRelay" might not exist.'
        )
        assert relay.heard == []


async def test_nor_is_the_principal_enough_without_user_external_credentials(tmp_path: Path, relay: Listener) -> None:
    name = "permissionsets/Relay_Integration.permissionset-meta.xml"
    files = {**PACKAGE, name: PACKAGE[name].replace("<allowRead>true", "<allowRead>false")}
    async with living(tmp_path, files, relay.url) as org:
        assert "We couldn't access the credential(s)." in str(await told(org, "x"))


@pytest.mark.parametrize(
    ("subject", "error"),
    [
        ("slow", "System.CalloutException: Read timed out"),
        (
            "dirty",
            "System.CalloutException: You have uncommitted work pending. Please commit or rollback before calling out",
        ),
    ],
)
async def test_callouts_that_fail(tmp_path: Path, relay: Listener, subject: str, error: str) -> None:
    relay.pause = 0.5
    async with living(tmp_path, PACKAGE, relay.url) as org:
        assert await told(org, subject) == error
        assert not list(org.salesforce.org.tables.all("Account"))


async def test_nobody_listens(tmp_path: Path) -> None:
    async with living(tmp_path, PACKAGE, "http://127.0.0.1:9") as org:
        assert await told(org, "x") == "System.CalloutException: Connection refused"


async def test_others_use_the_org_while_a_job_is_away(tmp_path: Path, relay: Listener) -> None:
    relay.pause = 0.5
    async with living(tmp_path, PACKAGE, relay.url) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await asyncio.to_thread(relay.arrived.wait, 5)
        answer = await asyncio.wait_for(org.http.get(f"{CASES}/{case_id}"), 0.3)
        assert answer.status_code == 200
        await org.idle()


async def test_statics_last_for_one_transaction_only(tmp_path: Path, relay: Listener) -> None:
    files = {
        **CREDENTIALS,
        "Caller.cls": CALLER.replace("timeout = 2000;", "timeout = 2000; public static Integer n = 0;"),
        "Twice.cls": """public class Twice implements Queueable, Database.AllowsCallouts {
            public void execute(QueueableContext c) { Caller.n++; Caller.post('callout:ChatRelay', String.valueOf(Caller.n)); } }""",
        "Tell.trigger": "trigger Tell on Case (after update) { Caller.n = 5; System.enqueueJob(new Twice()); System.enqueueJob(new Twice()); }",
    }
    async with living(tmp_path, files, relay.url) as org:
        assert await told(org, "x") is None
        assert [heard.body for heard in relay.heard] == ["1", "1"]


async def test_a_save_that_fails_starts_no_job(tmp_path: Path, relay: Listener) -> None:
    late = {"Zed.trigger": "trigger Zed on Case (after update) { Trigger.new[0].addError('no'); }"}
    async with living(tmp_path, {**PACKAGE, **late}, relay.url) as org:
        case_id = await new_case(org.http)
        assert (await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})).status_code == 400
        await new_case(org.http)
        await org.idle()
        assert (relay.heard, org.jobs()) == ([], [])


DELAYED = {
    **PACKAGE,
    "Tell.trigger": "trigger Tell on Case (after update) { System.enqueueJob(new Caller('x'), 5); }",
}


async def test_a_delayed_job_waits_for_its_time(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, DELAYED, relay.url) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await org.idle()
        assert (relay.heard, org.jobs()) == ([], [("Caller", "Queued")])
        await org.do(advance=299)
        await org.idle()
        assert relay.heard == []
        await org.do(advance=2)
        await org.idle()
        assert org.jobs() == [("Caller", "Completed")]


async def test_delays_can_be_left_out_and_jobs_be_held(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, DELAYED, relay.url) as org:
        await org.do(switch={"jobDelaySeconds": 0, "runJobs": False})
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await org.idle()
        assert relay.heard == []
        await org.do(switch={"runJobs": True})
        await org.idle()
        assert len(relay.heard) == 1


async def test_a_finalizer_tries_again_five_times_in_a_row(tmp_path: Path, relay: Listener) -> None:
    code = """public class Stubborn implements Queueable, Finalizer, Database.AllowsCallouts {
        public void execute(QueueableContext c) { System.attachFinalizer(this); throw new CalloutException('down'); }
        public void execute(FinalizerContext c) { System.enqueueJob(new Stubborn(), 1); } }"""
    start = "trigger Start on Case (after update) { System.enqueueJob(new Stubborn()); }"
    async with living(tmp_path, {"Stubborn.cls": code, "Start.trigger": start}, relay.url) as org:
        await org.do(switch={"jobDelaySeconds": 0})
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await org.idle()
        runs = [job for job in org.apex.state() if job["kind"] == "Queueable"]
        assert [job["status"] for job in runs] == ["Failed"] * 6
        assert "5 times" in str(org.apex.state()[-1]["error"])


async def test_a_batch_has_a_transaction_for_each_chunk(tmp_path: Path, relay: Listener) -> None:
    code = """public class Sweep implements Database.Batchable<SObject>, Database.Stateful, Database.AllowsCallouts {
        Integer chunks = 0;
        public Database.QueryLocator start(Database.BatchableContext c) {
            return Database.getQueryLocator('SELECT Id, Subject FROM Case WHERE Subject LIKE \\'n%\\''); }
        public void execute(Database.BatchableContext c, List<Case> some) {
            chunks++; Caller.post('callout:ChatRelay/chunk', String.valueOf(some.size()));
            insert new Account(Name = some[0].Subject);
            if (some[0].Subject == 'n2') { throw new DmlException('lost'); } }
        public void finish(Database.BatchableContext c) { insert new Account(Name = chunks + ' chunks'); } }"""
    start = "trigger Start on Case (after update) { Database.executeBatch(new Sweep(), 2); }"
    files = {**CREDENTIALS, "Caller.cls": CALLER, "Sweep.cls": code, "Start.trigger": start}
    async with living(tmp_path, files, relay.url) as org:
        for number in range(5):
            await new_case(org.http, Subject=f"n{number}")
        await org.http.patch(f"{CASES}/{await new_case(org.http)}", json={"Subject": "x"})
        await org.idle()
        assert [heard.body for heard in relay.heard] == ["2", "2", "1"]
        assert [row["Name"] for row in org.salesforce.org.tables.all("Account")] == ["n0", "n4", "3 chunks"]


async def test_an_event_runs_as_the_user_of_its_configuration(tmp_path: Path, relay: Listener) -> None:
    files = {
        **CREDENTIALS,
        **EVENT,
        "Caller.cls": CALLER,
        "Tell.trigger": "trigger Tell on Case (after update) { EventBus.publish(new Ping__e(Text__c = Trigger.new[0].Id)); }",
        "Heard.trigger": "trigger Heard on Ping__e (after insert) { System.enqueueJob(new Caller(Trigger.new[0].Text__c)); }",
        "PlatformEventSubscriberConfigs/Heard.platformEventSubscriberConfig-meta.xml": """
            <PlatformEventSubscriberConfig><platformEventConsumer>Heard</platformEventConsumer>
            <user>chat.relay@acme-support.example</user></PlatformEventSubscriberConfig>""",
    }
    async with living(tmp_path, files, relay.url) as org:
        case_id = await new_case(org.http)
        await org.do(omni={"caseId": case_id, "userId": org.agent, "action": "accept"})
        await org.idle()
        assert [heard.body for heard in relay.heard] == [case_id]
        assert [(job["kind"], job["userId"]) for job in org.apex.state()] == [
            ("PlatformEvent", org.integration),
            ("Queueable", org.integration),
        ]


async def test_a_reset_forgets_jobs_and_keeps_the_package(tmp_path: Path, relay: Listener) -> None:
    async with living(tmp_path, DELAYED, relay.url) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        org.salesforce.reset()
        await org.do(advance=600)
        await org.idle()
        assert (relay.heard, org.jobs()) == ([], [])
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await org.do(advance=300)
        await org.idle()
        assert len(relay.heard) == 1


async def test_a_callout_that_is_away_during_a_reset_is_not_in_the_new_journal(tmp_path: Path, relay: Listener) -> None:
    relay.pause = 0.3
    async with living(tmp_path, PACKAGE, relay.url) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await asyncio.to_thread(relay.arrived.wait, 5)
        org.salesforce.reset()
        org.salesforce.journal.clear()
        await org.idle()
        assert (len(relay.heard), org.salesforce.journal.entries()) == (1, [])


async def test_an_org_stops_at_once_while_a_job_is_away(tmp_path: Path, relay: Listener) -> None:
    relay.pause = 3
    async with living(tmp_path, PACKAGE, relay.url) as org:
        case_id = await new_case(org.http)
        await org.http.patch(f"{CASES}/{case_id}", json={"Subject": "x"})
        await asyncio.to_thread(relay.arrived.wait, 5)
        began = time.monotonic()
        await org.salesforce.stop()
        assert time.monotonic() - began < 1


def test_a_test_must_mock_its_callouts(tmp_path: Path) -> None:
    body = "Test.startTest(); System.enqueueJob(new Caller('x')); Test.stopTest();"
    assert throws(tmp_path, body, PACKAGE) == (
        "System.TypeException: Methods defined as TestMethod do not support Web service callouts"
    )


MOCK = """ class M implements HttpCalloutMock { public HttpResponse respond(HttpRequest r) {
    Assert.areEqual('callout:ChatRelay/a', r.getEndpoint()); HttpResponse a = new HttpResponse(); a.setStatusCode(200);
    a.setBody(r.getBody() + '!'); return a; } }"""


def test_a_mock_answers(tmp_path: Path) -> None:
    body = "Test.setMock(HttpCalloutMock.class, new M()); Assert.areEqual('x!', Caller.post('callout:ChatRelay/a', 'x').getBody());"
    passes(tmp_path, f"{body} --- {MOCK}", PACKAGE)


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("insert new Case();", "You have uncommitted work pending"),
        ("System.enqueueJob(new Caller('x'));", "You have uncommitted work pending"),
        ("Savepoint p = Database.setSavepoint();", "You have uncommitted work pending"),
        ("for (Integer i = 0; i < 100; i++) { Caller.post('callout:ChatRelay/a', 'x'); }", "Too many callouts: 101"),
        ("Caller.timeout = 120001;", "Invalid timeout value: 120001"),
    ],
)
def test_callouts_that_are_not_allowed(tmp_path: Path, before: str, message: str) -> None:
    body = f"Test.setMock(HttpCalloutMock.class, new M()); {before} Caller.post('callout:ChatRelay/a', 'x'); --- {MOCK}"
    assert message in throws(tmp_path, body, PACKAGE)


def test_a_savepoint_that_was_rolled_back_and_released_is_no_hindrance(tmp_path: Path) -> None:
    before = (
        "Savepoint p = Database.setSavepoint(); insert new Case(); Database.rollback(p); Database.releaseSavepoint(p);"
    )
    body = f"Test.setMock(HttpCalloutMock.class, new M()); {before} Caller.post('callout:ChatRelay/a', 'x'); --- {MOCK}"
    passes(tmp_path, body, PACKAGE)


def test_a_job_must_say_that_it_calls_out(tmp_path: Path) -> None:
    body = (
        "Test.setMock(HttpCalloutMock.class, new M()); Test.startTest(); f(); Test.stopTest();"
        " --- @future static void f() { Caller.post('callout:ChatRelay/a', 'x'); }" + MOCK
    )
    assert "Callout not allowed from this future method" in throws(tmp_path, body, PACKAGE)


async def test_a_subscriber_nobody_knows_is_refused_at_deployment(tmp_path: Path) -> None:
    config = """<PlatformEventSubscriberConfig><platformEventConsumer>Heard</platformEventConsumer>
        <user>nobody@example.com</user></PlatformEventSubscriberConfig>"""
    files = {"PlatformEventSubscriberConfigs/H.platformEventSubscriberConfig-meta.xml": config}
    with pytest.raises(DoesNotCompile, match="there is no user nobody@example"):
        async with living(tmp_path, files, "http://127.0.0.1:9"):
            pass
