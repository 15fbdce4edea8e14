"""SOQL parsed: one SELECT over one object, with a WHERE of any depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.salesforce.errors import refuse
from sandbox.salesforce.soql_dates import COUNTED, DAYS
from sandbox.salesforce.soql_tokens import Token, cut, unexpected

DEEPEST = 100
COMPARISONS = frozenset({"=", "!=", "<>", "<", "<=", ">", ">="})


@dataclass(frozen=True)
class Comparison:
    field: Token
    operator: str
    values: tuple[Token, ...]


@dataclass(frozen=True)
class Junction:
    """AND or OR of its parts."""

    word: str
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Negation:
    part: Condition


Condition = Comparison | Junction | Negation


@dataclass(frozen=True)
class Order:
    field: Token
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Select:
    text: str
    fields: tuple[Token, ...]
    count: Token | None
    object_name: Token
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int
    mode: str = ""
    all_rows: bool = False


def parse(query: str, binds: Mapping[str, object] | None = None) -> Select:
    """With `binds` (lower-case names) the query is one of Apex: it may have :variables and end with ALL ROWS."""
    return _Parser(query, binds).select()


class _Parser:
    def __init__(self, query: str, binds: Mapping[str, object] | None) -> None:
        self.query = query
        self.binds = binds
        self.tokens = cut(query)
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def select(self) -> Select:
        self.need("SELECT")
        count = self.count()
        fields = () if count else self.fields()
        self.need("FROM")
        name = self.of_kind("name")
        where = self.either() if self.took("WHERE") else None
        mode = self.one_of("SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE") if self.took("WITH") else ""
        order = self.orders() if self.took("ORDER") else ()
        limit = self.whole() if self.took("LIMIT") else None
        offset = self.whole() if self.took("OFFSET") else 0
        if self.took("FOR"):
            self.one_of("VIEW", "REFERENCE", "UPDATE")
        all_rows = self.binds is not None and self.took("ALL") and self.one_of("ROWS") != ""
        self.of_kind("end")
        return Select(self.query, fields, count, name, where, order, limit, offset, mode, all_rows)

    def count(self) -> Token | None:
        """COUNT() alone, or COUNT(field): the token that names what is counted."""
        if self.next.word() != "COUNT" or self.tokens[self.place + 1].text != "(":
            return None
        self.place += 2
        counted = self.next if self.next.text == ")" else self.of_kind("name")
        self.need(")")
        return counted

    def fields(self) -> tuple[Token, ...]:
        found = [self.of_kind("name")]
        while self.took(","):
            found.append(self.of_kind("name"))
        return tuple(found)

    def either(self) -> Condition:
        """Parts joined by one word: the vendor takes no mixture of AND and OR without brackets."""
        parts, word = [self.condition()], self.next.word()
        while word in {"AND", "OR"} and self.took(word):
            parts.append(self.condition())
        if self.next.word() in {"AND", "OR"}:
            raise unexpected(self.query, self.next)
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def condition(self) -> Condition:
        if self.took("NOT"):
            return Negation(self.deeper(self.condition))
        if self.took("("):
            return self.bracketed()
        return self.comparison()

    def bracketed(self) -> Condition:
        inner = self.deeper(self.either)
        self.need(")")
        return inner

    def deeper(self, part: Callable[[], Condition]) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise refuse(
                "QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or the filter is too complex"
            )
        found = part()
        self.depth -= 1
        return found

    def comparison(self) -> Comparison:
        field, sign = self.of_kind("name"), self.next
        self.place += 1
        if sign.text in COMPARISONS:
            return Comparison(field, "!=" if sign.text == "<>" else sign.text, (self.value(),))
        if sign.word() == "LIKE":
            return Comparison(field, "LIKE", (self.bound() or self.of_kind("string"),))
        if sign.word() == "NOT" and self.took("IN"):
            return Comparison(field, "NOT IN", self.values())
        if sign.word() == "IN":
            return Comparison(field, "IN", self.values())
        raise unexpected(self.query, sign)

    def bound(self) -> Token | None:
        """`:name`, where the query comes from Apex."""
        if self.binds is None or not self.took(":"):
            return None
        name = self.of_kind("name")
        if name.text.lower() not in self.binds:
            raise refuse("MALFORMED_QUERY", f"Variable does not exist: {name.text}")
        return replace(name, kind="bind", value=self.binds[name.text.lower()])

    def values(self) -> tuple[Token, ...]:
        if bound := self.bound():
            return (bound,)
        self.need("(")
        found = [self.value()]
        while self.took(","):
            found.append(self.value())
        self.need(")")
        return tuple(found)

    def value(self) -> Token:
        if bound := self.bound():
            return bound
        token = self.next
        if token.word() in DAYS:
            return self.days()
        if token.kind not in {"string", "number", "datetime"} and token.word() not in {"TRUE", "FALSE", "NULL"}:
            raise unexpected(self.query, token)
        self.place += 1
        return token

    def days(self) -> Token:
        """TODAY, LAST_N_DAYS:3"""
        token = self.of_kind("name")
        number = ""
        if token.word() in COUNTED:
            self.need(":")
            number = f":{self.whole()}"
        return replace(token, kind="days", text=token.word() + number)

    def orders(self) -> tuple[Order, ...]:
        self.need("BY")
        found = [self.order()]
        while self.took(","):
            found.append(self.order())
        return tuple(found)

    def order(self) -> Order:
        field = self.of_kind("name")
        descending = self.took("DESC") or (self.took("ASC") and False)
        nulls_last = descending
        if self.took("NULLS"):
            nulls_last = self.one_of("FIRST", "LAST") == "LAST"
        return Order(field, descending, nulls_last)

    def took(self, word: str) -> bool:
        if self.next.word() != word:
            return False
        self.place += 1
        return True

    def need(self, word: str) -> None:
        if not self.took(word):
            raise unexpected(self.query, self.next)

    def one_of(self, *words: str) -> str:
        for word in words:
            if self.took(word):
                return word
        raise unexpected(self.query, self.next)

    def whole(self) -> int:
        bound = self.bound()
        if bound is not None and isinstance(bound.value, int):
            return bound.value
        token = self.of_kind("number")
        if not token.text.isdigit():
            raise unexpected(self.query, token)
        return int(token.text)

    def of_kind(self, kind: str) -> Token:
        token = self.next
        if token.kind != kind:
            raise unexpected(self.query, token)
        self.place += 1
        return token
