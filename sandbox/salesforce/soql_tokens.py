"""SOQL cut into tokens, and the way its errors point at one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.errors import Refusal, refuse

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^'\\]|\\.)*')
      | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+\-\ ]\d\d:?\d\d))
      | (?P<number>[+-]?\d+(?:\.\d+)?(?![\w.-]))
      | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
      | (?P<sign><=|>=|!=|<>|[=<>(),:])
      | (?P<end>\Z)
      | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\", "_": "_", "%": "%"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    at: int
    value: object = None
    """What an Apex variable is bound to."""

    def word(self) -> str:
        return self.text.upper() if self.kind == "name" else self.text


def cut(query: str) -> list[Token]:
    tokens, place = [], 0
    while True:
        match = _TOKEN.match(query, place)
        assert match is not None
        assert match.lastgroup is not None
        kind, token_start = match.lastgroup, match.start(match.lastgroup)
        if kind == "other" and match[kind] == "'":
            raise refuse("MALFORMED_QUERY", f"line 1:{len(query)} mismatched character '<EOF>' expecting '''")
        if kind == "string":
            _check_escapes(match[kind])
        tokens.append(Token(kind, match[kind], token_start))
        if kind == "end":
            return tokens
        place = match.end()


def unexpected(query: str, token: Token) -> Refusal:
    return at(query, token, "MALFORMED_QUERY", f"unexpected token: '{token.text or '<EOF>'}'")


def at(query: str, token: Token, code: str, message: str) -> Refusal:
    """An error that shows the place, as the vendor does: the words around it, a caret, row and column."""
    start = max(0, token.at - 40)
    shown, caret = query[start : token.at + 40].replace("\n", " "), " " * (token.at - start) + "^"
    return refuse(code, f"\n{shown}\n{caret}\nERROR at Row:1:Column:{token.at + 1}\n{message}")


def unquoted(literal: str) -> str:
    """What a quoted literal means."""
    return _ESCAPE.sub(lambda match: _meaning(match[1]), literal[1:-1])


def like_pattern(literal: str) -> re.Pattern[str]:
    """What a quoted literal after LIKE matches: % any text, _ any character, both as themselves behind a backslash."""
    parts = re.findall(r"\\u[0-9A-Fa-f]{4}|\\.|[^\\]", literal[1:-1], re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(_of(part)) for part in parts), re.IGNORECASE | re.DOTALL)


def _of(part: str) -> str:
    return _meaning(part[1:]) if part.startswith("\\") else part


def _meaning(escape: str) -> str:
    return chr(int(escape[1:], 16)) if len(escape) == 5 else _ESCAPES[escape]


def _check_escapes(literal: str) -> None:
    for match in _ESCAPE.finditer(literal[1:-1]):
        if len(match[1]) == 1 and match[1] not in _ESCAPES:
            raise refuse(
                "MALFORMED_QUERY",
                f"Illegal string literal: Invalid string literal '{literal[1:-1]}'. "
                f"Illegal character sequence '{match[0]}' in string literal.",
            )
