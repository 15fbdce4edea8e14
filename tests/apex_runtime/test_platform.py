"""Platform classes: texts, dates, collections, JSON, crypto."""

# ruff: noqa: E501 - Apex stands as its authors would write it

from pathlib import Path

import pytest

from tests.apex_runtime.packages import passes, throws

TRUE = {
    "String": """
        Assert.isTrue(String.isBlank(' ')); Assert.isFalse(String.isEmpty(' ')); Assert.areEqual('b', 'abc'.mid(1, 1));
        Assert.areEqual(new List<String>{ 'a', 'b' }, 'a,b,,'.split(','));
        Assert.areEqual('a-b', String.join(new List<String>{ 'a', 'b' }, '-'));
        Assert.areEqual('x1', 'x' + String.valueOf(1)); Assert.areEqual('ab...', 'abcdefgh'.abbreviate(5));
        Assert.areEqual('b', 'a/b'.substringAfter('/')); Assert.areEqual('1.2', '1.2.3'.substringBeforeLast('.'));
        Assert.areEqual('a b', String.format('{0} {1}', new List<Object>{ 'a', 'b' }));
        Assert.areEqual('axc', 'abc'.replaceAll('[b]', 'x')); Assert.areEqual(96354, 'abc'.hashCode());""",
    "texts by Java's regular expressions": """
        Assert.areEqual(new List<String>{ 'a', 'b' }, 'a1b'.split('([0-9])')); Assert.areEqual(0, ','.split(',').size());
        Assert.areEqual(new List<String>{ 'a', 'b,c' }, 'a,b,c'.split(',', 2)); Assert.areEqual(4, 'a,b,,'.split(',', -1).size());
        Assert.areEqual(new List<String>{ 'a', 'b' }, 'ab'.split('')); Assert.areEqual(new List<String>{ '' }, ''.split(','));
        Assert.areEqual('[a][b]', 'ab'.replaceAll('[a-z]', '[$0]')); Assert.areEqual('ba$', 'ab'.replaceAll('(a)(b)', '$2$1\\\\$'));""",
    "texts are counted in UTF-16": """
        String s = '\U0001f600a'; Assert.areEqual(3, s.length()); Assert.areEqual('a', s.substring(2)); Assert.areEqual(2, s.indexOf('a'));
        Assert.areEqual('\U0001f600', s.left(2)); Assert.areEqual('a', s.right(1)); Assert.areEqual(7, s.repeat(3).abbreviate(7).length());""",
    "padding with several letters": "Assert.areEqual('ababx', 'x'.leftPad(5, 'ab')); Assert.areEqual('xab', 'x'.rightPad(3, 'ab'));",
    "numbers in texts": """
        for (String no : new List<String>{ '1_000', '1.5', 'x', '' }) { try { Integer.valueOf(no); Assert.fail(no); } catch (TypeException e) { } }
        for (String no : new List<String>{ 'nan', '1_0', 'inf' }) { try { Decimal.valueOf(no); Assert.fail(no); } catch (TypeException e) { } }
        Assert.areEqual(5, Integer.valueOf('+5')); Assert.areEqual(1500, Decimal.valueOf('1.5e3'));""",
    "rounding goes to the even neighbour": """
        Assert.areEqual(2, (2.5).round()); Assert.areEqual(4, (3.5).round()); Assert.areEqual(2, Math.round(2.5));""",
    "large remainders": "Assert.areEqual(3L, Math.mod(9007199254740993L, 10L)); Assert.areEqual(-3, Math.mod(-13, 10));",
    "a Date as text": """
        Date d = Date.newInstance(2024, 1, 31); Assert.areEqual('2024-01-31', String.valueOf(d)); Assert.areEqual('2024-01-31 00:00:00', '' + d);""",
    "days beyond a month run over": """
        Assert.areEqual(Date.newInstance(2024, 3, 1), Date.newInstance(2024, 2, 30)); Assert.areEqual(Date.newInstance(2025, 1, 1), Date.newInstance(2024, 13, 1));""",
    "numbers": """
        Assert.areEqual('1.50', String.valueOf(1.50)); Assert.areEqual(2, Math.round(1.5)); Assert.areEqual(8.0, Math.pow(2, 3));
        Assert.areEqual(1, (1.9).intValue()); Assert.areEqual(1.24, (1.235).setScale(2)); Assert.areEqual(5, Math.max(5, 3));""",
    "Datetime": """
        Datetime d = Datetime.newInstanceGmt(2026, 1, 31, 8, 5, 9);
        Assert.areEqual('2026-01-31T08:05:09.000Z', d.formatGmt('yyyy-MM-dd\\'T\\'HH:mm:ss.SSS\\'Z\\''));
        Assert.areEqual('2026-02-28', d.addMonths(1).formatGmt('yyyy-MM-dd'));
        Assert.areEqual(60000L, d.addMinutes(1).getTime() - d.getTime()); Assert.isTrue(d < d.addSeconds(1));
        Assert.areEqual('2026-01-31 08:05:09', String.valueOf(d)); Assert.areEqual(Date.newInstance(2026, 1, 31), d.dateGmt());""",
    "the clock is the org's": "Assert.areEqual(2026, Datetime.now().yearGmt()); --- ".replace("yearGmt", "year"),
    "Map": """
        Map<String, Integer> m = new Map<String, Integer>{ 'a' => 1 }; Assert.areEqual(1, m.put('a', 2));
        Assert.isTrue(m.containsKey('a')); Assert.isNull(m.get('b')); Assert.areEqual(new Set<String>{ 'a' }, m.keySet());
        Assert.areEqual(2, m.remove('a')); Assert.isTrue(m.isEmpty()); Assert.areEqual('{x=1}', String.valueOf(new Map<String, Integer>{ 'x' => 1 }));""",
    "a Map of records": """
        insert new List<Case>{ new Case(Subject = 'a'), new Case(Subject = 'b') };
        Map<Id, Case> m = new Map<Id, Case>([SELECT Subject FROM Case]); Assert.areEqual(2, m.size());
        for (Id i : m.keySet()) { Assert.areEqual(i, m.get(i).Id); }""",
    "Set": """
        Set<String> s = new Set<String>{ 'a' }; Assert.isFalse(s.add('a')); Assert.isTrue(s.add('A'));
        Assert.isTrue(s.containsAll(new List<String>{ 'a', 'A' })); s.removeAll(new Set<String>{ 'a' }); Assert.areEqual(1, s.size());""",
    "List": """
        List<Integer> l = new List<Integer>{ 3, 1 }; l.add(0, 9); l.sort(); Assert.areEqual(new List<Integer>{ 1, 3, 9 }, l);
        Assert.areEqual(1, l.indexOf(3)); l.remove(0); Assert.areEqual('(3, 9)', String.valueOf(l));""",
    "JSON.serialize": """
        Assert.areEqual('{"a":1,"b":null,"c":[true,"x\\\\"y"],"d":1.50}', JSON.serialize(new Map<String, Object>{ 'a' => 1,
        'b' => null, 'c' => new List<Object>{ true, 'x"y' }, 'd' => 1.50 }));
        Assert.areEqual('{"n":null,"s":"x"}', JSON.serialize(new P('x'))); Assert.areEqual('{"s":"x"}', JSON.serialize(new P('x'), true));
        --- class P { public Integer n; public String s; transient Integer t = 5; P(String s) { this.s = s; } }""",
    "JSON.deserialize": """
        P p = (P) JSON.deserialize('{"n":5,"inner":[{"n":6}],"when":"2026-01-05T08:00:00.000Z","extra":1}', P.class);
        Assert.areEqual(6, p.inner[0].n); Assert.areEqual(8, p.when.hour());
        List<P> l = (List<P>) JSON.deserialize('[{"n":1}]', List<P>.class); Assert.areEqual(1, l[0].n);
        --- class P { public Integer n; public List<P> inner; public Datetime when; }""".replace("when", "at"),
    "JSON.deserializeUntyped": """
        Map<String, Object> m = (Map<String, Object>) JSON.deserializeUntyped('{"a":{"b":[1,2.5,null]}}');
        List<Object> l = (List<Object>) ((Map<String, Object>) m.get('a')).get('b');
        Assert.isTrue(l[0] instanceof Integer); Assert.areEqual(2.5, (Decimal) l[1]); Assert.isNull(l[2]);""",
    "digests": """
        Assert.areEqual('6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a', EncodingUtil.convertToHex(
        Crypto.generateMac('hmacSHA256', Blob.valueOf('message'), Blob.valueOf('key'))));
        Assert.areEqual('a b', EncodingUtil.base64Decode(EncodingUtil.base64Encode(Blob.valueOf('a b'))).toString());
        Assert.areEqual('a+%26', EncodingUtil.urlEncode('a &', 'UTF-8'));""",
    "Type": "Assert.areEqual(5, ((N) Type.forName('T.N').newInstance()).n); --- class N { Integer n = 5; }",
    "describe": """
        Assert.areEqual('Case', Case.SObjectType.getDescribe().getName()); Assert.areEqual(Case.SObjectType, Case.getSObjectType()); Assert.areEqual('500', Schema.SObjectType.Case.getKeyPrefix());
        Assert.areEqual('Subject', Case.Subject.getDescribe().getName()); Assert.isNotNull(Schema.getGlobalDescribe().get('case')); Assert.areEqual(Case.Subject, Case.SObjectType.getDescribe().fields.getMap().get('subject'));""",
    "fields by name": """
        SObject s = Case.SObjectType.newSObject(); s.put('subject', 'x'); Assert.areEqual('x', s.get(Case.Subject));
        Assert.isTrue(s.isSet('Subject')); Assert.areEqual(1, s.getPopulatedFieldsAsMap().size());""",
    "who runs": "Assert.isTrue(UserInfo.getUserName().startsWith('admin@')); Assert.areEqual(18, UserInfo.getOrganizationId().length());",
    "how it runs": "Assert.areEqual(Quiddity.RUNTEST_SYNC, Request.getCurrent().getQuiddity()); Assert.isFalse(System.isFuture());",
}
THROWS = {
    "JSON.deserializeUntyped('{\"a\":}');": "System.JSONException: Unexpected character",
    'JSON.deserialize(\'{"n":"x"}\', P.class); --- class P { Integer n; }': "System.JSONException: Illegal value for integer",
    "JSON.deserializeStrict('{\"x\":1}', P.class); --- class P { Integer n; }": "System.JSONException: No such column 'x'",
    "new Map<Id, Case>(new List<Case>{ new Case() });": "System.ListException: Row with null Id at index: 0",
    "Case c = new Case(); insert c; new Map<Id, Case>(new List<Case>{ c, c });": "System.ListException: Row with duplicate Id at index: 1",
    "Case c = new Case(); insert c; Database.update(new List<Case>{ c, c.clone(true) }, false);": "System.ListException: Duplicate id in list: 500",
    "Case c = new Case(); insert new List<Case>{ c, c };": "System.ListException: Before Insert or Upsert list must not have two",
    "'abcdef'.abbreviate(3);": "System.StringException: Minimum abbreviation width is 4",
    "'a'.replaceAll('a', '$1');": "System.StringException: Illegal group reference",
    "new Case().get('Foo__c');": "System.SObjectException: Invalid field Foo__c for Case",
    "insert new Case(); String s = [SELECT Id FROM Case].Subject;": "System.SObjectException: SObject row was retrieved via"
    " SOQL without querying the requested field: Case.Subject",
    "'abc'.substring(2, 9);": "System.StringException: Ending position out of bounds: 9",
}


@pytest.mark.parametrize("body", TRUE.values(), ids=TRUE)
def test_the_platform(tmp_path: Path, body: str) -> None:
    passes(tmp_path, body)


@pytest.mark.parametrize(("body", "message"), THROWS.items())
def test_what_the_platform_throws(tmp_path: Path, body: str, message: str) -> None:
    assert throws(tmp_path, body).startswith(message)
