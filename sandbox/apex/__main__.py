"""`python -m sandbox.apex test DIR...`: runs the Apex tests of sfdx package directories without an org."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.test_runner import Coverage, Result, run_directories

PASSED, FAILED, BROKEN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        results, covered = run_directories(options.directories, options.only)
    except (DoesNotCompile, NotModelled) as error:
        print(f"sandbox.apex: {error}", file=sys.stderr)
        return BROKEN
    if options.json:
        _print_json(results, covered if options.coverage else [])
    else:
        _print_text(results, covered if options.coverage else [])
    if any(result.outcome == "error" for result in results):
        return BROKEN
    if not results:
        print("sandbox.apex: there are no such tests", file=sys.stderr)
        return BROKEN
    return FAILED if any(result.outcome != "pass" for result in results) else PASSED


def _print_text(results: Sequence[Result], covered: Sequence[Coverage]) -> None:
    for result in results:
        print(f"{result.outcome:5} {result.cls}.{result.method}  {result.seconds * 1000:.0f} ms")
        for line in (result.message, result.stack):
            if line:
                print("      " + line.replace("\n", "\n      "))
    for each in covered:
        lines = f"  not run: {_ranges(each.uncovered)}" if each.uncovered else ""
        print(f"{each.percent:5.1f} % of {each.lines:4} lines  {each.name}{lines}")
    if covered:
        print(f"{_total(covered):5.1f} % of {sum(each.lines for each in covered):4} lines  all")
    passed = sum(result.outcome == "pass" for result in results)
    print(f"{passed} of {len(results)} tests passed in {sum(result.seconds for result in results):.2f} s")


def _print_json(results: Sequence[Result], covered: Sequence[Coverage]) -> None:
    tests = [asdict(result) for result in results]
    classes = [{**asdict(each), "percent": round(each.percent, 1)} for each in covered]
    shown: dict[str, object] = {"tests": tests, "passed": all(result.outcome == "pass" for result in results)}
    if covered:
        shown |= {"coverage": classes, "percent": round(_total(covered), 1)}
    json.dump(shown, sys.stdout, indent=2)
    print()


def _total(covered: Sequence[Coverage]) -> float:
    return Coverage(
        "", sum(each.lines for each in covered), tuple(n for each in covered for n in each.uncovered)
    ).percent


def _ranges(lines: Sequence[int]) -> str:
    """1, 2, 3, 7 as 1-3, 7"""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][-1] + 1:
            found[-1].append(line)
        else:
            found.append([line])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.apex", description="Apex without an org.")
    commands = parser.add_subparsers(required=True, metavar="command")
    test = commands.add_parser(
        "test",
        help="run @IsTest classes",
        description="Run the @IsTest classes of sfdx package directories. Ends with 0 if all passed, 1 if one failed, "
        "2 if the package does not compile or uses what this runtime does not model.",
    )
    test.add_argument("directories", nargs="+", type=Path, metavar="DIR", help="a package directory, such as apex/main")
    test.add_argument("--only", default="", metavar="TEXT", help="tests whose Class.method contains the text")
    test.add_argument("--coverage", action="store_true", help="lines that ran, for each class and trigger")
    test.add_argument("--json", action="store_true", help="results as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
