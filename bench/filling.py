"""Ledgers that are full already. What fills them knows the relay from inside, so it is a program of the tests."""

from __future__ import annotations

import json
from typing import NamedTuple

from bench.processes import run_program

SUBJECT = "Where is my parcel?"


class Filled(NamedTuple):
    """What was put into a ledger. groups: with their members, as they are at Tencent. cases: as SOQL gives them."""

    groups: dict[str, list[str]]
    cases: list[dict[str, object]]


def open_rooms(url: str, count: int) -> Filled:
    """So many done tickets, each with an open Case, an agent and a group with the two in it."""
    return _fill("open_rooms", url, count)


def half_done(url: str, tickets: int, commands: int) -> Filled:
    """Tickets that a relay left when it died, half of them with a Case; and commands to groups of other tickets."""
    return _fill("half_done", url, tickets, commands)


def _fill(how: str, url: str, *counts: int) -> Filled:
    return Filled(**json.loads(run_program("tests.bench.fill", how, url, *map(str, counts))))
