"""Expressions, statements, classes."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path

import pytest

from tests.apex_runtime.packages import breaks, passes, throws

TRUE = {
    "integers divide towards zero": "Assert.areEqual(-2, -7 / 3); Assert.areEqual(-1, Math.mod(-7, 3));",
    "integers run over": "Integer i = 2147483647; i++; Assert.areEqual(-2147483648, i);",
    "a Long does not": "Long l = 2147483647; l++; Assert.areEqual(2147483648L, l);",
    "decimals are exact": "Assert.areEqual(0.3, 0.1 + 0.2);",
    "shifts and bits": "Assert.areEqual(20, 5 << 2); Assert.areEqual(1, 5 & 3); Assert.areEqual(2147483647, -1 >>> 1);",
    "text and numbers join": "Assert.areEqual('a1null', 'a' + 1 + null);",
    "== ignores case": "Assert.isTrue('Ab' == 'aB'); Assert.isFalse('Ab'.equals('aB'));",
    "=== does not": "Assert.isFalse('Ab' === 'aB'); Assert.isTrue('Ab' === 'Ab');",
    "map keys and sets do not": "Assert.isFalse(new Set<String>{ 'a' }.contains('A'));",
    "names know no case": "INTEGER Abc = 5; abc += ABC; ASSERT.AREEQUAL(10, aBC);",
    "text compares without case": "Assert.isTrue('a' < 'B'); Assert.isTrue('b' > 'A');",
    "a ternary": "Integer i = 1 > 2 ? 3 : 4; Assert.areEqual(4, i);",
    "?? takes the other": "String s; Assert.areEqual('x', s ?? 'x'); Assert.areEqual('y', 'y' ?? 'x');",
    "?. skips the whole chain": "Case c; Assert.isNull(c?.Subject.toLowerCase().length());",
    "a parent that is not there is null": """
        insert new Case(); Assert.isNull([SELECT Contact.Email FROM Case].Contact.Email);""",
    "for, while, do": """
        Integer n = 0;
        for (Integer i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; n += i; }
        while (n < 10) n++;
        do { n++; } while (false);
        Assert.areEqual(11, n);""",
    "for over a set and a list": """
        Integer n = 0;
        for (Integer i : new Set<Integer>{ 1, 2, 2 }) n += i;
        for (Integer i : new List<Integer>{ 1, 2, 2 }) { n += i; }
        Assert.areEqual(8, n);""",
    "a switch over text is exact": """
        String found; switch on 'a' { when 'A' { found = 'big'; } when 'a', 'b' { found = 'small'; }
        when else { found = 'none'; } } Assert.areEqual('small', found);""",
    "a switch over objects": """
        SObject s = new Case(Subject = 'x'); String found;
        switch on s { when Account a { found = 'account'; } when Case c { found = c.Subject; } when null { } }
        Assert.areEqual('x', found);""",
    "a switch over an enum": """
        switch on T.Colour.GREEN { when RED { Assert.fail(); } when GREEN { return; } } Assert.fail();
        --- enum Colour { RED, GREEN }""",
    "enums": """
        Assert.areEqual(1, Colour.GREEN.ordinal()); Assert.areEqual('RED', Colour.RED.name());
        Assert.areEqual(Colour.GREEN, Colour.valueOf('green')); Assert.areEqual(2, Colour.values().size());
        --- enum Colour { RED, GREEN }""",
    "try, catch, finally in order": """
        String log = '';
        try { try { throw new DmlException('x'); } catch (QueryException e) { log += 'q'; } finally { log += 'f'; } }
        catch (Exception e) { log += e.getTypeName() + e.getMessage(); }
        Assert.areEqual('fSystem.DmlExceptionx', log);""",
    "exceptions of one's own": """
        try { throw new Mine('a', new DmlException('b')); }
        catch (Mine e) { Assert.areEqual('b', e.getCause().getMessage()); Assert.areEqual(3, e.code); return; }
        Assert.fail(); --- class Mine extends Exception { Integer code = 3; }""",
    "an exception knows its line": """
        try { Case c; c.Subject = 'x'; } catch (NullPointerException e) {
        Assert.areEqual(1, e.getLineNumber() - 1); Assert.isTrue(e.getStackTraceString().contains('Class.T.it')); }""",
    "virtual methods and super": """
        Assert.areEqual('dog animal', new Dog().say());
        --- virtual class Animal { public virtual String say() { return 'animal'; } }
        class Dog extends Animal { public override String say() { return 'dog ' + super.say(); } }""",
    "constructors call each other": """
        Assert.areEqual('5/x', new B(5).s);
        --- virtual class A { public String s; A(Integer i, String t) { s = i + '/' + t; } }
        class B extends A { B(Integer i) { this(i, 'x'); } B(Integer i, String t) { super(i, t); } }""",
    "fields have their values before the constructor": """
        Assert.areEqual(7, new A().n); --- class A { Integer n = 5; A() { n += 2; } }""",
    "overloads by the type that a null is given": """
        String s; Assert.areEqual('text', f(s)); Assert.areEqual('list', f((List<String>) null));
        --- static String f(Boolean x) { return 'flag'; } static String f(List<String> x) { return 'list'; }
        static String f(String x) { return 'text'; }""",
    "constructors by the type that a null is given": """
        Assert.areEqual('text', new P((String) null).what); --- class P { String what; P(Case c) { what = 'case'; }
        P(String s) { what = 'text'; } }""",
    "overloads by type": """
        Assert.areEqual('id', f(UserInfo.getUserId() == null ? null : Id.valueOf(UserInfo.getUserId())));
        Assert.areEqual('text', f('a')); Assert.areEqual('list', f(new List<String>())); Assert.areEqual('int', f(1));
        --- static String f(Id x) { return 'id'; } static String f(String x) { return 'text'; }
        static String f(List<String> x) { return 'list'; } static String f(Integer x) { return 'int'; }""",
    "properties": """
        P p = new P(); p.twice = 4; Assert.areEqual(8, p.twice); Assert.areEqual(1, P.lazy); Assert.areEqual(1, P.lazy);
        --- class P { Integer half; public Integer twice { get { return half * 2; } set { half = value; } }
        }  static Integer calls = 0; """.replace(" Assert.areEqual(1, P.lazy); Assert.areEqual(1, P.lazy);", ""),
    "lazy static properties": """
        Assert.areEqual(1, lazy); Assert.areEqual(1, lazy);
        --- static Integer calls = 0;
        static Integer lazy { get { if (lazy == null) { calls++; lazy = calls; } return lazy; } set; }""",
    "static blocks run once": "Assert.areEqual(6, n); --- static Integer n = 5; static { n++; }",
    "interfaces": """
        Shape s = new Square(); Assert.isTrue(s instanceof Square); Assert.areEqual(4, s.sides());
        --- interface Shape { Integer sides(); } class Square implements Shape { public Integer sides() { return 4; } }""",
    "instanceof knows null": "Object o; Assert.isFalse(o instanceof String); o = 'x'; Assert.isTrue(o instanceof String);",
    "casts": "Object o = 5; Integer i = (Integer) o; Decimal d = 1.9; Assert.areEqual(1, (Integer) d); Assert.areEqual(5, i);",
    "empty braces": "Assert.areEqual(0, new List<Case>{}.size() + new Set<Id>{}.size() + new Map<Id, Case>{}.size());",
    "deep recursion": """
        Assert.areEqual(900, depth(900));
        --- static Integer depth(Integer n) { if (n > 0) { for (Integer i : new List<Integer>{ n }) { try { return 1 + (depth(n - 1)); }
        finally { n = 0; } } } return 0; }""",
    "arrays": "Integer[] a = new Integer[2]; a[1] = 5; Assert.areEqual(5, a[1]); Assert.isNull(a[0]);",
    "sorting by compareTo": """
        List<N> l = new List<N>{ new N(3), new N(1) }; l.sort(); Assert.areEqual(1, l[0].n);
        --- class N implements Comparable { Integer n; N(Integer n) { this.n = n; }
        public Integer compareTo(Object o) { return n - ((N) o).n; } }""",
    "ids of both lengths are equal": """
        Case c = new Case(); insert c; String short = String.valueOf(c.Id).left(15);
        Assert.isTrue(c.Id == short); Assert.areEqual(c.Id, Id.valueOf(short));
        Assert.isTrue(new Set<Id>{ c.Id }.contains(short)); Assert.areEqual(Case.SObjectType, c.Id.getSobjectType());""",
    "records are equal by their fields": "Assert.areEqual(new Case(Subject = 'x'), new Case(subject = 'x'));",
    "lists are equal by their items": "Assert.areEqual(new List<Integer>{ 1 }, new List<Integer>{ 1 });",
    "only == ignores case": """
        Assert.areNotEqual('X', 'x'); System.assertNotEquals('X', 'x'); Object x = 'x'; Assert.isFalse(x.equals('X'));
        Assert.isFalse(new List<String>{ 'a' }.contains('A')); Assert.areEqual(-1, new List<String>{ 'a' }.indexOf('A'));
        Assert.isFalse(new List<String>{ 'a' } == new List<String>{ 'A' });""",
    "a Set is not changed while a loop goes over it": """
        Set<Integer> s = new Set<Integer>{ 1, 2 }; Map<String, Integer> m = new Map<String, Integer>{ 'a' => 1 };
        try { for (Integer i : s) { s.add(9); } Assert.fail(); } catch (FinalException e) { }
        try { for (String k : m.keySet()) { m.remove(k); } Assert.fail(); } catch (FinalException e) { }
        for (Integer i : s) { s.add(9); }""",
}
THROWS = {
    "Case c; String s = c.Subject;": "System.NullPointerException: Attempt to de-reference a null object",
    "String s; s.length();": "System.NullPointerException: Attempt to de-reference a null object",
    "Integer i; i++;": "System.NullPointerException: Attempt to de-reference a null object",
    "Boolean b; if (b) { }": "System.NullPointerException: Attempt to de-reference a null object",
    "'x'.contains(null);": "System.NullPointerException: Attempt to de-reference a null object",
    "Integer i = 1 / 0;": "System.MathException: Divide by 0",
    "new List<Integer>()[0]++;": "System.ListException: List index out of bounds: 0",
    "Id i = 'abc';": "System.StringException: Invalid id: abc",
    "Object o = 'x'; Integer i = (Integer) o;": "System.TypeException: Invalid conversion from runtime type String to Integer",
    "Integer.valueOf('x');": "System.TypeException: Invalid integer: x",
    "Case c = [SELECT Id FROM Case];": "System.QueryException: List has no rows for assignment to SObject",
    "Assert.areEqual(1, 2, 'why');": "System.AssertException: Assertion Failed: why: Expected: 1, Actual: 2",
    "System.assert(false);": "System.AssertException: Assertion Failed",
    "try { Assert.fail('x'); } catch (Exception e) { }": "System.AssertException: Assertion Failed: x",
    "recurse(); --- static void recurse() { recurse(); }": "System.LimitException: Maximum stack depth reached: 1001",
    "while (true) { }": "System.LimitException: Apex CPU time limit exceeded",
}
BREAKS = {
    "nothing.here();": "not modelled: nothing",
    "Integer i = missing;": "Variable does not exist: missing",
    "Integer i = 'x';": "Illegal assignment from String to Integer",
    "String s = 5;": "Illegal assignment from Integer to String",
    "new Case(Foo__c = 1);": "Field does not exist: Foo__c",
    "Case c = new Case(); c.IsClosed = true;": "Field is not writeable: Case.IsClosed",
    "Integer i = 0; Integer I = 1;": "Duplicate variable: I",
    "P p = new P(); p.n = 5; --- class P { Integer n { get { return 1; } } }": "Variable is not writable: n",
    "List<Integer> l = new List<Integer>{ 1 }; for (Integer i : l) { l.add(2); }": "a List that is changed while a loop goes over it",
    "final Integer I = 0; i = 1;": "Final variable has already been initialized: i",
    "new A().hidden(); --- ": "A is neither of the package nor modelled".replace("A is", "type A is"),
    "'x'.frobnicate();": "not modelled: String.frobnicate()",
    "System.frobnicate();": "not modelled: System.frobnicate()",
    "f(new List<String>()); --- static void f(String s) { }": "incorrect signature: f(List<String>)",
    "Integer i = 'x' - 1;": "'-' cannot be used on String and Integer",
    "Messaging.sendEmail(null);": "not modelled: Messaging",
    "Other.hidden();": "Method is not visible: Other.hidden()",
    "Other.field = 1;": "Variable is not visible: Other.field",
    "Integer i = new Heir().n;": "Variable is not visible: Heir.n",
    "new Heir().inherited();": "Method is not visible: Other.inherited()",
    "new Other().settled = 1;": "Variable is not visible: Other.settled",
    "Object o = new Other.Inner();": "Type is not visible: Other.Inner",
    "new Shape(); --- abstract class Shape { }": "Shape is abstract",
    "List<Case> l = [SELECT Id FROM Case WITH SECURITY_ENFORCED];": "WITH SECURITY_ENFORCED is not there any more",
    "List<Case> l = [SELECT Foo__c FROM Case];": "No such column 'Foo__c'",
    "List<Case> l = [SELECT Id, (SELECT Id FROM CaseComments) FROM Case];": "not modelled: this SOQL",
    "if (true { }": "unexpected syntax",
}
OTHER = {
    "Other.cls": """public virtual class Other { private static void hidden() { } private static Integer field;
        protected Integer n = 4; protected virtual Integer inherited() { return n; } public Integer settled { get; private set; }
        private class Inner { } @TestVisible private static Integer seen() { return 1; } }""",
    "Heir.cls": "public class Heir extends Other { public Integer ask() { n++; return inherited() + this.inherited(); } }",
}


@pytest.mark.parametrize("body", TRUE.values(), ids=TRUE)
def test_the_language(tmp_path: Path, body: str) -> None:
    passes(tmp_path, body)


def test_what_is_protected_is_for_heirs_and_what_is_marked_so_for_tests(tmp_path: Path) -> None:
    passes(tmp_path, "Assert.areEqual(10, new Heir().ask()); Assert.areEqual(1, Other.seen());", OTHER)


@pytest.mark.parametrize(("body", "message"), THROWS.items())
def test_what_goes_wrong_at_run_time_throws(tmp_path: Path, body: str, message: str) -> None:
    assert throws(tmp_path, body) == message


@pytest.mark.parametrize(("body", "message"), BREAKS.items())
def test_what_cannot_be_meant_or_is_not_modelled_is_named_with_its_place(
    tmp_path: Path, body: str, message: str
) -> None:
    said = breaks(tmp_path, body, OTHER)
    assert message in said
    assert "T.cls:1" in said


def test_a_tests_jobs_see_its_statics(tmp_path: Path) -> None:
    passes(
        tmp_path,
        """n = 5; Test.startTest(); System.enqueueJob(new J()); Test.stopTest(); Assert.areEqual(6, n);
        --- static Integer n = 0; class J implements Queueable { public void execute(QueueableContext c) { n++; } }""",
    )


def test_an_int_that_the_test_breaks_on_purpose_fails_it(tmp_path: Path) -> None:
    assert throws(tmp_path, "Assert.areEqual(1, 1 + 1);").endswith("Expected: 1, Actual: 2")
