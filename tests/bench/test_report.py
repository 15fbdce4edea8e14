"""The report says what was measured, what was missed and what is missing."""

from collections import Counter
from pathlib import Path

import pytest

from bench.load import Timing
from bench.report import Report
from bench.rounds import Figures, Pace, Results, Setting
from bench.servers import OURS, THEIRS, TUTORIAL
from bench.stand_in import NONE, REALISTIC

BUSY = Setting("createticket", NONE, 64)
ALONE = Setting("createticket", REALISTIC, 1)


def figures(per_second: float, p50_ms: float = 10.0, foreign: float = 0.0) -> Figures:
    return Figures(per_second, p50_ms, 20.0, 0.5, 0.2, foreign)


@pytest.fixture
def report() -> Report:
    results = Results()
    results.figures[THEIRS, BUSY] = [figures(900), figures(1000), figures(1100)]
    results.figures[OURS, BUSY] = [figures(1500), figures(9999), figures(10)]
    results.figures[OURS, ALONE] = [figures(4.8, 205.0)]
    results.vendor_calls[OURS, "createticket"] = Counter({"create Case": 5000, "token": 1})
    results.answered[OURS, "createticket"] = 5000
    memory = {THEIRS: (100.0, 150.0), OURS: (60.0, 120.0)}
    starts = {THEIRS: [0.2, 0.1, 0.3], OURS: [0.9, 0.8, 2.0]}
    return Report("a machine", Pace(3, Timing(4, 1)), [BUSY, ALONE], results, starts, memory, "")


def test_ratios_are_of_medians_and_targets_are_judged(report: Report) -> None:
    verdicts = {target["name"]: target["verdict"] for target in report.data()["targets"]}
    assert verdicts == {
        "createticket, 64 callers, against the tutorial": "pass",
        "joingroup, 64 callers, against the tutorial": "not measured",
        "p50 of one caller, against the vendors' 200 ms": "pass",
        "start to first answer": "pass",
        "peak memory": "missed",
    }
    assert "1.50x" in report.text(markdown=False)


def test_vendor_calls_are_per_answer(report: Report) -> None:
    assert "| createticket | relay | 1.00 | create Case 1, token 0.0002 |" in report.text(markdown=True)


def test_markdown_tables_can_be_pasted(report: Report) -> None:
    assert "| 64 | 1000 | 1500 | 1.50x | 1.00x | 10.0 / 20.0 | 10.0 / 20.0 | 0.50 | 0.50 |" in report.text(
        markdown=True
    )


def test_without_the_tutorial_our_figures_stay_and_the_ratios_are_said_to_be_missing(report: Report) -> None:
    del report.results.figures[THEIRS, BUSY]
    report.no_tutorial = "node not found"
    text = report.text(markdown=True)
    assert "| 64 | - | 1500 | - | - | - / - | 10.0 / 20.0 | - | 0.50 |" in text
    assert "the ratios are missing: node not found" in text


def test_a_busy_machine_makes_a_figure_unsure(report: Report) -> None:
    report.results.figures[THEIRS, BUSY] = [figures(100, foreign=0.4)]
    target, *_ = report.data()["targets"]
    assert target["verdict"] == "unsure: the machine was busy"
    assert "measure again on a quiet machine: createticket with 64 callers" in report.text(markdown=False)


def test_the_lock_of_the_tutorials_packages_names_no_registry() -> None:
    lock = (TUTORIAL / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
    assert Path(TUTORIAL / "server.js").exists()
