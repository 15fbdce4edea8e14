"""SOQL and DML inside Apex."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path

import pytest

from tests.apex_runtime.packages import breaks, passes, results_of, throws

QUERIES = {
    "binds": """
        Case c = new Case(Subject = 'x'); insert new List<Case>{ c, new Case(Subject = 'y') };
        Set<Id> ids = new Set<Id>{ c.Id }; String s = 'X';
        Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE Id IN :ids]);
        Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE Id NOT IN :new List<Case>{ c }]);
        Assert.areEqual(c.Id, [SELECT Id FROM Case WHERE Subject = :s.toLowerCase() LIMIT :ids.size()].Id);
        Assert.areEqual(0, [SELECT COUNT() FROM Case WHERE Id IN :new Set<Id>()]);
        Assert.areEqual(2, [SELECT COUNT() FROM Case WHERE Id NOT IN :new Set<Id>()]);
        Assert.areEqual(2, [SELECT COUNT() FROM Case WHERE Subject LIKE :'%' AND CreatedDate <= :Datetime.now().addDays(1)]);""",
    "date literals": """
        Case c = new Case(); insert c; Test.setCreatedDate(c.Id, Datetime.now().addDays(-2)); insert new Case();
        Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE CreatedDate = TODAY]);
        Assert.areEqual(2, [SELECT COUNT() FROM Case WHERE CreatedDate = LAST_N_DAYS:3]);
        Assert.areEqual(1, [SELECT COUNT() FROM Case WHERE CreatedDate < YESTERDAY AND CreatedDate != TODAY]);
        Assert.areEqual(0, [SELECT COUNT() FROM Case WHERE CreatedDate >= TOMORROW OR ClosedDate > TODAY]);""",
    "order and limit": """
        insert new List<Case>{ new Case(Subject = 'b'), new Case(Subject = 'a'), new Case(Subject = 'c') };
        List<Case> l = [SELECT Subject FROM Case ORDER BY Subject DESC LIMIT 2]; Assert.areEqual('c', l[0].Subject); Assert.areEqual(2, l.size());""",
    "relationships": """
        Contact p = new Contact(LastName = 'Bo', Email = 'bo@example.com'); insert p; insert new Case(ContactId = p.Id);
        Case c = [SELECT Owner.Name, Owner.Type, Contact.Email FROM Case];
        Assert.areEqual('User', c.Owner.Type); Assert.areEqual('bo@example.com', c.Contact.Email); Assert.areEqual(UserInfo.getName(), c.Owner.Name);""",
    "deleted rows only with ALL ROWS": """
        Case c = new Case(); insert c; delete c; Assert.areEqual(0, [SELECT COUNT() FROM Case]);
        Assert.isTrue([SELECT IsDeleted FROM Case WHERE Id = :c.Id ALL ROWS].IsDeleted);""",
    "dynamic": """
        insert new Case(Subject = 'x'); String s = 'x'; String text = 'SELECT Id FROM Case WHERE Subject = :s';
        Assert.areEqual(1, Database.query(text).size());
        Assert.areEqual(1, Database.countQuery('SELECT COUNT() FROM Case WHERE Subject = :s'));
        Assert.areEqual(0, Database.queryWithBinds('SELECT Id FROM Case WHERE Subject = :t', new Map<String, Object>{ 't' => 'q' }, AccessLevel.USER_MODE).size());""",
    "in chunks of 200": """
        List<Case> all = new List<Case>(); for (Integer i = 0; i < 250; i++) { all.add(new Case()); } insert all;
        List<Integer> sizes = new List<Integer>(); for (List<Case> some : [SELECT Id FROM Case]) { sizes.add(some.size()); }
        Assert.areEqual(new List<Integer>{ 200, 50 }, sizes);""",
    "an upsert": """
        Case c = new Case(ChatTicket__c = 'k', Subject = 'a'); upsert c ChatTicket__c;
        upsert new Case(ChatTicket__c = 'k', Subject = 'b') ChatTicket__c; Assert.areEqual('b', [SELECT Subject FROM Case].Subject);""",
    "delete, undelete, merge": """
        Case a = new Case(), b = new Case(); insert new List<Case>{ a, b }; delete a; undelete a;
        merge a b; Assert.areEqual(a.Id, [SELECT MasterRecordId FROM Case WHERE Id = :b.Id ALL ROWS].MasterRecordId);""",
    "partial success": """
        List<Database.SaveResult> r = Database.insert(new List<Case>{ new Case(Subject = 'x'.repeat(300)), new Case() }, false);
        Assert.isFalse(r[0].isSuccess()); Assert.areEqual('STRING_TOO_LONG', r[0].getErrors()[0].getStatusCode().name());
        Assert.isTrue(r[1].isSuccess()); Assert.areEqual(1, [SELECT COUNT() FROM Case]);""",
    "all or none": """
        try { insert new List<Case>{ new Case(), new Case(Subject = 'x'.repeat(300)) }; Assert.fail(); }
        catch (DmlException e) { Assert.areEqual(1, e.getDmlIndex(0)); Assert.isTrue(e.getMessage().startsWith(
        'Insert failed. First exception on row 1; first error: STRING_TOO_LONG, ')); }
        Assert.areEqual(0, [SELECT COUNT() FROM Case]);""",
    "savepoints": """
        insert new Case(); Savepoint p = Database.setSavepoint(); insert new Case(); Database.rollback(p);
        Assert.areEqual(1, [SELECT COUNT() FROM Case]);""",
    "a savepoint takes jobs back": """
        Test.startTest(); Savepoint p = Database.setSavepoint(); System.enqueueJob(new J()); Database.rollback(p);
        Assert.areEqual(0, [SELECT COUNT() FROM AsyncApexJob]); Test.stopTest();
        --- class J implements Queueable { public void execute(QueueableContext c) { Assert.fail('it ran'); } }""",
    "times are stamped": """
        Case c = new Case(); insert c; Datetime before = [SELECT SystemModstamp FROM Case].SystemModstamp;
        Test.startTest(); System.enqueueJob(new J()); Test.stopTest();
        Assert.isTrue([SELECT SystemModstamp FROM Case].SystemModstamp > before);
        --- class J implements Queueable { public void execute(QueueableContext q) { Case c = [SELECT Id FROM Case]; c.Subject = 'x'; update c; } }""",
}
THROWS = {
    "insert new Case(Id = null, ContactId = UserInfo.getUserId());": "System.DmlException: Insert failed. First exception on row 0; first error: MALFORMED_ID",
    "update new Case();": "System.DmlException: Update failed. First exception on row 0; first error: MISSING_ARGUMENT, Id not specified",
    "Case c; insert c;": "System.NullPointerException",
    "Case c = new Case(); insert c; insert c;": "System.DmlException: Insert failed. First exception on row 0 with id",
    "Case c = new Case(); insert c; delete c; update c;": "System.DmlException: Update failed. First exception on row 0 with id",
    "Database.query('SELECT Foo FROM Case');": "System.QueryException: ",
    "Database.query('SELECT FROM');": "System.QueryException: ",
    "Savepoint a = Database.setSavepoint(); Savepoint b = Database.setSavepoint(); Database.rollback(a); Database.rollback(b);": "System.TypeException",
    "insert new Case(); insert new User(LastName = 'x');": "System.DmlException: MIXED_DML_OPERATION",
}
AGENT = "User u = [SELECT Id FROM User WHERE Username LIKE 'maria%']; "


@pytest.mark.parametrize("body", QUERIES.values(), ids=QUERIES)
def test_records(tmp_path: Path, body: str) -> None:
    passes(tmp_path, body)


@pytest.mark.parametrize(("body", "message"), THROWS.items())
def test_what_cannot_be_saved_throws(tmp_path: Path, body: str, message: str) -> None:
    assert throws(tmp_path, body).startswith(message)


LIMITS = {
    "for (Integer i = 0; i < 101; i++) { Integer n = [SELECT COUNT() FROM Case]; }": "Too many SOQL queries: 101",
    "for (Integer i = 0; i < 151; i++) { insert new Case(); }": "Too many DML statements: 151",
    "List<Case> l = new List<Case>(); for (Integer i = 0; i < 10001; i++) { l.add(new Case()); } insert l;": "Too many DML rows: 10001",
    "for (Integer i = 0; i < 51; i++) { f(); } --- @future static void f() { }": "Too many future calls: 51",
    "for (Integer i = 0; i < 51; i++) { System.enqueueJob(new J()); } --- class J implements Queueable { public void execute(QueueableContext c) { } }": "Too many queueable jobs added to the queue: 51",
}


@pytest.mark.parametrize(("body", "message"), LIMITS.items())
def test_nobody_can_catch_a_limit(tmp_path: Path, body: str, message: str) -> None:
    statements, dashes, members = body.partition("---")
    caught = f"try {{ {statements} }} catch (Exception e) {{ }} {dashes} {members}"
    assert throws(tmp_path, caught) == f"System.LimitException: {message}"


def test_nor_one_that_a_trigger_runs_into(tmp_path: Path) -> None:
    greedy = {"Greedy.trigger": "trigger Greedy on Case (after insert) { while (true) { } }"}
    body = "try { insert new Case(); } catch (Exception e) { }"
    assert throws(tmp_path, body, greedy) == "System.LimitException: Apex CPU time limit exceeded"


def test_a_test_has_limits_of_its_own_between_start_and_stop(tmp_path: Path) -> None:
    passes(
        tmp_path,
        """for (Integer i = 0; i < 99; i++) { insert new Case(); } Test.startTest(); Assert.areEqual(0, Limits.getDmlStatements());
        for (Integer i = 0; i < 99; i++) { insert new Case(); } Test.stopTest();
        Assert.areEqual(99, Limits.getDmlStatements()); Assert.areEqual(150, Limits.getLimitDmlStatements());""",
    )


def test_each_method_starts_from_what_the_setup_left(tmp_path: Path) -> None:
    code = """@IsTest private class T {
        @TestSetup static void setup() { insert new Case(Subject = 'kept'); }
        @IsTest static void one() { insert new Case(); Assert.areEqual(2, [SELECT COUNT() FROM Case]); }
        @IsTest static void two() { insert new Case(); Assert.areEqual(2, [SELECT COUNT() FROM Case]); }
    }"""
    assert {result.outcome for result in results_of(tmp_path, {"T.cls": code}).values()} == {"pass"}


FIELD = {
    "objects/Case/fields/Secret__c.field-meta.xml": """
        <CustomField><fullName>Secret__c</fullName><type>Text</type><length>20</length></CustomField>""",
    "permissionsets/Secrets.permissionset-meta.xml": """
        <PermissionSet><label>Secrets</label>
        <fieldPermissions><field>Case.Secret__c</field><readable>true</readable><editable>false</editable></fieldPermissions>
        </PermissionSet>""",
}
GIVE = "insert new PermissionSetAssignment(AssigneeId = u.Id, PermissionSetId = [SELECT Id FROM PermissionSet WHERE Name = 'Secrets'].Id); "


def test_from_67_on_a_class_sees_what_its_user_sees(tmp_path: Path) -> None:
    read = "System.runAs(u) { List<Case> l = [SELECT Secret__c FROM Case]; }"
    assert throws(tmp_path / "a", AGENT + read, FIELD).startswith("System.QueryException: No such column 'Secret__c'")
    passes(tmp_path / "b", AGENT + GIVE + read, FIELD)
    passes(tmp_path / "c", AGENT + read, FIELD, version="66.0")
    where = "System.runAs(u) { Integer n = [SELECT COUNT() FROM Case WHERE NOT (Id = null OR Secret__c = null)]; }"
    assert "No such column 'Secret__c'" in throws(tmp_path / "e", AGENT + where, FIELD)
    passes(tmp_path / "d", AGENT + read.replace("FROM Case", "FROM Case WITH SYSTEM_MODE"), FIELD)


def test_and_changes_what_its_user_may_change(tmp_path: Path) -> None:
    write = "System.runAs(u) { insert new Case(Secret__c = 'x'); }"
    assert "fields being inaccessible on Sobject Case" in throws(tmp_path / "a", AGENT + GIVE + write, FIELD)
    passes(tmp_path / "b", AGENT + GIVE + write.replace("insert", "insert as system"), FIELD)


def test_a_profile_of_minimum_access_opens_no_cases(tmp_path: Path) -> None:
    body = """
        User u = new User(LastName = 'Low', Username = 'low@example.com', Email = 'low@example.com', Alias = 'low',
            ProfileId = [SELECT Id FROM Profile WHERE Name = 'Minimum Access - Salesforce'].Id); insert u;
        System.runAs(u) { Integer n = [SELECT COUNT() FROM Case]; }"""
    assert throws(tmp_path, body) == "System.QueryException: sObject type 'Case' is not supported."


def test_aggregates_are_not_modelled_and_say_so(tmp_path: Path) -> None:
    assert "T.cls:1: the type AggregateResult is neither" in breaks(
        tmp_path, "for (AggregateResult r : [SELECT Status, COUNT(Id) FROM Case GROUP BY Status]) { }"
    )
    assert "T.cls:1: not modelled: this SOQL" in breaks(
        tmp_path, "Object o = [SELECT Status, COUNT(Id) FROM Case GROUP BY Status];"
    )
