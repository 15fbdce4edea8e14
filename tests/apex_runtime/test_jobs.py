"""Asynchronous Apex in tests: queueables, finalizers, futures, batches, events."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path

import pytest

from tests.apex_runtime.packages import EVENT, breaks, passes, throws

JOB = """ class J implements Queueable, Database.AllowsCallouts { String what; J(String what) { this.what = what; }
    public void execute(QueueableContext c) { insert new Case(Subject = what); } }"""
TRUE = {
    "a queueable runs at stopTest, as it was when it was enqueued": f"""
        J j = new J('before'); Test.startTest(); Id job = System.enqueueJob(j); j.what = 'after'; Assert.areEqual(0, [SELECT COUNT() FROM Case]);
        Test.stopTest(); Assert.areEqual('before', [SELECT Subject FROM Case].Subject);
        Assert.areEqual('Completed', [SELECT Status FROM AsyncApexJob WHERE Id = :job].Status); --- {JOB}""",
    "an asynchronous transaction may enqueue one job": """
        Test.startTest(); System.enqueueJob(new K()); Test.stopTest();
        --- class K implements Queueable { public void execute(QueueableContext c) { Assert.areEqual(1, Limits.getLimitQueueableJobs());
        Assert.areEqual(200, Limits.getLimitQueries()); Assert.isTrue(System.isQueueable()); } }""",
    "a finalizer sees what the job died of, and what the job did is undone": """
        Test.startTest(); System.enqueueJob(new K()); try { Test.stopTest(); } catch (Exception e) { }
        Assert.areEqual('UNHANDLED_EXCEPTION System.DmlException: boom', [SELECT Subject FROM Case].Subject);
        --- class K implements Queueable, Finalizer { public void execute(QueueableContext c) {
        System.attachFinalizer(this); insert new Case(Subject = 'lost'); throw new DmlException('boom'); }
        public void execute(FinalizerContext c) { insert new Case(Subject = c.getResult() + ' ' + c.getException()); } }""",
    "a finalizer of a job that ended well": """
        Test.startTest(); System.enqueueJob(new K()); Test.stopTest(); Assert.areEqual(2, [SELECT COUNT() FROM Case]);
        --- class K implements Queueable, Finalizer { public void execute(QueueableContext c) { System.attachFinalizer(this); insert new Case(); }
        public void execute(FinalizerContext c) { Assert.areEqual(ParentJobResult.SUCCESS, c.getResult()); insert new Case(); } }""",
    "a waiting job holds its signature": f"""
        AsyncOptions o = new AsyncOptions();
        o.DuplicateSignature = new QueueableDuplicateSignature.Builder().addString('x').addInteger(1).build();
        System.enqueueJob(new J('a'), o);
        try {{ System.enqueueJob(new J('b'), o); Assert.fail(); }} catch (DuplicateMessageException e) {{ }} --- {JOB}""",
    "a future": """
        Test.startTest(); f(new Set<String>{ 'x' }); Test.stopTest(); Assert.areEqual('x', [SELECT Subject FROM Case].Subject);
        --- @future static void f(Set<String> s) { Assert.isTrue(System.isFuture()); for (String t : s) { insert new Case(Subject = t); } }""",
    "a batch": """
        List<Case> l = new List<Case>(); for (Integer i = 0; i < 5; i++) { l.add(new Case()); } insert l;
        Test.startTest(); Database.executeBatch(new B()); Test.stopTest(); Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE Subject = '1 chunks']);
        --- class B implements Database.Batchable<SObject>, Database.Stateful { Integer n = 0;
        public Database.QueryLocator start(Database.BatchableContext c) { return Database.getQueryLocator('SELECT Id FROM Case'); }
        public void execute(Database.BatchableContext c, List<Case> some) { n++; Assert.isTrue(System.isBatch()); }
        public void finish(Database.BatchableContext c) { insert new Case(Subject = n + ' chunks'); } }""",
    "a scheduled job": """
        Test.startTest(); System.schedule('x', '0 0 0 * * ?', new S()); Test.stopTest(); Assert.areEqual(1, [SELECT COUNT() FROM Case]);
        --- class S implements Schedulable { public void execute(SchedulableContext c) { insert new Case(); } }""",
}
THROWS = {
    "a queueable may not chain in a test": (
        "Test.startTest(); System.enqueueJob(new K()); Test.stopTest(); --- class K implements Queueable {"
        " public void execute(QueueableContext c) { System.enqueueJob(new K()); } }",
        "System.AsyncException: Maximum stack depth has been reached.",
    ),
    "no future out of a future": (
        "Test.startTest(); f(); Test.stopTest(); --- @future static void f() { f(); }",
        "System.AsyncException: Future method cannot be called from a future or batch method: T.f()",
    ),
    "a batch has one chunk in a test": (
        "insert new List<Case>{ new Case(), new Case() }; Test.startTest(); Database.executeBatch(new B(), 1); Test.stopTest();"
        " --- class B implements Database.Batchable<SObject> { public Iterable<SObject> start(Database.BatchableContext c) {"
        " return [SELECT Id FROM Case]; } public void execute(Database.BatchableContext c, List<Case> l) { }"
        " public void finish(Database.BatchableContext c) { } }",
        "System.UnexpectedException: No more than one executeBatch can be called from within a test method.",
    ),
    "a delay is ten minutes at most": (
        f"System.enqueueJob(new J('x'), 11); --- {JOB}",
        "System.IllegalArgumentException: Delay must be between 0 and 10 minutes: 11",
    ),
    "a job's exception comes out of stopTest": (
        "Test.startTest(); f(); Test.stopTest(); --- @future static void f() { throw new DmlException('boom'); }",
        "System.DmlException: boom",
    ),
}
HEARD = {
    **EVENT,
    "Heard.trigger": """trigger Heard on Ping__e (after insert) {
        List<Case> all = new List<Case>();
        for (Ping__e p : Trigger.new) { all.add(new Case(Subject = p.Text__c + Trigger.size, SuppliedName = UserInfo.getName())); }
        if (Trigger.new[0].Text__c == 'again' && EventBus.TriggerContext.currentContext().retries < 2) {
            throw new EventBus.RetryableException('later'); }
        if (Trigger.new[0].Text__c == 'boom') { throw new DmlException('boom'); }
        insert all; }""",
    "PlatformEventSubscriberConfigs/Heard.platformEventSubscriberConfig-meta.xml": """
        <PlatformEventSubscriberConfig><batchSize>2</batchSize><platformEventConsumer>Heard</platformEventConsumer>
        <user>chat.relay@acme-support.example</user></PlatformEventSubscriberConfig>""",
}
PING = "Test.startTest(); Assert.isTrue(EventBus.publish(new Ping__e(Text__c = '{}')).isSuccess()); Test.stopTest();"


@pytest.mark.parametrize("body", TRUE.values(), ids=TRUE)
def test_jobs(tmp_path: Path, body: str) -> None:
    passes(tmp_path, body)


@pytest.mark.parametrize(("body", "message"), THROWS.values(), ids=THROWS)
def test_jobs_that_are_not_allowed(tmp_path: Path, body: str, message: str) -> None:
    assert throws(tmp_path, body) == message


def test_a_future_takes_no_records(tmp_path: Path) -> None:
    said = breaks(tmp_path, "f(null); --- @future static void f(Case c) { }")
    assert "Unsupported parameter type Case of the future method T.f" in said


def test_a_subscriber_runs_as_its_user_in_batches_of_its_size(tmp_path: Path) -> None:
    passes(
        tmp_path,
        """Test.startTest(); List<Ping__e> all = new List<Ping__e>(); for (Integer i = 0; i < 3; i++) { all.add(new Ping__e(Text__c = 'x')); }
        EventBus.publish(all); Assert.areEqual(0, [SELECT COUNT() FROM Case]); Test.stopTest();
        Assert.areEqual(2, [SELECT COUNT() FROM Case WHERE Subject = 'x2']); Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE Subject = 'x1']);
        Assert.areEqual('Chat Relay Integration', [SELECT SuppliedName FROM Case LIMIT 1].SuppliedName);""",
        HEARD,
    )


def test_without_a_configuration_it_runs_as_the_automated_process(tmp_path: Path) -> None:
    plain = {name: text for name, text in HEARD.items() if "Config" not in name}
    passes(
        tmp_path,
        PING.format("x") + "Assert.areEqual('Automated Process', [SELECT SuppliedName FROM Case].SuppliedName);",
        plain,
    )


def test_a_retryable_exception_brings_the_events_again(tmp_path: Path) -> None:
    passes(tmp_path, PING.format("again") + "Assert.areEqual(1, [SELECT COUNT() FROM Case]);", HEARD)


def test_any_other_exception_loses_them(tmp_path: Path) -> None:
    passes(tmp_path, PING.format("boom") + "Assert.areEqual(0, [SELECT COUNT() FROM Case]);", HEARD)


def test_events_go_with_the_commit_unless_they_go_at_once(tmp_path: Path) -> None:
    undone = "Savepoint p = Database.setSavepoint(); EventBus.publish(new {}(Text__c = 'x')); Database.rollback(p); Test.stopTest();"
    now = {**EVENT, "Seen.trigger": "trigger Seen on Now__e (after insert) { insert new Case(); }"}
    passes(
        tmp_path / "a",
        "Test.startTest();" + undone.format("Ping__e") + "Assert.areEqual(0, [SELECT COUNT() FROM Case]);",
        HEARD,
    )
    passes(
        tmp_path / "b",
        "Test.startTest();" + undone.format("Now__e") + "Assert.areEqual(1, [SELECT COUNT() FROM Case]);",
        now,
    )
    passes(tmp_path / "c", "Assert.isFalse(EventBus.publish(new Now__e()).isSuccess());", now)
    passes(
        tmp_path / "d",
        "EventBus.publish(new Now__e(Text__c = 'x')); Assert.areEqual(0, Limits.getDmlStatements());",
        now,
    )


def test_delivering_by_hand_needs_no_stop(tmp_path: Path) -> None:
    body = "EventBus.publish(new Ping__e(Text__c = 'x')); Test.getEventBus().deliver(); Assert.areEqual(1, [SELECT COUNT() FROM Case]);"
    passes(tmp_path, body, HEARD)
