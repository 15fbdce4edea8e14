"""The requests of the two kinds of callers: apps that open tickets and the org that assigns agents."""

import hmac
import itertools
import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable

from bench.ids import record_id

AGENTS = [record_id("005", number) for number in range(100, 150)]
GROUP_ID = re.compile(rb'"GroupId": ?"(500[0-9A-Za-z]{15})"')
NO_ERROR = re.compile(rb'"ErrorCode": ?0[,}]')
DESCRIPTION = "I ordered it two weeks ago, the tracking page says delivered, and there is nothing at the door."

Credential = Callable[[str], str]


def post(path: str, token: str, body: bytes, more: str = "") -> bytes:
    """A request as bytes."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


class CreateTicket:
    """Every request is another customer (or one of so many), another ticket and another Idempotency-Key."""

    def __init__(self, credential: Credential, users: int = 0) -> None:
        self.credential = credential
        self.users = users
        self.run = secrets.token_hex(8)
        self.numbers = itertools.count(1)
        self.groups: dict[str, None] = {}  # a set that keeps the order

    def request(self) -> bytes:
        """The next ticket."""
        number = next(self.numbers)
        user = f"u{number % self.users if self.users else number:06d}"
        info = (
            f'{{"subject":"Parcel {number}","desc":"{DESCRIPTION}","name":"Ann {user}","email":"{user}@example.com"}}'
        )
        body = f'{{"userId":"{user}","caseInfo":{info}}}'.encode()
        return post("/createticket", self.credential(user), body, f"Idempotency-Key: {self.run}-{number:012d}\r\n")

    def accept(self, status: int, body: bytes) -> bool:
        """Right is a 200 with a Case id that no other ticket got."""
        found = GROUP_ID.search(body)
        if status != 200 or found is None or not NO_ERROR.search(body):
            return False
        group = found[1].decode()
        known = group in self.groups
        self.groups[group] = None
        return not known


class JoinGroup:
    """Agents are put into the groups of tickets that were opened before, each pair of them once."""

    def __init__(self, credential: Credential, groups: list[str]) -> None:
        self.token = credential("")
        self.pairs = itertools.cycle(itertools.product(AGENTS, groups))

    def request(self) -> bytes:
        """The next agent for the next group."""
        agent, group = next(self.pairs)
        return post("/joingroup", self.token, b'{"groupId":"%b","userId":"%b"}' % (group.encode(), agent.encode()))

    def accept(self, status: int, body: bytes) -> bool:
        """Right is a 200 without an error code."""
        return status == 200 and NO_ERROR.search(body) is not None


def fixed(token: str) -> Credential:
    """The same credential whoever the user is."""
    return lambda _user: token


def jwt(secret: str, lifetime: int = 6 * 3600) -> Credential:
    """A token per user, as the app's own server would sign it (HS256)."""
    expires = int(time.time()) + lifetime
    header = _base64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())

    def sign(user: str) -> str:
        signed = header + b"." + _base64(f'{{"sub":"{user}","exp":{expires}}}'.encode())
        return (signed + b"." + _base64(hmac.digest(secret.encode(), signed, "sha256"))).decode()

    return sign


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
