"""Each part of the benchmark, made very small, measures and finds nothing wrong; what is wrong is said."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import archive, intake, pages, passes, recovery, several_report, sync, widget
from bench.ledgers import Ledgers
from bench.part import QUICK, Outcome, Surroundings
from bench.processes import ROOT
from bench.several_report import Case, Figures
from bench.stand_in import NONE, StandIn
from bench.tables import Table
from bench.whole import Whole


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Surroundings]:
    """On SQLite alone."""
    stand_in = StandIn(tmp_path)
    scale = QUICK._replace(tickets=40, cases=6)
    yield Surroundings(f"{sys.executable} -m relay serve", tmp_path, stand_in, Ledgers(tmp_path, ""), scale)
    stand_in.process.end()


def test_cases_are_synced_until_every_room_is_right(around: Surroundings) -> None:
    outcome = sync.run(around)
    [run] = outcome.data["sync"][0]["runs"]
    assert 0 < run["answered"] <= run["quiet"]
    assert run["calls"]["add_group_member"] == run["calls"]["delete_group_member"] == 6


def test_idle_passes_find_nothing_and_make_nothing(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "DEEP_SLOW", 2)
    outcome = passes.run(around)
    assert outcome.wrong == []
    assert {run["pass"] for run in outcome.data["passes"]} == {one.title for one in passes.PASSES}


def test_a_pass_that_finds_something_is_wrong(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "DEEP_SLOW", 2)
    monkeypatch.setattr(passes, "PASSES", passes.PASSES[-1:])
    monkeypatch.setattr(around.stand_in, "put_groups", lambda *_: None)  # every group is missing
    assert any("deep pass" in fault for fault in passes.run(around).wrong)


def test_half_done_work_is_recovered_once(around: Surroundings) -> None:
    outcome = recovery.run(around)
    assert outcome.wrong == []
    assert outcome.data["recovery"][0]["done"] == 44


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_throttled_processes_get_a_share_of_the_time_and_are_left_running() -> None:
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    throttle = subprocess.Popen([sys.executable, "-m", "bench.throttle", "0.2", str(busy.pid)], cwd=ROOT)
    try:
        time.sleep(0.5)
        looks = []
        for _ in range(200):
            looks.append(is_stopped(busy.pid))
            time.sleep(0.003)
        assert 100 < sum(looks) < 200, "most of the time, and not always"
        throttle.terminate()
        throttle.wait(5)
        assert not is_stopped(busy.pid)
    finally:
        throttle.kill()
        busy.kill()
        throttle.wait()
        busy.wait()


def several_figures(per_second: float, relay_ms: float, foreign: float = 0.0) -> Figures:
    return Figures(per_second, 10.0, relay_ms, 0.5, 0.5, 0.4, 0.3, 0.1, 0.1, foreign, 3.0)


def test_two_processes_are_judged_by_the_median_of_the_rounds_ratios() -> None:
    case = Case("createticket", NONE, 64, throttled=False)
    found = {
        (case, "one process"): [several_figures(100, 1.0), several_figures(50, 1.0), several_figures(100, 1.0)],
        (case, "two relays"): [several_figures(180, 1.25), several_figures(125, 1.25), several_figures(10, 1.25)],
    }
    outcome = several_report.outcome(found, [])
    text = "\n".join(table.markdown() for table in outcome.tables)
    assert "| two relays | 125 | 1.80x | 1.60x |" in text, "by rounds 1.8, 2.5, 0.1; by CPU time 2 * 1.0 / 1.25"
    assert "| 1.7x | 1.80x | pass |" in text
    assert "| 1.7x | 1.60x | missed |" in text


def test_a_pages_tables_get_new_figures_and_its_words_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Speed\n\nMachine: old,\nand slow.\n\n**Calls**\n\n| a |\n| --- |\n| 1 |\n\nWords.\n\n**Kept**\n\n| b |\n"
    )
    found = pages.refresh(
        page, "Machine: new.", [Table("Calls", ["a"], [["2"], ["3"]]), Table("Other", ["c"], [["4"]])]
    )
    assert found == ["Calls"]
    assert page.read_text() == (
        "# Speed\n\nMachine: new.\n\n**Calls**\n\n| a |\n| --- |\n| 2 |\n| 3 |\n\nWords.\n\n**Kept**\n\n| b |\n"
    )


def test_what_a_part_found_wrong_is_said_and_counts() -> None:
    part = Outcome([], {}, ["a ticket was lost"])
    whole = Whole("a machine", None, {"recovery": part}, "", foreign=0.4)
    assert whole.wrong == ["recovery: a ticket was lost"]
    assert "recovery: a ticket was lost" in whole.text(markdown=False)
    assert "other programs used 40% of the machine. These figures are provisional" in whole.head()


def test_a_long_chat_is_archived_once(around: Surroundings) -> None:
    outcome = archive.run(around)
    assert outcome.wrong == []
    assert outcome.data["archive"][0]["messages"] >= 40


def test_the_widget_is_measured_or_the_report_says_what_is_missing(around: Surroundings) -> None:
    outcome = widget.run(around._replace(scale=around.scale._replace(cases=6, tickets=60)))
    if outcome.missing:
        pytest.skip(outcome.missing)
    assert outcome.wrong == []
    [run] = outcome.data["widget"]["rounds"]
    assert (run["cases"], run["messages"]) == (6, 60)
    assert run["list"] > 0
    assert len(run["frames"]) > 5
    assert "| the zip that is deployed | " in outcome.tables[0].markdown()


def test_without_a_browser_the_widget_is_not_measured_and_that_is_no_fault(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget, "CHROMIUM", Path("/nowhere"))
    whole = Whole("a machine", None, {"widget": widget.run(around)}, "")
    assert whole.wrong == []
    text = whole.text(markdown=False)
    assert "Not measured, widget:" in text
    assert "is not installed" in text


def test_messages_that_the_widget_did_not_show_are_a_fault(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_ = {"cases": 6, "messages": 39, "list": 1.0, "frames": [1.0]}
    monkeypatch.setattr(widget, "_measure", lambda *_: [round_])
    outcome = widget.run(around)
    assert outcome.missing or outcome.wrong == ["(6, 39) Cases and messages were shown, not (6, 40)"]


def test_callbacks_are_all_taken(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "CONNECTIONS", (4,))
    outcome = intake.run(around)
    assert outcome.wrong == []
    assert outcome.data["intake"][0]["runs"][0]["per_second"] > 0
