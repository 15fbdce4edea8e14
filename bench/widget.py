"""The agent's chat in a headless Chromium: its size, how soon all Cases are shown, how smoothly messages scroll."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

from bench.part import Outcome, Surroundings
from bench.processes import ROOT
from bench.tables import Table

WEB = ROOT / "lightning_component/web"
ZIP = WEB / "dist/tim_bar.zip"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
MESSAGES = 1_000
SMOOTH_MS = 50
EXPECTED_KB = 500
PATIENCE = 300


class CannotMeasure(Exception):
    """Something is missing on this machine; the text says what."""


def run(around: Surroundings) -> Outcome:
    """Built as it is deployed, in the host that its browser tests use."""
    cases, messages = around.scale.cases, min(MESSAGES, around.scale.tickets)
    try:
        _build()
        rounds = _measure(cases, messages, around.scale.rounds)
    except CannotMeasure as error:
        return Outcome([], {"widget": {"missing": str(error)}}, [], missing=str(error))
    seen = [(one["cases"], one["messages"]) for one in rounds]
    wrong = [
        f"{found} Cases and messages were shown, not {(cases, messages)}" for found in set(seen) - {(cases, messages)}
    ]
    raw = sum(file.file_size for file in zipfile.ZipFile(ZIP).infolist())
    data = {"zipBytes": ZIP.stat().st_size, "rawBytes": raw, "rounds": rounds}
    print(f"widget: {cases} Cases after {_listed(rounds):.0f} ms", file=sys.stderr, flush=True)
    return Outcome([_table(data)], {"widget": data}, wrong)


def _build() -> None:
    for tool in ("node", "npm", "make"):
        if shutil.which(tool) is None:
            raise CannotMeasure(f"{tool} is not installed")
    if not CHROMIUM.exists():
        raise CannotMeasure(f"Chromium is not installed: there is no {CHROMIUM}")
    _output(["make", "--no-print-directory", str(ZIP.relative_to(ROOT))], ROOT)


def _measure(cases: int, messages: int, rounds: int) -> list[dict[str, Any]]:
    lines = _output(["node", "dev/run.mjs", "measure", str(cases), str(messages), str(rounds)], WEB).splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _output(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"`{' '.join(command)}` did not end within {PATIENCE} s") from None
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"`{' '.join(command)}` failed: {''.join(last)}")
    return done.stdout


def _listed(rounds: list[dict[str, Any]]) -> float:
    return float(median(one["list"] for one in rounds))


def _table(data: dict[str, Any]) -> Table:
    rounds = data["rounds"]
    frames = [frame for one in rounds for frame in one["frames"]]
    slow = sum(frame > SMOOTH_MS for frame in frames)
    cases, messages = rounds[0]["cases"], rounds[0]["messages"]
    rows = [
        ["the zip that is deployed", f"{data['zipBytes'] / 1000:.0f} KB", f"under {EXPECTED_KB} KB"],
        ["the same unpacked", f"{data['rawBytes'] / 1000:.0f} KB", "-"],
        [f"from nothing to {cases} Cases on the screen", f"{_listed(rounds):.0f} ms", "-"],
        [f"{messages:,} messages scrolled, median frame", f"{median(frames):.1f} ms", "16.7 ms"],
        [f"frames over {SMOOTH_MS} ms", f"{slow} of {len(frames)}", "-"],
        ["the slowest frame", f"{max(frames):.0f} ms", "-"],
    ]
    return Table("The agent's chat in a browser", ["what", "measured", "wanted"], rows)
