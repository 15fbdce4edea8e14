"""A throwaway PostgreSQL for the benchmark: says its address, or why there is none, and ends when it is told to."""

from __future__ import annotations

import argparse
import signal
import sys

import pytest

from tests.postgres import cluster


def say(text: str) -> None:
    """Tell the benchmark."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.bench.cluster", description=__doc__).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with cluster() as own:
            say(own.url)
            signal.pause()
    except pytest.skip.Exception as reason:
        say(f"missing: {reason}")
        signal.pause()
