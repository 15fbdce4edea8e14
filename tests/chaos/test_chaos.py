"""The kill harness in short: `make chaos` is the long form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.modes import MODES, Outcome, Plan
from tests.chaos.steps import STEPS

pytestmark = pytest.mark.anyio

SHORT = Plan(seed=1, tickets=60, kills=2, rounds=1, orders=1)


async def _run(mode: str, directory: Path, plan: Plan = SHORT) -> Outcome:
    outcome = await MODES[mode](plan, directory, lambda *_: None)
    assert outcome.count.complaints == []
    assert outcome.count.good
    return outcome


async def test_a_relay_killed_at_each_step_makes_every_ticket_once(tmp_path: Path) -> None:
    outcome = await _run("steps", tmp_path)

    assert outcome.count.exact == 60
    assert outcome.kills == {step.name: 1 for step in STEPS}


async def test_what_was_promised_is_done_though_nobody_asks_again(tmp_path: Path) -> None:
    await _run("once", tmp_path)


async def test_commands_promised_while_tencent_is_away_outlive_the_relay(tmp_path: Path) -> None:
    outcome = await _run("commands", tmp_path)

    assert outcome.count.exact == outcome.count.wanted


async def test_rooms_match_their_cases_though_the_relay_died_while_it_was_told_of_them(tmp_path: Path) -> None:
    outcome = await _run("cases", tmp_path, Plan(seed=1, tickets=15, kills=2))

    assert outcome.count.exact == 15
    assert outcome.count.promised > 100
